//! Texts to vectors.

use std::ptr::NonNull;

use llama_cpp_sys_2 as ffi;

use crate::context::check_sizes;
use crate::{Batch, DecodeError, DeviceUse, Error, Model, Pos, SeqId, Token, log, usage};

/// Sizes of an [`Embedder`].
#[derive(Clone, Debug)]
pub struct EmbedderParams {
    /// Most tokens in one forward pass, of all texts together.
    pub batch_tokens: u32,
    /// Most tokens of one text, at least `batch_tokens`. What is longer than a pass takes several, which only causal
    /// models can do; for all others both are the same.
    pub text_tokens: u32,
    /// Most texts in one pass, at most [`crate::MAX_SEQUENCES`].
    pub texts: u32,
    /// CPU threads.
    pub threads: u32,
    /// How to make one vector of a text's; `None` does as the model's file says.
    pub pooling: Option<Pooling>,
}

/// How the vectors of a text's tokens become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// Their mean.
    Mean,
    /// That of the first token.
    First,
    /// That of the last token, in causal models the only one that has seen the whole text.
    Last,
}

impl Pooling {
    fn native(self) -> ffi::llama_pooling_type {
        match self {
            Self::Mean => ffi::LLAMA_POOLING_TYPE_MEAN,
            Self::First => ffi::LLAMA_POOLING_TYPE_CLS,
            Self::Last => ffi::LLAMA_POOLING_TYPE_LAST,
        }
    }

    /// `None` for what makes no vector, or more than one.
    fn of_native(native: ffi::llama_pooling_type) -> Option<Self> {
        [Self::Mean, Self::First, Self::Last].into_iter().find(|pooling| pooling.native() == native)
    }
}

