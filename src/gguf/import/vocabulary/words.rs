//! WordPiece, the tokenizer of BERT.
//!
//! BERT marks the parts of words that follow others: `token` `##ize` `##r`. llama.cpp marks the first ones, as if
//! there were a space: `▁token` `ize` `r`.

use super::super::error::ImportError;
use super::super::files::Files;
use super::json::{Added, TokenizerJson, added};
use super::{CONFIG, JSON, Kind, SPACE, Tokens, Vocabulary};
use crate::gguf::Value;

const TEXT: &str = "vocab.txt";
const MARK: &str = "##";

pub(super) fn from_json(json: &TokenizerJson, files: &Files, rows: u64) -> Result<Vocabulary, ImportError> {
    if json.model.continuing_subword_prefix.as_deref().is_some_and(|mark| mark != MARK) {
        return Err(ImportError::file(
            JSON,
            "marks parts of words otherwise than with ##, which llama.cpp does not know",
        ));
    }
    let added = added(Some(json), files)?;
    let mut tokens = Tokens::new(JSON, rows)?;
    for (text, id) in json.ids()? {
        if !added.iter().any(|added| added.id == *id) {
            tokens.set(*id, &unmarked(text), 0.0, Kind::Normal)?;
        }
    }
    added.iter().for_each(|added| tokens.add(added));
    let mut extra = Vec::new();
    for step in json.normalizers() {
        let flags = match step["type"].as_str() {
            Some("BertNormalizer") => (step["lowercase"].as_bool(), step["strip_accents"].as_bool()),
            Some("Lowercase") => (Some(true), None),
            Some("StripAccents") => (None, Some(true)),
            _ => (None, None),
        };
        extra.extend(normalizer(flags.0, flags.1));
    }
    vocabulary(tokens, extra)
}

/// Reads vocab.txt, which has a token on each line. Which of them are special stands elsewhere.
pub(super) fn from_text(files: &Files, rows: u64) -> Result<Vocabulary, ImportError> {
    let text = files.text(TEXT)?.unwrap_or_default();
    let config = files.object(CONFIG)?;
    let mut added = added(None, files)?;
    let mut tokens = Tokens::new(TEXT, rows)?;
    for (id, line) in text.lines().enumerate() {
        let (id, token) = (id as u64, line.trim_end_matches('\r'));
        let is_special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].contains(&token);
        if is_special {
            added.insert(0, Added::new(id, token, true));
        } else if !added.iter().any(|added| added.id == id) {
            tokens.set(id, &unmarked(token), 0.0, Kind::Normal)?;
        }
    }
    added.iter().for_each(|added| tokens.add(added));
    let (lowercase, strip) = match &config {
        Some(config) => (config.bool("do_lower_case")?, config.bool("strip_accents")?),
        None => (None, None),
    };
    // The tokenizer of BERT is of lower case unless it says that it is not.
    vocabulary(tokens, normalizer(Some(lowercase.unwrap_or(true)), strip).collect())
}

fn vocabulary(tokens: Tokens, extra: Vec<(&'static str, Value)>) -> Result<Vocabulary, ImportError> {
    Ok(Vocabulary { extra, ..Vocabulary::new("bert", tokens.finish()?) })
}

/// What is said of the text before it is cut. llama.cpp strips accents with lower case if nothing is said.
fn normalizer(lowercase: Option<bool>, strip: Option<bool>) -> impl Iterator<Item = (&'static str, Value)> {
    let lowercase = lowercase.map(|yes| ("normalizer.lowercase", yes.into()));
    let strip = strip.map(|yes| ("normalizer.strip_accents", yes.into()));
    lowercase.into_iter().chain(strip)
}

fn unmarked(text: &str) -> String {
    match text.strip_prefix(MARK) {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => format!("{SPACE}{text}"),
    }
}
