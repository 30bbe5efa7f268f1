//! Writes GGUF files of version 3.

use std::collections::VecDeque;
use std::io::Write;

use super::error::GgufError;
use super::parse::{MAGIC, alignment, check_keys, check_names};
use super::read::Element;
use super::tensor::{TensorInfo, TensorType};
use super::text::Text;
use super::value::Value;

/// The version that is written.
const VERSION: u32 = 3;

/// Collects metadata and tensor shapes, then writes the header.
///
/// ```
/// # use quipu::gguf::{GgufError, GgufWriter, TensorType};
/// # fn write(out: &mut Vec<u8>) -> Result<(), GgufError> {
/// let mut tensors = GgufWriter::new()
///     .metadata("general.architecture", "llama")
///     .metadata("llama.block_count", 5_u32)
///     .tensor("output_norm.weight", [2], TensorType::F32)
///     .start(out)?;
/// tensors.write(&[0; 8])?;
/// tensors.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct GgufWriter {
    metadata: Vec<(String, Value)>,
    tensors: Vec<(String, Vec<u64>, TensorType)>,
}

impl GgufWriter {
    /// A file with neither metadata nor tensors.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a metadata entry. `general.alignment`, an `u32`, also sets the alignment that is written with.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.push((key.into(), value.into()));
        self
    }

    /// Adds a tensor, whose data follows later. Dimensions are as in [`TensorInfo`].
    #[must_use]
    pub fn tensor(
        mut self,
        name: impl Into<String>,
        dims: impl Into<Vec<u64>>,
        tensor_type: TensorType,
    ) -> Self {
        self.tensors.push((name.into(), dims.into(), tensor_type));
        self
    }

    /// Writes the header.
    ///
    /// # Errors
    /// If what was added makes no sound GGUF file, then before anything is written; or if writing fails.
    pub fn start<W: Write>(self, mut out: W) -> Result<TensorWriter<W>, GgufError> {
        let alignment = alignment(&self.metadata)?;
        let (header, tensors) = self.header()?;
        out.write_all(&header)?;
        Ok(TensorWriter { out, tensors: tensors.into(), begun: 0, alignment })
    }

    /// The header, up to where the data begins, and the tensors in their places.
    pub(super) fn header(self) -> Result<(Vec<u8>, Vec<TensorInfo>), GgufError> {
        check_keys(&self.metadata)?;
        let alignment = alignment(&self.metadata)?;
        let tensors = place(self.tensors, alignment)?;
        let mut header = Vec::new();
        MAGIC.iter().try_for_each(|byte| byte.write(&mut header))?;
        VERSION.write(&mut header)?;
        (tensors.len() as u64).write(&mut header)?;
        (self.metadata.len() as u64).write(&mut header)?;
        for (key, value) in self.metadata {
            Text::from(key).write(&mut header)?;
            value.write(&mut header)?;
        }
        for tensor in &tensors {
            write_row(tensor, &mut header)?;
        }
        if !tensors.is_empty() {
            let len = header.len() as u64;
            pad(&mut header, len, alignment)?;
        }
        Ok((header, tensors))
    }
}

/// Gives every tensor its place.
fn place(tensors: Vec<(String, Vec<u64>, TensorType)>, alignment: u64) -> Result<Vec<TensorInfo>, GgufError> {
    let mut offset = 0;
    let mut placed = Vec::with_capacity(tensors.len());
    for (name, dims, tensor_type) in tensors {
        let tensor = TensorInfo { offset, ..TensorInfo::new(name, dims, tensor_type)? };
        offset = tensor.aligned_end(alignment)?;
        placed.push(tensor);
    }
    check_names(&placed)?;
    Ok(placed)
}

fn write_row(tensor: &TensorInfo, out: &mut impl Write) -> Result<(), GgufError> {
    Text::from(tensor.name.as_str()).write(out)?;
    (tensor.dims.len() as u32).write(out)?;
    tensor.dims.iter().try_for_each(|size| size.write(out))?;
    tensor.tensor_type.id().write(out)?;
    tensor.offset.write(out)?;
    Ok(())
}

/// Writes zeros after `len` bytes, up to the alignment.
fn pad(out: &mut impl Write, len: u64, alignment: u64) -> Result<(), GgufError> {
    let missing = len.next_multiple_of(alignment) - len;
    Ok(std::io::copy(&mut std::io::Read::take(std::io::repeat(0), missing), out).map(|_| ())?)
}

/// Writes the data of the tensors, in the order in which they were added: each at once or in parts.
#[derive(Debug)]
#[must_use = "without the data, the file is truncated"]
pub struct TensorWriter<W> {
    out: W,
    /// Tensors that are not complete; the first may have begun.
    tensors: VecDeque<TensorInfo>,
    /// Bytes of the first tensor that are written.
    begun: u64,
    alignment: u64,
}

impl<W: Write> TensorWriter<W> {
    /// Bytes that the next tensor still needs; `None` after the last.
    #[must_use]
    pub fn next_len(&self) -> Option<u64> {
        self.tensors.front().map(|tensor| tensor.bytes - self.begun)
    }

    /// Writes the data of the next tensor, or all of it that is missing.
    ///
    /// # Errors
    /// If it has not the size of that tensor, if there is none left, or if writing fails.
    pub fn write(&mut self, data: &[u8]) -> Result<(), GgufError> {
        let len = data.len() as u64;
        match self.tensors.front() {
            Some(tensor) if tensor.bytes - self.begun != len => {
                let problem = format!("has {} bytes of data, not {}", self.begun + len, tensor.bytes);
                Err(GgufError::tensor(&tensor.name, problem))
            }
            _ => self.write_part(data),
        }
    }

