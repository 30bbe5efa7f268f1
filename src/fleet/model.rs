//! What a model is: a name, the weights that an engine loads, and what is said around them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{ModelSource, SourcePath};
use crate::chat::Message;
use crate::engine::protocol::CacheType;
use crate::gguf::GgufFile;
use crate::gguf::compat::{self, ModelFile};
use crate::store::{ModelConfig, Name};

/// A model that can be served, loaded or not. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Model {
    /// Name with tag.
    pub name: Name,
    /// What an engine loads. Models with the same weights share one engine.
    pub weights: Weights,
    /// Hex SHA-256: of a stored model its manifest's, of a file one of its path, size and time of change.
    pub digest: String,
    /// Bytes on disk.
    pub size: u64,
    /// When it was made.
    pub modified: jiff::Timestamp,
    /// What surrounds the weights.
    pub content: Arc<Content>,
}

/// What an engine loads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Weights {
    /// The weights themselves.
    pub source: SourcePath,
    /// GGUFs of LoRA adapters.
    pub adapters: Vec<PathBuf>,
    /// How keys are kept, if the model says so.
    pub cache_keys: Option<CacheType>,
    /// How values are kept, if the model says so.
    pub cache_values: Option<CacheType>,
}

impl Weights {
    /// Weights alone, about which nothing else is said.
    #[must_use]
    pub fn new(source: SourcePath) -> Self {
        Self { source, adapters: Vec::new(), cache_keys: None, cache_values: None }
    }
}

/// What surrounds the weights: all but licences, which nobody needs to serve a model.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// What the config of a stored model says; for a file what follows from it.
    pub config: ModelConfig,
    /// What the weights' file says of itself. `None` if it cannot be read: using the model then says why.
    pub facts: Option<Arc<FileFacts>>,
    /// Whether there is a projector, for images.
    pub projector: bool,
    /// Prompt template in Go's language, in place of the file's own.
    pub template: Option<String>,
    /// System message for conversations that bring none.
    pub system: Option<String>,
    /// Options, below those of a request.
    pub parameters: Map<String, Value>,
    /// Messages that come before every conversation.
    pub messages: Vec<Message>,
}

/// What a GGUF says of its model.
#[derive(Clone, Debug)]
pub struct FileFacts {
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
    /// Whether the file says how to pool hidden states: an embedding model.
    pub pooling: bool,
    /// Whether the file reads images.
    pub vision: bool,
    /// Whether the vocabulary has tokens for text that is to be inserted.
    pub infill: bool,
    /// The chat template of the file, Jinja.
    pub chat_template: Option<String>,
}

impl FileFacts {
    /// What a file says.
    #[must_use]
    pub fn of(file: &GgufFile) -> Self {
        Self {
            family: file.architecture().to_owned(),
            parameter_size: human_count(file.parameter_count()),
            quantization: file.quantization(),
            context_length: file.architecture_u64("context_length"),
            embedding_length: file.architecture_u64("embedding_length"),
            pooling: file.architecture_u64("pooling_type").is_some(),
            vision: file.architecture_u64("vision.block_count").is_some(),
            infill: file.has_infill(),
            chat_template: file.chat_template().map(ToOwned::to_owned),
        }
    }

    /// What a model's file says, where it must be corrected as llama.cpp is told. All weights count, also those that
    /// it is not told of.
    #[must_use]
    pub fn of_model(model: &ModelFile) -> Self {
        let parameter_size = human_count(model.file().parameter_count());
        Self { parameter_size, ..Self::of(model.as_loaded()) }
    }
}

impl Model {
    /// Describes a file that was named at the start, without loading it. A file that cannot be read is logged, and
    /// stays in the list so that a request for it gets the reason.
    pub(super) fn of_file(source: ModelSource) -> Self {
        let path = match &source.path {
            SourcePath::Gguf(path) => path.clone(),
            SourcePath::Mock => "mock".into(),
        };
        let name = source.name.unwrap_or_else(|| name_of_file(&path));
        let meta = std::fs::metadata(&path).ok();
        let size = meta.as_ref().map_or(0, std::fs::Metadata::len);
        let modified = meta
            .and_then(|m| m.modified().ok())
            .and_then(|t| jiff::Timestamp::try_from(t).ok())
            .unwrap_or_else(jiff::Timestamp::now);
        let digest = Sha256::digest(format!("{}\n{size}\n{modified}", path.display()));
        let facts = match &source.path {
            SourcePath::Gguf(path) => compat::open(path)
                .map(|file| Arc::new(FileFacts::of_model(&file)))
                .inspect_err(|e| tracing::warn!(model = %name, error = %e, "this model cannot be used"))
                .ok(),
            SourcePath::Mock => None,
        };
        Self {
            weights: Weights::new(source.path),
            name,
            digest: digest.iter().map(|b| format!("{b:02x}")).collect(),
            size,
            modified,
            content: Arc::new(Content { config: config_of(facts.as_deref()), facts, ..Content::default() }),
        }
    }
}

impl Model {
    /// Whether another server runs it: there is nothing but its description here.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        !self.content.config.remote_host.is_empty()
    }

    /// Context length that the model was trained on, as its config tells, else the file of its weights.
    #[must_use]
    pub fn context_length(&self) -> Option<u64> {
        let Content { config, facts, .. } = &*self.content;
        config.context_length.or_else(|| facts.as_ref()?.context_length)
    }

    /// Bytes that the weights take, at least: the size of their files.
    #[must_use]
    pub fn weights_size(&self) -> u64 {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        let source = match &self.weights.source {
            SourcePath::Gguf(path) => size(path),
            SourcePath::Mock => 0,
        };
        source + self.weights.adapters.iter().map(|path| size(path)).sum::<u64>()
    }
}

/// The config that a file would get in a store.
#[must_use]
pub fn config_of(facts: Option<&FileFacts>) -> ModelConfig {
    let family = facts.map(|f| f.family.clone()).unwrap_or_default();
    ModelConfig {
        model_format: "gguf".into(),
        model_families: vec![family.clone()],
        model_family: family,
        model_type: facts.map(|f| f.parameter_size.clone()).unwrap_or_default(),
        file_type: facts.map(|f| f.quantization.clone()).unwrap_or_default(),
        ..ModelConfig::default()
    }
}

/// The file's name without its ending, as far as it may be a name.
#[allow(clippy::expect_used, reason = "a letter, and behind it only what every name may hold")]
fn name_of_file(path: &Path) -> Name {
    let stem = path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().to_lowercase());
    let stem = stem.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' });
    let stem: String = stem.take(80).collect();
    stem.parse().or_else(|_| format!("m{stem}").chars().take(80).collect::<String>().parse()).expect("a name")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_its_name_as_far_as_that_can_be() {
        let name = |path: &str| name_of_file(Path::new(path)).to_string();
        assert_eq!(name("/a/Stories 260K.gguf"), "stories-260k:latest");
        assert_eq!(name("-x.gguf"), "m-x:latest");
        assert_eq!(name("/"), "m:latest");
        assert_eq!(name(&format!("{}.gguf", "é".repeat(200))), format!("m{}:latest", "-".repeat(79)));
    }

    #[test]
    fn counts_are_for_people() {
        let counts = [999, 260_032, 494_032_768, 1_235_814_400, 7_000_000_000].map(human_count);
        assert_eq!(counts, ["999", "260K", "494.03M", "1.2B", "7B"]);
    }
}
