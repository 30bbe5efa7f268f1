//! XTC: the likeliest tokens are excluded, now and then, so that a good one is chosen that is not the obvious one.

use super::shortlist::Shortlist;
use crate::engine::protocol::Sampling;

/// Excludes the likeliest tokens, but for the last that is likely enough.
#[derive(Clone, Copy, Debug)]
pub(super) struct Xtc {
    probability: f64,
    threshold: f64,
}

impl Xtc {
    /// `None` if nothing is ever excluded: of tokens above one half there is at most one, which stays.
    pub(super) fn new(options: &Sampling) -> Option<Self> {
        let &Sampling { xtc_probability, xtc_threshold, .. } = options;
        (xtc_probability > 0.0 && xtc_threshold <= 0.5)
            .then(|| Self { probability: f64::from(xtc_probability), threshold: f64::from(xtc_threshold) })
    }

    /// Whether tokens are excluded this time, by a number in `0.0..1.0`.
    pub(super) fn strikes(self, chance: f64) -> bool {
        chance <= self.probability
    }

    /// Leaves, of the candidates with a probability of at least the threshold, only the least likely, and all others.
    pub(super) fn apply(self, list: &mut Shortlist) {
        list.exclude_top(self.threshold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sampler::row::Row;

    fn left(logits: &[f32], threshold: f32) -> Vec<u32> {
        let options = Sampling { xtc_probability: 1.0, xtc_threshold: threshold, ..Sampling::default() };
        let (mut maxima, mut list) = (Vec::new(), Shortlist::default());
        list.collect(&Row::new(logits, &[], None, &mut maxima), f32::MIN);
        Xtc::new(&options).unwrap().apply(&mut list);
        list.candidates().iter().map(|candidate| candidate.token()).collect()
    }

    #[test]
    fn the_least_likely_of_the_likely_ones_stays() {
        // 0.4, 0.3, 0.2 and 0.1, as in llama.cpp's own test.
        let logits = [0.4_f32, 0.3, 0.2, 0.1].map(f32::ln);
        assert_eq!(left(&logits, 0.0999), [3]);
        assert_eq!(left(&logits, 0.15), [2, 3]);
        assert_eq!(left(&logits, 0.25), [1, 2, 3]);
        assert_eq!(left(&logits, 0.35), [0, 1, 2, 3], "one that is alone is not excluded");
        assert_eq!(left(&logits, 0.5), [0, 1, 2, 3]);
        assert_eq!(left(&logits, 0.0), [3]);
        assert_eq!(left(&[1.0], 0.1), [0]);
        assert!(left(&[], 0.1).is_empty());
        assert_eq!(left(&[2.0, 2.0, 2.0], 0.3), [2], "of equals, the lower id is the likelier");
    }

    #[test]
    fn what_excludes_nothing_is_off() {
        let xtc = |probability, threshold| {
            Xtc::new(&Sampling {
                xtc_probability: probability,
                xtc_threshold: threshold,
                ..Sampling::default()
            })
        };
        assert!(xtc(0.0, 0.1).is_none());
        assert!(xtc(0.5, 0.51).is_none());
        assert!(xtc(f32::NAN, 0.1).is_none());
        assert!(xtc(0.5, f32::NAN).is_none());
        let half = xtc(0.5, 0.1).unwrap();
        assert!(half.strikes(0.0) && half.strikes(0.5) && !half.strikes(0.500_001));
    }
}
