//! Mistral Small 3 and Ministral 3.

use super::{Family, Rewrite, SENSES, has_keys, has_tensors};
use crate::gguf::Value;

/// Old keys and those that llama.cpp reads.
const MOVED: [(&str, &str); 4] = [
    ("mistral3.rope.scaling.beta_fast", "mistral3.rope.scaling.yarn_beta_fast"),
    ("mistral3.rope.scaling.beta_slow", "mistral3.rope.scaling.yarn_beta_slow"),
    ("mistral3.rope.scaling.mscale_all_dim", "mistral3.rope.scaling.yarn_log_multiplier"),
    ("mistral3.rope.scaling_beta", "mistral3.attention.temperature_scale"),
];

const SCALING: &str = "mistral3.rope.scaling.type";
const PRE_TOKENIZER: &str = "tokenizer.ggml.pre";

pub(super) const MISTRAL3: Family = Family {
    architectures: &["mistral3"],
    is_old: |file| {
        MOVED.iter().any(|(old, _)| file.get(old).is_some())
            || file.str(SCALING) == Some("")
            || has_keys(file, &["vision.block_count"])
            || has_tensors(file, &SENSES)
    },
    correct,
};

fn correct(rewrite: &mut Rewrite) {
    for (old, new) in MOVED {
        rewrite.move_key(old, new);
    }
    // Models that are not stretched have a method without a name, and a factor of 0.
    if rewrite.get(SCALING).and_then(Value::as_str) == Some("") {
        rewrite.remove(SCALING);
        rewrite.remove("mistral3.rope.scaling.factor");
    }
    if matches!(rewrite.get(PRE_TOKENIZER).map(Value::as_str), None | Some(Some("" | "default"))) {
        rewrite.set(PRE_TOKENIZER, "tekken");
    }
    rewrite.drop_tensors(&SENSES);
}
