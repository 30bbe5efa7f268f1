//! The backend over llama.cpp's unified KV cache.
//!
//! What this file relies on, of the pinned llama.cpp:
//! - in a unified cache any cell may belong to any sequences; copying a prefix sets bits and moves no data,
//!   and slots need not be contiguous, so the cells are pages of one token already;
//! - sequence ids stay below `n_seq_max`: larger ones decode, but cannot be saved;
//! - the whole batch is one micro-batch, so a failed pass leaves nothing behind on attention models.

mod embedder;
mod load;
mod plan;
mod threads;
mod vocabulary;
mod warm_up;

use std::ops::Range;

use quipu_llama::{Batch, Context, Pos};

pub use embedder::LlamaEmbedder;
pub use load::{LoadError, Loaded, Progress, Writer, load};
pub use vocabulary::LlamaVocabulary;

use self::threads::{Clock, Threads};
use super::{Backend, BatchToken, Capabilities, DecodeError, SeqId};

/// llama.cpp as a [`Backend`].
pub struct LlamaBackend {
    context: Context,
    capabilities: Capabilities,
    batch: Batch,
    /// Index in the batch of each output row.
    rows: Vec<usize>,
    /// Adapts their number; `None` if it is given, or the processor has little to do.
    threads: Option<Threads>,
}

impl Backend for LlamaBackend {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn decode(&mut self, batch: &[BatchToken]) -> Result<(), DecodeError> {
        self.batch.clear();
        self.rows.clear();
        for (i, entry) in batch.iter().enumerate() {
            self.batch.push(entry.token, entry.position as Pos, entry.sequence, entry.output);
            if entry.output {
                self.rows.push(i);
            }
        }
        let clock = self.threads.is_some().then(Clock::now);
        self.context.decode(&mut self.batch).map_err(|error| match error {
            quipu_llama::DecodeError::NoSlot => DecodeError::NoSlot,
            other => DecodeError::Failed(other.to_string()),
        })?;
        if let (Some(clock), Some(threads)) = (clock, &mut self.threads)
            && let Some(wanted) = threads.observe(clock.pass(batch.len()))
        {
            self.context.set_threads(wanted);
        }
        Ok(())
    }

    fn logits(&self, row: usize) -> &[f32] {
        self.rows.get(row).and_then(|&i| self.context.logits(i)).unwrap_or(&[])
    }

    fn copy(&mut self, from: SeqId, to: SeqId, positions: Range<u32>) {
        self.context.memory().copy(from, to, native(&positions));
    }

    fn replace(&mut self, from: SeqId, to: SeqId, positions: Range<u32>) {
        // On attention memories, which `partial` promises, removing cannot fail.
        let _ = self.context.memory().remove(to, native(&positions));
        self.context.memory().copy(from, to, native(&positions));
    }

    fn remove(&mut self, sequence: SeqId, positions: Range<u32>) {
        // As above.
        let _ = self.context.memory().remove(sequence, positions.start as Pos..-1);
    }

    fn clear(&mut self, sequence: SeqId) {
        self.context.memory().clear(sequence);
    }

    fn held(&mut self, sequence: SeqId) -> u32 {
        self.context.memory().positions(sequence).map_or(0, |(_, last)| last as u32 + 1)
    }
}

fn native(positions: &Range<u32>) -> Range<Pos> {
    positions.start as Pos..positions.end as Pos
}
