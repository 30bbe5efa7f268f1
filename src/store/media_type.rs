//! What a layer is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The media type of a layer or config, by which its blob is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum MediaType {
    /// JSON that describes the model: [`ModelConfig`](super::ModelConfig).
    Config,
    /// GGUF; one in a model.
    Model,
    /// GGUF of what reads images or sounds.
    Projector,
    /// GGUF of a LoRA adapter.
    Adapter,
    /// GGUF of a draft model.
    Draft,
    /// Prompt template, in Go's language.
    Template,
    /// What old models have for [`Template`](Self::Template).
    Prompt,
    /// System prompt.
    System,
    /// JSON object of options; `stop` is a list.
    Params,
    /// JSON list of messages that come before every conversation.
    Messages,
    /// Licence; a model may have several.
    License,
    /// Nothing reads it any more.
    Embed,
    /// One tensor in safetensors.
    Tensor,
    /// A JSON file that came with safetensors; the layer has its name.
    Json,
    /// Any other, kept as it is.
    Other(String),
}

/// All that are not [`MediaType::Other`].
const KNOWN: [MediaType; 14] = [
    MediaType::Config,
    MediaType::Model,
    MediaType::Projector,
    MediaType::Adapter,
    MediaType::Draft,
    MediaType::Template,
    MediaType::Prompt,
    MediaType::System,
    MediaType::Params,
    MediaType::Messages,
    MediaType::License,
    MediaType::Embed,
    MediaType::Tensor,
    MediaType::Json,
];

impl MediaType {
    /// As it is written in a manifest.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Config => "application/vnd.docker.container.image.v1+json",
            Self::Model => "application/vnd.ollama.image.model",
            Self::Projector => "application/vnd.ollama.image.projector",
            Self::Adapter => "application/vnd.ollama.image.adapter",
            Self::Draft => "application/vnd.ollama.image.draft",
            Self::Template => "application/vnd.ollama.image.template",
            Self::Prompt => "application/vnd.ollama.image.prompt",
            Self::System => "application/vnd.ollama.image.system",
            Self::Params => "application/vnd.ollama.image.params",
            Self::Messages => "application/vnd.ollama.image.messages",
            Self::License => "application/vnd.ollama.image.license",
            Self::Embed => "application/vnd.ollama.image.embed",
            Self::Tensor => "application/vnd.ollama.image.tensor",
            Self::Json => "application/vnd.ollama.image.json",
            Self::Other(text) => text,
        }
    }
}

impl From<String> for MediaType {
    fn from(text: String) -> Self {
        KNOWN.into_iter().find(|known| known.as_str() == text).unwrap_or(Self::Other(text))
    }
}

impl From<MediaType> for String {
    fn from(media_type: MediaType) -> Self {
        media_type.as_str().to_owned()
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
