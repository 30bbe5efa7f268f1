//! What a request adds to logits.

use std::sync::Arc;

use super::changes::Changes;
use crate::engine::protocol::{Sampling, Token};

/// Numbers that are added to the logits of tokens, before everything else.
#[derive(Clone, Debug)]
pub(super) struct Bias(Arc<[(Token, f32)]>);

impl Bias {
    /// `None` if there are none. A token that is named twice gets both.
    pub(super) fn new(options: &Sampling) -> Option<Self> {
        let mut biases = options.logit_bias.clone();
        biases.sort_by_key(|(token, _)| *token);
        (!biases.is_empty()).then(|| Self(biases.into()))
    }

    pub(super) fn apply(&self, changes: &mut Changes<'_>) {
        for &(token, bias) in self.0.iter() {
            changes.update(token, |logit| logit + bias);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn biases_are_added_to_the_tokens_that_there_are() {
        let options =
            Sampling { logit_bias: vec![(2, -1.5), (0, 100.0), (9, 1.0), (2, 0.5)], ..Sampling::default() };
        let mut list = Vec::new();
        Bias::new(&options).unwrap().apply(&mut Changes::new(&[1.0, 2.0, 3.0], &mut list));
        let found: Vec<(Token, f32)> = list.iter().map(|change| (change.token, change.logit)).collect();
        assert_eq!(found, [(0, 101.0), (2, 2.0)]);
        assert!(Bias::new(&Sampling::default()).is_none());
    }
}
