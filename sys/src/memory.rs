//! Which cells of the pool belong to which sequence.
//!
//! ```text
//!   cell       0   1   2   3   4   5   6   7
//!   position   0   1   2   3   2   3   4   .        sequences 0 and 1 share positions 0 and 1;
//!   sequences  01  01  0   0   1   1   1   free     copying a prefix sets bits and moves no data
//! ```

use std::marker::PhantomData;
use std::ops::Range;

use llama_cpp_sys_2 as ffi;

use crate::{Context, Pos, SeqId};

/// A view of a context's memory. Ids that the context does not have are ignored.
pub struct Memory<'a> {
    native: ffi::llama_memory_t,
    sequences: u32,
    context: PhantomData<&'a mut Context>,
}

impl Memory<'_> {
    pub(crate) fn new(native: ffi::llama_memory_t, sequences: u32) -> Self {
        Self { native, sequences, context: PhantomData }
    }

    fn knows(&self, sequence: SeqId) -> bool {
        sequence < self.sequences
    }

    /// Adds the cells of `from` at `positions` to sequence `to`. No data moves.
    pub fn copy(&mut self, from: SeqId, to: SeqId, positions: Range<Pos>) {
        if self.knows(from) && self.knows(to) && from != to {
            // SAFETY: a live memory and ids below its limit.
            unsafe {
                ffi::llama_memory_seq_cp(self.native, from as i32, to as i32, positions.start, positions.end);
            }
        }
    }

    /// Takes the cells at `positions` from a sequence; cells that belong to no other become free. False if
    /// the memory cannot remove a part (recurrent models), in which case nothing was done.
    #[must_use]
    pub fn remove(&mut self, sequence: SeqId, positions: Range<Pos>) -> bool {
        // SAFETY: a live memory and an id below its limit.
        self.knows(sequence)
            && unsafe {
                ffi::llama_memory_seq_rm(self.native, sequence as i32, positions.start, positions.end)
            }
    }

    /// Takes all cells from a sequence. Never fails.
    pub fn clear(&mut self, sequence: SeqId) {
        if self.knows(sequence) {
            // SAFETY: as above; removing a whole sequence cannot fail.
            unsafe { ffi::llama_memory_seq_rm(self.native, sequence as i32, -1, -1) };
        }
    }

    /// First and last position of a sequence; `None` if it is empty.
    #[must_use]
    pub fn positions(&self, sequence: SeqId) -> Option<(Pos, Pos)> {
        if !self.knows(sequence) {
            return None;
        }
        // SAFETY: a live memory and an id below its limit; -1 means empty.
        let (min, max) = unsafe {
            (
                ffi::llama_memory_seq_pos_min(self.native, sequence as i32),
                ffi::llama_memory_seq_pos_max(self.native, sequence as i32),
            )
        };
        (max >= 0).then_some((min, max))
    }
}
