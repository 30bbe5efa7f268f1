//! A loaded model.

use std::ffi::{CString, c_void};
use std::io::{self, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

use llama_cpp_sys_2 as ffi;

use crate::{Error, Vocab, log, stream};

/// How to load a model.
#[derive(Clone, Debug, Default)]
pub struct ModelParams {
    /// Layers on GPUs; `None` puts all there. Without a GPU it says nothing.
    pub gpu_layers: Option<u32>,
    /// Only count: the weights are not read, and contexts allocate nothing. What they would take is what
    /// [`Context::memory_use`](crate::Context::memory_use) says; they cannot compute.
    pub count: bool,
}

/// A loaded model. Cheap to clone; freed with its last clone, context and vocabulary.
#[derive(Clone)]
pub struct Model(Arc<Inner>);

struct Inner {
    native: NonNull<ffi::llama_model>,
    /// Freed with the model.
    adapters: Vec<NonNull<ffi::llama_adapter_lora>>,
    counted: bool,
}

// SAFETY: after loading, llama.cpp only reads a model; contexts and vocabularies on several threads share
// it, as in llama.cpp's own server.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

impl Drop for Inner {
    fn drop(&mut self) {
        // SAFETY: the last owner frees; contexts hold an owner and are freed before.
        unsafe { ffi::llama_model_free(self.native.as_ptr()) };
    }
}

/// State behind the progress callback.
struct Progress<'a> {
    report: &'a mut dyn FnMut(f32) -> bool,
    cancelled: bool,
}

