//! What the header of a GGUF file says.

use std::collections::BTreeMap;
use std::io::Read;

use super::error::GgufError;
use super::tensor::{TensorInfo, TensorType};
use super::value::{Array, Value};
use super::{file_type, parse, validate};

/// The header of a GGUF file: metadata and tensor table.
#[derive(Clone, Debug, PartialEq)]
pub struct GgufFile {
    pub(super) version: u32,
    pub(super) metadata: Vec<(String, Value)>,
    pub(super) tensors: Vec<TensorInfo>,
    pub(super) alignment: u64,
    pub(super) data_offset: u64,
    pub(super) file_len: u64,
}

impl GgufFile {
    /// Reads a header from the start of a file that has `file_len` bytes, and checks its structure: what is
    /// read makes sense in itself, and the data of every tensor lies in the file. Whether llama.cpp can be
    /// given the model, [`validate`](Self::validate) says. Buffers its input.
    ///
    /// # Errors
    /// If reading fails, or this is not a sound GGUF file of version 2 or 3.
    pub fn read(input: impl Read, file_len: u64) -> Result<Self, GgufError> {
        parse::parse(input, file_len)
    }

    /// Checks that llama.cpp does not abort on this model.
    ///
    /// # Errors
    /// [`GgufError::Model`], which names the metadata entry or tensor at fault.
    pub fn validate(&self) -> Result<(), GgufError> {
        validate::validate(self)
    }

    /// Version of the format: 2 or 3, which differ in nothing but byte orders.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// All metadata in the order of the file. Keys are unique.
    #[must_use]
    pub fn metadata(&self) -> &[(String, Value)] {
        &self.metadata
    }

    /// All tensors in the order of the file, which is that of their data. Names are unique.
    #[must_use]
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// Tensors start at multiples of this many bytes, counted from the start of the data; a power of two.
    #[must_use]
    pub fn alignment(&self) -> u64 {
        self.alignment
    }

    /// Where the data of the tensors starts, in bytes from the start of the file.
    #[must_use]
    pub fn data_offset(&self) -> u64 {
        self.data_offset
    }

    /// Bytes of the file.
    #[must_use]
    pub fn file_len(&self) -> u64 {
        self.file_len
    }

    /// A metadata value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.metadata.iter().find_map(|(k, value)| (k == key).then_some(value))
    }

    /// A string; `None` if the key is absent, or its value another thing or not UTF-8.
    #[must_use]
    pub fn str(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// An integer of any width; `None` if the key is absent, or its value another thing or negative.
    #[must_use]
    pub fn u64(&self, key: &str) -> Option<u64> {
        self.get(key)?.as_u64()
    }

    /// A number of any type; `None` if the key is absent or its value another thing.
    #[must_use]
    pub fn f64(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_f64()
    }

    /// A truth value; `None` if the key is absent or its value another thing.
    #[must_use]
    pub fn bool(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    /// An array; `None` if the key is absent or its value another thing.
    #[must_use]
    pub fn array(&self, key: &str) -> Option<&Array> {
        self.get(key)?.as_array()
    }

    /// What llama.cpp builds from the weights: `llama`, `qwen3`, `bert`. Empty in the second and further parts
    /// of a split model, whose metadata is all in the first.
    #[must_use]
    pub fn architecture(&self) -> &str {
        self.str("general.architecture").unwrap_or_default()
    }

    /// An integer of the architecture: `context_length` is `llama.context_length` of a llama model.
    #[must_use]
    pub fn architecture_u64(&self, name: &str) -> Option<u64> {
        self.u64(&self.architecture_key(name))
    }

    /// The full key of what the architecture calls `name`.
    pub(super) fn architecture_key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture())
    }

    /// Number of weights in this file; a split model has more in its other parts.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        self.tensors.iter().map(TensorInfo::elements).fold(0, u64::saturating_add)
    }

    /// How most weights are stored, as Ollama names it: `Q4_K_M`, `F16`. Files that do not say get the name of
    /// the tensor type with the most bytes, which tells no `Q4_K_M` from `Q4_K_S`: `Q4_K`. `unknown` if there
    /// are no tensors either.
    #[must_use]
    pub fn quantization(&self) -> String {
        let said = self.u64("general.file_type").and_then(file_type::name);
        said.or_else(|| self.largest_type().map(TensorType::name)).unwrap_or("unknown").to_owned()
    }

    fn largest_type(&self) -> Option<TensorType> {
        let mut bytes = BTreeMap::<TensorType, u64>::new();
        for tensor in &self.tensors {
            *bytes.entry(tensor.tensor_type).or_default() += tensor.bytes;
        }
        bytes.into_iter().max_by_key(|(_, bytes)| *bytes).map(|(tensor_type, _)| tensor_type)
    }

    /// The template that makes a prompt of a chat, in Jinja.
    #[must_use]
    pub fn chat_template(&self) -> Option<&str> {
        self.str("tokenizer.chat_template")
    }
}
