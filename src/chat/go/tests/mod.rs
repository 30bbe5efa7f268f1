//! The room as a whole: prompts of well-known templates, what is asked of templates, and hostile ones.

mod families;
mod hostile;
mod language;
mod legacy;
mod questions;
mod random;
mod tools;

use serde_json::json;

use super::*;

fn parse(template: &str) -> GoTemplate {
    GoTemplate::parse(template).unwrap()
}

/// The prompt of a conversation without tools.
fn chat(template: &str, messages: &[Message]) -> String {
    parse(template).render(&Values { messages, ..Values::default() }).unwrap()
}

/// The prompt of a conversation with [`weather_tools`].
fn chat_with_tools(template: &str, messages: &[Message], think: Think) -> String {
    let tools = weather_tools();
    parse(template).render(&Values { messages, tools: &tools, think, ..Values::default() }).unwrap()
}

/// A template in which every action may stand: the dot is the first message.
fn on_message(action: &str, message: Message) -> String {
    chat(&format!("{{{{ range .Messages }}}}{action}{{{{ end }}}}"), &[message])
}

fn system_user_assistant_user() -> Vec<Message> {
    vec![
        Message::new("system", "You are a pirate."),
        Message::new("user", "Hello!"),
        Message::new("assistant", "Ahoy!"),
        Message::new("user", "Where to?"),
    ]
}

fn weather_tools() -> Vec<Value> {
    vec![
        json!({
            "type": "function",
            "function": {
                "name": "get_weather",
                "description": "Weather of a city <now> & later",
                "parameters": {
                    "type": "object",
                    "required": ["city"],
                    "properties": {
                        "unit": {"type": "string", "enum": ["C", "F"], "description": "the unit", "default": 1},
                        "city": {"type": "string", "description": "a \"city\""},
                        "days": {"type": ["integer", "null"]},
                    },
                    "additionalProperties": false,
                },
            },
        }),
        json!({
            "type": "function",
            "function": {"name": "now", "parameters": {"type": "object", "properties": {}}},
        }),
    ]
}

/// A question, two calls with thoughts before them, their results, an answer, another question.
fn weather_talk() -> Vec<Message> {
    let call = |name: &str, arguments: Value| json!({"type": "function", "function": {"name": name, "arguments": arguments}});
    vec![
        Message::new("system", "Be brief."),
        Message::new("user", "Weather in Zürich?"),
        Message {
            thinking: Some("I need both.".into()),
            tool_calls: vec![
                call("get_weather", json!({"unit": "C", "city": "Zürich & <Umland>"})),
                call("now", json!({})),
            ],
            ..Message::new("assistant", "")
        },
        Message { name: Some("get_weather".into()), ..Message::new("tool", "{\"t\": 3}") },
        Message { name: Some("now".into()), ..Message::new("tool", "12:00") },
        Message { thinking: Some("Easy.".into()), ..Message::new("assistant", "3 degrees.") },
        Message::new("user", "Thanks!"),
    ]
}
