//! Names and descriptions of models.

use std::fmt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{ModelSource, SourcePath};
use crate::gguf::{self, GgufFile};

/// A model's name with its tag: `stories` is `stories:latest`. Compared without regard to letter case.
#[derive(Clone, Debug, Eq)]
pub struct ModelName(String);

impl ModelName {
    /// Reads a name; `None` if it is empty or holds characters that no name may.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
        if text.is_empty() || !text.chars().all(allowed) {
            return None;
        }
        let has_tag = text.rsplit('/').next().is_some_and(|last| last.contains(':'));
        Some(Self(if has_tag { text.to_owned() } else { format!("{text}:latest") }))
    }
}

impl PartialEq for ModelName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A model that can be served, loaded or not.
#[derive(Clone, Debug)]
pub struct Model {
    /// Name with tag.
    pub name: ModelName,
    /// What stands behind it.
    pub source: SourcePath,
    /// Hex SHA-256 that identifies this very file by path, size and time of change.
    pub digest: String,
    /// Bytes of the file.
    pub size: u64,
    /// When the file was last changed.
    pub modified: jiff::Timestamp,
    /// What the file says of itself. `None` if it cannot be read: using the model then says why.
    pub details: Option<Details>,
}

/// What a GGUF says of its model.
#[derive(Clone, Debug)]
pub struct Details {
    /// Architecture, as llama.cpp names it.
    pub family: String,
    /// Number of parameters, for people: `260K`, `7.6B`.
    pub parameter_size: String,
    /// Type of most weights: `F32`, `Q4_K_M`.
    pub quantization: String,
    /// Context length that the model was trained on.
    pub context_length: Option<u64>,
    /// Width of the hidden state.
    pub embedding_length: Option<u64>,
}

impl Model {
    /// Describes a source without loading it. A file that cannot be read is logged, and stays in the list
    /// so that a request for it gets the reason.
    pub(super) fn describe(source: ModelSource) -> Self {
        let path = match &source.path {
            SourcePath::Gguf(path) => path.clone(),
            SourcePath::Mock => "mock".into(),
        };
        let name = source.name.unwrap_or_else(|| name_of_file(&path));
        let name = ModelName::parse(&name).unwrap_or_else(|| ModelName("model:latest".into()));
        let meta = std::fs::metadata(&path).ok();
        let size = meta.as_ref().map_or(0, std::fs::Metadata::len);
        let modified = meta
            .and_then(|m| m.modified().ok())
            .and_then(|t| jiff::Timestamp::try_from(t).ok())
            .unwrap_or_else(jiff::Timestamp::now);
        let digest = Sha256::digest(format!("{}\n{size}\n{modified}", path.display()));
        let digest = digest.iter().map(|b| format!("{b:02x}")).collect();
        let details = match &source.path {
            SourcePath::Gguf(path) => gguf::open(path)
                .map(|file| Details::of(&file))
                .inspect_err(|e| tracing::warn!(model = %name, error = %e, "this model cannot be used"))
                .ok(),
            SourcePath::Mock => None,
        };
        Self { name, source: source.path, digest, size, modified, details }
    }
}

fn name_of_file(path: &Path) -> String {
    let stem = path.file_stem().map_or_else(|| "model".into(), |s| s.to_string_lossy().to_lowercase());
    stem.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect()
}

impl Details {
    fn of(file: &GgufFile) -> Self {
        Self {
            family: file.architecture().to_owned(),
            parameter_size: human_count(file.parameter_count()),
            quantization: file.quantization(),
            context_length: file.architecture_u64("context_length"),
            embedding_length: file.architecture_u64("embedding_length"),
        }
    }
}

/// `1.2B`, `7B`, `494.03M`, `260K`, as Ollama writes them.
fn human_count(n: u64) -> String {
    let (value, unit) = match n {
        1_000_000_000.. => (n as f64 / 1e9, "B"),
        1_000_000.. => return format!("{:.2}M", n as f64 / 1e6),
        1_000.. => return format!("{}K", n / 1000),
        _ => return n.to_string(),
    };
    if (value * 10.0).round() % 10.0 == 0.0 {
        format!("{value:.0}{unit}")
    } else {
        format!("{value:.1}{unit}")
    }
}
