//! One step: decode tokens of all running sequences, then prompt chunks, then admission.
//!
//! ```text
//!   tokens of one forward pass
//!   ├─ 1 ─┼─ 1 ─┼─ 1 ─┼──── chunk of A ────┼── chunk of B ──┼─ first chunk of C ─┤
//!     decode, every        prefill, oldest first, within      admission, if nothing
//!     running sequence     the budget                         was preempted
//! ```

use std::time::Duration;

use super::super::backend::{Backend, BatchToken};
use super::super::pages::PAGE;
use super::super::sequence::Running;
use super::budget::LEAST_PREFILL;
use super::{CellOp, Scheduler};

/// Decode steps before waiting prompts get a step of their own, where the two cannot be mixed.
const DECODES_BEFORE_PREFILL: u32 = 8;

/// What one sequence computes in a step. A part is not a last chunk: it has no row, so that nobody can sample
/// from the middle of a prompt by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// More tokens of the sequence are to come.
    Part {
        /// Index for [`Scheduler::running`].
        index: usize,
        /// Tokens.
        tokens: u32,
    },
    /// The sequence is computed to its end: a new token can be chosen.
    Last {
        /// Index for [`Scheduler::running`].
        index: usize,
        /// Tokens.
        tokens: u32,
        /// Row of the logits.
        row: usize,
    },
}

impl Chunk {
    /// Index for [`Scheduler::running`].
    #[must_use]
    pub fn index(self) -> usize {
        let (Self::Part { index, .. } | Self::Last { index, .. }) = self;
        index
    }

    /// Tokens.
    #[must_use]
    pub fn tokens(self) -> u32 {
        let (Self::Part { tokens, .. } | Self::Last { tokens, .. }) = self;
        tokens
    }
}

/// A forward pass.
#[derive(Debug, Default)]
pub struct Plan {
    /// The tokens.
    pub batch: Vec<BatchToken>,
    /// Whose they are, in the order of the batch; at most one chunk for each running sequence.
    pub chunks: Vec<Chunk>,
    /// Tokens that belong to prompts.
    pub prefill_tokens: u32,
    /// Rows of logits.
    rows: usize,
}

impl Plan {
    /// Tokens that belong to running sequences, one for each.
    #[must_use]
    pub fn decode_tokens(&self) -> u32 {
        self.batch.len() as u32 - self.prefill_tokens
    }

    /// Adds the next `count` missing tokens of a sequence.
    pub(super) fn add<P>(&mut self, index: usize, running: &Running<P>, count: u32) {
        let (seq, slot) = (&running.seq, running.slot);
        let end = seq.computed + count;
        let last = end == seq.len();
        for position in seq.computed..end {
            let token = seq.tokens[position as usize];
            let output = last && position + 1 == end;
            self.batch.push(BatchToken { token, position, sequence: slot, output });
        }
        if last {
            self.chunks.push(Chunk::Last { index, tokens: count, row: self.rows });
            self.rows += 1;
        } else {
            self.chunks.push(Chunk::Part { index, tokens: count });
        }
    }
}

impl<P> Scheduler<P> {
    /// Decides on the next forward pass. Evicts, preempts and admits as needed; an empty plan means that there
    /// is nothing to compute until a command comes.
    pub fn plan(&mut self, backend: &mut dyn Backend) -> Plan {
        let mut plan = Plan::default();
        self.park_stalled(backend);
        let preempted = self.make_room(backend);
        let (decode, prefill) = self.turn();
        if decode {
            self.plan_decodes(&mut plan, backend);
        }
        if prefill {
            let mut budget = self.budget.prefill(plan.batch.len() as u32);
            let decodes = plan.batch.len() as u32;
            self.plan_prefills(&mut plan, &mut budget, backend);
            if !preempted {
                self.admit(&mut plan, &mut budget, backend);
            }
            plan.prefill_tokens = plan.batch.len() as u32 - decodes;
        }
        plan
    }

    /// Books what a forward pass has computed. `took` steers the size of the next steps.
    pub fn commit(&mut self, plan: &Plan, took: Duration, backend: &mut dyn Backend) {
        let mut ops: Vec<CellOp> = Vec::new();
        for chunk in &plan.chunks {
            let running = &mut self.running[chunk.index()];
            let prompt = running.seq.missing() > 1 || running.seq.generated == 0;
            self.pool.take(chunk.tokens());
            running.seq.computed += chunk.tokens();
            // What is being written is of use to nobody before it is finished; prompts are.
            if prompt {
                let computed = &running.seq.tokens[..running.seq.computed as usize];
                let freed = self.cache.publish(&mut running.anchor, running.slot, computed, &mut ops);
                self.pool.give(freed);
            }
        }
        self.apply(&mut ops, backend);
        self.expire(plan.batch.len() as u32, backend);
        self.budget.observe(took, plan.decode_tokens(), plan.prefill_tokens);
        self.estimate.relax();
    }

