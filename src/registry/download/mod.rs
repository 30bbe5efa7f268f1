//! Downloads of blobs. A blob is downloaded once, however many pulls wait for it.
//!
//! ```text
//!   pull A ── Ticket ─┐   the last ticket that is dropped cancels
//!   pull B ── Ticket ─┼─▶ task ─▶ Fetch: streams, each with a part of the blob ─▶ Disk: writer, hasher ─▶ file
//!   pull C ── Ticket ─┘
//! ```
//!
//! The file grows where it stays if the download is cut off, `sha256-<hex>-partial`, with a small file for each part
//! that says how much of it is there. These are Ollama's files: either program goes on where the other stopped.
//!
//! A server that cannot send parts sends the whole; then there is nothing to resume.

mod disk;
mod fetch;
mod ramp;
mod source;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use self::disk::Disk;
use self::fetch::Fetch;
use self::source::{Source, Stop};
use super::http::Repository;
use super::retry::{Patience, Tries};
use super::{RegistryError, blocking};
use crate::registry::parts::{MAX_BLOB, split};
use crate::store::{Digest, Layer, Lease, Part, PartialBlob};

/// All downloads that run.
#[derive(Debug, Default)]
pub(super) struct Downloads {
    running: Mutex<HashMap<Digest, Running>>,
}

#[derive(Debug)]
struct Running {
    interest: Weak<Interest>,
    phase: watch::Receiver<Phase>,
    received: Arc<AtomicU64>,
}

