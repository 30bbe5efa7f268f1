//! The files of a folder that make a model.
//!
//! ```text
//!   weights: the first row with matches                  and what belongs to them
//!     model*.safetensors, also one folder deeper           *.json, also one folder deeper
//!     consolidated*.safetensors                            chat_template.jinja
//!     pytorch_model*.bin                                   tokenizer.model
//!     consolidated*.pth
//!     *.gguf
//!     *.bin
//! ```
//!
//! What a file is, is told by its first bytes: a file that only points to weights kept elsewhere, as a clone
//! without git-lfs has it, is none.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::ModelfileError;
use super::files::LocalFile;

/// Files that weights come in: `prefix*suffix`, in the order of preference.
pub(super) struct Weights {
    prefix: &'static str,
    suffix: &'static str,
    /// What they must be; files of safetensors start with anything.
    content: Option<Content>,
    /// Whether those one folder deeper belong to them: modules of sentence transformers.
    nested: bool,
}

const fn weights(prefix: &'static str, suffix: &'static str, content: Option<Content>) -> Weights {
    Weights { prefix, suffix, content, nested: false }
}

pub(super) const MODEL_WEIGHTS: &[Weights] = &[
    Weights { prefix: "model", suffix: ".safetensors", content: None, nested: true },
    weights("consolidated", ".safetensors", None),
    weights("pytorch_model", ".bin", Some(Content::Zip)),
    weights("consolidated", ".pth", Some(Content::Zip)),
    weights("", ".gguf", Some(Content::Binary)),
    weights("", ".bin", Some(Content::Binary)),
];

/// Adapters are `adapter_model.safetensors` from PEFT, `adapters.safetensors` from MLX, or as models are.
pub(super) const ADAPTER_WEIGHTS: &[Weights] = &[
    weights("adapter", ".safetensors", None),
    weights("model", ".safetensors", None),
    weights("", ".gguf", Some(Content::Binary)),
    weights("", ".bin", Some(Content::Binary)),
];

/// The weights in a folder and what belongs to them.
pub(super) fn folder_files(folder: &Path, weights: &[Weights]) -> Result<Vec<LocalFile>, ModelfileError> {
    let folder = fs::canonicalize(folder).map_err(ModelfileError::io(folder))?;
    let entries = Entries::read(&folder)?;
    let mut files = entries.weights(weights)?.ok_or_else(|| ModelfileError::NoModelFiles {
        folder: folder.clone(),
        expected: weights.iter().map(|w| format!("{}*{}", w.prefix, w.suffix)).collect::<Vec<_>>().join(", "),
    })?;
    files.extend(entries.side_files()?);
    files.into_iter().map(|entry| entry.local_file(&folder)).collect()
}

/// A file of a folder, or of a folder in it.
struct Entry {
    /// Without the folder deeper.
    file_name: String,
    /// Relative to the folder, with `/`.
    name: String,
    path: PathBuf,
}

impl Entry {
    fn content(&self) -> Result<Content, ModelfileError> {
        Content::of(&self.path).map_err(ModelfileError::io(&self.path))
    }

    fn local_file(&self, folder: &Path) -> Result<LocalFile, ModelfileError> {
        let path = fs::canonicalize(&self.path).map_err(ModelfileError::io(&self.path))?;
        if !path.starts_with(folder) {
            return Err(ModelfileError::InsecurePath { name: self.name.clone(), target: path });
        }
        Ok(LocalFile { name: self.name.clone(), path })
    }
}

/// The files of a folder, sorted by name.
struct Entries {
    top: Vec<Entry>,
    /// In the folders in it, but for hidden ones: these are tools' own.
    nested: Vec<Entry>,
}

impl Entries {
    fn read(folder: &Path) -> Result<Self, ModelfileError> {
        let (top, folders) = list(folder, "").map_err(ModelfileError::io(folder))?;
        let mut nested = Vec::new();
        for inner in folders.iter().filter(|inner| !inner.file_name.starts_with('.')) {
            // A folder that cannot be read holds nothing that the model needs: its files are looked for, not
            // named.
            if let Ok((files, _)) = list(&inner.path, &format!("{}/", inner.name)) {
                nested.extend(files);
            }
        }
        Ok(Self { top, nested })
    }

    /// The files of the first kind of weights that there are.
    fn weights(&self, kinds: &[Weights]) -> Result<Option<Vec<&Entry>>, ModelfileError> {
        for kind in kinds {
            let matches = |entry: &&Entry| {
                entry.file_name.strip_prefix(kind.prefix).is_some_and(|rest| rest.ends_with(kind.suffix))
            };
            let mut files: Vec<_> = self.top.iter().filter(matches).collect();
            if files.is_empty() || !all_are(&files, kind.content)? {
                continue;
            }
            if kind.nested {
                files.extend(self.nested.iter().filter(matches));
            }
            return Ok(Some(files));
        }
        Ok(None)
    }

    /// Configuration, template and tokenizer.
    fn side_files(&self) -> Result<Vec<&Entry>, ModelfileError> {
        let named = |name: &'static str| move |entry: &&Entry| entry.file_name == name;
        let mut files: Vec<_> =
            self.top.iter().chain(&self.nested).filter(|entry| entry.file_name.ends_with(".json")).collect();
        files.extend(self.top.iter().filter(named("chat_template.jinja")));
        for file in &files {
            let found = file.content()?;
            if found != Content::Text {
                let (expected, found) = (Content::Text.mime_type(), found.mime_type());
                return Err(ModelfileError::ContentType { expected, found, path: file.path.clone() });
            }
        }
        for entry in self.top.iter().chain(&self.nested).filter(named("tokenizer.model")) {
            if entry.content()? == Content::Binary {
                files.push(entry);
                break;
            }
        }
        Ok(files)
    }
}

fn all_are(files: &[&Entry], content: Option<Content>) -> Result<bool, ModelfileError> {
    let Some(content) = content else { return Ok(true) };
    for file in files {
        if file.content()? != content {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The files and the folders in a folder, sorted by name. A link that leads nowhere counts as a file: who
/// needs it shall be told.
fn list(folder: &Path, prefix: &str) -> std::io::Result<(Vec<Entry>, Vec<Entry>)> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let list = match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => &mut folders,
            Ok(metadata) if !metadata.is_file() => continue,
            _ => &mut files,
        };
        list.push(Entry { name: format!("{prefix}{file_name}"), file_name, path });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    folders.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((files, folders))
}

/// What the first bytes of a file look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// PyTorch's files are zip archives.
    Zip,
    Binary,
    Text,
}

impl Content {
    /// By the first 512 bytes, as browsers tell text from data: text has no control characters but a few.
    fn of(path: &Path) -> std::io::Result<Self> {
        let mut start = Vec::new();
        File::open(path)?.take(512).read_to_end(&mut start)?;
        let is_data = |byte: &u8| matches!(byte, 0..=0x08 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F);
        Ok(if start.starts_with(b"PK\x03\x04") {
            Self::Zip
        } else if start.iter().any(is_data) {
            Self::Binary
        } else {
            Self::Text
        })
    }

    fn mime_type(self) -> &'static str {
        match self {
            Self::Zip => "application/zip",
            Self::Binary => "application/octet-stream",
            Self::Text => "text/plain",
        }
    }
}
