//! A context: the KV pool of a model, and the forward pass over it.

use std::ptr::NonNull;

use llama_cpp_sys_2 as ffi;

use crate::attention::Abstain;
use crate::{Batch, CacheType, DeviceUse, Error, MAX_SEQUENCES, Memory, Model, log, usage};

/// Sizes of a context.
#[derive(Clone, Debug)]
pub struct ContextParams {
    /// Cells of the pool that all sequences share; rounded up to a multiple of 256 by llama.cpp.
    pub cells: u32,
    /// Most tokens in one [`Context::decode`], and in one forward pass.
    pub batch_tokens: u32,
    /// Sequence ids, at most [`MAX_SEQUENCES`]. Also the most rows of logits of one pass.
    pub sequences: u32,
    /// CPU threads.
    pub threads: u32,
    /// How keys are kept.
    pub keys: CacheType,
    /// How values are kept. Quantized ones need flash attention, which is then always on.
    pub values: CacheType,
    /// Attention in 32 bits: keys and values are kept in 32 bits, and flash attention, which computes in 16,
    /// is off, whatever `keys` and `values` say. Then the order of cells shows in the last bits of the logits only; normally, in the third
    /// digit. Takes twice the memory, and more time.
    pub precise: bool,
}

/// Why a forward pass failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No free cells; nothing was done.
    #[error("no free cells in the KV pool")]
    NoSlot,
    /// The batch contradicts the context: ids, positions or sizes; or the model has no weights. Nothing was done.
    #[error("the batch is invalid")]
    InvalidBatch,
    /// The pass failed inside (often: no memory). The cells of the batch were freed again.
    #[error("llama.cpp failed with code {0}")]
    Failed(i32),
}

impl DecodeError {
    /// What `llama_decode` and `llama_encode` return.
    pub(crate) fn check(code: i32) -> Result<(), Self> {
        match code {
            0 => Ok(()),
            1 => Err(Self::NoSlot),
            -1 => Err(Self::InvalidBatch),
            code => Err(Self::Failed(code)),
        }
    }
}

/// Checks the sizes that every context has: none is 0, and llama.cpp knows so many sequences.
pub(crate) fn check_sizes(sizes: &[(&str, u32)], sequences: u32) -> Result<(), Error> {
    if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
        return Err(Error::Argument(format!("{name} must be at least 1")));
    }
    if !(1..=MAX_SEQUENCES).contains(&sequences) {
        return Err(Error::Argument(format!("sequences must be 1..={MAX_SEQUENCES}")));
    }
    Ok(())
}

/// The KV pool of a model and the forward pass over it. Used by one thread at a time.
///
/// The pool is unified: any cell may belong to any sequences, so that a shared prefix exists once.
pub struct Context {
    native: NonNull<ffi::llama_context>,
    model: Model,
    n_vocab: u32,
    /// As llama.cpp rounded them.
    cells: u32,
    batch_tokens: u32,
    sequences: u32,
}

// SAFETY: nothing of a context is tied to the thread that made it; it is not `Sync`.
unsafe impl Send for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: we own it; `model`, which it uses, is dropped after.
        unsafe { ffi::llama_free(self.native.as_ptr()) };
    }
}

