//! The scheduler: who computes what in the next step.
//!
//! ```text
//!               submit                    admit                       finish, cancel
//!   client ───────────────▶ waiting ───────────────────▶ running ───────────────────▶ gone
//!                            ▲   ▲                        │  │
//!                            │   └──── preempt, shift ────┘  │ its client does not read,
//!                            └──────── credit ──── parked ◀──┘ and somebody else could run
//! ```
//!
//! It owns the queues, the sequence ids, the page accounting and the prefix cache, and drives a
//! [`Backend`] through them; it knows nothing of llama.cpp, text or time. One step is
//! [`plan`](Scheduler::plan), a forward pass by the caller, [`commit`](Scheduler::commit), and then a token
//! for each output row.
//!
//! No request fails because others use the pool: cached prefixes are evicted, then running sequences are
//! preempted. What a preempted sequence computed stays in the cache as long as there is room, so that resuming
//! is a prefix hit. (Copies in host memory, for when recomputing costs more than copying, would be made in
//! [`Scheduler::preempt`] and looked up beside the cache in `admission`.)

mod admission;
mod budget;
mod estimate;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

pub use plan::{Chunk, Plan};

use super::backend::{Backend, Capabilities, SeqId};
use super::pages::{Pool, pages};
use super::prefix::{CellOp, PrefixCache, PrefixTree, WholeCache};
use super::protocol::{RequestId, StepStats, Token};
use super::sequence::{Running, Sequence};
use budget::StepBudget;
use estimate::OutputEstimate;

/// Limits of a scheduler.
#[derive(Clone, Copy, Debug)]
pub struct SchedulerConfig {
    /// Sequences that run at the same time.
    pub max_running: u32,
    /// Cached sequences, each with an id of its own; those that share an id's path are free.
    pub max_cached: u32,
    /// Inter-token latency to aim at when prompts share a step with running sequences.
    pub latency_target: Duration,
    /// Cut prompts at fixed places, whatever was cached, so that the shapes of the matrix products are the
    /// same with and without cache hits.
    pub deterministic: bool,
}

/// Counters since the start.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    query_tokens: u64,
    hit_tokens: u64,
    preemptions: u64,
    evicted_tokens: u64,
    no_slot: u64,
}

/// Queues, pool and prefix cache of one model. `P` is what the caller attaches to each sequence.
pub struct Scheduler<P> {
    config: SchedulerConfig,
    capabilities: Capabilities,
    waiting: VecDeque<Sequence<P>>,
    /// In the order of admission.
    running: Vec<Running<P>>,
    /// Sequences whose clients do not read, and whose place somebody else took.
    parked: Vec<Sequence<P>>,
    /// Ids that nobody uses; the lowest is taken first, which keeps batches alike from step to step.
    ids: BTreeSet<SeqId>,
    pool: Pool,
    cache: Box<dyn PrefixCache + Send>,
    estimate: OutputEstimate,
    budget: StepBudget,
    counters: Counters,
    /// Steps in a row that only decoded, for backends that cannot mix.
    decode_streak: u32,
    /// Rows of all forward passes.
    rows: u64,
    /// What the cache's clock said after how many rows, oldest first.
    marks: VecDeque<(u64, u64)>,
}

impl<P> Scheduler<P> {
    /// A scheduler for an empty backend with these capabilities.
    ///
    /// The configuration is cut to what the backend has: there is at least one running sequence, and running
    /// and cached sequences together have an id each.
    #[must_use]
    pub fn new(capabilities: Capabilities, mut config: SchedulerConfig) -> Self {
        // Half of a pass at most for decoding, so that prompts always go on.
        let most = capabilities.sequences.min(capabilities.batch_tokens.div_ceil(2));
        config.max_running = config.max_running.clamp(1, most);
        config.max_cached = config.max_cached.min(capabilities.sequences - config.max_running);
        let cache: Box<dyn PrefixCache + Send> = if capabilities.partial {
            Box::new(PrefixTree::default())
        } else {
            Box::new(WholeCache::default())
        };
        Self {
            config,
            capabilities,
            waiting: VecDeque::new(),
            running: Vec::new(),
            parked: Vec::new(),
            ids: (0..capabilities.sequences).collect(),
            pool: Pool::new(capabilities.cells),
            cache,
            estimate: OutputEstimate::default(),
            budget: StepBudget::new(capabilities.batch_tokens, config.latency_target),
            counters: Counters::default(),
            decode_streak: 0,
            rows: 0,
            marks: VecDeque::new(),
        }
    }

    /// Queues a sequence. It has at least one token, and its limit is at most the size of the pool: the
    /// caller refuses what could never run.
    pub fn submit(&mut self, mut seq: Sequence<P>) {
        seq.limit = seq.limit.min(self.capabilities.cells);
        debug_assert!(!seq.is_empty() && seq.len() <= seq.limit, "a sequence fits the pool alone");
        self.waiting.push_back(seq);
    }

