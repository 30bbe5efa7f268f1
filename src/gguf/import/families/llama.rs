//! Llama, and those built like it: Mistral, Qwen 2, Qwen 3.

use super::super::error::ImportError;
use super::super::object::Object;
use super::super::rope::Rope;
use super::super::rows::Dim::{FeedForward, Head, Keys, Queries, Width};
use super::super::rows::{Row, row};
use super::decoder::{Decoder, GATED, TWO_NORMS, WHOLE, check_heads_fill_width};
use super::{Blueprint, check_activation, default_size};

/// llama.cpp rotates neighbours in llama: rows of queries and keys are reordered.
const LLAMA_ATTENTION: &[Row] = &[
    row("self_attn.q_proj.weight", "attn_q.weight", &[Queries, Width]).heads(),
    row("self_attn.q_proj.bias", "attn_q.bias", &[Queries]).heads().optional(),
    row("self_attn.k_proj.weight", "attn_k.weight", &[Keys, Width]).heads(),
    row("self_attn.k_proj.bias", "attn_k.bias", &[Keys]).heads().optional(),
    row("self_attn.v_proj.weight", "attn_v.weight", &[Keys, Width]),
    row("self_attn.v_proj.bias", "attn_v.bias", &[Keys]).optional(),
    row("self_attn.o_proj.weight", "attn_output.weight", &[Width, Queries]),
    row("self_attn.o_proj.bias", "attn_output.bias", &[Width]).optional(),
];

const LLAMA_BIASES: &[Row] = &[
    row("mlp.gate_proj.bias", "ffn_gate.bias", &[FeedForward]).optional(),
    row("mlp.up_proj.bias", "ffn_up.bias", &[FeedForward]).optional(),
    row("mlp.down_proj.bias", "ffn_down.bias", &[Width]).optional(),
];

/// Attention as in all later models: rows stay in their order.
pub(super) const ATTENTION: &[Row] = &[
    row("self_attn.q_proj.weight", "attn_q.weight", &[Queries, Width]),
    row("self_attn.q_proj.bias", "attn_q.bias", &[Queries]).optional(),
    row("self_attn.k_proj.weight", "attn_k.weight", &[Keys, Width]),
    row("self_attn.k_proj.bias", "attn_k.bias", &[Keys]).optional(),
    row("self_attn.v_proj.weight", "attn_v.weight", &[Keys, Width]),
    row("self_attn.v_proj.bias", "attn_v.bias", &[Keys]).optional(),
    row("self_attn.o_proj.weight", "attn_output.weight", &[Width, Queries]),
];

const HEAD_NORMS: &[Row] = &[
    row("self_attn.q_norm.weight", "attn_q_norm.weight", &[Head]),
    row("self_attn.k_norm.weight", "attn_k_norm.weight", &[Head]),
];

pub(super) const LLAMA_LAYER: &[&[Row]] = &[TWO_NORMS, LLAMA_ATTENTION, GATED, LLAMA_BIASES];
pub(super) const QWEN2_LAYER: &[&[Row]] = &[TWO_NORMS, ATTENTION, GATED];
pub(super) const QWEN3_LAYER: &[&[Row]] = &[TWO_NORMS, ATTENTION, HEAD_NORMS, GATED];

/// Llama and Mistral. Sliding windows, which the first Mistral has, and Qwen 2 can have, are not in llama.cpp's code
/// for these models: every token sees all before it.
pub(super) fn llama(config: &Object) -> Result<Blueprint, ImportError> {
    read(config, "llama", LLAMA_LAYER)
}

pub(super) fn qwen2(config: &Object) -> Result<Blueprint, ImportError> {
    let blueprint = read(config, "qwen2", QWEN2_LAYER)?;
    check_heads_fill_width(config, &blueprint.sizes)?;
    Ok(blueprint)
}

pub(super) fn qwen3(config: &Object) -> Result<Blueprint, ImportError> {
    read(config, "qwen3", QWEN3_LAYER)
}

fn read(
    config: &Object,
    architecture: &'static str,
    layer: &'static [&'static [Row]],
) -> Result<Blueprint, ImportError> {
    // Configurations of 2023 leave out what was the only choice then.
    let config = config
        .clone()
        .with_defaults(&[("rms_norm_eps", 1e-6.into()), default_size("max_position_embeddings", 2048)]);
    check_activation(&config, "hidden_act", &["silu", "swish"])?;
    let decoder = Decoder::read(&config, architecture)?;
    let rope = Rope::plain(&config, "full_attention", decoder.context)?;
    Ok(decoder.blueprint(&rope, WHOLE, layer))
}
