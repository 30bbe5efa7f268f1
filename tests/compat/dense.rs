//! Families without experts.

use quipu::gguf::TensorType;

use crate::tiny::{TOKENS, Tiny, WIDTH};
use crate::{Case, check};

/// Width of a head.
const HEAD: u64 = WIDTH / 4;

pub(crate) fn olmo3_case() -> Case {
    let mut stock = Tiny::new("olmo2")
        .pairs("dbrx")
        .set("olmo2.attention.sliding_window", 16_u32)
        .set("olmo2.attention.sliding_window_pattern", vec![true, false])
        .set("olmo2.rope.scaling.type", "yarn")
        .set("olmo2.rope.scaling.factor", 8.0_f32)
        .tensor("output.weight", &[WIDTH, TOKENS]);
    for layer in 0..2 {
        let norms: &[(&str, &[u64])] = &[
            ("attn_q_norm", &[WIDTH]),
            ("attn_k_norm", &[2 * HEAD]),
            ("post_attention_norm", &[WIDTH]),
            ("post_ffw_norm", &[WIDTH]),
        ];
        // This family has norms behind its parts only.
        stock = stock
            .layer(
                layer,
                &[
                    ("attn_q", &[WIDTH, 4 * HEAD]),
                    ("attn_k", &[WIDTH, 2 * HEAD]),
                    ("attn_v", &[WIDTH, 2 * HEAD]),
                    ("attn_output", &[4 * HEAD, WIDTH]),
                ],
            )
            .layer(layer, norms)
            .feed_forward(layer);
    }
    let old = stock.clone().architecture("olmo2", "olmo3");
    Case { stock, old }
}

#[test]
fn olmo3() {
    check(&olmo3_case());
}

#[test]
fn mistral3() {
    let mut stock = Tiny::new("mistral3")
        .pairs("tekken")
        .set("mistral3.rope.dimension_count", HEAD as u32)
        .set("mistral3.rope.scaling.type", "yarn")
        .set("mistral3.rope.scaling.factor", 16.0_f32)
        .set("mistral3.rope.scaling.original_context_length", 16_u32)
        .set("mistral3.rope.scaling.yarn_beta_fast", 32.0_f32)
        .set("mistral3.rope.scaling.yarn_beta_slow", 1.0_f32)
        .set("mistral3.rope.scaling.yarn_log_multiplier", 1.0_f32)
        .set("mistral3.attention.temperature_scale", 0.1_f32)
        .typed("output.weight", &[WIDTH, TOKENS], TensorType::Q8_0);
    for layer in 0..2 {
        stock = stock.attention(layer, HEAD).layer(layer, &[("ffn_norm", &[WIDTH])]).feed_forward(layer);
    }
    let old = stock
        .clone()
        .move_key("mistral3.rope.scaling.yarn_beta_fast", "mistral3.rope.scaling.beta_fast")
        .move_key("mistral3.rope.scaling.yarn_beta_slow", "mistral3.rope.scaling.beta_slow")
        .move_key("mistral3.rope.scaling.yarn_log_multiplier", "mistral3.rope.scaling.mscale_all_dim")
        .move_key("mistral3.attention.temperature_scale", "mistral3.rope.scaling_beta")
        .set("tokenizer.ggml.pre", "default")
        .with_eyes();
    check(&Case { stock, old });
}

#[test]
fn qwen25_vl() {
    let mut stock =
        Tiny::new("qwen2vl").pairs("qwen2").set("qwen2vl.rope.dimension_sections", vec![2, 1, 1, 0]);
    for layer in 0..2 {
        let biases: &[(&str, &[u64])] =
            &[("attn_q.bias", &[4 * HEAD]), ("attn_k.bias", &[2 * HEAD]), ("attn_v.bias", &[2 * HEAD])];
        stock = stock
            .attention(layer, HEAD)
            .layer(layer, biases)
            .layer(layer, &[("ffn_norm", &[WIDTH])])
            .feed_forward(layer);
    }
    let old = stock
        .clone()
        .architecture("qwen2vl", "qwen25vl")
        .remove("qwen25vl.rope.dimension_sections")
        .set("qwen25vl.rope.mrope_section", vec![2, 1, 1])
        .with_eyes();
    check(&Case { stock, old });
}

#[test]
fn qwen3_vl() {
    // The sections are those of heads of this width.
    let head = 128;
    let mut stock = Tiny::new("qwen3vl")
        .pairs("qwen2")
        .set("qwen3vl.attention.key_length", head as u32)
        .set("qwen3vl.attention.value_length", head as u32)
        // Fewer than there are layers.
        .set("qwen3vl.vision.deepstack_visual_indexes", vec![5])
        .set("qwen3vl.n_deepstack_layers", 1_u32)
        .set("qwen3vl.rope.dimension_sections", vec![24, 20, 20, 0]);
    for layer in 0..2 {
        let norms: &[(&str, &[u64])] =
            &[("attn_q_norm", &[head]), ("attn_k_norm", &[head]), ("ffn_norm", &[WIDTH])];
        stock = stock.attention(layer, head).layer(layer, norms).feed_forward(layer);
    }
    let old = stock
        .clone()
        .remove("qwen3vl.rope.dimension_sections")
        .remove("qwen3vl.n_deepstack_layers")
        .with_eyes();
    check(&Case { stock, old });
}
