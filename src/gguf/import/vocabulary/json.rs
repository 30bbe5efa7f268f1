//! `tokenizer.json`: a tokenizer as the `tokenizers` library of Hugging Face writes it.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::super::error::ImportError;
use super::super::files::Files;
use super::{CONFIG, JSON};

/// The parts of the file that matter. Those that have many forms are kept as they are.
#[derive(Debug, Deserialize)]
pub(super) struct TokenizerJson {
    #[serde(default)]
    pub added_tokens: Vec<Added>,
    /// Changes the text first.
    #[serde(default)]
    normalizer: Json,
    /// Cuts the text.
    #[serde(default)]
    pre_tokenizer: Json,
    /// Puts tokens around it.
    #[serde(default)]
    post_processor: Json,
    #[serde(default)]
    decoder: Json,
    pub model: Model,
}

/// A token that stands outside the vocabulary proper.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Added {
    pub id: u64,
    pub content: String,
    #[serde(default)]
    pub special: bool,
    /// Whether it takes the white space behind it with it.
    #[serde(default)]
    rstrip: bool,
}

impl Added {
    pub(super) fn new(id: u64, content: &str, special: bool) -> Self {
        Self { id, content: content.to_owned(), special, rstrip: false }
    }
}

/// What cuts words into tokens.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    #[serde(rename = "type")]
    kind: Option<String>,
    pub vocab: Vocab,
    pub merges: Option<Vec<Merge>>,
    pub unk_token: Option<String>,
    pub unk_id: Option<u64>,
    #[serde(default)]
    pub byte_fallback: bool,
    #[serde(default)]
    pub ignore_merges: bool,
    pub continuing_subword_prefix: Option<String>,
    pub end_of_word_suffix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Vocab {
    Ids(HashMap<String, u64>),
    /// Of Unigram: the place is the id, the number the score.
    Scores(Vec<(String, f64)>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Merge {
    Text(String),
    Pair(String, String),
}

impl Merge {
    pub(super) fn parts(&self) -> Option<(&str, &str)> {
        match self {
            Self::Pair(left, right) => Some((left, right)),
            Self::Text(text) => text.split_once(' '),
        }
    }
}

impl TokenizerJson {
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, ImportError> {
        serde_json::from_str(text)
            .map_err(|error| ImportError::file(file, format!("is no tokenizer of Hugging Face: {error}")))
    }

    /// The kind of model. Files of 2020 do not say it.
    fn kind(&self) -> &str {
        match (&self.model.kind, &self.model.vocab, &self.model.merges) {
            (Some(kind), ..) => kind,
            (None, Vocab::Scores(_), _) => "Unigram",
            (None, _, Some(_)) => "BPE",
            (None, _, None) => "WordPiece",
        }
    }

    pub(super) fn is_unigram(&self) -> bool {
        self.kind() == "Unigram"
    }

    pub(super) fn is_words(&self) -> bool {
        self.kind() == "WordPiece"
    }

    /// Whether it is a BPE whose characters stand for bytes.
    pub(super) fn is_bytes(&self) -> bool {
        let is_bytes = |steps: Vec<&Json>| steps.iter().any(|step| step["type"] == "ByteLevel");
        self.kind() == "BPE"
            && (is_bytes(self.pre_tokenizers()) || is_bytes(steps(&self.decoder, "decoders")))
    }

    pub(super) fn is_bpe(&self) -> bool {
        self.kind() == "BPE"
    }

    pub(super) fn normalizers(&self) -> Vec<&Json> {
        steps(&self.normalizer, "normalizers")
    }

    pub(super) fn pre_tokenizers(&self) -> Vec<&Json> {
        steps(&self.pre_tokenizer, "pretokenizers")
    }

    pub(super) fn post_processors(&self) -> Vec<&Json> {
        steps(&self.post_processor, "processors")
    }

    /// Whether a space is put in front of texts, as SentencePiece does it.
    pub(super) fn adds_space(&self) -> bool {
        let prepends = |step: &&Json| step["type"] == "Prepend";
        let metaspace = |step: &&Json| {
            step["type"] == "Metaspace"
                && match step["prepend_scheme"].as_str() {
                    Some(scheme) => scheme != "never",
                    None => step["add_prefix_space"].as_bool().unwrap_or(true),
                }
        };
        self.normalizers().iter().any(prepends) || self.pre_tokenizers().iter().any(metaspace)
    }

    /// Whether special tokens take the white space behind them with them.
    pub(super) fn strips(&self) -> bool {
        self.added_tokens.iter().any(|added| added.special && added.rstrip)
    }

    /// The vocabulary as ids by text.
    pub(super) fn ids(&self) -> Result<&HashMap<String, u64>, ImportError> {
        match &self.model.vocab {
            Vocab::Ids(ids) => Ok(ids),
            Vocab::Scores(_) => Err(ImportError::file(JSON, "has a vocabulary without ids")),
        }
    }
}

/// The steps of something that is one step, or a sequence of them.
fn steps<'a>(step: &'a Json, name: &str) -> Vec<&'a Json> {
    match step[name].as_array() {
        Some(inner) if step["type"] == "Sequence" => inner.iter().collect(),
        _ if step.is_object() => vec![step],
        _ => Vec::new(),
    }
}

/// All added tokens: those of tokenizer.json, and those that older folders have elsewhere.
pub(super) fn added(json: Option<&TokenizerJson>, files: &Files) -> Result<Vec<Added>, ImportError> {
    let mut all = Vec::new();
    if let Some(object) = files.object("added_tokens.json")? {
        for content in object.keys() {
            let id = object.size(content)?.unwrap_or(u64::MAX);
            all.push(Added::new(id, content, false));
        }
    }
    all.extend(json.into_iter().flat_map(|json| json.added_tokens.iter().cloned()));
    let config = files.object(CONFIG)?;
    if let Some(decoder) = config.map(|config| config.object("added_tokens_decoder")).transpose()?.flatten() {
        for key in decoder.keys() {
            let Some(token) = decoder.object(key)? else { continue };
            let id = key.parse().map_err(|_| decoder.error(key, "but its key is no token id"))?;
            let content = token.text("content")?.unwrap_or_default();
            all.push(Added::new(id, content, token.bool("special")?.unwrap_or(false)));
        }
    }
    Ok(all)
}
