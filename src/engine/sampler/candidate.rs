//! A token and its logit in one integer.

use crate::engine::protocol::Token;

/// A token that may be chosen. Ordered by rank: the likelier first and, of equals, the lower id.
///
/// The logit is in the upper half, mapped so that a higher one gives a smaller integer; the id is in the
/// lower half. Selecting among 150,000 candidates thus compares integers, several times faster than a
/// comparison of floats and then of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate(u64);

const SIGN: u32 = 1 << 31;

impl Candidate {
    /// Packs a token with its logit, which becomes [`finite_or_lowest`].
    #[inline]
    pub(super) fn new(logit: f32, token: Token) -> Self {
        // Adding zero turns -0.0, which is equal to 0.0 but has other bits, into 0.0.
        let bits = (finite_or_lowest(logit) + 0.0).to_bits();
        // The bits of positive floats rise with their value, those of negative ones fall.
        let falling = if bits & SIGN == 0 { !(bits | SIGN) } else { bits };
        Self((u64::from(falling) << 32) | u64::from(token))
    }

    /// The token's id.
    #[inline]
    pub(super) fn token(self) -> Token {
        self.0 as u32
    }

    /// The token's logit.
    #[inline]
    pub(super) fn logit(self) -> f32 {
        let falling = (self.0 >> 32) as u32;
        f32::from_bits(if falling & SIGN == 0 { !falling & !SIGN } else { falling })
    }
}

/// What a model's logit counts as: NaN as -∞, which is never chosen, and +∞ as the highest finite number, so
/// that infinite logits share all the probability instead of making it NaN.
#[inline]
pub(super) fn finite_or_lowest(logit: f32) -> f32 {
    if logit > f32::NEG_INFINITY { logit.min(f32::MAX) } else { f32::NEG_INFINITY }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn likelier_first_then_lower_id() {
        let order = [
            Candidate::new(f32::INFINITY, 3),
            Candidate::new(1e30, 9),
            Candidate::new(1.5, 0),
            Candidate::new(1.5, 1),
            Candidate::new(f32::MIN_POSITIVE, 4),
            Candidate::new(-0.0, 1),
            Candidate::new(0.0, 2),
            Candidate::new(-2.0, 0),
            Candidate::new(-1e30, 0),
            Candidate::new(f32::NAN, 0),
            Candidate::new(f32::NEG_INFINITY, u32::MAX),
        ];
        assert!(order.is_sorted());
    }

    proptest! {
        #[test]
        fn unpacks_what_was_packed(bits: u32, token: u32) {
            let candidate = Candidate::new(f32::from_bits(bits), token);
            prop_assert_eq!(candidate.token(), token);
            prop_assert_eq!(candidate.logit(), finite_or_lowest(f32::from_bits(bits)));
        }

        #[test]
        fn orders_as_floats_do(a: f32, b: f32) {
            prop_assert_eq!(Candidate::new(a, 7).cmp(&Candidate::new(b, 7)), b.partial_cmp(&a).unwrap());
        }
    }
}
