//! What answers in all formats become.

mod examples;
mod mistakes;
mod properties;
pub(crate) mod write;

use serde_json::{Value, json};

use super::*;

/// A name of a parser, or what stands for a template.
pub(crate) fn format(name: &str) -> Format {
    match name {
        "go" => Format::of_go("", Some(("<think>", "</think>")), Some("<tool_call>")),
        "go-bare" => Format::of_go("", None, Some("{")),
        "go-mistral" => Format::of_go("", None, Some("[TOOL_CALLS] [")),
        "go-function" => Format::of_go("", Some(("[T]", "[/T]")), Some("<function=")),
        "jinja-hermes" => Format::of_jinja("{{ tools }}<think></think><tool_call>"),
        "jinja-llama" => Format::of_jinja("{{ tools }}<|python_tag|>"),
        name => Format::named(name).unwrap(),
    }
}

/// Formats that are not known by a name.
const INFERRED: [&str; 6] = ["go", "go-bare", "go-mistral", "go-function", "jinja-hermes", "jinja-llama"];

fn all_formats() -> Vec<&'static str> {
    format::NAMES.into_iter().chain(INFERRED).collect()
}

fn tools() -> Vec<Value> {
    let tool = |name: &str, properties: Value| json!({"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": properties}}});
    vec![
        tool("get_weather", json!({"city": {"type": "string"}, "days": {"type": "integer"}})),
        tool("get", json!({"id": {"type": "string"}})),
        tool(
            "any.thing",
            json!({
                "text": {"type": "string"}, "count": {"type": "integer"}, "ratio": {"type": "number"},
                "on": {"type": "boolean"}, "list": {"type": "array"}, "map": {"type": "object"},
            }),
        ),
    ]
}

/// Reads an answer that comes in these parts, and joins texts of one kind.
fn read_parts<'t>(name: &str, reading: &Reading<'_>, parts: impl IntoIterator<Item = &'t str>) -> Vec<Event> {
    let mut reader = Reader::new(&format(name), reading);
    let mut events: Vec<Event> = parts.into_iter().flat_map(|part| reader.push(part)).collect();
    events.extend(reader.finish());
    merged(events)
}

fn merged(events: Vec<Event>) -> Vec<Event> {
    let mut joined: Vec<Event> = Vec::new();
    for event in events {
        match (joined.last_mut(), event) {
            (Some(Event::Content(last)), Event::Content(text))
            | (Some(Event::Thinking(last)), Event::Thinking(text)) => last.push_str(&text),
            (_, event) => joined.push(event),
        }
    }
    joined
}

/// Reads an answer with [`tools`], and checks that single characters say the same.
fn read(name: &str, prompt: &str, text: &str) -> Vec<Event> {
    let tools = tools();
    let reading = Reading { tools: &tools, prompt, ..Reading::default() };
    let whole = read_parts(name, &reading, [text]);
    let mut buffer = [0; 4];
    let characters: Vec<String> = text.chars().map(|c| c.encode_utf8(&mut buffer).to_owned()).collect();
    let slow = read_parts(name, &reading, characters.iter().map(String::as_str));
    assert_eq!(slow, whole, "{name}: {text}");
    whole
}

/// Events in short: `thinking(…)`, `content(…)`, `name{…}`.
fn short(events: &[Event]) -> String {
    let one = |event: &Event| match event {
        Event::Content(text) => format!("content({text})"),
        Event::Thinking(text) => format!("thinking({text})"),
        Event::Call(call) => format!("{}:{}{}", call.index, call.name, Value::Object(call.arguments.clone())),
    };
    events.iter().map(one).collect::<Vec<_>>().join(" ")
}
