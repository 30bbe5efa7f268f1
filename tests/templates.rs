//! Chat templates of known families make the prompts that `transformers` makes of them.
//!
//! `tests/data/templates` has the templates, the conversations, and what `transformers` renders
//! (`tests/clients/templates/render.py`). What it refuses, we refuse.

// Helpers of tests are not themselves tests to clippy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use quipu::chat::{Conversation, Message, Renderer, Templates, Think};
use quipu::engine::protocol::ModelFacts;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    messages: Vec<Value>,
    #[serde(default)]
    tools: Vec<Value>,
    think: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Golden {
    Text(String),
    Error(String),
}

fn folder() -> PathBuf {
    let other = std::env::var_os("QUIPU_TEMPLATES").map(PathBuf::from);
    other.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/templates").into())
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn message(json: &Value) -> Message {
    let text = |key: &str| json.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    Message {
        role: text("role").unwrap(),
        content: text("content").unwrap(),
        thinking: text("reasoning_content"),
        tool_calls: json.get("tool_calls").and_then(Value::as_array).cloned().unwrap_or_default(),
        tool_call_id: text("tool_call_id"),
        name: text("name"),
    }
}

/// Puts today's dates where the golden texts have their formats, between U+0001 and U+0002.
fn dated(text: &str) -> String {
    let mut parts = text.split('\u{1}');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (format, rest) = part.split_once('\u{2}').unwrap();
        out += &jiff::Zoned::now().strftime(format).to_string();
        out += rest;
    }
    out
}

#[tokio::test]
async fn templates_of_known_families_render_as_transformers_renders_them() {
    let cases: BTreeMap<String, Case> = read("cases.json");
    let golden: BTreeMap<String, BTreeMap<String, Golden>> = read("golden.json");
    assert!(golden.len() >= 20);
    let mut wrong = Vec::new();
    for (template, expected) in &golden {
        let facts = ModelFacts {
            bos: "<bos>".into(),
            eos: "<eos>".into(),
            chat_template: Some(std::fs::read_to_string(folder().join(template)).unwrap()),
            ..ModelFacts::default()
        };
        for (name, case) in &cases {
            let messages = case.messages.iter().map(message).collect();
            let think = match case.think {
                None => Think::Unset,
                Some(false) => Think::Off,
                Some(true) => Think::On,
            };
            let conversation = Conversation { messages, tools: case.tools.clone(), think };
            let found = Renderer::default().render(Templates { go: None, facts: &facts }, conversation).await;
            match (&expected[name], found) {
                (Golden::Text(text), Ok(found)) if dated(text) == found => {}
                (Golden::Error(_), Err(_)) => {}
                (Golden::Text(text), Ok(found)) => {
                    wrong.push(format!("{template}, {name}:\n--- expected\n{text}\n--- found\n{found}\n"));
                }
                (Golden::Text(_), Err(error)) => wrong.push(format!("{template}, {name}: {error}\n")),
                (Golden::Error(error), Ok(found)) => {
                    wrong.push(format!("{template}, {name}: transformers says {error}, we {found}\n"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.concat());
}
