//! The memory that engines share: who holds how much, and who must go when another needs room.
//!
//! ```text
//!   reserve(A, 6 GiB)            limit 16 GiB
//!     ├ fits ───────────────▶ Grant                       B ▓▓▓▓▓▓ busy
//!     ├ an idle engine ─────▶ tell it to unload, wait     C ▓▓▓ idle since 3 s   ◀── the longest idle that is enough
//!     └ all are busy ───────▶ wait until one is idle      D ▓▓▓▓ idle since 40 s
//! ```
//!
//! A [`Grant`] is held until the engine's process is gone, so that memory is never promised twice.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tracing::debug;

use super::FleetError;
use super::actor::Request;
use super::model::Weights;

/// The memory of all engines. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Bytes that all engines may hold together.
    limit: u64,
    /// Engines at the same time.
    max_loaded: usize,
    held: Mutex<Vec<Held>>,
    /// Told whenever an engine ends or becomes idle.
    changed: Notify,
    /// Held by the engine that loads.
    loading: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Held {
    weights: Weights,
    bytes: u64,
    /// `None` while it is used, or loads.
    idle_since: Option<Instant>,
    /// Whether it was told to unload.
    leaving: bool,
    mailbox: mpsc::WeakSender<Request>,
}

/// Memory of one engine. Dropping it gives the memory back.
#[derive(Debug)]
pub(super) struct Grant {
    memory: Memory,
    weights: Weights,
}

impl Memory {
    pub(super) fn new(limit: u64, max_loaded: usize) -> Self {
        let shared = Shared {
            limit,
            max_loaded: max_loaded.max(1),
            held: Mutex::default(),
            changed: Notify::new(),
            loading: tokio::sync::Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Waits until `bytes` are free, and unloads idle engines for it: the longest idle of those that are large enough, so
    /// that small ones do not leave for nothing; if none is, the longest idle, and the next.
    ///
    /// # Errors
    /// [`FleetError::NotEnoughMemory`] if it does not fit even when nothing else is loaded.
    pub(super) async fn reserve(
        &self,
        weights: &Weights,
        bytes: u64,
        mailbox: mpsc::WeakSender<Request>,
    ) -> Result<Grant, FleetError> {
        self.until_it_fits(bytes, || self.try_reserve(weights, bytes, &mailbox)).await
    }

    /// Makes an attempt again and again, whenever something changed, until it works. `Err` of an attempt: the engine that
    /// should go, which is told, if one can.
    async fn until_it_fits<T>(
        &self,
        bytes: u64,
        mut attempt: impl FnMut() -> Result<T, Option<mpsc::Sender<Request>>>,
    ) -> Result<T, FleetError> {
        if bytes > self.shared.limit {
            return Err(FleetError::NotEnoughMemory { needed: bytes, limit: self.shared.limit });
        }
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            match attempt() {
                Ok(done) => return Ok(done),
                Err(Some(idle)) => {
                    // If it cannot be told, it is gone, and the change was or will be seen.
                    let _ = idle.send(Request::MakeRoom).await;
                }
                Err(None) => {}
            }
            debug!(bytes, "waits until other models are idle or gone");
            changed.await;
        }
    }

    /// `Err` with the engine that should go, if one can.
    fn try_reserve(
        &self,
        weights: &Weights,
        bytes: u64,
        mailbox: &mpsc::WeakSender<Request>,
    ) -> Result<Grant, Option<mpsc::Sender<Request>>> {
        let mut held = self.shared.held.lock();
        let taken: u64 = held.iter().map(|h| h.bytes).sum();
        if taken + bytes <= self.shared.limit && held.len() < self.shared.max_loaded {
            let mailbox = mailbox.clone();
            held.push(Held { weights: weights.clone(), bytes, idle_since: None, leaving: false, mailbox });
            return Ok(Grant { memory: self.clone(), weights: weights.clone() });
        }
        Err(who_leaves(&mut held, (taken + bytes).saturating_sub(self.shared.limit)))
    }

    /// Waits until no other engine loads: a model measures what serves it best while it loads, which two at once
    /// would spoil for each other, and the pool of the second is sized by what the first has left.
    pub(super) async fn turn_to_load(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.loading.lock().await
    }

    /// Bytes that a pool may take in an engine that was just granted its weights: half of what is left, so that
    /// another model finds room.
    pub(super) fn left_for_pool(&self) -> u64 {
        let taken: u64 = self.shared.held.lock().iter().map(|h| h.bytes).sum();
        self.shared.limit.saturating_sub(taken) / 2
    }
}

/// The engine that should go so that `missing` bytes come free. `None`: one is about to go, or all are busy.
fn who_leaves(held: &mut [Held], missing: u64) -> Option<mpsc::Sender<Request>> {
    if held.iter().any(|h| h.leaving) {
        return None;
    }
    let idle = held.iter_mut().filter(|h| h.idle_since.is_some());
    let leaves = idle.min_by_key(|h| (h.bytes < missing, h.idle_since))?;
    leaves.leaving = true;
    leaves.mailbox.upgrade()
}

impl Grant {
    /// The engine will take so many bytes, now that its model has been looked at: waits until they are free, as
    /// [`Memory::reserve`] does.
    ///
    /// # Errors
    /// [`FleetError::NotEnoughMemory`] if it does not fit even when nothing else is loaded.
    pub(super) async fn grow(&self, bytes: u64) -> Result<(), FleetError> {
        self.memory.until_it_fits(bytes, || self.try_grow(bytes)).await
    }

