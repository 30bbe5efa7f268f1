//! Taking files that are on this machine already, copying as little as possible.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::atomic::{create_folder, sync_parent};
use super::blob::TEMPORARY_BLOB;
use super::digest::Hasher;
use super::error::During;
use super::lock;
use super::{Blob, Digest, Lease, StoreError};

/// How a file gets into the store. See the room's guide for which is best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    /// A copy, which costs neither time nor space where the file system can share blocks (btrfs, XFS, APFS).
    Copy,
    /// A second name for the same file; a copy where that cannot be, on another file system.
    HardLink,
    /// A link to the file, which stays where it is: the model is gone when the file is.
    Symlink,
}

/// What tells that a file is still the one that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Identity {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

impl Lease {
    /// Makes a blob of a file. It stays while the lease lives. All of the file is read, to hash it, unless it is a
    /// blob of this store already.
    ///
    /// # Errors
    /// If the file cannot be read, or changes meanwhile; or if writing fails.
    pub fn import(&self, file: &Path, how: Import) -> Result<Blob, StoreError> {
        let path = file.canonicalize().during("read", file)?;
        if let Some(blob) = self.import_own(&path)? {
            return Ok(blob);
        }
        if !path.is_file() {
            return Err(io::Error::other("this is not a file")).during("read", &path);
        }
        match how {
            Import::HardLink if self.can_link(&path)? => self.link(&path, |from, to| fs::hard_link(from, to)),
            Import::Symlink => self.link(&path, |from, to| symlink(from, to)),
            Import::Copy | Import::HardLink => self.copy(&path, None),
        }
    }

    /// Whether hard links to a file can be made: not from another file system, and not to a file of somebody else.
    fn can_link(&self, from: &Path) -> Result<bool, StoreError> {
        Ok(temporary(&self.blobs()?, |path| fs::hard_link(from, path)).is_ok())
    }

    /// The folder of the blobs, created if need be.
    fn blobs(&self) -> Result<PathBuf, StoreError> {
        let folder = self.store().primary().blobs();
        create_folder(&folder)?;
        Ok(folder)
    }

    /// A file that is a blob of one of the store's folders: Modelfiles that were printed refer to them.
    fn import_own(&self, path: &Path) -> Result<Option<Blob>, StoreError> {
        let digest = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        let (Some(digest), Some(parent)) = (digest, path.parent()) else { return Ok(None) };
        let is_parent = |folder: PathBuf| folder.canonicalize().is_ok_and(|folder| folder == parent);
        let primary = self.store().primary();
        if is_parent(primary.blobs()) {
            self.protect(&digest)?;
            return primary.blob(&digest);
        }
        let Some(other) = self.store().read_only().find(|other| is_parent(other.blobs())) else {
            return Ok(None);
        };
        self.protect(&digest)?;
        match primary.blob(&digest)? {
            Some(blob) => Ok(Some(blob)),
            None => other.blob(&digest)?.map(|blob| self.adopt(&blob)).transpose(),
        }
    }

    /// Takes over a blob of a folder that is only read. A hard link is safe, because blobs are never written to: the
    /// owner's removal takes one name away, and ours stays.
    pub(super) fn adopt(&self, theirs: &Blob) -> Result<Blob, StoreError> {
        // Of what they link to, nobody knows who writes to it: then nothing but a copy is safe.
        let metadata = fs::symlink_metadata(&theirs.path).during("read", &theirs.path)?;
        if metadata.is_file() {
            let identity = Identity::of(&metadata);
            let linked =
                self.put_link(&theirs.path, &theirs.digest, identity, |from, to| fs::hard_link(from, to));
            if let Ok(blob) = linked {
                return Ok(blob);
            }
        }
        self.copy(&theirs.path, Some(&theirs.digest))
    }

    /// Copies a file, by sharing its blocks if the file system can. With a digest, a file of other content is
    /// refused.
    fn copy(&self, from: &Path, expected: Option<&Digest>) -> Result<Blob, StoreError> {
        if let Some(blob) = self.share_blocks(from, expected)? {
            return Ok(blob);
        }
        let mut writer = self.writer()?;
        let file = File::open(from).during("read", from)?;
        io::copy(&mut BufReader::with_capacity(1 << 18, file), &mut writer).during("copy", from)?;
        match expected {
            Some(expected) => writer.commit_as(expected),
            None => writer.commit(),
        }
    }

    /// A copy that shares its blocks with the file; `None` if the file system cannot do it.
    fn share_blocks(&self, from: &Path, expected: Option<&Digest>) -> Result<Option<Blob>, StoreError> {
        let folder = self.blobs()?;
        // Under the guard, so that nobody takes the file for a dead one before it is locked.
        let guard = self.store().lock()?;
        let copy = temporary(&folder, |path| {
            reflink_copy::reflink(from, path)?;
            File::open(path)
        });
        let Ok(copy) = copy else { return Ok(None) };
        lock::lock(copy.as_file()).during("lock", copy.path())?;
        drop(guard);
        // Hashed is the copy: that one, nobody changes.
        let (got, size) = hash(copy.as_file()).during("read", copy.path())?;
        match expected {
            Some(&expected) if expected != got => Err(StoreError::DigestMismatch { expected, got }),
            _ => self.place_blob(copy, got, size).map(Some),
        }
    }

    /// Makes a link to a file that has no digest yet.
    pub(super) fn link(
        &self,
        from: &Path,
        make: impl FnMut(&Path, &Path) -> io::Result<()>,
    ) -> Result<Blob, StoreError> {
        let file = File::open(from).during("read", from)?;
        let identity = Identity::of(&file.metadata().during("read", from)?);
        let (digest, _) = hash(&file).during("read", from)?;
        self.protect(&digest)?;
        self.put_link(from, &digest, identity, make)
    }

    /// Gives a file a second name, that of a blob. `identity` is the file that was hashed.
    fn put_link(
        &self,
        from: &Path,
        digest: &Digest,
        identity: Identity,
        mut make: impl FnMut(&Path, &Path) -> io::Result<()>,
    ) -> Result<Blob, StoreError> {
        let folder = self.blobs()?;
        // A link is as old as its file and cannot be locked: the guard says that it is no remainder of a crash.
        let _guard = self.store().lock()?;
        let present = self.store().primary().blob(digest)?;
        if let Some(blob) = present.filter(|blob| blob.size == identity.size) {
            return Ok(blob);
        }
        let link = temporary(&folder, |path| make(from, path)).during("link to", from)?;
        if Identity::of(&fs::metadata(link.path()).during("read", from)?) != identity {
            return Err(StoreError::Changed(from.to_owned()));
        }
        let path = self.store().primary().blob_path(digest);
        link.persist(&path).map_err(|e| e.error).during("write", &path)?;
        sync_parent(&path)?;
        Ok(Blob { digest: *digest, size: identity.size, path })
    }
}

/// A new file with the name of a blob that is being written, made by `make`.
fn temporary<T>(folder: &Path, make: impl FnMut(&Path) -> io::Result<T>) -> io::Result<NamedTempFile<T>> {
    let (prefix, suffix) = TEMPORARY_BLOB;
    tempfile::Builder::new().prefix(prefix).suffix(suffix).make_in(folder, make)
}

/// Digest and size of a file.
fn hash(file: &File) -> io::Result<(Digest, u64)> {
    let mut hasher = Hasher::default();
    io::copy(&mut BufReader::with_capacity(1 << 18, file), &mut hasher)?;
    let size = hasher.bytes();
    Ok((hasher.finish(), size))
}
