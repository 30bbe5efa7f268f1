//! The input of one forward pass.

use llama_cpp_sys_2 as ffi;

use crate::{Pos, SeqId, Token};

/// Tokens of one forward pass, in the shape that llama.cpp wants. Reused from step to step.
#[derive(Default)]
pub struct Batch {
    tokens: Vec<ffi::llama_token>,
    positions: Vec<ffi::llama_pos>,
    sequences: Vec<ffi::llama_seq_id>,
    outputs: Vec<i8>,
    /// One id per token, and a pointer to each: llama.cpp allows several.
    counts: Vec<i32>,
    pointers: Vec<*mut ffi::llama_seq_id>,
    n_outputs: u32,
}

// SAFETY: `pointers` only ever points into `sequences` of the same value, and is rebuilt before each use.
unsafe impl Send for Batch {}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties the batch, keeping its memory.
    pub fn clear(&mut self) {
        self.tokens.clear();
        self.positions.clear();
        self.sequences.clear();
        self.outputs.clear();
        self.n_outputs = 0;
    }

    /// Adds a token of a sequence. With `output`, logits are computed for it; its index among the tokens of
    /// the batch finds them again.
    pub fn push(&mut self, token: Token, position: Pos, sequence: SeqId, output: bool) {
        self.tokens.push(token as ffi::llama_token);
        self.positions.push(position);
        self.sequences.push(sequence as ffi::llama_seq_id);
        self.outputs.push(i8::from(output));
        self.n_outputs += u32::from(output);
    }

    /// Number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    pub(crate) fn n_outputs(&self) -> u32 {
        self.n_outputs
    }

    /// Largest sequence id and token id, for the checks before decoding.
    pub(crate) fn largest_ids(&self) -> (i32, i32) {
        let max = |ids: &[i32]| ids.iter().copied().max().unwrap_or(-1);
        (max(&self.sequences), max(&self.tokens))
    }

    /// The native view; valid until the batch is touched again.
    pub(crate) fn native(&mut self) -> ffi::llama_batch {
        self.counts.resize(self.tokens.len(), 1);
        self.pointers.clear();
        self.pointers.extend(self.sequences.iter_mut().map(std::ptr::from_mut));
        ffi::llama_batch {
            n_tokens: self.tokens.len() as i32,
            token: self.tokens.as_mut_ptr(),
            embd: std::ptr::null_mut(),
            pos: self.positions.as_mut_ptr(),
            n_seq_id: self.counts.as_mut_ptr(),
            seq_id: self.pointers.as_mut_ptr(),
            logits: self.outputs.as_mut_ptr(),
        }
    }
}
