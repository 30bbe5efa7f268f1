//! Families in which some layers keep a state in place of attention.

use crate::tiny::{INNER, Tiny, WIDTH};
use crate::{Case, check};

/// Width of a head.
const HEAD: u64 = WIDTH / 4;

#[test]
fn lfm2() {
    let stock = Tiny::new("lfm2")
        .pairs("lfm2")
        .rename("output_norm", "token_embd_norm")
        .set("lfm2.attention.head_count_kv", vec![0_u32, 2])
        .set("lfm2.shortconv.l_cache", 3_u32)
        .layer(
            0,
            &[
                ("attn_norm", &[WIDTH]),
                ("shortconv.conv.weight", &[3, WIDTH]),
                ("shortconv.in_proj.weight", &[WIDTH, 3 * WIDTH]),
                ("shortconv.out_proj.weight", &[WIDTH, WIDTH]),
                ("ffn_norm", &[WIDTH]),
            ],
        )
        .feed_forward(0)
        .attention(1, HEAD)
        .layer(1, &[("attn_q_norm", &[HEAD]), ("attn_k_norm", &[HEAD]), ("ffn_norm", &[WIDTH])])
        .feed_forward(1);
    let old = stock
        .clone()
        .rename("token_embd_norm", "output_norm")
        .set("tokenizer.ggml.pre", "default")
        .set("lfm2.feed_forward_length", 3 * INNER as u32 / 2);
    check(&Case { stock, old });
}

/// Metadata of a Qwen hybrid: a layer with a state of two heads of 16, and one with attention.
fn qwen(architecture: &str) -> Tiny {
    let key = |name: &str| format!("{architecture}.{name}");
    Tiny::new(architecture)
        .pairs("qwen2")
        .set(&key("full_attention_interval"), 2_u32)
        .set(&key("rope.dimension_count"), HEAD as u32)
        .set(&key("ssm.conv_kernel"), 4_u32)
        .set(&key("ssm.state_size"), 16_u32)
        .set(&key("ssm.group_count"), 1_u32)
        .set(&key("ssm.time_step_rank"), 2_u32)
        .set(&key("ssm.inner_size"), 32_u32)
        .layer(
            0,
            &[
                ("attn_norm", &[WIDTH]),
                ("post_attention_norm", &[WIDTH]),
                ("attn_qkv", &[WIDTH, 64]),
                ("attn_gate", &[WIDTH, 32]),
                ("ssm_conv1d", &[4, 64]),
                ("ssm_dt.bias", &[2]),
                ("ssm_a", &[2]),
                ("ssm_norm", &[16]),
                ("ssm_out", &[32, WIDTH]),
            ],
        )
        .layer(
            1,
            &[
                ("attn_norm", &[WIDTH]),
                ("post_attention_norm", &[WIDTH]),
                ("attn_q", &[WIDTH, 2 * 4 * HEAD]),
                ("attn_k", &[WIDTH, 2 * HEAD]),
                ("attn_v", &[WIDTH, 2 * HEAD]),
                ("attn_output", &[4 * HEAD, WIDTH]),
                ("attn_q_norm", &[HEAD]),
                ("attn_k_norm", &[HEAD]),
            ],
        )
}

#[test]
fn qwen35() {
    let stock = qwen("qwen35")
        .set("qwen35.rope.dimension_sections", vec![2, 1, 1, 0])
        .layer(0, &[("ssm_beta", &[WIDTH, 2]), ("ssm_alpha", &[WIDTH, 2])])
        .feed_forward(0)
        .feed_forward(1);
    let old = stock
        .clone()
        .set("qwen35.attention.head_count_kv", vec![0_u32, 2])
        .set("qwen35.rope.dimension_sections", vec![2, 1, 1])
        .set("qwen35.ssm.v_head_reordered", true)
        .set("qwen35.nextn_predict_layers", 1_u32)
        .set("qwen35.block_count", 3_u32)
        .rename("ssm_dt.bias", "ssm_dt")
        .tensor("mtp.layers.0.self_attn.q_proj.weight", &[WIDTH, WIDTH])
        .tensor("mtp.norm.weight", &[WIDTH])
        .with_eyes();
    check(&Case { stock, old });
}

