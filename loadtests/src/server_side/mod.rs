//! What the server says of itself: `/metrics` before, during and after a run, memory and CPU time of its processes.

mod process;
mod prometheus;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::client::Endpoint;
pub(crate) use process::Usage;
use prometheus::Scrape;

/// Between two looks. Often enough for pictures, seldom enough to cost nothing.
const INTERVAL: Duration = Duration::from_millis(500);

/// What the server said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerSide {
    /// How much counters grew in the run, those that did. Histograms are there with their sum and count.
    pub counters: BTreeMap<String, f64>,
    /// When gauges were read, seconds after the start of the run.
    pub times: Vec<f64>,
    /// Gauges at those times; `None` where one was not there.
    pub gauges: BTreeMap<String, Vec<Option<f64>>>,
    /// Memory and CPU time, if the process is known.
    pub process: Option<ProcessSide>,
}

/// The server's process and its children.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessSide {
    /// Resident memory before the run, bytes.
    pub rss_before: u64,
    /// The most that was seen, bytes.
    pub rss_peak: u64,
    /// After the run, bytes.
    pub rss_after: u64,
    /// CPU time in the run, seconds.
    pub cpu_seconds: f64,
}

/// Looks at a server from time to time.
pub(crate) struct Watch {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Watcher>,
}

impl Watch {
    /// Looks for the first time, and goes on.
    pub(crate) async fn start(endpoint: Arc<Endpoint>) -> Self {
        let mut watcher = Watcher::new(endpoint).await;
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut ticks = interval(INTERVAL);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                tokio::select! {
                    _ = &mut stopped => return watcher,
                    _ = ticks.tick() => watcher.look().await,
                }
            }
        });
        Self { stop, task }
    }

    /// Looks for the last time. `None` if the server tells nothing.
    pub(crate) async fn stop(self) -> Option<ServerSide> {
        // The task waits for it.
        let _ = self.stop.send(());
        let mut watcher = self.task.await.ok()?;
        watcher.look().await;
        watcher.end()
    }
}

struct Watcher {
    endpoint: Arc<Endpoint>,
    clock: Instant,
    first: Option<Scrape>,
    last: Option<Scrape>,
    usages: Vec<Usage>,
    seen: ServerSide,
}

impl Watcher {
    async fn new(endpoint: Arc<Endpoint>) -> Self {
        let mut watcher = Self {
            endpoint,
            clock: Instant::now(),
            first: None,
            last: None,
            usages: Vec::new(),
            seen: ServerSide::default(),
        };
        watcher.first = watcher.scrape().await;
        watcher.usages.extend(watcher.usage().await);
        watcher.clock = Instant::now();
        watcher
    }

    async fn scrape(&self) -> Option<Scrape> {
        let text = self.endpoint.get_text("/metrics").await.ok()?;
        Some(Scrape::parse(&text)).filter(|scrape| !scrape.is_empty())
    }

    async fn usage(&self) -> Option<Usage> {
        let pid = self.endpoint.target.pid?;
        spawn_blocking(move || Usage::of_tree(pid)).await.ok()?
    }

    async fn look(&mut self) {
        self.usages.extend(self.usage().await);
        // A server without metrics is not asked again and again.
        if self.first.is_none() {
            return;
        }
        let Some(scrape) = self.scrape().await else { return };
        let before = self.seen.times.len();
        self.seen.times.push(self.clock.elapsed().as_secs_f64());
        for (name, value) in &scrape.gauges {
            let values = self.seen.gauges.entry(name.clone()).or_default();
            values.resize(before, None);
            values.push(Some(*value));
        }
        self.last = Some(scrape);
    }

    fn end(mut self) -> Option<ServerSide> {
        if let (Some(first), Some(last)) = (&self.first, &self.last) {
            self.seen.counters = last.growth_since(first);
        }
        let times = self.seen.times.len();
        self.seen.gauges.values_mut().for_each(|values| values.resize(times, None));
        if let (Some(first), Some(last)) = (self.usages.first(), self.usages.last()) {
            self.seen.process = Some(ProcessSide {
                rss_before: first.rss,
                rss_peak: self.usages.iter().map(|usage| usage.rss).max().unwrap_or_default(),
                rss_after: last.rss,
                cpu_seconds: (last.cpu_seconds - first.cpu_seconds).max(0.0),
            });
        }
        (self.last.is_some() || self.seen.process.is_some()).then_some(self.seen)
    }
}
