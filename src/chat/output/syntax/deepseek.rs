//! `<｜tool▁call▁begin｜>NAME<｜tool▁sep｜>{…}<｜tool▁call▁end｜>`, as DeepSeek V3.1 writes it; before that, and in Cogito,
//! `function<｜tool▁sep｜>NAME` and the JSON in a fence.

use serde_json::Value;

use super::{Body, CallSyntax, Named, enforced, hermes, led, marks, named};
use crate::chat::output::tools::Tools;

/// Stands around all calls of an answer.
pub(in super::super) const AROUND: &[&str] = &["<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"];

const OPEN: &str = "<｜tool▁call▁begin｜>";
const CLOSE: &str = "<｜tool▁call▁end｜>";
const SEPARATOR: &str = "<｜tool▁sep｜>";

/// A name, and JSON.
pub(in super::super) fn calls() -> CallSyntax {
    CallSyntax {
        opens: marks(&[OPEN]),
        closes: marks(&[CLOSE]),
        trailers: &["```"],
        bare: false,
        body: Body::Json { starts: &["{"], read },
        inner: &[SEPARATOR],
        enforced: led(AROUND[0], enforced(OPEN, named("", SEPARATOR, ""), CLOSE)),
    }
}

/// `function`, a name, and JSON in a fence.
pub(in super::super) fn fenced() -> CallSyntax {
    let body = named(&format!("function{SEPARATOR}"), "\n```json\n", "\n```");
    CallSyntax { enforced: led(AROUND[0], enforced(OPEN, body, CLOSE)), ..calls() }
}

fn read(before: &str, value: &Value, tools: &Tools) -> Vec<Named> {
    let Some((kind, name)) = before.split_once(SEPARATOR) else { return hermes::read(before, value, tools) };
    let name = name.split("```").next().unwrap_or_default().trim();
    let name = if name.is_empty() { kind.trim() } else { name };
    match hermes::arguments(value) {
        Some(arguments) if !name.is_empty() => vec![Named { name: name.to_owned(), arguments }],
        _ => Vec::new(),
    }
}
