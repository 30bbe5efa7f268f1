//! A sequence: tokens, and how far the pool holds them.
//!
//! There are no phases. `computed` tries to catch up with `tokens.len()`: a prompt chunk, a decode step, a
//! prefix hit and a resumption after preemption are all the same case.
//!
//! ```text
//!   tokens    ├──────────── prompt ────────────┼── generated ──┤
//!   computed  ├── cached ──┼── chunks so far ──┤
//!                                              └─ missing: 1 while decoding
//! ```

use super::backend::SeqId;
use super::prefix::Anchor;
use super::protocol::{RequestId, Token};

/// A request as the scheduler sees it. `P` is what its owner attaches to it.
#[derive(Debug)]
pub struct Sequence<P> {
    /// The request.
    pub id: RequestId,
    /// Prompt and what was generated.
    pub tokens: Vec<Token>,
    /// Tokens whose cells are in the pool. 0 while waiting.
    pub computed: u32,
    /// Tokens generated so far.
    pub generated: u32,
    /// Most tokens to generate.
    pub max_new: u32,
    /// Cap on `tokens.len()`; at most the size of the pool.
    pub limit: u32,
    /// Tokens that may be generated before the client must have read some.
    pub credit: u32,
    /// Prompt tokens that were in the cache when the request first ran.
    pub cached: Option<u32>,
    /// Passes in which somebody behind was admitted first.
    pub(super) bypassed: u32,
    /// Waits until this running request has computed that many tokens, which this one shares.
    pub(super) waits_for: Option<(RequestId, u32)>,
    /// The owner's part.
    pub payload: P,
}

impl<P> Sequence<P> {
    /// A request that has not run yet.
    pub fn new(id: RequestId, tokens: Vec<Token>, payload: P) -> Self {
        Self {
            id,
            tokens,
            computed: 0,
            generated: 0,
            max_new: u32::MAX,
            limit: u32::MAX,
            credit: u32::MAX,
            cached: None,
            bypassed: 0,
            waits_for: None,
            payload,
        }
    }

    /// Number of tokens, computed or not.
    pub fn len(&self) -> u32 {
        self.tokens.len() as u32
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Tokens still to compute; after the last of them comes a new one.
    pub fn missing(&self) -> u32 {
        self.len() - self.computed
    }

    /// Tokens that may still be generated.
    pub fn remaining(&self) -> u32 {
        self.max_new.saturating_sub(self.generated).min(self.limit.saturating_sub(self.len()))
    }

    /// Appends a generated token.
    pub fn push(&mut self, token: Token) {
        self.tokens.push(token);
        self.generated += 1;
        self.credit = self.credit.saturating_sub(1);
    }
}

/// A sequence that runs: it has an id of the backend and a hold on the prefix cache.
#[derive(Debug)]
pub struct Running<P> {
    /// The sequence.
    pub seq: Sequence<P>,
    pub(super) slot: SeqId,
    pub(super) anchor: Anchor,
}

impl<P> Running<P> {
    /// Whether it has nothing to do but wait for its client to read.
    pub(super) fn stalled(&self) -> bool {
        self.seq.credit == 0
    }

    /// Whether it takes part in the next step with a single token.
    pub(super) fn decodes(&self) -> bool {
        self.seq.missing() == 1 && !self.stalled()
    }

    /// Whether it has more than one token to compute.
    pub(super) fn prefills(&self) -> bool {
        self.seq.missing() > 1 && !self.stalled()
    }

    /// Cells of its own, behind what lies in the cache.
    pub(super) fn private(&self) -> u32 {
        self.seq.computed - self.anchor.len
    }
}
