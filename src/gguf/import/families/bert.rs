//! Encoders: BERT, RoBERTa and DistilBERT.

use super::super::error::ImportError;
use super::super::header::Header;
use super::super::object::Object;
use super::super::rows::Dim::{FeedForward, Positions, Queries, TokenTypes, Vocabulary, Width};
use super::super::rows::{Row, Sizes, row};
use super::decoder::layers;
use super::{Blueprint, Naming, check_activation};

const NAMING: Naming = Naming {
    prefixes: &[&["bert.", "roberta.", "distilbert.", "model."]],
    layer: "encoder.layer.",
    embeddings: "embeddings.word_embeddings.weight",
    // Heads for other purposes than embeddings, and a table that is computed.
    dropped: &["pooler.", "cls.", "lm_head.", "vocab_", "embeddings.position_ids"],
    dropped_ends: &[],
};

const WHOLE: &[Row] = &[
    row("embeddings.word_embeddings.weight", "token_embd.weight", &[Vocabulary, Width]),
    row("embeddings.position_embeddings.weight", "position_embd.weight", &[Positions, Width]),
    row("embeddings.token_type_embeddings.weight", "token_types.weight", &[TokenTypes, Width]),
    row("embeddings.LayerNorm.weight", "token_embd_norm.weight", &[Width]),
    row("embeddings.LayerNorm.bias", "token_embd_norm.bias", &[Width]),
];

const BERT_LAYER: &[Row] = &[
    row("attention.self.query.weight", "attn_q.weight", &[Queries, Width]),
    row("attention.self.query.bias", "attn_q.bias", &[Queries]),
    row("attention.self.key.weight", "attn_k.weight", &[Queries, Width]),
    row("attention.self.key.bias", "attn_k.bias", &[Queries]),
    row("attention.self.value.weight", "attn_v.weight", &[Queries, Width]),
    row("attention.self.value.bias", "attn_v.bias", &[Queries]),
    row("attention.output.dense.weight", "attn_output.weight", &[Width, Queries]),
    row("attention.output.dense.bias", "attn_output.bias", &[Width]),
    row("attention.output.LayerNorm.weight", "attn_output_norm.weight", &[Width]),
    row("attention.output.LayerNorm.bias", "attn_output_norm.bias", &[Width]),
    row("intermediate.dense.weight", "ffn_up.weight", &[FeedForward, Width]),
    row("intermediate.dense.bias", "ffn_up.bias", &[FeedForward]),
    row("output.dense.weight", "ffn_down.weight", &[Width, FeedForward]),
    row("output.dense.bias", "ffn_down.bias", &[Width]),
    row("output.LayerNorm.weight", "layer_output_norm.weight", &[Width]),
    row("output.LayerNorm.bias", "layer_output_norm.bias", &[Width]),
];

const DISTILBERT_WHOLE: &[Row] = &[
    row("embeddings.word_embeddings.weight", "token_embd.weight", &[Vocabulary, Width]),
    row("embeddings.position_embeddings.weight", "position_embd.weight", &[Positions, Width]),
    row("embeddings.LayerNorm.weight", "token_embd_norm.weight", &[Width]),
    row("embeddings.LayerNorm.bias", "token_embd_norm.bias", &[Width]),
];

const DISTILBERT_LAYER: &[Row] = &[
    row("attention.q_lin.weight", "attn_q.weight", &[Queries, Width]),
    row("attention.q_lin.bias", "attn_q.bias", &[Queries]),
    row("attention.k_lin.weight", "attn_k.weight", &[Queries, Width]),
    row("attention.k_lin.bias", "attn_k.bias", &[Queries]),
    row("attention.v_lin.weight", "attn_v.weight", &[Queries, Width]),
    row("attention.v_lin.bias", "attn_v.bias", &[Queries]),
    row("attention.out_lin.weight", "attn_output.weight", &[Width, Queries]),
    row("attention.out_lin.bias", "attn_output.bias", &[Width]),
    row("sa_layer_norm.weight", "attn_output_norm.weight", &[Width]),
    row("sa_layer_norm.bias", "attn_output_norm.bias", &[Width]),
    row("ffn.lin1.weight", "ffn_up.weight", &[FeedForward, Width]),
    row("ffn.lin1.bias", "ffn_up.bias", &[FeedForward]),
    row("ffn.lin2.weight", "ffn_down.weight", &[Width, FeedForward]),
    row("ffn.lin2.bias", "ffn_down.bias", &[Width]),
    row("output_layer_norm.weight", "layer_output_norm.weight", &[Width]),
    row("output_layer_norm.bias", "layer_output_norm.bias", &[Width]),
];

