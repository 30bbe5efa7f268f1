//! Removing models, and blobs that nobody needs any more.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use super::atomic::sync_parent;
use super::blob::TEMPORARY_BLOB;
use super::error::{During, unless_absent};
use super::folder::{Folder, read_manifest};
use super::lease::protected;
use super::lock::{self, Guard};
use super::{Digest, Manifest, Name, Store, StoreError};

/// How the names of manifests start while these are written.
pub(super) const TEMPORARY_MANIFEST: &str = ".quipu-";

/// What a clean-up removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// How many files in `blobs/`.
    pub files: usize,
    /// Their bytes; a link counts as nothing.
    pub bytes: u64,
}

/// How old something must be before [`Store::tidy`] takes it for garbage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ages {
    /// Blobs that no manifest needs, and downloads: pulling again goes on with them.
    pub(super) unused: Duration,
    /// Files that nobody writes to any more and nobody can resume.
    pub(super) temporary: Duration,
}

const AGES: Ages = Ages { unused: Duration::from_hours(7 * 24), temporary: Duration::from_hours(1) };

/// What the name of a file in `blobs/` says that it is.
#[derive(Debug)]
enum Kind {
    Blob(Digest),
    Partial(Digest),
    Temporary,
    /// Not of this program: not its business.
    Foreign,
}

impl Kind {
    fn of(file_name: &str) -> Self {
        let (prefix, suffix) = TEMPORARY_BLOB;
        if file_name.starts_with(prefix) && file_name.ends_with(suffix) {
            return Self::Temporary;
        }
        let (digest, partial) = match file_name.split_once("-partial") {
            Some((digest, part)) if part.bytes().all(|b| b == b'-' || b.is_ascii_digit()) => (digest, true),
            _ => (file_name, false),
        };
        match digest.parse() {
            Ok(digest) if partial => Self::Partial(digest),
            Ok(digest) => Self::Blob(digest),
            Err(_) => Self::Foreign,
        }
    }
}

impl Store {
    /// Deletes a model, and the blobs that only it needed.
    ///
    /// # Errors
    /// [`StoreError::ModelNotFound`]; [`StoreError::ReadOnly`] if it is in a folder that is only read; or if its
    /// manifest cannot be removed. That a blob cannot be removed is logged.
    pub fn delete(&self, name: &Name) -> Result<Freed, StoreError> {
        let guard = self.lock()?;
        let folder = self.primary();
        let name = folder.spelling(name)?;
        let path = folder.manifest_path(&name);
        // One that is damaged can be deleted too; what it needed, nobody knows.
        let manifest = read_manifest(&path).ok().flatten().map(|(manifest, _)| manifest);
        if unless_absent(fs::remove_file(&path)).during("remove", &path)?.is_none() {
            return Err(self.why_not_deleted(&name));
        }
        sync_parent(&path)?;
        self.remove_empty_folders(&path);
        Ok(manifest.map(|manifest| self.collect(&guard, &manifest)).unwrap_or_default())
    }

    /// Removes those blobs of a manifest that was replaced or deleted that no other one needs. That this fails is
    /// logged, and nobody's problem at that moment.
    ///
    /// # Errors
    /// If the store cannot be locked.
    pub fn remove_unused(&self, replaced: &Manifest) -> Result<Freed, StoreError> {
        let guard = self.lock()?;
        Ok(self.collect(&guard, replaced))
    }

    /// Removes what crashes and abandoned pulls left, if Quipu created the folder: of any other folder, it does not
    /// know what it is good for. Blobs and downloads stay for a week, since pulling the model again needs them.
    ///
    /// # Errors
    /// If the store cannot be locked or read, or a damaged manifest makes it unknown what is needed.
    pub fn tidy(&self) -> Result<Freed, StoreError> {
        if self.is_own() { self.tidy_older(AGES) } else { Ok(Freed::default()) }
    }

    pub(super) fn tidy_older(&self, ages: Ages) -> Result<Freed, StoreError> {
        let guard = self.lock()?;
        for path in self.primary().manifest_files().into_iter().flatten() {
            let name = path.file_name().and_then(|name| name.to_str());
            // Under the guard, nobody is writing one.
            if name.is_some_and(|name| name.starts_with(TEMPORARY_MANIFEST)) {
                fs::remove_file(&path).during("remove", &path)?;
                self.remove_empty_folders(&path);
            }
        }
        self.tidy_scratch(ages.temporary)?;
        let needed = self.needed(&guard)?;
        let leased = protected(&guard)?;
        let folder = self.primary().blobs();
        let mut freed = Freed::default();
        let Some(entries) = unless_absent(fs::read_dir(&folder)).during("list", &folder)? else {
            return Ok(freed);
        };
        for entry in entries {
            let path = entry.during("list", &folder)?.path();
            let garbage =
                match path.file_name().and_then(|name| name.to_str()).map_or(Kind::Foreign, Kind::of) {
                    Kind::Blob(digest) => !needed.contains(&digest) && is_older(&path, ages.unused),
                    Kind::Partial(digest) => !leased.contains(&digest) && is_older(&path, ages.unused),
                    Kind::Temporary => is_older(&path, ages.temporary) && is_abandoned(&path),
                    Kind::Foreign => false,
                };
            if garbage {
                remove_blob(&path, &mut freed);
            }
        }
        Ok(freed)
    }

