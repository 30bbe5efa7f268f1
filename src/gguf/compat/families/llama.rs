//! Llama 3 and 4.

use super::{Family, Rewrite, SENSES, has_tensors, lacks_pre_tokenizer};
use crate::gguf::{Array, GgufFile, Text};

/// Llama 3. Without a pre-tokenizer llama.cpp loads it, but splits text wrongly. Its converter never left that out
/// for this vocabulary once it knew any.
pub(super) const LLAMA3: Family = Family {
    architectures: &["llama"],
    is_old: |file| {
        file.str("tokenizer.ggml.model") == Some("gpt2")
            && lacks_pre_tokenizer(file)
            && has_llama3_tokens(file)
    },
    correct: |rewrite: &mut Rewrite| rewrite.set("tokenizer.ggml.pre", "llama-bpe"),
};

fn has_llama3_tokens(file: &GgufFile) -> bool {
    let tokens = file.array("tokenizer.ggml.tokens").and_then(Array::as_strings).unwrap_or_default();
    let is = |id: usize, text: &str| tokens.get(id).map(Text::as_bytes) == Some(text.as_bytes());
    is(128_000, "<|begin_of_text|>") && is(128_009, "<|eot_id|>")
}

/// Llama 4.
pub(super) const LLAMA4: Family = Family {
    architectures: &["llama4"],
    is_old: |file| has_tensors(file, &SENSES),
    correct: |rewrite| rewrite.drop_tensors(&SENSES),
};
