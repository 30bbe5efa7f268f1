//! BPE over characters, with bytes for what it does not know: SentencePiece, and what transformers makes of it.
//!
//! llama.cpp joins the two neighbours that make the token with the best score, whatever the merges say. So scores
//! are all it needs: tokenizer.model has them, and the order of merges gives them if all merges that are possible
//! are there, which is so in every tokenizer.json that was made from SentencePiece.

use std::collections::{HashMap, HashSet};

use super::super::error::ImportError;
use super::super::files::Files;
use super::json::{TokenizerJson, added};
use super::sentencepiece::ModelProto;
use super::{CONFIG, JSON, Kind, MODEL, SPACE, Token, Tokens, Vocabulary};

/// Reads tokenizer.model. What stands in tokenizer.json beside it is more exact about added tokens and spaces.
pub(super) fn from_model(
    json: Option<&TokenizerJson>,
    files: &Files,
    rows: u64,
) -> Result<Vocabulary, ImportError> {
    let bytes = files.bytes(MODEL)?.unwrap_or_default();
    let model = ModelProto::parse(MODEL, &bytes)?;
    let mut tokens = Tokens::new(MODEL, rows)?;
    for (id, piece) in model.pieces.iter().enumerate() {
        let text = piece.piece.as_deref().unwrap_or_default();
        let (kind, score) = (kind_of(piece.kind.unwrap_or(1)), piece.score.unwrap_or(0.0));
        // These are looked for in the text as it is, with its spaces.
        let spaced = if kind == Kind::UserDefined { text.replace(SPACE, " ") } else { text.to_owned() };
        tokens.set(id as u64, &spaced, score, kind)?;
    }
    added(json, files)?.iter().for_each(|added| tokens.add(added));
    let config = files.object(CONFIG)?;
    let configured = config.map(|config| config.bool("add_prefix_space")).transpose()?.flatten();
    let adds_space = match json {
        Some(json) => json.adds_space(),
        None => configured.unwrap_or(model.adds_space()),
    };
    vocabulary(tokens, MODEL, adds_space)
}

fn kind_of(number: i32) -> Kind {
    match number {
        2 => Kind::Unknown,
        3 => Kind::Control,
        4 => Kind::UserDefined,
        5 => Kind::Unused,
        6 => Kind::Byte,
        _ => Kind::Normal,
    }
}

/// Reads tokenizer.json alone.
pub(super) fn from_json(json: &TokenizerJson, files: &Files, rows: u64) -> Result<Vocabulary, ImportError> {
    if !json.is_bpe() {
        return Err(ImportError::file(JSON, "is no BPE, WordPiece or Unigram: llama.cpp does not know it"));
    }
    let ids = json.ids()?;
    let ranks = ranks(json, ids)?;
    let mut tokens = Tokens::new(JSON, rows)?;
    for (text, id) in ids {
        let kind = if json.model.unk_token.as_ref() == Some(text) {
            Kind::Unknown
        } else if is_byte(text) {
            Kind::Byte
        } else {
            Kind::Normal
        };
        // Scores count only for tokens that are joined of others.
        let score = ranks.get(text.as_str()).map_or(0.0, |rank| -(*rank as f32));
        tokens.set(*id, text, score, kind)?;
    }
    added(Some(json), files)?.iter().for_each(|added| tokens.add(added));
    vocabulary(tokens, JSON, json.adds_space())
}

fn vocabulary(tokens: Tokens, file: &str, adds_space: bool) -> Result<Vocabulary, ImportError> {
    let tokens = tokens.finish()?;
    check_bytes(&tokens, file)?;
    let extra = vec![("add_space_prefix", adds_space.into())];
    Ok(Vocabulary { extra, ..Vocabulary::new("llama", tokens) })
}

/// For a character without a token, llama.cpp asks for the tokens of its bytes, and does not survive if there are
/// none.
fn check_bytes(tokens: &[Token], file: &str) -> Result<(), ImportError> {
    let bytes = tokens.iter().filter(|token| token.kind == Kind::Byte && is_byte(&token.text)).count();
    if bytes == 256 {
        return Ok(());
    }
    let problem =
        format!("has tokens for {bytes} of 256 bytes: llama.cpp cannot tokenise all texts without them");
    Err(ImportError::file(file, problem))
}

/// Whether a token is `<0x00>` to `<0xFF>`.
fn is_byte(text: &str) -> bool {
    let hex = text.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'));
    hex.is_some_and(|hex| {
        hex.len() == 2 && hex.bytes().all(|c| c.is_ascii_digit() || (b'A'..=b'F').contains(&c))
    })
}

/// The place of the first merge that makes a token.
fn ranks<'a>(
    json: &'a TokenizerJson,
    ids: &'a HashMap<String, u64>,
) -> Result<HashMap<&'a str, usize>, ImportError> {
    let merges = json.model.merges.as_deref().unwrap_or_default();
    let mut ranks = HashMap::new();
    let mut known = HashSet::new();
    for (rank, merge) in merges.iter().enumerate() {
        let Some((left, right)) = merge.parts() else {
            return Err(ImportError::file(JSON, "has a merge that is no pair of tokens"));
        };
        let joined = format!("{left}{right}");
        if let Some((text, _)) = ids.get_key_value(&joined) {
            ranks.entry(text.as_str()).or_insert(rank);
            known.insert((text.as_str(), left.len()));
        }
    }
    check_complete(&ranks, &known, ids)?;
    Ok(ranks)
}

/// Fails if there are two tokens that make a third, but no merge that says so: llama.cpp would join them.
fn check_complete(
    ranks: &HashMap<&str, usize>,
    known: &HashSet<(&str, usize)>,
    ids: &HashMap<String, u64>,
) -> Result<(), ImportError> {
    for text in ranks.keys() {
        for (at, _) in text.char_indices().skip(1) {
            let (left, right) = text.split_at(at);
            if ids.contains_key(left) && ids.contains_key(right) && !known.contains(&(text, at)) {
                let problem = format!(
                    "has no merge of {left:?} and {right:?}, but llama.cpp would join them: only BPE vocabularies made \
                     from SentencePiece and those over bytes are imported; add tokenizer.model if the model has one"
                );
                return Err(ImportError::file(JSON, problem));
            }
        }
    }
    Ok(())
}
