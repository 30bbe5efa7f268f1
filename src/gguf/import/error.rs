//! What can be wrong with files to import, in words for their user.

use std::io;

use crate::gguf::GgufError;

/// Why files cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is nothing to import.
    #[error("no files provided to convert")]
    NoFiles,
    /// A file that is needed is not there.
    #[error("{file} is missing: {advice}")]
    Missing {
        /// Its name in the folder.
        file: String,
        /// What it is needed for, or where to get it.
        advice: String,
    },
    /// A file cannot be read.
    #[error("cannot read {file}: {source}")]
    Read {
        /// Its name in the folder.
        file: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{file} {problem}")]
    File {
        /// Its name in the folder.
        file: String,
        /// What is wrong, as the rest of the sentence.
        problem: String,
    },
    /// A tensor is not what it should be.
    #[error("{file}: tensor {tensor:?} {problem}")]
    Tensor {
        /// The file that it is in, or where it was expected.
        file: String,
        /// Its name there.
        tensor: String,
        /// What is wrong, as the rest of the sentence.
        problem: String,
    },
    /// A kind of model that is not imported, or for which adapters are not. It begins with Ollama's words.
    #[error(
        "unsupported architecture {name:?}: of safetensors, only {supported} are imported; use a GGUF file"
    )]
    Architecture {
        /// What the model calls itself.
        name: String,
        /// What is imported.
        supported: String,
    },
    /// The GGUF file cannot be written.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// The progress callback asked for it.
    #[error("the import was cancelled")]
    Cancelled,
}

impl ImportError {
    pub(super) fn missing(file: &str, advice: &str) -> Self {
        Self::Missing { file: file.to_owned(), advice: advice.to_owned() }
    }

    pub(super) fn read(file: &str, source: io::Error) -> Self {
        Self::Read { file: file.to_owned(), source }
    }

    pub(super) fn file(file: &str, problem: impl Into<String>) -> Self {
        Self::File { file: file.to_owned(), problem: problem.into() }
    }

    pub(super) fn tensor(file: &str, tensor: &str, problem: impl Into<String>) -> Self {
        let tensor = tensor.chars().take(120).collect();
        Self::Tensor { file: file.to_owned(), tensor, problem: problem.into() }
    }
}
