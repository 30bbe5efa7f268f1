//! The draw: from a point in `0.0..1.0` to a token.
//!
//! Tokens are laid side by side in the order of the vocabulary, each as wide as its probability; the one
//! that the point falls on is drawn.

use super::math::{BLOCK, weight};
use super::row::Row;
use super::shortlist::Shortlist;
use crate::engine::protocol::Token;

/// Draws from all tokens of a row, without a list of them: first a block, then a token in it. 0 if all
/// logits are -∞.
pub(super) fn from_row(row: &Row<'_>, scale: f32, point: f64, weights: &mut Vec<f32>) -> Token {
    weights.clear();
    weights.extend(row.masses(scale));
    let (index, rest) = locate(weights, point * total(weights));
    let block = row.block(index).map(|x| weight(x, row.max(), scale));
    let (offset, _) = locate(&block, rest);
    (index * BLOCK + offset) as Token
}

/// What was drawn from a list.
pub(super) struct Drawn {
    pub(super) token: Token,
    /// Its probability.
    pub(super) share: f64,
}

/// Draws from a list. Token 0 with a share of 0 if it is empty.
pub(super) fn from_list(list: &Shortlist, scale: f32, point: f64, weights: &mut Vec<f32>) -> Drawn {
    let max = list.max();
    weights.clear();
    weights.extend(list.candidates().iter().map(|candidate| weight(candidate.logit(), max, scale)));
    let total = total(weights);
    let (index, _) = locate(weights, point * total);
    list.candidates().get(index).map_or(Drawn { token: 0, share: 0.0 }, |candidate| Drawn {
        token: candidate.token(),
        share: f64::from(weights[index]) / total,
    })
}

fn total(weights: &[f32]) -> f64 {
    weights.iter().copied().map(f64::from).sum()
}

/// The weight that `target` falls on when they are laid side by side, and how far into it. Never one of 0;
/// the last other one if `target` lies, by rounding, behind the end.
fn locate(weights: &[f32], target: f64) -> (usize, f64) {
    let mut found = (0, 0.0);
    let mut before = 0.0;
    for (index, &weight) in weights.iter().enumerate() {
        if weight > 0.0 {
            found = (index, target - before);
            before += f64::from(weight);
            if before > target {
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_falls_on_a_weight() {
        let weights = [0.0, 1.0, 0.0, 2.0, 0.0];
        assert_eq!(locate(&weights, 0.0), (1, 0.0));
        assert_eq!(locate(&weights, 0.5), (1, 0.5));
        assert_eq!(locate(&weights, 1.0), (3, 0.0));
        assert_eq!(locate(&weights, 2.5), (3, 1.5));
        assert_eq!(locate(&weights, 3.0).0, 3);
        assert_eq!(locate(&[0.0, 0.0], 0.0), (0, 0.0));
        assert_eq!(locate(&[], 0.0), (0, 0.0));
    }
}
