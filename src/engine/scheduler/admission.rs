//! Who may start to run.
//!
//! First come, first served, with two exceptions. A request that does not fit yet may be bypassed by smaller
//! ones, but not for ever. And a request that shares a longer part of its prompt with one that is just being
//! computed waits until that part is there, instead of computing it a second time.

use super::super::backend::Backend;
use super::super::pages::PAGE;
use super::super::prefix::{Claim, Lookup};
use super::super::protocol::Token;
use super::super::sequence::{Running, Sequence};
use super::plan::Plan;
use super::{CellOp, Scheduler};

/// How far down the queue a step looks.
const LOOK_AHEAD: usize = 128;
/// Steps in which the same request may be bypassed.
const MOST_BYPASSES: u32 = 64;
/// Sharing fewer tokens is not worth waiting for.
const WORTH_WAITING: u32 = 32;
/// One in that many cells stays out of admission's reach while something runs.
const WATERMARK: u32 = 64;

impl<P> Scheduler<P> {
    /// Starts waiting requests as long as budget, ids and pool allow.
    pub(super) fn admit(&mut self, plan: &mut Plan, budget: &mut u32, backend: &mut dyn Backend) {
        // The first request that does not fit, and whether somebody overtook it in this step.
        let mut blocked: Option<usize> = None;
        let mut overtaken = false;
        let mut next = 0;
        while *budget > 0
            && self.running.len() < self.config.max_running as usize
            && next < self.waiting.len().min(LOOK_AHEAD)
        {
            if self.held_back(next) {
                next += 1;
                continue;
            }
            let Some(hit) = self.fits(next) else {
                let head = *blocked.get_or_insert(next);
                if self.waiting[head].bypassed >= MOST_BYPASSES {
                    break;
                }
                next += 1;
                continue;
            };
            let Some(seq) = self.waiting.remove(next) else { break };
            self.start(seq, hit, backend);
            overtaken |= blocked.is_some();
            let cap = *budget;
            self.plan_chunk(self.running.len() - 1, cap, plan, budget, backend);
        }
        if let (Some(head), true) = (blocked, overtaken) {
            self.waiting[head].bypassed += 1;
        }
    }

    /// Makes place for those who wait: sequences whose clients do not read give theirs up.
    pub(super) fn park_stalled(&mut self, backend: &mut dyn Backend) {
        if self.waiting.is_empty() || !self.running.iter().any(Running::stalled) {
            return;
        }
        let full = self.running.len() >= self.config.max_running as usize;
        if !full && self.fits(0).is_some() {
            return;
        }
        for index in (0..self.running.len()).rev() {
            if self.running[index].stalled() {
                let seq = self.finish(index, backend);
                self.parked.push(seq);
            }
        }
    }

    /// The cached part of a prompt, cut where shapes must not depend on luck.
    fn lookup(&self, tokens: &[Token]) -> Lookup {
        let tokens = Self::reusable(tokens);
        let hit = self.cache.lookup(tokens);
        if !self.config.deterministic || !self.capabilities.partial {
            return hit;
        }
        self.cache.lookup(&tokens[..(hit.len / PAGE * PAGE) as usize])
    }

    /// Whether the pool has room for a waiting request beside what the running ones are expected to need.
    fn fits(&self, index: usize) -> Option<Lookup> {
        let seq = self.waiting.get(index)?;
        let hit = self.lookup(&seq.tokens);
        let uncached = seq.len() - hit.len;
        // Claiming the hit locks it, so it cannot be evicted for the rest.
        let room = self.pool.free() + self.cache.evictable() - hit.evictable;
        if self.running.is_empty() {
            return (uncached <= room).then_some(hit);
        }
        let promised: u32 = self.running.iter().map(|r| self.demand(&r.seq)).sum();
        let need = uncached + self.estimate.reserve(seq.remaining());
        let watermark = self.pool.total() / WATERMARK;
        (need + promised + watermark <= room).then_some(hit)
    }

    /// Cells that a running sequence is expected to take.
    fn demand(&self, seq: &Sequence<P>) -> u32 {
        seq.missing() + self.estimate.reserve(seq.remaining())
    }

    /// Whether a waiting request had better wait for a running one to compute what both begin with.
    fn held_back(&mut self, index: usize) -> bool {
        if !self.capabilities.partial {
            return false;
        }
        if let Some((id, until)) = self.waiting[index].waits_for {
            let still = |r: &Running<P>| r.seq.id == id && r.seq.computed < until && !r.stalled();
            if self.running.iter().any(still) {
                return true;
            }
            self.waiting[index].waits_for = None;
        }
        let tokens = Self::reusable(&self.waiting[index].tokens);
        let hit = self.cache.lookup(tokens).len;
        let shared = |r: &Running<P>| {
            let computing = r.prefills().then_some(&r.seq)?;
            let common = tokens.iter().zip(&computing.tokens).take_while(|(a, b)| a == b).count() as u32;
            let gain = common.saturating_sub(hit.max(computing.computed));
            (gain >= WORTH_WAITING).then_some((computing.id, common))
        };
        let best = self.running.iter().filter_map(shared).max_by_key(|&(_, common)| common);
        self.waiting[index].waits_for = best;
        best.is_some()
    }

    /// Gives a request an id and its cached prefix.
    fn start(&mut self, mut seq: Sequence<P>, hit: Lookup, backend: &mut dyn Backend) {
        // Running and cached sequences together have fewer ids than there are, so one is free.
        let Some(fresh) = self.ids.pop_first() else {
            debug_assert!(false, "an id is free while fewer than the most run");
            self.waiting.push_front(seq);
            return;
        };
        let mut ops: Vec<CellOp> = Vec::new();
        let tokens = Self::reusable(&seq.tokens);
        let Claim { anchor, sequence } = self.cache.claim(tokens, hit.len, fresh, &mut ops);
        if sequence != fresh {
            self.ids.insert(fresh);
        }
        self.apply(&mut ops, backend);
        self.counters.query_tokens += u64::from(seq.len());
        self.counters.hit_tokens += u64::from(anchor.len);
        seq.computed = anchor.len;
        seq.cached.get_or_insert(anchor.len);
        seq.bypassed = 0;
        seq.waits_for = None;
        self.running.push(Running { seq, slot: sequence, anchor });
    }
}
