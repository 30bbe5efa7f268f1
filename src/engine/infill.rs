//! The prompt for text that is to be inserted between two others ("fill in the middle").
//!
//! ```text
//!   begin of sequence ─ PREFIX text in front ─ SUFFIX text behind ─ MIDDLE ─▶ what the model writes
//! ```
//!
//! This is the order of llama.cpp's server for a request that has nothing but the two texts.

use super::backend::{Infill, Vocabulary};
use super::protocol::{Prompt, RequestError, Token};

/// The parts of such a prompt.
pub struct Insertion {
    marks: Infill,
    /// What stands before everything: the begin of the sequence, or an earlier exchange.
    head: Vec<Token>,
    before: Vec<Token>,
    after: Vec<Token>,
}

impl Insertion {
    /// Tokenises a prompt. Its texts are plain: what looks like a special token in them is none.
    ///
    /// # Errors
    /// [`RequestError::NoInfill`], [`RequestError::Tokenize`].
    pub fn new(prompt: &Prompt, suffix: &str, vocabulary: &dyn Vocabulary) -> Result<Self, RequestError> {
        let marks = vocabulary.infill().ok_or(RequestError::NoInfill)?;
        let plain = |text| vocabulary.plain(text).map_err(RequestError::Tokenize);
        let head = if prompt.context.is_empty() {
            vocabulary.leading().into_iter().collect()
        } else {
            let text = vocabulary.detokenize(&prompt.context).map_err(RequestError::Tokenize)?;
            vocabulary.tokenize(&text).map_err(RequestError::Tokenize)?
        };
        Ok(Self { marks, head, before: plain(&prompt.text)?, after: plain(suffix)? })
    }

    /// Number of tokens.
    pub fn count(&self) -> usize {
        let Self { head, before, after, .. } = self;
        head.len() + before.len() + after.len() + 3
    }

    /// Leaves about `target` tokens: those nearest to what is inserted, three in front for each one behind. An earlier
    /// exchange goes first, the marks never.
    pub fn cut(&mut self, target: usize) {
        if self.count() > target {
            self.head.truncate(1);
        }
        let room = target.saturating_sub(self.head.len() + 3);
        let after = self.after.len().min((room / 4).max(room.saturating_sub(self.before.len())));
        let before = self.before.len().min(room - after);
        self.after.truncate(after);
        self.before.drain(..self.before.len() - before);
    }

    /// The prompt.
    pub fn into_tokens(self) -> Vec<Token> {
        let Self { marks, head, before, after } = self;
        let front = head.into_iter().chain([marks.prefix]).chain(before);
        front.chain([marks.suffix]).chain(after).chain([marks.middle]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes as tokens, with 1 in front and 7, 8, 9 around insertions.
    struct Bytes;

    impl Vocabulary for Bytes {
        fn tokenize(&self, text: &str) -> Result<Vec<Token>, String> {
            Ok([1].into_iter().chain(self.plain(text)?).collect())
        }

        fn plain(&self, text: &str) -> Result<Vec<Token>, String> {
            Ok(text.bytes().map(Token::from).collect())
        }

        fn detokenize(&self, tokens: &[Token]) -> Result<String, String> {
            Ok(tokens.iter().skip(1).map(|&token| token as u8 as char).collect())
        }

        fn len(&self) -> u32 {
            256
        }

        fn piece(&self, _: Token) -> &[u8] {
            &[]
        }

        fn spelled(&self, _: Token) -> Vec<u8> {
            Vec::new()
        }

        fn special(&self, _: &str) -> Vec<(Token, Vec<u8>)> {
            Vec::new()
        }

        fn is_end(&self, _: Token) -> bool {
            false
        }

        fn leading(&self) -> Option<Token> {
            Some(1)
        }

        fn trailing(&self) -> Option<Token> {
            None
        }

        fn infill(&self) -> Option<Infill> {
            Some(Infill { prefix: 7, suffix: 8, middle: 9 })
        }
    }

    /// The prompt as text, its special tokens as digits.
    fn cut(context: &[Token], before: &str, after: &str, target: usize) -> String {
        let prompt = Prompt { context: context.to_vec(), text: before.into(), suffix: None };
        let mut insertion = Insertion::new(&prompt, after, &Bytes).unwrap();
        if insertion.count() > target {
            insertion.cut(target);
        }
        let expected = insertion.count();
        let tokens = insertion.into_tokens();
        assert_eq!(tokens.len(), expected);
        let shown =
            |&token: &Token| if token < 10 { (b'0' + token as u8) as char } else { token as u8 as char };
        tokens.iter().map(shown).collect()
    }

    #[test]
    fn the_text_behind_comes_before_the_middle() {
        assert_eq!(cut(&[], "def f", "return", 99), "17def f8return9");
        assert_eq!(cut(&[], "a", "", 99), "17a89");
        assert_eq!(cut(&[1, 120, 121], "a", "b", 99), "1xy7a8b9");
    }

    #[test]
    fn what_is_nearest_to_the_insertion_stays() {
        assert_eq!(cut(&[], "abcdefghijklmnop", "ABCDEFGH", 12), "17klmnop8AB9");
        assert_eq!(cut(&[], "abcdefghijklmnop", "A", 12), "17jklmnop8A9");
        assert_eq!(cut(&[], "ab", "ABCDEFGHIJK", 12), "17ab8ABCDEF9");
        assert_eq!(cut(&[1, 120, 121], "abc", "ABC", 10), "17abc8ABC9");
        assert_eq!(cut(&[], "abc", "ABC", 4), "1789");
        assert_eq!(cut(&[], "abc", "ABC", 0), "1789");
    }
}
