//! Gemma 3 and later.

use super::{Family, Rewrite, SENSES, has_keys, has_tensor, has_tensors};
use crate::gguf::{GgufFile, Value};

const TOKENIZER: &str = "tokenizer.ggml.model";

/// EmbeddingGemma, which Ollama's converter took for a Gemma 3 with dense layers.
pub(super) const EMBEDDING: Family = Family {
    architectures: &["gemma3"],
    is_old: |file| has_tensor(file, "dense.0.weight"),
    correct: |rewrite| {
        rewrite.set_architecture("gemma-embedding");
        rewrite.set_missing(&rewrite.key("rope.freq_base_swa"), LOCAL_BASE);
        for (old, new) in [("dense.0.weight", "dense_2"), ("dense.1.weight", "dense_3")] {
            for (dimension, name) in ["feat_in", "feat_out"].into_iter().enumerate() {
                if let Some(size) = rewrite.size(old, dimension) {
                    rewrite.set(&rewrite.key(&format!("{new}_{name}")), size);
                }
            }
            rewrite.rename_with(|name| (name == old).then(|| format!("{new}.weight")));
        }
        rewrite.rename_with(|name| (name == "norm.weight").then(|| "output_norm.weight".into()));
    },
};

/// Rotation base of layers with a window, the same for all Gemma 3.
const LOCAL_BASE: f32 = 1e4;
/// Rotation base of the other layers.
const GLOBAL_BASE: f32 = 1e6;

pub(super) const GEMMA3: Family = Family {
    architectures: &["gemma3"],
    is_old: |file| {
        // llama.cpp asks for the epsilon: all files that it reads have it.
        !has_keys(file, &["attention.layer_norm_rms_epsilon"])
            || has_keys(file, &["mm.tokens_per_image", "rope.global.freq_base", "rope.local.freq_base"])
            || has_tensors(file, &SENSES)
    },
    correct: correct_gemma3,
};

fn correct_gemma3(rewrite: &mut Rewrite) {
    rewrite.move_key("gemma3.rope.global.freq_base", "gemma3.rope.freq_base");
    rewrite.move_key("gemma3.rope.local.freq_base", "gemma3.rope.freq_base_swa");
    rewrite.set_missing("gemma3.attention.layer_norm_rms_epsilon", 1e-6_f32);
    rewrite.set_missing("gemma3.rope.freq_base", GLOBAL_BASE);
    rewrite.set_missing("gemma3.rope.freq_base_swa", LOCAL_BASE);
    // All sizes with this context were stretched eightfold to it; the smaller ones were not.
    if rewrite.u32("context_length").is_some_and(|length| length >= 131_072) {
        rewrite.set_missing("gemma3.rope.scaling.type", "linear");
        rewrite.set_missing("gemma3.rope.scaling.factor", 8.0_f32);
    }
    // The vocabulary has tokens for images that there are no weights for.
    if let Some(rows) = rewrite.size("token_embd.weight", 1) {
        rewrite.cut_vocabulary(rows);
    }
    rewrite.drop_tensors(&SENSES);
}

/// Gemma 3n. Its tokens for images and sounds have embeddings, but none in each layer: llama.cpp wants as many of
/// the one as of the other.
pub(super) const GEMMA3N: Family = Family {
    architectures: &["gemma3n"],
    is_old: |file| match (rows(file, "token_embd.weight"), rows(file, "per_layer_token_embd.weight")) {
        (Some(tokens), Some(per_layer)) => tokens > per_layer,
        _ => false,
    },
    correct: correct_gemma3n,
};

fn rows(file: &GgufFile, tensor: &str) -> Option<u64> {
    file.tensors().iter().find(|t| t.name == tensor)?.dims.get(1).copied()
}

fn correct_gemma3n(rewrite: &mut Rewrite) {
    const NORMAL: i32 = 1;
    const BYTE: i32 = 6;
    rewrite.set(TOKENIZER, "llama");
    if let Some(rows) = rewrite.size("per_layer_token_embd.weight", 1) {
        rewrite.cut_rows("token_embd.weight", rows);
        rewrite.cut_vocabulary(rows);
    }
    rewrite.change_token_types(|token| match token {
        [b'<', b'0', b'x', _, _, b'>'] => Some(BYTE),
        _ if token.starts_with(b"<unused") => Some(NORMAL),
        _ => None,
    });
    rewrite.drop_tensors(&SENSES);
}

/// Gemma 4. Experts' gates may be separate from the rest: llama.cpp reads both.
pub(super) const GEMMA4: Family = Family {
    architectures: &["gemma4"],
    is_old: |file| {
        file.str(TOKENIZER) == Some("llama")
            || has_tensors(file, &SENSES)
            || has_tensors(file, &["model.vision_tower."])
    },
    correct: |rewrite| {
        // With the merges that are there, this is what splits its special tokens from text.
        if rewrite.get(TOKENIZER).and_then(Value::as_str) == Some("llama") {
            rewrite.set(TOKENIZER, "gemma4");
        }
        rewrite.drop_tensors(&SENSES);
        rewrite.drop_tensors(&["model.vision_tower."]);
        rewrite.rename(".ffn_gate_inp.per_expert_scale", ".ffn_down_exps.scale");
    },
};
