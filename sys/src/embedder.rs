//! Texts to vectors, by models that pool.

use std::ptr::NonNull;

use llama_cpp_sys_2 as ffi;

use crate::context::check_sizes;
use crate::{Batch, DecodeError, Error, Model, Pos, SeqId, Token, log};

/// Sizes of an [`Embedder`].
#[derive(Clone, Debug)]
pub struct EmbedderParams {
    /// Most tokens in one call of [`Embedder::embed`], of all texts together, and so of one text.
    pub batch_tokens: u32,
    /// Most texts in one call, at most [`crate::MAX_SEQUENCES`].
    pub texts: u32,
    /// CPU threads.
    pub threads: u32,
}

/// Turns tokens into one vector for each text, pooled as the model's file says. Used by one thread at a time.
///
/// ```text
///   texts ──▶ one batch, a sequence for each text ──▶ one forward pass ──▶ pooled by sequence ──▶ vectors
/// ```
///
/// Keeps nothing from one call to the next.
pub struct Embedder {
    native: NonNull<ffi::llama_context>,
    /// Keeps the weights alive.
    model: Model,
    batch: Batch,
    batch_tokens: u32,
    texts: u32,
    width: usize,
}

// SAFETY: nothing of a context is tied to the thread that made it; it is not `Sync`.
unsafe impl Send for Embedder {}

impl Drop for Embedder {
    fn drop(&mut self) {
        // SAFETY: we own it; `model`, which it uses, is dropped after.
        unsafe { ffi::llama_free(self.native.as_ptr()) };
    }
}

impl Embedder {
    /// Allocates what a forward pass needs.
    ///
    /// # Errors
    /// [`Error::Argument`] for sizes that llama.cpp does not accept; [`Error::Context`] when it cannot allocate, or
    /// when the model's file names no way to pool: then it is no embedding model.
    pub fn new(model: &Model, params: &EmbedderParams) -> Result<Self, Error> {
        let EmbedderParams { batch_tokens, texts, threads } = *params;
        check_sizes(&[("batch tokens", batch_tokens), ("threads", threads)], texts)?;
        // SAFETY: returns a plain struct.
        let mut native = unsafe { ffi::llama_context_default_params() };
        native.n_ctx = params.batch_tokens;
        // An encoder sees all of a text in one pass.
        native.n_batch = params.batch_tokens;
        native.n_ubatch = params.batch_tokens;
        native.n_seq_max = params.texts;
        native.n_threads = params.threads as i32;
        native.n_threads_batch = params.threads as i32;
        native.embeddings = true;
        native.kv_unified = true;
        // It would round keys and values to 16 bits.
        native.flash_attn_type = ffi::LLAMA_FLASH_ATTN_TYPE_DISABLED;
        native.no_perf = true;
        // SAFETY: the model is live, and the context keeps it so.
        let context = unsafe { ffi::llama_init_from_model(model.as_ptr(), native) };
        let native = NonNull::new(context).ok_or_else(|| Error::Context(log::take_error()))?;
        // From here on `drop` frees it.
        let mut embedder = Self {
            native,
            model: model.clone(),
            batch: Batch::new(),
            batch_tokens: params.batch_tokens,
            texts: params.texts,
            width: 0,
        };
        // SAFETY: reads of a live context and a live model.
        unsafe {
            let pooling = ffi::llama_pooling_type(native.as_ptr());
            if pooling == ffi::LLAMA_POOLING_TYPE_NONE || pooling == ffi::LLAMA_POOLING_TYPE_RANK {
                return Err(Error::Context("the model does not make one vector of a text".into()));
            }
            embedder.batch_tokens = ffi::llama_n_ubatch(native.as_ptr());
            embedder.width = ffi::llama_model_n_embd_out(model.as_ptr()).unsigned_abs() as usize;
        }
        Ok(embedder)
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Numbers in a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// One vector of [`Embedder::width`] numbers for each text, not normalised.
    ///
    /// # Errors
    /// [`DecodeError::InvalidBatch`] for no text, an empty one, one with unknown tokens, or more of them than the
    /// embedder was made for; [`DecodeError::Failed`] when the pass fails inside.
    pub fn embed(&mut self, texts: &[&[Token]]) -> Result<Vec<Vec<f32>>, DecodeError> {
        let tokens: usize = texts.iter().map(|text| text.len()).sum();
        let fits = (1..=self.texts as usize).contains(&texts.len())
            && tokens <= self.batch_tokens as usize
            && texts.iter().all(|text| !text.is_empty());
        self.batch.clear();
        for (sequence, text) in texts.iter().enumerate() {
            for (position, &token) in text.iter().enumerate() {
                // Every token takes part in the pooling.
                self.batch.push(token, position as Pos, sequence as SeqId, true);
            }
        }
        let known = self.batch.largest_ids().1.unsigned_abs() < self.model.vocab().len();
        if !fits || !known {
            return Err(DecodeError::InvalidBatch);
        }
        self.pass()?;
        (0..texts.len()).map(|sequence| self.vector(sequence)).collect()
    }

    fn pass(&mut self) -> Result<(), DecodeError> {
        let context = self.native.as_ptr();
        // SAFETY: a live context; the view is valid during the call, and all sizes have been checked.
        let code = unsafe {
            let memory = ffi::llama_get_memory(context);
            if memory.is_null() {
                ffi::llama_encode(context, self.batch.native())
            } else {
                // A decoder keeps keys and values, which the next texts have no use for.
                ffi::llama_memory_clear(memory, false);
                ffi::llama_decode(context, self.batch.native())
            }
        };
        DecodeError::check(code)
    }

    fn vector(&self, sequence: usize) -> Result<Vec<f32>, DecodeError> {
        // SAFETY: a live context; llama.cpp answers null for a sequence that was not in the pass, else with a row of
        // `width` floats that lives until the next pass.
        unsafe {
            let row = ffi::llama_get_embeddings_seq(self.native.as_ptr(), sequence as ffi::llama_seq_id);
            if row.is_null() {
                return Err(DecodeError::Failed(0));
            }
            Ok(std::slice::from_raw_parts(row, self.width).to_vec())
        }
    }
}
