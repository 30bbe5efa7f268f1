//! Choosing the next token of a sequence from a row of logits.
//!
//! ```text
//!   logits ─▶ logit_bias ─▶ penalties ─▶ DRY ─▶ top_n_sigma ─▶ top_k ─▶ typical_p ─▶ top_p ─▶ min_p ─▶ XTC
//!                  │                                                                                   │
//!                  └──▶ temperature ─▶ mirostat ─▶ token               token ◀─ draw ◀─ temperature ◀──┘
//! ```
//!
//! Order and meaning are those of llama.cpp's default chain:
//!
//! | step          | what it does                                                           | off at  |
//! |---------------|------------------------------------------------------------------------|---------|
//! | `logit_bias`  | add to the logits of some tokens                                       | none    |
//! | penalties     | lower the logits of the last `repeat_last_n` tokens                    | 1, 0, 0 |
//! | DRY           | lower the logits of tokens that would make a repetition longer         | 0       |
//! | `top_n_sigma` | keep tokens at most n standard deviations below the likeliest          | 0       |
//! | `top_k`       | keep the k likeliest tokens                                            | 0       |
//! | `typical_p`   | keep tokens whose surprise is nearest to the mean, until they exceed p | 1       |
//! | `top_p`       | keep the likeliest tokens until they reach p (the nucleus)             | 1       |
//! | `min_p`       | keep tokens at least p times as likely as the likeliest that is left   | 0       |
//! | XTC           | now and then, exclude the likely tokens but for the least likely one   | 0       |
//! | temperature   | divide logits by it; by their entropy if it has a range                | 1       |
//!
//! A temperature of 0 takes the likeliest token right after DRY, whatever else is on. Mirostat takes the place of all
//! steps between `logit_bias` and the temperature. `min_tokens` and `ignore_eos` bar the tokens that end an answer
//! before all of this, unless there are no others.
//!
//! Each filter takes the tokens that are left as the whole: their probabilities add up to 1 again. The
//! temperature changes them only after all filters. Equal logits rank by id, the lower first. A logit of NaN
//! counts as -∞, one of +∞ as the highest finite number; if all are -∞, or there are none, the choice is
//! token 0.
//!
//! A [`Mask`] hides tokens before all of this: what it leaves are the whole. If the model rules out all of them, the
//! lowest is chosen, so that a choice is always one that the mask allows. Log-probabilities do not know of it.
//!
//! # Speed
//!
//! A vocabulary has some 150,000 tokens and is never sorted. A row is read in blocks, with loops that
//! compile to vector instructions: once for the highest logit of each block, and, where a sum of
//! exponentials is needed, once more. The few blocks that hold candidates follow from the maxima
//! (`shortlist`); filters then select instead of sorting. Penalties change few logits (`changes`), and are applied
//! to blocks as they are read (`row`), so the row is never copied. With all filters off, candidates are not
//! even listed (`draw`). All buffers are in [`Scratch`] and reused.
//!
//! # Reproducibility
//!
//! Each sequence has a generator of its own and draws exactly one number for each token, two with XTC, none if it
//! takes the likeliest. The same seed, options, history and logits give the same tokens on any thread and beside
//! any neighbours.

mod bias;
mod breakers;
mod candidate;
mod changes;
mod draw;
mod dry;
mod ends;
mod filters;
mod logprobs;
mod mask;
mod math;
mod mirostat;
mod penalties;
mod row;
mod rows;
mod shortlist;
mod sigma;
mod temperature;
mod xtc;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use self::bias::Bias;
use self::changes::{Change, Changes};
use self::dry::Dry;
use self::ends::Ends;
use self::filters::Filters;
pub use self::logprobs::{Chance, Chances};
pub use self::mask::Mask;
use self::mirostat::Mirostat;
use self::penalties::Penalties;
use self::row::Row;
pub use self::rows::{Job, sample_rows};
use self::shortlist::Shortlist;
use self::temperature::Temperature;
use self::xtc::Xtc;
use super::backend::Vocabulary;
use super::protocol::{Sampling, Token};

/// What was sampled.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The next token.
    pub token: Token,
    /// Log-probabilities, if asked for.
    pub logprobs: Option<Chances>,
}

/// Buffers that outlive a call, so that sampling allocates nothing once they have grown. Any sampler may
/// use any of them; one for each thread is enough.
#[derive(Default)]
pub struct Scratch {
    /// What counts instead of the model's logits.
    edits: Edits,
    /// The highest logit of each block.
    maxima: Vec<f32>,
    /// What filters leave.
    list: Shortlist,
    /// Widths of blocks or candidates in the draw.
    weights: Vec<f32>,
}

/// Logits that count instead of the model's, and what is needed to find them.
#[derive(Default)]
struct Edits {
    changes: Vec<Change>,
    /// Tokens in the window of the penalties.
    recent: Vec<Token>,
    /// What repeats the last tokens.
    repeats: dry::Buffers,
}

/// Chooses the tokens of one sequence.
#[derive(Clone, Debug)]
pub struct Sampler {
    ends: Option<Ends>,
    bias: Option<Bias>,
    penalties: Option<Penalties>,
    dry: Option<Dry>,
    filters: Filters,
    xtc: Option<Xtc>,
    mirostat: Option<Mirostat>,
    /// `None` takes the likeliest token.
    temperature: Option<Temperature>,
    rng: Pcg64,
}

