//! Texts that no repetition reaches across, as tokens.

use std::collections::HashMap;

use crate::engine::backend::Vocabulary;
use crate::engine::protocol::Token;

/// Bytes of a text that count.
const MOST_BYTES: usize = 40;
/// Tokens behind the first that count, so that looking for them takes a bounded time.
const MOST_TAIL: usize = 20;

/// The ways in which texts can stand in a sequence: by the token in which a text begins, the tokens that must follow
/// for the rest of it. Nothing follows where the token holds it whole.
#[derive(Debug, Default)]
pub(super) struct Breakers(HashMap<Token, Vec<Vec<Token>>>);

impl Breakers {
    /// Looks through the vocabulary, which takes milliseconds if it is large.
    pub(super) fn new(texts: &[String], vocabulary: &dyn Vocabulary) -> Self {
        let mut found = Self::default();
        let texts: Vec<&str> = texts.iter().map(|text| cut(text)).filter(|text| !text.is_empty()).collect();
        // Few tokens hold the first byte of any text, and others need no closer look.
        let mut first = [false; 256];
        for text in &texts {
            first[usize::from(text.as_bytes()[0])] = true;
        }
        let mut tails: Vec<Tails<'_>> = texts.iter().map(|text| Tails::new(text)).collect();
        for token in 0..vocabulary.len() {
            let piece = vocabulary.piece(token);
            // Control tokens have no text in an answer, but a prompt spells them.
            let spelled = if piece.is_empty() { vocabulary.spelled(token) } else { Vec::new() };
            let piece = if piece.is_empty() { &spelled } else { piece };
            if piece.iter().any(|&byte| first[usize::from(byte)]) {
                for tails in &mut tails {
                    found.add(token, piece, tails, vocabulary);
                }
            }
        }
        found
    }

    /// Notes how a text can begin in a token.
    fn add(&mut self, token: Token, piece: &[u8], tails: &mut Tails<'_>, vocabulary: &dyn Vocabulary) {
        let text = tails.text.as_bytes();
        if piece.windows(text.len()).any(|part| part == text) {
            self.insert(token, Vec::new());
            return;
        }
        // The token ends with the text's first bytes.
        for held in (1..text.len()).filter(|&held| piece.ends_with(&text[..held])) {
            if let Some(tail) = tails.behind(held, vocabulary) {
                self.insert(token, tail.clone());
            }
        }
    }

    fn insert(&mut self, token: Token, tail: Vec<Token>) {
        let known = self.0.entry(token).or_default();
        if !known.contains(&tail) {
            known.push(tail);
        }
    }

    /// Whether a token alone holds a text.
    pub(super) fn breaks(&self, token: Token) -> bool {
        self.0.get(&token).is_some_and(|tails| tails.iter().any(Vec::is_empty))
    }

    /// How many tokens lie behind the last text of a sequence that is complete: all if there is none.
    pub(super) fn since_last(&self, tokens: &[Token]) -> usize {
        let behind = |start: usize| {
            let rest = &tokens[start + 1..];
            let complete = self.0.get(&tokens[start])?.iter().filter(|tail| rest.starts_with(tail));
            complete.map(Vec::len).max().map(|longest| rest.len() - longest)
        };
        (0..tokens.len()).rev().find_map(behind).unwrap_or(tokens.len())
    }
}

/// The tokens of what is left of a text behind its first bytes, as far as anybody asked.
struct Tails<'a> {
    text: &'a str,
    tokens: Vec<Option<Vec<Token>>>,
}

