//! Makes one GGUF file of a model that is split over several.
//!
//! ```text
//!  model-00001-of-00003.gguf    all metadata, and the first tensors     split.no = 0
//!  model-00002-of-00003.gguf    further tensors                         split.no = 1
//!  model-00003-of-00003.gguf    further tensors                         split.no = 2
//!                               each: split.count = 3, split.tensors.count = tensors in all of them
//! ```
//!
//! The merged file has the metadata of the first part without the `split.*` keys, and the tensors of all parts in
//! their order. Their data is copied as it is, a few megabytes at a time.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::import::{Meter, Progress};
use super::{GgufError, GgufFile, GgufWriter, open};

/// Bytes that are copied at once.
const CHUNK: u64 = 4 << 20;

/// Why parts cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The names are not those of one split model.
    #[error("{0:?} is no part of a split model like the others: names end in -00001-of-00003.gguf")]
    Name(String),
    /// A part of the set is not there.
    #[error("{0} is missing: all parts of a split model are needed")]
    Missing(String),
    /// A part cannot be read, or is not sound.
    #[error("{name}: {source}")]
    Part {
        /// The part.
        name: String,
        /// What is wrong with it.
        source: GgufError,
    },
    /// A part says of itself what its name does not.
    #[error("{name}: {key:?} is {found}, not {expected}: the part does not belong to these others")]
    Split {
        /// The part.
        name: String,
        /// The metadata key.
        key: &'static str,
        /// What it should be.
        expected: u64,
        /// What it is, or `missing`.
        found: String,
    },
    /// The merged file cannot be written.
    #[error(transparent)]
    Write(#[from] GgufError),
    /// The progress callback asked for it.
    #[error("merging was cancelled")]
    Cancelled,
}

/// Takes the name of a part of a split model apart: what the parts have in common, its number from 1, and how many
/// there are. `None` for other names.
///
/// ```
/// # use quipu::gguf::merge::part_of_name;
/// assert_eq!(part_of_name("a/model-00002-of-00003.gguf"), Some(("a/model", 2, 3)));
/// assert_eq!(part_of_name("model.gguf"), None);
/// ```
#[must_use]
pub fn part_of_name(name: &str) -> Option<(&str, u64, u64)> {
    let (rest, count) = name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
    let (prefix, no) = rest.rsplit_once('-')?;
    let number = |digits: &str| match digits.len() {
        5 if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    let (no, count) = (number(no)?, number(count)?);
    (1..=count).contains(&no).then_some((prefix, no, count))
}

/// The parts of a split model, read and found to belong together, ready to be written as one.
#[derive(Debug)]
#[must_use = "nothing is merged before it is written"]
pub struct Merge {
    /// In their order.
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    name: String,
    path: PathBuf,
    header: GgufFile,
}

impl Merge {
    /// Reads the headers of all parts: pairs of a name, which tells the place of the part, and where it lies.
    ///
    /// # Errors
    /// If a part is missing, is there twice, is not sound, or says that it belongs to another set.
    pub fn open(files: impl IntoIterator<Item = (String, PathBuf)>) -> Result<Self, MergeError> {
        let mut files: Vec<(String, PathBuf)> = files.into_iter().collect();
        files.sort();
        let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
        check_names(&names)?;
        let mut parts = Vec::with_capacity(files.len());
        for (name, path) in files {
            let header = open(&path).map_err(|source| MergeError::Part { name: name.clone(), source })?;
            parts.push(Part { name, path, header });
        }
        let tensors = parts.iter().map(|part| part.header.tensors().len() as u64).sum();
        for (no, part) in (0..).zip(&parts) {
            part.expect("split.no", no)?;
            part.expect("split.count", parts.len() as u64)?;
            part.expect("split.tensors.count", tensors)?;
        }
        Ok(Self { parts })
    }

    /// Bytes of weights that will be written: the total that `progress` is told.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let tensors = self.parts.iter().flat_map(|part| part.header.tensors());
        tensors.map(|tensor| tensor.bytes).fold(0, u64::saturating_add)
    }

    /// Writes the merged file. Output is buffered.
    ///
    /// # Errors
    /// If parts cannot be read (any more), have a tensor twice between them, writing fails, or `progress` breaks.
    /// What was written until then is of no use.
    pub fn write(&self, out: impl Write, progress: &mut Progress<'_>) -> Result<(), MergeError> {
        let mut meter = Meter::new(self.bytes(), progress);
        let mut writer = GgufWriter::new();
        let metadata = self.parts.first().map(|part| part.header.metadata()).unwrap_or_default();
        for (key, value) in metadata.iter().filter(|(key, _)| !key.starts_with("split.")) {
            writer = writer.metadata(key.as_str(), value.clone());
        }
        for tensor in self.parts.iter().flat_map(|part| part.header.tensors()) {
            writer = writer.tensor(tensor.name.as_str(), tensor.dims.as_slice(), tensor.tensor_type);
        }
        let mut writer = writer.start(BufWriter::new(out))?;
        for part in &self.parts {
            part.copy(|bytes| {
                writer.write_part(bytes)?;
                if meter.advance(bytes.len()).is_break() { Err(MergeError::Cancelled) } else { Ok(()) }
            })?;
        }
        writer.finish()?;
        Ok(())
    }
}

