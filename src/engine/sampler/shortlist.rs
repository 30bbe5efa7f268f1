//! The candidates that are left, and the filters that shorten them.
//!
//! A filter never sorts its candidates: it finds the last one that stays, by selection on a copy, and drops
//! those that rank behind it. The candidates keep the order of the vocabulary all along, so that the draw
//! does not depend on how they were found, and logits that differ in the last bit give the same token.

use super::candidate::Candidate;
use super::math::{NATURAL, weight};
use super::row::{Row, Whole};

/// Windows up to this many candidates are sorted instead of halved.
const SORTED: usize = 64;

/// A candidate's place in the order of a filter, and its weight in the sum that the filter limits.
#[derive(Clone, Copy)]
struct Ranked {
    rank: Candidate,
    mass: f32,
}

/// Candidates in the order of the vocabulary, and buffers to select in.
#[derive(Default)]
pub(super) struct Shortlist {
    candidates: Vec<Candidate>,
    ranks: Vec<Candidate>,
    ranked: Vec<Ranked>,
}

impl Shortlist {
    /// The candidates, lower ids first.
    pub(super) fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The highest logit; -∞ if there are no candidates.
    pub(super) fn max(&self) -> f32 {
        self.candidates.iter().min().map_or(f32::NEG_INFINITY, |best| best.logit())
    }

    /// Starts with the tokens of a row that have a logit of at least `lowest`.
    pub(super) fn collect(&mut self, row: &Row<'_>, lowest: f32) {
        self.candidates.clear();
        for (index, &max) in row.maxima().iter().enumerate() {
            if max >= lowest {
                row.collect(index, lowest, &mut self.candidates);
            }
        }
    }

    /// Starts with the `k` likeliest tokens of a row.
    ///
    /// They lie in the `k` blocks with the highest maxima (of equal ones, those with the lower index): a
    /// token of any other block has the `k` tokens that are those maxima before it.
    pub(super) fn collect_top(&mut self, row: &Row<'_>, k: usize) {
        // Blocks rank as candidates do, by their maxima and then by their indices.
        let maxima = row.maxima().iter().zip(0..);
        let blocks = maxima.map(|(&max, index)| Candidate::new(max, index));
        match kth(&mut self.ranks, blocks.clone(), k) {
            None => self.collect(row, f32::MIN),
            Some(last) => {
                self.candidates.clear();
                for block in blocks.filter(|&block| block <= last) {
                    row.collect(block.token() as usize, last.logit(), &mut self.candidates);
                }
            }
        }
        self.top_k(k);
    }

    /// Keeps the `k` likeliest candidates; all if `k` is 0.
    pub(super) fn top_k(&mut self, k: usize) {
        if let Some(last) = kth(&mut self.ranks, self.candidates.iter().copied(), k) {
            self.candidates.retain(|&candidate| candidate <= last);
        }
    }

    /// The candidates in the order of rank.
    pub(super) fn ranked(&mut self) -> &[Candidate] {
        self.ranks.clear();
        self.ranks.extend_from_slice(&self.candidates);
        self.ranks.sort_unstable();
        &self.ranks
    }

    /// Drops the candidates with probabilities of at least `p`, but for the least likely of them.
    pub(super) fn exclude_top(&mut self, p: f64) {
        let max = self.max();
        let mass = |candidate: &Candidate| f64::from(weight(candidate.logit(), max, NATURAL));
        let target = p * self.candidates.iter().map(mass).sum::<f64>();
        let likely = self.candidates.iter().filter(|candidate| mass(candidate) >= target);
        if let Some(last) = likely.max().copied() {
            self.candidates.retain(|&candidate| candidate >= last);
        }
    }

    /// Keeps the likeliest candidates until their probabilities reach `p`. `total` is the sum of
    /// weights that makes up probability 1, if it is not that of the candidates.
    pub(super) fn top_p(&mut self, p: f64, total: Option<f64>) {
        let max = self.max();
        self.rank(|candidate| Ranked { rank: candidate, mass: weight(candidate.logit(), max, NATURAL) });
        let target = p * total.unwrap_or_else(|| mass(&self.ranked));
        if let Some(last) = head(&mut self.ranked, |mass| mass >= target) {
            self.candidates.retain(|&candidate| candidate <= last);
        }
    }

