//! Phi-3, Phi-3.5 and Phi-4.

use super::super::error::ImportError;
use super::super::object::Object;
use super::super::rope::Rope;
use super::super::rows::Dim::{FeedForward, Fused, GateAndUp, Queries, Width};
use super::super::rows::{Row, row};
use super::decoder::{Decoder, TWO_NORMS, WHOLE, check_heads_fill_width};
use super::{Blueprint, check_activation};

const FUSED: &[Row] = &[
    row("self_attn.qkv_proj.weight", "attn_qkv.weight", &[Fused, Width]),
    row("self_attn.o_proj.weight", "attn_output.weight", &[Width, Queries]),
    row("mlp.gate_up_proj.weight", "ffn_up.weight", &[GateAndUp, Width]),
    row("mlp.down_proj.weight", "ffn_down.weight", &[Width, FeedForward]),
];

pub(super) const PHI3_LAYER: &[&[Row]] = &[TWO_NORMS, FUSED];

pub(super) fn phi3(config: &Object) -> Result<Blueprint, ImportError> {
    check_activation(config, "hidden_act", &["silu", "swish"])?;
    let mut decoder = Decoder::read(config, "phi3")?;
    check_heads_fill_width(config, &decoder.sizes)?;
    let rope = Rope::read(config, "full_attention", decoder.context)?;
    let rotated = rope.rotated(decoder.sizes.head);
    decoder.header.set_size("rope.dimension_count", rotated);
    // llama.cpp does not slide in phi3, but wants to know.
    decoder.header.set_size("attention.sliding_window", config.size("sliding_window")?.unwrap_or(0));
    let original = rope.original_context().unwrap_or(decoder.context);
    decoder.header.set_size("rope.scaling.original_context_length", original);
    let context = decoder.context;
    let mut blueprint = decoder.blueprint(&rope, WHOLE, PHI3_LAYER);
    if let Some(long) = rope.long(context, rotated)? {
        blueprint.header.set_number("rope.scaling.attn_factor", long.attention);
        blueprint.values.push(("rope_factors_long.weight", long.long));
        blueprint.values.push(("rope_factors_short.weight", long.short));
    }
    Ok(blueprint)
}
