//! BPE whose characters stand for bytes: GPT-2, Llama 3, Qwen.

use super::super::error::ImportError;
use super::super::files::Files;
use super::json::{TokenizerJson, added};
use super::{JSON, Kind, Tokens, Vocabulary, pre};

pub(super) fn read(json: &TokenizerJson, files: &Files, rows: u64) -> Result<Vocabulary, ImportError> {
    let affixes = [&json.model.continuing_subword_prefix, &json.model.end_of_word_suffix];
    if affixes.into_iter().flatten().any(|affix| !affix.is_empty()) {
        return Err(ImportError::file(
            JSON,
            "marks parts of words, which llama.cpp does not know in a BPE over bytes",
        ));
    }
    let mut tokens = Tokens::new(JSON, rows)?;
    for (text, id) in json.ids()? {
        // Files have tokens in it again that are added: they come below.
        if !json.added_tokens.iter().any(|added| added.id == *id && added.content == *text) {
            tokens.set(*id, text, 0.0, Kind::Normal)?;
        }
    }
    added(Some(json), files)?.iter().for_each(|added| tokens.add(added));
    let (pre, merges) = (pre::name(json)?, Some(merges(json)?));
    Ok(Vocabulary { pre, merges, ..Vocabulary::new("gpt2", tokens.finish()?) })
}

/// The merges with one space between the parts. A space in a part is written as the character that stands for its
/// byte.
fn merges(json: &TokenizerJson) -> Result<Vec<String>, ImportError> {
    let all = json.model.merges.as_deref().unwrap_or_default();
    let text = |merge: &super::json::Merge| {
        let (left, right) = merge.parts()?;
        Some(format!("{} {}", left.replace(' ', "Ġ"), right.replace(' ', "Ġ")))
    };
    let merges = all.iter().map(text).collect::<Option<Vec<_>>>();
    merges.ok_or_else(|| ImportError::file(JSON, "has a merge that is no pair of tokens"))
}
