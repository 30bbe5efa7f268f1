//! Values as models write them: JSON with the mistakes that they make, and literals of Python.

use serde_json::{Map, Value};

use crate::engine::typing::constant;

/// Deeper values are not read.
const DEPTH: usize = 100;

/// How strings are quoted.
pub(super) type Quotes = &'static [&'static str];

/// As in JSON and in Python. Backslashes escape in these.
pub(super) const PLAIN: Quotes = &["\"", "'"];

/// Reads values from text.
pub(super) struct Literals<'t> {
    text: &'t str,
    quotes: Quotes,
    depth: usize,
    /// Whether the text may end before all brackets are closed.
    may_end: bool,
}

/// JSON, or what comes near: single quotes, unquoted words, trailing commas, raw newlines, Python's constants. With
/// `may_end`, brackets at the end may be missing.
pub(super) fn json(text: &str, may_end: bool) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let mut literals = Literals { may_end, ..Literals::new(text, PLAIN) };
    let value = literals.value()?;
    literals.is_at_end().then_some(value)
}

impl<'t> Literals<'t> {
    pub(super) fn new(text: &'t str, quotes: Quotes) -> Self {
        Self { text, quotes, depth: 0, may_end: false }
    }

    /// Skips white space, and says whether nothing is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.text = self.text.trim_start();
        self.text.is_empty()
    }

    /// Skips white space and `token`, if that is next.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        self.text = self.text.trim_start();
        let rest = self.text.strip_prefix(token);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    /// Reads a value.
    pub(super) fn value(&mut self) -> Option<Value> {
        self.depth += 1;
        let value = (self.depth < DEPTH).then(|| self.shallow()).flatten();
        self.depth -= 1;
        value
    }

    fn shallow(&mut self) -> Option<Value> {
        if self.eat("{") {
            return self.object("}").map(Value::Object);
        }
        if self.eat("[") {
            return self.list("]");
        }
        if self.eat("(") {
            return self.list(")");
        }
        match self.string() {
            Some(text) => Some(Value::String(text)),
            None => self.word(),
        }
    }

    /// The rest of an object, which begins behind its bracket. Keys end with `:` or `=`.
    pub(super) fn object(&mut self, close: &str) -> Option<Map<String, Value>> {
        let mut object = Map::new();
        loop {
            if self.eat(close) || (self.may_end && self.is_at_end()) {
                return Some(object);
            }
            let key = match self.string() {
                Some(key) => key,
                None => self.name()?.to_owned(),
            };
            if !self.eat(":") && !self.eat("=") {
                return None;
            }
            object.insert(key, self.value()?);
            self.separator(close)?;
        }
    }

    fn list(&mut self, close: &str) -> Option<Value> {
        let mut items = Vec::new();
        loop {
            if self.eat(close) || (self.may_end && self.is_at_end()) {
                return Some(Value::Array(items));
            }
            items.push(self.value()?);
            self.separator(close)?;
        }
    }

    /// A comma, unless the end is next.
    pub(super) fn separator(&mut self, close: &str) -> Option<()> {
        let ends = self.may_end && self.is_at_end();
        (self.eat(",") || self.text.trim_start().starts_with(close) || ends).then_some(())
    }

    /// A word that may be a key or a function: letters, digits, `_`, `-`, `.`.
    pub(super) fn name(&mut self) -> Option<&'t str> {
        self.text = self.text.trim_start();
        let ends = |c: char| !(c.is_alphanumeric() || ['_', '-', '.', '$'].contains(&c));
        let (name, rest) = self.text.split_at(self.text.find(ends).unwrap_or(self.text.len()));
        self.text = rest;
        (!name.is_empty()).then_some(name)
    }

    /// A name and the `=` behind it, if they come next.
    pub(super) fn keyword(&mut self) -> Option<&'t str> {
        let before = self.text;
        match self.name() {
            Some(name) if self.eat("=") => Some(name),
            _ => {
                self.text = before;
                None
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let before = self.text;
        let quote = self.quotes.iter().find(|quote| self.eat(quote))?;
        let text = if quote.len() > 1 { self.verbatim(quote) } else { self.escaped(quote) };
        if text.is_none() {
            self.text = before;
        }
        text
    }

    /// The rest of a string in which nothing escapes.
    fn verbatim(&mut self, quote: &str) -> Option<String> {
        let (text, rest) = self.text.split_once(quote)?;
        self.text = rest;
        Some(text.to_owned())
    }

    /// The rest of a string in which backslashes escape.
    fn escaped(&mut self, quote: &str) -> Option<String> {
        let mut text = String::new();
        loop {
            let next = self.text.find([quote.chars().next()?, '\\'])?;
            text.push_str(&self.text[..next]);
            self.text = &self.text[next..];
            if let Some(rest) = self.text.strip_prefix(quote) {
                self.text = rest;
                return Some(text);
            }
            text.push_str(&self.escape()?);
        }
    }

    /// One escape. What means nothing stands for itself.
    fn escape(&mut self) -> Option<String> {
        let escaped = self.text[1..].chars().next()?;
        if escaped == 'u'
            && let Some((character, length)) = code_point(self.text)
        {
            self.text = &self.text[length..];
            return Some(character.into());
        }
        self.text = &self.text[1 + escaped.len_utf8()..];
        Some(match escaped {
            'n' => "\n".into(),
            't' => "\t".into(),
            'r' => "\r".into(),
            'b' => "\u{8}".into(),
            'f' => "\u{c}".into(),
            '\n' => String::new(),
            '"' | '\'' | '\\' | '/' => escaped.into(),
            other => format!("\\{other}"),
        })
    }

    /// A number, a constant, or a word without quotes, up to what ends a value.
    fn word(&mut self) -> Option<Value> {
        let end = self.text.find([',', '}', ']', ')', '\n', ':', '{', '[', '(']).unwrap_or(self.text.len());
        let word = self.text[..end].trim();
        if word.is_empty() || word.contains(['"', '\'']) {
            return None;
        }
        self.text = &self.text[end..];
        Some(constant(word).unwrap_or_else(|| Value::String(word.to_owned())))
    }
}