    /// Takes a request out of the queue or the batch, wherever it is. What it computed stays cached.
    pub fn cancel(&mut self, id: RequestId, backend: &mut dyn Backend) -> Option<Sequence<P>> {
        if let Some(index) = self.running.iter().position(|r| r.seq.id == id) {
            return Some(self.finish(index, backend));
        }
        if let Some(index) = self.waiting.iter().position(|s| s.id == id) {
            return self.waiting.remove(index);
        }
        let index = self.parked.iter().position(|s| s.id == id)?;
        Some(self.parked.swap_remove(index))
    }

    /// The client of a request read `tokens` tokens.
    pub fn credit(&mut self, id: RequestId, tokens: u32) {
        if let Some(running) = self.running.iter_mut().find(|r| r.seq.id == id) {
            running.seq.credit += tokens;
        } else if let Some(index) = self.parked.iter().position(|s| s.id == id) {
            let mut seq = self.parked.swap_remove(index);
            seq.credit += tokens;
            self.waiting.push_front(seq);
        } else if let Some(seq) = self.waiting.iter_mut().find(|s| s.id == id) {
            seq.credit += tokens;
        }
    }

    /// The sequences of a plan that have a row of logits, each with its index and its row, lowest index first.
    pub fn outputs(&mut self, plan: &Plan) -> impl Iterator<Item = (usize, usize, &mut Sequence<P>)> {
        let mut rows = vec![None; self.running.len()];
        for chunk in &plan.chunks {
            if let Chunk::Last { index, row, .. } = *chunk {
                rows[index] = Some(row);
            }
        }
        let running = self.running.iter_mut().enumerate();
        running.filter_map(move |(index, r)| rows[index].map(|row| (index, row, &mut r.seq)))
    }

    /// A running sequence, by the index in a plan's chunk.
    pub fn running(&mut self, index: usize) -> &mut Sequence<P> {
        &mut self.running[index].seq
    }

    /// Ends a running sequence. Indices above it move down by one.
    pub fn finish(&mut self, index: usize, backend: &mut dyn Backend) -> Sequence<P> {
        let ended = self.running.remove(index);
        self.retire(ended, backend)
    }

    /// Ends a running sequence whose cells may be wrong: only what it published before stays. Indices above it
    /// move down by one.
    pub fn discard(&mut self, index: usize, backend: &mut dyn Backend) -> Sequence<P> {
        let mut broken = self.running.remove(index);
        let (slot, published) = (broken.slot, broken.anchor.len);
        if self.capabilities.partial {
            self.pool.give(broken.private());
            let held = backend.held(slot);
            backend.remove(slot, published..held);
            broken.seq.computed = published;
        } else {
            // Without its tokens the cache keeps nothing of it, and retires the id.
            self.pool.give(broken.seq.computed);
            broken.seq.computed = 0;
        }
        self.retire(broken, backend)
    }

    /// Cuts `drop` tokens out of a running sequence behind its first `keep`, and lets it go on.
    ///
    /// Moving cells to other positions, as llama.cpp can, is not possible where cells are shared; the rest is
    /// computed anew, which is also what the model would have seen. Indices above move down by one.
    pub fn shift(&mut self, index: usize, keep: u32, drop: u32, backend: &mut dyn Backend) {
        let mut seq = self.finish(index, backend);
        seq.tokens.drain(keep as usize..(keep + drop) as usize);
        self.waiting.push_front(seq);
    }

    /// All requests, for when the engine gives up.
    pub fn drain(&mut self, backend: &mut dyn Backend) -> Vec<Sequence<P>> {
        let mut all: Vec<_> = self.waiting.drain(..).chain(self.parked.drain(..)).collect();
        while !self.running.is_empty() {
            all.push(self.finish(0, backend));
        }
        all
    }

