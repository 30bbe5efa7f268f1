//! The metadata of the file that is written.

use crate::gguf::{GgufWriter, Value};

/// Metadata entries, in the order in which they are written.
#[derive(Debug)]
pub(super) struct Header {
    architecture: &'static str,
    entries: Vec<(String, Value)>,
}

impl Header {
    pub(super) fn new(architecture: &'static str) -> Self {
        let mut header = Self { architecture, entries: Vec::new() };
        header.set("general.architecture", architecture);
        header
    }

    pub(super) fn architecture(&self) -> &'static str {
        self.architecture
    }

    /// Sets an entry; one of that name is replaced.
    pub(super) fn set(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        match self.entries.iter_mut().find(|(k, _)| *k == key) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((key, value)),
        }
    }

    /// Sets an entry of the architecture: `context_length` is `llama.context_length`.
    pub(super) fn set_own(&mut self, name: &str, value: impl Into<Value>) {
        self.set(format!("{}.{name}", self.architecture), value);
    }

    /// Sets a size of the architecture, in the type that llama.cpp reads.
    pub(super) fn set_size(&mut self, name: &str, size: u64) {
        // Sizes come from `Object::size` or from shapes that were compared with such.
        self.set_own(name, u32::try_from(size).unwrap_or(u32::MAX));
    }

    /// Sets a number of the architecture, in the type that llama.cpp reads.
    pub(super) fn set_number(&mut self, name: &str, number: f64) {
        self.set_own(name, number as f32);
    }

    pub(super) fn writer(&self) -> GgufWriter {
        self.entries
            .iter()
            .cloned()
            .fold(GgufWriter::new(), |writer, (key, value)| writer.metadata(key, value))
    }
}
