//! JSON between marks, as Hermes and Qwen write it: `<tool_call>{"name":…,"arguments":{…}}</tool_call>`. Also for
//! models of which only the mark is known, which is why many ways to name a tool are understood.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Body, CallSyntax, Named, enforced, marks, named, object};
use crate::chat::output::literals;
use crate::chat::output::tools::Tools;
use crate::engine::protocol::CallMarks;

/// `<tool_call>{"name":…,"arguments":{…}}</tool_call>`.
pub(in super::super) fn tool_call() -> CallSyntax {
    CallSyntax {
        closes: marks(&["</tool_call>"]),
        enforced: enforced("<tool_call>", object("arguments", false), "</tool_call>"),
        ..after("<tool_call>".into())
    }
}

/// JSON after a mark of which nothing else is known. If the mark is a bracket, it is that of the JSON.
pub(in super::super) fn after(mark: Cow<'static, str>) -> CallSyntax {
    let bare = mark == "{" || mark == "[";
    let read: fn(&str, &Value, &Tools) -> Vec<Named> = if is_named(&mark) { read_named } else { read };
    CallSyntax {
        closes: closing(&mark).into_iter().map(Cow::Owned).collect(),
        enforced: enforced_after(&mark),
        trailers: if mark.ends_with('[') { &["```", "]"] } else { &["```"] },
        opens: if bare { Vec::new() } else { vec![mark] },
        bare,
        body: Body::Json { starts: &["{", "["], read },
        inner: &[],
    }
}

/// A call, or a list of calls where the mark is that of several.
fn enforced_after(mark: &str) -> Option<Box<CallMarks>> {
    let one = object("arguments", false);
    match mark {
        "{" => enforced("", one, ""),
        "[" => enforced("", object("arguments", true), ""),
        "[TOOL_CALLS]" | "<tool_calls>" | "<|tool_call|>" => {
            enforced(mark, object("arguments", true), &closing(mark).unwrap_or_default())
        }
        // What follows is the name.
        mark if is_named(mark) => enforced(mark, named("", ">", ""), &closing(mark).unwrap_or_default()),
        mark if mark.ends_with('[') => enforced(mark, one, "]"),
        mark => enforced(mark, one, &closing(mark).unwrap_or_default()),
    }
}

/// Whether a tool's name follows a mark: `<function=NAME>{…}</function>`.
fn is_named(mark: &str) -> bool {
    mark.starts_with('<') && mark.ends_with('=')
}

/// Arguments of the tool that is named before them, whatever they look like.
fn read_named(before: &str, value: &Value, tools: &Tools) -> Vec<Named> {
    of_mentioned(before, value, tools).unwrap_or_else(|| named_calls(value, tools, 0))
}

/// The mark that closes what another one opens: `</a>` for `<a>` and `<a=`, `[/A]` for `[A]`.
fn closing(open: &str) -> Option<String> {
    let (bracket, end) = match open.chars().next()? {
        '<' => ('<', '>'),
        '[' => ('[', ']'),
        _ => return None,
    };
    let name: String = open.chars().skip(1).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then(|| format!("{bracket}/{name}{end}"))
}

/// Calls in a value: a call, a list of calls, an object by a tool's name, or only the arguments of the tool that is
/// named before it.
pub(in super::super) fn read(before: &str, value: &Value, tools: &Tools) -> Vec<Named> {
    let called = named_calls(value, tools, 0);
    if called.is_empty() { of_mentioned(before, value, tools).unwrap_or_default() } else { called }
}

/// An object as the arguments of the tool that is named before it.
fn of_mentioned(before: &str, value: &Value, tools: &Tools) -> Option<Vec<Named>> {
    let (name, arguments) = (tools.mentioned(before)?, value.as_object()?);
    Some(vec![Named { name: name.to_owned(), arguments: arguments.clone() }])
}

