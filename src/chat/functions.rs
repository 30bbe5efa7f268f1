//! What `transformers` adds to Jinja for chat templates: `raise_exception`, `strftime_now`, and a `tojson`
//! that neither escapes HTML nor packs tightly.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// Begins the detail of errors that `raise_exception` makes.
pub(super) const RAISED: &str = "raised: ";

pub(super) fn add_to(environment: &mut Environment<'static>) {
    environment.add_function("raise_exception", raise_exception);
    environment.add_function("strftime_now", strftime_now);
    environment.add_filter("tojson", tojson);
    environment.add_test("iterable", is_iterable);
}

/// As in Python, where `None` is not, and so templates ask for it before the length.
fn is_iterable(value: &Value) -> bool {
    !matches!(value.kind(), ValueKind::None | ValueKind::Bool | ValueKind::Number)
}

fn raise_exception(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, format!("{RAISED}{message}")))
}

fn strftime_now(format: &str) -> Result<String, Error> {
    jiff::fmt::strtime::format(format, &jiff::Zoned::now())
        .map_err(|e| Error::new(ErrorKind::InvalidOperation, format!("strftime_now: {e}")))
}

/// `json.dumps(value, ensure_ascii=False, indent=indent)` of Python; its other arguments are accepted where
/// they would change nothing.
fn tojson(value: &Value, indent: Option<usize>, options: Kwargs) -> Result<String, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => options.get("indent")?,
    };
    let _: Option<bool> = options.get("ensure_ascii")?;
    let sorted: Option<bool> = options.get("sort_keys")?;
    options.assert_all_used()?;
    let failed = |e: serde_json::Error| Error::new(ErrorKind::BadSerialization, e.to_string());
    let mut json = serde_json::to_value(value).map_err(failed)?;
    if sorted == Some(true) {
        json.sort_all_objects();
    }
    let mut out = Vec::new();
    match indent {
        Some(width) => {
            let spaces = vec![b' '; width.min(16)];
            json.serialize(&mut Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(&spaces)))
        }
        None => json.serialize(&mut Serializer::with_formatter(&mut out, Spaced)),
    }
    .map_err(failed)?;
    String::from_utf8(out).map_err(|e| Error::new(ErrorKind::BadSerialization, e.to_string()))
}

/// Python's separators: a space after each comma and each colon.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, out: &mut W) -> std::io::Result<()> {
        out.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use minijinja::context;
    use minijinja::value::Serde;
    use serde_json::json;

    use super::*;

    fn render(template: &str) -> String {
        let mut environment = Environment::new();
        add_to(&mut environment);
        let value = json!({"b": [1, 2.5, null], "a": {"text": "<é> & 'x'"}, "none": [], "empty": {}});
        environment.render_str(template, context! { value => Value::from(Serde(value)) }).unwrap()
    }

    #[test]
    fn json_looks_as_python_prints_it() {
        let expected = r#"{"b": [1, 2.5, null], "a": {"text": "<é> & 'x'"}, "none": [], "empty": {}}"#;
        assert_eq!(render("{{ value | tojson }}"), expected);
        assert_eq!(render("{{ value | tojson(ensure_ascii=False) }}"), expected);
        insta::assert_snapshot!(render("{{ value | tojson(indent=4) }}"), @r#"
        {
            "b": [
                1,
                2.5,
                null
            ],
            "a": {
                "text": "<é> & 'x'"
            },
            "none": [],
            "empty": {}
        }
        "#);
        assert!(render("{{ value | tojson(sort_keys=true) }}").starts_with(r#"{"a": "#));
    }

    #[test]
    fn nothing_is_not_iterable() {
        for (value, expected) in [
            ("none", "False"),
            ("1", "False"),
            ("true", "False"),
            ("[]", "True"),
            ("{}", "True"),
            ("'a'", "True"),
        ] {
            assert_eq!(render(&format!("{{{{ {value} is iterable }}}}")), expected, "{value}");
        }
        assert_eq!(render("{{ unknown is iterable }}"), "True");
    }

    #[test]
    fn the_date_is_todays() {
        let today = jiff::Zoned::now().strftime("%Y").to_string();
        assert!(render("{{ strftime_now('%d %b %Y') }}").ends_with(&today));
    }
}