    /// Writes a part of the data of the next tensor. With its last part, the tensor is complete.
    ///
    /// # Errors
    /// If the tensor needs fewer bytes, if there is none left, or if writing fails.
    pub fn write_part(&mut self, data: &[u8]) -> Result<(), GgufError> {
        let len = data.len() as u64;
        let Some(tensor) = self.tensors.front() else {
            return Err(GgufError::tensor("", format!("was not added, but has {len} bytes of data")));
        };
        let total = self.begun + len;
        if total > tensor.bytes {
            let problem = format!("has at least {total} bytes of data, not {}", tensor.bytes);
            return Err(GgufError::tensor(&tensor.name, problem));
        }
        self.out.write_all(data)?;
        self.begun = total;
        if total == tensor.bytes {
            self.tensors.pop_front();
            self.begun = 0;
            pad(&mut self.out, total, self.alignment)?;
        }
        Ok(())
    }

    /// Ends the file, and returns what it was written to.
    ///
    /// # Errors
    /// If a tensor has no data yet, or if writing fails.
    pub fn finish(mut self) -> Result<W, GgufError> {
        if let Some(tensor) = self.tensors.pop_front() {
            let problem = match self.begun {
                0 => "has no data".to_owned(),
                begun => format!("has only {begun} of {} bytes of data", tensor.bytes),
            };
            return Err(GgufError::tensor(&tensor.name, problem));
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(writer: GgufWriter) -> String {
        writer.start(Vec::new()).unwrap_err().to_string()
    }

    #[test]
    fn the_bytes_are_those_of_the_format() {
        let mut tensors = GgufWriter::new()
            .metadata("k", vec![1_u16, 2])
            .tensor("t", [2, 1], TensorType::F16)
            .start(Vec::new())
            .unwrap();
        tensors.write(&[1, 2, 3, 4]).unwrap();
        let bytes = tensors.finish().unwrap();
        let header: &[&[u8]] = &[
            b"GGUF\x03\0\0\0",
            b"\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0",
            b"\x01\0\0\0\0\0\0\0k\x09\0\0\0\x02\0\0\0\x02\0\0\0\0\0\0\0\x01\0\x02\0",
            b"\x01\0\0\0\0\0\0\0t\x02\0\0\0\x02\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0",
        ];
        let header = header.concat();
        assert_eq!(bytes.split_at(header.len()).0, header);
        assert_eq!(bytes.len(), header.len().next_multiple_of(32) + 32);
        assert_eq!(bytes[bytes.len() - 32..][..5], [1, 2, 3, 4, 0]);
    }

    #[test]
    fn what_could_not_be_read_is_not_written() {
        let new = GgufWriter::new;
        assert!(error(new().metadata("", 1_u8)).contains("has no key"));
        assert!(error(new().metadata("a", 1_u8).metadata("a", 2_u8)).contains("\"a\" is there twice"));
        assert!(error(new().metadata("general.alignment", 24_u32)).contains("not a power of two"));
        assert!(error(new().tensor("t", [31], TensorType::Q4_0)).contains("multiples of 32"));
        let two = new().tensor("t", [1], TensorType::I8).tensor("t", [1], TensorType::I8);
        assert!(error(two).contains("\"t\" is there twice"));
        let huge = new().tensor("t", [1 << 62], TensorType::I8);
        assert!(error(huge).contains("2^62"));
    }

    #[test]
    fn data_must_fit_the_tensors() {
        let start = || GgufWriter::new().tensor("t", [4], TensorType::I8).start(Vec::new()).unwrap();
        assert!(start().write(&[0; 3]).unwrap_err().to_string().contains("has 3 bytes of data, not 4"));
        assert!(start().finish().unwrap_err().to_string().contains("has no data"));
        let mut tensors = start();
        tensors.write(&[0; 4]).unwrap();
        assert!(tensors.write(&[0; 4]).unwrap_err().to_string().contains("was not added"));
    }

    #[test]
    fn data_may_come_in_parts() {
        let start = || {
            let writer = GgufWriter::new().tensor("a", [4], TensorType::I8).tensor("b", [2], TensorType::I8);
            writer.start(Vec::new()).unwrap()
        };
        let mut whole = start();
        whole.write(&[1, 2, 3, 4]).unwrap();
        whole.write(&[5, 6]).unwrap();
        let mut parts = start();
        for (data, left) in [(&[1][..], 3), (&[][..], 3), (&[2, 3], 1), (&[4], 2)] {
            parts.write_part(data).unwrap();
            assert_eq!(parts.next_len(), Some(left));
        }
        parts.write_part(&[5]).unwrap();
        parts.write(&[6]).unwrap();
        assert_eq!(parts.finish().unwrap(), whole.finish().unwrap());

        let mut parts = start();
        parts.write_part(&[1, 2]).unwrap();
        assert!(parts.write(&[3]).unwrap_err().to_string().contains("has 3 bytes of data, not 4"));
        assert!(parts.write_part(&[3; 3]).unwrap_err().to_string().contains("has at least 5 bytes of data"));
        assert!(parts.finish().unwrap_err().to_string().contains("has only 2 of 4 bytes"));
    }
}
