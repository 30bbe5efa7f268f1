//! Fields that `generate` and `chat` have in common, and what they mean.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::error::Failure;
use crate::chat::Think;

/// The model's name is called `model`, and by some clients `name`.
pub(super) fn model_name(model: Option<String>, name: Option<String>) -> String {
    model.filter(|m| !m.is_empty()).or(name).unwrap_or_default()
}

/// `think`: a switch or a level.
///
/// # Errors
/// [`Failure::Invalid`] in Ollama's words.
pub(super) fn think(value: Option<&Value>) -> Result<Think, Failure> {
    match value {
        None | Some(Value::Null) => Ok(Think::Unset),
        Some(Value::Bool(false)) => Ok(Think::Off),
        Some(Value::Bool(true)) => Ok(Think::On),
        Some(Value::String(level)) if ["high", "medium", "low", "max"].contains(&level.as_str()) => {
            Ok(Think::Level(level.clone()))
        }
        Some(other) => {
            let shown = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            Err(Failure::Invalid(format!(
                "invalid think value: {shown:?} (must be \"high\", \"medium\", \"low\", \"max\", true, or false)"
            )))
        }
    }
}

/// Whether there are images; an empty list is none.
pub(super) fn any_images(images: Option<&Vec<Value>>) -> bool {
    images.is_some_and(|images| !images.is_empty())
}

/// A turn of a conversation.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ChatMessage {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: Option<String>,
    /// The text.
    pub content: Option<String>,
    /// What the assistant thought before it answered.
    pub thinking: Option<String>,
    /// Images in base64. Not supported yet.
    #[schema(value_type = Option<Vec<String>>)]
    pub images: Option<Vec<Value>>,
    /// Calls that the assistant made.
    #[schema(value_type = Option<Vec<Object>>)]
    pub tool_calls: Option<Vec<Map<String, Value>>>,
    /// Of a `tool` message: the tool's name.
    pub tool_name: Option<String>,
    /// Of a `tool` message: the call that it answers.
    pub tool_call_id: Option<String>,
}

impl From<ChatMessage> for crate::chat::Message {
    fn from(message: ChatMessage) -> Self {
        Self {
            role: message.role.unwrap_or_default().to_lowercase(),
            content: message.content.unwrap_or_default(),
            thinking: message.thinking.filter(|thinking| !thinking.is_empty()),
            tool_calls: message.tool_calls.unwrap_or_default().into_iter().map(tool_call).collect(),
            tool_call_id: message.tool_call_id,
            name: message.tool_name,
        }
    }
}

/// Ollama's calls have no `type`; templates expect one.
fn tool_call(mut call: Map<String, Value>) -> Value {
    call.entry("type").or_insert_with(|| "function".into());
    Value::Object(call)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_will_do_for_a_model() {
        assert_eq!(model_name(Some("a".into()), Some("b".into())), "a");
        assert_eq!(model_name(Some(String::new()), Some("b".into())), "b");
        assert_eq!(model_name(None, None), "");
    }

    #[test]
    fn thinking_is_a_switch_or_a_level() {
        assert_eq!(think(None).unwrap(), Think::Unset);
        assert_eq!(think(Some(&json!(false))).unwrap(), Think::Off);
        assert_eq!(think(Some(&json!(true))).unwrap(), Think::On);
        assert_eq!(think(Some(&json!("low"))).unwrap(), Think::Level("low".into()));
        let error = think(Some(&json!("hard"))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid think value: \"hard\" (must be \"high\", \"medium\", \"low\", \"max\", true, or false)"
        );
    }

    #[test]
    fn messages_take_the_shape_that_templates_read() {
        let message: ChatMessage = serde_json::from_value(json!({
            "role": "Assistant", "content": null, "images": [], "thinking": "",
            "tool_calls": [{"id": "call_1", "function": {"name": "f", "arguments": {"b": 1, "a": 2}}}],
        }))
        .unwrap();
        let message = crate::chat::Message::from(message);
        insta::assert_snapshot!(serde_json::to_string(&message).unwrap(), @r#"{"role":"assistant","content":"","tool_calls":[{"id":"call_1","function":{"name":"f","arguments":{"b":1,"a":2}},"type":"function"}]}"#);
    }
}
