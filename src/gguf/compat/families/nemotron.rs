//! Nemotron-H with experts.

use super::{Family, Rewrite, SENSES, drop_guessing_layers, has_tensors};

const OLD_LATENT: &str = ".ffn_latent_in.";

pub(super) const MOE: Family = Family {
    architectures: &["nemotron_h_moe"],
    is_old: |file| {
        has_tensors(file, &["mtp."]) || file.tensors().iter().any(|tensor| tensor.name.contains(OLD_LATENT))
    },
    correct: correct_moe,
};

fn correct_moe(rewrite: &mut Rewrite) {
    let latent = rewrite.names().find(|name| name.ends_with(".ffn_latent_in.weight")).map(ToOwned::to_owned);
    if let Some(size) = latent.and_then(|name| rewrite.size(&name, 1)) {
        rewrite.set_missing(&rewrite.key("moe_latent_size"), size);
    }
    rewrite.rename(OLD_LATENT, ".ffn_latent_down.");
    rewrite.rename(".ffn_latent_out.", ".ffn_latent_up.");
    drop_guessing_layers(rewrite);
}

/// The same with eyes and ears, or without experts.
pub(super) const OMNI: Family = Family {
    architectures: &["nemotron_h_omni"],
    is_old: |_| true,
    correct: |rewrite| {
        if rewrite.u32("expert_count").unwrap_or(0) > 0 {
            rewrite.set_architecture("nemotron_h_moe");
            correct_moe(rewrite);
        } else {
            rewrite.set_architecture("nemotron_h");
        }
        rewrite.drop_tensors(&SENSES);
    },
};
