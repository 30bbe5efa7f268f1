//! Reads, checks and writes GGUF, the file format of llama.cpp models.
//!
//! ```text
//!  byte 0   "GGUF"                             magic
//!       4   u32                                version: 2 or 3
//!       8   u64                                number of tensors
//!      16   u64                                number of metadata entries
//!      24   ┌ metadata entry ──────────────────────────────────────────────────────────┐
//!           │ key: string    type: u32    value                                        │ × entries
//!           └──────────────────────────────────────────────────────────────────────────┘
//!           ┌ tensor table row ────────────────────────────────────────────────────────┐
//!           │ name: string   n: u32   n × dimension: u64   type: u32   offset: u64     │ × tensors
//!           └──────────────────────────────────────────────────────────────────────────┘
//!           zeros up to a multiple of `general.alignment` (32 if it is not given)
//!    data   tensor 0, zeros up to the alignment, tensor 1, …      offsets count from here
//!
//!  string = length in bytes: u64, bytes (no zero at the end)
//!  array  = element type: u32, number of elements: u64, elements
//!  All numbers are little-endian.
//! ```
//!
//! [`open`] reads everything before the data, never the data, and refuses files that llama.cpp would not
//! survive: it answers a bad file with an error where it can, but with an abort of the whole process where it
//! did not expect one. A file that passes is sound in structure, and keeps the rules that llama.cpp asserts
//! for every architecture. Rules of single architectures are left to llama.cpp; Quipu runs it in a process of
//! its own.
//!
//! Memory is bounded by the file: a length is believed only if that many bytes are left in it.

mod adapter;
pub mod compat;
mod error;
mod file;
mod file_type;
pub mod import;
mod infill;
pub mod merge;
mod parse;
mod read;
mod tensor;
#[cfg(test)]
mod tests;
mod text;
mod tokenizer;
mod validate;
mod value;
mod writer;

use std::fs::File;
use std::io;
use std::path::Path;

pub use adapter::open_adapter;
pub use error::GgufError;
pub use file::GgufFile;
pub use tensor::{TensorInfo, TensorType};
pub use text::Text;
pub use value::{Array, Value, ValueType};
pub use writer::{GgufWriter, TensorWriter};

/// Reads the header of a GGUF file, and checks that llama.cpp can be given the file.
///
/// # Errors
/// If the file cannot be read, is not GGUF, is truncated or damaged, or holds a model that makes llama.cpp
/// abort. The message is for the user: what is wrong, and what to do.
pub fn open(path: &Path) -> Result<GgufFile, GgufError> {
    let (file, len) = open_file(path).map_err(|source| GgufError::Open { path: path.to_owned(), source })?;
    let header = GgufFile::read(file, len)?;
    header.validate()?;
    Ok(header)
}

/// Opens a file, and tells its length. A folder or pipe has none: it is refused before it can block.
fn open_file(path: &Path) -> io::Result<(File, u64)> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("this is not a file"));
    }
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    Ok((file, len))
}
