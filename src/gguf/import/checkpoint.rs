//! The safetensors files of a checkpoint: which tensor lies where.
//!
//! ```text
//!  byte 0   n: u64, little-endian            length of the header
//!       8   n bytes of JSON                  {"name": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]}, …}
//!   8 + n   data                             offsets count from here; tensors follow each other without gaps
//! ```
//!
//! The `safetensors` crate reads and checks the header: sizes agree with shapes, nothing overlaps. That the data
//! is all there is checked here. Only headers are read; the data stays in the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, Metadata};

use super::error::ImportError;
use super::files::Files;
use super::object::Object;

/// Longest header, in bytes: the limit of the format.
const MAX_HEADER: u64 = 100_000_000;
const INDEX: &str = "model.safetensors.index.json";
const DAMAGED: &str = "the file is truncated or damaged, download it again";

/// A tensor of a safetensors file.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// Its name in the checkpoint.
    pub name: String,
    /// The file that it is in.
    pub file: String,
    pub path: PathBuf,
    pub dtype: Dtype,
    /// Rows first.
    pub shape: Vec<u64>,
    /// Where its data starts, in bytes from the start of the file.
    pub offset: u64,
}

/// All tensors of a checkpoint, by name.
#[derive(Debug)]
pub(super) struct Checkpoint {
    pub tensors: BTreeMap<String, Stored>,
}

impl Checkpoint {
    /// Reads the headers of the weights of a model.
    pub(super) fn open(files: &Files) -> Result<Self, ImportError> {
        let index = files.object(INDEX)?;
        let parts = match &index {
            Some(index) => parts_of_index(index, files)?,
            None => parts_of_names(files)?,
        };
        let mut checkpoint = Self { tensors: BTreeMap::new() };
        for part in &parts {
            checkpoint.add(part, files)?;
        }
        if let Some(index) = &index {
            checkpoint.check_index(index)?;
        }
        Ok(checkpoint)
    }

    fn add(&mut self, name: &str, files: &Files) -> Result<(), ImportError> {
        let path = files.path(name).ok_or_else(|| missing(name))?;
        for stored in read_header(name, path)? {
            let twice = format!("is there twice: also in {}", stored.file);
            if let Some(other) = self.tensors.insert(stored.name.clone(), stored) {
                return Err(ImportError::tensor(&other.file, &other.name, twice));
            }
        }
        Ok(())
    }

    /// Every tensor of the index must be in the file that the index says.
    fn check_index(&self, index: &Object) -> Result<(), ImportError> {
        for (tensor, file) in weight_map(index)? {
            if self.tensors.get(&tensor).is_none_or(|stored| stored.file != file) {
                return Err(ImportError::tensor(&file, &tensor, format!("is missing, but {INDEX} names it")));
            }
        }
        Ok(())
    }
}

fn missing(file: &str) -> ImportError {
    ImportError::missing(file, "it has a part of the weights; add it, or download the model again")
}

fn weight_map(index: &Object) -> Result<Vec<(String, String)>, ImportError> {
    let map = index.object("weight_map")?.ok_or_else(|| ImportError::file(INDEX, "has no \"weight_map\""))?;
    map.keys()
        .map(|tensor| Ok((tensor.to_owned(), map.text(tensor)?.unwrap_or_default().to_owned())))
        .collect()
}

fn parts_of_index(index: &Object, files: &Files) -> Result<Vec<String>, ImportError> {
    let parts: BTreeSet<String> = weight_map(index)?.into_iter().map(|(_, file)| file).collect();
    match parts.iter().find(|part| !files.contains(part)) {
        Some(part) => Err(missing(part)),
        None => Ok(parts.into_iter().collect()),
    }
}

/// The weights of a folder without an index: `model*.safetensors`, or else all safetensors files.
fn parts_of_names(files: &Files) -> Result<Vec<String>, ImportError> {
    let all: Vec<&str> = files.names().filter(|name| name.ends_with(".safetensors")).collect();
    let model: Vec<&str> = all.iter().copied().filter(|name| name.starts_with("model")).collect();
    let parts = if model.is_empty() { all } else { model };
    for part in &parts {
        check_numbered(part, &parts)?;
    }
    if !parts.is_empty() {
        return Ok(parts.into_iter().map(str::to_owned).collect());
    }
    let pickled = [".bin", ".pth", ".pt"];
    let advice = match files.names().find(|name| pickled.iter().any(|end| name.ends_with(end))) {
        None => "there are no weights to import".to_owned(),
        Some(name) => {
            format!("{name} is a pickle, which is not read; use the safetensors files of the model")
        }
    };
    Err(ImportError::missing("model.safetensors", &advice))
}

/// If a file is `…-00001-of-00003.safetensors`, the other two must be there.
fn check_numbered(part: &str, parts: &[&str]) -> Result<(), ImportError> {
    let Some((prefix, count)) = numbered(part) else { return Ok(()) };
    // No more are looked for than can be there.
    for no in 1..=count.min(parts.len() as u64 + 1) {
        let other = format!("{prefix}-{no:05}-of-{count:05}.safetensors");
        if !parts.contains(&other.as_str()) {
            return Err(missing(&other));
        }
    }
    Ok(())
}

fn numbered(part: &str) -> Option<(&str, u64)> {
    let (rest, count) = part.strip_suffix(".safetensors")?.rsplit_once("-of-")?;
    let (prefix, no) = rest.rsplit_once('-')?;
    let digits = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(no) && digits(count)).then_some((prefix, count.parse().ok()?))
}

/// Reads and checks the header of one safetensors file.
pub(super) fn read_header(name: &str, path: &Path) -> Result<Vec<Stored>, ImportError> {
    let read = |source| ImportError::read(name, source);
    if !std::fs::metadata(path).map_err(read)?.is_file() {
        return Err(read(io::Error::other("this is not a file")));
    }
    let mut file = File::open(path).map_err(read)?;
    let file_len = file.metadata().map_err(read)?.len();
    if file_len < 8 {
        return Err(ImportError::file(
            name,
            format!("has {file_len} bytes, fewer than any safetensors file: {DAMAGED}"),
        ));
    }
    let mut len = [0; 8];
    file.read_exact(&mut len).map_err(read)?;
    let len = u64::from_le_bytes(len);
    if len > MAX_HEADER || len > file_len - 8 {
        let problem = format!(
            "says that its header has {len} bytes, in a file of {file_len}: {DAMAGED}, or it is no safetensors file"
        );
        return Err(ImportError::file(name, problem));
    }
    let mut header = vec![0; len as usize];
    file.read_exact(&mut header).map_err(read)?;
    let header: Metadata = serde_json::from_slice(&header).map_err(|error| {
        ImportError::file(name, format!("has a damaged header: {error}; download it again"))
    })?;
    let (needed, left) = (header.data_len() as u64, file_len - 8 - len);
    if needed != left {
        let problem = format!("has {left} bytes of weights where its header tells of {needed}: {DAMAGED}");
        return Err(ImportError::file(name, problem));
    }
    let stored = |(tensor, info): (String, &safetensors::tensor::TensorInfo)| Stored {
        name: tensor,
        file: name.to_owned(),
        path: path.to_owned(),
        dtype: info.dtype,
        shape: info.shape.iter().map(|n| *n as u64).collect(),
        offset: 8 + len + info.data_offsets.0 as u64,
    };
    Ok(header.tensors().into_iter().map(stored).collect())
}
