//! Which filters a request wants, and their order.

use super::math::NATURAL;
use super::row::{Row, Whole};
use super::shortlist::Shortlist;
use super::sigma;
use crate::engine::protocol::Sampling;

/// The filters that are on. A value out of range counts as the nearest in range, and NaN as off.
#[derive(Clone, Debug)]
pub(super) struct Filters {
    sigmas: Option<f32>,
    top_k: Option<usize>,
    typical_p: Option<f64>,
    top_p: Option<f64>,
    /// Natural logarithm of the option.
    log_min_p: Option<f32>,
}

impl Filters {
    pub(super) fn new(options: &Sampling) -> Self {
        let probability = |p: f32| (p < 1.0).then(|| f64::from(p.max(0.0)));
        Self {
            sigmas: (options.top_n_sigma > 0.0).then_some(options.top_n_sigma),
            top_k: (options.top_k > 0).then_some(options.top_k as usize),
            typical_p: probability(options.typical_p),
            top_p: probability(options.top_p),
            log_min_p: (options.min_p > 0.0).then(|| options.min_p.min(1.0).ln()),
        }
    }

    /// Whether every token stays.
    pub(super) fn keep_all(&self) -> bool {
        matches!(self, Self { sigmas: None, top_k: None, typical_p: None, top_p: None, log_min_p: None })
    }

    /// Leaves in `list` the tokens of a row that pass all filters. At least one does, unless all logits are
    /// -∞.
    pub(super) fn apply(&self, row: &Row<'_>, list: &mut Shortlist) {
        let mut total = None;
        match (self.sigmas, self.top_k, self.typical_p) {
            // What is left of the row is seldom much, so the list alone tells the rest.
            (Some(n), top_k, typical_p) => {
                list.collect(row, sigma::floor(row, n));
                list.top_k(top_k.unwrap_or(0));
                if let Some(p) = typical_p {
                    list.typical(p, list.whole());
                }
            }
            (None, Some(k), typical_p) => {
                list.collect_top(row, k);
                if let Some(p) = typical_p {
                    list.typical(p, list.whole());
                }
            }
            (None, None, Some(p)) => {
                let whole = row.whole();
                list.collect(row, typical_floor(row, p, whole));
                list.typical(p, whole);
            }
            (None, None, None) => {
                total = self.top_p.map(|_| row.masses(NATURAL).map(f64::from).sum());
                let nucleus = self.top_p.zip(total).map(|(p, total)| nucleus_floor(row, p, total));
                let likely = self.log_min_p.map(|log_p| row.max() + log_p);
                list.collect(row, nucleus.unwrap_or(f32::MIN).max(likely.unwrap_or(f32::MIN)));
            }
        }
        if let Some(p) = self.top_p {
            list.top_p(p, total);
        }
        if let Some(log_p) = self.log_min_p {
            list.min_p(log_p);
        }
    }
}

/// Outweighs the rounding of sums in the floors below, which may be too low but not too high.
const MARGIN: f64 = 1e-3;

/// The tokens of a row with at least this logit have a probability of more than `p` together. `total` is the
/// sum of all weights.
///
/// If n tokens share it, those that have less than the share `(1 - p) / n` have less than `1 - p` together.
fn nucleus_floor(row: &Row<'_>, p: f64, total: f64) -> f32 {
    let share = total * (1.0 - p) / row.len() as f64;
    row.max() + (share.ln() - MARGIN) as f32
}

/// No token of a row below this logit is among the typical ones.
///
/// The tokens above [`nucleus_floor`] are enough of them, if those that are nearer to the mean come with
/// them. Their distances from it reach up to that of the likeliest or that of the floor; as far below the
/// mean as the likeliest is above it are logits of max + 2 · mean.
fn typical_floor(row: &Row<'_>, p: f64, whole: Whole) -> f32 {
    let mirrored = row.max() + (2.0 * whole.mean - MARGIN) as f32;
    nucleus_floor(row, p, whole.total).min(mirrored)
}
