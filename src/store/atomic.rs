//! Files that are there as a whole or not at all, whatever crashes when.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

use super::StoreError;
use super::error::During;

/// A new file in `folder`, gone when dropped before it has its place. Readable for whom the umask allows:
/// folders of models are shared with services that run as another user.
pub(super) fn new_file(folder: &Path, prefix: &str, suffix: &str) -> Result<NamedTempFile, StoreError> {
    tempfile::Builder::new()
        .prefix(prefix)
        .suffix(suffix)
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .during("create a file in", folder)
}

/// Gives a file its place, in the same folder. After this it survives a power failure, too.
pub(super) fn place(file: NamedTempFile, path: &Path) -> Result<(), StoreError> {
    file.as_file().sync_all().during("write", path)?;
    file.persist(path).map_err(|e| e.error).during("write", path)?;
    sync_parent(path)
}

/// Makes what was renamed, linked or removed at `path` survive a power failure.
pub(super) fn sync_parent(path: &Path) -> Result<(), StoreError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    match File::open(parent).and_then(|folder| folder.sync_all()) {
        // Not every file system can do this to folders; those that cannot do not need it, or could not help it.
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result.during("write to", parent),
    }
}

/// Creates a folder and what is above it.
pub(super) fn create_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_folder(parent)?;
    }
    match fs::create_dir(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) => Err(e).during("create the folder", path),
        Ok(()) => sync_parent(path),
    }
}