impl<'a> Tails<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, tokens: vec![None; text.len()] }
    }

    /// `None` in the middle of a character, and if the vocabulary cannot spell it.
    fn behind(&mut self, bytes: usize, vocabulary: &dyn Vocabulary) -> Option<&Vec<Token>> {
        let rest = self.text.get(bytes..)?;
        let place = self.tokens.get_mut(bytes)?;
        if place.is_none() {
            let mut tokens = vocabulary.plain(rest).ok()?;
            tokens.truncate(MOST_TAIL);
            *place = Some(tokens);
        }
        place.as_ref()
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of text as tokens.
    struct Pieces(&'static [&'static str]);

    impl Vocabulary for Pieces {
        fn tokenize(&self, text: &str) -> Result<Vec<Token>, String> {
            self.plain(text)
        }

        fn plain(&self, text: &str) -> Result<Vec<Token>, String> {
            let (mut tokens, mut rest) = (Vec::new(), text);
            while !rest.is_empty() {
                let fits = (0..self.0.len()).filter(|&token| rest.starts_with(self.0[token]));
                let token = fits.max_by_key(|&token| self.0[token].len()).ok_or("cannot be spelled")?;
                rest = &rest[self.0[token].len()..];
                tokens.push(token as Token);
            }
            Ok(tokens)
        }

        fn detokenize(&self, _: &[Token]) -> Result<String, String> {
            Err("not needed".into())
        }

        fn len(&self) -> u32 {
            self.0.len() as u32
        }

        fn piece(&self, token: Token) -> &[u8] {
            let text = self.0[token as usize];
            if text.starts_with("<|") { b"" } else { text.as_bytes() }
        }

        fn spelled(&self, token: Token) -> Vec<u8> {
            self.0[token as usize].into()
        }

        fn special(&self, _: &str) -> Vec<(Token, Vec<u8>)> {
            Vec::new()
        }

        fn is_end(&self, _: Token) -> bool {
            false
        }

        fn leading(&self) -> Option<Token> {
            None
        }

        fn trailing(&self) -> Option<Token> {
            None
        }
    }

    const PIECES: Pieces = Pieces(&["a", "b", ": ", "\n", "b:", "<|x|>", "e", "n", "d", "the", "ee", "nd"]);

    fn breakers(texts: &[&str]) -> Breakers {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        Breakers::new(&texts, &PIECES)
    }

    #[test]
    fn tokens_that_hold_a_text_break() {
        let found = breakers(&["\n", ":", "x", ""]);
        let breaking: Vec<Token> = (0..12).filter(|&token| found.breaks(token)).collect();
        assert_eq!(breaking, [2, 3, 4, 5], "control tokens as well");
        assert_eq!(found.since_last(&[3, 0, 1, 0]), 3);
        assert_eq!(found.since_last(&[0, 1, 4]), 0);
        assert_eq!(found.since_last(&[0, 1, 0]), 3);
        assert_eq!(found.since_last(&[]), 0);
    }

    #[test]
    fn texts_of_several_tokens_break_where_they_are_complete() {
        let found = breakers(&["end"]);
        assert!((0..12).all(|token| !found.breaks(token)));
        // "e" "nd", "the" "nd" and "ee" "nd" are there; "e" "n" "d" is not how the vocabulary spells it.
        assert_eq!(found.since_last(&[6, 11, 0]), 1);
        assert_eq!(found.since_last(&[0, 9, 11, 0, 1]), 2);
        assert_eq!(found.since_last(&[10, 11]), 0);
        assert_eq!(found.since_last(&[0, 6, 7, 8]), 4);
        assert_eq!(found.since_last(&[11, 0, 6]), 3, "it is not complete yet");
    }

    #[test]
    fn the_longest_of_several_ways_counts() {
        let found = breakers(&["e", "endn"]);
        assert_eq!(found.since_last(&[6, 11, 7, 0]), 1);
        assert_eq!(found.since_last(&[6, 11, 0]), 2);
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut(&"é".repeat(30)).len(), 40);
        assert_eq!(cut(&format!("a{}", "é".repeat(30))).len(), 39);
        let long = "ab".repeat(60);
        let found = breakers(&[&long]);
        assert_eq!(found.since_last(&[0, 1].repeat(30)), 1);
    }
}
