//! Qwen 2.5 and later, where they see or are hybrids.

use super::{Family, Rewrite, SENSES, drop_guessing_layers, has_keys, has_tensors};
use crate::gguf::{GgufFile, Value};

/// How the dimensions of a head are shared out among time, height and width. llama.cpp wants four numbers.
const SECTIONS: &str = "rope.dimension_sections";
const KV_HEADS: &str = "attention.head_count_kv";

/// Sets the sections, of which there are three in the file, or four.
fn set_sections(rewrite: &mut Rewrite, sections: Option<Vec<i32>>) {
    if let Some(mut sections) = sections.filter(|sections| (1..=4).contains(&sections.len())) {
        sections.resize(4, 0);
        rewrite.set(&rewrite.key(SECTIONS), sections);
    }
}

/// Qwen 2.5 VL, which llama.cpp loads as Qwen 2 VL.
pub(super) const QWEN25_VL: Family = Family {
    architectures: &["qwen25vl"],
    is_old: |_| true,
    correct: |rewrite| {
        rewrite.set_architecture("qwen2vl");
        let sections = rewrite.integers("rope.mrope_section");
        set_sections(rewrite, sections);
        rewrite.drop_tensors(&SENSES);
    },
};

/// Qwen 3 VL. All of its sizes have the same heads, and so the same sections.
pub(super) const QWEN3_VL: Family = Family {
    architectures: &["qwen3vl", "qwen3vlmoe"],
    is_old: |file| !has_keys(file, &[SECTIONS]),
    correct: |rewrite| {
        let sections = rewrite.integers("rope.mrope_section").unwrap_or(vec![24, 20, 20]);
        set_sections(rewrite, Some(sections));
        let levels = rewrite.get(&rewrite.key("vision.deepstack_visual_indexes"));
        let levels = levels.and_then(Value::as_array).map_or(0, |levels| levels.len() as u32);
        rewrite.set_missing(&rewrite.key("n_deepstack_layers"), levels);
        rewrite.drop_tensors(&SENSES);
    },
};

/// Qwen 3.5, with and without experts.
pub(super) const QWEN35: Family = Family {
    architectures: &["qwen35", "qwen35moe"],
    is_old: |file| {
        let kv_heads = file.get(&file.architecture_key(KV_HEADS));
        let sections = file.array(&file.architecture_key(SECTIONS));
        let is_old = matches!(kv_heads, Some(Value::Array(_)))
            || sections.is_some_and(|sections| sections.len() == 3)
            || has_old_bias(file)
            || has_tensors(file, &SENSES)
            || has_tensors(file, &["mtp."]);
        // Value heads are in another order than llama.cpp's where a file says so: that is not a matter of names.
        is_old && file.bool(&file.architecture_key("ssm.v_head_reordered")) != Some(false)
    },
    correct: |rewrite| {
        correct_hybrid(rewrite);
        let sections = rewrite.integers(SECTIONS);
        set_sections(rewrite, sections);
        drop_guessing_layers(rewrite);
        rewrite.drop_tensors(&SENSES);
    },
};

/// Qwen 3 Next.
pub(super) const QWEN3_NEXT: Family =
    Family { architectures: &["qwen3next"], is_old: has_old_bias, correct: correct_hybrid };

const OLD_BIAS: &str = ".ssm_dt";

fn has_old_bias(file: &GgufFile) -> bool {
    file.tensors().iter().any(|tensor| tensor.name.ends_with(OLD_BIAS))
}

/// The keys of layers without attention are counted as 0; llama.cpp wants the number of the others.
fn correct_hybrid(rewrite: &mut Rewrite) {
    if let Some(most) = rewrite.integers(KV_HEADS).and_then(|heads| heads.into_iter().max()) {
        rewrite.set(&rewrite.key(KV_HEADS), most as u32);
    }
    rewrite.rename_with(|name| name.ends_with(OLD_BIAS).then(|| format!("{name}.bias")));
}
