//! JSON as Go's `encoding/json` writes it: packed tightly, `<`, `>` and `&` escaped for HTML, whole numbers
//! without a point.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// The JSON of `value`, keys in their order.
pub(super) fn to_string<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = Vec::new();
    match value.serialize(&mut Serializer::with_formatter(&mut out, GoFormatter)) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        // Only keys that are no strings, and they are not made here.
        Err(_) => "null".into(),
    }
}

/// `value` with the keys of every object in it sorted, as Go prints its maps.
pub(super) fn sorted(value: &Value) -> Value {
    let mut value = value.clone();
    value.sort_all_objects();
    value
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        out.write_all(number(value).as_bytes())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        for (at, c) in fragment.char_indices() {
            let escape = match c {
                '<' => "\\u003c",
                '>' => "\\u003e",
                '&' => "\\u0026",
                '\u{2028}' => "\\u2028",
                '\u{2029}' => "\\u2029",
                _ => continue,
            };
            out.write_all(&fragment.as_bytes()[written..at])?;
            out.write_all(escape.as_bytes())?;
            written = at + c.len_utf8();
        }
        out.write_all(&fragment.as_bytes()[written..])
    }
}

/// The shortest digits that mean this number, with an exponent only where it is very large or very small.
fn number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        // Rust writes 1e21 where Go writes 1e+21.
        return if text.contains("e-") { text } else { text.replace('e', "e+") };
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_escaped_as_go_does() {
        let text = json!("<a href=\"x\">\\ & 'é' 日\u{2028}\u{2029}\n\t\r\u{8}\u{c}\u{1}\u{7f}");
        let expected =
            "\"\\u003ca href=\\\"x\\\"\\u003e\\\\ \\u0026 'é' 日\\u2028\\u2029\\n\\t\\r\\b\\f\\u0001\u{7f}\"";
        assert_eq!(to_string(&text), expected);
        assert_eq!(to_string(&json!({"<": "é<", "a": "&b"})), r#"{"\u003c":"é\u003c","a":"\u0026b"}"#);
    }

    #[test]
    fn numbers_are_written_as_go_does() {
        let numbers = json!([1, -1, 1.0, -0.5, 1e20, 1e21, -1.5e300, 1e-6, 1.5e-7, 0.0, u64::MAX, i64::MIN]);
        let expected = "[1,-1,1,-0.5,100000000000000000000,1e+21,-1.5e+300,0.000001,1.5e-7,0,\
            18446744073709551615,-9223372036854775808]";
        assert_eq!(to_string(&numbers), expected);
    }

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = json!({"b": {"z": 1, "y": [{"d": 1, "c": 2}]}, "a": null});
        assert_eq!(to_string(&sorted(&value)), r#"{"a":null,"b":{"y":[{"c":2,"d":1}],"z":1}}"#);
    }
}
