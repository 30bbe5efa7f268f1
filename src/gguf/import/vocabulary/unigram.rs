//! SentencePiece's unigram model, the tokenizer of XLM-RoBERTa.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::super::error::ImportError;
use super::json::{TokenizerJson, Vocab};
use super::{JSON, Kind, Tokens, Vocabulary};
use crate::gguf::Value;

pub(super) fn read(json: &TokenizerJson, rows: u64) -> Result<Vocabulary, ImportError> {
    let Vocab::Scores(pieces) = &json.model.vocab else {
        return Err(ImportError::file(JSON, "is a Unigram without scores"));
    };
    if json.model.byte_fallback {
        return Err(ImportError::file(
            JSON,
            "is a Unigram with tokens for bytes, which llama.cpp does not know",
        ));
    }
    let mut tokens = Tokens::new(JSON, rows)?;
    for (id, (text, score)) in (0..).zip(pieces) {
        let kind = if json.model.unk_id == Some(id) { Kind::Unknown } else { Kind::Normal };
        tokens.set(id, text, *score as f32, kind)?;
    }
    json.added_tokens.iter().for_each(|added| tokens.add(added));
    let mut extra: Vec<(&'static str, Value)> = vec![
        ("add_space_prefix", json.adds_space().into()),
        ("remove_extra_whitespaces", merges_spaces(json).into()),
    ];
    extra.extend(charsmap(json)?.map(|map| ("precompiled_charsmap", map.into())));
    Ok(Vocabulary { extra, ..Vocabulary::new("t5", tokens.finish()?) })
}

/// Whether spaces in a row count as one.
fn merges_spaces(json: &TokenizerJson) -> bool {
    json.pre_tokenizers().iter().any(|step| step["type"] == "WhitespaceSplit")
        || json
            .normalizers()
            .iter()
            .any(|step| step["type"] == "Replace" && step["pattern"]["Regex"] == " {2,}")
}

/// The table that normalises characters. llama.cpp checks little of it: that its first part, whose length is in
/// front, leaves something for the second.
fn charsmap(json: &TokenizerJson) -> Result<Option<Vec<u8>>, ImportError> {
    let normalizers = json.normalizers();
    let Some(step) = normalizers.iter().find(|step| step["type"] == "Precompiled") else { return Ok(None) };
    let fail = || ImportError::file(JSON, "has a damaged \"precompiled_charsmap\"");
    let map = BASE64_STANDARD
        .decode(step["precompiled_charsmap"].as_str().ok_or_else(fail)?)
        .map_err(|_| fail())?;
    let Some((len, rest)) = map.split_first_chunk::<4>() else {
        return if map.is_empty() { Ok(None) } else { Err(fail()) };
    };
    if u32::from_le_bytes(*len) as usize >= rest.len() { Err(fail()) } else { Ok(Some(map)) }
}
