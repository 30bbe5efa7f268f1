//! When sessions start.
//!
//! - **Closed loop**: so many sessions at a time; the next starts when one ends. A slow server is asked less.
//! - **Open loop**: at times that do not depend on the server. Delays between two sessions are drawn from a gamma
//!   distribution whose shape is the *burstiness*: 1 is Poisson, smaller comes in bursts, infinite is a constant rate.
//!   As in `vllm bench serve`, they are scaled so that `n` sessions take exactly `n / rate`.

use rand_core::SeedableRng;
use rand_distr::{Distribution, Gamma};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use crate::error::LoadError;

/// When sessions start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Arrival {
    /// A fixed number of sessions at a time.
    Closed {
        /// Sessions at a time, at least 1.
        concurrency: usize,
    },
    /// Sessions start at a rate, whatever the server does.
    Open {
        /// Sessions a second, above 0. `null` in JSON: all at once.
        rate: Option<f64>,
        /// Shape of the gamma distribution, above 0. `null` in JSON: constant rate.
        burstiness: Option<f64>,
        /// How the rate changes from the first session to the last.
        ramp: Option<Ramp>,
        /// Requests at a time at most; what it holds back is reported as client queue time.
        max_concurrency: Option<usize>,
    },
    /// Sessions start when the workload says.
    Trace {
        /// As for [`Arrival::Open`].
        max_concurrency: Option<usize>,
    },
}

/// How a rate changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ramp {
    /// Sessions a second at the end, above 0.
    pub to: f64,
    /// On which curve.
    pub curve: Curve,
}

/// The way from one rate to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Curve {
    /// The same step from session to session.
    #[default]
    Linear,
    /// The same factor from session to session.
    Exponential,
}

impl Arrival {
    /// The seconds after the start of the run at which each of `sessions` starts, in order; `None` in a closed loop.
    /// `trace` are the times of the workload.
    ///
    /// # Errors
    /// If the workload has no times and they are asked for, or a rate is not above 0.
    pub fn schedule(
        &self,
        sessions: usize,
        trace: impl Iterator<Item = Option<f64>>,
        seed: u64,
    ) -> Result<Option<Vec<f64>>, LoadError> {
        match self {
            Self::Closed { .. } => Ok(None),
            Self::Open { rate: None, .. } => Ok(Some(vec![0.0; sessions])),
            Self::Open { rate: Some(rate), burstiness, ramp, .. } => {
                open(sessions, *rate, *burstiness, ramp.as_ref(), seed).map(Some)
            }
            Self::Trace { .. } => {
                let times: Option<Vec<f64>> = trace.collect();
                times.map(Some).ok_or_else(|| {
                    LoadError::usage("this workload has no times of its own: give a rate or a concurrency")
                })
            }
        }
    }

    /// Requests at a time at most; `None` is without limit.
    #[must_use]
    pub fn max_concurrency(&self) -> Option<usize> {
        match self {
            Self::Closed { concurrency } => Some(*concurrency),
            Self::Open { max_concurrency, .. } | Self::Trace { max_concurrency } => *max_concurrency,
        }
    }

    /// In few words, for tables: `8 at a time`, `2.5/s`.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Closed { concurrency } => format!("{concurrency} at a time"),
            Self::Open { rate: None, .. } => "all at once".to_owned(),
            Self::Open { rate: Some(rate), ramp: None, .. } => format!("{rate}/s"),
            Self::Open { rate: Some(rate), ramp: Some(ramp), .. } => format!("{rate}/s to {}/s", ramp.to),
            Self::Trace { .. } => "as traced".to_owned(),
        }
    }
}

