//! Sampling many sequences at once.

use rayon::prelude::*;

use super::{Choice, Mask, Sampler, Scratch};
use crate::engine::protocol::Token;

/// From this many logits on, other threads help. Sampling them takes some 60 µs, and waking a thread a good
/// part of that.
const PARALLEL_FROM: usize = 500_000;

/// The next token of one sequence is wanted: see [`Sampler::sample`].
pub struct Job<'a> {
    /// The sequence's sampler.
    pub sampler: &'a mut Sampler,
    /// The model's logits for the next token.
    pub logits: &'a [f32],
    /// The sequence's tokens so far, prompt included.
    pub history: &'a [Token],
    /// `Some(n)` asks for log-probabilities.
    pub logprobs: Option<u8>,
    /// What may be chosen; `None` allows all.
    pub mask: Option<&'a Mask>,
}

impl Job<'_> {
    fn run(&mut self, scratch: &mut Scratch) -> Choice {
        self.sampler.sample(scratch, self.logits, self.history, self.logprobs, self.mask)
    }
}

/// Samples the next token of many sequences, on the threads of the current rayon pool if there is enough to
/// do. The choices are in the order of the jobs, and the same as if each were sampled alone.
///
/// `workers` holds the buffers of each thread and grows as needed; keep it from step to step.
pub fn sample_rows(workers: &mut Vec<Scratch>, jobs: &mut [Job<'_>]) -> Vec<Choice> {
    let logits: usize = jobs.iter().map(|job| job.logits.len()).sum();
    let threads = if logits < PARALLEL_FROM { 1 } else { rayon::current_num_threads() };
    // Rows cost about the same, so equal shares keep all threads busy to the end.
    let share = jobs.len().div_ceil(threads).max(1);
    workers.resize_with(workers.len().max(threads), Scratch::default);
    if let [scratch] = &mut workers[..threads] {
        return jobs.iter_mut().map(|job| job.run(scratch)).collect();
    }
    jobs.par_chunks_mut(share)
        .zip(workers)
        .flat_map_iter(|(jobs, scratch)| jobs.iter_mut().map(move |job| job.run(scratch)))
        .collect()
}
