//! The files of a checkpoint, by the names that they have in its folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::error::ImportError;
use super::object::Object;

/// Longest text file that is read, in bytes. The largest real ones, vocabularies, have about 35 MB.
const MAX_TEXT: u64 = 256 << 20;

/// The files of a Hugging Face folder: names relative to the folder, with `/` between parts, and where each file
/// lies. The two need not be alike: uploaded files lie under their digests.
#[derive(Clone, Debug, Default)]
pub struct Files(BTreeMap<String, PathBuf>);

impl Files {
    /// Files that are known by name, such as those of a request to create a model.
    pub fn new(files: impl IntoIterator<Item = (String, PathBuf)>) -> Self {
        let name = |name: String| name.trim_start_matches("./").replace('\\', "/");
        Self(files.into_iter().map(|(key, path)| (name(key), path)).collect())
    }

    /// The files of a folder and of the folders in it. Names that are not UTF-8 are left out.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn from_folder(folder: &Path) -> Result<Self, ImportError> {
        let mut files = BTreeMap::new();
        add_folder(folder, "", 1, &mut files)
            .map_err(|source| ImportError::read(&folder.display().to_string(), source))?;
        Ok(Self(files))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Names of the files that lie in the folder itself.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|name| !name.contains('/'))
    }

    pub(super) fn path(&self, name: &str) -> Option<&Path> {
        self.0.get(name).map(PathBuf::as_path)
    }

    /// The contents of a small file; `None` if it is not there.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, ImportError> {
        let Some(path) = self.0.get(name) else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = |bytes: &mut Vec<u8>| File::open(path)?.take(MAX_TEXT + 1).read_to_end(bytes);
        read(&mut bytes).map_err(|source| ImportError::read(name, source))?;
        if bytes.len() as u64 > MAX_TEXT {
            return Err(ImportError::file(name, format!("is larger than {} MiB", MAX_TEXT >> 20)));
        }
        Ok(Some(bytes))
    }

    /// A text file; `None` if it is not there.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, ImportError> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|e| {
            ImportError::file(name, format!("is not text: it is not UTF-8 ({})", e.utf8_error()))
        })?;
        // Some editors put a byte order mark in front.
        Ok(Some(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }))
    }

    /// A JSON file with an object in it; `None` if it is not there.
    pub(super) fn object(&self, name: &str) -> Result<Option<Object>, ImportError> {
        self.text(name)?.map(|text| Object::parse(name, &text)).transpose()
    }
}

/// Adds the files of a folder, and of those in it down to `depth` more levels.
fn add_folder(
    folder: &Path,
    prefix: &str,
    depth: u32,
    files: &mut BTreeMap<String, PathBuf>,
) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let name = format!("{prefix}{name}");
        // Links are followed: the cache of huggingface_hub is made of them. Broken ones do not count.
        match std::fs::metadata(&path) {
            Ok(about) if about.is_file() => drop(files.insert(name, path)),
            Ok(about) if about.is_dir() && depth > 0 => {
                add_folder(&path, &format!("{name}/"), depth - 1, files)?;
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
