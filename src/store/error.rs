//! What can be wrong with the store, in words for its user.

use std::io;
use std::path::{Path, PathBuf};

use super::{Digest, Name};

/// Why the store cannot do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A text that is no model name.
    #[error("invalid model name {text:?}: {problem}")]
    InvalidName {
        /// As much of it as a message has room for.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A text that is no SHA-256 digest.
    #[error("invalid digest format")]
    InvalidDigest,
    /// No folder has a manifest of this name.
    #[error("model '{0}' not found")]
    ModelNotFound(Name),
    /// The model can be used, but not deleted.
    #[error(
        "model '{name}' is in {}, which is only read here: delete it with the program that keeps that folder",
        folder.display()
    )]
    ReadOnly {
        /// Which model.
        name: Name,
        /// The folder that has it.
        folder: PathBuf,
    },
    /// A manifest is there, but damaged.
    #[error(
        "the manifest {} is damaged ({source}): pull or create the model again, or delete it",
        path.display()
    )]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The config blob of a model is not what it should be.
    #[error("the config {digest} of the model is damaged ({source}): pull or create the model again")]
    BadConfig {
        /// The blob.
        digest: Digest,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// No folder has this blob.
    #[error("blob \"{0}\" not found")]
    BlobNotFound(Digest),
    /// A blob is a link to a file that is not there any more.
    #[error(
        "blob \"{digest}\" not found: the model was imported in place, and {} was moved or deleted since",
        target.display()
    )]
    TargetGone {
        /// The blob.
        digest: Digest,
        /// Where the file was.
        target: PathBuf,
    },
    /// A blob has not the size that its manifest says.
    #[error(
        "{} has {found} bytes where its manifest says {expected}: it is truncated or was changed, \
         pull or create the model again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Bytes by the manifest.
        expected: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// A layer that should be a small text is not small.
    #[error("layer {digest} ({media_type}) has {size} bytes, more than any such text: it is not read")]
    TooLarge {
        /// The blob.
        digest: Digest,
        /// What it should be.
        media_type: String,
        /// Its bytes.
        size: u64,
    },
    /// What was uploaded is not what was announced.
    #[error("digest mismatch, expected \"{expected}\", got \"{got}\"")]
    DigestMismatch {
        /// What was announced.
        expected: Digest,
        /// What came.
        got: Digest,
    },
    /// What was downloaded is not what the manifest asks for; it was deleted.
    #[error("digest mismatch, file must be downloaded again: want {want}, got {got}")]
    DownloadMismatch {
        /// What the manifest asks for.
        want: Digest,
        /// What came.
        got: Digest,
    },
    /// Somebody else, mostly another process, is downloading this blob into the same files.
    #[error("{0} is being downloaded already: wait until that has ended, or stop it")]
    DownloadRuns(Digest),
    /// A file changed while it was imported.
    #[error("{} changed while it was read: import it again when nothing writes to it", .0.display())]
    Changed(PathBuf),
    /// Nothing says where models are.
    #[error("there is no home directory: set QUIPU_MODELS to a folder for the models")]
    NoHome,
    /// The operating system refused.
    #[error("cannot {action} {}: {source}{}", path.display(), advice(source))]
    Io {
        /// What was tried, as the rest of the sentence "cannot".
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// What to do about the errors that users meet most.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; delete models or free other space",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; change the rights of the folder, or set QUIPU_MODELS to another one"
        }
        _ => "",
    }
}

/// Says what was tried with which file when the operating system refused.
pub(super) trait During<T> {
    fn during(self, action: &'static str, path: &Path) -> Result<T, StoreError>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, action: &'static str, path: &Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Io { action, path: path.to_owned(), source })
    }
}

/// Whether an error says that there is no such file. A name longer than the file system allows is none either.
fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

/// `None` for what is not there.
pub(super) fn unless_absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
