//! Owned Rust types over llama.cpp, and the only `unsafe` code of Quipu.
//!
//! ```text
//!   init() ──▶ Model::load ──▶ Context::new ──▶ decode(&Batch) ──▶ logits(i)
//!                  │               └── memory(): which cells belong to which sequence
//!                  ├── Embedder::new ──▶ embed(texts): a vector for each
//!                  └── vocab(): text <-> tokens, any thread
//! ```
//!
//! Rules of this crate:
//!
//! - llama.cpp *aborts the process* on some wrong arguments (`GGML_ASSERT`). Everything that can be checked
//!   first is checked here and comes back as an error. What cannot be checked (a hostile weight file) is
//!   checked before this crate sees it, and happens in a process of its own.
//! - No panic crosses the border: callbacks catch them.
//! - A [`Context`] is owned by one thread; a [`Model`] and its [`Vocab`] may be shared.

mod attention;
mod batch;
mod cache;
mod context;
mod device;
mod embedder;
mod log;
mod memory;
mod model;
mod quantize;
mod stream;
mod usage;
mod vocab;

use std::sync::Once;

pub use attention::use_attention_from;
pub use batch::Batch;
pub use cache::{CacheType, NoCacheType};
pub use context::{Context, ContextParams, DecodeError};
pub use device::{Device, DeviceKind, devices};
pub use embedder::{Embedder, EmbedderParams, Pooling};
pub use memory::Memory;
pub use model::{Model, ModelParams};
pub use quantize::{FileType, quantize};
pub use usage::DeviceUse;
pub use vocab::{Token, Vocab};

/// Position of a token in its sequence, from 0.
pub type Pos = i32;

/// A sequence id, `0..n_seq_max` of its context.
pub type SeqId = u32;

/// Most sequence ids that llama.cpp knows (`LLAMA_MAX_SEQ`).
pub const MAX_SEQUENCES: u32 = 256;

/// Why llama.cpp did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// llama.cpp refused the model; its log says why.
    #[error("llama.cpp cannot load this model: {0}")]
    Load(String),
    /// llama.cpp refused the adapter; its log says why.
    #[error("llama.cpp cannot load this adapter: {0}")]
    Adapter(String),
    /// What the model was to be read from failed.
    #[error("the model cannot be read: {0}")]
    Read(#[source] std::io::Error),
    /// The progress callback asked for it.
    #[error("loading was cancelled")]
    Cancelled,
    /// No context could be made; mostly for want of memory.
    #[error("llama.cpp cannot create a context: {0}")]
    Context(String),
    /// The model keeps no past to generate from: it is an encoder, and makes vectors of texts.
    #[error("the model keeps no past to generate from")]
    Encoder,
    /// An argument that would have made llama.cpp abort.
    #[error("{0}")]
    Argument(String),
    /// The text cannot be tokenised.
    #[error("the text cannot be tokenised: {0}")]
    Tokenize(String),
    /// The weights cannot be stored that way; llama.cpp's log says why.
    #[error("llama.cpp cannot quantize this model: {0}")]
    Quantize(String),
}

/// Prepares llama.cpp: routes its log to `tracing`, finds the devices. Every other entry of this crate calls
/// it; calling it again does nothing.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::route();
        // SAFETY: plain initialisation functions without arguments, called once.
        unsafe {
            load_backends();
            llama_cpp_sys_2::llama_backend_init();
        }
        attention::register();
    });
}

/// With `dynamic-backends`, backends are modules beside the binary, or where the build left them.
///
/// # Safety
/// To be called once, before anything else of ggml.
unsafe fn load_backends() {
    #[cfg(feature = "dynamic-backends")]
    {
        use std::ffi::CString;
        // SAFETY: the path is a C string that outlives the call; ggml copes with folders that do not exist.
        unsafe {
            llama_cpp_sys_2::ggml_backend_load_all();
            if let Some(dir) = llama_cpp_sys_2::BACKENDS_DIR.and_then(|d| CString::new(d).ok())
                && llama_cpp_sys_2::ggml_backend_dev_count() == 0
            {
                llama_cpp_sys_2::ggml_backend_load_all_from_path(dir.as_ptr());
            }
        }
    }
}

/// Version of llama.cpp.
#[must_use]
pub fn llama_version() -> String {
    // SAFETY: returns a static C string.
    unsafe { text(llama_cpp_sys_2::llama_version()) }
}

/// Copies a C string; empty for null.
///
/// # Safety
/// `s` is null or a NUL-terminated string that lives during the call.
unsafe fn text(s: *const std::ffi::c_char) -> String {
    if s.is_null() {
        return String::new();
    }
    // SAFETY: by the caller's promise.
    unsafe { std::ffi::CStr::from_ptr(s) }.to_string_lossy().into_owned()
}
