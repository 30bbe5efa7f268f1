//! DRY ("don't repeat yourself"): tokens that would make a repetition longer are the less likely the longer it is.
//!
//! ```text
//!   the last tokens           a b c c b c y a b c
//!   repeat the end, so far        3 1   2            (a b c, c, b c)
//!   and go on with                  c b   y          so c is penalised for 3, y for 2, b for 1
//! ```

use std::sync::Arc;

use super::breakers::Breakers;
use super::changes::Changes;
use crate::engine::backend::Vocabulary;
use crate::engine::protocol::{Dry as Options, Sampling, Token};

/// The natural logarithm of the largest float, as llama.cpp rounds it.
const LN_MAX: f32 = 88.722_84;
/// Below this, powers of the base do not overflow.
const GROWS: f32 = 1.000_001;

/// The penalty for repetitions, as llama.cpp applies it.
#[derive(Clone, Debug)]
pub(super) struct Dry {
    multiplier: f32,
    base: f32,
    /// The highest power of the base that is a number.
    most: Option<u32>,
    allowed: usize,
    /// How many of the last tokens count.
    window: usize,
    breakers: Arc<Breakers>,
}

/// What is reused from token to token.
#[derive(Default)]
pub(super) struct Buffers {
    /// At `k`, how many tokens before the last `k` are the same as the last ones.
    repeats: Vec<usize>,
    /// Tokens that go on with a repetition, and its length.
    extensions: Vec<(Token, usize)>,
}

impl Dry {
    /// `None` if nothing is penalised.
    pub(super) fn new(options: &Sampling, vocabulary: &dyn Vocabulary) -> Option<Self> {
        let Options { multiplier, base, allowed_length, penalty_last_n, ref sequence_breakers } = options.dry;
        // Negative means all.
        let window = usize::try_from(penalty_last_n).unwrap_or(usize::MAX);
        (multiplier != 0.0 && base >= 1.0 && window > 0).then(|| Self {
            multiplier,
            base,
            most: (base > GROWS).then(|| (LN_MAX / base.ln()) as u32),
            allowed: allowed_length as usize,
            window,
            breakers: Arc::new(Breakers::new(sequence_breakers, vocabulary)),
        })
    }

    /// Lowers the logits of tokens that would make a repetition longer.
    pub(super) fn apply(&self, changes: &mut Changes<'_>, history: &[Token], buffers: &mut Buffers) {
        let recent = &history[history.len().saturating_sub(self.window)..];
        if recent.len() <= self.allowed {
            return;
        }
        let limit = self.breakers.since_last(recent);
        if limit < self.allowed {
            return;
        }
        let Buffers { repeats, extensions } = buffers;
        count_repeats(recent, repeats);
        extensions.clear();
        for (k, &repeated) in repeats.iter().enumerate().skip(1) {
            let length = repeated.min(limit);
            if length >= self.allowed {
                extensions.push((recent[recent.len() - k], length));
            }
        }
        extensions.sort_unstable();
        for same in extensions.chunk_by(|a, b| a.0 == b.0) {
            // The longest is the last.
            if let Some(&(token, length)) = same.last()
                && !self.breakers.breaks(token)
            {
                changes.update(token, |logit| logit - self.penalty(length));
            }
        }
    }

    fn penalty(&self, length: usize) -> f32 {
        let power = u32::try_from(length - self.allowed).unwrap_or(u32::MAX);
        let power = self.most.map_or(power, |most| power.min(most));
        // Bounded for bases whose highest power is rounded up to infinity.
        (self.multiplier * self.base.powf(power as f32)).clamp(f32::MIN, f32::MAX)
    }
}