    /// The sums over the candidates, if they make up probability 1.
    pub(super) fn whole(&self) -> Whole {
        let max = self.max();
        let (mut total, mut moment) = (0.0, 0.0);
        for candidate in &self.candidates {
            let mass = f64::from(weight(candidate.logit(), max, NATURAL));
            total += mass;
            moment += mass * (f64::from(candidate.logit()) - f64::from(max));
        }
        Whole { total, mean: moment / total }
    }

    /// Keeps the locally typical candidates until their probabilities exceed `p`: those first whose
    /// information content, -ln p, is nearest to its mean, the entropy. `whole` has the sums over the tokens
    /// that make up probability 1.
    pub(super) fn typical(&mut self, p: f64, whole: Whole) {
        let max = self.max();
        let mean = whole.mean as f32;
        let rank = |candidate: Candidate| {
            let distance = (candidate.logit() - max - mean).abs();
            Candidate::new(-distance, candidate.token())
        };
        self.rank(|candidate| Ranked {
            rank: rank(candidate),
            mass: weight(candidate.logit(), max, NATURAL),
        });
        let target = p * whole.total;
        if let Some(last) = head(&mut self.ranked, |mass| mass > target) {
            self.candidates.retain(|&candidate| rank(candidate) <= last);
        }
    }

    /// Keeps the candidates whose logits are at most `-log_p` below the highest.
    pub(super) fn min_p(&mut self, log_p: f32) {
        let lowest = self.max() + log_p;
        self.candidates.retain(|candidate| candidate.logit() >= lowest);
    }

    fn rank(&mut self, rank: impl Fn(Candidate) -> Ranked) {
        self.ranked.clear();
        self.ranked.extend(self.candidates.iter().map(|&candidate| rank(candidate)));
    }
}

/// The `k`-th in rank of some candidates; `None` if there are not more than `k`, or `k` is 0.
fn kth(
    buffer: &mut Vec<Candidate>,
    candidates: impl Iterator<Item = Candidate>,
    k: usize,
) -> Option<Candidate> {
    buffer.clear();
    buffer.extend(candidates);
    if k == 0 || buffer.len() <= k {
        return None;
    }
    Some(*buffer.select_nth_unstable(k - 1).1)
}

/// The rank at which the masses of `ranked`, summed up in the order of rank, are `enough`; the last rank if
/// they never are.
///
/// Halves the window in which it lies: linear in the number of candidates, where sorting is not.
fn head(ranked: &mut [Ranked], enough: impl Fn(f64) -> bool) -> Option<Candidate> {
    let mut window = ranked;
    let mut before = 0.0;
    while window.len() > SORTED {
        let half = window.len() / 2;
        window.select_nth_unstable_by_key(half, |ranked| ranked.rank);
        let (first, second) = window.split_at_mut(half);
        let first_mass = mass(first);
        if enough(before + first_mass) {
            window = first;
        } else {
            before += first_mass;
            window = second;
        }
    }
    window.sort_unstable_by_key(|ranked| ranked.rank);
    for ranked in window.iter() {
        before += f64::from(ranked.mass);
        if enough(before) {
            return Some(ranked.rank);
        }
    }
    window.last().map(|ranked| ranked.rank)
}

fn mass(ranked: &[Ranked]) -> f64 {
    ranked.iter().map(|ranked| f64::from(ranked.mass)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_head_is_where_the_sum_is_enough(
            masses in prop::collection::vec(0_u16..100, 1..2000),
            share in 0.0..1.1_f64,
        ) {
            // Whole numbers, so that sums do not depend on the order.
            let total: f64 = masses.iter().copied().map(f64::from).sum();
            let target = (share * total).round();
            let place = |i: usize| (i * 7919 % 2003) as f32;
            let mut ranked: Vec<Ranked> = masses
                .iter()
                .enumerate()
                .map(|(i, &mass)| Ranked { rank: Candidate::new(place(i), i as u32), mass: f32::from(mass) })
                .collect();
            let mut sorted = ranked.clone();
            sorted.sort_by_key(|ranked| ranked.rank);
            let mut sum = 0.0;
            let enough = sorted.iter().find(|ranked| {
                sum += f64::from(ranked.mass);
                sum >= target
            });
            let expected = enough.or(sorted.last()).map(|ranked| ranked.rank);
            prop_assert_eq!(head(&mut ranked, |sum| sum >= target), expected);
        }
    }
}