    /// Removes what other programs left half-made.
    fn tidy_scratch(&self, age: Duration) -> Result<(), StoreError> {
        let folder = self.scratch_path();
        let Some(entries) = unless_absent(fs::read_dir(&folder)).during("list", &folder)? else {
            return Ok(());
        };
        for entry in entries {
            let path = entry.during("list", &folder)?.path();
            if is_older_throughout(&path, age) {
                let removed = if path.is_dir() && !path.is_symlink() {
                    fs::remove_dir_all(&path)
                } else {
                    fs::remove_file(&path)
                };
                removed.during("remove", &path)?;
            }
        }
        Ok(())
    }

    /// Removes blobs of this manifest, except those that are needed.
    fn collect(&self, guard: &Guard, of: &Manifest) -> Freed {
        let mut freed = Freed::default();
        match self.needed(guard) {
            Ok(needed) => {
                let unused = of.blobs().map(|layer| layer.digest).filter(|digest| !needed.contains(digest));
                for digest in unused.collect::<HashSet<_>>() {
                    if let Ok(Some(blob)) = self.primary().blob(&digest) {
                        remove_blob(&blob.path, &mut freed);
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "keeping blobs: it is unknown which are still needed"),
        }
        freed
    }

    /// The blobs of all manifests and living leases.
    ///
    /// # Errors
    /// If any of them cannot be read.
    fn needed(&self, guard: &Guard) -> Result<HashSet<Digest>, StoreError> {
        let mut needed = protected(guard)?;
        for path in self.primary().manifest_files() {
            let path = path?;
            match read_manifest(&path) {
                Ok(manifest) => {
                    needed.extend(
                        manifest.iter().flat_map(|(manifest, _)| manifest.blobs()).map(|layer| layer.digest),
                    );
                }
                // Without a name it is no model of anybody: notes, what a file manager left.
                Err(StoreError::BadManifest { .. }) if self.primary().name_of(&path).is_none() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(needed)
    }

    fn why_not_deleted(&self, name: &Name) -> StoreError {
        let has =
            |folder: &&Folder| folder.spelling(name).is_ok_and(|name| folder.manifest_path(&name).is_file());
        match self.read_only().find(has) {
            Some(folder) => StoreError::ReadOnly { name: name.clone(), folder: folder.root().to_owned() },
            None => StoreError::ModelNotFound(name.clone()),
        }
    }

    /// Removes the folders above a manifest as far as they are empty.
    fn remove_empty_folders(&self, manifest: &Path) {
        let top = self.primary().manifests();
        for folder in manifest.ancestors().skip(1).take_while(|folder| *folder != top) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}

/// Whether a file is that old. One from the future, or one that cannot be looked at, is not.
fn is_older(path: &Path, age: Duration) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|old| old >= age))
}

/// Whether a file, or a folder with all that is in it, is that old.
fn is_older_throughout(path: &Path, age: Duration) -> bool {
    let within = |entries: fs::ReadDir| {
        entries.into_iter().all(|entry| entry.is_ok_and(|entry| is_older_throughout(&entry.path(), age)))
    };
    is_older(path, age) && (!path.is_dir() || path.is_symlink() || fs::read_dir(path).is_ok_and(within))
}

/// Whether nobody writes to a temporary file any more: who does has it locked. A link has no writer.
fn is_abandoned(path: &Path) -> bool {
    path.is_symlink() || File::open(path).and_then(|file| lock::try_lock(&file)).unwrap_or(false)
}

fn remove_blob(path: &Path, freed: &mut Freed) {
    let bytes = fs::symlink_metadata(path).map_or(0, |m| if m.is_symlink() { 0 } else { m.len() });
    match fs::remove_file(path) {
        Ok(()) => {
            freed.files += 1;
            freed.bytes += bytes;
        }
        Err(error) => tracing::warn!(path = %path.display(), %error, "cannot remove an unused blob"),
    }
}
