//! Runs of several targets, in turns.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::arrival::Arrival;
use crate::client::{Endpoint, Question};
use crate::dialect::Sampling;
use crate::error::LoadError;
use crate::gate::Rules;
use crate::live::Live;
use crate::llama_server::{Running, Settings, Variant};
use crate::measure::{Beside, Setup, measure};
use crate::result::{Limits, RunResult, Server};
use crate::run::drive;
use crate::server_side::{Usage, Watch};
use crate::target::{Target, TargetSpec};
use crate::workload::{Plan, Workload};

/// Seeds of rounds are next to each other, those of loads and other uses this far apart.
const SEEDS: u64 = 1_000_000;

/// What one server is asked under two names has seeds so far apart.
const PROMPTS: u64 = 10 * SEEDS;

/// What is the same for all runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is asked.
    pub workload: Workload,
    /// Of prompts and arrivals. Each round and load has its own, so that nothing is cached from the one before. All targets
    /// have the same, but one that is the same model of the same server: it has other prompts of the same lengths, or would
    /// find those of the first in its cache.
    pub seed: u64,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// What is let pass.
    pub rules: Rules,
    /// Limits of good requests.
    pub limits: Limits,
    /// Keep what `vllm bench serve --save-detailed` does.
    pub detailed: bool,
    /// Requests before each run that are not measured.
    pub warmup: usize,
    /// For a whole request.
    pub patience: Duration,
}

/// A target that is ready.
struct Subject {
    endpoint: Arc<Endpoint>,
    server: Server,
    /// If the harness started it.
    running: Option<Running>,
}

impl Subject {
    /// Whether it is the same model of the same server.
    fn is_beside(&self, other: &Self) -> bool {
        self.endpoint.target.url == other.endpoint.target.url && self.endpoint.model == other.endpoint.model
    }
}

/// Targets that are ready.
pub struct Experiment {
    options: Options,
    subjects: Vec<Subject>,
}

impl Experiment {
    /// Connects to all targets, starts those that are to be started, at the best of their settings, and finds out how
    /// they count tokens. Settings are tried with the last, heaviest of the loads.
    ///
    /// # Errors
    /// If a target does not answer or cannot be started.
    pub async fn prepare(
        options: Options,
        targets: &[TargetSpec],
        arrivals: &[Arrival],
    ) -> Result<Self, LoadError> {
        let mut experiment = Self { options, subjects: Vec::new() };
        for target in targets {
            let subject = match (target, arrivals.last()) {
                (TargetSpec::LlamaServer(settings), Some(arrival)) => {
                    Box::pin(experiment.best(settings, arrival)).await?
                }
                (TargetSpec::Running(target), _) => experiment.connect(target.clone()).await?,
                (TargetSpec::LlamaServer(_), None) => return Err(LoadError::usage("no load is given")),
            };
            let names = || experiment.subjects.iter().map(|subject| &subject.server.target.name);
            if names().any(|name| *name == subject.server.target.name) {
                let name = &subject.server.target.name;
                return Err(LoadError::usage(format!(
                    "two targets are called {name}: give one another name="
                )));
            }
            experiment.subjects.push(subject);
        }
        experiment.agree_on_words().await?;
        Ok(experiment)
    }

    async fn connect(&self, target: Target) -> Result<Subject, LoadError> {
        let endpoint = Endpoint::connect(target, self.options.sampling, self.options.patience).await?;
        let server = Server {
            target: endpoint.target.clone(),
            version: endpoint.version.clone(),
            model: endpoint.facts.clone(),
            calibration: None,
            settings: None,
            tried: BTreeMap::new(),
        };
        Ok(Subject { endpoint: Arc::new(endpoint), server, running: None })
    }

    /// Finds the setting with the most tokens a second under a load, and leaves the server running with it.
    async fn best(&self, settings: &Settings, arrival: &Arrival) -> Result<Subject, LoadError> {
        let variants = settings.variants()?;
        let mut tried = BTreeMap::new();
        let mut best: Option<(Variant, f64)> = None;
        if variants.len() > 1 {
            for variant in &variants {
                let mut subject = self.start(settings, *variant).await?;
                self.calibrate(&mut subject).await?;
                let plan = self.plan(&subject, self.options.seed + SEEDS)?;
                let result = Box::pin(self.once(&subject, &plan, arrival, 0)).await?;
                let throughput = result.output_throughput;
                tried.insert(settings.arguments(*variant).join(" "), throughput);
                if let Some(throughput) = throughput
                    && best.is_none_or(|(_, most)| throughput > most)
                {
                    best = Some((*variant, throughput));
                }
                if let Some(running) = subject.running.take() {
                    running.stop().await;
                }
            }
        } else {
            best = variants.first().map(|variant| (*variant, 0.0));
        }
        let Some((variant, _)) = best else {
            return Err(LoadError::server(&settings.name, "requests failed under each of the settings"));
        };
        let mut subject = self.start(settings, variant).await?;
        subject.server.tried = tried;
        Ok(subject)
    }

