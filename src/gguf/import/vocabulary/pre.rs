//! Recognises how a byte-level BPE cuts text, and gives llama.cpp's name for it.
//!
//! llama.cpp has the patterns built in, and picks one by `tokenizer.ggml.pre`. Here they are compared with what
//! tokenizer.json says, so that any model that uses a known pattern is recognised. Where several names stand for
//! the same pattern, any will do: they differ in nothing else that matters, except `ignore_merges`.

use serde_json::Value as Json;

use super::super::error::ImportError;
use super::JSON;
use super::json::TokenizerJson;

/// Llama 3, and OpenAI's cl100k.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Qwen 2: single digits.
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Qwen 3.5: combining marks go with letters.
const QWEN35: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// OpenAI's o200k, which Phi-4-mini has too.
const GPT4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Mistral Nemo and later.
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const SEED_CODER: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+";
/// DeepSeek 3 and R1 have this after digits and CJK characters.
const DEEPSEEK3: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##;

/// A cut.
#[derive(Debug, PartialEq, Eq)]
enum Cut<'a> {
    Pattern(&'a str),
    /// Each digit by itself, or each run of digits.
    Digits {
        single: bool,
    },
    /// GPT-2's pattern.
    Gpt2,
}

/// The name of the cuts that a tokenizer makes.
pub(super) fn name(json: &TokenizerJson) -> Result<&'static str, ImportError> {
    let cuts: Option<Vec<Cut<'_>>> = json.pre_tokenizers().into_iter().filter_map(cut).collect();
    let known = cuts.as_deref().and_then(|cuts| name_of(cuts, json));
    known.ok_or_else(|| {
        let what: String =
            json.pre_tokenizers().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let what: String = what.chars().take(400).collect();
        ImportError::file(
            JSON,
            format!("cuts text in a way that llama.cpp does not know: {what}; use a GGUF file of the model"),
        )
    })
}

fn name_of(cuts: &[Cut<'_>], json: &TokenizerJson) -> Option<&'static str> {
    Some(match cuts {
        [Cut::Gpt2] if json.post_processors().iter().any(|step| step["type"] == "RobertaProcessing") => {
            "roberta-bpe"
        }
        [Cut::Gpt2] => "gpt-2",
        [Cut::Digits { single: true }, Cut::Gpt2] => "smollm",
        [Cut::Pattern(LLAMA3)] if json.model.ignore_merges => "llama-bpe",
        [Cut::Pattern(LLAMA3)] => "dbrx",
        [Cut::Pattern(QWEN2)] => "qwen2",
        [Cut::Pattern(QWEN35)] => "qwen35",
        [Cut::Pattern(GPT4O)] => "gpt-4o",
        [Cut::Pattern(TEKKEN)] => "tekken",
        [Cut::Pattern(SEED_CODER)] => "seed-coder",
        [Cut::Pattern(r"\p{N}{1,3}"), Cut::Pattern("[一-龥぀-ゟ゠-ヿ]+"), Cut::Pattern(DEEPSEEK3)] => {
            "deepseek-v3"
        }
        [
            Cut::Pattern("[\r\n]"),
            Cut::Pattern(r"\s?\p{L}+"),
            Cut::Pattern(r"\s?\p{P}+"),
            Cut::Pattern("[一-龥ࠀ-一가-퟿]+"),
            Cut::Digits { single: true },
        ] => "deepseek-coder",
        _ => return None,
    })
}

/// One step as a cut: `None` if it cuts nothing, `Some(None)` if it cannot be told.
fn cut(step: &Json) -> Option<Option<Cut<'_>>> {
    match step["type"].as_str() {
        Some("ByteLevel") if step["use_regex"].as_bool().unwrap_or(true) => Some(Some(Cut::Gpt2)),
        Some("ByteLevel") => None,
        Some("Digits") => {
            Some(Some(Cut::Digits { single: step["individual_digits"].as_bool().unwrap_or(false) }))
        }
        // The patterns above fit every character, so that it is all the same what happens to the rest.
        Some("Split") => Some(step["pattern"]["Regex"].as_str().map(Cut::Pattern)),
        _ => Some(None),
    }
}
