//! `<tool_call>NAME<arg_key>K</arg_key><arg_value>V</arg_value>…</tool_call>`, as GLM 4.5 and later write it. Values
//! have the types of the tool's parameters.

use serde_json::Map;

use super::{Body, CallSyntax, Care, Named, around, enforced, marks, parameters};
use crate::chat::output::tools::Tools;
use crate::engine::protocol::Parameters;

const OPEN: &str = "<tool_call>";
const CLOSE: &str = "</tool_call>";
const KEY: (&str, &str) = ("<arg_key>", "</arg_key>");
const VALUE: (&str, &str) = ("<arg_value>", "</arg_value>");

/// A name, and pairs of keys and values.
pub(in super::super) fn arguments() -> CallSyntax {
    CallSyntax {
        opens: marks(&[OPEN]),
        closes: marks(&[CLOSE]),
        trailers: &[],
        bare: false,
        body: Body::Text { read, is_closed: false },
        inner: &[KEY.0, KEY.1, VALUE.0, VALUE.1],
        enforced: enforced(OPEN, parameters(form(), &[VALUE.1, CLOSE]), CLOSE),
    }
}

fn form() -> Parameters {
    Parameters { key: around(KEY), value: around(VALUE), ..Parameters::default() }
}

fn read(text: &str, care: Care, tools: &Tools) -> Option<Vec<Named>> {
    let text = text.strip_prefix(OPEN)?;
    let (name, mut rest) = text.split_at(text.find(KEY.0).unwrap_or(text.len()));
    let name = name.trim();
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || ['<', '{', '"'].contains(&c)) {
        return None;
    }
    let mut arguments = Map::new();
    while let Some((before, pair)) = rest.split_once(KEY.0) {
        if care == Care::Strict && !before.trim().is_empty() {
            return None;
        }
        let (key, pair) = pair.split_once(KEY.1)?;
        let text = pair.trim_start().strip_prefix(VALUE.0)?;
        let (value, behind) = value(text, care)?;
        let key = key.trim();
        arguments.insert(key.to_owned(), tools.typed(name, key, value));
        rest = behind;
    }
    let is_whole = care == Care::Lenient || rest.trim().is_empty();
    is_whole.then(|| vec![Named { name: name.to_owned(), arguments }])
}

/// A value, and what comes behind it. Its end may be a part of the value: then no key follows.
fn value(text: &str, care: Care) -> Option<(&str, &str)> {
    for (at, end) in text.match_indices(VALUE.1) {
        let behind = &text[at + end.len()..];
        let next = behind.trim_start();
        if next.is_empty() || next.starts_with(KEY.0) {
            return Some((&text[..at], behind));
        }
    }
    if care == Care::Strict {
        return None;
    }
    let end = text.find(VALUE.1).or_else(|| text.find(KEY.0)).unwrap_or(text.len());
    Some((&text[..end], &text[end..]))
}
