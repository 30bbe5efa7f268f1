//! Finds the end of a JSON value in text that comes in parts.

/// Where a value stands. Counts brackets outside of strings, whatever else is wrong.
#[derive(Clone, Debug, Default)]
pub(super) struct JsonEnd {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl JsonEnd {
    /// Reads on, and returns the number of bytes up to the end of the value, if that is there.
    pub(super) fn feed(&mut self, text: &str) -> Option<usize> {
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth <= 1 => return Some(at + 1),
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// Whether the text so far ends inside of a string.
    pub(super) fn in_string(&self) -> bool {
        self.in_string
    }

    /// Brackets that are open.
    pub(super) fn depth(&self) -> u32 {
        self.depth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_do_not_count() {
        let mut end = JsonEnd::default();
        assert_eq!(end.feed(r#"{"a\"}": [""#), None);
        assert!(end.in_string() && end.depth() == 2);
        assert_eq!(end.feed(r#"]"]"#), None);
        assert_eq!(end.feed("} x"), Some(1));
    }
}
