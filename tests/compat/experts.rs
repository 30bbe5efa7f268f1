//! Families with experts.

use quipu::gguf::TensorType;

use crate::tiny::{INNER, TOKENS, Tiny, WIDTH};
use crate::{Case, check};

/// Width of a head.
const HEAD: u64 = WIDTH / 4;

#[test]
fn gpt_oss() {
    let mut stock = Tiny::new("gpt-oss")
        .pairs("gpt-4o")
        .set("gpt-oss.attention.key_length", HEAD as u32)
        .set("gpt-oss.attention.value_length", HEAD as u32)
        .set("gpt-oss.attention.sliding_window", 16_u32)
        .set("gpt-oss.rope.freq_base", 150_000.0_f32)
        .set("gpt-oss.rope.scaling.type", "yarn")
        .set("gpt-oss.rope.scaling.factor", 32.0_f32)
        .set("gpt-oss.rope.scaling.original_context_length", 64_u32)
        .set("gpt-oss.expert_count", 4_u32)
        .set("gpt-oss.expert_used_count", 2_u32)
        .set("gpt-oss.expert_feed_forward_length", INNER as u32)
        .tensor("output.weight", &[WIDTH, TOKENS]);
    for layer in 0..2 {
        stock = stock.attention(layer, HEAD).layer(
            layer,
            &[
                ("post_attention_norm", &[WIDTH]),
                ("attn_sinks", &[4]),
                ("attn_q.bias", &[4 * HEAD]),
                ("attn_k.bias", &[2 * HEAD]),
                ("attn_v.bias", &[2 * HEAD]),
                ("attn_output.bias", &[WIDTH]),
                ("ffn_gate_inp", &[WIDTH, 4]),
                ("ffn_gate_inp.bias", &[4]),
                ("ffn_gate_exps.bias", &[INNER, 4]),
                ("ffn_up_exps.bias", &[INNER, 4]),
                ("ffn_down_exps.bias", &[WIDTH, 4]),
            ],
        );
        for (name, dims) in
            [("gate", [WIDTH, INNER, 4]), ("up", [WIDTH, INNER, 4]), ("down", [INNER, WIDTH, 4])]
        {
            stock = stock.typed(&format!("blk.{layer}.ffn_{name}_exps.weight"), &dims, TensorType::MXFP4);
        }
    }
    let old = stock
        .clone()
        .architecture("gpt-oss", "gptoss")
        .set("tokenizer.ggml.pre", "default")
        .remove("gptoss.rope.scaling.type")
        .remove("gptoss.expert_feed_forward_length")
        .rename("attn_output.", "attn_out.")
        .rename("attn_sinks.weight", "attn_sinks")
        .rename("post_attention_norm", "ffn_norm");
    check(&Case { stock, old });
}

#[test]
fn glm4_moe_lite() {
    // Ranks of the compressed queries and keys; widths of what is rotated in a head, and of the rest.
    let (rank, rotated, rest) = (16, 4, 8);
    let head = rotated + rest;
    let mut stock = Tiny::new("deepseek2")
        .pairs("glm4")
        .set("deepseek2.attention.head_count_kv", 1_u32)
        .set("deepseek2.attention.q_lora_rank", rank as u32)
        .set("deepseek2.attention.kv_lora_rank", rank as u32)
        .set("deepseek2.attention.key_length", (rank + rotated) as u32)
        .set("deepseek2.attention.value_length", rank as u32)
        .set("deepseek2.attention.key_length_mla", head as u32)
        .set("deepseek2.attention.value_length_mla", head as u32)
        .set("deepseek2.rope.dimension_count", rotated as u32)
        .set("deepseek2.leading_dense_block_count", 1_u32)
        .set("deepseek2.expert_count", 4_u32)
        .set("deepseek2.expert_used_count", 2_u32)
        .set("deepseek2.expert_shared_count", 1_u32)
        .set("deepseek2.expert_feed_forward_length", 16_u32)
        .set("deepseek2.expert_gating_func", 2_u32)
        .set("deepseek2.expert_weights_scale", 1.8_f32)
        .set("deepseek2.expert_weights_norm", true)
        .set("deepseek2.expert_group_count", 1_u32)
        .set("deepseek2.expert_group_used_count", 1_u32)
        .set("tokenizer.ggml.eos_token_ids", vec![256, 257, 258])
        .set("tokenizer.ggml.eot_token_id", 257_u32)
        .set("tokenizer.ggml.eom_token_id", 258_u32);
    for layer in 0..2 {
        let attention: &[(&str, &[u64])] = &[
            ("attn_norm", &[WIDTH]),
            ("attn_q_a", &[WIDTH, rank]),
            ("attn_q_a_norm", &[rank]),
            ("attn_q_b", &[rank, 4 * head]),
            ("attn_kv_a_mqa", &[WIDTH, rank + rotated]),
            ("attn_kv_a_norm", &[rank]),
            ("attn_k_b", &[rest, rank, 4]),
            ("attn_v_b", &[rank, head, 4]),
            ("attn_output", &[4 * head, WIDTH]),
            ("ffn_norm", &[WIDTH]),
        ];
        stock = stock.layer(layer, attention);
    }
    let stock = stock.feed_forward(0).experts(1, 16, 16).layer(1, &[("exp_probs_b.bias", &[4])]);
    let old = stock
        .clone()
        .architecture("deepseek2", "glm4moelite")
        .set("glm4moelite.attention.head_count_kv", 4_u32)
        .set("glm4moelite.attention.key_length", head as u32)
        .set("glm4moelite.attention.value_length", head as u32)
        .set("glm4moelite.attention.key_length_mla", (rank + rotated) as u32)
        .set("glm4moelite.attention.value_length_mla", rank as u32)
        .remove("glm4moelite.expert_group_count")
        .remove("glm4moelite.expert_group_used_count")
        .set("tokenizer.ggml.pre", "llama-bpe")
        .remove("tokenizer.ggml.eot_token_id")
        .remove("tokenizer.ggml.eom_token_id");
    check(&Case { stock, old });
}

