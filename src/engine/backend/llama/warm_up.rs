//! The first passes of a model.

use std::time::{Duration, Instant};

use quipu_llama::use_attention_from;
use tracing::info;

use super::{LlamaBackend, LoadError};
use crate::engine::backend::{Backend, BatchToken, Capabilities};

/// Passes that take longer than this have enough to do for all threads, and are long beside what idle cells
/// cost.
const LARGE: Duration = Duration::from_millis(20);

/// What trying things out may take, passes that have begun aside: beside a busy program every pass is slow, and
/// somebody waits for the model.
const TRIALS: Duration = Duration::from_millis(1500);

/// A measurement that was disturbed must not make the cache useless.
const LEAST_KEPT: u32 = 512;

/// Runs a few tokens through the model, so that the first request does not wait for weights to be read, and a
/// model that cannot compute is found now. For small models, finds out how many threads serve it best, unless
/// they are given: ggml's threads meet at every operation, which may cost more than they save, and much more
/// where other programs want the same cores. And whether its own attention is worth the interruption of ggml's work,
/// which in large models is not noticed.
pub(super) fn warm_up(backend: &mut LlamaBackend, threads: Option<u32>) -> Result<Found, LoadError> {
    let mut trial = Trial::new(backend);
    trial.pass(1)?;
    let mut found = Found { keep_rows: None, threads: threads.unwrap_or_else(cores) };
    if trial.decode()? < LARGE {
        trial.choose_attention()?;
        if threads.is_none() && !trial.is_over() {
            found.threads = trial.choose_threads()?;
        }
        if !trial.is_over() {
            found.keep_rows = trial.keep_rows()?;
        }
    }
    trial.clear();
    Ok(found)
}

/// What was found out.
pub(super) struct Found {
    /// See [`Capabilities::keep_rows`].
    pub(super) keep_rows: Option<u32>,
    /// Threads that compute.
    pub(super) threads: u32,
}

/// A few sequences that nobody asked for.
struct Trial<'a> {
    backend: &'a mut LlamaBackend,
    ends: Instant,
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
        Self { room: cells / sequences, backend, ends: Instant::now() + TRIALS, sequences, position: 0 }
    }

    /// Whether there is no time to try anything else.
    fn is_over(&self) -> bool {
        Instant::now() >= self.ends
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

    /// Makes the sequences as long as a short chat, if that takes no time that somebody would notice. Returns
    /// how long a token of a prompt took, if any was computed.
    fn fill(&mut self) -> Result<Option<Duration>, LoadError> {
        let began = Instant::now();
        let step = (self.backend.capabilities.batch_tokens / self.sequences).min(64);
        let mut quickest = None;
        while self.position + step < (self.room / 2).min(256) && began.elapsed() < Duration::from_millis(250)
        {
            let pass = Instant::now();
            self.pass(step)?;
            let token = pass.elapsed() / (step * self.sequences);
            quickest = Some(quickest.map_or(token, |q: Duration| q.min(token)));
        }
        Ok(quickest)
    }

    /// Finds out from how many tokens in a pass on Quipu's attention is quicker than ggml's.
    fn choose_attention(&mut self) -> Result<(), LoadError> {
        self.fill()?;
        let (all, mut from) = (self.sequences, u32::MAX);
        for sequences in [all, 1] {
            self.sequences = sequences;
            let ours = self.decode_with_attention_from(1)?;
            if ours > self.decode_with_attention_from(u32::MAX)? {
                break;
            }
            from = sequences;
        }
        self.sequences = all;
        // The sequences are not of one length any more.
        self.clear();
        use_attention_from(from, 0);
        info!(tokens = from, "Quipu's attention serves this model best from so many tokens in a pass on");
        Ok(())
    }

    fn decode_with_attention_from(&mut self, tokens: u32) -> Result<Duration, LoadError> {
        use_attention_from(tokens, 0);
        // llama.cpp keeps the graph of a pass for the next one of its size.
        self.pass(2)?;
        self.decode()
    }

    /// Tries all cores, half of them, and so on. How much there is to attend to decides what threads are worth.
    fn choose_threads(&mut self) -> Result<u32, LoadError> {
        self.fill()?;
        let mut quickest = self.decode()?;
        let (mut threads, mut best) = (cores(), cores());
        while threads > 1 {
            threads /= 2;
            self.backend.context.set_threads(threads);
            let took = self.decode()?;
            if took < quickest {
                (quickest, best) = (took, threads);
            }
        }
        self.backend.context.set_threads(best);
        info!(threads = best, of = cores(), "threads that serve this model best");
        Ok(best)
    }

    /// What a token of a prompt costs, in rows that look past one idle cell.
    fn keep_rows(&mut self) -> Result<Option<u32>, LoadError> {
        self.clear();
        self.pass(1)?;
        let (few, short) = (self.attended(), self.decode()?);
        let Some(prompt_token) = self.fill()? else { return Ok(None) };
        let (many, long) = (self.attended(), self.decode()?);
        let idle_cells = (many - few) * self.sequences;
        if long <= short || idle_cells == 0 {
            return Ok(None);
        }
        let glance = (long - short).as_secs_f64() / f64::from(idle_cells);
        let rows = (prompt_token.as_secs_f64() / glance) as u32;
        info!(rows, "cached prefixes that nobody wants are kept while so many rows are computed");
        Ok(Some(rows.max(LEAST_KEPT)))
    }

    /// Cells that every row looks at: llama.cpp rounds up.
    fn attended(&self) -> u32 {
        (self.position * self.sequences).next_multiple_of(256)
    }

    /// The quickest of a few passes with a token of every sequence.
    fn decode(&mut self) -> Result<Duration, LoadError> {
        let mut quickest = Duration::MAX;
        for _ in 0..Self::PASSES.min(self.room.saturating_sub(self.position)) {
            let began = Instant::now();
            self.pass(1)?;
            quickest = quickest.min(began.elapsed());
            if self.is_over() {
                break;
            }
        }
        Ok(quickest)
    }

    fn clear(&mut self) {
        (0..self.sequences).for_each(|sequence| self.backend.clear(sequence));
        self.position = 0;
    }
}

/// Cores that this process may use.
pub(super) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
}
