//! Logits that count instead of the model's.

use crate::engine::protocol::Token;

/// A logit that counts instead of the model's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) token: Token,
    pub(super) logit: f32,
}

/// The changes of one row, sorted by token. Each sees what those before it made of a logit.
pub(super) struct Changes<'a> {
    logits: &'a [f32],
    list: &'a mut Vec<Change>,
}

impl<'a> Changes<'a> {
    /// No changes yet. `list` is a buffer that holds them.
    pub(super) fn new(logits: &'a [f32], list: &'a mut Vec<Change>) -> Self {
        list.clear();
        Self { logits, list }
    }

    /// Changes the logit of a token, which is ignored if it has none. Quick if tokens come in rising order.
    pub(super) fn update(&mut self, token: Token, change: impl FnOnce(f32) -> f32) {
        let Some(&logit) = self.logits.get(token as usize) else { return };
        if self.list.last().is_none_or(|last| last.token < token) {
            self.list.push(Change { token, logit: change(logit) });
            return;
        }
        match self.list.binary_search_by_key(&token, |change| change.token) {
            Ok(index) => self.list[index].logit = change(self.list[index].logit),
            Err(index) => self.list.insert(index, Change { token, logit: change(logit) }),
        }
    }
}

/// Adds that these tokens, which are sorted, cannot be chosen, to changes sorted by token.
pub(super) fn rule_out(tokens: &[Token], changes: &mut Vec<Change>) {
    if tokens.is_empty() {
        return;
    }
    changes.retain(|change| tokens.binary_search(&change.token).is_err());
    changes.extend(tokens.iter().map(|&token| Change { token, logit: f32::NEG_INFINITY }));
    changes.sort_unstable_by_key(|change| change.token);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_build_on_each_other_in_any_order() {
        let logits = [1.0, 2.0, 3.0, 4.0];
        let mut list = vec![Change { token: 9, logit: 9.0 }];
        let mut changes = Changes::new(&logits, &mut list);
        for (token, factor) in
            [(2, 10.0), (0, 10.0), (3, 10.0), (2, 2.0), (1, 5.0), (4, 1.0), (u32::MAX, 1.0)]
        {
            changes.update(token, |logit| logit * factor);
        }
        let found: Vec<(Token, f32)> = list.iter().map(|change| (change.token, change.logit)).collect();
        assert_eq!(found, [(0, 10.0), (1, 10.0), (2, 60.0), (3, 40.0)]);
        rule_out(&[1, 7], &mut list);
        let found: Vec<(Token, f32)> = list.iter().map(|change| (change.token, change.logit)).collect();
        assert_eq!(found, [(0, 10.0), (1, f32::NEG_INFINITY), (2, 60.0), (3, 40.0), (7, f32::NEG_INFINITY)]);
    }
}
