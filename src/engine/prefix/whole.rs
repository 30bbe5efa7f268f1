//! The cache for memories that are one state per sequence (Mamba, RWKV, hybrids): a finished sequence can be
//! gone on with, but no part of it can be shared or dropped.

use super::{Anchor, CellOp, Claim, Lookup, PrefixCache};
use crate::engine::backend::SeqId;
use crate::engine::protocol::Token;

struct Entry {
    tokens: Vec<Token>,
    sequence: SeqId,
    /// When it ended, in ticks.
    ended: u64,
}

/// Finished sequences, each usable as a whole, by one successor.
#[derive(Default)]
pub struct WholeCache {
    /// Least recently used first.
    entries: Vec<Entry>,
    /// Tokens that running sequences took over from entries.
    locked: u32,
    /// Sequences that ended so far.
    tick: u64,
}

impl WholeCache {
    fn find(&self, tokens: &[Token]) -> Option<usize> {
        let usable = self.entries.iter().enumerate().filter(|(_, e)| tokens.starts_with(&e.tokens));
        usable.max_by_key(|(_, e)| e.tokens.len()).map(|(i, _)| i)
    }

    fn retire(&mut self, index: usize, ops: &mut Vec<CellOp>) -> u32 {
        let entry = self.entries.remove(index);
        ops.push(CellOp::Retire(entry.sequence));
        entry.tokens.len() as u32
    }
}

impl PrefixCache for WholeCache {
    fn lookup(&self, tokens: &[Token]) -> Lookup {
        let len = self.find(tokens).map_or(0, |i| self.entries[i].tokens.len() as u32);
        Lookup { len, evictable: len }
    }

    fn claim(&mut self, tokens: &[Token], len: u32, fresh: SeqId, _ops: &mut Vec<CellOp>) -> Claim {
        let found = self.find(tokens).filter(|&i| self.entries[i].tokens.len() as u32 == len);
        let sequence = found.map_or(fresh, |i| self.entries.remove(i).sequence);
        let len = if found.is_some() { len } else { 0 };
        self.locked += len;
        Claim { anchor: Anchor { node: 0, len }, sequence }
    }

    fn publish(&mut self, _: &mut Anchor, _: SeqId, _: &[Token], _: &mut Vec<CellOp>) -> u32 {
        0
    }

    fn release(&mut self, anchor: Anchor, sequence: SeqId, tokens: &[Token], ops: &mut Vec<CellOp>) -> u32 {
        self.locked -= anchor.len;
        if tokens.is_empty() {
            ops.push(CellOp::Retire(sequence));
            return 0;
        }
        self.tick += 1;
        self.entries.push(Entry { tokens: tokens.to_vec(), sequence, ended: self.tick });
        0
    }

    fn evict(&mut self, need: u32, ops: &mut Vec<CellOp>) -> u32 {
        let mut freed = 0;
        while freed < need && !self.entries.is_empty() {
            freed += self.retire(0, ops);
        }
        freed
    }

    fn now(&self) -> u64 {
        self.tick
    }

    fn expire(&mut self, before: u64, ops: &mut Vec<CellOp>) -> u32 {
        let mut freed = 0;
        while self.entries.first().is_some_and(|e| e.ended < before) {
            freed += self.retire(0, ops);
        }
        freed
    }

    fn drop_holder(&mut self, ops: &mut Vec<CellOp>) -> Option<u32> {
        (!self.entries.is_empty()).then(|| self.retire(0, ops))
    }

    fn holders(&self) -> u32 {
        self.entries.len() as u32
    }

    fn locked(&self) -> u32 {
        self.locked
    }

    fn evictable(&self) -> u32 {
        self.entries.iter().map(|e| e.tokens.len() as u32).sum()
    }

    fn check(&self) {
        for (i, e) in self.entries.iter().enumerate() {
            assert!(!e.tokens.is_empty(), "entries hold something");
            assert!(self.entries[..i].iter().all(|o| o.sequence != e.sequence), "ids are held once");
        }
    }
}