/// What chance decides for one token.
#[derive(Clone, Copy, Debug)]
struct Luck {
    /// Where the draw falls, in `0.0..1.0`.
    point: f64,
    /// Whether XTC excludes tokens.
    excludes: bool,
}

impl Sampler {
    /// A sampler with the options of a request; `random_seed` counts if they name no seed. DRY and barred ends look
    /// through the vocabulary, which takes milliseconds if it is large.
    #[must_use]
    pub fn new(options: &Sampling, vocabulary: &dyn Vocabulary, random_seed: u64) -> Self {
        let mirostat = Mirostat::new(options);
        // What Mirostat takes the place of.
        let neutral = Sampling {
            dynatemp_range: 0.0,
            repeat_last_n: 0,
            dry: super::protocol::Dry::default(),
            xtc_probability: 0.0,
            ..options.clone()
        };
        let chain = if mirostat.is_some() { &neutral } else { options };
        Self {
            ends: Ends::new(options, vocabulary),
            bias: Bias::new(options),
            penalties: Penalties::new(chain),
            dry: Dry::new(chain, vocabulary),
            filters: Filters::new(chain),
            xtc: Xtc::new(chain),
            temperature: Temperature::new(chain),
            mirostat,
            rng: Pcg64::seed_from_u64(options.seed.unwrap_or(random_seed)),
        }
    }

    /// Chooses the next token from the model's logits, one for each token of the vocabulary. `history` holds
    /// the sequence's tokens so far, prompt included. `logprobs: Some(n)` reports the log-probability of the
    /// choice and of the `n` likeliest tokens. Only what `mask` allows is chosen.
    pub fn sample(
        &mut self,
        scratch: &mut Scratch,
        logits: &[f32],
        history: &[Token],
        logprobs: Option<u8>,
        mask: Option<&Mask>,
    ) -> Choice {
        let luck = self.luck();
        let token = self.choose(scratch, logits, history, luck, mask);
        if let Some(ends) = &mut self.ends {
            ends.count();
        }
        Choice { token, logprobs: logprobs.map(|n| logprobs::chances(scratch, logits, token, n)) }
    }

    fn luck(&mut self) -> Luck {
        if self.temperature.is_none() {
            return Luck { point: 0.0, excludes: false };
        }
        let excludes = self.xtc.is_some_and(|xtc| xtc.strikes(unit_interval(&mut self.rng)));
        Luck { point: unit_interval(&mut self.rng), excludes }
    }

    /// Chooses the token that luck falls on.
    fn choose(
        &mut self,
        scratch: &mut Scratch,
        logits: &[f32],
        history: &[Token],
        luck: Luck,
        mask: Option<&Mask>,
    ) -> Token {
        let (shown, hidden): (Option<&[u32]>, &[Token]) = match mask {
            None => (None, &[]),
            Some(Mask::Only(words)) => (Some(words), &[]),
            Some(Mask::Except(tokens)) => (None, tokens),
        };
        let barred = self.ends.as_ref().map_or(&[][..], Ends::barred);
        let Scratch { edits, maxima, list, weights } = scratch;
        self.edit(edits, logits, history, [hidden, barred]);
        let mut row = Row::new(logits, &edits.changes, shown, maxima);
        if row.max() == f32::NEG_INFINITY && !barred.is_empty() {
            // There is nothing but an end.
            self.edit(edits, logits, history, [hidden, &[]]);
            row = Row::new(logits, &edits.changes, shown, maxima);
        }
        if let Some(mask) = mask.filter(|_| row.max() == f32::NEG_INFINITY) {
            return mask.fallback(logits.len());
        }
        let Some(temperature) = self.temperature else {
            return row.argmax();
        };
        if let Some(mirostat) = &mut self.mirostat {
            return mirostat.choose(&row, temperature.fixed, luck.point, (list, weights));
        }
        if self.filters.keep_all() && !luck.excludes && !temperature.is_dynamic() {
            return draw::from_row(&row, temperature.fixed, luck.point, weights);
        }
        self.filters.apply(&row, list);
        if let Some(xtc) = self.xtc.filter(|_| luck.excludes) {
            xtc.apply(list);
        }
        draw::from_list(list, temperature.scale(list), luck.point, weights).token
    }

    /// Collects what counts instead of the model's logits. What is `ruled_out` cannot be chosen.
    fn edit(&self, edits: &mut Edits, logits: &[f32], history: &[Token], ruled_out: [&[Token]; 2]) {
        let Edits { changes: list, recent, repeats } = edits;
        let mut changes = Changes::new(logits, list);
        if let Some(bias) = &self.bias {
            bias.apply(&mut changes);
        }
        if let Some(penalties) = &self.penalties {
            penalties.apply(&mut changes, history, recent);
        }
        if let Some(dry) = &self.dry {
            dry.apply(&mut changes, history, repeats);
        }
        for tokens in ruled_out {
            changes::rule_out(tokens, list);
        }
    }
}

/// A number in `0.0..1.0`, with 53 random bits.
fn unit_interval(rng: &mut Pcg64) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}
