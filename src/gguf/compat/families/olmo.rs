//! OLMo 3, which llama.cpp loads as an OLMo 2 with a window.

use super::{Family, Rewrite};

pub(super) const OLMO3: Family = Family {
    architectures: &["olmo3"],
    is_old: |_| true,
    correct: |rewrite: &mut Rewrite| rewrite.set_architecture("olmo2"),
};
