//! Which computed prefixes are in the pool, and who holds them.
//!
//! A cache never touches the backend: it writes the operations that its decisions need into a list of
//! [`CellOp`]s, which the scheduler applies in order. So it can be tested without one.

#[cfg(test)]
mod tests;
mod tree;
mod whole;

use std::ops::Range;

pub use tree::PrefixTree;
pub use whole::WholeCache;

use super::backend::SeqId;
use super::protocol::Token;

/// An operation on the cells of the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellOp {
    /// Add the cells of a range to another sequence.
    Copy {
        /// Who holds them.
        from: SeqId,
        /// Who shall hold them too.
        to: SeqId,
        /// Positions.
        positions: Range<u32>,
    },
    /// Let a sequence give up its own cells in a range, and share those that another has there. Both hold the
    /// same tokens up to the end of the range.
    Replace {
        /// Whose cells stay.
        from: SeqId,
        /// Whose cells go.
        to: SeqId,
        /// Positions.
        positions: Range<u32>,
    },
    /// Take the cells of a range from a sequence.
    Remove {
        /// The sequence.
        sequence: SeqId,
        /// Positions, always up to its end.
        positions: Range<u32>,
    },
    /// Take all cells from a sequence, and its id with them: the id is free afterwards.
    Retire(SeqId),
}

/// What a lookup found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// Tokens that need not be computed.
    pub len: u32,
    /// Of those, tokens that are evictable now and would be no longer once claimed.
    pub evictable: u32,
}

/// A running sequence's hold on the cache: everything up to `len` is locked there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    node: u32,
    /// Tokens of the sequence that lie in the cache; those behind are private to the sequence.
    pub len: u32,
}

/// The result of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The hold.
    pub anchor: Anchor,
    /// The sequence id to use: the offered one, or that of a cached sequence which was taken over whole.
    pub sequence: SeqId,
}

/// Prefixes of finished and of running sequences.
///
/// The life of a sequence: [`lookup`](Self::lookup) while it waits, [`claim`](Self::claim) when admitted,
/// [`publish`](Self::publish) after each prompt chunk, [`release`](Self::release) when it finishes or is
/// preempted. What lies in the cache and is locked by nobody may be evicted.
pub trait PrefixCache {
    /// The longest prefix of `tokens` that is there. Changes nothing.
    fn lookup(&self, tokens: &[Token]) -> Lookup;

    /// Locks the first `len` of `tokens`, as found by a lookup just before, for a new running sequence, and
    /// gives it their cells. `fresh` is an unused id; it stays unused if the claim has another one.
    fn claim(&mut self, tokens: &[Token], len: u32, fresh: SeqId, ops: &mut Vec<CellOp>) -> Claim;

    /// Makes all of `tokens`, which the sequence has computed, visible to others. Returns the cells that
    /// became free because somebody else had computed the same.
    fn publish(
        &mut self,
        anchor: &mut Anchor,
        sequence: SeqId,
        tokens: &[Token],
        ops: &mut Vec<CellOp>,
    ) -> u32;

    /// Ends a running sequence: what it computed stays, unlocked. Returns the cells that became free.
    fn release(&mut self, anchor: Anchor, sequence: SeqId, tokens: &[Token], ops: &mut Vec<CellOp>) -> u32;

    /// Frees at least `need` cells if it can, least recently used first. Returns how many were freed.
    fn evict(&mut self, need: u32, ops: &mut Vec<CellOp>) -> u32;

    /// The cache's clock: it moves with every use of a cached prefix.
    fn now(&self) -> u64;

    /// Frees what was last used before a time of [`Self::now`]. Returns the freed cells.
    fn expire(&mut self, before: u64, ops: &mut Vec<CellOp>) -> u32;

    /// Drops the cached sequence whose loss hurts least, to free its id. Returns the freed cells, or `None`
    /// if there is no cached sequence.
    fn drop_holder(&mut self, ops: &mut Vec<CellOp>) -> Option<u32>;

    /// Sequence ids that cached sequences hold.
    fn holders(&self) -> u32;

    /// Cells that running sequences hold through the cache.
    fn locked(&self) -> u32;

    /// Cells that nobody uses, and which eviction can free.
    fn evictable(&self) -> u32;

    /// Panics if the structure contradicts itself. For tests and debug builds.
    fn check(&self);
}
