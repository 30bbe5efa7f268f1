//! Texts among the arguments, as regular expressions.

use llguidance::derivre::{RegexAst, RegexBuilder};
use serde_json::{Map, Value};

use super::super::gbnf;
use super::super::schema::SchemaError;

/// Any text.
pub(super) const ANY: &str = "(?s:.*)";
/// Texts that are the same in a string of JSON.
pub(super) const UNESCAPED: &str = r#"[^"\\\x00-\x1f]*"#;

/// How much may be spent on seeing whether any text matches.
const FUEL: u64 = 100_000;

/// What a text must be like: each of these expressions matches all of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    pub(super) all: Vec<String>,
    /// The text, if it is a certain one.
    certain: Option<String>,
}

impl Text {
    /// All that an expression matches.
    pub(super) fn like(regex: &str) -> Self {
        Self { all: vec![regex.to_owned()], certain: None }
    }

    /// Exactly this one.
    pub(super) fn exactly(text: &str) -> Self {
        Self { all: vec![gbnf::literal(text)], certain: Some(text.to_owned()) }
    }

    /// Whether it may begin like a number.
    pub(super) fn begins_like_number(&self) -> bool {
        self.certain.as_ref().is_none_or(|text| text.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
    }

    /// What a schema says of texts.
    ///
    /// # Errors
    /// If that cannot be said by expressions, or no text is like that.
    pub(super) fn of(schema: &Map<String, Value>) -> Result<Self, SchemaError> {
        let mut all = Vec::new();
        if let Some(times) = length(schema)? {
            all.push(format!("(?s:.{times})"));
        }
        for pattern in patterns(schema) {
            all.push(whole(pattern));
        }
        let text = Self { all, certain: None };
        if text.all.is_empty() || text.can_be() { Ok(text) } else { Err(unsupported("pattern")) }
    }

    /// The same, with another expression that it matches.
    ///
    /// # Errors
    /// If no text is like that.
    pub(super) fn and(mut self, regex: String) -> Result<Self, SchemaError> {
        self.all.push(regex);
        if self.can_be() { Ok(self) } else { Err(unsupported("pattern")) }
    }

    /// Whether any text is like that, as far as that is found out at a reasonable price.
    fn can_be(&self) -> bool {
        let mut builder = RegexBuilder::new();
        let all = self.all.iter().map(|regex| RegexAst::Regex(regex.clone())).collect();
        let Ok(regex) = builder.mk(&RegexAst::And(all)) else { return false };
        builder.exprset().is_positive(regex)
            || builder.to_regex_limited(regex, FUEL).is_ok_and(|mut regex| !regex.always_empty())
    }
}

/// The expressions that a schema has for texts, to be found anywhere in them.
pub(super) fn patterns(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("pattern") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// How many characters a text has, as a repetition.
///
/// # Errors
/// If no number is right.
pub(super) fn length(schema: &Map<String, Value>) -> Result<Option<String>, SchemaError> {
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let low = bound("minLength").unwrap_or(0);
    match bound("maxLength") {
        Some(high) if high < low => Err(unsupported("maxLength")),
        Some(high) => Ok(Some(format!("{{{low},{high}}}"))),
        None if low > 0 => Ok(Some(format!("{{{low},}}"))),
        None => Ok(None),
    }
}

/// Texts in which one of some marks stands.
pub(super) fn holding(marks: &[String]) -> String {
    let marks: Vec<String> = marks.iter().map(|mark| gbnf::literal(mark)).collect();
    format!("{ANY}(?:{}){ANY}", marks.join("|"))
}

/// An expression that matches a whole text where `pattern` is found in it.
pub(super) fn whole(pattern: &str) -> String {
    let one = |branch: &str| {
        let starts = branch.strip_prefix('^');
        let body = starts.unwrap_or(branch);
        let escapes = |body: &str| body.bytes().rev().skip(1).take_while(|&byte| byte == b'\\').count();
        let ends = body.strip_suffix('$').filter(|_| escapes(body) % 2 == 0);
        let before = if starts.is_some() { "" } else { ANY };
        let behind = if ends.is_some() { "" } else { ANY };
        format!("{before}(?:{}){behind}", ends.unwrap_or(body))
    };
    let branches: Vec<String> = branches(pattern).into_iter().map(one).collect();
    format!("(?:{})", branches.join("|"))
}

/// The alternatives of an expression.
fn branches(pattern: &str) -> Vec<&str> {
    let (mut found, mut start) = (Vec::new(), 0);
    let (mut groups, mut classes, mut escaped) = (0_usize, 0_usize, false);
    for (at, c) in pattern.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => classes += 1,
            ']' => classes = classes.saturating_sub(1),
            _ if classes > 0 => {}
            '(' => groups += 1,
            ')' => groups = groups.saturating_sub(1),
            '|' if groups == 0 => {
                found.push(&pattern[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&pattern[start..]);
    found
}

/// A keyword, or a value of it, that cannot be enforced where it stands.
pub(super) fn unsupported(keyword: &str) -> SchemaError {
    SchemaError::Keyword { keyword: keyword.to_owned(), place: "#".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, full) in [
            ("a", "(?:(?s:.*)(?:a)(?s:.*))"),
            ("^a$", "(?:(?:a))"),
            (r"a\$", r"(?:(?s:.*)(?:a\$)(?s:.*))"),
            (r"^\\$", r"(?:(?:\\))"),
            ("^a|[|]$", "(?:(?:a)(?s:.*)|(?s:.*)(?:[|]))"),
            ("^(a|b)$", "(?:(?:(a|b)))"),
        ] {
            assert_eq!(whole(pattern), full, "{pattern}");
        }
    }

    #[test]
    fn what_no_text_is_like_is_seen() {
        let of = |schema: Value| Text::of(schema.as_object().unwrap()).is_ok();
        assert!(of(serde_json::json!({"pattern": "^a+$", "maxLength": 1})));
        assert!(!of(serde_json::json!({"pattern": "^aa$", "maxLength": 1})));
        assert!(!of(serde_json::json!({"minLength": 2, "maxLength": 1})));
        assert!(!of(serde_json::json!({"pattern": "(^a|b)c"})), "an anchor within");
    }
}
