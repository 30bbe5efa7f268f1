//! Means, percentiles, and how far to trust them. All samples are kept, so every figure is exact.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

/// How often the bootstrap draws.
const RESAMPLES: usize = 10_000;

/// What is said of a set of samples, in their unit. All zero if there are none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Summary {
    /// Number of samples.
    pub count: u64,
    pub mean: f64,
    pub median: f64,
    /// Of the samples themselves, as numpy has it, not an estimate for a larger population.
    pub std: f64,
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    /// The 99.9th percentile.
    pub p999: f64,
    pub max: f64,
}

impl Summary {
    /// Summarizes samples, none of which may be NaN.
    #[must_use]
    pub fn of(samples: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = samples.into_iter().collect();
        let Some(mean) = mean(&sorted) else { return Self::default() };
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |share| percentile(&sorted, share);
        Self {
            count: sorted.len() as u64,
            mean,
            median: at(0.5),
            std: deviation(&sorted, mean, sorted.len() as f64),
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: sorted.last().copied().unwrap_or_default(),
        }
    }
}

fn mean(samples: &[f64]) -> Option<f64> {
    (!samples.is_empty()).then(|| samples.iter().sum::<f64>() / samples.len() as f64)
}

fn deviation(samples: &[f64], mean: f64, divisor: f64) -> f64 {
    (samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / divisor).sqrt()
}

/// The value below which a share (0 to 1) of sorted samples lies, linear between two of them as numpy has it. 0 if
/// there are none.
#[must_use]
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let (low, high) = (sorted[below], sorted[above]);
    low + (high - low) * (place - place.floor())
}

/// How much a figure differs between runs of the same thing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Number of runs.
    pub runs: u64,
    /// Of the runs.
    pub mean: f64,
    /// Estimated from the runs; 0 of a single one.
    pub std: f64,
    /// `std / mean`, 0 if the mean is.
    pub cv: f64,
}

impl Spread {
    /// Of the figures of several runs.
    #[must_use]
    pub fn of(figures: &[f64]) -> Self {
        let Some(mean) = mean(figures) else { return Self::default() };
        let std = match figures.len() {
            1 => 0.0,
            runs => deviation(figures, mean, (runs - 1) as f64),
        };
        let cv = if mean == 0.0 { 0.0 } else { std / mean };
        Self { runs: figures.len() as u64, mean, std, cv }
    }
}

/// A figure with the range that it lies in with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Lower end; `None` if there are too few samples to tell.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// The geometric mean of ratios, with a confidence interval from the bootstrap: the ratios are drawn anew with
/// replacement, again and again, and the middle 95 % of the means are kept. `None` without ratios, or if one is not a
/// positive number. Fewer than three ratios give no interval.
#[must_use]
pub fn geometric_mean(ratios: &[f64], seed: u64) -> Option<Estimate> {
    if ratios.is_empty() || ratios.iter().any(|ratio| !(ratio.is_finite() && *ratio > 0.0)) {
        return None;
    }
    let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
    let value = mean(&logs)?.exp();
    if logs.len() < 3 {
        return Some(Estimate { value, low: None, high: None });
    }
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let sum: f64 = logs.iter().map(|_| logs[below(&mut rng, logs.len())]).sum();
            (sum / logs.len() as f64).exp()
        })
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    let (low, high) = (percentile(&means, 0.025), percentile(&means, 0.975));
    Some(Estimate { value, low: Some(low), high: Some(high) })
}

/// A number from 0 to below `limit`, which must not be 0.
pub(crate) fn below(rng: &mut impl Rng, limit: usize) -> usize {
    // Multiplying keeps the high bits, which are the better ones, and is even enough for limits far below 2^64.
    ((u128::from(rng.next_u64()) * limit as u128) >> 64) as usize
}

/// A number from 0 to below 1.
pub(crate) fn unit(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentiles_are_those_of_numpy() {
        let sorted = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(percentile(&sorted, 0.5), 2.5);
        assert!((percentile(&sorted, 0.99) - 3.97).abs() < 1e-12);
        assert_eq!(percentile(&sorted, 1.0), 4.0);
        assert_eq!(percentile(&[7.0], 0.1), 7.0);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }

    #[test]
    fn nothing_is_zero() {
        assert_eq!(Summary::of([]), Summary::default());
        assert_eq!(Spread::of(&[]), Spread::default());
    }

    #[test]
    fn a_summary_by_hand() {
        let summary = Summary::of([4.0, 2.0, 6.0]);
        assert_eq!((summary.count, summary.mean, summary.median, summary.max), (3, 4.0, 4.0, 6.0));
        assert!((summary.std - (8.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        let spread = Spread::of(&[4.0, 2.0, 6.0]);
        assert_eq!((spread.mean, spread.std, spread.cv), (4.0, 2.0, 0.5));
    }

    #[test]
    fn ratios_that_agree_have_a_narrow_interval() {
        let estimate = geometric_mean(&[2.0, 2.0, 2.0, 2.0], 1).unwrap();
        assert!((estimate.value - 2.0).abs() < 1e-12);
        assert!((estimate.low.unwrap() - 2.0).abs() < 1e-12 && (estimate.high.unwrap() - 2.0).abs() < 1e-12);
        assert_eq!(geometric_mean(&[1.0, 2.0], 1).unwrap().low, None);
        assert_eq!(geometric_mean(&[1.0, 0.0], 1), None);
        assert_eq!(geometric_mean(&[], 1), None);
    }

    proptest! {
        #[test]
        fn a_summary_is_ordered_and_ignores_order(mut samples in prop::collection::vec(0.0..1e6_f64, 1..200)) {
            let summary = Summary::of(samples.iter().copied());
            let low = samples.iter().copied().fold(f64::INFINITY, f64::min);
            let steps = [low, summary.p50, summary.p90, summary.p95, summary.p99, summary.p999, summary.max];
            prop_assert!(steps.is_sorted());
            prop_assert!(low <= summary.mean * (1.0 + 1e-9) && summary.mean <= summary.max * (1.0 + 1e-9));
            samples.reverse();
            prop_assert_eq!(Summary::of(samples).p99, summary.p99);
        }

        #[test]
        fn intervals_hold_the_figure_and_stay_among_the_ratios(ratios in prop::collection::vec(0.1..10.0_f64, 3..8)) {
            let estimate = geometric_mean(&ratios, 7).unwrap();
            let low = ratios.iter().copied().fold(f64::INFINITY, f64::min) * (1.0 - 1e-9);
            let high = ratios.iter().copied().fold(0.0, f64::max) * (1.0 + 1e-9);
            let steps = [low, estimate.low.unwrap(), estimate.high.unwrap(), high];
            prop_assert!(steps.is_sorted());
            prop_assert!(low <= estimate.value && estimate.value <= high);
        }

        #[test]
        fn drawn_numbers_stay_below_their_limit(seed: u64, limit in 1_usize..1000) {
            let mut rng = Pcg64::seed_from_u64(seed);
            prop_assert!(below(&mut rng, limit) < limit);
            prop_assert!((0.0..1.0).contains(&unit(&mut rng)));
        }
    }
}
