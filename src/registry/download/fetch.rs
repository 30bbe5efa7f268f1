//! Brings the missing bytes of a blob, in several streams.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::disk::Chunk;
use super::ramp::Ramp;
use super::source::{Source, Stop};
use crate::registry::RegistryError;
use crate::registry::retry::{Patience, Tries};
use crate::store::Part;

/// How often it is looked at whether more streams make it faster.
const WINDOW: Duration = Duration::from_millis(500);

/// Brings the missing bytes of all parts.
#[derive(Debug)]
pub(super) struct Fetch<'a> {
    pub(super) source: &'a Source,
    pub(super) patience: Patience,
    /// Streams at once, at most.
    pub(super) max_streams: usize,
    /// What the server sends cannot be resumed.
    pub(super) whole: bool,
    /// Bytes of the blob that came.
    pub(super) received: &'a AtomicU64,
    /// Where they go.
    pub(super) disk: mpsc::Sender<Chunk>,
}

impl Fetch<'_> {
    pub(super) async fn run(&self, parts: &[Part]) -> Result<(), Stop> {
        let mut waiting = parts.iter().filter(|part| part.completed < part.size);
        let mut streams = FuturesUnordered::new();
        let mut ramp = Ramp::new(self.max_streams);
        let mut windows = interval_at(Instant::now() + WINDOW, WINDOW);
        windows.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before = self.received.load(Ordering::Relaxed);
        loop {
            while streams.len() < ramp.streams()
                && let Some(part) = waiting.next()
            {
                streams.push(self.part(part));
            }
            tokio::select! {
                result = streams.next() => match result {
                    Some(result) => result?,
                    None => return Ok(()),
                },
                _ = windows.tick() => {
                    let now = self.received.load(Ordering::Relaxed);
                    ramp.observe(now - before);
                    before = now;
                }
            }
        }
    }

    /// Brings a part, in as many tries as it takes. A try that brought anything does not count as failed.
    async fn part(&self, part: &Part) -> Result<(), Stop> {
        let mut at = part.offset + part.completed;
        let end = part.offset + part.size;
        let mut tries = Tries::new(self.patience);
        while at < end {
            let before = at;
            let error = match self.stream(part.n, &mut at, end).await {
                Ok(()) => return Ok(()),
                Err(Stop::Failed(error)) if !self.whole => error,
                Err(stop) => return Err(stop),
            };
            if at > before {
                tries.forgive();
                // Another connection may be a better one, and there is no reason to wait for it.
                if matches!(error, RegistryError::Stalled { .. }) {
                    tracing::warn!(%error, "opening another connection");
                    continue;
                }
            }
            tries.after(error).await?;
        }
        Ok(())
    }

    /// Brings bytes from `at` on, which moves along.
    async fn stream(&self, part: usize, at: &mut u64, end: u64) -> Result<(), Stop> {
        let mut answer = self.source.open(*at..end).await?;
        while *at < end {
            let stalled = |_| RegistryError::Stalled { host: self.source.host(), after: self.patience.stall };
            let chunk = timeout(self.patience.stall, answer.chunk()).await.map_err(stalled)?;
            let chunk = chunk.map_err(|error| RegistryError::transport(&self.source.host(), error))?;
            let Some(mut bytes) = chunk else {
                let (host, cause) = (self.source.host(), "it ended too early".to_owned());
                return Err(RegistryError::Broken { host, cause }.into());
            };
            bytes.truncate(usize::try_from(end - *at).unwrap_or(usize::MAX));
            let came = bytes.len() as u64;
            // If the disk takes no more, it says why when it is finished.
            self.disk.send(Chunk { part, bytes }).await.map_err(|_| RegistryError::Interrupted)?;
            *at += came;
            self.received.fetch_add(came, Ordering::Relaxed);
        }
        Ok(())
    }
}
