//! The first passes of a model.

use std::time::{Duration, Instant};

use tracing::info;

use super::{LlamaBackend, LoadError};
use crate::engine::backend::{Backend, BatchToken, Capabilities};

/// Runs a few tokens through the model, so that the first request does not wait for weights to be read, and a
/// model that cannot compute is found now. Unless the threads are given, finds out how many serve it best:
/// ggml's threads meet at every operation, which costs a small model more than they save, and much more
/// where other programs want the same cores.
pub(super) fn warm_up(backend: &mut LlamaBackend, given: Option<u32>) -> Result<(), LoadError> {
    /// Passes that take longer than this have enough to do for all threads.
    const LARGE: Duration = Duration::from_millis(20);
    let mut trial = Trial::new(backend);
    trial.pass(1)?;
    let mut quickest = trial.decode()?;
    if given.is_none() && quickest < LARGE {
        trial.fill()?;
        quickest = trial.decode()?;
        let (mut threads, mut best) = (cores(), cores());
        while threads > 1 {
            threads /= 2;
            trial.backend.context.set_threads(threads);
            let took = trial.decode()?;
            if took < quickest {
                (quickest, best) = (took, threads);
            }
        }
        trial.backend.context.set_threads(best);
        info!(threads = best, of = cores(), "threads that serve this model best");
    }
    trial.end();
    Ok(())
}

/// A few sequences that nobody asked for.
struct Trial<'a> {
    backend: &'a mut LlamaBackend,
    sequences: u32,
    /// Tokens of each sequence so far.
    position: u32,
    /// Tokens that fit for each sequence.
    room: u32,
}

impl<'a> Trial<'a> {
    /// Passes of one [`Self::decode`].
    const PASSES: u32 = 6;

    fn new(backend: &'a mut LlamaBackend) -> Self {
        let Capabilities { sequences, cells, .. } = backend.capabilities;
        let sequences = sequences.min(8).min(cells / 16);
        Self { room: cells / sequences, backend, sequences, position: 0 }
    }

    /// Computes `count` more tokens of every sequence.
    fn pass(&mut self, count: u32) -> Result<(), LoadError> {
        let mut batch = Vec::new();
        for sequence in 0..self.sequences {
            for position in self.position..self.position + count {
                batch.push(BatchToken { token: 0, position, sequence, output: position == self.position });
            }
        }
        self.position += count;
        self.backend.decode(&batch).map_err(|e| LoadError::Broken(e.to_string()))
    }

    /// Makes the sequences as long as a short chat, if that takes no time that somebody would notice: how
    /// much there is to attend to decides what threads are worth.
    fn fill(&mut self) -> Result<(), LoadError> {
        let began = Instant::now();
        let step = (self.backend.capabilities.batch_tokens / self.sequences).min(64);
        while self.position + step < (self.room / 2).min(256) && began.elapsed() < Duration::from_millis(250)
        {
            self.pass(step)?;
        }
        Ok(())
    }

    /// The quickest of a few passes with a token of every sequence.
    fn decode(&mut self) -> Result<Duration, LoadError> {
        let mut quickest = Duration::MAX;
        for _ in 0..Self::PASSES.min(self.room.saturating_sub(self.position)) {
            let began = Instant::now();
            self.pass(1)?;
            quickest = quickest.min(began.elapsed());
        }
        Ok(quickest)
    }

    fn end(self) {
        (0..self.sequences).for_each(|sequence| self.backend.clear(sequence));
    }
}

/// Cores that this process may use.
pub(super) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
}