/// Names must be those of a whole set. They are sorted.
fn check_names(names: &[String]) -> Result<(), MergeError> {
    let first = names.first().ok_or_else(|| MergeError::Missing("the first part".to_owned()))?;
    let (prefix, _, count) = part_of_name(first).ok_or_else(|| MergeError::Name(first.clone()))?;
    for (no, name) in (1..).zip(names) {
        match part_of_name(name) {
            Some((other, number, of)) if (other, of) == (prefix, count) && number == no => {}
            Some((other, number, of)) if (other, of) == (prefix, count) && number > no => {
                return Err(MergeError::Missing(name_of_part(prefix, no, count)));
            }
            _ => return Err(MergeError::Name(name.clone())),
        }
    }
    let found = names.len() as u64;
    if found < count { Err(MergeError::Missing(name_of_part(prefix, found + 1, count))) } else { Ok(()) }
}

fn name_of_part(prefix: &str, no: u64, count: u64) -> String {
    format!("{prefix}-{no:05}-of-{count:05}.gguf")
}

impl Part {
    fn expect(&self, key: &'static str, expected: u64) -> Result<(), MergeError> {
        let found = match self.header.u64(key) {
            Some(found) if found == expected => return Ok(()),
            Some(found) => found.to_string(),
            None => "missing".to_owned(),
        };
        Err(MergeError::Split { name: self.name.clone(), key, expected, found })
    }

