//! What the harness itself costs: it measures a mock that knows what it really did, on cores of the same machine. A
//! figure of a real server that is not much larger than what is found here says nothing about that server.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::arrival::Arrival;
use crate::client::Endpoint;
use crate::dialect::{Dialect, Sampling};
use crate::error::LoadError;
use crate::live::Live;
use crate::mock::{Behaviour, Mock, Observed};
use crate::record::Record;
use crate::result::Latency;
use crate::run::drive;
use crate::stats::Summary;
use crate::target::Target;
use crate::workload::Workload;

/// The mock's threads are called so, to tell their CPU time from the harness's. Linux keeps 15 letters.
const MOCK_THREADS: &str = "quipu-load-mock";

/// With what the harness is checked.
#[derive(Clone, Debug, clap::Args)]
pub struct SelfCheckArgs {
    /// Requests
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub requests: u32,
    /// Requests at a time
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub concurrency: usize,
    /// Tokens of each reply
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub tokens: u32,
    /// Milliseconds between two tokens; 0 is as fast as it goes
    #[arg(long, value_name = "MS", default_value_t = 0.0)]
    pub token_ms: f64,
}

/// What the harness costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Requests that were complete.
    pub completed: usize,
    /// Requests a second that went through.
    pub requests_per_s: f64,
    /// Tokens a second that went through.
    pub tokens_per_s: f64,
    /// Time to first token: what the client measured beyond what the server knows, milliseconds, of the means.
    pub ttft_ms: f64,
    /// Between tokens: the same, of the means. Near 0, since delays cancel out.
    pub itl_ms: f64,
    /// The same, at the 99th percentile.
    pub p99_itl_ms: f64,
    /// CPU time of the client's threads for a token, microseconds. Linux only.
    pub cpu_us_per_token: Option<f64>,
}

/// Runs the mock in threads of its own, and measures it.
///
/// # Errors
/// If the mock cannot be started.
pub async fn self_check(args: &SelfCheckArgs) -> Result<Cost, LoadError> {
    let behaviour = Behaviour { token_ms: args.token_ms, ..Behaviour::default() };
    let aside = Aside::start(behaviour).await?;
    let target = Target {
        url: aside.url.clone(),
        name: "mock".to_owned(),
        dialect: Dialect::OpenaiChat,
        model: None,
        ignore_eos: false,
        schema: 0,
        pid: None,
        key_env: None,
    };
    let sampling = Sampling { temperature: 0.0, seed: 1 };
    let endpoint = Endpoint::connect(target, sampling, Duration::from_secs(600)).await?;
    let spec = format!("random:requests={},input=64,output={}", args.requests, args.tokens);
    let plan = spec.parse::<Workload>()?.plan(&endpoint.calibration, 1)?;
    let arrival = Arrival::Closed { concurrency: args.concurrency.max(1) };
    let live = Arc::new(Live::hidden());
    let (before, clock) = (client_cpu(), Instant::now());
    let run = drive(&Arc::new(endpoint), &Arc::new(plan), &arrival, 1, &live).await?;
    let cpu = client_cpu().zip(before).map(|(after, before)| (after - before).as_secs_f64());
    let seconds = clock.elapsed().as_secs_f64();
    Ok(cost(&run.records, &aside.end().await, seconds, cpu))
}

fn cost(records: &[Record], observed: &Observed, seconds: f64, cpu: Option<f64>) -> Cost {
    let latency = Latency::of(records);
    let ms = |times: &[f64]| Summary::of(times.iter().map(|time| time * 1000.0));
    let (ttft, gaps) = (ms(&observed.ttfts), ms(&observed.gaps));
    let completed = records.iter().filter(|record| record.is_complete()).count();
    let tokens: f64 = records.iter().filter_map(|record| record.output_tokens).map(f64::from).sum();
    Cost {
        completed,
        requests_per_s: completed as f64 / seconds,
        tokens_per_s: tokens / seconds,
        ttft_ms: latency.ttft.mean - ttft.mean,
        itl_ms: latency.itl.mean - gaps.mean,
        p99_itl_ms: latency.itl.p99 - gaps.p99,
        cpu_us_per_token: cpu.map(|cpu| cpu * 1e6 / tokens.max(1.0)),
    }
}

impl Cost {
    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let cpu = self.cpu_us_per_token.map_or("unknown".to_owned(), |cpu| format!("{cpu:.1} us"));
        format!(
            "{:.0} requests/s, {:.0} tokens/s went through\n\
             time to first token: {:+.3} ms beside what the server did\n\
             between tokens:      {:+.3} ms on average, {:+.3} ms at the 99th percentile\n\
             CPU time of a token: {cpu}\n",
            self.requests_per_s, self.tokens_per_s, self.ttft_ms, self.itl_ms, self.p99_itl_ms
        )
    }
}

/// A mock on another thread with a runtime of its own.
struct Aside {
    url: String,
    stop: oneshot::Sender<()>,
    observed: oneshot::Receiver<Observed>,
}

impl Aside {
    async fn start(behaviour: Behaviour) -> Result<Self, LoadError> {
        let (started, start) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let (done, observed) = oneshot::channel();
        let serve = async move {
            let mock = Mock::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), behaviour).await;
            let (url, mock) = match mock {
                Ok(mock) => (Ok(mock.url()), Some(mock)),
                Err(error) => (Err(error), None),
            };
            // If nobody waits any more, nobody needs it.
            let _ = started.send(url);
            if let Some(mock) = mock {
                let _ = stopped.await;
                let _ = done.send(mock.take_observed());
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name(MOCK_THREADS.to_owned()).spawn(move || runtime.block_on(serve))?;
        let url = start.await.map_err(|_| LoadError::server("mock", "it did not start"))??;
        Ok(Self { url, stop, observed })
    }

    /// Ends it, and tells what it did.
    async fn end(self) -> Observed {
        let _ = self.stop.send(());
        self.observed.await.unwrap_or_default()
    }
}

/// CPU time of all threads of this process but the mock's; `None` where the system does not tell.
fn client_cpu() -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
        let read = |name: &str| fs::read_to_string(task.path().join(name));
        // A thread may end meanwhile.
        let (Ok(name), Ok(times)) = (read("comm"), read("schedstat")) else { continue };
        if name.trim() != MOCK_THREADS {
            let nanoseconds = times.split_whitespace().next().and_then(|time| time.parse().ok())?;
            sum += Duration::from_nanos(nanoseconds);
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::complete;

    #[test]
    fn the_cost_is_what_the_server_does_not_know_of() {
        let observed = Observed { ttfts: vec![0.9, 0.9], gaps: vec![0.5, 0.4] };
        let cost = cost(&[complete(0.0), complete(0.0)], &observed, 4.0, Some(0.000_8));
        assert_eq!((cost.completed, cost.requests_per_s, cost.tokens_per_s), (2, 0.5, 2.0));
        assert!((cost.ttft_ms - 100.0).abs() < 1e-6 && (cost.itl_ms - 50.0).abs() < 1e-6);
        assert!((cost.cpu_us_per_token.unwrap() - 100.0).abs() < 1e-6);
        assert!(cost.text().contains("+100.000 ms"), "{}", cost.text());
    }
}
