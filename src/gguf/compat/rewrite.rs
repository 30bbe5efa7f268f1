//! A header that is being corrected.

use super::families::FAMILIES;
use crate::gguf::{Array, GgufFile, TensorInfo, Value};

/// Where the vocabulary is, and what is said of each token.
const PER_TOKEN: [&str; 3] = ["tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"];

/// What a file should say. Offsets of tensors are those of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rewrite {
    metadata: Vec<(String, Value)>,
    tensors: Vec<TensorInfo>,
}

impl Rewrite {
    /// Corrects the header of one of Ollama's own conversions; `None` if it is not one, or nothing is wrong with it.
    pub(super) fn of(file: &GgufFile) -> Option<Self> {
        // Only whole models were ever converted so.
        if file.u64("split.count").unwrap_or(0) > 1 {
            return None;
        }
        let matches = |architectures: &[&str]| architectures.contains(&file.architecture());
        let family = FAMILIES.iter().find(|f| matches(f.architectures) && (f.is_old)(file))?;
        let original = Self { metadata: file.metadata().to_vec(), tensors: file.tensors().to_vec() };
        let mut corrected = original.clone();
        (family.correct)(&mut corrected);
        (corrected != original).then_some(corrected)
    }

    pub(super) fn into_parts(self) -> (Vec<(String, Value)>, Vec<TensorInfo>) {
        (self.metadata, self.tensors)
    }
}

/// Metadata. `key` is a whole key, `name` what follows the architecture and a dot.
impl Rewrite {
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.metadata.iter().find_map(|(k, value)| (k == key).then_some(value))
    }

    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        match self.metadata.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = value.into(),
            None => self.metadata.push((key.to_owned(), value.into())),
        }
    }

    /// Sets what the file does not say.
    pub(super) fn set_missing(&mut self, key: &str, value: impl Into<Value>) {
        if self.get(key).is_none() {
            self.set(key, value);
        }
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Value> {
        let index = self.metadata.iter().position(|(k, _)| k == key)?;
        Some(self.metadata.remove(index).1)
    }

    /// Gives a value its right key. One that has it already stays.
    pub(super) fn move_key(&mut self, from: &str, to: &str) {
        if let Some(value) = self.remove(from) {
            self.set_missing(to, value);
        }
    }

    /// Renames the architecture, and with it all of its keys.
    pub(super) fn set_architecture(&mut self, to: &str) {
        let from = format!("{}.", self.architecture());
        for (key, _) in &mut self.metadata {
            if let Some(name) = key.strip_prefix(&from) {
                *key = format!("{to}.{name}");
            }
        }
        self.set("general.architecture", to);
    }

    fn architecture(&self) -> &str {
        self.get("general.architecture").and_then(Value::as_str).unwrap_or_default()
    }

    /// The whole key of what the architecture calls `name`.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture())
    }

    /// An integer of the architecture. llama.cpp reads 32 bits.
    pub(super) fn u32(&self, name: &str) -> Option<u32> {
        self.get(&self.key(name))?.as_u64()?.try_into().ok()
    }

    /// An array of integers of the architecture.
    pub(super) fn integers(&self, name: &str) -> Option<Vec<i32>> {
        let array = self.get(&self.key(name))?.as_array()?;
        array.iter().map(|value| value.as_u64()?.try_into().ok()).collect()
    }
}

/// Tensors.
impl Rewrite {
    /// A size of a tensor: 0 is its width, 1 the number of its rows.
    pub(super) fn size(&self, tensor: &str, dimension: usize) -> Option<u32> {
        let tensor = self.tensors.iter().find(|t| t.name == tensor)?;
        tensor.dims.get(dimension).copied()?.try_into().ok()
    }

    /// The names of all tensors.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().map(|tensor| tensor.name.as_str())
    }

    /// Replaces a part of the name of every tensor that has it.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        self.rename_with(|name| name.contains(from).then(|| name.replacen(from, to, 1)));
    }

    /// Renames tensors that have a name for it.
    pub(super) fn rename_with(&mut self, renamed: impl Fn(&str) -> Option<String>) {
        for tensor in &mut self.tensors {
            if let Some(name) = renamed(&tensor.name) {
                tensor.name = name;
            }
        }
    }

    /// Leaves out tensors whose names begin with one of these.
    pub(super) fn drop_tensors(&mut self, prefixes: &[&str]) {
        self.tensors.retain(|tensor| !prefixes.iter().any(|prefix| tensor.name.starts_with(prefix)));
    }

    /// Leaves out the rows of a tensor behind the first `rows`. Its data ends earlier, and changes nowhere else.
    pub(super) fn cut_rows(&mut self, tensor: &str, rows: u32) {
        let Some(tensor) = self.tensors.iter_mut().find(|t| t.name == tensor) else { return };
        let [width, ref had] = tensor.dims[..] else { return };
        if *had <= rows.into() {
            return;
        }
        // Fails for no rows at all only: then nothing is cut, and llama.cpp complains of the shapes.
        if let Ok(cut) = TensorInfo::new(tensor.name.as_str(), vec![width, rows.into()], tensor.tensor_type) {
            *tensor = TensorInfo { offset: tensor.offset, ..cut };
        }
    }

    /// Leaves out all tokens behind the first `len`.
    pub(super) fn cut_vocabulary(&mut self, len: u32) {
        for key in PER_TOKEN {
            if let Some((_, Value::Array(array))) = self.metadata.iter_mut().find(|(k, _)| k == key) {
                array.truncate(len as usize);
            }
        }
    }

    /// The tokens with their types, for change.
    pub(super) fn change_token_types(&mut self, change: impl Fn(&[u8]) -> Option<i32>) {
        let Some(Array::String(tokens)) = self.get(PER_TOKEN[0]).and_then(Value::as_array) else { return };
        let types: Vec<_> = tokens.iter().map(|token| change(token.as_bytes())).collect();
        let Some((_, Value::Array(Array::I32(old)))) =
            self.metadata.iter_mut().find(|(k, _)| k == PER_TOKEN[2])
        else {
            return;
        };
        for (old, new) in old.iter_mut().zip(types) {
            *old = new.unwrap_or(*old);
        }
    }
}
