//! Attention over a pool of cells that many sequences share.
//!
//! ggml's own kernels look, for every token, at the mask of every cell in use, whoever's it is. With many sequences
//! in one pool nearly all of that is in vain. These kernels read the mask once for a step, and then visit only the
//! cells that a token attends to:
//!
//! ```text
//!              cells of the pool
//!              A A A B B A B C C C A B C . . .
//!   ggml  A    # # # - - # - - - - # - -          # computed   - looked at and skipped
//!   here  A    # # #     #         #
//! ```
//!
//! - [`runs`]: from the mask to runs of cells, and tokens that are computed together.
//! - [`row`]: one token: a new token of a running answer.
//! - [`tile`]: several tokens with much the same cells: a part of a prompt, or answers behind one long prefix.
//! - [`op`]: the tensors, and how the work is shared among threads.
//! - [`backend`]: how ggml finds all of this.
//!
//! Sums are in 32 bits, while ggml's are in 16 for a cache of 16 bits, so results differ from ggml's by its rounding.

mod backend;
mod lanes;
mod op;
mod parallel;
mod row;
mod runs;
#[cfg(test)]
mod tests;
mod tile;
mod unit;

pub(crate) use backend::{Abstain, register};

/// From how many tokens in a pass, and cells in use, on these kernels are used; below, ggml's are. Counts for passes
/// whose graph is built after the call, so it is meant for the time between [`crate::Model::load`] and
/// [`crate::Context::new`], and for measuring.
pub fn use_attention_from(tokens: u32, cells: u32) {
    backend::set_least(tokens, cells);
}
