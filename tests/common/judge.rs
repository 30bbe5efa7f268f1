//! Judges the answers of the built-in model, as `models/chasqui/chasqui/judge.py` does.

use std::collections::HashSet;

use serde_json::Value;

/// A question of the held-out set, and how its answer is judged.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Question {
    pub(crate) think: bool,
    pub(crate) messages: Value,
    pub(crate) tools: Value,
    check: Check,
}

/// What makes an answer right.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
enum Check {
    /// It is this text.
    Exact { text: String },
    /// It has these parts and none of those, whatever the case of letters.
    Contains { parts: Vec<String>, never: Vec<String> },
    /// It has no lower-case letter, and has these parts.
    Upper { parts: Vec<String> },
    /// It is JSON of this value.
    Json { value: Value },
    /// It is these calls, in any order.
    Calls { calls: Vec<Value> },
    /// It is that long, does not loop, and has these parts.
    Story { parts: Vec<String>, min_tokens: u64 },
}

impl Question {
    /// Whether an answer of so many tokens is right, its thoughts included.
    pub(crate) fn is_right(&self, message: &Value, tokens: u64) -> bool {
        let thought = message["thinking"].as_str().is_some_and(|thoughts| !thoughts.is_empty());
        let text = message["content"].as_str().unwrap_or_default();
        thought == self.think && !text.contains("think>") && self.check.is_right(text.trim(), message, tokens)
    }
}

/// The tool calls of a message, without their ids.
pub(crate) fn calls(message: &Value) -> Vec<Value> {
    let call = |call: &Value| {
        let function = &call["function"];
        serde_json::json!({"name": function["name"], "arguments": function["arguments"]})
    };
    message["tool_calls"].as_array().into_iter().flatten().map(call).collect()
}

impl Check {
    fn is_right(&self, text: &str, message: &Value, tokens: u64) -> bool {
        match self {
            Self::Exact { text: wanted } => text == wanted.trim(),
            Self::Contains { parts, never } => {
                // A call is never among the parts: where none is wanted, its mark is forbidden.
                let called = never.iter().any(|part| part == "<tool_call>") && !calls(message).is_empty();
                has_all(text, parts) && !never.iter().any(|part| has(text, part)) && !called
            }
            Self::Upper { parts } => text == text.to_uppercase() && has_all(text, parts),
            Self::Json { value } => serde_json::from_str::<Value>(text).is_ok_and(|found| found == *value),
            Self::Calls { calls: wanted } => {
                let mut found = calls(message);
                found.len() == wanted.len()
                    && wanted.iter().all(|wanted| {
                        let at = found.iter().position(|call| call == wanted);
                        at.map(|at| found.swap_remove(at)).is_some()
                    })
            }
            Self::Story { parts, min_tokens } => {
                tokens >= *min_tokens && !is_looping(text) && has_all(text, parts)
            }
        }
    }
}

fn has(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

fn has_all(text: &str, parts: &[String]) -> bool {
    parts.iter().all(|part| has(text, part))
}

/// Whether more than one in twenty runs of eight words comes again.
fn is_looping(text: &str) -> bool {
    let text = text.to_lowercase();
    let words: Vec<_> =
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
    let runs = words.windows(8).count();
    let different = words.windows(8).collect::<HashSet<_>>().len();
    runs - different > runs / 20
}
