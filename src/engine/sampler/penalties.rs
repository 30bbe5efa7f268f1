//! Penalties for recent tokens.

use super::changes::Changes;
use crate::engine::protocol::{Sampling, Token};

/// The penalties of a request, as llama.cpp applies them.
#[derive(Clone, Debug)]
pub(super) struct Penalties {
    repeat: f32,
    frequency: f32,
    presence: f32,
    /// How many of the last tokens count.
    window: usize,
}

impl Penalties {
    /// `None` if nothing is penalised.
    pub(super) fn new(options: &Sampling) -> Option<Self> {
        let &Sampling { repeat_penalty, frequency_penalty, presence_penalty, repeat_last_n, .. } = options;
        // Negative means all.
        let window = usize::try_from(repeat_last_n).unwrap_or(usize::MAX);
        let neutral = repeat_penalty == 1.0 && frequency_penalty == 0.0 && presence_penalty == 0.0;
        (window > 0 && !neutral).then_some(Self {
            repeat: repeat_penalty,
            frequency: frequency_penalty,
            presence: presence_penalty,
            window,
        })
    }

    /// Lowers the logits of recent tokens. `recent` is a buffer.
    pub(super) fn apply(&self, changes: &mut Changes<'_>, history: &[Token], recent: &mut Vec<Token>) {
        recent.clear();
        recent.extend_from_slice(&history[history.len().saturating_sub(self.window)..]);
        recent.sort_unstable();
        for occurrences in recent.chunk_by(Token::eq) {
            if let Some(&token) = occurrences.first() {
                changes.update(token, |logit| self.penalise(logit, occurrences.len()));
            }
        }
    }

    fn penalise(&self, logit: f32, count: usize) -> f32 {
        // Dividing a negative logit would make the token likelier.
        let repeated = if logit <= 0.0 { logit * self.repeat } else { logit / self.repeat };
        repeated - (count as f32 * self.frequency + self.presence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(options: &Sampling, logits: &[f32], history: &[Token]) -> Vec<(Token, f32)> {
        let mut list = Vec::new();
        let penalties = Penalties::new(options).unwrap();
        penalties.apply(&mut Changes::new(logits, &mut list), history, &mut Vec::new());
        list.iter().map(|change| (change.token, change.logit)).collect()
    }

    #[test]
    fn the_last_n_tokens_are_penalised() {
        let logits = [4.0, -4.0, 1.0, 0.0];
        let options = Sampling { repeat_penalty: 2.0, repeat_last_n: 3, ..Sampling::default() };
        assert_eq!(changes(&options, &logits, &[2, 0, 0, 1]), [(0, 2.0), (1, -8.0)]);
        let whole = Sampling { repeat_last_n: -1, ..options.clone() };
        assert_eq!(changes(&whole, &logits, &[2, 0, 0, 1]), [(0, 2.0), (1, -8.0), (2, 0.5)]);
        let counted = Sampling { frequency_penalty: 0.5, presence_penalty: 0.25, ..options };
        assert_eq!(changes(&counted, &logits, &[2, 0, 0, 1]), [(0, 0.75), (1, -8.75)]);
    }

    #[test]
    fn tokens_beyond_the_vocabulary_are_ignored() {
        let options = Sampling { presence_penalty: 1.0, ..Sampling::default() };
        assert_eq!(changes(&options, &[0.0], &[9, 0, u32::MAX]), [(0, -1.0)]);
        assert_eq!(changes(&options, &[0.0], &[]), []);
    }

    #[test]
    fn neutral_options_are_off() {
        let on = Sampling { repeat_penalty: 1.1, ..Sampling::default() };
        assert!(Penalties::new(&on).is_some());
        assert!(Penalties::new(&Sampling { repeat_last_n: 0, ..on }).is_none());
        assert!(Penalties::new(&Sampling::default()).is_none());
    }
}
