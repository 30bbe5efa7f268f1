//! GLM-4.7-Flash, which llama.cpp loads as a DeepSeek 2.

use super::{Family, Rewrite};

pub(super) const GLM4_MOE_LITE: Family =
    Family { architectures: &["glm4moelite"], is_old: |_| true, correct };

/// Ollama's converter wrote the widths of a head as they are after decompression, and those of the compressed
/// form as `_mla`; llama.cpp has it the other way round. Compressed, all heads share one key.
fn correct(rewrite: &mut Rewrite) {
    rewrite.set_architecture("deepseek2");
    let key = rewrite.u32("attention.key_length");
    let value = rewrite.u32("attention.value_length").or(key);
    for (name, width) in [("attention.key_length_mla", key), ("attention.value_length_mla", value)] {
        if let Some(width) = width {
            rewrite.set(&rewrite.key(name), width);
        }
    }
    let (rank, rotated) = (rewrite.u32("attention.kv_lora_rank"), rewrite.u32("rope.dimension_count"));
    if let (Some(rank), Some(rotated)) = (rank, rotated) {
        rewrite.set(&rewrite.key("attention.key_length"), rank.saturating_add(rotated));
        rewrite.set(&rewrite.key("attention.value_length"), rank);
    }
    rewrite.set(&rewrite.key("attention.head_count_kv"), 1_u32);
    rewrite.set_missing(&rewrite.key("expert_group_count"), 1_u32);
    rewrite.set_missing(&rewrite.key("expert_group_used_count"), 1_u32);
    rewrite.set("tokenizer.ggml.pre", "glm4");
    set_ends(rewrite);
}

/// The tokens that end an answer are in one list, which llama.cpp does not read: after the end of the text come
/// that of a turn, and that of a turn with a tool call.
fn set_ends(rewrite: &mut Rewrite) {
    let Some(ends) = rewrite.get("tokenizer.ggml.eos_token_ids").and_then(|value| value.as_array()) else {
        return;
    };
    let end = |index| ends.get(index)?.as_u64()?.try_into().ok();
    let (turn, message): (Option<u32>, Option<u32>) = (end(1), end(2));
    for (key, token) in [("tokenizer.ggml.eot_token_id", turn), ("tokenizer.ggml.eom_token_id", message)] {
        if let Some(token) = token {
            rewrite.set_missing(key, token);
        }
    }
}