/// The Z function of the reversed tokens: at `k`, how many tokens before the last `k` are the same as the last ones.
/// Linear, since each comparison that holds moves the right end on.
fn count_repeats(tokens: &[Token], repeats: &mut Vec<usize>) {
    let n = tokens.len();
    let back = |i: usize| tokens[n - 1 - i];
    repeats.clear();
    repeats.resize(n, 0);
    // What lies between them is the same as the last `right - left` tokens.
    let (mut left, mut right) = (0, 0);
    for k in 1..n {
        let mut same = if k < right { repeats[k - left].min(right - k) } else { 0 };
        while k + same < n && back(same) == back(k + same) {
            same += 1;
        }
        if k + same > right {
            (left, right) = (k, k + same);
        }
        repeats[k] = same;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::engine::backend::mock::MockVocabulary;

    fn penalties(options: Options, history: &[Token]) -> Vec<(Token, f32)> {
        let options = Sampling { dry: options, ..Sampling::default() };
        let dry = Dry::new(&options, &MockVocabulary::default()).unwrap();
        let (logits, mut list) = ([0.0; 256], Vec::new());
        dry.apply(&mut Changes::new(&logits, &mut list), history, &mut Buffers::default());
        list.iter().map(|change| (change.token, -change.logit)).collect()
    }

    fn letters(text: &str) -> Vec<Token> {
        text.bytes().map(Token::from).collect()
    }

    fn on() -> Options {
        Options { multiplier: 1.0, base: 2.0, ..Options::default() }
    }

    const B: Token = b'b' as Token;
    const C: Token = b'c' as Token;
    const D: Token = b'd' as Token;
    const Y: Token = b'y' as Token;

    #[test]
    fn what_would_go_on_with_a_repetition_is_penalised_by_its_length() {
        // The example above: 2^(3 - 2) and 2^(2 - 2).
        assert_eq!(penalties(on(), &letters("abccbcyabc")), [(C, 2.0), (Y, 1.0)]);
        let one = Options { allowed_length: 1, ..on() };
        assert_eq!(penalties(one.clone(), &letters("abccbcyabc")), [(B, 1.0), (C, 4.0), (Y, 2.0)]);
        let half = Options { multiplier: 0.5, base: 3.0, ..one };
        assert_eq!(penalties(half, &letters("abccbcyabc")), [(B, 0.5), (C, 4.5), (Y, 1.5)]);
        assert_eq!(penalties(on(), &letters("abcdef")), []);
        assert_eq!(penalties(on(), &[]), []);
        // A token that nothing repeats yet is penalised if nothing is allowed.
        let none = Options { allowed_length: 0, ..on() };
        assert_eq!(penalties(none, &letters("db")), [(B, 1.0)]);
    }

    #[test]
    fn a_breaker_ends_what_can_be_repeated_and_is_never_penalised() {
        // "bcd" is repeated, but only "d" behind the line's end.
        assert_eq!(penalties(on(), &letters("b\ncdy b\ncd")), [(Y, 1.0)]);
        assert_eq!(penalties(on(), &letters("bc\ndy bc\nd")), []);
        let free = Options { sequence_breakers: Vec::new(), ..on() };
        assert_eq!(penalties(free.clone(), &letters("bc\ndy bc\nd")), [(Y, 4.0)]);
        assert_eq!(penalties(on(), &letters("bcd: bcd")), []);
        assert_eq!(penalties(free, &letters("bcd: bcd")), [(Token::from(b':'), 2.0)]);
        let words = Options { sequence_breakers: vec!["cd".into()], ..on() };
        assert_eq!(penalties(words, &letters("abcdefgabcdefg")), [(Token::from(b'a'), 2.0)]);
    }

    #[test]
    fn only_recent_tokens_count_and_penalties_stay_numbers() {
        let short = Options { penalty_last_n: 6, ..on() };
        assert_eq!(penalties(short.clone(), &letters("bcdbc")), [(D, 1.0)]);
        assert_eq!(penalties(short, &letters("bcdyyybc")), []);
        let whole = Options { penalty_last_n: -1, ..on() };
        let long = "y".repeat(300);
        let found = penalties(whole, &letters(&long));
        assert!(found[0].1.is_finite() && found[0].1 > 1e38, "{found:?}");
        let flat = Options { base: 1.0, penalty_last_n: -1, ..on() };
        assert_eq!(penalties(flat, &letters(&long)), [(Y, 1.0)]);
    }

    #[test]
    fn options_that_penalise_nothing_are_off() {
        let off =
            |dry| Dry::new(&Sampling { dry, ..Sampling::default() }, &MockVocabulary::default()).is_none();
        assert!(off(Options::default()));
        assert!(off(Options { base: 0.9, ..on() }));
        assert!(off(Options { penalty_last_n: 0, ..on() }));
        assert!(!off(on()));
    }

    /// By comparing every place with the end.
    fn reference(options: &Options, history: &[Token]) -> BTreeMap<Token, f32> {
        let window = usize::try_from(options.penalty_last_n).unwrap_or(usize::MAX);
        let recent = &history[history.len().saturating_sub(window)..];
        let breaks = |token: Token| {
            options.sequence_breakers.iter().any(|text| text.as_bytes() == [token as u8].as_slice())
        };
        let limit = recent.iter().rev().position(|&token| breaks(token)).unwrap_or(recent.len());
        let mut longest = BTreeMap::new();
        for (next, &token) in recent.iter().enumerate().skip(1) {
            let same = recent[..next].iter().rev().zip(recent.iter().rev()).take_while(|(a, b)| a == b);
            let length = same.count().min(limit);
            if length >= options.allowed_length as usize && !breaks(token) {
                let known = longest.entry(token).or_insert(length);
                *known = length.max(*known);
            }
        }
        if recent.len() <= options.allowed_length as usize {
            longest.clear();
        }
        let penalty = |length: usize| {
            let power = (length - options.allowed_length as usize) as f32;
            options.multiplier * options.base.powf(power)
        };
        longest.into_iter().map(|(token, length)| (token, penalty(length))).collect()
    }

    proptest! {
        #[test]
        fn penalties_are_those_of_the_reference(
            history in prop::collection::vec(prop::sample::select(letters("aab\nc")), 0..80),
            allowed_length in 0..5_u32,
            penalty_last_n in prop_oneof![Just(-1), 1..90_i32],
            base in 1.0..1.9_f32,
            breaker: bool,
        ) {
            let sequence_breakers = if breaker { vec!["\n".to_owned()] } else { Vec::new() };
            let options = Options { multiplier: 0.7, base, allowed_length, penalty_last_n, sequence_breakers };
            let expected: Vec<(Token, f32)> = reference(&options, &history).into_iter().collect();
            prop_assert_eq!(penalties(options, &history), expected);
        }
    }
}
