//! gpt-oss.

use super::{Family, Rewrite, has_tensor};

pub(super) const GPT_OSS: Family = Family {
    architectures: &["gptoss"],
    // Some conversions have gate and rest of the experts in one tensor, in turns: that is not a matter of names.
    is_old: |file| has_tensor(file, GATES),
    correct,
};

const GATES: &str = "blk.0.ffn_gate_exps.weight";

fn correct(rewrite: &mut Rewrite) {
    rewrite.set_architecture("gpt-oss");
    if let Some(width) = rewrite.size(GATES, 1) {
        rewrite.set_missing(&rewrite.key("expert_feed_forward_length"), width);
    }
    // The factor and the original length are there, but not what they are of.
    rewrite.set_missing(&rewrite.key("rope.scaling.type"), "yarn");
    rewrite.set("tokenizer.ggml.pre", "gpt-4o");
    rewrite.rename(".attn_out.", ".attn_output.");
    rewrite.rename(".ffn_norm.", ".post_attention_norm.");
    rewrite.rename_with(|name| name.ends_with(".attn_sinks").then(|| format!("{name}.weight")));
}