/// The names that BERT and its followers have for their sizes.
pub(super) struct Keys {
    pub layers: &'static str,
    pub width: &'static str,
    pub heads: &'static str,
    pub feed_forward: &'static str,
    pub positions: &'static str,
}

pub(super) const BERT_KEYS: Keys = Keys {
    layers: "num_hidden_layers",
    width: "hidden_size",
    heads: "num_attention_heads",
    feed_forward: "intermediate_size",
    positions: "max_position_embeddings",
};

const DISTILBERT_KEYS: Keys =
    Keys { layers: "n_layers", width: "dim", heads: "n_heads", feed_forward: "hidden_dim", ..BERT_KEYS };

pub(super) fn bert(config: &Object) -> Result<Blueprint, ImportError> {
    check_activation(config, "hidden_act", &["gelu", "gelu_new", "gelu_python"])?;
    check_positions(config)?;
    encoder(config, "bert", &BERT_KEYS, 0)
}

/// RoBERTa, and XLM-RoBERTa. Positions count from the one after the padding token.
pub(super) fn roberta(config: &Object) -> Result<Blueprint, ImportError> {
    check_activation(config, "hidden_act", &["gelu", "gelu_new", "gelu_python"])?;
    check_positions(config)?;
    let padding = config.size("pad_token_id")?.unwrap_or(1);
    encoder(config, "bert", &BERT_KEYS, padding + 1)
}

pub(super) fn distilbert(config: &Object) -> Result<Blueprint, ImportError> {
    check_activation(config, "activation", &["gelu"])?;
    let mut blueprint = encoder(config, "bert", &DISTILBERT_KEYS, 0)?;
    blueprint.naming.layer = "transformer.layer.";
    blueprint.whole = DISTILBERT_WHOLE;
    blueprint.layer = &[DISTILBERT_LAYER];
    blueprint.header.set("tokenizer.ggml.token_type_count", 1_u32);
    Ok(blueprint)
}

/// Only positions that have an embedding each are built in.
fn check_positions(config: &Object) -> Result<(), ImportError> {
    match config.text("position_embedding_type")? {
        None | Some("absolute") => Ok(()),
        Some(_) => {
            Err(config.error("position_embedding_type", "but llama.cpp computes only absolute positions"))
        }
    }
}

/// An encoder with the tables of BERT.
pub(super) fn encoder(
    config: &Object,
    architecture: &'static str,
    keys: &Keys,
    skipped_positions: u64,
) -> Result<Blueprint, ImportError> {
    let (width, heads) = (config.required_size(keys.width)?, config.required_size(keys.heads)?);
    if !width.is_multiple_of(heads) {
        return Err(config.error(keys.heads, &format!("which does not divide the width {width}")));
    }
    let positions = config.required_size(keys.positions)?;
    let Some(usable) = positions.checked_sub(skipped_positions).filter(|n| *n > 0) else {
        return Err(
            config.error(keys.positions, &format!("of which the first {skipped_positions} are never used"))
        );
    };
    let sizes = Sizes {
        width,
        heads,
        kv_heads: heads,
        head: width / heads,
        feed_forward: config.required_size(keys.feed_forward)?,
        positions: usable,
        token_types: config.size("type_vocab_size")?.unwrap_or(2),
        ..Sizes::default()
    };
    let layers = layers(config, keys.layers)?;
    let epsilon =
        config.positive("layer_norm_eps")?.or(config.positive("layer_norm_epsilon")?).unwrap_or(1e-12);
    let mut header = Header::new(architecture);
    header.set_size("block_count", layers);
    header.set_size("context_length", usable);
    header.set_size("embedding_length", width);
    header.set_size("feed_forward_length", sizes.feed_forward);
    header.set_size("attention.head_count", heads);
    header.set_number("attention.layer_norm_epsilon", epsilon);
    header.set_own("attention.causal", false);
    header.set("tokenizer.ggml.token_type_count", u32::try_from(sizes.token_types).unwrap_or(u32::MAX));
    Ok(Blueprint {
        header,
        sizes,
        layers,
        naming: NAMING,
        whole: WHOLE,
        layer: &[BERT_LAYER],
        values: Vec::new(),
        tied: None,
        skipped_positions,
    })
}
