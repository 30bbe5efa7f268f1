//! Ends that must not come yet.

use std::sync::Arc;

use crate::engine::backend::Vocabulary;
use crate::engine::protocol::{Sampling, Token};

/// The tokens by which the model ends, while they are barred.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    /// Lower ids first.
    tokens: Arc<[Token]>,
    /// Tokens that must come before one of them; `None` bars them for ever.
    left: Option<u32>,
}

impl Ends {
    /// `None` if the model may end when it wants to.
    pub(super) fn new(options: &Sampling, vocabulary: &dyn Vocabulary) -> Option<Self> {
        let left = (!options.ignore_eos).then_some(options.min_tokens);
        if left == Some(0) {
            return None;
        }
        let tokens = (0..vocabulary.len()).filter(|&token| vocabulary.is_end(token)).collect();
        Some(Self { tokens, left })
    }

    /// The tokens that must not come now.
    pub(super) fn barred(&self) -> &[Token] {
        if self.left == Some(0) { &[] } else { &self.tokens }
    }

    /// A token came.
    pub(super) fn count(&mut self) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::backend::mock::MockVocabulary;

    fn ends(options: &Sampling) -> Option<Ends> {
        Ends::new(options, &MockVocabulary::default())
    }

    #[test]
    fn ends_are_barred_for_some_tokens_or_for_ever() {
        assert!(ends(&Sampling::default()).is_none());
        let end = (0..).find(|&token| MockVocabulary::default().is_end(token)).unwrap();
        let mut some = ends(&Sampling { min_tokens: 2, ..Sampling::default() }).unwrap();
        let mut ever = ends(&Sampling { min_tokens: 2, ignore_eos: true, ..Sampling::default() }).unwrap();
        for barred in [&[end][..], &[end], &[], &[]] {
            assert_eq!(some.barred(), barred);
            assert_eq!(ever.barred(), [end]);
            some.count();
            ever.count();
        }
    }
}
