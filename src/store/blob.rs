//! Writing blobs.

use std::io::{self, Write};
use std::path::PathBuf;

use tempfile::NamedTempFile;

use super::atomic::{create_folder, new_file, place};
use super::digest::Hasher;
use super::error::During;
use super::lock;
use super::{Digest, Lease, StoreError};

/// How the names of blobs start and end while these are written.
pub(super) const TEMPORARY_BLOB: (&str, &str) = ("quipu-", ".tmp");

/// A blob in a store: a file that is named after its content and never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// The file, which may be a link to another.
    pub path: PathBuf,
}

/// Writes a blob piece by piece, and hashes it meanwhile. Dropped before [`commit`](Self::commit), it leaves
/// nothing behind.
///
/// Writing blocks as far as writing to files does: a task that gets its pieces from the network hands the writer
/// to a blocking thread with each batch of them, and back.
#[derive(Debug)]
#[must_use = "a blob is there when it is committed"]
pub struct BlobWriter {
    lease: Lease,
    file: NamedTempFile,
    hasher: Hasher,
}

impl Lease {
    /// Starts a blob.
    ///
    /// # Errors
    /// If no file can be created.
    pub fn writer(&self) -> Result<BlobWriter, StoreError> {
        let folder = self.store().primary().blobs();
        create_folder(&folder)?;
        let (prefix, suffix) = TEMPORARY_BLOB;
        // Locked, it says that somebody is still writing, however old it gets; and the guard, that nobody takes it
        // for a dead one before.
        let _guard = self.store().lock()?;
        let file = new_file(&folder, prefix, suffix)?;
        lock::lock(file.as_file()).during("lock", file.path())?;
        Ok(BlobWriter { lease: self.clone(), file, hasher: Hasher::default() })
    }

    /// Writes a blob that is in memory.
    ///
    /// # Errors
    /// If writing fails.
    pub fn put(&self, bytes: &[u8]) -> Result<Blob, StoreError> {
        let mut writer = self.writer()?;
        writer.append(bytes)?;
        writer.commit()
    }

    /// Gives a file of known content the name that belongs to it.
    pub(super) fn place_blob(
        &self,
        file: NamedTempFile,
        digest: Digest,
        size: u64,
    ) -> Result<Blob, StoreError> {
        self.protect(&digest)?;
        let path = self.store().primary().blob_path(&digest);
        place(file, &path)?;
        Ok(Blob { digest, size, path })
    }
}

impl BlobWriter {
    /// Writes the next piece.
    ///
    /// # Errors
    /// If the disk is full, or writing fails for another reason.
    pub fn append(&mut self, piece: &[u8]) -> Result<(), StoreError> {
        self.write_all(piece).during("write", self.file.path())
    }

    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.hasher.bytes()
    }

    /// Whether nothing is written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the digest of the blob is, if nothing more is written.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.hasher.clone().finish()
    }

    /// Ends a blob of any content. It stays while the lease lives.
    ///
    /// # Errors
    /// If writing fails.
    pub fn commit(self) -> Result<Blob, StoreError> {
        let size = self.len();
        self.lease.place_blob(self.file, self.hasher.finish(), size)
    }

    /// Ends a blob of known content.
    ///
    /// # Errors
    /// [`StoreError::DigestMismatch`] if other bytes were written, and then nothing is left of them; or if writing
    /// fails.
    pub fn commit_as(self, expected: &Digest) -> Result<Blob, StoreError> {
        let got = self.digest();
        if got == *expected {
            self.commit()
        } else {
            Err(StoreError::DigestMismatch { expected: *expected, got })
        }
    }
}

impl Write for BlobWriter {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let written = self.file.as_file().write(piece)?;
        self.hasher.write_all(&piece[..written])?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file().flush()
    }
}
