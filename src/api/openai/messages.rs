//! Messages of a chat completion, and what they become.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::api::error::Failure;
use crate::chat::Message;

/// A turn of a conversation.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct CompletionMessage {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    role: Option<String>,
    /// Text, or a list of parts `{"type":"text","text":"…"}`.
    #[schema(value_type = Option<Value>)]
    content: Option<Value>,
    /// What the assistant thought before it answered.
    reasoning: Option<String>,
    /// The same by the name that others give it.
    reasoning_content: Option<String>,
    /// Calls that the assistant made.
    #[schema(value_type = Option<Vec<Object>>)]
    tool_calls: Option<Vec<Map<String, Value>>>,
    /// Of a `tool` message: the call that it answers.
    tool_call_id: Option<String>,
    /// Of a `tool` message: the tool's name.
    name: Option<String>,
}

/// Turns all messages of a request into those of a conversation.
///
/// # Errors
/// If a message has no content that can be read.
pub(super) fn convert(messages: Vec<CompletionMessage>) -> Result<Vec<Message>, Failure> {
    if messages.is_empty() {
        return Err(Failure::Invalid("[] is too short - 'messages'".into()));
    }
    let mut converted: Vec<Message> = Vec::with_capacity(messages.len());
    for message in messages {
        let message = one(message, &converted)?;
        converted.push(message);
    }
    Ok(converted)
}

fn one(message: CompletionMessage, before: &[Message]) -> Result<Message, Failure> {
    let calls = message.tool_calls.unwrap_or_default();
    let content = match message.content {
        None | Some(Value::Null) if calls.is_empty() => {
            return Err(Failure::Invalid("invalid message content type: <nil>".into()));
        }
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(Value::Array(parts)) => text_of(parts)?,
        Some(other) => return Err(Failure::Invalid(format!("invalid message content type: {other}"))),
    };
    let tool_calls = calls.into_iter().map(call).collect::<Result<_, _>>()?;
    let name = message.name.or_else(|| called(before, message.tool_call_id.as_deref()?));
    Ok(Message {
        role: message.role.unwrap_or_default().to_lowercase(),
        content,
        thinking: message.reasoning.or(message.reasoning_content).filter(|reasoning| !reasoning.is_empty()),
        tool_calls,
        tool_call_id: message.tool_call_id,
        name,
    })
}

/// The text of a list of parts, one a line.
fn text_of(parts: Vec<Value>) -> Result<String, Failure> {
    let mut texts = Vec::with_capacity(parts.len());
    for part in parts {
        match (part["type"].as_str(), &part["text"]) {
            (Some("text"), Value::String(text)) => texts.push(text.clone()),
            (Some("image_url"), _) => return Err(Failure::NotSupported("image input")),
            (Some("input_audio"), _) => return Err(Failure::NotSupported("audio input")),
            _ => return Err(Failure::Invalid("invalid message format".into())),
        }
    }
    Ok(texts.join("\n"))
}

/// Arguments are JSON in a string on the wire, and an object for templates.
fn call(call: Map<String, Value>) -> Result<Value, Failure> {
    let arguments = match call.get("function").map(|function| &function["arguments"]) {
        Some(Value::String(text)) if text.trim().is_empty() => json!({}),
        Some(Value::String(text)) => serde_json::from_str::<Map<String, Value>>(text)
            .map(Value::Object)
            .map_err(|_| Failure::Invalid("invalid tool call arguments".into()))?,
        Some(object @ Value::Object(_)) => object.clone(),
        _ => return Err(Failure::Invalid("invalid tool call arguments".into())),
    };
    let name = call.get("function").map_or(Value::Null, |function| function["name"].clone());
    let mut converted = Map::new();
    if let Some(id) = call.get("id") {
        converted.insert("id".into(), id.clone());
    }
    converted.insert("type".into(), "function".into());
    converted.insert("function".into(), json!({"name": name, "arguments": arguments}));
    Ok(Value::Object(converted))
}

/// The name of the tool that was called with this id, last.
fn called(before: &[Message], id: &str) -> Option<String> {
    let mut calls = before.iter().rev().flat_map(|message| &message.tool_calls);
    Some(calls.find(|call| call["id"] == id)?["function"]["name"].as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(messages: Value) -> Result<Vec<Message>, String> {
        convert(serde_json::from_value(messages).unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn text_comes_whole_or_in_parts() {
        let messages = json!([
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        ]);
        let expected = vec![Message::new("system", "Be kind."), Message::new("user", "a\nb")];
        assert_eq!(converted(messages).unwrap(), expected);
    }

    #[test]
    fn a_tools_answer_finds_the_name_of_its_call() {
        let messages = converted(json!([
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Cusco\"}"}},
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        ]))
        .unwrap();
        assert_eq!(messages[1].tool_calls[0]["function"]["arguments"], json!({"city": "Cusco"}));
        assert_eq!(messages[2].name.as_deref(), Some("weather"));
    }

    #[test]
    fn bad_messages_are_refused_in_ollamas_words() {
        let message = |content: Value| json!([{"role": "user", "content": content}]);
        let calls = |arguments: Value| json!([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": arguments}}]}]);
        for (messages, error) in [
            (json!([]), "[] is too short - 'messages'"),
            (message(json!(null)), "invalid message content type: <nil>"),
            (message(json!(5)), "invalid message content type: 5"),
            (message(json!(["x"])), "invalid message format"),
            (
                message(json!([{"type": "image_url", "image_url": {"url": "data:"}}])),
                "image input is not supported yet",
            ),
            (calls(json!("{")), "invalid tool call arguments"),
            (calls(json!(null)), "invalid tool call arguments"),
        ] {
            assert_eq!(converted(messages).unwrap_err(), error);
        }
    }
}
