//! Gemma 2, and the text part of Gemma 3.

use serde_json::Value as Json;

use super::super::error::ImportError;
use super::super::object::Object;
use super::super::rope::Rope;
use super::super::rows::Dim::{Head, Vocabulary, Width};
use super::super::rows::{Row, row};
use super::decoder::{Decoder, GATED};
use super::llama::ATTENTION;
use super::{Blueprint, check_activation, default_size};

const WHOLE: &[Row] = &[
    row("embed_tokens.weight", "token_embd.weight", &[Vocabulary, Width]),
    row("norm.weight", "output_norm.weight", &[Width]).plus_one(),
];

const FOUR_NORMS: &[Row] = &[
    row("input_layernorm.weight", "attn_norm.weight", &[Width]).plus_one(),
    row("post_attention_layernorm.weight", "post_attention_norm.weight", &[Width]).plus_one(),
    row("pre_feedforward_layernorm.weight", "ffn_norm.weight", &[Width]).plus_one(),
    row("post_feedforward_layernorm.weight", "post_ffw_norm.weight", &[Width]).plus_one(),
];

const HEAD_NORMS: &[Row] = &[
    row("self_attn.q_norm.weight", "attn_q_norm.weight", &[Head]).plus_one(),
    row("self_attn.k_norm.weight", "attn_k_norm.weight", &[Head]).plus_one(),
];

pub(super) const GEMMA2_LAYER: &[&[Row]] = &[FOUR_NORMS, ATTENTION, GATED];
pub(super) const GEMMA3_LAYER: &[&[Row]] = &[FOUR_NORMS, ATTENTION, HEAD_NORMS, GATED];

const ACTIVATIONS: &[&str] = &["gelu_pytorch_tanh", "gelu"];

pub(super) fn gemma2(config: &Object) -> Result<Blueprint, ImportError> {
    check_activation(config, "hidden_activation", ACTIVATIONS)?;
    let mut decoder = Decoder::read(config, "gemma2")?;
    let attention_cap = config.required_positive("attn_logit_softcapping")?;
    let final_cap = config.required_positive("final_logit_softcapping")?;
    decoder.header.set_number("attn_logit_softcapping", attention_cap);
    decoder.header.set_number("final_logit_softcapping", final_cap);
    // llama.cpp knows the models by their layers, and has the scale of the largest built in.
    check_scale(config, &decoder, 46)?;
    sliding_window(config, &mut decoder, 2, 2)?;
    let rope = Rope::plain(config, "full_attention", decoder.context)?;
    let mut blueprint = decoder.blueprint(&rope, WHOLE, GEMMA2_LAYER);
    blueprint.tied = Some(true);
    Ok(blueprint)
}

/// What `text_config` of the models that see leaves out, since it is the default of Gemma 3.
fn gemma3_defaults() -> [(&'static str, Json); 10] {
    [
        default_size("hidden_size", 2304),
        default_size("intermediate_size", 9216),
        default_size("num_hidden_layers", 26),
        default_size("num_attention_heads", 8),
        default_size("num_key_value_heads", 4),
        default_size("head_dim", 256),
        default_size("max_position_embeddings", 131_072),
        default_size("sliding_window", 4096),
        default_size("query_pre_attn_scalar", 256),
        ("rms_norm_eps", 1e-6.into()),
    ]
}

pub(super) fn gemma3(config: &Object) -> Result<Blueprint, ImportError> {
    let config = &config.clone().with_defaults(&gemma3_defaults());
    check_activation(config, "hidden_activation", ACTIVATIONS)?;
    if config.get("attn_logit_softcapping").is_some() {
        return Err(config.error("attn_logit_softcapping", "which llama.cpp's gemma3 has not"));
    }
    if config.bool("use_bidirectional_attention")? == Some(true) {
        return Err(config.error("use_bidirectional_attention", "which llama.cpp's gemma3 has not"));
    }
    let mut decoder = Decoder::read(config, "gemma3")?;
    if let Some(cap) = config.positive("final_logit_softcapping")? {
        decoder.header.set_number("final_logit_softcapping", cap);
    }
    check_scale(config, &decoder, 62)?;
    let pattern =
        config.size("sliding_window_pattern")?.or(config.size("_sliding_window_pattern")?).unwrap_or(6);
    sliding_window(config, &mut decoder, pattern, 6)?;
    let rope = Rope::plain(config, "full_attention", decoder.context)?.with_default_base(1_000_000.0);
    let local = Rope::plain(config, "sliding_attention", decoder.context)?;
    let local_base = config.positive("rope_local_base_freq")?.or(local.own_base()).unwrap_or(10_000.0);
    decoder.header.set_number("rope.freq_base_swa", local_base);
    let mut blueprint = decoder.blueprint(&rope, WHOLE, GEMMA3_LAYER);
    blueprint.tied = Some(true);
    Ok(blueprint)
}

/// llama.cpp scales attention by the width of a head, except in the model with `largest` layers, where it is the
/// share of a head in the hidden state.
fn check_scale(config: &Object, decoder: &Decoder, largest: u64) -> Result<(), ImportError> {
    let sizes = &decoder.sizes;
    let scalar = if decoder.layers == largest { sizes.width / sizes.heads } else { sizes.head };
    match config.number("query_pre_attn_scalar")? {
        Some(wanted) if wanted != scalar as f64 => Err(config
            .error("query_pre_attn_scalar", &format!("but llama.cpp computes this model with {scalar}"))),
        _ => Ok(()),
    }
}

/// Which layers see only a window: by `layer_types`, or else all but every `pattern`th. llama.cpp has `usual`
/// built in.
fn sliding_window(
    config: &Object,
    decoder: &mut Decoder,
    pattern: u64,
    usual: u64,
) -> Result<(), ImportError> {
    let slides_in =
        |pattern: u64| (0..decoder.layers).map(move |layer| pattern > 0 && (layer + 1) % pattern != 0);
    let slides: Vec<bool> = match config.texts("layer_types")? {
        None => slides_in(pattern).collect(),
        Some(types) if types.len() as u64 == decoder.layers => {
            types.iter().map(|t| t == "sliding_attention").collect()
        }
        Some(types) => {
            let problem = format!("which has {} layers, not {}", types.len(), decoder.layers);
            return Err(config.error("layer_types", &problem));
        }
    };
    if slides.contains(&true) {
        let window = config.required_size("sliding_window")?;
        decoder.header.set_size("attention.sliding_window", window);
    }
    if !slides.iter().copied().eq(slides_in(usual)) {
        decoder.header.set_own("attention.sliding_window_pattern", slides);
    }
    Ok(())
}
