//! The GGUF format, version 3, as far as a model of ours needs it.

use std::io::{self, Write};

use super::WeightType;

const MAGIC: &[u8] = b"GGUF";
const VERSION: u32 = 3;
/// Tensors start at multiples of this.
const ALIGNMENT: u64 = 32;

/// A value of the metadata.
#[derive(Clone, Debug)]
pub(super) enum Value {
    U32(u32),
    F32(f32),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    I32s(Vec<i32>),
}

/// The numbers of types of values.
mod type_id {
    pub(super) const U32: u32 = 4;
    pub(super) const I32: u32 = 5;
    pub(super) const F32: u32 = 6;
    pub(super) const BOOL: u32 = 7;
    pub(super) const STRING: u32 = 8;
    pub(super) const ARRAY: u32 = 9;
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn write(&self, out: &mut Vec<u8>) {
        let id = |id: u32, out: &mut Vec<u8>| out.extend(id.to_le_bytes());
        match self {
            Self::U32(value) => {
                id(type_id::U32, out);
                out.extend(value.to_le_bytes());
            }
            Self::F32(value) => {
                id(type_id::F32, out);
                out.extend(value.to_le_bytes());
            }
            Self::Bool(value) => {
                id(type_id::BOOL, out);
                out.push(u8::from(*value));
            }
            Self::Text(text) => {
                id(type_id::STRING, out);
                string(text, out);
            }
            Self::Texts(texts) => {
                id(type_id::ARRAY, out);
                id(type_id::STRING, out);
                out.extend((texts.len() as u64).to_le_bytes());
                texts.iter().for_each(|text| string(text, out));
            }
            Self::I32s(values) => {
                id(type_id::ARRAY, out);
                id(type_id::I32, out);
                out.extend((values.len() as u64).to_le_bytes());
                values.iter().for_each(|value| out.extend(value.to_le_bytes()));
            }
        }
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// What stands before the weights.
#[derive(Debug, Default)]
pub(super) struct Header {
    entries: u64,
    metadata: Vec<u8>,
    tensors: u64,
    rows: Vec<u8>,
    /// Where the next tensor starts, after the header.
    offset: u64,
}

impl Header {
    pub(super) fn metadata(&mut self, key: &str, value: Value) {
        self.entries += 1;
        string(key, &mut self.metadata);
        value.write(&mut self.metadata);
    }

    /// Dimensions are those of ggml: the first is the one whose elements lie side by side.
    pub(super) fn tensor(&mut self, name: &str, dims: &[u32], stored_as: WeightType) {
        self.tensors += 1;
        string(name, &mut self.rows);
        self.rows.extend((dims.len() as u32).to_le_bytes());
        dims.iter().for_each(|size| self.rows.extend(u64::from(*size).to_le_bytes()));
        self.rows.extend(stored_as.id().to_le_bytes());
        self.rows.extend(self.offset.to_le_bytes());
        let elements = dims.iter().map(|size| u64::from(*size)).product();
        self.offset += stored_as.bytes(elements).next_multiple_of(ALIGNMENT);
    }

    /// Writes it; what it returns pads the tensors that follow.
    pub(super) fn write(self, out: &mut impl Write) -> io::Result<Padding> {
        let mut bytes = Vec::with_capacity(self.metadata.len() + self.rows.len() + 64);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.tensors.to_le_bytes());
        bytes.extend(self.entries.to_le_bytes());
        bytes.extend(self.metadata);
        bytes.extend(self.rows);
        out.write_all(&bytes)?;
        pad(bytes.len() as u64, out)?;
        Ok(Padding)
    }
}

/// Fills up to where the next tensor starts.
#[must_use = "the next tensor would start at the wrong place"]
pub(super) struct Padding;

impl Padding {
    pub(super) fn after(&self, elements: u64, stored_as: WeightType, out: &mut impl Write) -> io::Result<()> {
        pad(stored_as.bytes(elements), out)
    }
}

fn pad(length: u64, out: &mut impl Write) -> io::Result<()> {
    let missing = length.next_multiple_of(ALIGNMENT) - length;
    out.write_all(&vec![0; missing as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_format() {
        let mut header = Header::default();
        header.metadata("k", Value::I32s(vec![1, -1]));
        header.tensor("t", &[2, 1], WeightType::F16);
        let mut bytes = Vec::new();
        let padding = header.write(&mut bytes).unwrap();
        bytes.extend([1, 2, 3, 4]);
        padding.after(2, WeightType::F16, &mut bytes).unwrap();
        let header: &[&[u8]] = &[
            b"GGUF\x03\0\0\0",
            b"\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0",
            b"\x01\0\0\0\0\0\0\0k\x09\0\0\0\x05\0\0\0\x02\0\0\0\0\0\0\0\x01\0\0\0\xff\xff\xff\xff",
            b"\x01\0\0\0\0\0\0\0t\x02\0\0\0\x02\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0",
        ];
        let header = header.concat();
        assert_eq!(bytes[..header.len()], header);
        assert_eq!(bytes.len(), header.len().next_multiple_of(32) + 32);
    }
}
