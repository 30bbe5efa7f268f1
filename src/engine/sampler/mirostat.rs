//! Mirostat: as many tokens are left as give the surprise that is wanted.
//!
//! The surprise of a token is -log2 of its probability. A bound, mu, that starts at twice the target rises when what
//! was chosen surprised less than the target, and falls when it surprised more. Version 2 leaves tokens that surprise
//! less than mu. Version 1 takes the probabilities for a law of Zipf, and leaves as many tokens as have a mean surprise
//! of mu by it. (Basu et al., 2020)

use super::draw;
use super::row::Row;
use super::shortlist::Shortlist;
use crate::engine::protocol::{Sampling, Token};

/// How many of the likeliest tokens tell the exponent of the law.
const SAMPLE: usize = 100;

/// The state of one sequence.
#[derive(Clone, Debug)]
pub(super) struct Mirostat {
    zipf: bool,
    tau: f64,
    eta: f64,
    mu: f64,
}

impl Mirostat {
    /// `None` if it is off.
    pub(super) fn new(options: &Sampling) -> Option<Self> {
        let (tau, eta) = (f64::from(options.mirostat.tau), f64::from(options.mirostat.eta));
        let zipf = match options.mirostat.version {
            1 => true,
            2 => false,
            _ => return None,
        };
        Some(Self { zipf, tau, eta, mu: 2.0 * tau })
    }

    /// Chooses the token that `point` falls on, and learns from its surprise. `scale` is the temperature's.
    pub(super) fn choose(
        &mut self,
        row: &Row<'_>,
        scale: f32,
        point: f64,
        (list, weights): (&mut Shortlist, &mut Vec<f32>),
    ) -> Token {
        if self.zipf {
            list.collect_top(row, SAMPLE);
            let count = self.count(list, scale, row.len());
            list.collect_top(row, count);
        } else {
            self.unsurprising(row, scale, list);
        }
        let drawn = draw::from_list(list, scale, point, weights);
        if drawn.share > 0.0 {
            self.mu -= self.eta * (-drawn.share.log2() - self.tau);
        }
        drawn.token
    }

    /// How many tokens of `vocab` version 1 leaves, by the likeliest ones.
    fn count(&self, list: &mut Shortlist, scale: f32, vocab: usize) -> usize {
        let (mut products, mut squares) = (0.0, 0.0);
        for (rank, pair) in (1_u32..).zip(list.ranked().windows(2)) {
            let step = f64::from(rank + 1).ln() - f64::from(rank).ln();
            let fall = (f64::from(pair[0].logit()) - f64::from(pair[1].logit())) * f64::from(scale);
            products += step * fall * std::f64::consts::LN_2;
            squares += step * step;
        }
        let exponent = products / squares;
        let over = exponent - 1.0;
        let count = (over * self.mu.exp2() / (1.0 - (vocab as f64).powf(-over))).powf(1.0 / exponent);
        // NaN, where there is no law, becomes 1.
        (count as usize).max(1)
    }