    /// `Err` with the engine that should go, if one can.
    fn try_grow(&self, bytes: u64) -> Result<(), Option<mpsc::Sender<Request>>> {
        let Shared { limit, held, .. } = &*self.memory.shared;
        let mut held = held.lock();
        let others: u64 = held.iter().filter(|h| h.weights != self.weights).map(|h| h.bytes).sum();
        if others + bytes > *limit {
            return Err(who_leaves(&mut held, others + bytes - limit));
        }
        held.iter_mut().filter(|h| h.weights == self.weights).for_each(|h| h.bytes = bytes);
        Ok(())
    }

    /// What the engine really takes, now that it is loaded.
    pub(super) fn resize(&self, bytes: u64) {
        self.change(|held| held.bytes = bytes);
    }

    /// The engine is used, or no more.
    pub(super) fn set_idle(&self, idle: bool) {
        self.change(|held| {
            held.idle_since = idle.then(Instant::now);
            held.leaving &= idle;
        });
        if idle {
            self.memory.shared.changed.notify_waiters();
        }
    }

    fn change(&self, change: impl FnOnce(&mut Held)) {
        let mut held = self.memory.shared.held.lock();
        if let Some(held) = held.iter_mut().find(|h| h.weights == self.weights) {
            change(held);
        }
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.memory.shared.held.lock().retain(|h| h.weights != self.weights);
        self.memory.shared.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use futures_util::FutureExt;

    use super::*;
    use crate::fleet::SourcePath;

    fn weights(name: &str) -> Weights {
        Weights::new(SourcePath::Gguf(PathBuf::from(name)))
    }

    /// An actor's mailbox, and whether it was told to make room.
    fn mailbox() -> (mpsc::Sender<Request>, mpsc::Receiver<Request>) {
        mpsc::channel(1)
    }

    #[tokio::test]
    async fn what_fits_is_granted_at_once_and_what_never_can_is_refused() {
        let memory = Memory::new(10, 8);
        let (a, _told) = mailbox();
        let grant = memory.reserve(&weights("a"), 10, a.downgrade()).await.unwrap();
        let refused = memory.reserve(&weights("b"), 11, a.downgrade()).await.unwrap_err();
        assert!(matches!(refused, FleetError::NotEnoughMemory { needed: 11, limit: 10 }));
        drop(grant);
        memory.reserve(&weights("b"), 10, a.downgrade()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_makes_room_and_the_busy_stay() {
        let memory = Memory::new(10, 8);
        let (boxes, mut told): (Vec<_>, Vec<_>) = (0..3).map(|_| mailbox()).unzip();
        let mut grants = Vec::new();
        for (n, mailbox) in boxes.iter().enumerate() {
            grants.push(memory.reserve(&weights(&n.to_string()), 3, mailbox.downgrade()).await.unwrap());
        }
        grants[2].set_idle(true);
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        grants[1].set_idle(true);
        let (new, _told) = mailbox();
        let (wanted, new) = (weights("new"), new.downgrade());
        let mut waiting = Box::pin(memory.reserve(&wanted, 3, new));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(matches!(told[2].try_recv(), Ok(Request::MakeRoom)));
        assert!(told[0].try_recv().is_err() && told[1].try_recv().is_err(), "one is enough");
        drop(grants.pop());
        waiting.now_or_never().unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn small_ones_do_not_leave_for_nothing() {
        let memory = Memory::new(10, 8);
        let (boxes, mut told): (Vec<_>, Vec<_>) = (0..3).map(|_| mailbox()).unzip();
        let mut grants = Vec::new();
        for (n, bytes) in [1, 5, 4].into_iter().enumerate() {
            let grant = memory.reserve(&weights(&n.to_string()), bytes, boxes[n].downgrade()).await.unwrap();
            grant.set_idle(true);
            grants.push(grant);
            tokio::time::advance(std::time::Duration::from_secs(1)).await;
        }
        let (new, _told) = mailbox();
        let (wanted, new) = (weights("new"), new.downgrade());
        let mut waiting = Box::pin(memory.reserve(&wanted, 4, new));
        assert!((&mut waiting).now_or_never().is_none());
        let asked = |told: &mut [mpsc::Receiver<Request>]| {
            told.iter_mut().map(|told| told.try_recv().is_ok()).collect::<Vec<_>>()
        };
        assert_eq!(asked(&mut told), [false, true, false], "the longest idle of those that are enough");
        drop(grants.remove(1));
        let grant = waiting.now_or_never().unwrap().unwrap();
        grant.set_idle(false);
        // None is enough for this one: the longest idle goes, then the next.
        let (new, _told) = mailbox();
        let (wanted, new) = (weights("large"), new.downgrade());
        let mut waiting = Box::pin(memory.reserve(&wanted, 6, new));
        assert!((&mut waiting).now_or_never().is_none());
        assert_eq!(asked(&mut told), [true, false, false]);
        drop(grants.remove(0));
        assert!((&mut waiting).now_or_never().is_none());
        assert_eq!(asked(&mut told), [false, false, true]);
        drop(grants);
        waiting.now_or_never().unwrap().unwrap();
    }

    #[tokio::test]
    async fn who_needs_more_than_its_weights_gets_it_from_the_idle() {
        let memory = Memory::new(10, 8);
        let (boxes, mut told): (Vec<_>, Vec<_>) = (0..2).map(|_| mailbox()).unzip();
        let idle = memory.reserve(&weights("idle"), 4, boxes[0].downgrade()).await.unwrap();
        idle.set_idle(true);
        let new = memory.reserve(&weights("new"), 3, boxes[1].downgrade()).await.unwrap();
        new.grow(6).await.unwrap();
        assert!(matches!(new.grow(11).await, Err(FleetError::NotEnoughMemory { needed: 11, limit: 10 })));
        let mut growing = Box::pin(new.grow(7));
        assert!((&mut growing).now_or_never().is_none());
        assert!(matches!(told[0].try_recv(), Ok(Request::MakeRoom)));
        drop(idle);
        growing.now_or_never().unwrap().unwrap();
        assert_eq!(memory.left_for_pool(), 1);
    }

    #[tokio::test]
    async fn while_all_are_busy_one_waits_for_the_first_to_be_idle() {
        let memory = Memory::new(10, 1);
        let (a, mut told) = mailbox();
        let grant = memory.reserve(&weights("a"), 1, a.downgrade()).await.unwrap();
        let wanted = weights("b");
        let mut waiting = Box::pin(memory.reserve(&wanted, 1, a.downgrade()));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(told.try_recv().is_err());
        grant.set_idle(true);
        assert!((&mut waiting).now_or_never().is_none());
        assert!(matches!(told.try_recv(), Ok(Request::MakeRoom)));
        // It was used again before it could go: the wait goes on, and asks again later.
        grant.set_idle(false);
        assert!((&mut waiting).now_or_never().is_none());
        grant.set_idle(true);
        assert!((&mut waiting).now_or_never().is_none());
        assert!(matches!(told.try_recv(), Ok(Request::MakeRoom)));
        drop(grant);
        waiting.now_or_never().unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_pool_leaves_room_for_another_model() {
        let memory = Memory::new(100, 8);
        let (a, _told) = mailbox();
        let grant = memory.reserve(&weights("a"), 20, a.downgrade()).await.unwrap();
        assert_eq!(memory.left_for_pool(), 40);
        grant.resize(60);
        assert_eq!(memory.left_for_pool(), 20);
    }
}
