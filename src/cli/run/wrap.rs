//! Breaks lines at words, while the words come in pieces.
//!
//! A piece is printed at once, be it half a word. If the rest of the word does not fit, the half is taken back and the
//! word begins anew on the next line. A word that is longer than a line is left to the terminal to break, so that a
//! long address can still be copied.

use unicode_width::UnicodeWidthChar;

/// A tab goes to the next multiple of this.
const TAB: usize = 8;

/// What is in the last line of the terminal.
#[derive(Debug)]
pub(super) struct Wrap {
    /// Columns that are used. The terminal's last one is not: what a terminal does behind it differs.
    limit: usize,
    /// The next character comes here.
    column: usize,
    /// The word that is being written.
    word: String,
    /// Columns of `word`.
    width: usize,
    /// Whether the line was begun here, and has nothing yet.
    fresh: bool,
}

impl Wrap {
    /// For a terminal of so many columns.
    pub(super) fn new(columns: usize) -> Self {
        Self {
            limit: columns.saturating_sub(1).max(1),
            column: 0,
            word: String::new(),
            width: 0,
            fresh: false,
        }
    }

    /// What to print for the next piece of text. Control characters are left out: what a model says must not steer
    /// the terminal.
    pub(super) fn push(&mut self, text: &str, out: &mut String) {
        for c in text.chars() {
            match c {
                '\n' => {
                    self.new_line(out);
                    self.fresh = false;
                }
                ' ' | '\t' => self.blank(c, out),
                c if c.is_control() => {}
                c => self.letter(c, c.width().unwrap_or(0), out),
            }
        }
    }

    fn new_line(&mut self, out: &mut String) {
        out.push('\n');
        (self.column, self.width) = (0, 0);
        self.word.clear();
        self.fresh = true;
    }

    fn blank(&mut self, c: char, out: &mut String) {
        self.end_word();
        let width = if c == '\t' { TAB - self.column % TAB } else { 1 };
        if self.column + width > self.limit {
            self.new_line(out);
        } else if !self.fresh {
            out.push(c);
            self.column += width;
        }
    }

    fn letter(&mut self, c: char, width: usize, out: &mut String) {
        // Scripts with characters of two columns have no blanks between words.
        if width > 1 {
            self.end_word();
        }
        if self.column + width > self.limit && self.width + width <= self.limit {
            let (word, columns) = (std::mem::take(&mut self.word), self.width);
            if columns > 0 {
                out.push_str(&format!("\x1b[{columns}D\x1b[K"));
            }
            self.new_line(out);
            out.push_str(&word);
            (self.word, self.width, self.column) = (word, columns, columns);
        }
        out.push(c);
        self.word.push(c);
        self.width += width;
        self.column += width;
        // The terminal broke the line itself.
        if self.column > self.limit + 1 {
            self.column = width;
        }
        self.fresh = false;
        if width > 1 {
            self.end_word();
        }
    }

    fn end_word(&mut self) {
        self.word.clear();
        self.width = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use proptest::prelude::*;

    use super::*;

    fn size(n: u16) -> NonZero<u16> {
        NonZero::new(n).unwrap()
    }

    /// What a terminal shows when the text comes in these pieces.
    fn shown<'a>(pieces: impl IntoIterator<Item = &'a str>, columns: u16) -> Vec<String> {
        let mut screen = vt100::Parser::new(size(200), size(columns), 0);
        let mut wrap = Wrap::new(columns.into());
        for piece in pieces {
            let mut out = String::new();
            wrap.push(piece, &mut out);
            screen.process(out.replace('\n', "\r\n").as_bytes());
        }
        let rows: Vec<String> =
            screen.screen().rows(0, columns).map(|row| row.trim_end().to_owned()).collect();
        let last = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        rows[..last].to_vec()
    }

    #[test]
    fn lines_are_broken_at_words() {
        assert_eq!(shown(["the quick brown fox jumps"], 12), ["the quick", "brown fox", "jumps"]);
        assert_eq!(shown(["exactly ten"], 12), ["exactly ten"]);
        assert_eq!(shown(["one\n\n  two", "\n"], 12), ["one", "", "  two"]);
    }

    #[test]
    fn half_a_word_is_taken_back() {
        assert_eq!(shown(["the quick bro", "wn", " fox"], 12), ["the quick", "brown fox"]);
        let mut out = String::new();
        let mut wrap = Wrap::new(12);
        wrap.push("the quick b", &mut out);
        wrap.push("r", &mut out);
        assert_eq!(out, "the quick b\x1b[1D\x1b[K\nbr");
    }

    #[test]
    fn a_word_longer_than_a_line_is_left_to_the_terminal() {
        let mut out = String::new();
        Wrap::new(8).push("https://example.org/a/b", &mut out);
        assert_eq!(out, "https://example.org/a/b");
        assert_eq!(
            shown(["see https://example.org/a/b there"], 8),
            ["see", "https://", "example.", "org/a/b", "there"]
        );
    }

    #[test]
    fn characters_of_two_columns_may_part_anywhere() {
        assert_eq!(shown(["日本語のモデル"], 9), ["日本語の", "モデル"]);
    }

    #[test]
    fn a_model_does_not_steer_the_terminal() {
        let mut out = String::new();
        Wrap::new(80).push("a\x1b[2Jb\rc\u{9b}d\te", &mut out);
        assert_eq!(out, "a[2Jbcd\te");
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter_and_no_word_is_cut(
            words in prop::collection::vec("[a-z]{1,11}|é{1,4}|語{1,3}", 1..40), columns in 12..40_u16, cut in 1..9_usize,
        ) {
            let text = words.join(" ");
            let letters: Vec<char> = text.chars().collect();
            let pieces: Vec<String> = letters.chunks(cut).map(|piece| piece.iter().collect()).collect();
            let rows = shown(pieces.iter().map(String::as_str), columns);
            prop_assert_eq!(&rows, &shown([text.as_str()], columns));
            let latin = |words: &[String]| -> Vec<String> {
                words.iter().filter(|word| !word.starts_with('語')).cloned().collect()
            };
            let found: Vec<String> = rows.iter().flat_map(|row| row.split(' ')).map(str::to_owned).collect();
            prop_assert_eq!(latin(&found), latin(&words));
            prop_assert_eq!(rows.concat().replace(' ', ""), words.concat());
        }
    }
}