    /// Leaves the tokens that surprise by at most mu; the likeliest if none does.
    fn unsurprising(&self, row: &Row<'_>, scale: f32, list: &mut Shortlist) {
        let total: f64 = row.masses(scale).map(f64::from).sum();
        let below = (total.log2() - self.mu) / f64::from(scale);
        if below <= 0.0 {
            list.collect(row, (f64::from(row.max()) + below) as f32);
        } else {
            list.collect_top(row, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::protocol::Mirostat as Options;
    use crate::engine::sampler::math::NATURAL;

    fn mirostat(version: u32, tau: f32) -> Mirostat {
        let mirostat = Options { version, tau, eta: 0.1 };
        Mirostat::new(&Sampling { mirostat, ..Sampling::default() }).unwrap()
    }

    /// What llama.cpp leaves, and the surprise of the token that `point` falls on.
    fn reference(version: u32, mu: f64, logits: &[f32], point: f64) -> (Vec<Token>, Token, f64) {
        let mut tokens: Vec<(Token, f64)> =
            (0..).zip(logits).map(|(token, &logit)| (token, f64::from(logit).exp())).collect();
        tokens.sort_by(|a, b| b.1.total_cmp(&a.1));
        let total: f64 = tokens.iter().map(|t| t.1).sum();
        let left = if version == 1 {
            let (mut ti_bi, mut ti_ti) = (0.0, 0.0);
            for i in 0..(SAMPLE - 1).min(tokens.len() - 1) {
                let t = ((i + 2) as f64 / (i + 1) as f64).ln();
                let b = (tokens[i].1 / tokens[i + 1].1).ln();
                ti_bi += t * b;
                ti_ti += t * t;
            }
            let s = ti_bi / ti_ti;
            let epsilon = s - 1.0;
            let n = logits.len() as f64;
            let k = ((epsilon * 2.0_f64.powf(mu)) / (1.0 - n.powf(-epsilon))).powf(1.0 / s);
            (k as usize).max(1)
        } else {
            tokens.iter().take_while(|t| -(t.1 / total).log2() <= mu).count().max(1)
        };
        tokens.truncate(left);
        tokens.sort_by_key(|t| t.0);
        let total: f64 = tokens.iter().map(|t| t.1).sum();
        let mut before = 0.0;
        let chosen = tokens.iter().find(|t| {
            before += t.1 / total;
            before > point
        });
        let &(token, weight) = chosen.unwrap();
        (tokens.iter().map(|t| t.0).collect(), token, -(weight / total).log2())
    }

    #[test]
    fn both_versions_do_what_llama_cpp_does() {
        let logits: Vec<f32> = (0..500_usize).map(|i| 6.0 - 1.7 * ((i * 77 % 500 + 1) as f32).ln()).collect();
        for version in [1, 2] {
            let mut found = mirostat(version, 3.0);
            let mut mu = 6.0;
            for step in 0..200 {
                let point = f64::from(step * 37 % 200) / 200.0 + 0.001;
                let (mut maxima, mut list) = (Vec::new(), Shortlist::default());
                let row = Row::new(&logits, &[], None, &mut maxima);
                let token = found.choose(&row, NATURAL, point, (&mut list, &mut Vec::new()));
                let (left, expected, surprise) = reference(version, mu, &logits, point);
                mu -= 0.1 * (surprise - 3.0);
                let kept: Vec<Token> = list.candidates().iter().map(|c| c.token()).collect();
                assert_eq!(kept, left, "version {version}, step {step}");
                assert_eq!(token, expected, "version {version}, step {step}");
                assert!((found.mu - mu).abs() < 1e-3, "{} instead of {mu}", found.mu);
            }
        }
    }

    #[test]
    fn the_surprise_comes_near_its_target() {
        let logits: Vec<f32> = (1..20_000).map(|i| -1.1 * (i as f32).ln()).collect();
        for version in [1, 2] {
            let mut found = mirostat(version, 4.0);
            let (mut sum, steps) = (0.0, 2000);
            for step in 0..steps {
                let before = found.mu;
                let (mut maxima, mut list) = (Vec::new(), Shortlist::default());
                let row = Row::new(&logits, &[], None, &mut maxima);
                let point = f64::from(step) * 0.618_034 % 1.0;
                found.choose(&row, NATURAL, point, (&mut list, &mut Vec::new()));
                sum += (before - found.mu) / 0.1 + 4.0;
            }
            let mean = sum / f64::from(steps);
            assert!((mean - 4.0).abs() < 0.2, "version {version}: {mean} bits");
        }
    }

    #[test]
    fn rows_without_a_law_give_a_token_all_the_same() {
        for version in [1, 2] {
            for logits in
                [&[1.0][..], &[2.0; 300], &[5.0, f32::NEG_INFINITY, f32::NAN], &[f32::INFINITY, 1.0]]
            {
                let mut found = mirostat(version, 0.5);
                for point in [0.0, 0.5, 0.99] {
                    let (mut maxima, mut list) = (Vec::new(), Shortlist::default());
                    let row = Row::new(logits, &[], None, &mut maxima);
                    let token = found.choose(&row, NATURAL, point, (&mut list, &mut Vec::new()));
                    assert!(logits[token as usize] > f32::NEG_INFINITY, "{logits:?}");
                    assert!(found.mu.is_finite());
                }
            }
        }
        assert!(Mirostat::new(&Sampling::default()).is_none());
    }
}
