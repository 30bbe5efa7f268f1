//! `run` and `sweep`.

use std::process::ExitCode;

use super::load::LoadArgs;
use crate::arrival::{Arrival, Curve, Ramp};
use crate::compare::compare;
use crate::error::LoadError;
use crate::report::console;
use crate::sweep::{NEEDED, sweep};
use crate::workload::Workload;

#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// Closed loop: so many sessions at a time. 1 if nothing is said and the workload has no times of its own
    #[arg(short, long, value_name = "N", conflicts_with_all = ["rate", "max_concurrency"])]
    concurrency: Option<usize>,
    /// Open loop: so many sessions a second; inf starts all at once
    #[arg(long, value_name = "RATE")]
    rate: Option<f64>,
    #[command(flatten)]
    open: OpenArgs,
    /// The rate at the end, if it is to change
    #[arg(long, value_name = "RATE", requires = "rate")]
    ramp_to: Option<f64>,
    /// How the rate changes
    #[arg(long, value_name = "CURVE", requires = "ramp_to", default_value = "linear")]
    ramp_curve: Curve,
}

#[derive(Debug, clap::Args)]
pub(super) struct SweepArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// Closed loops: sessions at a time, as 1,2,4,8
    #[arg(short, long, value_name = "LIST", value_delimiter = ',', required_unless_present = "rate")]
    concurrency: Vec<usize>,
    /// Open loops: sessions a second, as 0.5,1,2
    #[arg(long, value_name = "LIST", value_delimiter = ',', conflicts_with = "concurrency")]
    rate: Vec<f64>,
    #[command(flatten)]
    open: OpenArgs,
}

/// What belongs to open loops.
#[derive(Debug, clap::Args)]
struct OpenArgs {
    /// How sessions bunch: 1 is Poisson, less comes in bursts, more is more even, inf is constant
    #[arg(long, value_name = "SHAPE", default_value_t = 1.0)]
    burstiness: f64,
    /// Requests at a time at most
    #[arg(long, value_name = "N")]
    max_concurrency: Option<usize>,
}

impl OpenArgs {
    fn arrival(&self, rate: f64, ramp: Option<Ramp>) -> Arrival {
        let finite = |value: f64| Some(value).filter(|value| !value.is_infinite());
        Arrival::Open {
            rate: finite(rate),
            burstiness: finite(self.burstiness),
            ramp,
            max_concurrency: self.max_concurrency,
        }
    }
}

impl RunArgs {
    fn arrival(&self, workload: &Workload) -> Arrival {
        match (self.concurrency, self.rate) {
            (Some(concurrency), _) => Arrival::Closed { concurrency: concurrency.max(1) },
            (None, Some(rate)) => {
                self.open.arrival(rate, self.ramp_to.map(|to| Ramp { to, curve: self.ramp_curve }))
            }
            (None, None) if matches!(workload, Workload::Trace(_)) => {
                Arrival::Trace { max_concurrency: self.open.max_concurrency }
            }
            (None, None) => Arrival::Closed { concurrency: 1 },
        }
    }

    pub(super) async fn execute(&self) -> Result<ExitCode, LoadError> {
        let arrivals = [self.arrival(self.load.workload())];
        let Some(results) = self.load.measure(&arrivals).await? else { return Ok(ExitCode::SUCCESS) };
        let mut text: String = results.iter().map(console::run).collect();
        text.push_str(&console::rounds(&results));
        text.extend(compare(&results).iter().map(console::versus));
        self.load.publish(&results, &text)
    }
}

impl SweepArgs {
    pub(super) async fn execute(&self) -> Result<ExitCode, LoadError> {
        let closed =
            self.concurrency.iter().map(|concurrency| Arrival::Closed { concurrency: (*concurrency).max(1) });
        let open = self.rate.iter().map(|rate| self.open.arrival(*rate, None));
        let arrivals: Vec<Arrival> = closed.chain(open).collect();
        let Some(results) = self.load.measure(&arrivals).await? else { return Ok(ExitCode::SUCCESS) };
        let sweeps = sweep(&results, NEEDED);
        let text = sweeps.iter().map(console::sweep);
        let text: String = text.chain(compare(&results).iter().map(console::versus)).collect();
        self.load.publish(&results, &text)
    }
}