    /// Reads the data of the tensors, one after the other, piece by piece.
    fn copy(&self, mut put: impl FnMut(&[u8]) -> Result<(), MergeError>) -> Result<(), MergeError> {
        let read = |source: io::Error| MergeError::Part { name: self.name.clone(), source: source.into() };
        let mut file = File::open(&self.path).map_err(read)?;
        let mut bytes = Vec::new();
        for tensor in self.header.tensors() {
            file.seek(SeekFrom::Start(self.header.data_offset() + tensor.offset)).map_err(read)?;
            let mut left = tensor.bytes;
            while left > 0 {
                let len = left.min(CHUNK);
                bytes.resize(len as usize, 0);
                file.read_exact(&mut bytes).map_err(read)?;
                put(&bytes)?;
                left -= len;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use tempfile::TempDir;

    use super::super::{TensorType, Value};
    use super::*;

    /// Two tensors in the first part, none in the second, one in the third.
    fn split() -> (TempDir, Vec<(String, PathBuf)>) {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for no in 0..3_u16 {
            let mut writer = GgufWriter::new();
            if no == 0 {
                writer =
                    writer.metadata("general.architecture", "llama").metadata("llama.block_count", 1_u32);
            }
            writer = writer.metadata("split.no", no).metadata("split.count", 3_u16);
            writer = writer.metadata("split.tensors.count", 3_i32);
            let tensors: &[(&str, u64)] =
                [&[("a", 3), ("b", 33)][..], &[], &[("c", 1 << 21)]][usize::from(no)];
            for (name, len) in tensors {
                writer = writer.tensor(*name, [*len], TensorType::I16);
            }
            let mut writer = writer.start(Vec::new()).unwrap();
            for (name, len) in tensors {
                writer.write(&data(name, *len)).unwrap();
            }
            let name = name_of_part("x/model", u64::from(no) + 1, 3);
            let path = folder.path().join(format!("blob{no}"));
            std::fs::write(&path, writer.finish().unwrap()).unwrap();
            files.push((name, path));
        }
        (folder, files)
    }

    fn data(name: &str, len: u64) -> Vec<u8> {
        name.bytes().cycle().take(len as usize * 2).collect()
    }

    fn error(files: Vec<(String, PathBuf)>) -> String {
        Merge::open(files).unwrap_err().to_string()
    }

    #[test]
    fn parts_become_one() {
        let (_folder, mut files) = split();
        files.rotate_left(1);
        let merge = Merge::open(files).unwrap();
        let (mut bytes, mut last) = (Vec::new(), 0);
        let progress = &mut |done, total| {
            assert_eq!(total, 2 * (3 + 33 + (1 << 21)));
            last = done;
            ControlFlow::Continue(())
        };
        merge.write(&mut bytes, progress).unwrap();
        assert_eq!(last, merge.bytes());
        let merged = GgufFile::read(bytes.as_slice(), bytes.len() as u64).unwrap();
        let metadata = [
            ("general.architecture".to_owned(), "llama".into()),
            ("llama.block_count".to_owned(), Value::U32(1)),
        ];
        assert_eq!(merged.metadata(), metadata, "without the keys of the parts");
        for (tensor, (name, len)) in merged.tensors().iter().zip([("a", 3), ("b", 33), ("c", 1 << 21)]) {
            assert_eq!((tensor.name.as_str(), tensor.dims.as_slice()), (name, [len].as_slice()));
            let start = (merged.data_offset() + tensor.offset) as usize;
            assert!(bytes[start..][..tensor.bytes as usize] == data(name, len), "{name}");
        }
        assert_eq!(merged.tensors().len(), 3);
    }

    #[test]
    fn all_parts_are_needed() {
        let (_folder, files) = split();
        for missing in 0..3 {
            let mut rest = files.clone();
            rest.remove(missing);
            let name = format!("x/model-0000{}-of-00003.gguf is missing", missing + 1);
            assert!(error(rest).starts_with(&name));
        }
        assert!(error(Vec::new()).contains("is missing"));
        let mut twice = files.clone();
        twice.push(files[1].clone());
        assert!(error(twice).contains("is no part of a split model like the others"));
        let mut other = files;
        other[2].0 = "y/model-00003-of-00003.gguf".to_owned();
        assert!(error(other).contains("\"y/model-00003-of-00003.gguf\" is no part"));
    }

    #[test]
    fn parts_must_say_what_their_names_say() {
        let (folder, mut files) = split();
        let (first, second) = (files[0].1.clone(), files[1].1.clone());
        (files[0].1, files[1].1) = (second, first);
        assert!(error(files).contains("\"split.no\" is 1, not 0"));
        let (_keep, mut files) = split();
        files.truncate(2);
        for (file, no) in files.iter_mut().zip(1..) {
            file.0 = name_of_part("m", no, 2);
        }
        assert!(error(files).contains("m-00001-of-00002.gguf: \"split.count\" is 3, not 2"));
        let (_keep, mut files) = split();
        let empty = std::fs::read(&files[1].1).unwrap();
        let more = empty.windows(19).position(|bytes| bytes == b"split.tensors.count").unwrap() + 23;
        files[1].1 = folder.path().join("more");
        std::fs::write(&files[1].1, [&empty[..more], &[4], &empty[more + 1..]].concat()).unwrap();
        assert!(error(files).contains("\"split.tensors.count\" is 4, not 3"));
        let path = folder.path().join("whole");
        let whole = GgufWriter::new().metadata("general.architecture", "llama").start(Vec::new()).unwrap();
        std::fs::write(&path, whole.finish().unwrap()).unwrap();
        assert!(
            error(vec![("m-00001-of-00001.gguf".to_owned(), path)])
                .contains("\"split.no\" is missing, not 0")
        );
    }

    #[test]
    fn broken_parts_are_named() {
        let (_folder, files) = split();
        let bytes = std::fs::read(&files[2].1).unwrap();
        let merge = Merge::open(files.clone()).unwrap();
        std::fs::write(&files[2].1, &bytes[..bytes.len() - 64]).unwrap();
        let message = error(files);
        assert!(message.starts_with("x/model-00003-of-00003.gguf: the file is truncated"), "{message}");
        let late = merge.write(Vec::new(), &mut |_, _| ControlFlow::Continue(())).unwrap_err();
        assert!(matches!(&late, MergeError::Part { name, .. } if name.contains("00003-of")), "{late}");
        let cancelled = merge.write(Vec::new(), &mut |_, _| ControlFlow::Break(())).unwrap_err();
        assert!(matches!(cancelled, MergeError::Cancelled));
    }

    #[test]
    fn names_of_parts() {
        for name in [
            "m-1-of-3.gguf",
            "m-00004-of-00003.gguf",
            "m-00000-of-00003.gguf",
            "m-0000x-of-00003.gguf",
            "m-00001-of-00003",
        ] {
            assert_eq!(part_of_name(name), None, "{name}");
        }
        assert_eq!(part_of_name("-00001-of-00001.gguf"), Some(("", 1, 1)));
        assert_eq!(part_of_name("a-of-b-00001-of-00002.gguf"), Some(("a-of-b", 1, 2)));
    }
}
