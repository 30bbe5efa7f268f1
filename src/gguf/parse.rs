//! From bytes to a [`GgufFile`], with all checks of structure: those that llama.cpp makes in
//! `gguf_init_from_file`, and some more.

use std::collections::HashSet;
use std::hash::Hash;
use std::io::Read;

use super::error::GgufError;
use super::file::GgufFile;
use super::read::Reader;
use super::tensor::{MAX_DIMS, TensorInfo, TensorType};
use super::value::Value;

/// What every file starts with.
pub(super) const MAGIC: [u8; 4] = *b"GGUF";
/// Alignment of files that do not say (`GGUF_DEFAULT_ALIGNMENT`), in bytes.
const DEFAULT_ALIGNMENT: u64 = 32;
/// Longest key that the format allows, in bytes.
const MAX_KEY: usize = 65535;
/// Bytes of the smallest metadata entry: length and one byte of the key, type, and a value of one byte.
const MIN_ENTRY: u64 = 8 + 1 + 4 + 1;
/// Bytes of the smallest row of the tensor table: length and one byte of the name, number of dimensions, type
/// and offset.
const MIN_TENSOR: u64 = 8 + 1 + 4 + 4 + 8;

pub(super) fn parse(input: impl Read, file_len: u64) -> Result<GgufFile, GgufError> {
    let mut reader = Reader::new(input, file_len);
    let version = version(&mut reader)?;
    let tensor_count = reader.element("the number of tensors")?;
    let entry_count = reader.element("the number of metadata entries")?;
    let metadata = metadata(&mut reader, entry_count)?;
    let alignment = alignment(&metadata)?;
    let tensors = tensors(&mut reader, tensor_count)?;
    // Without tensors there is no data to align. Neither number is large enough for an overflow.
    let header_end = reader.offset();
    let data_offset = if tensors.is_empty() { header_end } else { header_end.next_multiple_of(alignment) };
    check_layout(&tensors, alignment)?;
    check_end(&tensors, data_offset, file_len)?;
    Ok(GgufFile { version, metadata, tensors, alignment, data_offset, file_len })
}

/// Reads the magic and the version.
fn version(reader: &mut Reader<impl Read>) -> Result<u32, GgufError> {
    let magic = reader.bytes("the magic")?;
    if magic != MAGIC {
        return Err(GgufError::NotGguf { start: magic.escape_ascii().to_string() });
    }
    match reader.element("the version")? {
        version @ 2..=3 => Ok(version),
        version if (1..=3).contains(&u32::swap_bytes(version)) => Err(GgufError::BigEndian),
        version => Err(GgufError::Version(version)),
    }
}

fn metadata(reader: &mut Reader<impl Read>, count: u64) -> Result<Vec<(String, Value)>, GgufError> {
    reader.require("the metadata", count, MIN_ENTRY)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let key = key(reader)?;
        let value = Value::read(reader, &key)?;
        entries.push((key, value));
    }
    check_keys(&entries)?;
    Ok(entries)
}

fn key(reader: &mut Reader<impl Read>) -> Result<String, GgufError> {
    let offset = reader.offset();
    let text = reader.text("a metadata key")?;
    let damaged = || {
        let problem = format!("at byte {offset} has a key that is not UTF-8: the file is damaged");
        GgufError::metadata(&text.to_string_lossy(), problem)
    };
    text.as_str().map(str::to_owned).ok_or_else(damaged)
}

/// Checks that every key is one, and that none is there twice.
pub(super) fn check_keys(entries: &[(String, Value)]) -> Result<(), GgufError> {
    for (key, _) in entries {
        let problem = match key.as_str() {
            "" => "has no key: the file is damaged".to_owned(),
            // llama.cpp would see only what comes before the zero, and so take one key for another.
            key if key.contains('\0') => "has a zero byte in its key: the file is damaged".to_owned(),
            key if key.len() > MAX_KEY => format!("has a key of {} bytes, {MAX_KEY} are allowed", key.len()),
            _ => continue,
        };
        return Err(GgufError::metadata(key, problem));
    }
    match first_duplicate(entries.iter().map(|(key, _)| key)) {
        Some(key) => Err(GgufError::metadata(key, "is there twice: the file is damaged")),
        None => Ok(()),
    }
}

