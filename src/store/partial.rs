//! Blobs that are being downloaded, in parts, and may be for days.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::atomic::{create_folder, new_file, sync_parent};
use super::blob::TEMPORARY_BLOB;
use super::digest::Hasher;
use super::error::{During, unless_absent};
use super::lock;
use super::{Blob, Digest, Lease, StoreError};

/// How far a part of a download is: the content of `sha256-<hex>-partial-<n>`, as Ollama writes it, so that either
/// goes on where the other stopped. Numbers are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Part {
    /// Number of the part, from 0.
    pub n: usize,
    /// Where in the blob it starts.
    pub offset: u64,
    /// Its length.
    pub size: u64,
    /// How much of it, from its start, is in the file.
    pub completed: u64,
}

/// A blob that is being downloaded: `sha256-<hex>-partial` and a file for each [`Part`]. Locked against other
/// processes while this lives, and kept when it is dropped, so that the next download goes on.
#[derive(Debug)]
pub struct PartialBlob {
    lease: Lease,
    digest: Digest,
    path: PathBuf,
    file: File,
    /// The start of the file, as far as it is hashed.
    hashed: Mutex<Hasher>,
}

impl Lease {
    /// Starts or resumes a download. The blob stays while the lease lives.
    ///
    /// # Errors
    /// [`StoreError::DownloadRuns`] if it is running already, here or in another process; or if the file cannot be
    /// created.
    pub fn partial(&self, digest: &Digest) -> Result<PartialBlob, StoreError> {
        self.protect(digest)?;
        let folder = self.store().primary().blobs();
        create_folder(&folder)?;
        let path = folder.join(format!("{}-partial", digest.file_name()));
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .during("open", &path)?;
            if !lock::try_lock(&file).during("lock", &path)? {
                return Err(StoreError::DownloadRuns(*digest));
            }
            // Whoever had it locked may have finished and renamed it before it was locked here.
            if is_at(&file, &path).during("read", &path)? {
                let hashed = Mutex::default();
                return Ok(PartialBlob { lease: self.clone(), digest: *digest, path, file, hashed });
            }
        }
    }
}

impl PartialBlob {
    /// The parts of a download that was interrupted. `None` if there is nothing to resume: no parts, or parts that
    /// are damaged, or are not those of a blob of `total` bytes.
    ///
    /// # Errors
    /// If reading fails.
    pub fn parts(&self, total: u64) -> Result<Option<Vec<Part>>, StoreError> {
        let len = self.file.metadata().during("read", &self.path)?.len();
        let mut parts = Vec::new();
        let mut end = 0;
        while end < total {
            let path = self.part_path(parts.len());
            let Some(json) = unless_absent(fs::read(&path)).during("read", &path)? else {
                return Ok(None);
            };
            let Ok(part) = serde_json::from_slice::<Part>(&json) else { return Ok(None) };
            let whole = part.n == parts.len() && part.offset == end && part.size > 0;
            if !whole || part.size > total - end || part.completed > part.size || end + part.completed > len {
                return Ok(None);
            }
            end += part.size;
            parts.push(part);
        }
        Ok((!parts.is_empty()).then_some(parts))
    }

    /// Notes how far a part is. Bytes are written first, then noted.
    ///
    /// # Errors
    /// If writing fails.
    pub fn save(&self, part: &Part) -> Result<(), StoreError> {
        let path = self.part_path(part.n);
        let json = serde_json::to_vec(part).map_err(io::Error::from).during("write", &path)?;
        // Renamed into place, so that a crash never leaves half of it; but not made to survive a power failure,
        // which would cost more than the bytes that are then downloaded again.
        let (prefix, suffix) = TEMPORARY_BLOB;
        let mut file = new_file(&self.lease.store().primary().blobs(), prefix, suffix)?;
        file.write_all(&json).during("write", &path)?;
        file.persist(&path).map_err(|e| e.error).during("write", &path)?;
        Ok(())
    }

    /// Writes bytes at their place in the blob. Several threads may write at once.
    ///
    /// # Errors
    /// If the disk is full, or writing fails for another reason.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all_at(bytes, offset).during("write", &self.path)
    }

    /// Forgets what was downloaded.
    ///
    /// # Errors
    /// If the files cannot be removed.
    pub fn restart(&self) -> Result<(), StoreError> {
        self.remove_parts()?;
        *self.hashed.lock() = Hasher::default();
        self.file.set_len(0).during("write", &self.path)
    }

    /// Forgets what was downloaded, and leaves no file.
    ///
    /// # Errors
    /// If the files cannot be removed.
    pub fn discard(self) -> Result<(), StoreError> {
        self.remove_parts()?;
        fs::remove_file(&self.path).during("remove", &self.path)
    }

    /// Hashes the blob from where the last call ended up to byte `end`, or to the end of what was written, so that
    /// [`commit`](Self::commit) need not read that again. What is hashed must not be written any more, unless
    /// [`restart`](Self::restart) comes first.
    ///
    /// # Errors
    /// If reading fails.
    pub fn hash_to(&self, end: u64) -> Result<(), StoreError> {
        let mut hasher = self.hashed.lock();
        let mut buffer = vec![0; 1 << 18];
        while hasher.bytes() < end {
            let left = usize::try_from(end - hasher.bytes()).unwrap_or(usize::MAX).min(buffer.len());
            match self.file.read_at(&mut buffer[..left], hasher.bytes()) {
                Ok(0) => break,
                Ok(read) => hasher.write_all(&buffer[..read]).during("hash", &self.path)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).during("read", &self.path),
            }
        }
        Ok(())
    }

    /// Bytes from the start that are hashed.
    #[must_use]
    pub fn hashed(&self) -> u64 {
        self.hashed.lock().bytes()
    }

    /// Hashes bytes that were written at `start`, if that is where hashing has come to: it saves reading them.
    pub fn hash_next(&self, start: u64, bytes: &[u8]) {
        let mut hasher = self.hashed.lock();
        if hasher.bytes() == start {
            hasher.update(bytes);
        }
    }

    /// Ends the download: reads what is not hashed yet, checks all of it, and makes a blob of it.
    ///
    /// # Errors
    /// [`StoreError::DownloadMismatch`] if it is not what was asked for, and then it is deleted; or if reading or
    /// writing fails.
    pub fn commit(self) -> Result<Blob, StoreError> {
        self.hash_to(u64::MAX)?;
        let hasher = std::mem::take(&mut *self.hashed.lock());
        let (want, size) = (self.digest, hasher.bytes());
        let got = hasher.finish();
        if got != want {
            self.discard()?;
            return Err(StoreError::DownloadMismatch { want, got });
        }
        let path = self.lease.store().primary().blob_path(&want);
        self.file.sync_all().during("write", &self.path)?;
        fs::rename(&self.path, &path).during("write", &path)?;
        sync_parent(&path)?;
        self.remove_parts()?;
        Ok(Blob { digest: want, size, path })
    }

    fn part_path(&self, n: usize) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(format!("-{n}"));
        path.into()
    }

    fn remove_parts(&self) -> Result<(), StoreError> {
        for n in 0.. {
            let path = self.part_path(n);
            if unless_absent(fs::remove_file(&path)).during("remove", &path)?.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Whether an open file is still the one at a path.
pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let opened = file.metadata()?;
    let there = unless_absent(fs::metadata(path))?;
    Ok(there.is_some_and(|there| (there.dev(), there.ino()) == (opened.dev(), opened.ino())))
}
