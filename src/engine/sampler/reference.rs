//! The chain as llama.cpp has it, step by step: sorts everything, in double precision.

use std::collections::HashMap;

use crate::engine::protocol::{Sampling, Token};

/// Sums this near to a limit, and logits this near to a threshold, may fall on either side of it.
const NEAR: f64 = 2e-5;

/// What a reference sampler draws from.
pub(super) struct Reference {
    /// Tokens with a probability above 0, lower ids first.
    pub(super) tokens: Vec<(Token, f64)>,
    /// Whether rounding may decide which tokens these are.
    pub(super) ambiguous: bool,
}

#[derive(Clone, Copy)]
struct Entry {
    token: Token,
    logit: f64,
    p: f64,
}

/// The tokens that are left, and their probabilities, for a temperature above 0; if there is XTC, when it strikes.
pub(super) fn reference(options: &Sampling, logits: &[f32], history: &[Token]) -> Reference {
    let mut entries: Vec<Entry> = changed(options, logits, history)
        .into_iter()
        .zip(0..)
        .map(|(logit, token)| Entry { token, logit: f64::from(logit), p: 0.0 })
        .filter(|entry| entry.logit > f64::NEG_INFINITY)
        .collect();
    sort(&mut entries);
    let mut ambiguous = false;
    if options.top_n_sigma > 0.0 {
        ambiguous |= top_n_sigma(&mut entries, f64::from(options.top_n_sigma));
    }
    if options.top_k > 0 {
        entries.truncate(options.top_k as usize);
    }
    if options.typical_p < 1.0 {
        ambiguous |= typical(&mut entries, f64::from(options.typical_p));
    }
    if options.top_p < 1.0 {
        ambiguous |= top_p(&mut entries, f64::from(options.top_p));
    }
    if options.min_p > 0.0 {
        ambiguous |= min_p(&mut entries, f64::from(options.min_p));
    }
    if options.xtc_probability > 0.0 && options.xtc_threshold <= 0.5 {
        ambiguous |= xtc(&mut entries, f64::from(options.xtc_threshold));
    }
    let temperature = temperature(options, &mut entries);
    for entry in &mut entries {
        entry.logit /= temperature;
    }
    softmax(&mut entries);
    entries.sort_by_key(|entry| entry.token);
    Reference { tokens: entries.iter().map(|entry| (entry.token, entry.p)).collect(), ambiguous }
}

/// The logits after biases and penalties, with NaN as -∞ and +∞ as the highest number.
pub(super) fn changed(options: &Sampling, logits: &[f32], history: &[Token]) -> Vec<f32> {
    let window = match options.repeat_last_n {
        n if n < 0 => history.len(),
        n => history.len().min(n as usize),
    };
    let mut counts: HashMap<Token, u32> = HashMap::new();
    for &token in &history[history.len() - window..] {
        *counts.entry(token).or_default() += 1;
    }
    let off =
        options.repeat_penalty == 1.0 && options.frequency_penalty == 0.0 && options.presence_penalty == 0.0;
    let mut logits = logits.to_vec();
    for (token, logit) in (0..).zip(&mut logits) {
        for (_, bias) in options.logit_bias.iter().filter(|(biased, _)| *biased == token) {
            *logit += bias;
        }
        if let Some(&count) = counts.get(&token).filter(|_| !off) {
            if *logit <= 0.0 {
                *logit *= options.repeat_penalty;
            } else {
                *logit /= options.repeat_penalty;
            }
            *logit -= count as f32 * options.frequency_penalty + options.presence_penalty;
        }
        *logit = if logit.is_nan() { f32::NEG_INFINITY } else { logit.min(f32::MAX) };
    }
    logits
}

fn sort(entries: &mut [Entry]) {
    entries.sort_by(|a, b| b.logit.partial_cmp(&a.logit).unwrap().then(a.token.cmp(&b.token)));
}

fn softmax(entries: &mut [Entry]) {
    let max = entries.iter().map(|entry| entry.logit).fold(f64::NEG_INFINITY, f64::max);
    for entry in &mut *entries {
        entry.p = (entry.logit - max).exp();
    }
    let total: f64 = entries.iter().map(|entry| entry.p).sum();
    for entry in entries {
        entry.p /= total;
    }
}

/// Cuts behind the entry at which the sum of probabilities is enough; whether rounding decides that.
fn cut(entries: &mut Vec<Entry>, p: f64, enough: impl Fn(f64) -> bool) -> bool {
    let mut sum = 0.0;
    for (i, entry) in entries.iter().enumerate() {
        let before = sum;
        sum += entry.p;
        if enough(sum) {
            entries.truncate(i + 1);
            return (sum - p).abs() < NEAR || (before - p).abs() < NEAR;
        }
    }
    true
}

fn typical(entries: &mut Vec<Entry>, p: f64) -> bool {
    softmax(entries);
    let entropy: f64 = entries.iter().filter(|e| e.p > 0.0).map(|e| -e.p * e.p.ln()).sum();
    let distance = |entry: &Entry| (-entry.p.ln() - entropy).abs();
    entries.sort_by(|a, b| distance(a).total_cmp(&distance(b)).then(a.token.cmp(&b.token)));
    let all = entries.clone();
    let near_sum = cut(entries, p, |sum| sum > p);
    let last = entries[entries.len() - 1];
    let near_rank =
        all.iter().any(|e| e.logit != last.logit && (distance(e) - distance(&last)).abs() < 10.0 * NEAR);
    sort(entries);
    near_sum || near_rank
}

fn top_p(entries: &mut Vec<Entry>, p: f64) -> bool {
    softmax(entries);
    cut(entries, p, |sum| sum >= p)
}

fn min_p(entries: &mut Vec<Entry>, p: f64) -> bool {
    let lowest = entries[0].logit + p.ln();
    let near = entries.iter().any(|e| e.logit != lowest && (e.logit - lowest).abs() < NEAR);
    entries.retain(|entry| entry.logit >= lowest);
    near
}

fn top_n_sigma(entries: &mut Vec<Entry>, n: f64) -> bool {
    let count = entries.len() as f64;
    let mean = entries.iter().map(|entry| entry.logit).sum::<f64>() / count;
    let variance = entries.iter().map(|entry| (entry.logit - mean).powi(2)).sum::<f64>() / count;
    let lowest = entries[0].logit - n * variance.sqrt();
    let near = entries.iter().any(|entry| (entry.logit - lowest).abs() < NEAR);
    entries.retain(|entry| entry.logit >= lowest);
    near && variance > 0.0
}

fn xtc(entries: &mut Vec<Entry>, threshold: f64) -> bool {
    softmax(entries);
    let near = entries.iter().any(|entry| (entry.p - threshold).abs() < NEAR);
    let likely = entries.iter().take_while(|entry| entry.p >= threshold).count();
    if likely > 1 {
        entries.drain(..likely - 1);
    }
    near && threshold > 0.0
}

fn temperature(options: &Sampling, entries: &mut [Entry]) -> f64 {
    let (temperature, range) = (f64::from(options.temperature), f64::from(options.dynatemp_range));
    if range <= 0.0 || entries.len() <= 1 {
        return temperature;
    }
    softmax(entries);
    let entropy: f64 = entries.iter().filter(|e| e.p > 0.0).map(|e| -e.p * e.p.ln()).sum();
    let share = entropy / (entries.len() as f64).ln();
    let low = (temperature - range).max(0.0);
    low + (temperature + range - low) * share.powf(f64::from(options.dynatemp_exponent))
}
