//! Who is making a model, and which blobs that needs.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tempfile::NamedTempFile;

use super::atomic::{create_folder, new_file, place};
use super::error::{During, unless_absent};
use super::folder::{Folder, read_manifest};
use super::garbage::TEMPORARY_MANIFEST;
use super::lock::{self, Guard};
use super::{Blob, Digest, Layer, Manifest, Name, Store, StoreError};

/// Leave to make a model: while a lease lives, the blobs that were asked for or written through it stay, though
/// no manifest needs them yet. Every pull and create has one, from its first look at what is there until its
/// manifest is written. Cheap to clone; the last clone that is dropped ends it, and so does the end of the
/// process.
#[derive(Clone, Debug)]
pub struct Lease {
    store: Store,
    held: Arc<Held>,
}

/// A file with one digest per line, locked as long as the lease lives. Its removal ends the lease in good order;
/// after a crash it is there, but not locked.
#[derive(Debug)]
struct Held {
    file: NamedTempFile,
    digests: Mutex<HashSet<Digest>>,
}

impl Lease {
    pub(super) fn new(store: Store) -> Result<Self, StoreError> {
        // Under the guard, so that nobody takes the file for a dead one before it is locked.
        let guard = store.lock()?;
        let folder = guard.leases();
        create_folder(&folder)?;
        let file = new_file(&folder, "", "")?;
        lock::lock(file.as_file()).during("lock", file.path())?;
        Ok(Self { store, held: Arc::new(Held { file, digests: Mutex::default() }) })
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// From here on, nobody removes this blob. It need not exist yet.
    pub(super) fn protect(&self, digest: &Digest) -> Result<(), StoreError> {
        let mut digests = self.held.digests.lock();
        if !digests.contains(digest) {
            // Under the guard, so that this is before or after a collection, but not within.
            let _guard = self.store.lock()?;
            let line = format!("{digest}\n");
            self.held.file.as_file().write_all(line.as_bytes()).during("write", self.held.file.path())?;
            digests.insert(*digest);
        }
        Ok(())
    }

    /// Whether the blob of a layer is there, whole; if so, it stays while the lease lives. A blob in a folder that
    /// is only read is linked, else copied, into the folder that is written: its owner may remove it any time.
    ///
    /// # Errors
    /// If reading, or copying, fails.
    pub fn have(&self, layer: &Layer) -> Result<bool, StoreError> {
        self.protect(&layer.digest)?;
        let whole = |folder: &Folder| Ok(folder.blob(&layer.digest)?.filter(|blob| blob.size == layer.size));
        match self.store.first(whole)? {
            Some((theirs, true)) => self.adopt(&theirs).map(|_| true),
            found => Ok(found.is_some()),
        }
    }

    /// A blob by its digest, as [`Store::blob`] finds it; it stays while the lease lives.
    ///
    /// # Errors
    /// If reading fails.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Blob>, StoreError> {
        self.protect(digest)?;
        self.store.blob(digest)
    }

    /// Writes a manifest: from here on, the model is there under this name, and its blobs stay without a lease.
    /// Returns the manifest that had the name before, for [`Store::remove_unused`].
    ///
    /// # Errors
    /// [`StoreError::BlobNotFound`] or [`StoreError::Damaged`] if the manifest refers to a blob that is not there,
    /// whole; or if writing fails.
    pub fn write_manifest(&self, name: &Name, manifest: &Manifest) -> Result<Option<Manifest>, StoreError> {
        for layer in manifest.blobs() {
            if !self.have(layer)? {
                return Err(self.store.why_not_whole(layer));
            }
        }
        let _guard = self.store.lock()?;
        let folder = self.store.primary();
        let name = folder.spelling(name)?;
        let path = folder.manifest_path(&name);
        // One that is damaged is replaced like one that is not there: what it needed, nobody knows.
        let replaced = read_manifest(&path).ok().flatten().map(|(manifest, _)| manifest);
        let parent = path.parent().unwrap_or(folder.root());
        create_folder(parent)?;
        // No name starts with a dot: who lists the folder meanwhile does not take this for a model.
        let mut file = new_file(parent, TEMPORARY_MANIFEST, "")?;
        file.write_all(manifest.bytes()).during("write", &path)?;
        place(file, &path)?;
        Ok(replaced)
    }
}

/// What the living leases protect. Files of dead ones are removed.
pub(super) fn protected(guard: &Guard) -> Result<HashSet<Digest>, StoreError> {
    let folder = guard.leases();
    let mut digests = HashSet::new();
    let Some(entries) = unless_absent(fs::read_dir(&folder)).during("list", &folder)? else {
        return Ok(digests);
    };
    for entry in entries {
        let path = entry.during("list", &folder)?.path();
        digests.extend(read_lease(&path)?);
    }
    Ok(digests)
}

/// The digests in the file of a lease; none if it is dead.
fn read_lease(path: &Path) -> Result<Vec<Digest>, StoreError> {
    // Gone, if it ended since the folder was listed.
    let Some(mut file) = unless_absent(File::open(path)).during("open", path)? else {
        return Ok(Vec::new());
    };
    if lock::try_lock(&file).during("lock", path)? {
        unless_absent(fs::remove_file(path)).during("remove", path)?;
        return Ok(Vec::new());
    }
    let mut text = String::new();
    file.read_to_string(&mut text).during("read", path)?;
    text.lines().map(str::parse).collect()
}
