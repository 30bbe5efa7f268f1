//! Choosing the next token of a sequence from a row of logits.
//!
//! ```text
//!   logits ─▶ penalties ─▶ top_k ─▶ typical_p ─▶ top_p ─▶ min_p ─▶ temperature ─▶ draw ─▶ token
//! ```
//!
//! Order and meaning are those of llama.cpp's default chain:
//!
//! | step        | what it does                                                           | off at  |
//! |-------------|------------------------------------------------------------------------|---------|
//! | penalties   | lower the logits of the last `repeat_last_n` tokens                    | 1, 0, 0 |
//! | `top_k`     | keep the k likeliest tokens                                            | 0       |
//! | `typical_p` | keep tokens whose surprise is nearest to the mean, until they exceed p | 1       |
//! | `top_p`     | keep the likeliest tokens until they reach p (the nucleus)             | 1       |
//! | `min_p`     | keep tokens at least p times as likely as the likeliest that is left   | 0       |
//! | temperature | divide logits by it; 0 takes the likeliest token right after penalties | 1       |
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
//! (`shortlist`); filters then select instead of sorting. Penalties change few logits, and are applied to
//! blocks as they are read (`row`), so the row is never copied. With all filters off, candidates are not
//! even listed (`draw`). All buffers are in [`Scratch`] and reused.
//!
//! # Reproducibility
//!
//! Each sequence has a generator of its own and draws exactly one number for each token (none if it takes
//! the likeliest). The same seed, options, history and logits give the same tokens on any thread and beside
//! any neighbours.

mod candidate;
mod draw;
mod filters;
mod logprobs;
mod mask;
mod math;
mod penalties;
mod row;
mod rows;
mod shortlist;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use self::filters::Filters;
pub use self::logprobs::{Chance, Chances};
pub use self::mask::Mask;
use self::penalties::Penalties;
use self::row::{Change, Row};
pub use self::rows::{Job, sample_rows};
use self::shortlist::Shortlist;
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
    /// Tokens in the window of the penalties.
    recent: Vec<Token>,
    /// Their logits.
    changes: Vec<Change>,
    /// The highest logit of each block.
    maxima: Vec<f32>,
    /// What filters leave.
    list: Shortlist,
    /// Widths of blocks or candidates in the draw.
    weights: Vec<f32>,
}

/// Chooses the tokens of one sequence.
#[derive(Clone, Debug)]
pub struct Sampler {
    penalties: Option<Penalties>,
    filters: Filters,
    /// The scale of [`math::weight`] that the temperature makes; `None` takes the likeliest token.
    scale: Option<f32>,
    rng: Pcg64,
}

impl Sampler {
    /// A sampler with the options of a request; `random_seed` counts if they name no seed.
    #[must_use]
    pub fn new(options: &Sampling, random_seed: u64) -> Self {
        let temperature = options.temperature;
        Self {
            penalties: Penalties::new(options),
            filters: Filters::new(options),
            // Bounded, so that neither 0 · ∞ nor -∞ · 0 turns a logit into NaN.
            scale: (temperature > 0.0)
                .then(|| (math::NATURAL / temperature).clamp(f32::MIN_POSITIVE, f32::MAX)),
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
        let point = self.scale.map_or(0.0, |_| unit_interval(&mut self.rng));
        let token = self.choose(scratch, logits, history, point, mask);
        Choice { token, logprobs: logprobs.map(|n| logprobs::chances(scratch, logits, token, n)) }
    }

    /// Chooses the token that `point`, in `0.0..1.0`, falls on.
    fn choose(
        &self,
        scratch: &mut Scratch,
        logits: &[f32],
        history: &[Token],
        point: f64,
        mask: Option<&Mask>,
    ) -> Token {
        let Scratch { recent, changes, maxima, list, weights } = scratch;
        changes.clear();
        if let Some(penalties) = &self.penalties {
            penalties.changes(logits, history, recent, changes);
        }
        let shown = match mask {
            None => None,
            Some(Mask::Only(words)) => Some(words.as_ref()),
            Some(Mask::Except(tokens)) => {
                row::rule_out(tokens, changes);
                None
            }
        };
        let row = Row::new(logits, changes, shown, maxima);
        if let Some(mask) = mask.filter(|_| row.max() == f32::NEG_INFINITY) {
            return mask.fallback(logits.len());
        }
        let Some(scale) = self.scale else {
            return row.argmax();
        };
        if self.filters.keep_all() {
            return draw::from_row(&row, scale, point, weights);
        }
        self.filters.apply(&row, list);
        draw::from_list(list, scale, point, weights)
    }
}

/// A number in `0.0..1.0`, with 53 random bits.
fn unit_interval(rng: &mut Pcg64) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}
