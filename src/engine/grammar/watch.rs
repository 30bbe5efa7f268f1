//! Finds a text in tokens as they come.
//!
//! A token may hold the end of the text and more behind it, which would belong to what comes after and was chosen
//! without asking. Such tokens are listed for each state, and ruled out; white space behind the text is harmless.

use std::sync::Arc;

use super::words::Words;
use crate::engine::protocol::Token;

/// A text to look for, and the tokens that would overshoot it. The Knuth–Morris–Pratt automaton.
#[derive(Debug)]
pub struct Text {
    bytes: Vec<u8>,
    /// For each number of bytes that match, how many still do when the next one does not.
    fallback: Vec<usize>,
    /// For each state, the tokens that would overshoot, lower ids first.
    overshooting: Vec<Arc<[Token]>>,
}

/// What became of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The text is not complete.
    Nothing,
    /// It is, and so many bytes of the token are left behind it.
    Complete(usize),
}

impl Text {
    /// Looks for `text`, which must not be empty. Tokens in `never`, and those that overshoot, are ruled out.
    #[must_use]
    pub fn new(text: &str, words: &Words, never: &[Token]) -> Self {
        let bytes = text.as_bytes().to_vec();
        let mut found = Self { fallback: fallbacks(&bytes), bytes, overshooting: Vec::new() };
        let last = found.bytes.last().copied();
        let holds_end: Vec<Token> = (0..words.len())
            .filter(|&token| last.is_some_and(|b| words.spelled(token).contains(&b)))
            .collect();
        found.overshooting = (0..found.bytes.len())
            .map(|state| {
                let overshoots = |token: &&Token| {
                    let spelled = words.spelled(**token);
                    let Seen::Complete(rest) = found.follow(state, spelled).1 else { return false };
                    !spelled[spelled.len() - rest..].iter().all(u8::is_ascii_whitespace)
                };
                let mut tokens: Vec<Token> = holds_end.iter().filter(overshoots).copied().collect();
                tokens.extend(never);
                tokens.sort_unstable();
                tokens.dedup();
                tokens.into()
            })
            .collect();
        found
    }

    /// Goes on from a state with some bytes.
    fn follow(&self, mut state: usize, bytes: &[u8]) -> (usize, Seen) {
        for (place, &byte) in bytes.iter().enumerate() {
            while state > 0 && self.bytes[state] != byte {
                state = self.fallback[state];
            }
            if self.bytes.get(state) == Some(&byte) {
                state += 1;
            }
            if state == self.bytes.len() {
                return (0, Seen::Complete(bytes.len() - place - 1));
            }
        }
        (state, Seen::Nothing)
    }
}

fn fallbacks(text: &[u8]) -> Vec<usize> {
    let mut fallback = vec![0; text.len().max(1)];
    let mut matched = 0;
    for end in 1..text.len().saturating_sub(1) {
        while matched > 0 && text[matched] != text[end] {
            matched = fallback[matched];
        }
        if text[matched] == text[end] {
            matched += 1;
        }
        fallback[end + 1] = matched;
    }
    fallback
}

/// Looks for a text in one answer.
#[derive(Clone, Debug)]
pub struct Watch {
    text: Arc<Text>,
    state: usize,
}

impl Watch {
    /// At the beginning.
    #[must_use]
    pub fn new(text: Arc<Text>) -> Self {
        Self { text, state: 0 }
    }

    /// Adds the bytes of a token. What is behind a complete text is not looked at.
    pub fn push(&mut self, bytes: &[u8]) -> Seen {
        let (state, seen) = self.text.follow(self.state, bytes);
        self.state = state;
        seen
    }

    /// The tokens that may not come next, lower ids first.
    #[must_use]
    pub fn ruled_out(&self) -> Arc<[Token]> {
        Arc::clone(&self.text.overshooting[self.state])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::grammar::tests::Vocab;

    fn text(text: &str, tokens: &[&str]) -> Arc<Text> {
        Arc::new(Text::new(text, &Words::new(&Vocab::new(tokens)).unwrap(), &[]))
    }

    #[test]
    fn a_text_is_found_across_tokens() {
        let mut watch = Watch::new(text("</think>", &["x"]));
        assert_eq!(watch.push(b"so <</th"), Seen::Nothing);
        assert_eq!(watch.push(b"ink>\n\n"), Seen::Complete(2));
    }

    #[test]
    fn tokens_that_overshoot_are_ruled_out_where_they_do() {
        let tokens = [">", ">{", ">\n", "x>{", "</think>{", "</think>", "k>x"];
        let mut watch = Watch::new(text("</think>", &tokens));
        let ruled_out = |watch: &Watch| -> Vec<&str> {
            watch.ruled_out().iter().map(|&token| tokens[token as usize]).collect()
        };
        assert_eq!(ruled_out(&watch), ["</think>{"]);
        watch.push(b"</thin");
        assert_eq!(ruled_out(&watch), ["</think>{", "k>x"]);
        watch.push(b"k");
        assert_eq!(ruled_out(&watch), [">{", "</think>{"]);
    }

    proptest! {
        #[test]
        fn it_is_found_where_it_is(pattern in "[ab]{1,5}", text_ in "[ab]{0,30}", cuts in prop::collection::vec(1..4_usize, 0..30)) {
            let text_ = text_.as_bytes();
            let expected = text_.windows(pattern.len()).position(|w| w == pattern.as_bytes()).map(|at| at + pattern.len());
            let mut watch = Watch::new(text(&pattern, &["a"]));
            let (mut at, mut found) = (0, None);
            for cut in cuts.into_iter().chain([text_.len()]) {
                let end = (at + cut).min(text_.len());
                if let Seen::Complete(rest) = watch.push(&text_[at..end]) {
                    found = Some(end - rest);
                    break;
                }
                at = end;
            }
            prop_assert_eq!(found, expected);
        }
    }
}