#[test]
fn deepseek_ocr() {
    let mut stock = Tiny::new("deepseek2-ocr")
        .pairs("deepseek-llm")
        .set("deepseek2-ocr.attention.head_count_kv", 4_u32)
        .set("deepseek2-ocr.leading_dense_block_count", 1_u32)
        .set("deepseek2-ocr.expert_count", 4_u32)
        .set("deepseek2-ocr.expert_used_count", 2_u32)
        .set("deepseek2-ocr.expert_shared_count", 2_u32)
        .set("deepseek2-ocr.expert_feed_forward_length", 16_u32);
    for layer in 0..2 {
        let attention: &[(&str, &[u64])] = &[
            ("attn_norm", &[WIDTH]),
            ("attn_q", &[WIDTH, WIDTH]),
            ("attn_k", &[WIDTH, WIDTH]),
            ("attn_v", &[WIDTH, WIDTH]),
            ("attn_output", &[WIDTH, WIDTH]),
            ("ffn_norm", &[WIDTH]),
        ];
        stock = stock.layer(layer, attention);
    }
    let stock = stock.feed_forward(0).experts(1, 16, 32);
    let old = stock
        .clone()
        .architecture("deepseek2-ocr", "deepseekocr")
        .remove("deepseekocr.attention.layer_norm_rms_epsilon")
        .remove("deepseekocr.expert_feed_forward_length")
        .remove("deepseekocr.expert_shared_count")
        .tensor("s.patch_embd.weight", &[16])
        .with_eyes();
    check(&Case { stock, old });
}

#[test]
fn laguna() {
    let mut stock = Tiny::new("laguna")
        .pairs("llama-bpe")
        .set("laguna.attention.sliding_window", 16_u32)
        .set("laguna.rope.dimension_count", 4_u32)
        .set("laguna.rope.dimension_count_swa", HEAD as u32)
        .set("laguna.rope.freq_base", 500_000.0_f32)
        .set("laguna.rope.freq_base_swa", 20_000.0_f32)
        .set("laguna.leading_dense_block_count", 1_u32)
        .set("laguna.expert_count", 4_u32)
        .set("laguna.expert_used_count", 2_u32)
        .set("laguna.expert_feed_forward_length", 16_u32)
        .set("laguna.expert_shared_feed_forward_length", 16_u32);
    for layer in 0..2 {
        let rest: &[(&str, &[u64])] = &[
            ("attn_q_norm", &[HEAD]),
            ("attn_k_norm", &[HEAD]),
            ("attn_gate", &[WIDTH, 4]),
            ("ffn_norm", &[WIDTH]),
        ];
        stock = stock.attention(layer, HEAD).layer(layer, rest);
    }
    let stock = stock.feed_forward(0).experts(1, 16, 16).layer(1, &[("exp_probs_b.bias", &[4])]);
    let old = stock
        .clone()
        .move_key("laguna.rope.dimension_count_swa", "laguna.rope.swa.dimension_count")
        .move_key("laguna.rope.freq_base_swa", "laguna.rope.swa.freq_base")
        .rename("attn_gate", "attn_g");
    check(&Case { stock, old });
}

#[test]
fn llama4() {
    let mut stock = Tiny::new("llama4")
        .pairs("llama4")
        .set("llama4.rope.dimension_count", HEAD as u32)
        // Every fourth layer sees all; llama.cpp aborts if there is none.
        .set("llama4.block_count", 4_u32)
        .set("llama4.interleave_moe_layer_step", 2_u32)
        .set("llama4.expert_count", 4_u32)
        .set("llama4.expert_used_count", 1_u32)
        .set("llama4.expert_feed_forward_length", 16_u32);
    for layer in 0..4 {
        stock = stock.attention(layer, HEAD).layer(layer, &[("ffn_norm", &[WIDTH])]);
    }
    let stock = stock.feed_forward(0).experts(1, 16, 16).feed_forward(2).experts(3, 16, 16);
    let old = stock.clone().with_eyes();
    check(&Case { stock, old });
}
