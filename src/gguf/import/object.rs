//! JSON objects of configuration files, read with types.

use serde_json::{Map, Value};

use super::error::ImportError;

/// Largest size that a configuration may name. Products of two do not overflow 64 bits.
const MAX_SIZE: u64 = i32::MAX as u64;

/// A JSON object and where it comes from. `null` counts as not there.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// The file, and the key inside it if this is an object in another: `config.json (rope_parameters)`.
    place: String,
    map: Map<String, Value>,
}

impl Object {
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, ImportError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Ok(Self { place: file.to_owned(), map }),
            Ok(_) => Err(ImportError::file(file, "is not a JSON object")),
            Err(error) => Err(ImportError::file(file, format!("is not JSON: {error}"))),
        }
    }

    /// An object without keys, for a file that may be missing.
    pub(super) fn empty(file: &str) -> Self {
        Self { place: file.to_owned(), map: Map::new() }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.map.keys().map(String::as_str)
    }

    /// An error about one key; `problem` goes on with the sentence that names it and its value.
    pub(super) fn error(&self, key: &str, problem: &str) -> ImportError {
        let what = match self.get(key) {
            None => format!("lacks {key:?}"),
            Some(value) => {
                format!("has {key:?} = {}", value.to_string().chars().take(60).collect::<String>())
            }
        };
        ImportError::file(&self.place, format!("{what}, {problem}"))
    }

    fn missing(&self, key: &str) -> ImportError {
        ImportError::file(&self.place, format!("has no {key:?}: the file is not complete"))
    }

    fn typed<T>(
        &self,
        key: &str,
        what: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, ImportError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| self.error(key, &format!("which is not {what}")))
    }

    /// A whole number from 0 to 2^31 - 1.
    pub(super) fn size(&self, key: &str) -> Result<Option<u64>, ImportError> {
        let read = |value: &Value| value.as_u64().filter(|n| *n <= MAX_SIZE);
        self.typed(key, "a whole number from 0 to 2^31 - 1", read)
    }

    /// A whole number from 1 to 2^31 - 1 that must be there.
    pub(super) fn required_size(&self, key: &str) -> Result<u64, ImportError> {
        match self.size(key)? {
            None => Err(self.missing(key)),
            Some(0) => Err(self.error(key, "which must be at least 1")),
            Some(size) => Ok(size),
        }
    }

    /// A finite number.
    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, ImportError> {
        self.typed(key, "a number", |value| value.as_f64().filter(|x| x.is_finite()))
    }

    /// A number above zero.
    pub(super) fn positive(&self, key: &str) -> Result<Option<f64>, ImportError> {
        self.typed(key, "a number above 0", |value| value.as_f64().filter(|x| x.is_finite() && *x > 0.0))
    }

    /// A number above zero that must be there.
    pub(super) fn required_positive(&self, key: &str) -> Result<f64, ImportError> {
        self.positive(key)?.ok_or_else(|| self.missing(key))
    }

    pub(super) fn bool(&self, key: &str) -> Result<Option<bool>, ImportError> {
        self.typed(key, "true or false", Value::as_bool)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, ImportError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.error(key, "which is not a text"))
    }

    /// A list of finite numbers.
    pub(super) fn numbers(&self, key: &str) -> Result<Option<Vec<f32>>, ImportError> {
        let number = |value: &Value| value.as_f64().map(|x| x as f32).filter(|x| x.is_finite());
        self.typed(key, "a list of numbers", |value| value.as_array()?.iter().map(number).collect())
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<String>>, ImportError> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.typed(key, "a list of texts", |value| value.as_array()?.iter().map(text).collect())
    }

    /// An object in this one.
    pub(super) fn object(&self, key: &str) -> Result<Option<Self>, ImportError> {
        let place = format!("{} ({key})", self.place);
        self.typed(key, "an object", |value| {
            Some(Self { place: place.clone(), map: value.as_object()?.clone() })
        })
    }

    /// This object with the keys of `other`, which win.
    pub(super) fn overlaid(mut self, other: Self) -> Self {
        self.map.extend(other.map);
        self
    }

    /// This object with keys added where it has none.
    pub(super) fn with_defaults(mut self, defaults: &[(&str, Value)]) -> Self {
        for (key, value) in defaults {
            if self.get(key).is_none() {
                self.map.insert((*key).to_owned(), value.clone());
            }
        }
        self
    }
}
