//! What a client hears of a transfer while it runs.
//!
//! Between the transfer and the client is a queue in which a newer state of a layer takes the place of an older one
//! that was not read yet. So nothing that matters is lost, the queue is no longer than the model has layers, and
//! a client that reads slowly, or not at all, slows nothing down.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::RegistryError;
use crate::store::{Digest, Layer};

/// How often a client hears of a layer that is on its way.
const INTERVAL: Duration = Duration::from_millis(60);

/// One state of a transfer. Clients parse the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// `pulling manifest`, `pulling 6a0746a1ec1a`, …, `success`.
    pub status: Cow<'static, str>,
    /// The layer that `total` and `completed` are about.
    pub digest: Option<Digest>,
    /// Bytes of the layer; 0 without one.
    pub total: u64,
    /// Bytes of it that are there; never more than `total`.
    pub completed: u64,
}

/// A running pull or push. Dropping it cancels that; what was downloaded stays, for the next pull.
#[derive(Debug)]
#[must_use = "a transfer that is dropped is cancelled"]
pub struct Transfer {
    queue: Arc<Queue>,
    task: JoinHandle<()>,
}

impl Transfer {
    /// Starts a transfer in a task of its own.
    pub(super) fn spawn<F>(work: impl FnOnce(Reporter) -> F) -> Self
    where
        F: Future<Output = Result<(), RegistryError>> + Send + 'static,
    {
        let queue = Arc::new(Queue::default());
        let reporter = Reporter(Arc::clone(&queue));
        let work = work(reporter);
        let end = End(Arc::clone(&queue));
        let task = tokio::spawn(async move { end.set(work.await) });
        Self { queue, task }
    }

    /// The next state. After `success` or an error comes `None`.
    pub async fn next(&mut self) -> Option<Result<Progress, RegistryError>> {
        loop {
            // Enabled before the look, so that nothing that comes after it is missed.
            let news = self.queue.news.notified();
            {
                let mut state = self.queue.state.lock();
                if let Some(progress) = state.waiting.pop_front() {
                    return Some(Ok(progress));
                }
                if let Some(end) = &mut state.end {
                    return end.take().map(Err);
                }
            }
            news.await;
        }
    }

    /// Waits for the end, and returns the last state: `success`.
    ///
    /// # Errors
    /// Why the model was not transferred.
    pub async fn finish(mut self) -> Result<Progress, RegistryError> {
        let mut last = Err(RegistryError::Interrupted);
        while let Some(progress) = self.next().await {
            last = Ok(progress?);
        }
        last
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Progress>,
    /// Set at the end; the error in it is taken by the one who hears of it.
    end: Option<Option<RegistryError>>,
}

/// Tells the reader of the end, however it comes.
struct End(Arc<Queue>);

impl End {
    fn set(self, result: Result<(), RegistryError>) {
        self.0.state.lock().end = Some(result.err());
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.0.state.lock().end.get_or_insert(Some(RegistryError::Interrupted));
        self.0.news.notify_one();
    }
}

/// Where a transfer says how far it is.
#[derive(Clone, Debug)]
pub(super) struct Reporter(Arc<Queue>);

impl Reporter {
    pub(super) fn status(&self, status: &'static str) {
        self.push(Progress { status: status.into(), digest: None, total: 0, completed: 0 });
    }

    /// Says how many bytes of a layer are there. `doing` is `pulling` or `pushing`.
    pub(super) fn layer(&self, doing: &str, layer: &Layer, completed: u64) {
        let Layer { digest, size: total, .. } = *layer;
        let completed = completed.min(total);
        let status = format!("{doing} {}", digest.short()).into();
        self.push(Progress { status, digest: Some(digest), total, completed });
    }

    /// Says how many bytes of a layer are there: before `work` begins, as long as it runs, and once more when it succeeded.
    pub(super) async fn follow<T>(
        &self,
        doing: &str,
        layer: &Layer,
        completed: &AtomicU64,
        work: impl Future<Output = Result<T, RegistryError>>,
    ) -> Result<T, RegistryError> {
        let mut work = pin!(work);
        self.layer(doing, layer, completed.load(Ordering::Relaxed));
        let mut ticks = interval_at(Instant::now() + INTERVAL, INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                result = &mut work => {
                    if result.is_ok() {
                        self.layer(doing, layer, layer.size);
                    }
                    return result;
                }
                _ = ticks.tick() => self.layer(doing, layer, completed.load(Ordering::Relaxed)),
            }
        }
    }

    fn push(&self, progress: Progress) {
        let mut state = self.0.state.lock();
        let newer = |old: &&mut Progress| old.digest.is_some() && old.digest == progress.digest;
        match state.waiting.iter_mut().find(newer) {
            Some(old) => *old = progress,
            None => state.waiting.push_back(progress),
        }
        drop(state);
        self.0.news.notify_one();
    }
}
