//! The temperature, fixed or by the entropy of what is left.

use super::math::NATURAL;
use super::shortlist::Shortlist;
use crate::engine::protocol::Sampling;

/// The temperature of a request, as scales of [`super::math::weight`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Temperature {
    /// The scale of the temperature as it was given.
    pub(super) fixed: f32,
    range: Option<Range>,
}

/// Where the temperature may be.
#[derive(Clone, Copy, Debug)]
struct Range {
    low: f64,
    high: f64,
    exponent: f64,
}

impl Temperature {
    /// `None` takes the likeliest token.
    pub(super) fn new(options: &Sampling) -> Option<Self> {
        let &Sampling { temperature, dynatemp_range, dynatemp_exponent, .. } = options;
        (temperature > 0.0).then(|| Self {
            fixed: scale(f64::from(temperature)),
            range: (dynatemp_range > 0.0).then(|| Range {
                low: f64::from(temperature - dynatemp_range).max(0.0),
                high: f64::from(temperature + dynatemp_range),
                exponent: f64::from(dynatemp_exponent),
            }),
        })
    }

    /// Whether it depends on what is left.
    pub(super) fn is_dynamic(&self) -> bool {
        self.range.is_some()
    }

    /// The scale for a list: at the low end of the range if one token has all the probability, at the high end if
    /// all have the same.
    pub(super) fn scale(&self, list: &Shortlist) -> f32 {
        let Some(Range { low, high, exponent }) = self.range else { return self.fixed };
        let count = list.candidates().len();
        if count <= 1 {
            return self.fixed;
        }
        let whole = list.whole();
        let entropy = whole.total.ln() - whole.mean;
        let share = (entropy / (count as f64).ln()).clamp(0.0, 1.0);
        scale(low + (high - low) * share.powf(exponent))
    }
}

/// Bounded, so that neither 0 · ∞ nor -∞ · 0 turns a logit into NaN.
fn scale(temperature: f64) -> f32 {
    ((f64::from(NATURAL) / temperature) as f32).clamp(f32::MIN_POSITIVE, f32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sampler::row::Row;

    /// The temperature for these probabilities.
    fn temperature(range: f32, exponent: f32, chances: &[f64]) -> f64 {
        let options = Sampling {
            temperature: 1.0,
            dynatemp_range: range,
            dynatemp_exponent: exponent,
            ..Sampling::default()
        };
        let logits: Vec<f32> = chances.iter().map(|p| p.ln() as f32).collect();
        let (mut maxima, mut list) = (Vec::new(), Shortlist::default());
        list.collect(&Row::new(&logits, &[], None, &mut maxima), f32::MIN);
        let found = Temperature::new(&options).unwrap();
        assert_eq!(found.is_dynamic(), range > 0.0);
        f64::from(NATURAL) / f64::from(found.scale(&list))
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-5, "{a} instead of {b}");
    }

    #[test]
    fn the_temperature_follows_the_entropy() {
        near(temperature(0.0, 1.0, &[0.5, 0.5]), 1.0);
        near(temperature(0.5, 1.0, &[0.25; 4]), 1.5);
        near(temperature(0.5, 1.0, &[1.0, 1e-30]), 0.5);
        // ln 2 · 3/4 + ln 4 · 1/4 is the entropy of 1/2, 1/4, 1/4 … of at most ln 3.
        let share = 1.039_720_8 / 3.0_f64.ln();
        near(temperature(0.5, 1.0, &[0.5, 0.25, 0.25]), 0.5 + share);
        near(temperature(0.5, 2.0, &[0.5, 0.25, 0.25]), 0.5 + share * share);
        near(temperature(2.0, 1.0, &[0.5, 0.25, 0.25]), 3.0 * share);
    }

    #[test]
    fn one_candidate_needs_none() {
        near(temperature(0.5, 1.0, &[1.0]), 1.0);
        near(temperature(0.5, 1.0, &[]), 1.0);
        // Colder than any number: the likeliest token alone has a weight.
        let options = Sampling { temperature: 1.0, dynatemp_range: 2.0, ..Sampling::default() };
        let mut list = Shortlist::default();
        list.collect(&Row::new(&[0.0, -200.0], &[], None, &mut Vec::new()), f32::MIN);
        assert!(Temperature::new(&options).unwrap().scale(&list) > 1e6);
    }
}