/// The character of `\uXXXX`, or of two of them that belong together, and the length of that.
fn code_point(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let first = unit(0)?;
    let pair = unit(6).map(|second| [first, second]);
    if let Some(pair) = pair
        && let Some(Ok(character)) = char::decode_utf16(pair).next()
    {
        return Some((character, if character as u32 > 0xffff { 12 } else { 6 }));
    }
    Some((char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn mistakes_are_understood() {
        for (text, value) in [
            (r#"{"a": 1}"#, json!({"a": 1})),
            (r"{'a': 'it\'s', }", json!({"a": "it's"})),
            ("{a: True, b: None, c: [1, 2,],}", json!({"a": true, "b": null, "c": [1, 2]})),
            ("{\"a\": \"two\nlines\"}", json!({"a": "two\nlines"})),
            (r#"{"a": Cusco}"#, json!({"a": "Cusco"})),
            (r#"{'a': "\ud83d\ude80\u00e9\x"}"#, json!({"a": "🚀é\\x"})),
            (r#"{'a': "\ud83d"}"#, json!({"a": "\u{fffd}"})),
        ] {
            assert_eq!(super::json(text, false), Some(value), "{text}");
        }
        for text in ["", "{", "{\"a\"}", "{\"a\": \"x}", "{\"a\": 1} x", "[1 2\"]"] {
            assert_eq!(super::json(text, false), None, "{text}");
        }
    }

    #[test]
    fn closing_brackets_may_be_missing_where_that_is_allowed() {
        let value = json!({"a": {"b": [1]}});
        assert_eq!(super::json(r#"{"a": {"b": [1]"#, true), Some(value));
        assert_eq!(super::json(r#"{"a": {"b": "x"#, true), None, "a string without end");
    }

    #[test]
    fn deep_values_are_refused() {
        assert_eq!(super::json(&"[".repeat(1000), true), None);
    }
}
