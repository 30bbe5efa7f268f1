//! Calls and parameters as elements, each value as it is: `<function=NAME><parameter=P>VALUE</parameter></function>`
//! (Qwen3-Coder, Qwen3.5, Nemotron 3) and its like. Values have the types of the tool's parameters.

use serde_json::Map;

use super::{Body, CallSyntax, Care, Named, around, enforced, marks, parameters};
use crate::chat::output::tools::Tools;
use crate::engine::protocol::{Notation, Parameters};

/// Within `<tool_call>`, which some models leave out.
pub(in super::super) fn function() -> CallSyntax {
    let ends = ["</parameter>", "</function>", "</tool_call>"];
    let body = parameters(FUNCTION.form("</function>"), &ends);
    CallSyntax {
        opens: marks(&["<tool_call>", FUNCTION.call.0]),
        closes: marks(&["</function>", "</tool_call>"]),
        trailers: &[],
        bare: false,
        body: Body::Text { read: |text, care, tools| read(text, care, tools, &FUNCTION), is_closed: false },
        inner: &["<parameter=", "</parameter>"],
        enforced: enforced("<tool_call>", body, "</tool_call>"),
    }
}

const FUNCTION: Elements =
    Elements { call: ("<function=", ">"), parameter: ("<parameter=", ">"), end: "</parameter>" };

/// What stands around names, and behind values.
pub(super) struct Elements {
    pub(super) call: (&'static str, &'static str),
    pub(super) parameter: (&'static str, &'static str),
    pub(super) end: &'static str,
}

impl Elements {
    /// How a call is written that `end` ends.
    pub(super) fn form(&self, end: &str) -> Parameters {
        Parameters {
            before: self.call.0.into(),
            behind: self.call.1.into(),
            key: around(self.parameter),
            value: around(("", self.end)),
            end: end.into(),
            notation: Notation::Text { lines: true },
            ..Parameters::default()
        }
    }
}

/// One call, up to what closes it.
pub(super) fn read(text: &str, care: Care, tools: &Tools, elements: &Elements) -> Option<Vec<Named>> {
    let (before, text) = text.split_once(elements.call.0)?;
    if care == Care::Strict && !before.trim().trim_start_matches("<tool_call>").trim().is_empty() {
        return None;
    }
    let (name, mut rest) = text.split_once(elements.call.1)?;
    let name = name.trim();
    let mut arguments = Map::new();
    while let Some((before, text)) = rest.split_once(elements.parameter.0) {
        if care == Care::Strict && !before.trim().is_empty() {
            return None;
        }
        let (key, text) = text.split_once(elements.parameter.1)?;
        let (value, behind) = value(text, care, elements)?;
        let value = value.strip_prefix('\n').unwrap_or(value);
        let value = value.strip_suffix('\n').unwrap_or(value);
        arguments.insert(key.trim().to_owned(), tools.typed(name, key.trim(), value));
        rest = behind;
    }
    let is_whole = care == Care::Lenient || rest.trim().is_empty();
    let is_name = !name.is_empty() && !name.contains(['<', '\n']);
    (is_whole && is_name).then(|| vec![Named { name: name.to_owned(), arguments }])
}

/// A value, and what comes behind it. Its end may be a part of the value: then no parameter follows.
fn value<'t>(text: &'t str, care: Care, elements: &Elements) -> Option<(&'t str, &'t str)> {
    for (at, end) in text.match_indices(elements.end) {
        let behind = &text[at + end.len()..];
        let next = behind.trim_start();
        if next.is_empty() || next.starts_with(elements.parameter.0) {
            return Some((&text[..at], behind));
        }
    }
    if care == Care::Strict {
        return None;
    }
    let end = text.find(elements.end).or_else(|| text.find(elements.parameter.0)).unwrap_or(text.len());
    Some((&text[..end], &text[end..]))
}
