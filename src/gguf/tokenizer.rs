//! What llama.cpp takes for granted in a vocabulary. See [`validate`](super::validate) for what belongs here.

use std::borrow::Cow;

use super::error::{GgufError, short};
use super::file::GgufFile;
use super::parse::first_duplicate;
use super::text::Text;
use super::value::{Array, Value};

const TOKENS: &str = "tokenizer.ggml.tokens";
/// `LLAMA_TOKEN_TYPE_BYTE`.
const TOKEN_TYPE_BYTE: i32 = 6;

pub(super) fn validate(file: &GgufFile) -> Result<(), GgufError> {
    let model = match file.get("tokenizer.ggml.model") {
        Some(Value::String(model)) => std::str::from_utf8(model.before_zero()).unwrap_or_default(),
        _ => "",
    };
    if matches!(model, "none" | "no_vocab") {
        return check_size(file);
    }
    let Some(tokens) = file.get(TOKENS) else { return Ok(()) };
    let Some(tokens) = tokens.as_array().and_then(Array::as_strings) else {
        return Err(GgufError::model(TOKENS, "is not an array of strings"));
    };
    check_unique(tokens)?;
    check_lengths(file, tokens.len())?;
    check_bytes(file, model)?;
    check_special(file, model, tokens.len() as u64)
}

/// Without a vocabulary, `llama_vocab::impl::load` makes up as many tokens as it is told. Each must have
/// weights in the file, so there are fewer of them than bytes.
fn check_size(file: &GgufFile) -> Result<(), GgufError> {
    match file.architecture_u64("vocab_size") {
        Some(size) if size > file.file_len() => {
            let problem = format!("is {size}, in a file of {} bytes", file.file_len());
            Err(GgufError::model(file.architecture_key("vocab_size"), problem))
        }
        _ => Ok(()),
    }
}

/// `llama_vocab::impl::load` asserts that all tokens differ. It sees them up to a zero byte, and gives names
/// to empty ones.
fn check_unique(tokens: &[Text]) -> Result<(), GgufError> {
    let seen = tokens.iter().enumerate().map(|(id, token)| match token.before_zero() {
        b"" => Cow::Owned(format!("[EMPTY_{id}]").into_bytes()),
        bytes => Cow::Borrowed(bytes),
    });
    match first_duplicate(seen) {
        Some(token) => {
            Err(GgufError::model(TOKENS, format!("has {:?} twice", short(&String::from_utf8_lossy(&token)))))
        }
        None => Ok(()),
    }
}

/// What is said of each token must be said of all. llama.cpp checks this too, but its error speaks of array
/// bounds.
fn check_lengths(file: &GgufFile, tokens: usize) -> Result<(), GgufError> {
    for key in ["tokenizer.ggml.scores", "tokenizer.ggml.token_type"] {
        let Some(value) = file.get(key) else { continue };
        let len = value.as_array().map(Array::len);
        if len.is_none_or(|len| len < tokens) {
            return Err(GgufError::model(key, format!("is not an array of {tokens}, the number of tokens")));
        }
    }
    Ok(())
}

/// `llama_vocab::impl::token_to_byte` aborts for a BERT vocabulary: that has no tokens for single bytes.
fn check_bytes(file: &GgufFile, model: &str) -> Result<(), GgufError> {
    const KEY: &str = "tokenizer.ggml.token_type";
    match file.array(KEY) {
        Some(Array::I32(types)) if model == "bert" && types.contains(&TOKEN_TYPE_BYTE) => {
            Err(GgufError::model(KEY, "has tokens for bytes, which tokenizer \"bert\" does not know"))
        }
        _ => Ok(()),
    }
}

/// `llama_vocab::impl::tokenize` asserts that the tokens exist that it puts around a prompt. One that is out
/// of range counts as not given: many models have -1 for tokens that they never use.
fn check_special(file: &GgufFile, model: &str, tokens: u64) -> Result<(), GgufError> {
    // What llama.cpp takes for beginning and end if nothing is given.
    let (bos, eos) = match model {
        "llama" | "plamo2" => (Some(1), Some(2)),
        "gpt2" | "hybriddna" | "whitespace" => (Some(11), Some(11)),
        "bert" => (Some(101), None),
        "t5" => (None, Some(1)),
        "gemma4" => (None, None),
        // Other tokenizers put nothing around a prompt.
        _ => return Ok(()),
    };
    let adds = |key| file.bool(key) == Some(true);
    let bert = model == "bert";
    let needed = [
        ("tokenizer.ggml.bos_token_id", bos, bert || adds("tokenizer.ggml.add_bos_token")),
        ("tokenizer.ggml.eos_token_id", eos, !bert && adds("tokenizer.ggml.add_eos_token")),
        ("tokenizer.ggml.seperator_token_id", Some(102), bert),
    ];
    for (key, default, is_needed) in needed {
        let exists = [file.u64(key), default].into_iter().flatten().any(|id| id < tokens);
        if is_needed && !exists {
            let problem = format!("names none of the {tokens} tokens, but is put around every prompt");
            return Err(GgufError::model(key, problem));
        }
    }
    Ok(())
}