fn open(
    sessions: usize,
    rate: f64,
    burstiness: Option<f64>,
    ramp: Option<&Ramp>,
    seed: u64,
) -> Result<Vec<f64>, LoadError> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    if !positive(rate) || ramp.is_some_and(|ramp| !positive(ramp.to)) || !burstiness.is_none_or(positive) {
        return Err(LoadError::usage("rates and burstiness must be above 0"));
    }
    let gamma = match burstiness {
        None => None,
        // Delays of mean 1, which the rate then scales.
        Some(shape) => {
            Some(Gamma::new(shape, 1.0 / shape).map_err(|error| LoadError::usage(error.to_string()))?)
        }
    };
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut time = 0.0;
    let mut times: Vec<f64> = (0..sessions)
        .map(|i| {
            let delay = gamma.as_ref().map_or(1.0, |gamma| gamma.sample(&mut rng));
            time += delay / rate_at(i, sessions, rate, ramp);
            time
        })
        .collect();
    // A ramp keeps what it drew: its total is not n / rate.
    if ramp.is_none() && time > 0.0 {
        let scale = sessions as f64 / rate / time;
        times.iter_mut().for_each(|time| *time *= scale);
    }
    Ok(times)
}

fn rate_at(i: usize, sessions: usize, rate: f64, ramp: Option<&Ramp>) -> f64 {
    let Some(Ramp { to, curve }) = ramp else { return rate };
    let progress = i as f64 / (sessions.max(2) - 1) as f64;
    match curve {
        Curve::Linear => rate + (to - rate) * progress,
        Curve::Exponential => rate * (to / rate).powf(progress),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn times(arrival: &Arrival, sessions: usize) -> Vec<f64> {
        arrival.schedule(sessions, std::iter::empty(), 1).unwrap().unwrap()
    }

    fn at_rate(rate: Option<f64>, burstiness: Option<f64>, ramp: Option<Ramp>) -> Arrival {
        Arrival::Open { rate, burstiness, ramp, max_concurrency: None }
    }

    #[test]
    fn a_constant_rate_is_even() {
        assert_eq!(times(&at_rate(Some(2.0), None, None), 4), [0.5, 1.0, 1.5, 2.0]);
    }

    #[test]
    fn all_at_once_is_at_once() {
        assert_eq!(times(&at_rate(None, Some(1.0), None), 3), [0.0; 3]);
    }

    #[test]
    fn a_ramp_gets_faster() {
        for curve in [Curve::Linear, Curve::Exponential] {
            let times = times(&at_rate(Some(1.0), None, Some(Ramp { to: 10.0, curve })), 5);
            let delays: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(delays.is_sorted_by(|a, b| a > b), "{delays:?}");
            assert!((delays[3] - 0.1).abs() < 1e-9, "{delays:?}");
        }
    }

    #[test]
    fn a_closed_loop_has_no_times_and_nonsense_is_refused() {
        let closed = Arrival::Closed { concurrency: 3 };
        assert_eq!(closed.schedule(5, std::iter::empty(), 1).unwrap(), None);
        assert!(at_rate(Some(0.0), None, None).schedule(5, std::iter::empty(), 1).is_err());
        assert!(at_rate(Some(1.0), Some(-1.0), None).schedule(5, std::iter::empty(), 1).is_err());
        let trace = Arrival::Trace { max_concurrency: None };
        assert!(trace.schedule(2, [Some(1.0), None].into_iter(), 1).is_err());
        assert_eq!(trace.schedule(2, [Some(1.0), Some(3.0)].into_iter(), 1).unwrap().unwrap(), [1.0, 3.0]);
    }

    proptest! {
        #[test]
        fn sessions_take_n_over_rate(n in 1_usize..300, rate in 0.1..100.0_f64, shape in 0.2..20.0_f64, seed: u64) {
            let arrival = at_rate(Some(rate), Some(shape), None);
            let times = arrival.schedule(n, std::iter::empty(), seed).unwrap().unwrap();
            prop_assert_eq!(times.len(), n);
            prop_assert!(times.is_sorted());
            let total = n as f64 / rate;
            prop_assert!((times[n - 1] - total).abs() < 1e-9 * total);
            prop_assert_eq!(arrival.schedule(n, std::iter::empty(), seed).unwrap().unwrap(), times);
        }
    }
}