impl Context {
    /// Makes a context: allocates the pool and the compute buffers.
    ///
    /// Models with a sliding window get a full-size cache for these layers too: with a pruned one, a prefix
    /// could not be shared once its window has passed.
    ///
    /// # Errors
    /// [`Error::Argument`] for sizes that llama.cpp does not accept, [`Error::Context`] when it cannot
    /// allocate, [`Error::Encoder`] for models that cannot generate.
    pub fn new(model: &Model, params: &ContextParams) -> Result<Self, Error> {
        let ContextParams { cells, batch_tokens, sequences, threads, .. } = *params;
        check_sizes(&[("cells", cells), ("batch tokens", batch_tokens), ("threads", threads)], sequences)?;
        // SAFETY: returns a plain struct.
        let mut native = unsafe { ffi::llama_context_default_params() };
        native.n_ctx = params.cells;
        native.n_batch = params.batch_tokens;
        native.n_ubatch = params.batch_tokens;
        native.n_seq_max = params.sequences;
        // Rows of logits are reserved at once: by default one for every token of a batch. llama.cpp asserts
        // that there is one for every sequence.
        native.n_outputs_max = params.sequences;
        native.n_threads = params.threads as i32;
        native.n_threads_batch = params.threads as i32;
        native.type_k = params.keys.native();
        native.type_v = params.values.native();
        if params.values.is_quantized() {
            native.flash_attn_type = ffi::LLAMA_FLASH_ATTN_TYPE_ENABLED;
        }
        if params.precise {
            native.type_k = ffi::GGML_TYPE_F32;
            native.type_v = ffi::GGML_TYPE_F32;
            native.flash_attn_type = ffi::LLAMA_FLASH_ATTN_TYPE_DISABLED;
        }
        native.kv_unified = true;
        native.swa_full = true;
        native.no_perf = true;
        let abstain = Abstain::begin();
        // SAFETY: the model is live, and the context keeps it so.
        let context = unsafe { ffi::llama_init_from_model(model.as_ptr(), native) };
        drop(abstain);
        let native = NonNull::new(context).ok_or_else(|| Error::Context(log::take_error()))?;
        // From here on `drop` frees it.
        let mut context = Self {
            native,
            model: model.clone(),
            n_vocab: model.vocab().len(),
            cells: 0,
            batch_tokens: 0,
            sequences: 0,
        };
        model.apply_adapters(native)?;
        // SAFETY: reads of a live context.
        unsafe {
            if ffi::llama_get_memory(native.as_ptr()).is_null() {
                return Err(Error::Encoder);
            }
            context.cells = ffi::llama_n_ctx(native.as_ptr());
            context.batch_tokens = ffi::llama_n_ubatch(native.as_ptr());
            context.sequences = ffi::llama_n_seq_max(native.as_ptr());
        }
        Ok(context)
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Cells of the pool.
    #[must_use]
    pub fn cells(&self) -> u32 {
        self.cells
    }

    /// Most tokens of one pass.
    #[must_use]
    pub fn batch_tokens(&self) -> u32 {
        self.batch_tokens
    }

    /// Sequence ids are below this.
    #[must_use]
    pub fn sequences(&self) -> u32 {
        self.sequences
    }

    /// What it takes of each device's memory, the model's weights included.
    #[must_use]
    pub fn memory_use(&self) -> Vec<DeviceUse> {
        usage::of_context(self.native, self.model.is_counted())
    }

    /// Which cells belong to which sequence.
    pub fn memory(&mut self) -> Memory<'_> {
        // SAFETY: a live context; `new` has checked that it has a memory.
        Memory::new(unsafe { ffi::llama_get_memory(self.native.as_ptr()) }, self.sequences)
    }

    /// One forward pass. Positions of a sequence must go on where its cells end.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(&mut self, batch: &mut Batch) -> Result<(), DecodeError> {
        let (sequence, token) = batch.largest_ids();
        let fits = !batch.is_empty()
            && !self.model.is_counted()
            && batch.len() <= self.batch_tokens as usize
            && batch.n_outputs() <= self.sequences
            && (sequence as u32) < self.sequences
            && (token as u32) < self.n_vocab;
        if !fits {
            // llama.cpp would assert, or (ids beyond n_seq_max) save states that it cannot load.
            return Err(DecodeError::InvalidBatch);
        }
        // SAFETY: the view is valid during the call; all sizes have been checked.
        DecodeError::check(unsafe { ffi::llama_decode(self.native.as_ptr(), batch.native()) })
    }

    /// Logits of the last pass for the token with index `i` in its batch, one for each token of the
    /// vocabulary; `None` if no output was asked for there. Waits for the device.
    #[must_use]
    pub fn logits(&self, i: usize) -> Option<&[f32]> {
        let index = i32::try_from(i).ok()?;
        // SAFETY: a live context; llama.cpp answers null for an index without output. The row holds
        // `n_vocab` floats and lives until the next decode, which needs `&mut self`.
        unsafe {
            let row = ffi::llama_get_logits_ith(self.native.as_ptr(), index);
            (!row.is_null()).then(|| std::slice::from_raw_parts(row, self.n_vocab as usize))
        }
    }

    /// Sets the number of CPU threads, at least 1.
    pub fn set_threads(&mut self, threads: u32) {
        let threads = i32::try_from(threads.max(1)).unwrap_or(i32::MAX);
        // SAFETY: a live context.
        unsafe { ffi::llama_set_n_threads(self.native.as_ptr(), threads, threads) };
    }
}
