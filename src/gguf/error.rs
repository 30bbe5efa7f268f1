//! What can be wrong with a GGUF file, in words for its user.

use std::io;
use std::path::PathBuf;

use super::read::MAX_HEADER;

/// Why a GGUF file cannot be read, used or written.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    /// The file cannot be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file asked for.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Reading or writing failed half-way.
    #[error("input/output error in a GGUF file: {0}")]
    Io(#[from] io::Error),
    /// The file does not start with the magic.
    #[error("not a GGUF file: it starts with {start:?} where \"GGUF\" is expected")]
    NotGguf {
        /// The first four bytes, those that are not ASCII escaped.
        start: String,
    },
    /// A version of the format that is not read.
    #[error("GGUF version {0} is not supported, only versions 2 and 3 are: convert the model again")]
    Version(u32),
    /// Numbers in the order of another machine.
    #[error("this GGUF file is big-endian, only little-endian is supported: convert the model again")]
    BigEndian,
    /// The file ends before its header does.
    #[error(
        "{what} at byte {offset} needs {needed} bytes, but the file ends after {left}: \
         it is truncated or damaged, download it again"
    )]
    HeaderEnds {
        /// The part of the header that does not fit.
        what: String,
        /// Where in the file it starts.
        offset: u64,
        /// Bytes it needs at least.
        needed: u64,
        /// Bytes that the file has from there on.
        left: u64,
    },
    /// The header is larger than that of any real model.
    #[error("{what} at byte {offset} makes the header larger than {} MiB: the file is damaged", MAX_HEADER >> 20)]
    HeaderTooLarge {
        /// The part of the header that went over the limit.
        what: String,
        /// Where in the file it starts.
        offset: u64,
    },
    /// The file ends before its weights do.
    #[error(
        "the file is truncated: tensor {tensor:?} ends at byte {end}, the file has {file_len} bytes, \
         {} are missing; download it again", end.saturating_sub(*file_len)
    )]
    Truncated {
        /// The last tensor of the file.
        tensor: String,
        /// Where its data ends, in bytes from the start of the file.
        end: u64,
        /// Bytes that the file has: fewer than `end`.
        file_len: u64,
    },
    /// A metadata entry breaks the format.
    #[error("metadata entry {key:?} {problem}")]
    Metadata {
        /// The key of the entry, made readable if it is not text.
        key: String,
        /// What is wrong, as the rest of the sentence.
        problem: String,
    },
    /// A row of the tensor table breaks the format.
    #[error("tensor {name:?} {problem}")]
    Tensor {
        /// The name of the tensor, made readable if it is not text.
        name: String,
        /// What is wrong, as the rest of the sentence.
        problem: String,
    },
    /// The file is sound, but llama.cpp would abort on the model in it.
    #[error("this model cannot be loaded: {subject} {problem}; convert it again, or use another file")]
    Model {
        /// The metadata key or tensor at fault.
        subject: String,
        /// What is wrong, as the rest of the sentence.
        problem: String,
    },
    /// The file is sound, but is no adapter for this model, or llama.cpp would abort on it.
    #[error("this adapter cannot be used: {subject} {problem}")]
    Adapter {
        /// The metadata key or weight at fault.
        subject: String,
        /// What is wrong, as the rest of the sentence.
        problem: String,
    },
}

impl GgufError {
    pub(super) fn metadata(key: &str, problem: impl Into<String>) -> Self {
        Self::Metadata { key: short(key), problem: problem.into() }
    }

    pub(super) fn tensor(name: &str, problem: impl Into<String>) -> Self {
        Self::Tensor { name: short(name), problem: problem.into() }
    }

    pub(super) fn model(subject: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Model { subject: subject.into(), problem: problem.into() }
    }
}

/// As much of a name as a message has room for: a damaged file can have names of megabytes.
pub(super) fn short(name: &str) -> String {
    name.chars().take(80).collect()
}
