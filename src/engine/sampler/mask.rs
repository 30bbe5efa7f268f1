//! Which tokens may be chosen.

use std::sync::Arc;

use super::math::{BLOCK, Block};
use crate::engine::protocol::Token;

/// Tokens in one word of a set.
const WORD: usize = u32::BITS as usize;
/// Words of a block.
const WORDS: usize = BLOCK / WORD;

/// The tokens that may be chosen. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Mask {
    /// These: a set with bit `token % 32` of word `token / 32`. Tokens behind its end are not in it.
    Only(Arc<[u32]>),
    /// All but these, lower ids first.
    Except(Arc<[Token]>),
}

impl Mask {
    /// Whether a token may be chosen.
    #[must_use]
    pub fn allows(&self, token: Token) -> bool {
        match self {
            Self::Only(words) => {
                words.get(token as usize / WORD).is_some_and(|word| word >> (token as usize % WORD) & 1 == 1)
            }
            Self::Except(tokens) => tokens.binary_search(&token).is_err(),
        }
    }

    /// The token that is chosen where the model rules out all that may be chosen: the lowest of them that has a
    /// logit, 0 if there is none.
    pub(super) fn fallback(&self, logits: usize) -> Token {
        (0..logits as Token).find(|&token| self.allows(token)).unwrap_or(0)
    }
}

/// How the words of a block leave its logits.
pub(super) enum Cover {
    /// All as they are.
    Open,
    /// None.
    Closed,
    /// Some.
    Mixed([u32; WORDS]),
}

/// What the words of a set say of one block.
pub(super) fn cover(words: &[u32], index: usize) -> Cover {
    let mut found = [0; WORDS];
    let start = (index * WORDS).min(words.len());
    let here = &words[start..words.len().min(start + WORDS)];
    found[..here.len()].copy_from_slice(here);
    match found {
        [0, 0, 0, 0] => Cover::Closed,
        [u32::MAX, u32::MAX, u32::MAX, u32::MAX] => Cover::Open,
        mixed => Cover::Mixed(mixed),
    }
}

/// Takes the logits of a block that are not in the set.
#[inline]
pub(super) fn hide(words: [u32; WORDS], block: &mut Block) {
    for (word, logits) in words.into_iter().zip(block.as_chunks_mut::<WORD>().0) {
        // Without a branch for each token, so that it becomes vector instructions.
        for (bit, logit) in logits.iter_mut().enumerate() {
            *logit = if word >> bit & 1 == 1 { *logit } else { f32::NEG_INFINITY };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_end_and_lists_do_not() {
        let only = Mask::Only(Arc::from([0b101, 1 << 31]));
        let allowed: Vec<Token> = (0..100).filter(|&token| only.allows(token)).collect();
        assert_eq!(allowed, [0, 2, 63]);
        let except = Mask::Except(Arc::from([1, 3]));
        let allowed: Vec<Token> = (0..5).filter(|&token| except.allows(token)).collect();
        assert_eq!(allowed, [0, 2, 4]);
        assert_eq!(Mask::Only(Arc::from([0, 2])).fallback(64), 33);
        assert_eq!(Mask::Only(Arc::from([0, 2])).fallback(20), 0);
    }

    #[test]
    fn blocks_keep_what_is_in_the_set() {
        let mut words = vec![u32::MAX; WORDS];
        words.extend([0; WORDS]);
        words.extend([0b11, 0]);
        assert!(matches!(cover(&words, 0), Cover::Open));
        assert!(matches!(cover(&words, 1), Cover::Closed));
        assert!(matches!(cover(&words, 9), Cover::Closed));
        let Cover::Mixed(mixed) = cover(&words, 2) else { panic!("some are in it") };
        let mut block = [1.0; BLOCK];
        hide(mixed, &mut block);
        assert_eq!(block.iter().filter(|&&logit| logit == 1.0).count(), 2);
        assert_eq!(block[..3], [1.0, 1.0, f32::NEG_INFINITY]);
    }
}
