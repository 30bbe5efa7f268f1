//! Reading a model folder, whoever wrote it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use parking_lot::Mutex;
use serde::de::Error as _;

use super::error::{During, unless_absent};
use super::{Blob, Digest, Manifest, Name, StoreError};

/// Manifests are a few hundred bytes, those with a layer for each tensor a megabyte. A file beyond this is none.
const MAX_MANIFEST: u64 = 16 << 20;

/// A folder with `manifests/` and `blobs/`. It need not exist: then it is empty.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// What the log has already; clients list models every few seconds.
    reported: Mutex<HashSet<PathBuf>>,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, reported: Mutex::default() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn manifests(&self) -> PathBuf {
        self.root.join("manifests")
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    pub(super) fn manifest_path(&self, name: &Name) -> PathBuf {
        self.manifests().join(name.path())
    }

    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.file_name())
    }

    /// Name, manifest and time of every model. What is damaged or has no name is logged and left out; an error
    /// says that the folder as a whole cannot be read.
    pub(super) fn list(&self) -> Result<Vec<(Name, Manifest, SystemTime)>, StoreError> {
        let manifests = self.manifests();
        unless_absent(fs::read_dir(&manifests)).during("list", &manifests)?;
        let named = |path: PathBuf| {
            let name = self.name_of(&path)?;
            let (manifest, modified) = read_manifest(&path).inspect_err(|e| self.report(&path, e)).ok()??;
            Some((name, manifest, modified))
        };
        let files = self.manifest_files().into_iter();
        let files = files.filter_map(|path| path.inspect_err(|e| self.report(&self.root, e)).ok());
        Ok(files.filter_map(named).collect())
    }

    /// Logs, once, why what is at a path is as if it were not there.
    pub(super) fn report(&self, path: &Path, error: &StoreError) {
        if self.reported.lock().insert(path.to_owned()) {
            tracing::warn!(%error, "some of the models on this machine cannot be used");
        }
    }

    /// The model of this name, spelled as it is in the folder.
    pub(super) fn find(&self, name: &Name) -> Result<Option<(Name, Manifest, SystemTime)>, StoreError> {
        let name = self.spelling(name)?;
        let found = read_manifest(&self.manifest_path(&name))?;
        Ok(found.map(|(manifest, modified)| (name, manifest, modified)))
    }

    /// A name in the letters that the folder uses for it, or would use: letter case does not make another
    /// model, not even another host.
    pub(super) fn spelling(&self, name: &Name) -> Result<Name, StoreError> {
        if self.manifest_path(name).is_file() {
            return Ok(name.clone());
        }
        let spelling = longest_match(&self.manifests(), &name.parts())?;
        Ok(name.clone().respelled(spelling))
    }

    /// What lies where manifests do: `manifests/<host>/<namespace>/<model>/<tag>`. An error stands for what
    /// could not be looked at.
    pub(super) fn manifest_files(&self) -> Vec<Result<PathBuf, StoreError>> {
        let mut found = Vec::new();
        walk(&self.manifests(), 4, &mut found);
        found
    }

    /// The name that belongs to the path of a manifest, if that is one.
    pub(super) fn name_of(&self, manifest: &Path) -> Option<Name> {
        Name::from_path(manifest.strip_prefix(self.manifests()).ok()?)
    }

    /// A blob, if it is there. Stores of early versions of Ollama have a colon in the names of the files.
    pub(super) fn blob(&self, digest: &Digest) -> Result<Option<Blob>, StoreError> {
        for name in [digest.file_name(), digest.to_string()] {
            let path = self.blobs().join(name);
            let metadata = unless_absent(fs::metadata(&path)).during("read", &path)?;
            if let Some(metadata) = metadata.filter(fs::Metadata::is_file) {
                return Ok(Some(Blob { digest: *digest, size: metadata.len(), path }));
            }
        }
        Ok(None)
    }
}

/// Reads a manifest and the time at which it was written; `None` if it is not there, or no file.
pub(super) fn read_manifest(path: &Path) -> Result<Option<(Manifest, SystemTime)>, StoreError> {
    // Looked at first, because to open a pipe would block.
    let metadata = unless_absent(fs::metadata(path)).during("read", path)?;
    if !metadata.is_some_and(|m| m.is_file()) {
        return Ok(None);
    }
    let read = |mut file: File| {
        let mut bytes = Vec::new();
        let modified = file.metadata()?.modified()?;
        (&mut file).take(MAX_MANIFEST + 1).read_to_end(&mut bytes)?;
        Ok::<_, io::Error>((bytes, modified))
    };
    let Some((bytes, modified)) = unless_absent(File::open(path).and_then(read)).during("read", path)? else {
        return Ok(None);
    };
    let manifest = if bytes.len() as u64 > MAX_MANIFEST {
        Err(serde_json::Error::custom("it is larger than 16 MiB"))
    } else {
        Manifest::parse(bytes)
    };
    let damaged = |source| StoreError::BadManifest { path: path.to_owned(), source };
    Ok(Some((manifest.map_err(damaged)?, modified)))
}

/// All paths `depth` levels below a folder.
fn walk(folder: &Path, depth: usize, found: &mut Vec<Result<PathBuf, StoreError>>) {
    let entries = match unless_absent(fs::read_dir(folder)).during("list", folder) {
        Ok(Some(entries)) => entries,
        Ok(None) => return,
        Err(error) => return found.push(Err(error)),
    };
    for entry in entries {
        match entry.during("list", folder) {
            Err(error) => found.push(Err(error)),
            Ok(entry) if depth == 1 => found.push(Ok(entry.path())),
            Ok(entry) => walk(&entry.path(), depth - 1, found),
        }
    }
}

/// How a folder spells the first of these parts: as many as it has below one another.
fn longest_match(folder: &Path, parts: &[&str]) -> Result<Vec<String>, StoreError> {
    let mut longest = Vec::new();
    let Some((part, rest)) = parts.split_first() else { return Ok(longest) };
    for spelling in spellings(folder, part)? {
        let below = longest_match(&folder.join(&spelling), rest)?;
        if below.len() >= longest.len() {
            longest = below;
            longest.insert(0, spelling);
        }
        if longest.len() == parts.len() {
            break;
        }
    }
    Ok(longest)
}

/// The entries of a folder that differ from `part` in letter case at most: the same spelling first.
fn spellings(folder: &Path, part: &str) -> Result<Vec<String>, StoreError> {
    let Some(entries) = unless_absent(fs::read_dir(folder)).during("list", folder)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in entries {
        let spelling = entry.during("list", folder)?.file_name().into_string();
        found.extend(spelling.ok().filter(|spelling| spelling.eq_ignore_ascii_case(part)));
    }
    found.sort_by_key(|spelling| (spelling != part, spelling.clone()));
    Ok(found)
}