/// The calls in a value that say whom they call, however deep they lie.
fn named_calls(value: &Value, tools: &Tools, depth: usize) -> Vec<Named> {
    match value {
        Value::Object(object) => match call(object, tools) {
            Some(call) => vec![call],
            None if depth < 8 => {
                object.values().flat_map(|value| named_calls(value, tools, depth + 1)).collect()
            }
            None => Vec::new(),
        },
        Value::Array(items) if depth < 8 => {
            items.iter().flat_map(|item| named_calls(item, tools, depth + 1)).collect()
        }
        _ => Vec::new(),
    }
}

fn call(object: &Map<String, Value>, tools: &Tools) -> Option<Named> {
    let name = ["name", "tool_name", "function"].iter().find_map(|key| object.get(*key)?.as_str());
    if let Some(name) = name {
        let keys = ["arguments", "parameters", "args"];
        let arguments = match keys.iter().find_map(|key| object.get(*key)) {
            Some(given) => arguments(given)?,
            // Objects have names for many reasons.
            None if tools.has(known(name, tools)) => Map::new(),
            None => return None,
        };
        return Some(Named { name: known(name, tools).to_owned(), arguments });
    }
    let mut entries = object.iter();
    match (entries.next(), entries.next()) {
        (Some((name, given)), None) if tools.has(name) => {
            Some(Named { name: name.clone(), arguments: arguments(given)? })
        }
        _ => None,
    }
}

/// A tool's own name, where the model put a namespace before it.
fn known<'n>(name: &'n str, tools: &Tools) -> &'n str {
    match name.strip_prefix("functions.") {
        Some(bare) if tools.has(bare) && !tools.has(name) => bare,
        _ => name,
    }
}

/// Arguments are an object, or one in a string, or nothing.
pub(in super::super) fn arguments(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object.clone()),
        Value::Null => Some(Map::new()),
        Value::String(text) if text.trim().is_empty() => Some(Map::new()),
        Value::String(text) => match literals::json(text, false) {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tools_are_named_in_many_ways() {
        let tools = Tools::new(&[json!({"name": "f"}), json!({"name": "g"})]);
        let names = |before: &str, value: Value| -> Vec<String> {
            let calls = read(before, &value, &tools);
            calls
                .iter()
                .map(|call| format!("{}{}", call.name, Value::Object(call.arguments.clone())))
                .collect()
        };
        for (before, value, calls) in [
            ("", json!({"name": "f", "arguments": {"a": 1}}), vec![r#"f{"a":1}"#]),
            ("", json!({"name": "new", "parameters": {}}), vec!["new{}"]),
            ("", json!({"name": "functions.f", "arguments": "{\"a\": 1}"}), vec![r#"f{"a":1}"#]),
            ("", json!({"type": "function", "function": {"name": "g", "arguments": null}}), vec!["g{}"]),
            ("", json!([{"name": "f"}, {"tool_name": "g", "parameters": {}}]), vec!["f{}", "g{}"]),
            ("", json!({"tool_calls": [{"name": "f", "arguments": {}}]}), vec!["f{}"]),
            ("", json!({"f": {"a": 1}}), vec![r#"f{"a":1}"#]),
            ("function=g>", json!({"a": 1}), vec![r#"g{"a":1}"#]),
            ("", json!({"name": "Ana"}), vec![]),
            ("", json!({"name": "f", "arguments": 5}), vec![]),
            ("", json!({"a": 1}), vec![]),
            ("", json!([1, "f"]), vec![]),
        ] {
            assert_eq!(names(before, value.clone()), calls, "{before}{value}");
        }
    }

    #[test]
    fn marks_are_closed_by_their_like() {
        let of = |open| closing(open).unwrap_or_default();
        assert_eq!(
            ["<tool_call>", "<function=", "[TOOL_CALLS] [", "<|x|>", "call"].map(of),
            ["</tool_call>", "</function>", "[/TOOL_CALLS]", "", ""]
        );
    }
}
