//! LFM2, with and without experts.

use super::{Family, Rewrite, has_tensor};

/// What llama.cpp calls the last norm of this family, and of no other.
const NORM: &str = "token_embd_norm.weight";
const OLD_NORM: &str = "output_norm.weight";

pub(super) const LFM2: Family = Family {
    architectures: &["lfm2", "lfm2moe"],
    is_old: |file| has_tensor(file, OLD_NORM) && !has_tensor(file, NORM),
    correct: |rewrite: &mut Rewrite| {
        rewrite.rename_with(|name| (name == OLD_NORM).then(|| NORM.into()));
        rewrite.set("tokenizer.ggml.pre", "lfm2");
        // Some have the width of the checkpoint's config, which is not that of its layers.
        if let Some(width) = rewrite.size("blk.0.ffn_gate.weight", 1) {
            rewrite.set(&rewrite.key("feed_forward_length"), width);
        }
    },
};
