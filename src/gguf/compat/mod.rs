//! Models that Ollama converted with names of its own.
//!
//! Before Ollama ran llama.cpp as it is, it had converters and loaders of its own, and what they agreed on is not
//! what llama.cpp reads: other names of architectures and tensors, other metadata, images and text in one file.
//! Such files are in many model folders. They are not changed: llama.cpp is given an [`Overlay`], another header
//! over the same data.
//!
//! ```text
//!   the file     header │ v.blk.0… │ token_embd │ blk.0.attn_sinks │ …
//!                           ✗           │               │
//!   llama.cpp    new header │ token_embd │ blk.0.attn_sinks.weight │ …
//! ```
//!
//! What can be corrected so is metadata, names, which tensors there are, and how many rows of them. Files that need
//! other numbers (weights that are joined, shifted or put in another order) are left as they are, and llama.cpp
//! says that it cannot load them. The rules are in `families/`; each needs a sign that no other converter leaves.

mod families;
mod overlay;
mod rewrite;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use overlay::{Overlay, OverlayReader};

use super::{GgufError, GgufFile, open_file};
use rewrite::Rewrite;

/// The file of a model: as it is, and as llama.cpp is to see it.
#[derive(Clone, Debug)]
pub struct ModelFile {
    file: GgufFile,
    overlay: Option<Overlay>,
}

/// Reads the header of a model, and checks that llama.cpp can be given the file, or else what is laid over it.
///
/// # Errors
/// As of [`open`](super::open).
pub fn open(path: &Path) -> Result<ModelFile, GgufError> {
    let (file, len) = open_file(path).map_err(|source| GgufError::Open { path: path.to_owned(), source })?;
    let file = GgufFile::read(file, len)?;
    let overlay = Rewrite::of(&file).map(|rewrite| Overlay::new(&file, rewrite)).transpose()?;
    let model = ModelFile { file, overlay };
    model.as_loaded().validate()?;
    Ok(model)
}

impl ModelFile {
    /// What the file says.
    #[must_use]
    pub fn file(&self) -> &GgufFile {
        &self.file
    }

    /// As [`file`](Self::file), for those who need no more.
    #[must_use]
    pub fn into_file(self) -> GgufFile {
        self.file
    }

    /// What llama.cpp is told.
    #[must_use]
    pub fn as_loaded(&self) -> &GgufFile {
        self.overlay.as_ref().map_or(&self.file, Overlay::header)
    }

    /// What llama.cpp must read in place of the file; `None` if it can read the file itself.
    #[must_use]
    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlay.as_ref()
    }
}
