//! Whether a vocabulary has the tokens between which a model inserts text.
//!
//! llama.cpp finds them by keys or, where those are absent, by how such tokens are called (`llama_vocab::impl::load`).
//! This follows it, so that it can be told before the model is loaded.

use super::file::GgufFile;
use super::text::Text;
use super::value::Array;

/// One of the three: its keys, and the names that it may have.
struct Mark {
    keys: [&'static str; 2],
    names: [&'static str; 8],
}

const MARKS: [Mark; 3] = [
    Mark {
        keys: ["tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id"],
        names: [
            "<|fim_prefix|>",
            "<fim-prefix>",
            "<fim_prefix>",
            "<｜fim▁begin｜>",
            "<PRE>",
            "▁<PRE>",
            "<|code_prefix|>",
            "<|prefix|>",
        ],
    },
    Mark {
        keys: ["tokenizer.ggml.fim_suf_token_id", "tokenizer.ggml.suffix_token_id"],
        names: [
            "<|fim_suffix|>",
            "<fim-suffix>",
            "<fim_suffix>",
            "<｜fim▁hole｜>",
            "<SUF>",
            "▁<SUF>",
            "<|code_suffix|>",
            "<|suffix|>",
        ],
    },
    Mark {
        keys: ["tokenizer.ggml.fim_mid_token_id", "tokenizer.ggml.middle_token_id"],
        names: [
            "<|fim_middle|>",
            "<fim-middle>",
            "<fim_middle>",
            "<｜fim▁end｜>",
            "<MID>",
            "▁<MID>",
            "<|code_middle|>",
            "<|middle|>",
        ],
    },
];

impl GgufFile {
    /// Whether the vocabulary has tokens for "the text before", "the text after" and "what comes between".
    #[must_use]
    pub fn has_infill(&self) -> bool {
        let tokens = self.array("tokenizer.ggml.tokens").and_then(Array::as_strings).unwrap_or_default();
        let keyed = |mark: &Mark| {
            mark.keys.iter().any(|key| self.u64(key).is_some_and(|id| id < tokens.len() as u64))
        };
        let mut open: Vec<&Mark> = MARKS.iter().filter(|mark| !keyed(mark)).collect();
        for text in tokens.iter().map(Text::before_zero) {
            // Nearly all tokens begin otherwise.
            if open.is_empty() || !(text.starts_with(b"<") || text.starts_with("▁<".as_bytes())) {
                continue;
            }
            open.retain(|mark| !mark.names.iter().any(|name| name.as_bytes() == text));
        }
        open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use crate::gguf::{GgufFile, GgufWriter};

    fn has_infill(tokens: &[&str], keys: &[(&str, u32)]) -> bool {
        let writer = GgufWriter::new()
            .metadata("general.architecture", "llama")
            .metadata("tokenizer.ggml.model", "gpt2")
            .metadata("tokenizer.ggml.tokens", tokens);
        let writer = keys.iter().fold(writer, |writer, (key, id)| writer.metadata(*key, *id));
        let bytes = writer.start(Vec::new()).unwrap().finish().unwrap();
        GgufFile::read(bytes.as_slice(), bytes.len() as u64).unwrap().has_infill()
    }

    #[test]
    fn tokens_are_found_by_name() {
        assert!(has_infill(&["a", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"], &[]));
        assert!(has_infill(&["▁<MID>", "▁<PRE>", "▁<SUF>"], &[]));
        assert!(has_infill(&["<｜fim▁hole｜>", "<｜fim▁begin｜>", "<｜fim▁end｜>"], &[]));
        assert!(!has_infill(&["a", "<|fim_prefix|>", "<|fim_suffix|>"], &[]), "all three are needed");
        assert!(!has_infill(&["a", "<|fim_prefix|> ", "<|fim_suffix|>", "<|fim_middle|>"], &[]));
        assert!(!has_infill(&[], &[]));
    }

    #[test]
    fn tokens_are_found_by_key() {
        let keys = ["pre", "suf", "mid"].map(|part| format!("tokenizer.ggml.fim_{part}_token_id"));
        let [pre, suf, mid] = keys.each_ref().map(String::as_str);
        assert!(has_infill(&["a", "b", "c"], &[(pre, 0), (suf, 1), (mid, 2)]));
        assert!(!has_infill(&["a", "b", "c"], &[(pre, 0), (suf, 1), (mid, 3)]), "there is no token 3");
        assert!(has_infill(&["a", "<MID>", "c"], &[(pre, 0), ("tokenizer.ggml.suffix_token_id", 2)]));
    }
}
