//! Nomic's BERT, which rotates: nomic-embed-text 1 and 1.5.

use super::super::error::ImportError;
use super::super::object::Object;
use super::super::rope::Rope;
use super::super::rows::Dim::{FeedForward, Fused, Queries, TokenTypes, Vocabulary, Width};
use super::super::rows::{Row, row};
use super::bert::{BERT_KEYS, Keys, encoder};
use super::{Blueprint, check_activation};

const WHOLE: &[Row] = &[
    row("embeddings.word_embeddings.weight", "token_embd.weight", &[Vocabulary, Width]),
    row("embeddings.token_type_embeddings.weight", "token_types.weight", &[TokenTypes, Width]),
    row("emb_ln.weight", "token_embd_norm.weight", &[Width]),
    row("emb_ln.bias", "token_embd_norm.bias", &[Width]),
];

const LAYER: &[Row] = &[
    row("attn.Wqkv.weight", "attn_qkv.weight", &[Fused, Width]),
    row("attn.out_proj.weight", "attn_output.weight", &[Width, Queries]),
    row("norm1.weight", "attn_output_norm.weight", &[Width]),
    row("norm1.bias", "attn_output_norm.bias", &[Width]),
    row("mlp.fc11.weight", "ffn_up.weight", &[FeedForward, Width]),
    row("mlp.fc12.weight", "ffn_gate.weight", &[FeedForward, Width]),
    row("mlp.fc2.weight", "ffn_down.weight", &[Width, FeedForward]),
    row("norm2.weight", "layer_output_norm.weight", &[Width]),
    row("norm2.bias", "layer_output_norm.bias", &[Width]),
];

const KEYS: Keys = Keys {
    layers: "n_layer",
    width: "n_embd",
    heads: "n_head",
    feed_forward: "n_inner",
    positions: "n_positions",
};

pub(super) fn nomic(config: &Object) -> Result<Blueprint, ImportError> {
    let mut blueprint = if config.get("n_embd").is_some() { read(config)? } else { read_5(config)? };
    blueprint.naming.layer = "encoder.layers.";
    blueprint.whole = WHOLE;
    blueprint.layer = &[LAYER];
    Ok(blueprint)
}

/// The configuration of the makers.
fn read(config: &Object) -> Result<Blueprint, ImportError> {
    check_activation(config, "activation_function", &["swiglu"])?;
    for key in
        ["qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias", "prenorm", "rotary_emb_interleaved", "causal"]
    {
        if config.bool(key)? == Some(true) {
            return Err(config.error(key, "which llama.cpp's nomic-bert has not"));
        }
    }
    if config.size("moe_every_n_layers")?.unwrap_or(0) > 0 {
        return Err(config.error("moe_every_n_layers", "but models with experts are not imported"));
    }
    if config.number("rotary_emb_fraction")?.unwrap_or(1.0) != 1.0 {
        return Err(config.error("rotary_emb_fraction", "but llama.cpp rotates whole heads"));
    }
    let mut blueprint = encoder(config, "nomic-bert", &KEYS, 0)?;
    // The model can do with 8192 positions only if they are scaled: it was trained with these.
    let trained = config.size("max_trained_positions")?.unwrap_or(2048);
    let context = blueprint.sizes.positions.min(trained);
    blueprint.header.set_size("context_length", context);
    let base = config.positive("rotary_emb_base")?.unwrap_or(10_000.0);
    blueprint.header.set_number("rope.freq_base", base);
    Ok(blueprint)
}

/// The configuration since transformers 5, which has the model built in. Tensors are called as before.
fn read_5(config: &Object) -> Result<Blueprint, ImportError> {
    check_activation(config, "hidden_act", &["silu"])?;
    let mut blueprint = encoder(config, "nomic-bert", &BERT_KEYS, 0)?;
    let rope = Rope::plain(config, "full_attention", blueprint.sizes.positions)?.with_default_base(1000.0);
    rope.describe(&mut blueprint.header);
    Ok(blueprint)
}