/// The alignment that the metadata asks for. Only an `u32` will do, as in llama.cpp.
pub(super) fn alignment(entries: &[(String, Value)]) -> Result<u64, GgufError> {
    const KEY: &str = "general.alignment";
    match entries.iter().find_map(|(key, value)| (key == KEY).then_some(value)) {
        None => Ok(DEFAULT_ALIGNMENT),
        Some(Value::U32(alignment)) if alignment.is_power_of_two() => Ok((*alignment).into()),
        Some(Value::U32(alignment)) => {
            Err(GgufError::metadata(KEY, format!("is {alignment}, not a power of two")))
        }
        Some(_) => Err(GgufError::metadata(KEY, "is not a 32-bit unsigned integer")),
    }
}

fn tensors(reader: &mut Reader<impl Read>, count: u64) -> Result<Vec<TensorInfo>, GgufError> {
    reader.require("the tensor table", count, MIN_TENSOR)?;
    let tensors = (0..count).map(|_| tensor(reader)).collect::<Result<Vec<_>, _>>()?;
    check_names(&tensors)?;
    Ok(tensors)
}

fn tensor(reader: &mut Reader<impl Read>) -> Result<TensorInfo, GgufError> {
    let at = reader.offset();
    let name = reader.text("a tensor name")?;
    let what = name.to_string_lossy();
    let fail = |problem: String| GgufError::tensor(&what, format!("(described at byte {at}) {problem}"));
    let dim_count = reader.element(&what)?;
    if dim_count > MAX_DIMS {
        return Err(fail(format!("has {dim_count} dimensions, {MAX_DIMS} are the most")));
    }
    let dims = (0..dim_count).map(|_| reader.element(&what)).collect::<Result<_, _>>()?;
    let tensor_type = TensorType::known(reader.element(&what)?).map_err(fail)?;
    let offset = reader.element(&what)?;
    let utf8 = name.as_str().ok_or_else(|| fail("has a name that is not UTF-8".into()))?;
    Ok(TensorInfo { offset, ..TensorInfo::new(utf8, dims, tensor_type)? })
}

/// Checks that no tensor name is there twice.
pub(super) fn check_names(tensors: &[TensorInfo]) -> Result<(), GgufError> {
    match first_duplicate(tensors.iter().map(|t| &t.name)) {
        Some(name) => Err(GgufError::tensor(name, "is there twice: the file is damaged")),
        None => Ok(()),
    }
}

/// Checks that the data of each tensor follows that of the one before, with no more than the alignment
/// between: llama.cpp wants it so.
fn check_layout(tensors: &[TensorInfo], alignment: u64) -> Result<(), GgufError> {
    let mut expected = 0;
    for tensor in tensors {
        if tensor.offset != expected {
            let problem =
                format!("has its data at offset {}, not {expected}: the file is damaged", tensor.offset);
            return Err(GgufError::tensor(&tensor.name, problem));
        }
        expected = tensor.aligned_end(alignment)?;
    }
    Ok(())
}

/// Checks that all data is in the file. What fills up after the last tensor may be missing.
fn check_end(tensors: &[TensorInfo], data_offset: u64, file_len: u64) -> Result<(), GgufError> {
    let Some(last) = tensors.last() else { return Ok(()) };
    // No overflow: `aligned_end` has a limit, and so has the header.
    let end = data_offset + last.offset + last.bytes;
    if end > file_len {
        return Err(GgufError::Truncated { tensor: last.name.clone(), end, file_len });
    }
    Ok(())
}

/// The first item that equals one before it.
pub(super) fn first_duplicate<T: Hash + Eq + Clone>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = HashSet::with_capacity(items.size_hint().0);
    items.find(|item| !seen.insert(item.clone()))
}