#[test]
fn qwen3_next() {
    let stock = qwen("qwen3next")
        .set("qwen3next.expert_count", 4_u32)
        .set("qwen3next.expert_used_count", 2_u32)
        .set("qwen3next.expert_feed_forward_length", 16_u32)
        .set("qwen3next.expert_shared_feed_forward_length", 16_u32)
        .layer(0, &[("ssm_ba", &[WIDTH, 4]), ("ffn_gate_inp_shexp", &[WIDTH])])
        .experts(0, 16, 16)
        .layer(1, &[("ffn_gate_inp_shexp", &[WIDTH])])
        .experts(1, 16, 16);
    let old = stock
        .clone()
        .set("qwen3next.attention.head_count_kv", vec![0_u32, 2])
        .rename("ssm_dt.bias", "ssm_dt");
    check(&Case { stock, old });
}

/// A layer with a state, one with attention, and one with experts that work on less than the hidden state.
fn nemotron() -> Tiny {
    let (state, latent, expert) = (16, 16, 16);
    Tiny::new("nemotron_h_moe")
        .pairs("tekken")
        .set("nemotron_h_moe.block_count", 3_u32)
        .set("nemotron_h_moe.attention.head_count_kv", vec![0_u32, 2, 0])
        .set("nemotron_h_moe.feed_forward_length", vec![0_u32, 0, expert as u32])
        .set("nemotron_h_moe.attention.layer_norm_epsilon", 1e-6_f32)
        .set("nemotron_h_moe.ssm.conv_kernel", 4_u32)
        .set("nemotron_h_moe.ssm.inner_size", 32_u32)
        .set("nemotron_h_moe.ssm.state_size", state as u32)
        .set("nemotron_h_moe.ssm.time_step_rank", 4_u32)
        .set("nemotron_h_moe.ssm.group_count", 1_u32)
        .set("nemotron_h_moe.expert_count", 4_u32)
        .set("nemotron_h_moe.expert_used_count", 2_u32)
        .set("nemotron_h_moe.expert_feed_forward_length", expert as u32)
        .set("nemotron_h_moe.expert_shared_feed_forward_length", 24_u32)
        .set("nemotron_h_moe.expert_shared_count", 1_u32)
        .set("nemotron_h_moe.expert_weights_norm", true)
        .set("nemotron_h_moe.moe_latent_size", latent as u32)
        .layer(
            0,
            &[
                ("attn_norm", &[WIDTH]),
                ("ssm_in", &[WIDTH, 2 * 32 + 2 * state + 4]),
                ("ssm_conv1d", &[4, 32 + 2 * state]),
                ("ssm_conv1d.bias", &[32 + 2 * state]),
                ("ssm_dt.bias", &[4]),
                ("ssm_a", &[1, 4]),
                ("ssm_d", &[1, 4]),
                ("ssm_norm", &[32, 1]),
                ("ssm_out", &[32, WIDTH]),
            ],
        )
        .attention(1, HEAD)
        .layer(
            2,
            &[
                ("attn_norm", &[WIDTH]),
                ("ffn_gate_inp", &[WIDTH, 4]),
                ("exp_probs_b.bias", &[4]),
                ("ffn_latent_down", &[WIDTH, latent]),
                ("ffn_latent_up", &[latent, WIDTH]),
                ("ffn_up_exps", &[latent, expert, 4]),
                ("ffn_down_exps", &[expert, latent, 4]),
                ("ffn_up_shexp", &[WIDTH, 24]),
                ("ffn_down_shexp", &[24, WIDTH]),
            ],
        )
}

#[test]
fn nemotron_h_moe() {
    let stock = nemotron();
    let old = stock
        .clone()
        .remove("nemotron_h_moe.moe_latent_size")
        .rename("ffn_latent_down", "ffn_latent_in")
        .rename("ffn_latent_up", "ffn_latent_out")
        .tensor("mtp.layers.0.mixer.experts.0.up_proj.weight", &[WIDTH, WIDTH]);
    check(&Case { stock, old });
}

#[test]
fn nemotron_h_omni() {
    let stock = nemotron();
    let old = stock
        .clone()
        .architecture("nemotron_h_moe", "nemotron_h_omni")
        .tensor("a.blk.0.attn_q.weight", &[WIDTH, WIDTH])
        .with_eyes();
    check(&Case { stock, old });
}
