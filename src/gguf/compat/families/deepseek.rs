//! DeepSeek-OCR, of which llama.cpp's loader of DeepSeek 2 reads the text part.

use super::{Family, Rewrite, SENSES};

pub(super) const OCR: Family = Family { architectures: &["deepseekocr"], is_old: |_| true, correct };

fn correct(rewrite: &mut Rewrite) {
    rewrite.set_architecture("deepseek2-ocr");
    rewrite.set_missing(&rewrite.key("attention.layer_norm_rms_epsilon"), 1e-6_f32);
    // The first layer has no experts. One expert's width is what its last matrix reads; shared experts are one
    // matrix.
    if let Some(width) = rewrite.size("blk.1.ffn_down_exps.weight", 0) {
        rewrite.set_missing(&rewrite.key("expert_feed_forward_length"), width);
    }
    let shared = rewrite.size("blk.1.ffn_down_shexp.weight", 0);
    let width = rewrite.u32("expert_feed_forward_length").filter(|width| *width > 0);
    if let (Some(shared), Some(width)) = (shared, width) {
        rewrite.set_missing(&rewrite.key("expert_shared_count"), shared / width);
    }
    rewrite.drop_tensors(&SENSES);
    rewrite.drop_tensors(&["s."]);
}
