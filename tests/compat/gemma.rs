//! Gemma.

use crate::tiny::{TOKENS, Tiny, WIDTH};
use crate::{Case, check};

/// Width of a head.
const HEAD: u64 = WIDTH / 4;

#[test]
fn gemma3() {
    let mut stock = Tiny::new("gemma3")
        .pieces()
        .set("gemma3.context_length", 131_072_u32)
        .set("gemma3.attention.key_length", HEAD as u32)
        .set("gemma3.attention.value_length", HEAD as u32)
        .set("gemma3.attention.sliding_window", 16_u32)
        .set("gemma3.rope.freq_base", 1e6_f32)
        .set("gemma3.rope.freq_base_swa", 1e4_f32)
        .set("gemma3.rope.scaling.type", "linear")
        .set("gemma3.rope.scaling.factor", 8.0_f32);
    for layer in 0..2 {
        let norms = ["attn_q_norm", "attn_k_norm"].map(|name| (name, [HEAD]));
        let others = ["post_attention_norm", "ffn_norm", "post_ffw_norm"].map(|name| (name, [WIDTH]));
        let norms: Vec<_> =
            norms.iter().chain(&others).map(|(name, dims)| (*name, dims.as_slice())).collect();
        stock = stock.attention(layer, HEAD).layer(layer, &norms).feed_forward(layer);
    }
    let old = stock
        .clone()
        .remove("gemma3.attention.layer_norm_rms_epsilon")
        .remove("gemma3.rope.scaling.type")
        .remove("gemma3.rope.scaling.factor")
        .more_tokens(2)
        .with_eyes();
    let one = old
        .clone()
        .move_key("gemma3.rope.freq_base", "gemma3.rope.global.freq_base")
        .move_key("gemma3.rope.freq_base_swa", "gemma3.rope.local.freq_base");
    check(&Case { stock: stock.clone(), old: one });
    let other = old.remove("gemma3.rope.freq_base").remove("gemma3.rope.freq_base_swa");
    check(&Case { stock, old: other });
}

#[test]
fn gemma3n() {
    // Constants of llama.cpp's loader.
    let (streams, inner, rank) = (4, 256, 64);
    let mut stock = Tiny::new("gemma3n")
        .pieces()
        .set("gemma3n.attention.key_length", HEAD as u32)
        .set("gemma3n.attention.value_length", HEAD as u32)
        .set("gemma3n.attention.sliding_window", 16_u32)
        .tensor("altup_proj.weight", &[WIDTH, WIDTH, streams - 1])
        .tensor("altup_unembd_proj.weight", &[WIDTH, WIDTH, streams - 1])
        .tensor("per_layer_token_embd.weight", &[2 * inner, TOKENS])
        .tensor("per_layer_model_proj.weight", &[WIDTH, 2 * inner])
        .tensor("per_layer_proj_norm.weight", &[inner]);
    for layer in 0..2 {
        let rest: &[(&str, &[u64])] = &[
            ("attn_q_norm", &[HEAD]),
            ("attn_k_norm", &[HEAD]),
            ("post_attention_norm", &[WIDTH]),
            ("ffn_norm", &[WIDTH]),
            ("post_ffw_norm", &[WIDTH]),
            ("inp_gate", &[WIDTH, inner]),
            ("proj", &[inner, WIDTH]),
            ("post_norm", &[WIDTH]),
            ("altup_correct_coef", &[streams, streams]),
            ("altup_correct_scale", &[WIDTH]),
            ("altup_predict_coef", &[streams, streams * streams]),
            ("altup_router", &[WIDTH, streams]),
            ("altup_router_norm", &[WIDTH]),
            ("laurel_l", &[WIDTH, rank]),
            ("laurel_r", &[rank, WIDTH]),
            ("laurel_post_norm", &[WIDTH]),
        ];
        stock = stock.attention(layer, HEAD).layer(layer, rest).feed_forward(layer);
    }
    let old = stock
        .clone()
        .more_tokens(4)
        .more_rows("token_embd.weight", 4)
        .set("tokenizer.ggml.model", "gpt2")
        .with_eyes();
    check(&Case { stock, old });
}

#[test]
fn gemma4() {
    let mut stock = Tiny::new("gemma4")
        .pairs("gemma4")
        .set("tokenizer.ggml.model", "gemma4")
        .set("gemma4.attention.key_length", HEAD as u32)
        .set("gemma4.attention.value_length", HEAD as u32)
        .set("gemma4.attention.key_length_swa", HEAD as u32)
        .set("gemma4.attention.value_length_swa", HEAD as u32)
        .set("gemma4.attention.sliding_window", 16_u32)
        .set("gemma4.attention.sliding_window_pattern", vec![true, false])
        .set("gemma4.embedding_length_per_layer_input", 0_u32)
        .set("gemma4.expert_count", 4_u32)
        .set("gemma4.expert_used_count", 2_u32)
        .set("gemma4.expert_feed_forward_length", 16_u32)
        .tensor("rope_freqs.weight", &[HEAD / 2]);
    for layer in 0..2 {
        let rest: &[(&str, &[u64])] = &[
            ("attn_q_norm", &[HEAD]),
            ("attn_k_norm", &[HEAD]),
            ("post_attention_norm", &[WIDTH]),
            ("ffn_norm", &[WIDTH]),
            ("post_ffw_norm", &[WIDTH]),
            ("ffn_gate_inp", &[WIDTH, 4]),
            ("ffn_gate_inp.scale", &[WIDTH]),
            ("pre_ffw_norm_2", &[WIDTH]),
            ("post_ffw_norm_1", &[WIDTH]),
            ("post_ffw_norm_2", &[WIDTH]),
            ("ffn_gate_exps", &[WIDTH, 16, 4]),
            ("ffn_up_exps", &[WIDTH, 16, 4]),
            ("ffn_down_exps", &[16, WIDTH, 4]),
            ("ffn_down_exps.scale", &[4]),
        ];
        stock = stock.attention(layer, HEAD).layer(layer, rest).feed_forward(layer);
    }
    let old = stock
        .clone()
        .set("tokenizer.ggml.model", "llama")
        .rename("ffn_down_exps.scale", "ffn_gate_inp.per_expert_scale")
        .tensor("a.conv1d.0.weight", &[8])
        .tensor("model.vision_tower.std_bias", &[8])
        .with_eyes();
    check(&Case { stock, old });
}