    /// Whether this step decodes, and whether it prefills.
    fn turn(&mut self) -> (bool, bool) {
        if self.capabilities.mixed {
            return (true, true);
        }
        let decodes = self.running.iter().any(Running::decodes);
        let prompts = !self.waiting.is_empty() || self.running.iter().any(Running::prefills);
        if prompts && (!decodes || self.decode_streak >= DECODES_BEFORE_PREFILL) {
            self.decode_streak = 0;
            return (false, true);
        }
        self.decode_streak += 1;
        (true, false)
    }

    /// Cells that can be had for this plan beyond what it already uses.
    pub(super) fn obtainable(&self, plan: &Plan) -> u32 {
        (self.pool.free() + self.cache.evictable()).saturating_sub(plan.batch.len() as u32)
    }

    /// Makes sure that `plan` and `more` tokens have free cells.
    pub(super) fn reserve(&mut self, plan: &Plan, more: u32, backend: &mut dyn Backend) {
        let need = plan.batch.len() as u32 + more;
        self.evict(need.saturating_sub(self.pool.free()), backend);
    }

    /// Preempts until every decode token of this step, or at least one token of a prompt, has a cell.
    fn make_room(&mut self, backend: &mut dyn Backend) -> bool {
        let before = self.counters.preemptions;
        loop {
            let decodes = self.running.iter().filter(|r| r.decodes()).count() as u32;
            let prefills = self.running.iter().any(Running::prefills);
            let need = decodes.max(u32::from(prefills));
            if need <= self.pool.free() + self.cache.evictable() {
                return self.counters.preemptions != before;
            }
            let Some(victim) = self.victim() else { return true };
            self.preempt(victim, backend);
        }
    }

    /// Who loses least: clients that do not read first, then the fewest tokens written, then the longest
    /// prompt (it stays in the cache longest), then the youngest.
    fn victim(&self) -> Option<usize> {
        let cost = |(index, r): &(usize, &Running<P>)| {
            (!r.stalled(), r.seq.generated, u32::MAX - r.seq.len(), usize::MAX - index)
        };
        self.running.iter().enumerate().min_by_key(cost).map(|(index, _)| index)
    }

    fn plan_decodes(&mut self, plan: &mut Plan, backend: &mut dyn Backend) {
        let decodes = self.running.iter().filter(|r| r.decodes()).count() as u32;
        self.reserve(plan, decodes, backend);
        for (index, running) in self.running.iter().enumerate().filter(|(_, r)| r.decodes()) {
            plan.add(index, running, 1);
        }
    }

    fn plan_prefills(&mut self, plan: &mut Plan, budget: &mut u32, backend: &mut dyn Backend) {
        let in_flight = self.running.iter().filter(|r| r.prefills()).count() as u32;
        let fair = (*budget / in_flight.max(1)).max(LEAST_PREFILL);
        for index in 0..self.running.len() {
            if self.running[index].prefills() {
                self.plan_chunk(index, fair, plan, budget, backend);
            }
        }
    }

    /// Adds as much of a prompt as budget and pool allow, at most `cap` tokens.
    pub(super) fn plan_chunk(
        &mut self,
        index: usize,
        cap: u32,
        plan: &mut Plan,
        budget: &mut u32,
        backend: &mut dyn Backend,
    ) {
        let seq = &self.running[index].seq;
        let most = seq.missing().min(cap).min(*budget).min(self.obtainable(plan));
        let count = match self.cut(seq.computed, seq.len(), most) {
            // Somebody must go on, even where no whole page is to be had.
            0 if plan.batch.is_empty() => most,
            count => count,
        };
        if count == 0 {
            return;
        }
        self.reserve(plan, count, backend);
        plan.add(index, &self.running[index], count);
        *budget -= count;
    }

    /// How many of `most` tokens to take: all, or up to a fixed cut when the shapes must not depend on luck.
    /// The last cut lies before the last token, so that a full prefix hit and a cold prompt end alike.
    fn cut(&self, computed: u32, len: u32, most: u32) -> u32 {
        let end = computed + most;
        if !self.config.deterministic {
            return most;
        }
        let last_cut = (len - 1) / PAGE * PAGE;
        let end = if computed < last_cut { end.min(last_cut) / PAGE * PAGE } else { end };
        end.saturating_sub(computed)
    }
}