/// Dropped when nobody waits any more; the task then sees its end of the channel closed.
#[derive(Debug)]
struct Interest(#[allow(dead_code, reason = "only its end counts")] oneshot::Sender<()>);

#[derive(Clone, Debug)]
enum Phase {
    Fetching,
    /// All bytes are in the file.
    Verifying,
    Done(Result<(), RegistryError>),
}

/// What to download, and how.
#[derive(Debug)]
pub(super) struct Job {
    /// Keeps the blob until a manifest does.
    pub(super) lease: Lease,
    pub(super) repository: Arc<Repository>,
    pub(super) layer: Layer,
    pub(super) patience: Patience,
    pub(super) max_streams: usize,
}

/// A share in a download, which runs as long as anybody has one.
#[derive(Debug)]
pub(super) struct Ticket {
    _interest: Arc<Interest>,
    phase: watch::Receiver<Phase>,
    received: Arc<AtomicU64>,
}

impl Ticket {
    /// Bytes of the blob that are there.
    pub(super) fn received(&self) -> &AtomicU64 {
        &self.received
    }

    /// Waits until all bytes are there.
    pub(super) async fn downloaded(&self) -> Result<(), RegistryError> {
        self.wait_for(|phase| !matches!(phase, Phase::Fetching)).await
    }

    /// Waits until the blob is in the store: all bytes are there, and are the right ones.
    pub(super) async fn verified(&self) -> Result<(), RegistryError> {
        self.wait_for(|phase| matches!(phase, Phase::Done(_))).await
    }

    async fn wait_for(&self, phase: fn(&Phase) -> bool) -> Result<(), RegistryError> {
        match self.phase.clone().wait_for(phase).await.as_deref() {
            Ok(Phase::Done(result)) => result.clone(),
            Ok(_) => Ok(()),
            Err(_) => Err(RegistryError::Interrupted),
        }
    }
}

impl Downloads {
    /// Starts a download, or takes part in the one that runs.
    pub(super) fn join(self: &Arc<Self>, job: Job) -> Ticket {
        let mut running = self.running.lock();
        let earlier = running.get(&job.layer.digest);
        if let Some(Running { interest, phase, received }) = earlier
            && let Some(interest) = interest.upgrade()
        {
            return Ticket { _interest: interest, phase: phase.clone(), received: Arc::clone(received) };
        }
        let earlier = earlier.map(|earlier| earlier.phase.clone());
        let (interest, cancelled) = oneshot::channel();
        let interest = Arc::new(Interest(interest));
        let (sender, phase) = watch::channel(Phase::Fetching);
        let received = Arc::new(AtomicU64::new(0));
        let ticket = Ticket { _interest: interest, phase, received };
        running.insert(job.layer.digest, ticket.as_running());
        drop(running);
        let task = Task { job, received: Arc::clone(&ticket.received), phase: sender, cancelled };
        tokio::spawn(Arc::clone(self).run(task, earlier));
        ticket
    }

    async fn run(self: Arc<Self>, mut task: Task, earlier: Option<watch::Receiver<Phase>>) {
        // One that was cancelled may still be saving how far it came; its channel closes when it is done.
        if let Some(mut earlier) = earlier {
            while earlier.changed().await.is_ok() {}
        }
        let result = task.run().await;
        let mut running = self.running.lock();
        let ours = |running: &Running| running.phase.same_channel(&task.phase.subscribe());
        // Who comes from now on starts anew, or finds the blob.
        if running.get(&task.job.layer.digest).is_some_and(ours) {
            running.remove(&task.job.layer.digest);
        }
        drop(running);
        task.phase.send_replace(Phase::Done(result));
    }
}

impl Ticket {
    fn as_running(&self) -> Running {
        Running {
            interest: Arc::downgrade(&self._interest),
            phase: self.phase.clone(),
            received: Arc::clone(&self.received),
        }
    }
}

/// A download that runs.
struct Task {
    job: Job,
    received: Arc<AtomicU64>,
    phase: watch::Sender<Phase>,
    cancelled: oneshot::Receiver<()>,
}

impl Task {
    async fn run(&mut self) -> Result<(), RegistryError> {
        let Layer { digest, size, .. } = self.job.layer;
        if size > MAX_BLOB {
            return Err(RegistryError::Damaged(format!("{digest} would have {size} bytes")));
        }
        let lease = self.job.lease.clone();
        let partial = Arc::new(blocking(move || lease.partial(&digest)).await?);
        let fetched = self.fetch(&partial).await;
        // Both threads that shared it have ended.
        let partial = Arc::into_inner(partial).ok_or(RegistryError::Interrupted)?;
        match fetched {
            Ok(()) => blocking(move || partial.commit()).await.map(drop),
            Err(error) => {
                if self.received.load(Ordering::Relaxed) == 0 {
                    blocking(move || partial.discard()).await?;
                }
                Err(error)
            }
        }
    }

    /// Brings the whole blob into its file.
    async fn fetch(&mut self, partial: &Arc<PartialBlob>) -> Result<(), RegistryError> {
        let source = Source::new(Arc::clone(&self.job.repository), &self.job.layer)?;
        let mut tries = Tries::new(self.job.patience);
        let mut whole = false;
        loop {
            let parts = self.parts(partial, whole).await?;
            match self.round(partial, &source, parts, whole).await {
                Ok(()) => return Ok(()),
                Err(Stop::RangesIgnored) if !whole => whole = true,
                Err(Stop::RangesIgnored) => return Err(RegistryError::Interrupted),
                Err(Stop::Failed(error)) if whole => tries.after(error).await?,
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
    }

    /// The parts of the blob, those of an earlier download if there are any.
    async fn parts(&self, partial: &Arc<PartialBlob>, whole: bool) -> Result<Vec<Part>, RegistryError> {
        let (partial, size) = (Arc::clone(partial), self.job.layer.size);
        let parts = blocking(move || {
            if !whole && let Some(parts) = partial.parts(size)? {
                return Ok(parts);
            }
            partial.restart()?;
            let parts = if whole { vec![Part { n: 0, offset: 0, size, completed: 0 }] } else { split(size) };
            parts.iter().try_for_each(|part| partial.save(part))?;
            Ok(parts)
        })
        .await?;
        self.received.store(parts.iter().map(|part| part.completed).sum(), Ordering::Relaxed);
        Ok(parts)
    }

    /// Brings what is missing, as far as that goes without starting over.
    async fn round(
        &mut self,
        partial: &Arc<PartialBlob>,
        source: &Source,
        parts: Vec<Part>,
        whole: bool,
    ) -> Result<(), Stop> {
        let Job { patience, max_streams, .. } = self.job;
        let (threads, disk) = Disk::start(partial, parts.clone());
        let fetch = Fetch { source, patience, max_streams, whole, received: &self.received, disk };
        let fetched = tokio::select! {
            fetched = fetch.run(&parts) => fetched,
            _ = &mut self.cancelled => Err(RegistryError::Interrupted.into()),
        };
        drop(fetch);
        let complete = fetched.is_ok();
        threads.finish(complete, || drop(self.phase.send_replace(Phase::Verifying))).await?;
        fetched
    }
}