    /// Whether a plan could have something to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.iter().all(Running::stalled)
    }

    /// Reacts to a backend without cells although the accounting said there were some: drops what is cached
    /// and the younger half of what runs. Returns false if nothing is left to drop.
    pub fn shed(&mut self, backend: &mut dyn Backend) -> bool {
        self.counters.no_slot += 1;
        let cached = self.cache.evictable();
        self.evict(cached, backend);
        let keep = self.running.len().div_ceil(2);
        let preempt = self.running.len() - keep;
        for _ in 0..preempt {
            self.preempt(self.running.len() - 1, backend);
        }
        let left = self.cache.evictable();
        self.evict(left, backend);
        cached > 0 || preempt > 0
    }

    /// Sends a running sequence back to the head of the queue; its cells may be evicted from now on.
    fn preempt(&mut self, index: usize, backend: &mut dyn Backend) {
        let seq = self.finish(index, backend);
        self.waiting.push_front(seq);
        self.counters.preemptions += 1;
        let left = self.running.iter().map(|r| (r.seq.generated, r.seq.max_new.min(r.seq.limit)));
        self.estimate.correct(left);
    }

    /// Gives up the id and the lock of a sequence that does not run any more.
    fn retire(&mut self, ended: Running<P>, backend: &mut dyn Backend) -> Sequence<P> {
        let Running { mut seq, slot, anchor } = ended;
        let mut ops = Vec::new();
        let computed = &seq.tokens[..seq.computed as usize];
        let freed = self.cache.release(anchor, slot, computed, &mut ops);
        self.pool.give(freed);
        self.apply(&mut ops, backend);
        while self.cache.holders() > self.config.max_cached {
            let Some(freed) = self.cache.drop_holder(&mut ops) else { break };
            self.evicted(freed, &mut ops, backend);
        }
        seq.computed = 0;
        seq
    }

    /// Frees at least `need` cells from the cache, if it has as many that nobody uses.
    fn evict(&mut self, need: u32, backend: &mut dyn Backend) {
        if need == 0 {
            return;
        }
        let mut ops = Vec::new();
        let freed = self.cache.evict(need, &mut ops);
        self.evicted(freed, &mut ops, backend);
    }

    /// Books what the cache gave up, and carries it out.
    fn evicted(&mut self, freed: u32, ops: &mut Vec<CellOp>, backend: &mut dyn Backend) {
        self.counters.evicted_tokens += u64::from(freed);
        self.pool.give(freed);
        self.apply(ops, backend);
    }

    /// Drops cached prefixes that nobody asked for while so many rows were computed that keeping them has cost
    /// as much as computing them anew. Whoever keeps something up to that point, and no longer, pays at most
    /// twice what would have been best, whatever comes.
    fn expire(&mut self, rows: u32, backend: &mut dyn Backend) {
        const ROWS_BETWEEN_MARKS: u64 = 64;
        let Some(keep) = self.capabilities.keep_rows else { return };
        self.rows += u64::from(rows);
        if self.marks.back().is_none_or(|(at, _)| self.rows - at >= ROWS_BETWEEN_MARKS) {
            self.marks.push_back((self.rows, self.cache.now()));
        }
        let mut before = None;
        while let Some(&(at, clock)) = self.marks.front()
            && at + u64::from(keep) <= self.rows
        {
            before = Some(clock);
            self.marks.pop_front();
        }
        if let Some(before) = before {
            let mut ops = Vec::new();
            // Used at the time of the mark still counts as used before it.
            let freed = self.cache.expire(before + 1, &mut ops);
            self.evicted(freed, &mut ops, backend);
        }
    }

    fn apply(&mut self, ops: &mut Vec<CellOp>, backend: &mut dyn Backend) {
        for op in ops.drain(..) {
            match op {
                CellOp::Copy { from, to, positions } => backend.copy(from, to, positions),
                CellOp::Replace { from, to, positions } => backend.replace(from, to, positions),
                CellOp::Remove { sequence, positions } => backend.remove(sequence, positions),
                CellOp::Retire(sequence) => {
                    backend.clear(sequence);
                    self.ids.insert(sequence);
                }
            }
        }
    }

    /// Gauges and counters. Those of a single step are left at 0.
    #[must_use]
    pub fn stats(&self) -> StepStats {
        let free = self.pool.free() / super::pages::PAGE;
        let cached = pages(self.cache.evictable());
        let total = pages(self.pool.total());
        StepStats {
            running: self.running.len() as u32,
            waiting: (self.waiting.len() + self.parked.len()) as u32,
            pages_free: free,
            pages_held: total.saturating_sub(free + cached),
            pages_cached: cached.min(total - free),
            prefix_query_tokens: self.counters.query_tokens,
            prefix_hit_tokens: self.counters.hit_tokens,
            preemptions: self.counters.preemptions,
            evicted_tokens: self.counters.evicted_tokens,
            decode_no_slot: self.counters.no_slot,
            ..StepStats::default()
        }
    }

    /// Checks the accounting against itself and the backend. Panics on a contradiction; for tests and debug
    /// builds.
    pub fn check(&self, backend: &mut dyn Backend) {
        self.cache.check();
        let private: u32 = self.running.iter().map(Running::private).sum();
        let sum = self.pool.free() + private + self.cache.locked() + self.cache.evictable();
        assert_eq!(sum, self.pool.total(), "free + held by running + held by tree == total");
        let anchored = self.running.iter().all(|r| r.anchor.len <= r.seq.computed);
        assert!(anchored, "the cache holds no more than was computed");
        for r in &self.running {
            assert_eq!(backend.held(r.slot), r.seq.computed, "the backend holds what was computed");
            assert!(!self.ids.contains(&r.slot), "ids in use are not free");
        }
        let used = self.running.len() + self.cache.holders() as usize;
        assert_eq!(self.ids.len() + used, self.capabilities.sequences as usize, "every id is somewhere");
    }

    /// Tokens of a request that is not running, for lookups: one token must always be computed, to have
    /// logits for the next.
    fn reusable(tokens: &[Token]) -> &[Token] {
        &tokens[..tokens.len() - 1]
    }
}
