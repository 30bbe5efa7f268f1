//! Values as Go's `fmt` prints them: the texts of `show` are made of these.
//!
//! A value is what Go's JSON decoder makes of it: every number is a `float64`, so the whole number 1000000
//! prints as `1e+06`.

use std::fmt::Write as _;

use serde_json::Value;

use super::text::is_printable;

/// `%v`: text as it is.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), float),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(" ")),
        Value::Object(_) => {
            let entries: Vec<_> =
                sorted_entries(value).map(|(key, value)| format!("{key}:{}", plain(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
    }
}

/// `%#v`: Go source text, so text is quoted.
pub(super) fn syntax(value: &Value) -> String {
    let nested = |value: &Value| match value {
        Value::Null => "interface {}(nil)".to_owned(),
        value => syntax(value),
    };
    match value {
        Value::String(text) => quote(text),
        Value::Array(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(nested).collect::<Vec<_>>().join(", "))
        }
        Value::Object(_) => {
            let entries: Vec<_> = sorted_entries(value)
                .map(|(key, value)| format!("{}:{}", quote(key), nested(value)))
                .collect();
            format!("map[string]interface {{}}{{{}}}", entries.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => plain(value),
    }
}

/// Go prints maps in the order of their keys.
fn sorted_entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let mut entries: Vec<_> = value.as_object().into_iter().flatten().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries.into_iter()
}

/// `%v` and `%#v` of a `float64`: the fewest digits that mean this number, and from 1e6 up and below 1e-4 an
/// exponent of at least two digits.
///
/// The digits are taken from JSON: where two numbers of the fewest digits are equally near, `serde_json`
/// takes the even one, as Go does, and the standard library does not.
fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let exponent: i32 =
        scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let json = Value::from(number).to_string();
    if (-4..6).contains(&exponent) {
        // JSON has no exponent here.
        return json.strip_suffix(".0").unwrap_or(&json).to_owned();
    }
    let decimal = json.split('e').next().unwrap_or_default().replace(['-', '.'], "");
    let (first, rest) = decimal.trim_matches('0').split_at_checked(1).unwrap_or_default();
    let sign = if number < 0.0 { "-" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{point}{rest}e{exponent_sign}{:02}", exponent.unsigned_abs())
}

/// `strconv.Quote`.
fn quote(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0C' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0B' => quoted.push_str("\\v"),
            c if is_printable(c) => quoted.push(c),
            c => {
                // Writing to a string cannot fail.
                let _ = match u32::from(c) {
                    code @ ..0x80 => write!(quoted, "\\x{code:02x}"),
                    code @ ..0x1_0000 => write!(quoted, "\\u{code:04x}"),
                    code => write!(quoted, "\\U{code:08x}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}
