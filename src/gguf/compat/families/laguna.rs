//! Laguna.

use super::{Family, Rewrite, has_keys};

const OLD_GATE: &str = ".attn_g.weight";

pub(super) const LAGUNA: Family = Family {
    architectures: &["laguna"],
    is_old: |file| {
        has_keys(file, &["rope.swa.dimension_count", "rope.swa.freq_base"])
            || file.tensors().iter().any(|tensor| tensor.name.ends_with(OLD_GATE))
    },
    correct: |rewrite: &mut Rewrite| {
        rewrite.move_key("laguna.rope.swa.dimension_count", "laguna.rope.dimension_count_swa");
        rewrite.move_key("laguna.rope.swa.freq_base", "laguna.rope.freq_base_swa");
        rewrite.rename(OLD_GATE, ".attn_gate.weight");
    },
};
