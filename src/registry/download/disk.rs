//! The two threads between the streams of a download and its file.
//!
//! ```text
//!   stream 0 ──┐                                                        parts, in the order of the blob
//!   stream 1 ──┼─ chunks ─▶ writer ── those behind no gap ─▶ hasher          ▓▓▓▓▓▓▓▓│▓▓▓▓▓░░░│▓▓░░░░░░
//!   stream 2 ──┘            saves parts                    SHA-256         hashed ──────▶│no gap ends here
//! ```
//!
//! The hasher takes chunks as they are, while it keeps up; what it missed it reads from the file.
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

/// Of those that are written, how many may wait to be hashed. What does not fit is read from the file later.
const WAITING_FOR_HASH: usize = 16;

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
        let (gapless, news) = blocking::sync_channel(WAITING_FOR_HASH);
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
    /// To the hasher: bytes before which there is no gap, and where in the blob they start.
    gapless: blocking::SyncSender<(u64, Bytes)>,
}

impl Writer {
    fn run(mut self, mut chunks: mpsc::Receiver<Chunk>) -> Result<(), StoreError> {
        self.advance();
        while let Some(chunk) = chunks.blocking_recv() {
            self.write(chunk)?;
        }
        (0..self.parts.len()).try_for_each(|n| self.save(n))
    }

    fn write(&mut self, Chunk { part: n, bytes }: Chunk) -> Result<(), StoreError> {
        let part = &mut self.parts[n];
        let (start, len) = (part.offset + part.completed, bytes.len() as u64);
        self.partial.write_at(start, &bytes)?;
        part.completed += len;
        self.unsaved[n] += len;
        if part.completed == part.size || self.unsaved[n] >= SAVE_EVERY {
            self.save(n)?;
        }
        if n == self.front {
            // A hasher that is behind will read it; one that is gone failed, which ends the download anyway.
            let _ = self.gapless.try_send((start, bytes));
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
    }
}

struct Hasher {
    partial: Arc<PartialBlob>,
    news: blocking::Receiver<(u64, Bytes)>,
    unwanted: Arc<AtomicBool>,
}

impl Hasher {
    fn run(self) -> Result<(), StoreError> {
        while let Ok((start, bytes)) = self.news.recv() {
            let mut hashed = self.partial.hashed();
            while hashed < start && !self.unwanted.load(Ordering::Relaxed) {
                hashed = start.min(hashed + HASH_STEP);
                self.partial.hash_to(hashed)?;
            }
            self.partial.hash_next(start, &bytes);
        }
        Ok(())
    }
}
