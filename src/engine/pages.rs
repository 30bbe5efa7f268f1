//! Accounting of the KV pool.
//!
//! llama.cpp's cells hold one token each, and sharing is exact to the token. Reservations, metrics and events
//! speak of *pages* of [`PAGE`] tokens: a scheduler that reasons about single tokens would be busy with
//! differences that do not matter.
//!
//! ```text
//!   total  ├───────── free ─────────┼── private tails ──┼──── prefix cache ────┤
//!                                     of running          locked  │ evictable
//! ```
//!
//! The parts always add up to the total; [`super::scheduler`] checks it after every step in debug builds.

/// Tokens per page.
pub const PAGE: u32 = 32;

/// Pages that hold `tokens`, the last one perhaps not full.
#[must_use]
pub const fn pages(tokens: u32) -> u32 {
    tokens.div_ceil(PAGE)
}

/// The free part of the pool. Taking more than there is, or giving back more than was taken, is a bug, and
/// says so in debug builds.
#[derive(Debug)]
pub struct Pool {
    total: u32,
    free: u32,
}

impl Pool {
    /// A pool of `cells` tokens, all free.
    #[must_use]
    pub fn new(cells: u32) -> Self {
        Self { total: cells, free: cells }
    }

    /// Tokens that fit at all.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.total
    }

    /// Tokens that nobody holds.
    #[must_use]
    pub fn free(&self) -> u32 {
        self.free
    }

    /// Marks `tokens` as held.
    pub fn take(&mut self, tokens: u32) {
        debug_assert!(tokens <= self.free, "took {tokens} of {} free tokens", self.free);
        self.free = self.free.saturating_sub(tokens);
    }

    /// Marks `tokens` as free again.
    pub fn give(&mut self, tokens: u32) {
        debug_assert!(self.free + tokens <= self.total, "gave back {tokens} that were not taken");
        self.free = (self.free + tokens).min(self.total);
    }
}
