//! What the config blob of a model says.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// A model in short, for lists and for choosing how to run it. Texts are empty where nothing is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelConfig {
    /// `gguf` or `safetensors`.
    #[serde(deserialize_with = "nullable")]
    pub model_format: String,
    /// Architecture: `llama`.
    #[serde(deserialize_with = "nullable")]
    pub model_family: String,
    /// Architectures of the model and of its projector: `llama`, `clip`.
    #[serde(deserialize_with = "nullable")]
    pub model_families: Vec<String>,
    /// Number of parameters, for people: `3.2B`.
    #[serde(deserialize_with = "nullable")]
    pub model_type: String,
    /// How most weights are stored: `Q4_K_M`.
    #[serde(deserialize_with = "nullable")]
    pub file_type: String,
    /// Built-in renderer of prompts, in place of a template.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub renderer: String,
    /// Built-in parser of answers.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub parser: String,
    /// Least version of the server.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub requires: String,
    /// Server that runs the model, if it is not this one.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub remote_host: String,
    /// What it is called there.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub remote_model: String,
    /// `completion`, `tools`, …; empty: what the model can is found out from its layers.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// Tokens that the model was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_length: Option<u64>,
    /// Width of the hidden state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_length: Option<u64>,
    /// Name of the model that this one was made from.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub base_name: String,
    /// The draft model, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<DraftConfig>,
    /// Of the machine, not the model. Always `amd64`: the format of the config is one of containers.
    #[serde(deserialize_with = "nullable")]
    pub architecture: String,
    /// Likewise, always `linux`.
    #[serde(deserialize_with = "nullable")]
    pub os: String,
    /// What else it says; kept, not understood.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The draft model of a model, which proposes tokens that the model checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DraftConfig {
    /// `gguf` or `safetensors`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub model_format: String,
    /// Of the model.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub architecture: String,
    /// How the names of its tensors start.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub tensor_prefix: String,
    /// What else it says; kept, not understood.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            model_format: String::new(),
            model_family: String::new(),
            model_families: Vec::new(),
            model_type: String::new(),
            file_type: String::new(),
            renderer: String::new(),
            parser: String::new(),
            requires: String::new(),
            remote_host: String::new(),
            remote_model: String::new(),
            capabilities: Vec::new(),
            context_length: None,
            embedding_length: None,
            base_name: String::new(),
            draft: None,
            architecture: "amd64".to_owned(),
            os: "linux".to_owned(),
            other: Map::new(),
        }
    }
}

/// Ollama writes lists that are empty as `null`.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(input: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}
