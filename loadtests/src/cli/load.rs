//! What `run` and `sweep` have in common: targets, workload, rules, where results go.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::print;
use crate::arrival::Arrival;
use crate::calibrate::Calibration;
use crate::dialect::Sampling;
use crate::error::LoadError;
use crate::experiment::{Experiment, Options};
use crate::gate::Rules;
use crate::report;
use crate::result::{Limits, RunResult};
use crate::target::{TargetSpec, pairs};
use crate::workload::Workload;

/// The exit code for results that must not be trusted.
const NOT_VALID: u8 = 2;

#[derive(Debug, clap::Args)]
pub(super) struct LoadArgs {
    /// Whom to ask: URL[,key=value...], keys name, dialect (openai-chat, openai-completions, ollama-chat,
    /// ollama-generate), model, ignore-eos, schema, pid, key-env; or llama-server=PATH,gguf=FILE[,key=value...], keys name,
    /// dialect, np, unified, ctx, threads, args
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<TargetSpec>,
    /// What to ask: NAME[:key=value,...]; `workloads` lists them
    #[arg(short, long, value_name = "WORKLOAD", default_value = "random")]
    workload: Workload,
    /// Repetitions, each with other prompts; 3 if there are several targets
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Requests before each run that are not measured
    #[arg(long, value_name = "N", default_value_t = 1)]
    warmup: usize,
    /// Of prompts, arrivals, and the server's sampler
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// How tokens are chosen; 0 always takes the likeliest
    #[arg(long, default_value_t = 0.0)]
    temperature: f64,
    /// Limits of good requests in milliseconds: ttft=500,tpot=50,e2el=10000
    #[arg(long, value_name = "LIMITS", value_parser = limits)]
    goodput: Option<Limits>,
    /// Replies may end before their limit; without, those that do count as failed
    #[arg(long)]
    any_length: bool,
    /// Tell throughput even if requests failed
    #[arg(long)]
    allow_failures: bool,
    /// Seconds for a whole request
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    /// Write results, a table and a page with pictures into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Keep replies and times of all tokens in the JSON results
    #[arg(long)]
    detailed: bool,
    /// Print results as JSON, one a line
    #[arg(long)]
    json: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Reads `ttft=500,tpot=50`.
fn limits(text: &str) -> Result<Limits, LoadError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        ttft: Option<f64>,
        tpot: Option<f64>,
        e2el: Option<f64>,
    }
    let Given { ttft, tpot, e2el } = serde_json::from_value(Value::Object(pairs(text)?))
        .map_err(|error| LoadError::usage(format!("limits {text}: {error}")))?;
    let limits = Limits { ttft, tpot, e2el };
    if limits.any() { Ok(limits) } else { Err(LoadError::usage("no limit is given")) }
}

impl LoadArgs {
    pub(super) fn workload(&self) -> &Workload {
        &self.workload
    }

    /// Runs all loads. `None` if nothing was to be done.
    pub(super) async fn measure(&self, arrivals: &[Arrival]) -> Result<Option<Vec<RunResult>>, LoadError> {
        let options = Options {
            workload: self.workload.clone(),
            seed: u64::from(self.seed),
            sampling: Sampling { temperature: self.temperature, seed: self.seed },
            rules: Rules { any_length: self.any_length, allow_failures: self.allow_failures },
            limits: self.goodput.unwrap_or_default(),
            detailed: self.detailed,
            warmup: self.warmup,
            patience: Duration::from_secs(self.timeout),
        };
        let several = self.targets.len() > 1;
        let rounds = self.rounds.unwrap_or(if several { 3 } else { 1 }).max(1);
        if self.dry_run {
            self.print_plan(&options, arrivals, rounds)?;
            return Ok(None);
        }
        let experiment = Experiment::prepare(options, &self.targets, arrivals).await?;
        let results = experiment.run(arrivals, rounds).await;
        experiment.end().await;
        results.map(Some)
    }

    fn print_plan(&self, options: &Options, arrivals: &[Arrival], rounds: usize) -> Result<(), LoadError> {
        let plan = options.workload.plan(&Calibration::unknown(), options.seed)?;
        let turns = || plan.sessions.iter().flat_map(|session| &session.turns);
        let output: u64 = turns().map(|turn| u64::from(turn.output)).sum();
        let words: u64 = turns().filter_map(|turn| turn.words).map(u64::from).sum();
        print(&format!("workload  {}\n", options.workload.spec()))?;
        print(&format!("requests  {} in {} sessions\n", plan.requests(), plan.sessions.len()))?;
        print(&format!("tokens    about {words} of prompts and up to {output} of replies\n"))?;
        for arrival in arrivals {
            let trace = plan.sessions.iter().map(|session| session.at);
            let schedule = arrival.schedule(plan.sessions.len(), trace, options.seed)?;
            let last = schedule.and_then(|times| times.last().copied());
            let last = last.map(|last| format!(", the last after {last:.1} s")).unwrap_or_default();
            print(&format!("load      {}{last}\n", arrival.short()))?;
        }
        print(&format!(
            "runs      {} targets x {} loads x {rounds} rounds\n",
            self.targets.len(),
            arrivals.len()
        ))
    }

    /// Prints results, writes them where they are wanted, and tells whether they can be trusted. `text` is what is
    /// said of all of them together.
    pub(super) fn publish(&self, results: &[RunResult], text: &str) -> Result<ExitCode, LoadError> {
        if self.json {
            for result in results {
                print(&format!("{}\n", serde_json::to_string(result)?))?;
            }
        } else {
            print(text)?;
        }
        if let Some(folder) = &self.out {
            report::write_all(folder, results)?;
        }
        let trusted = results.iter().all(|result| result.quipu.gate.passed && result.quipu.valid);
        Ok(if trusted { ExitCode::SUCCESS } else { ExitCode::from(NOT_VALID) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        assert_eq!(
            limits("ttft=500,e2el=1e3").unwrap(),
            Limits { ttft: Some(500.0), tpot: None, e2el: Some(1000.0) }
        );
        assert!(limits("").is_err() && limits("itl=5").is_err());
    }
}