/// Turns tokens into one vector for each text. Used by one thread at a time.
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
    text_tokens: u32,
    texts: u32,
    pooling: Pooling,
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
    /// [`Error::Argument`] for sizes that llama.cpp does not accept, or a model without weights; [`Error::Context`] when it cannot allocate, or
    /// when neither the parameters nor the model's file name a way to pool: then it is no embedding model.
    pub fn new(model: &Model, params: &EmbedderParams) -> Result<Self, Error> {
        let EmbedderParams { batch_tokens, text_tokens, texts, threads, pooling } = *params;
        check_sizes(&[("batch tokens", batch_tokens), ("threads", threads)], texts)?;
        if model.is_counted() {
            return Err(Error::Argument("the weights of this model were not read".into()));
        }
        if text_tokens < batch_tokens {
            return Err(Error::Argument("text tokens must be at least the batch tokens".into()));
        }
        // SAFETY: returns a plain struct.
        let mut native = unsafe { ffi::llama_context_default_params() };
        native.n_ctx = text_tokens;
        native.n_batch = batch_tokens;
        native.n_ubatch = batch_tokens;
        native.n_seq_max = texts;
        native.n_threads = threads as i32;
        native.n_threads_batch = threads as i32;
        native.embeddings = true;
        native.kv_unified = true;
        // It would round keys and values to 16 bits.
        native.flash_attn_type = ffi::LLAMA_FLASH_ATTN_TYPE_DISABLED;
        native.no_perf = true;
        if let Some(pooling) = pooling {
            native.pooling_type = pooling.native();
        }
        // SAFETY: the model is live, and the context keeps it so.
        let context = unsafe { ffi::llama_init_from_model(model.as_ptr(), native) };
        let native = NonNull::new(context).ok_or_else(|| Error::Context(log::take_error()))?;
        // SAFETY: reads of a live context and a live model.
        let (found, ubatch, width) = unsafe {
            (
                ffi::llama_pooling_type(native.as_ptr()),
                ffi::llama_n_ubatch(native.as_ptr()),
                model.embedding_width(),
            )
        };
        // From here on `drop` frees it.
        let mut embedder = Self {
            native,
            model: model.clone(),
            batch: Batch::new(),
            batch_tokens: ubatch,
            text_tokens,
            texts,
            pooling: Pooling::Mean,
            width: width as usize,
        };
        embedder.pooling = Pooling::of_native(found)
            .ok_or_else(|| Error::Context("the model does not make one vector of a text".into()))?;
        model.apply_adapters(native)?;
        if !embedder.takes_parts() {
            embedder.text_tokens = ubatch;
        }
        Ok(embedder)
    }

    /// Whether a text may take several passes: what comes later changes nothing of what came before.
    fn takes_parts(&self) -> bool {
        // SAFETY: reads of a live context.
        unsafe {
            ffi::llama_get_causal_attn(self.native.as_ptr())
                && !ffi::llama_get_memory(self.native.as_ptr()).is_null()
        }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What it takes of each device's memory, the model's weights included.
    #[must_use]
    pub fn memory_use(&self) -> Vec<DeviceUse> {
        usage::of_context(self.native, false)
    }

    /// Most tokens of one pass.
    #[must_use]
    pub fn batch_tokens(&self) -> u32 {
        self.batch_tokens
    }

    /// Most tokens of one text.
    #[must_use]
    pub fn text_tokens(&self) -> u32 {
        self.text_tokens
    }

    /// Numbers in a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// One vector of [`Embedder::width`] numbers for each text, not normalised. Several texts are one pass; one text
    /// may be as long as [`Embedder::text_tokens`].
    ///
    /// # Errors
    /// [`DecodeError::InvalidBatch`] for no text, an empty one, one with unknown tokens or longer than the model's
    /// context, or more of them than the embedder was made for; [`DecodeError::Failed`] when a pass fails inside.
    pub fn embed(&mut self, texts: &[&[Token]]) -> Result<Vec<Vec<f32>>, DecodeError> {
        // Beyond the context it was trained with, a model may have no positions, and llama.cpp would abort.
        let longest = self.text_tokens.min(self.model.context_train()) as usize;
        let known = self.model.vocab().len();
        let valid =
            |text: &[Token]| (1..=longest).contains(&text.len()) && text.iter().all(|token| *token < known);
        if !(1..=self.texts as usize).contains(&texts.len()) || !texts.iter().all(|text| valid(text)) {
            return Err(DecodeError::InvalidBatch);
        }
        let batch_tokens = self.batch_tokens as usize;
        self.clear();
        if let [text] = texts
            && text.len() > batch_tokens
        {
            return Ok(vec![self.embed_in_parts(text)?]);
        }
        if texts.iter().map(|text| text.len()).sum::<usize>() > batch_tokens {
            return Err(DecodeError::InvalidBatch);
        }
        self.batch.clear();
        for (sequence, text) in texts.iter().enumerate() {
            self.push(text, 0, sequence);
        }
        self.pass()?;
        (0..texts.len()).map(|sequence| self.vector(sequence)).collect()
    }

    /// A text longer than a pass: each part is pooled by llama.cpp, and the parts here.
    fn embed_in_parts(&mut self, text: &[Token]) -> Result<Vec<f32>, DecodeError> {
        let mut pooled = Vec::new();
        for (i, part) in text.chunks(self.batch_tokens as usize).enumerate() {
            self.batch.clear();
            self.push(part, i * self.batch_tokens as usize, 0);
            self.pass()?;
            let vector = self.vector(0)?;
            match self.pooling {
                Pooling::First if i > 0 => {}
                Pooling::First | Pooling::Last => pooled = vector,
                Pooling::Mean => {
                    pooled.resize(vector.len(), 0.0);
                    let weight = part.len() as f32 / text.len() as f32;
                    pooled.iter_mut().zip(vector).for_each(|(sum, x)| *sum += weight * x);
                }
            }
        }
        Ok(pooled)
    }

    /// Adds tokens of a text to the batch. Every token takes part in the pooling.
    fn push(&mut self, tokens: &[Token], from: usize, sequence: usize) {
        for (i, &token) in tokens.iter().enumerate() {
            self.batch.push(token, (from + i) as Pos, sequence as SeqId, true);
        }
    }

    /// A decoder keeps keys and values, which the next texts have no use for.
    fn clear(&mut self) {
        // SAFETY: a live context; its memory is null for models that keep nothing.
        unsafe {
            let memory = ffi::llama_get_memory(self.native.as_ptr());
            if !memory.is_null() {
                ffi::llama_memory_clear(memory, false);
            }
        }
    }

    fn pass(&mut self) -> Result<(), DecodeError> {
        let context = self.native.as_ptr();
        // SAFETY: a live context; the view is valid during the call, and all sizes have been checked. Models that keep
        // nothing are encoded.
        DecodeError::check(unsafe { ffi::llama_decode(context, self.batch.native()) })
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
