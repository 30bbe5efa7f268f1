//! The two threads between the streams of a download and its file.
//!
//! ```text
//!   stream 0 ──┐                                                        parts, in the order of the blob
//!   stream 1 ──┼─ chunks ─▶ writer ── how far there is no gap ─▶ hasher     ▓▓▓▓▓▓▓▓│▓▓▓▓▓░░░│▓▓░░░░░░
//!   stream 2 ──┘            saves parts                          SHA-256    hashed ──────▶│no gap ends here
//! ```
//!
//! They never outlive the download: [`Disk::finish`] waits for both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as blocking;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::registry::RegistryError;
use crate::store::{Part, PartialBlob, StoreError};

/// Chunks that may wait for the disk. A chunk is what came at once: a few kilobytes from far away, and up to
/// 400 KiB from near by.
const WAITING: usize = 64;

/// A part is saved each time that it has grown by this many bytes: after a crash, so many may be downloaded again.
const SAVE_EVERY: u64 = 16 << 20;

/// The hasher looks whether it is still wanted after this many bytes.
const HASH_STEP: u64 = 16 << 20;

/// The next bytes of a part.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Number of the part.
    pub(super) part: usize,
    pub(super) bytes: Bytes,
}

/// The threads.
#[derive(Debug)]
pub(super) struct Disk {
    writer: JoinHandle<Result<(), StoreError>>,
    hasher: JoinHandle<Result<(), StoreError>>,
    unwanted: Arc<AtomicBool>,
}

impl Disk {
    /// Starts the threads. They end when the sender of chunks is dropped.
    pub(super) fn start(partial: &Arc<PartialBlob>, parts: Vec<Part>) -> (Self, mpsc::Sender<Chunk>) {
        let (sender, chunks) = mpsc::channel(WAITING);
        let (gapless, news) = blocking::channel();
        let unwanted = Arc::new(AtomicBool::new(false));
        let writer =
            Writer { partial: Arc::clone(partial), front: 0, unsaved: vec![0; parts.len()], parts, gapless };
        let hasher = Hasher { partial: Arc::clone(partial), news, unwanted: Arc::clone(&unwanted) };
        let writer = spawn_blocking(move || writer.run(chunks));
        let hasher = spawn_blocking(move || hasher.run());
        (Self { writer, hasher, unwanted }, sender)
    }

    /// Waits until everything is written, and saved. `complete` says that this was all, so that it is wanted that all
    /// is hashed, too; `written` is called before that.
    ///
    /// # Errors
    /// If the disk is full, or broken.
    pub(super) async fn finish(self, complete: bool, written: impl FnOnce()) -> Result<(), RegistryError> {
        let result = join(self.writer).await;
        if !complete || result.is_err() {
            self.unwanted.store(true, Ordering::Relaxed);
        } else {
            written();
        }
        result.and(join(self.hasher).await)
    }
}

async fn join(thread: JoinHandle<Result<(), StoreError>>) -> Result<(), RegistryError> {
    Ok(thread.await.map_err(|_| RegistryError::Interrupted)??)
}

struct Writer {
    partial: Arc<PartialBlob>,
    parts: Vec<Part>,
    /// Bytes of each part that are written, but not saved.
    unsaved: Vec<u64>,
    /// The first part that is not complete.
    front: usize,
    /// Tells the hasher up to which byte there is no gap.
    gapless: blocking::Sender<u64>,
}

impl Writer {
    fn run(mut self, mut chunks: mpsc::Receiver<Chunk>) -> Result<(), StoreError> {
        self.advance();
        while let Some(chunk) = chunks.blocking_recv() {
            self.write(&chunk)?;
        }
        (0..self.parts.len()).try_for_each(|n| self.save(n))
    }

    fn write(&mut self, Chunk { part: n, bytes }: &Chunk) -> Result<(), StoreError> {
        let part = &mut self.parts[*n];
        self.partial.write_at(part.offset + part.completed, bytes)?;
        part.completed += bytes.len() as u64;
        self.unsaved[*n] += bytes.len() as u64;
        if part.completed == part.size || self.unsaved[*n] >= SAVE_EVERY {
            self.save(*n)?;
        }
        if *n == self.front {
            self.advance();
        }
        Ok(())
    }

    fn save(&mut self, n: usize) -> Result<(), StoreError> {
        if std::mem::take(&mut self.unsaved[n]) > 0 {
            self.partial.save(&self.parts[n])?;
        }
        Ok(())
    }

    fn advance(&mut self) {
        while self.parts.get(self.front).is_some_and(|part| part.completed == part.size) {
            self.front += 1;
        }
        let end = match (self.parts.get(self.front), self.parts.last()) {
            (Some(part), _) => part.offset + part.completed,
            (None, Some(last)) => last.offset + last.size,
            (None, None) => 0,
        };
        // The hasher is gone if reading failed, which ends the download anyway.
        let _ = self.gapless.send(end);
    }
}

struct Hasher {
    partial: Arc<PartialBlob>,
    news: blocking::Receiver<u64>,
    unwanted: Arc<AtomicBool>,
}

impl Hasher {
    fn run(self) -> Result<(), StoreError> {
        let mut hashed = 0;
        while let Ok(news) = self.news.recv() {
            let end = self.news.try_iter().last().unwrap_or(news);
            while hashed < end && !self.unwanted.load(Ordering::Relaxed) {
                hashed = end.min(hashed + HASH_STEP);
                self.partial.hash_to(hashed)?;
            }
        }
        Ok(())
    }
}
