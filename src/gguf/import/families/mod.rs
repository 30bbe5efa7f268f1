//! The kinds of models that are imported, one file for each group of relatives.
//!
//! A family reads `config.json`, and answers with a [`Blueprint`]: metadata in llama.cpp's terms, tables of
//! tensors, sizes. What llama.cpp has fixed in its code (the activation, the scale of the attention) is compared
//! with the configuration, since a model that says otherwise would load and write nonsense.

mod bert;
mod decoder;
mod gemma;
mod llama;
mod nomic;
mod phi;

use serde_json::Value as Json;

use super::error::ImportError;
use super::header::Header;
use super::object::Object;
use super::rows::{Row, Sizes};

/// What a configuration says of a model.
#[derive(Debug)]
pub(super) struct Blueprint {
    pub header: Header,
    /// Of the vocabulary, the weights decide: it is 0 here.
    pub sizes: Sizes,
    pub layers: u64,
    pub naming: Naming,
    /// Tensors outside the layers.
    pub whole: &'static [Row],
    /// Tensors of each layer.
    pub layer: &'static [&'static [Row]],
    /// Tensors that are computed from the configuration.
    pub values: Vec<(&'static str, Vec<f32>)>,
    /// Whether the output uses the embeddings; `None` if the configuration does not say.
    pub tied: Option<bool>,
    /// Embeddings of positions at the beginning that are never used: RoBERTa counts from the padding token on.
    pub skipped_positions: u64,
}

/// How tensors are called in checkpoints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Naming {
    /// What may stand in front of all names; of each list, the first that fits is taken off.
    pub prefixes: &'static [&'static [&'static str]],
    /// What stands before the number of a layer.
    pub layer: &'static str,
    /// The embeddings of the tokens.
    pub embeddings: &'static str,
    /// Beginnings of names, without prefix, of tensors that llama.cpp has no use for.
    pub dropped: &'static [&'static str],
    /// Ends of such names.
    pub dropped_ends: &'static [&'static str],
}

impl Naming {
    /// A name as the tables have it; `None` if the tensor is not wanted.
    pub(super) fn plain(&self, name: &str) -> Option<String> {
        let mut plain = name;
        for choices in self.prefixes {
            plain = choices.iter().find_map(|prefix| plain.strip_prefix(prefix)).unwrap_or(plain);
        }
        let is_dropped = self.dropped.iter().any(|start| plain.starts_with(start))
            || self.dropped_ends.iter().any(|end| plain.ends_with(end));
        if is_dropped {
            return None;
        }
        // Names of layer norms in checkpoints that were converted from TensorFlow.
        Some(if let Some(stem) = plain.strip_suffix(".gamma") {
            format!("{stem}.weight")
        } else if let Some(stem) = plain.strip_suffix(".beta") {
            format!("{stem}.bias")
        } else {
            plain.to_owned()
        })
    }
}

/// A kind of model.
struct Family {
    /// `architectures` in config.json.
    names: &'static [&'static str],
    read: fn(&Object) -> Result<Blueprint, ImportError>,
}

const FAMILIES: &[Family] = &[
    Family {
        names: &["LlamaForCausalLM", "LlamaModel", "MistralForCausalLM", "MistralModel"],
        read: llama::llama,
    },
    Family { names: &["Qwen2ForCausalLM", "Qwen2Model"], read: llama::qwen2 },
    Family { names: &["Qwen3ForCausalLM", "Qwen3Model"], read: llama::qwen3 },
    Family { names: &["Gemma2ForCausalLM"], read: gemma::gemma2 },
    Family { names: &["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"], read: gemma::gemma3 },
    Family { names: &["Phi3ForCausalLM"], read: phi::phi3 },
    Family { names: &["BertModel", "BertForMaskedLM"], read: bert::bert },
    Family { names: &["RobertaModel", "XLMRobertaModel"], read: bert::roberta },
    Family { names: &["DistilBertModel", "DistilBertForMaskedLM"], read: bert::distilbert },
    Family { names: &["NomicBertModel"], read: nomic::nomic },
];

/// Reads `config.json`.
pub(super) fn read(config: &Object) -> Result<Blueprint, ImportError> {
    let names = config.texts("architectures")?.unwrap_or_default();
    let Some(name) = names.first() else {
        return Err(config
            .error("architectures", "which must name the kind of model, such as [\"LlamaForCausalLM\"]"));
    };
    let family = FAMILIES.iter().find(|family| family.names.contains(&name.as_str()));
    let family = family.ok_or_else(|| {
        let supported: Vec<&str> = FAMILIES.iter().flat_map(|family| family.names).copied().collect();
        ImportError::Architecture { name: name.clone(), supported: supported.join(", ") }
    })?;
    check_plain(config)?;
    // Models of several media keep what belongs to the text in an object of its own.
    let config = match config.object("text_config")? {
        Some(text) => config.clone().overlaid(text),
        None => config.clone(),
    };
    (family.read)(&config)
}

/// The kinds of models that adapters can be for: llama.cpp's names, and the tensors of a layer.
const BASES: &[(&str, &[&[Row]])] = &[
    ("llama", llama::LLAMA_LAYER),
    ("qwen2", llama::QWEN2_LAYER),
    ("qwen3", llama::QWEN3_LAYER),
    ("gemma2", gemma::GEMMA2_LAYER),
    ("gemma3", gemma::GEMMA3_LAYER),
    ("phi3", phi::PHI3_LAYER),
];

/// Finds the base of an adapter by llama.cpp's name for it: that name, how checkpoints call its tensors, and those
/// of a layer.
pub(super) fn base(
    architecture: &str,
) -> Result<(&'static str, Naming, &'static [&'static [Row]]), ImportError> {
    let found = BASES.iter().find(|(name, _)| *name == architecture);
    let (name, layer) = found.ok_or_else(|| {
        let names: Vec<&str> = BASES.iter().map(|(name, _)| *name).collect();
        let supported = format!("adapters for {}", names.join(", "));
        ImportError::Architecture { name: architecture.to_owned(), supported }
    })?;
    Ok((name, decoder::NAMING, layer))
}

/// Weights that are packed to fewer bits have other tensors and types.
fn check_plain(config: &Object) -> Result<(), ImportError> {
    let Some(quantization) = config.object("quantization_config")? else { return Ok(()) };
    let method = quantization.text("quant_method")?.unwrap_or("unknown");
    let problem = format!("the weights are quantised ({method}): import the checkpoint they were made from");
    Err(config.error("quantization_config", &problem))
}

/// Fails if the configuration asks for another activation than those that llama.cpp computes for the family.
fn check_activation(config: &Object, key: &str, allowed: &[&str]) -> Result<(), ImportError> {
    match config.text(key)? {
        Some(name) if !allowed.contains(&name) => {
            let problem = format!("but llama.cpp computes such models with {}", allowed.join(" or "));
            Err(config.error(key, &problem))
        }
        _ => Ok(()),
    }
}

/// Shorthand for tables of defaults.
fn default_size(key: &'static str, size: u64) -> (&'static str, Json) {
    (key, Json::from(size))
}
