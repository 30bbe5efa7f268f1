//! What language models have in common.

use super::super::error::ImportError;
use super::super::header::Header;
use super::super::object::Object;
use super::super::rope::Rope;
use super::super::rows::Dim::{FeedForward, Vocabulary, Width};
use super::super::rows::{Row, Sizes, row};
use super::{Blueprint, Naming};

/// Most layers (`LLAMA_MAX_LAYERS` of llama.cpp).
const MAX_LAYERS: u64 = 512;

pub(super) const NAMING: Naming = Naming {
    // Gemma 3 in its form with vision has `language_model.model.` or `model.language_model.` in front.
    prefixes: &[&["language_model."], &["model."], &["language_model."]],
    layer: "layers.",
    embeddings: "embed_tokens.weight",
    // Projectors and towers of models that see.
    dropped: &["vision_tower.", "multi_modal_projector."],
    // Tables that are computed.
    dropped_ends: &[".rotary_emb.inv_freq", ".attn.masked_bias"],
};

/// Tensors outside the layers.
pub(super) const WHOLE: &[Row] = &[
    row("embed_tokens.weight", "token_embd.weight", &[Vocabulary, Width]),
    row("norm.weight", "output_norm.weight", &[Width]),
    row("lm_head.weight", "output.weight", &[Vocabulary, Width]).optional(),
];

/// A feed-forward network with a gate.
pub(super) const GATED: &[Row] = &[
    row("mlp.gate_proj.weight", "ffn_gate.weight", &[FeedForward, Width]),
    row("mlp.up_proj.weight", "ffn_up.weight", &[FeedForward, Width]),
    row("mlp.down_proj.weight", "ffn_down.weight", &[Width, FeedForward]),
];

/// A norm before the attention and one before the feed-forward network.
pub(super) const TWO_NORMS: &[Row] = &[
    row("input_layernorm.weight", "attn_norm.weight", &[Width]),
    row("post_attention_layernorm.weight", "ffn_norm.weight", &[Width]),
];

/// The configuration of a language model, as far as all have it.
#[derive(Debug)]
pub(super) struct Decoder {
    pub header: Header,
    pub sizes: Sizes,
    pub layers: u64,
    pub context: u64,
    pub tied: Option<bool>,
}

impl Decoder {
    /// Reads the sizes, and writes the metadata that follows from them.
    pub(super) fn read(config: &Object, architecture: &'static str) -> Result<Self, ImportError> {
        let heads = config.required_size("num_attention_heads")?;
        let width = config.required_size("hidden_size")?;
        let head = config.size("head_dim")?;
        if head.is_none() && !width.is_multiple_of(heads) {
            return Err(
                config.error("num_attention_heads", &format!("which does not divide the width {width}"))
            );
        }
        let kv_heads = config.size("num_key_value_heads")?.unwrap_or(heads);
        if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            return Err(config.error("num_key_value_heads", &format!("which does not divide {heads} heads")));
        }
        let sizes = Sizes {
            width,
            heads,
            kv_heads,
            head: head.unwrap_or(width / heads),
            feed_forward: config.required_size("intermediate_size")?,
            ..Sizes::default()
        };
        if sizes.head == 0 || !sizes.head.is_multiple_of(2) {
            return Err(config.error("head_dim", "which must be even and above 0"));
        }
        let layers = layers(config, "num_hidden_layers")?;
        let context = config.required_size("max_position_embeddings")?;
        let mut header = Header::new(architecture);
        header.set_size("block_count", layers);
        header.set_size("context_length", context);
        header.set_size("embedding_length", width);
        header.set_size("feed_forward_length", sizes.feed_forward);
        header.set_size("attention.head_count", heads);
        header.set_size("attention.head_count_kv", kv_heads);
        header.set_size("attention.key_length", sizes.head);
        header.set_size("attention.value_length", sizes.head);
        header.set_size("rope.dimension_count", sizes.head);
        let epsilon = config.required_positive("rms_norm_eps")?;
        header.set_number("attention.layer_norm_rms_epsilon", epsilon);
        let tied = config.bool("tie_word_embeddings")?;
        Ok(Self { header, sizes, layers, context, tied })
    }

    /// The blueprint of a model with the usual naming.
    pub(super) fn blueprint(
        mut self,
        rope: &Rope,
        whole: &'static [Row],
        layer: &'static [&'static [Row]],
    ) -> Blueprint {
        rope.describe(&mut self.header);
        let values = rope.factors(self.sizes.head).map(|values| ("rope_freqs.weight", values));
        Blueprint {
            header: self.header,
            sizes: self.sizes,
            layers: self.layers,
            naming: NAMING,
            whole,
            layer,
            values: values.into_iter().collect(),
            tied: self.tied,
            skipped_positions: 0,
        }
    }
}

/// llama.cpp has the heads of some families share out the hidden state.
pub(super) fn check_heads_fill_width(config: &Object, sizes: &Sizes) -> Result<(), ImportError> {
    let queries = sizes.heads * sizes.head;
    if queries == sizes.width {
        return Ok(());
    }
    let problem =
        format!("but llama.cpp needs heads that are as wide as the hidden state together, not {queries}");
    Err(config.error("hidden_size", &problem))
}

/// The number of layers.
pub(super) fn layers(config: &Object, key: &str) -> Result<u64, ImportError> {
    match config.required_size(key)? {
        layers @ 1..=MAX_LAYERS => Ok(layers),
        _ => Err(config.error(key, &format!("but {MAX_LAYERS} layers are the most"))),
    }
}
