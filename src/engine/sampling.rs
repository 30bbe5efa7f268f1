//! How tokens are to be chosen, as the front says it. [`super::sampler`] makes it come true.

use serde::{Deserialize, Serialize};

use super::protocol::Token;

/// Options of the sampler. Names, meaning and order are those of Ollama and llama.cpp; the defaults are
/// Ollama's, and llama.cpp's where Ollama has no such option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 chooses the likeliest token; otherwise logits are divided by it, after all filters.
    pub temperature: f32,
    /// How far the temperature may be from `temperature`: the lower the entropy of what is left, the lower it is.
    /// 0 is off.
    pub dynatemp_range: f32,
    /// The power of the entropy, as a share of the highest possible, that places the temperature in its range.
    pub dynatemp_exponent: f32,
    /// Keep tokens whose logits are at most so many standard deviations below the highest; 0 or less keeps all.
    pub top_n_sigma: f32,
    /// Keep the k likeliest tokens; 0 keeps all.
    pub top_k: u32,
    /// Keep the likeliest tokens whose probabilities reach this sum; 1 keeps all.
    pub top_p: f32,
    /// Keep tokens at least this fraction as likely as the likeliest; 0 keeps all.
    pub min_p: f32,
    /// Keep the locally typical tokens whose probabilities reach this sum; 1 keeps all.
    pub typical_p: f32,
    /// How probable it is, for each token, that the likeliest ones are excluded (XTC); 0 is off.
    pub xtc_probability: f32,
    /// What counts as likely then; of those, the least likely stays. More than 0.5 is off.
    pub xtc_threshold: f32,
    /// Divides (or, when negative, multiplies) the logits of recent tokens; 1 is off.
    pub repeat_penalty: f32,
    /// Subtracted from the logits of recent tokens, once.
    pub presence_penalty: f32,
    /// Subtracted from the logits of recent tokens, for each occurrence.
    pub frequency_penalty: f32,
    /// How many recent tokens are penalised; 0 none, -1 the whole context.
    pub repeat_last_n: i32,
    /// The penalty for tokens that would make a repetition longer.
    pub dry: Dry,
    /// Mirostat, in place of all filters and penalties.
    pub mirostat: Mirostat,
    /// Added to the logits of tokens, before everything else. Tokens that the model has not are ignored.
    pub logit_bias: Vec<(Token, f32)>,
    /// The model cannot end before so many tokens, unless nothing else is allowed.
    pub min_tokens: u32,
    /// The model cannot end at all, unless nothing else is allowed.
    pub ignore_eos: bool,
    /// `None` draws a seed at random.
    pub seed: Option<u64>,
}

/// A penalty for repetitions that grows with their length (DRY, "don't repeat yourself").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dry {
    /// The penalty of the shortest repetition that has one; 0 is off.
    pub multiplier: f32,
    /// How many times larger it is for each token more; less than 1 is off.
    pub base: f32,
    /// From this many repeated tokens on, the next one is penalised.
    pub allowed_length: u32,
    /// How many recent tokens count; 0 is off, -1 the whole context.
    pub penalty_last_n: i32,
    /// Texts that no repetition reaches across.
    pub sequence_breakers: Vec<String>,
}

/// Steers the surprise of the chosen tokens to a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mirostat {
    /// 0 is off, 1 and 2 are the two algorithms.
    pub version: u32,
    /// The target, in bits.
    pub tau: f32,
    /// How quickly it is approached.
    pub eta: f32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.8,
            dynatemp_range: 0.0,
            dynatemp_exponent: 1.0,
            top_n_sigma: -1.0,
            top_k: 40,
            top_p: 0.9,
            min_p: 0.0,
            typical_p: 1.0,
            xtc_probability: 0.0,
            xtc_threshold: 0.1,
            repeat_penalty: 1.0,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            repeat_last_n: 64,
            dry: Dry::default(),
            mirostat: Mirostat::default(),
            logit_bias: Vec::new(),
            min_tokens: 0,
            ignore_eos: false,
            seed: None,
        }
    }
}

impl Default for Dry {
    fn default() -> Self {
        Self {
            multiplier: 0.0,
            base: 1.75,
            allowed_length: 2,
            penalty_last_n: 64,
            sequence_breakers: ["\n", ":", "\"", "*"].map(ToOwned::to_owned).to_vec(),
        }
    }
}

impl Default for Mirostat {
    fn default() -> Self {
        Self { version: 0, tau: 5.0, eta: 0.1 }
    }
}