impl Model {
    /// Loads a GGUF file that has been validated before. `progress` is called with `0.0..=1.0` and cancels
    /// by returning `false`.
    ///
    /// # Errors
    /// [`Error::Load`] with the last error of llama.cpp's log, [`Error::Cancelled`], or [`Error::Argument`]
    /// for a path that is no C string.
    pub fn load(
        path: &Path,
        params: &ModelParams,
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Self, Error> {
        let path = CString::new(path.as_os_str().as_encoded_bytes())
            .map_err(|_| Error::Argument("the path of the model holds a NUL byte".into()))?;
        Self::load_with(params, progress, |native| {
            // SAFETY: the path lives during the call, and so does what the parameters point to.
            (unsafe { ffi::llama_model_load_from_file(path.as_ptr(), native) }, None)
        })
    }

    /// Loads a GGUF file, validated before, that is wherever `source` reads it from. The weights are read into
    /// memory: there is no file that could be mapped.
    ///
    /// # Errors
    /// As of [`load`](Self::load), and [`Error::Read`] if `source` fails.
    pub fn load_from(
        source: impl Read + Seek,
        params: &ModelParams,
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Self, Error> {
        Self::load_with(params, progress, |mut native| {
            native.load_mode = ffi::LLAMA_LOAD_MODE_NONE;
            // It maps large embeddings even where the rest is read.
            native.lazy_mode = ffi::LLAMA_LAZY_MODE_OFF;
            stream::with(source, |file| {
                // SAFETY: the file is open during the call, or null, which is an error to llama.cpp; what the
                // parameters point to lives during the call. llama.cpp keeps neither.
                unsafe { ffi::llama_model_load_from_file_ptr(file, native) }
            })
        })
    }

    /// Runs one of llama.cpp's functions that load.
    fn load_with(
        params: &ModelParams,
        progress: &mut dyn FnMut(f32) -> bool,
        load: impl FnOnce(ffi::llama_model_params) -> (*mut ffi::llama_model, Option<io::Error>),
    ) -> Result<Self, Error> {
        crate::init();
        let mut state = Progress { report: progress, cancelled: false };
        // SAFETY: returns a plain struct.
        let mut native = unsafe { ffi::llama_model_default_params() };
        native.n_gpu_layers = params.gpu_layers.map_or(-1, |n| i32::try_from(n).unwrap_or(i32::MAX));
        if params.count {
            native.no_alloc = true;
            native.load_mode = ffi::LLAMA_LOAD_MODE_NONE;
            native.lazy_mode = ffi::LLAMA_LAZY_MODE_OFF;
        }
        native.progress_callback = Some(on_progress);
        // `state` lives during the call, and only `on_progress` uses it.
        native.progress_callback_user_data = (&raw mut state).cast();
        log::forget_errors();
        let (model, error) = load(native);
        match (NonNull::new(model), error) {
            (Some(native), _) => {
                Ok(Self(Arc::new(Inner { native, adapters: Vec::new(), counted: params.count })))
            }
            (None, _) if state.cancelled => Err(Error::Cancelled),
            (None, Some(error)) => Err(Error::Read(error)),
            (None, None) => Err(Error::Load(log::take_first_error())),
        }
    }

    /// Whether it has no weights: see [`ModelParams::count`].
    pub(crate) fn is_counted(&self) -> bool {
        self.0.counted
    }

    /// Layers that can lie on a GPU: all of the network, and the output.
    #[must_use]
    pub fn layers(&self) -> u32 {
        // SAFETY: a live model.
        unsafe { ffi::llama_model_n_layer(self.as_ptr()) }.unsigned_abs() + 1
    }

    pub(crate) fn as_ptr(&self) -> *mut ffi::llama_model {
        self.0.native.as_ptr()
    }

    /// Adds a LoRA adapter, whose file has been validated before, to all contexts of this model.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are contexts or other owners already, or for a path that is no C string;
    /// [`Error::Adapter`] with the last error of llama.cpp's log.
    pub fn add_adapter(&mut self, path: &Path) -> Result<(), Error> {
        let inner = Arc::get_mut(&mut self.0)
            .ok_or_else(|| Error::Argument("adapters come before contexts and vocabularies".into()))?;
        let path = CString::new(path.as_os_str().as_encoded_bytes())
            .map_err(|_| Error::Argument("the path of the adapter holds a NUL byte".into()))?;
        // SAFETY: the model is live and nobody else has it; the path lives during the call.
        let adapter = unsafe { ffi::llama_adapter_lora_init(inner.native.as_ptr(), path.as_ptr()) };
        inner.adapters.push(NonNull::new(adapter).ok_or_else(|| Error::Adapter(log::take_error()))?);
        Ok(())
    }

    /// Lets a context of this model, just made, compute with its adapters.
    pub(crate) fn apply_adapters(&self, context: NonNull<ffi::llama_context>) -> Result<(), Error> {
        let mut adapters: Vec<_> = self.0.adapters.iter().map(|adapter| adapter.as_ptr()).collect();
        if adapters.is_empty() {
            return Ok(());
        }
        let mut scales = vec![1.0; adapters.len()];
        // SAFETY: the context is live; the adapters are those of its model, and live as long; both lists have the given
        // length, and are copied.
        let code = unsafe {
            ffi::llama_set_adapters_lora(
                context.as_ptr(),
                adapters.as_mut_ptr(),
                adapters.len(),
                scales.as_mut_ptr(),
            )
        };
        if code == 0 { Ok(()) } else { Err(Error::Adapter(format!("code {code}"))) }
    }

    /// The vocabulary.
    #[must_use]
    pub fn vocab(&self) -> Vocab {
        Vocab::new(self.clone())
    }

    /// Context length that the model was trained on, in tokens.
    #[must_use]
    pub fn context_train(&self) -> u32 {
        // SAFETY: reads a field of a live model.
        unsafe { ffi::llama_model_n_ctx_train(self.as_ptr()) }.max(0) as u32
    }

    /// Numbers in a vector that the model makes of a text.
    #[must_use]
    pub fn embedding_width(&self) -> u32 {
        // SAFETY: reads a live model.
        unsafe { ffi::llama_model_n_embd_out(self.as_ptr()) }.max(0) as u32
    }

    /// Bytes of all tensors.
    #[must_use]
    pub fn size(&self) -> u64 {
        // SAFETY: reads a live model.
        unsafe { ffi::llama_model_size(self.as_ptr()) }
    }

    /// Whether tokens can be generated. Encoders make embeddings only.
    #[must_use]
    pub fn has_decoder(&self) -> bool {
        // SAFETY: reads a live model.
        unsafe { ffi::llama_model_has_decoder(self.as_ptr()) && !ffi::llama_model_has_encoder(self.as_ptr()) }
    }

    /// Whether the whole past of a sequence is one state that cannot drop a tail (Mamba, RWKV, and hybrids
    /// with attention).
    #[must_use]
    pub fn is_recurrent(&self) -> bool {
        // SAFETY: reads a live model.
        unsafe { ffi::llama_model_is_recurrent(self.as_ptr()) || ffi::llama_model_is_hybrid(self.as_ptr()) }
    }

    /// Whether the model fills in text in any order instead of writing from left to right.
    #[must_use]
    pub fn is_diffusion(&self) -> bool {
        // SAFETY: reads a live model.
        unsafe { ffi::llama_model_is_diffusion(self.as_ptr()) }
    }

    /// Width of the sliding attention window in tokens; 0 if all layers see the whole past.
    #[must_use]
    pub fn sliding_window(&self) -> u32 {
        // SAFETY: reads a live model.
        unsafe { ffi::llama_model_n_swa(self.as_ptr()) }.max(0) as u32
    }

    /// The chat template in the file, Jinja.
    #[must_use]
    pub fn chat_template(&self) -> Option<String> {
        // SAFETY: the model is live; a null name asks for the default template; the answer is null or a
        // C string that lives as long as the model.
        let template = unsafe { ffi::llama_model_chat_template(self.as_ptr(), std::ptr::null()) };
        // SAFETY: as above.
        (!template.is_null()).then(|| unsafe { crate::text(template) })
    }
}

unsafe extern "C" fn on_progress(progress: f32, state: *mut c_void) -> bool {
    // SAFETY: `Model::load` passes its own `Progress`, alive and not otherwise used during the call.
    let state = unsafe { &mut *state.cast::<Progress<'_>>() };
    let go_on = catch_unwind(AssertUnwindSafe(|| (state.report)(progress))).unwrap_or(false);
    state.cancelled |= !go_on;
    go_on
}
