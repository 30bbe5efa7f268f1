//! The same under more and more load: how much a server can take.

use serde::{Deserialize, Serialize};

use crate::arrival::Arrival;
use crate::compare::names;
use crate::result::RunResult;
use crate::stats::Spread;

/// Share of requests that must meet the limits for a load to count as within them.
pub const NEEDED: f64 = 0.99;

/// What one target did under all loads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// The target.
    pub name: String,
    /// From the lightest load.
    pub points: Vec<Point>,
    /// The load beyond which more of it brings little: where the curve of throughput over load is farthest above the
    /// straight line between its ends. `None` with fewer than three points.
    pub knee: Option<f64>,
    /// The heaviest load under which, as under all lighter ones, enough requests met the limits. `None` without
    /// limits, or if they are never met.
    pub within_limits: Option<f64>,
}

/// One load, the mean of its rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Sessions at a time or sessions a second.
    pub load: f64,
    /// Tokens of replies a second; `None` if it is withheld.
    pub output_throughput: Option<f64>,
    /// Tokens a second of one user.
    pub user_tokens_per_s: f64,
    /// Milliseconds.
    pub p50_ttft_ms: f64,
    /// Milliseconds.
    pub p99_ttft_ms: f64,
    /// Milliseconds.
    pub p50_itl_ms: f64,
    /// Milliseconds.
    pub p99_itl_ms: f64,
    /// Share of requests that met the limits, if there are any.
    pub good: Option<f64>,
}

/// The load of a run as a number; `None` for those without.
#[must_use]
pub fn load(arrival: &Arrival) -> Option<f64> {
    match arrival {
        Arrival::Closed { concurrency } => Some(*concurrency as f64),
        Arrival::Open { rate, .. } => *rate,
        Arrival::Trace { .. } => None,
    }
}

/// Puts the runs of each target together. `needed` is the share of requests (0 to 1) that must meet the limits.
#[must_use]
pub fn sweep(results: &[RunResult], needed: f64) -> Vec<Sweep> {
    names(results).into_iter().map(|name| of_target(name, results, needed)).collect()
}

fn of_target(name: &str, results: &[RunResult], needed: f64) -> Sweep {
    let runs: Vec<(f64, &RunResult)> = results
        .iter()
        .filter(|run| run.label == name)
        .filter_map(|run| Some((load(&run.quipu.arrival)?, run)))
        .collect();
    let mut loads: Vec<f64> = runs.iter().map(|(load, _)| *load).collect();
    loads.sort_unstable_by(f64::total_cmp);
    loads.dedup();
    let point = |load: f64| {
        let here: Vec<&RunResult> =
            runs.iter().filter(|(other, _)| *other == load).map(|(_, run)| *run).collect();
        let mean = |get: &dyn Fn(&RunResult) -> f64| {
            Spread::of(&here.iter().map(|run| get(run)).collect::<Vec<f64>>()).mean
        };
        let all = |get: &dyn Fn(&RunResult) -> Option<f64>| {
            let values: Option<Vec<f64>> = here.iter().map(|run| get(run)).collect();
            values.map(|values| Spread::of(&values).mean)
        };
        Point {
            load,
            output_throughput: all(&|run| run.output_throughput),
            user_tokens_per_s: mean(&|run| run.quipu.user_tokens_per_s.mean),
            p50_ttft_ms: mean(&|run| run.latency.ttft.p50),
            p99_ttft_ms: mean(&|run| run.latency.ttft.p99),
            p50_itl_ms: mean(&|run| run.latency.itl.p50),
            p99_itl_ms: mean(&|run| run.latency.itl.p99),
            good: all(&|run| run.quipu.goodput.map(|goodput| goodput.share)),
        }
    };
    let points: Vec<Point> = loads.into_iter().map(point).collect();
    let curve: Vec<(f64, f64)> =
        points.iter().filter_map(|point| Some((point.load, point.output_throughput?))).collect();
    let within_limits = points
        .iter()
        .take_while(|point| point.good.is_some_and(|good| good >= needed))
        .last()
        .map(|point| point.load);
    Sweep { name: name.to_owned(), knee: knee(&curve), points, within_limits }
}

/// Where a curve is farthest above the line between its ends; its last point if it never is.
fn knee(curve: &[(f64, f64)]) -> Option<f64> {
    let (first, last) = (*curve.first()?, *curve.last()?);
    if curve.len() < 3 || last.0 <= first.0 {
        return None;
    }
    let slope = (last.1 - first.1) / (last.0 - first.0);
    let above = |point: &(f64, f64)| point.1 - first.1 - slope * (point.0 - first.0);
    let best = curve.iter().max_by(|a, b| above(a).total_cmp(&above(b)))?;
    // A straight line bends nowhere, but for what rounding makes of it.
    Some(if above(best) > 1e-9 * last.1.abs() { best.0 } else { last.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::tests::{four, result, setup};

    #[test]
    fn knees() {
        assert_eq!(knee(&[(1.0, 10.0), (2.0, 20.0), (4.0, 38.0), (8.0, 44.0), (16.0, 45.0)]), Some(4.0));
        assert_eq!(knee(&[(1.0, 10.0), (2.0, 20.0), (3.0, 30.0)]), Some(3.0));
        assert_eq!(knee(&[(1.0, 10.0), (2.0, 20.0)]), None);
    }

    #[test]
    fn points_are_means_of_rounds() {
        let mut results = Vec::new();
        for (concurrency, share, throughput) in [(2, 1.0, 3.0), (1, 1.0, 2.0), (1, 1.0, 1.0), (4, 0.5, 3.1)] {
            let mut run = result(&setup("ours"), four());
            run.quipu.arrival = Arrival::Closed { concurrency };
            run.output_throughput = Some(throughput);
            run.quipu.goodput.as_mut().unwrap().share = share;
            results.push(run);
        }
        let sweep = &sweep(&results, 0.99)[0];
        let curve: Vec<(f64, f64)> =
            sweep.points.iter().map(|point| (point.load, point.output_throughput.unwrap())).collect();
        assert_eq!(curve, [(1.0, 1.5), (2.0, 3.0), (4.0, 3.1)]);
        assert_eq!((sweep.knee, sweep.within_limits), (Some(2.0), Some(2.0)));
    }
}
