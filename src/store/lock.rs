//! What several processes must not do at once in one model folder.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::atomic::create_folder;
use super::error::During;

/// Quipu's own files in a model folder. Ollama looks at `manifests` and `blobs` only.
pub(super) const OWN: &str = ".quipu";

/// Held by the one who writes or removes manifests, or removes blobs: for milliseconds. An advisory lock on a
/// file, which the operating system gives back if the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Guard {
    _file: File,
    own: PathBuf,
}

impl Guard {
    /// Waits until nobody else has it. `root` is the model folder.
    pub(super) fn acquire(root: &Path) -> Result<Self, StoreError> {
        let own = root.join(OWN);
        create_folder(&own)?;
        let path = own.join("lock");
        // The file stays when the lock is gone: one who removed it would lock another file than one who waits.
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&path).during("open", &path)?;
        lock(&file).during("lock", &path)?;
        Ok(Self { _file: file, own })
    }

    /// Where the leases are.
    pub(super) fn leases(&self) -> PathBuf {
        self.own.join("leases")
    }
}

/// Locks a file for this process alone; waits, also through signals.
pub(super) fn lock(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Locks a file if nobody else has it locked, and says whether it did.
pub(super) fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(std::fs::TryLockError::WouldBlock) => Ok(false),
        Err(std::fs::TryLockError::Error(e)) => Err(e),
    }
}
