//! Finds marks in text that comes in parts.

/// Text that was not looked at yet. Marks are found as if all text had come at once: the leftmost first, of
/// several at one place the longest.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    buffer: String,
    /// Bytes of it that were taken. They are dropped now and then, not each time, which would move all that is behind.
    taken: usize,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'m> {
    /// Text without a mark, which is not the beginning of one either. Empty: more must come first.
    Text(String),
    /// A mark, and the text before it.
    Mark {
        /// The text before it.
        before: String,
        /// The mark.
        mark: &'m str,
    },
}

impl Scanner {
    /// Adds text.
    pub(super) fn push(&mut self, text: &str) {
        self.buffer.push_str(text);
    }

    /// Puts text back in front.
    pub(super) fn unread(&mut self, text: &str) {
        match self.taken.checked_sub(text.len()) {
            Some(start) if self.buffer.is_char_boundary(start) => {
                self.buffer.replace_range(start..self.taken, text);
                self.taken = start;
            }
            _ => self.buffer.insert_str(self.taken, text),
        }
    }

    /// The text that is there.
    pub(super) fn rest(&self) -> &str {
        &self.buffer[self.taken..]
    }

    /// Takes so many bytes of what is there.
    pub(super) fn take(&mut self, bytes: usize) -> String {
        let text = self.rest()[..bytes].to_owned();
        self.taken += bytes;
        if self.taken * 2 > self.buffer.len() {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        text
    }

    /// Takes text up to the next of `marks`, which are not empty, or what can be none of them. `ended` says that
    /// nothing comes any more.
    pub(super) fn next<'m>(&mut self, marks: &[&'m str], ended: bool) -> Found<'m> {
        for (at, _) in self.rest().char_indices() {
            let rest = &self.rest()[at..];
            if !ended && marks.iter().any(|mark| mark.len() > rest.len() && mark.starts_with(rest)) {
                return Found::Text(self.take(at));
            }
            let longest = marks.iter().filter(|mark| rest.starts_with(**mark)).max_by_key(|mark| mark.len());
            if let Some(mark) = longest {
                let before = self.take(at);
                self.take(mark.len());
                return Found::Mark { before, mark };
            }
        }
        Found::Text(self.take(self.rest().len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Found<'static> {
        Found::Text(text.into())
    }

    #[test]
    fn what_may_become_a_mark_is_held_back() {
        let mut scanner = Scanner::default();
        scanner.push("a <th");
        assert_eq!(scanner.next(&["<think>"], false), text("a "));
        assert_eq!(scanner.next(&["<think>"], false), text(""));
        scanner.push("e <think>b");
        assert_eq!(
            scanner.next(&["<think>"], false),
            Found::Mark { before: "<the ".into(), mark: "<think>" }
        );
        assert_eq!(scanner.next(&["<think>"], false), text("b"));
        scanner.push("<think");
        assert_eq!(scanner.next(&["<think>"], true), text("<think"));
    }

    #[test]
    fn the_leftmost_and_then_the_longest_mark_is_found() {
        let marks = ["[C]", "[C] [", "x[C]y"];
        let mut scanner = Scanner::default();
        scanner.push("ax[C]");
        assert_eq!(scanner.next(&marks, false), text("a"), "the longer one may come");
        scanner.push(" ");
        assert_eq!(scanner.next(&marks, false), text("x"), "it did not, and another longer one may come");
        scanner.push("[");
        assert_eq!(scanner.next(&marks, false), Found::Mark { before: String::new(), mark: "[C] [" });
        scanner.push("[C]");
        assert_eq!(scanner.next(&marks, true), Found::Mark { before: String::new(), mark: "[C]" });
    }
}
