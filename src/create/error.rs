//! Why a model cannot be made, in words for its user.

use crate::chat::go::GoTemplateError;
use crate::gguf::GgufError;
use crate::gguf::import::ImportError;
use crate::gguf::merge::MergeError;
use crate::registry::RegistryError;
use crate::store::{Digest, StoreError};

/// Why a model cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// There is no base.
    #[error("neither 'from' or 'files' was specified")]
    NothingToMakeItFrom,
    /// A file that is to be used is not among the blobs.
    #[error("blob \"{0}\" not found")]
    BlobNotFound(Digest),
    /// The files are no model.
    #[error("{0}: supplied file was not in GGUF format")]
    NotGguf(String),
    /// A GGUF is of a kind that has no place in a model.
    #[error("{file}: unknown type {kind:?} of GGUF file")]
    UnknownType {
        /// Its name.
        file: String,
        /// What it says it is.
        kind: String,
    },
    /// Two models where one is due.
    #[error("{first} and {second} are both models: a model is made from one")]
    TwoModels {
        /// The name of one.
        first: String,
        /// The name of the other.
        second: String,
    },
    /// Only one adapter can be used.
    #[error("only one adapter is currently supported")]
    TwoAdapters,
    /// A file can only be used in place if it is GGUF.
    #[error("{0} cannot be used in place: only one whole GGUF file can; leave out --in-place to convert it")]
    NotInPlace(String),
    /// An adapter or a type needs weights to work on.
    #[error("the model has no weights of its own")]
    NoWeights,
    /// llama.cpp does not quantize to this type.
    #[error("unsupported quantization type {0} - supported types are {supported}", supported = super::quantize::supported())]
    QuantizeTo(String),
    /// Quantizing twice loses too much.
    #[error("quantization is only supported for F16, BF16 and F32 models")]
    QuantizeFrom,
    /// llama.cpp could not quantize.
    #[error("cannot quantize the model: {0}")]
    Quantize(String),
    /// The prompt template cannot be used.
    #[error(transparent)]
    Template(GoTemplateError),
    /// A GGUF file is damaged.
    #[error("{file}: {error}")]
    Gguf {
        /// Its name.
        file: String,
        /// What is wrong with it.
        error: GgufError,
    },
    /// A checkpoint cannot be converted.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A split model cannot be merged.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// The base cannot be pulled.
    #[error(transparent)]
    Pull(#[from] RegistryError),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody waits for the model any more.
    #[error("cancelled")]
    Cancelled,
    /// A bug.
    #[error("making the model failed: {0}")]
    Panic(String),
}

impl CreateError {
    /// Whether the request is to blame, and not the machine.
    #[must_use]
    pub fn is_bad_request(&self) -> bool {
        !matches!(self, Self::Pull(_) | Self::Store(_) | Self::Cancelled | Self::Panic(_) | Self::Quantize(_))
    }
}
