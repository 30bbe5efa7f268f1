//! Log-probabilities under the model itself.

use super::Scratch;
use super::candidate::{Candidate, finite_or_lowest};
use super::math::NATURAL;
use super::row::Row;
use crate::engine::protocol::Token;

/// A token and its log-probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// The token.
    pub token: Token,
    /// Natural logarithm of its probability, `<= 0`; -∞ for a token that the model rules out.
    pub logprob: f32,
}

/// The log-probabilities of a chosen token and of the likeliest ones, before any sampling option.
#[derive(Clone, Debug, PartialEq)]
pub struct Chances {
    /// The chosen token.
    pub chosen: Chance,
    /// The likeliest tokens in falling order (of equals, the lower id first), the chosen one included if it
    /// is among them. Tokens that the model rules out are left out.
    pub top: Vec<Chance>,
}

/// The log-probabilities of a token and of the `n` likeliest ones.
pub(super) fn chances(scratch: &mut Scratch, logits: &[f32], token: Token, n: u8) -> Chances {
    let row = Row::new(logits, &[], None, &mut scratch.maxima);
    let max = row.max();
    // At least 0, since the likeliest token alone adds 1 to the sum; so no probability exceeds 1.
    let log_total = row.masses(NATURAL).map(f64::from).sum::<f64>().ln();
    let chance = |logit: f32, token| {
        // If everything is ruled out, the difference is NaN.
        let below = f64::from(logit) - f64::from(max) - log_total;
        Chance { token, logprob: (below as f32).max(f32::NEG_INFINITY) }
    };

    let logit = logits.get(token as usize).copied().unwrap_or(f32::NEG_INFINITY);
    let chosen = chance(finite_or_lowest(logit), token);
    if n == 0 {
        return Chances { chosen, top: Vec::new() };
    }
    scratch.list.collect_top(&row, usize::from(n));
    let mut top: Vec<Candidate> = scratch.list.candidates().to_vec();
    top.sort_unstable();
    Chances { chosen, top: top.into_iter().map(|c| chance(c.logit(), c.token())).collect() }
}