    async fn start(&self, settings: &Settings, variant: Variant) -> Result<Subject, LoadError> {
        let running = settings.start(variant).await?;
        let mut subject = self.connect(running.target.clone()).await?;
        subject.server.settings = Some(running.settings.clone());
        subject.running = Some(running);
        Ok(subject)
    }

    async fn calibrate(&self, subject: &mut Subject) -> Result<(), LoadError> {
        if matches!(self.options.workload, Workload::File(_)) {
            return Ok(());
        }
        let mut endpoint = Endpoint::clone(&subject.endpoint);
        endpoint.calibrate(&subject.endpoint.calibration.words).await?;
        subject.server.calibration = Some(endpoint.calibration.clone());
        subject.endpoint = Arc::new(endpoint);
        Ok(())
    }

    /// Finds words that are one token for all targets: they are asked for the same.
    async fn agree_on_words(&mut self) -> Result<(), LoadError> {
        let mut subjects = std::mem::take(&mut self.subjects);
        let mut words: Option<Vec<String>> = None;
        for subject in &mut subjects {
            if let Some(words) = &words {
                let mut endpoint = Endpoint::clone(&subject.endpoint);
                endpoint.calibration.words.clone_from(words);
                subject.endpoint = Arc::new(endpoint);
            }
            self.calibrate(subject).await?;
            words = Some(subject.endpoint.calibration.words.clone());
        }
        // The last one has the words that all agree on; the first one draws the plans.
        if let (Some(first), Some(words)) = (subjects.first_mut(), words) {
            let mut endpoint = Endpoint::clone(&first.endpoint);
            endpoint.calibration.words = words;
            first.endpoint = Arc::new(endpoint);
        }
        self.subjects = subjects;
        Ok(())
    }

    /// Runs all loads, for each all rounds, in each all targets.
    ///
    /// # Errors
    /// If the workload cannot be drawn or does not fit an arrival.
    pub async fn run(&self, arrivals: &[Arrival], rounds: usize) -> Result<Vec<RunResult>, LoadError> {
        let Some(first) = self.subjects.first() else { return Err(LoadError::usage("no target is given")) };
        let mut results = Vec::new();
        for (load, arrival) in arrivals.iter().enumerate() {
            for round in 1..=rounds {
                let seed = self.options.seed + load as u64 * 1000 + round as u64 - 1;
                for (place, subject) in self.subjects.iter().enumerate() {
                    let before = self.subjects[..place].iter().filter(|other| other.is_beside(subject));
                    let plan = self.plan(first, seed + PROMPTS * before.count() as u64)?;
                    results.push(Box::pin(self.once(subject, &plan, arrival, round)).await?);
                }
            }
        }
        Ok(results)
    }

    fn plan(&self, subject: &Subject, seed: u64) -> Result<Arc<Plan>, LoadError> {
        Ok(Arc::new(self.options.workload.plan(&subject.endpoint.calibration, seed)?))
    }

    async fn once(
        &self,
        subject: &Subject,
        plan: &Arc<Plan>,
        arrival: &Arrival,
        round: usize,
    ) -> Result<RunResult, LoadError> {
        self.warm_up(subject, self.options.seed + 2 * SEEDS + round as u64).await?;
        let endpoint = &subject.endpoint;
        let name = &endpoint.target.name;
        let label = if round > 0 { format!("{name}, round {round}") } else { format!("{name}, trying") };
        let live = Arc::new(Live::new(format!("{label}, {}", arrival.short()), plan.requests()));
        let date = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
        let watch = Watch::start(endpoint.clone()).await;
        let before = Usage::of_self();
        let run = drive(endpoint, plan, arrival, self.options.seed + round as u64, &live).await?;
        let cpu = Usage::of_self().zip(before).map(|(after, before)| after.cpu_seconds - before.cpu_seconds);
        let server_side = watch.stop().await;
        let beside = Beside { date, round, server_side, client_cpu_seconds: cpu };
        Ok(measure(&self.setup(subject, arrival), plan, run, beside))
    }

    /// Asks for other prompts than those that are measured, one after the other: models load with the first request.
    async fn warm_up(&self, subject: &Subject, seed: u64) -> Result<(), LoadError> {
        let plan = self.plan(subject, seed)?;
        let turns = plan.sessions.iter().filter_map(|session| session.turns.first());
        for turn in turns.take(self.options.warmup) {
            let question = Question { messages: &turn.messages, max_tokens: turn.output, leave_after: None };
            // What goes wrong here goes wrong in the run, too, and is counted there.
            subject.endpoint.ask(question, tokio::time::Instant::now()).await;
        }
        Ok(())
    }

    fn setup(&self, subject: &Subject, arrival: &Arrival) -> Setup {
        let options = &self.options;
        Setup {
            server: subject.server.clone(),
            model: subject.endpoint.model.clone(),
            workload: options.workload.clone(),
            arrival: arrival.clone(),
            seed: options.seed,
            sampling: options.sampling,
            rules: options.rules,
            limits: options.limits,
            detailed: options.detailed,
        }
    }

    /// Ends the servers that were started.
    pub async fn end(self) {
        for subject in self.subjects {
            if let Some(running) = subject.running {
                running.stop().await;
            }
        }
    }
}
