//! The tools of a request, as a reader of answers needs them: names, and the types of parameters.

use serde_json::Value;

use super::literals;
use crate::engine::typing::Types;

/// The tools of a request, in its order.
#[derive(Clone, Debug, Default)]
pub(super) struct Tools {
    tools: Vec<Tool>,
}

#[derive(Clone, Debug)]
struct Tool {
    name: String,
    /// The schema of its arguments.
    parameters: Value,
}

impl Tools {
    /// Tools as on the wire. What has no name is left out.
    pub(super) fn new(tools: &[Value]) -> Self {
        let tool = |tool: &Value| {
            let function = tool.get("function").unwrap_or(tool);
            let name = function["name"].as_str()?.to_owned();
            Some(Tool { name, parameters: function["parameters"].clone() })
        };
        Self { tools: tools.iter().filter_map(tool).collect() }
    }

    /// Whether there is a tool of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// The name of the tool that is mentioned first in a text, as a word; of several at one place the longest.
    pub(super) fn mentioned(&self, text: &str) -> Option<&str> {
        let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let place = |name: &str| {
            let mut places = text.match_indices(name).map(|(at, _)| at);
            places.find(|at| {
                let (before, behind) = (&text[..*at], &text[at + name.len()..]);
                !in_word(before.chars().next_back()) && !in_word(behind.chars().next())
            })
        };
        let names = self.tools.iter().map(|tool| tool.name.as_str()).filter(|name| !name.is_empty());
        let found = names.filter_map(|name| Some((place(name)?, std::cmp::Reverse(name.len()), name)));
        found.min().map(|(.., name)| name)
    }

    /// The names of a tool's parameters, in their order.
    pub(super) fn parameters(&self, name: &str) -> Vec<&str> {
        let properties = self.find(name).and_then(|tool| tool.parameters["properties"].as_object());
        properties.map(|properties| properties.keys().map(String::as_str).collect()).unwrap_or_default()
    }

    /// A value that the model wrote without quotes, in the type that its parameter has; text if it is no value of
    /// that type.
    pub(super) fn typed(&self, tool: &str, parameter: &str, text: &str) -> Value {
        let types = self.find(tool).map(|tool| Types::of_parameter(&tool.parameters, parameter));
        let types = types.unwrap_or_default();
        let word = text.trim();
        let structured = || types.opens(word).then(|| literals::json(word, false)).flatten();
        types.plain(word).or_else(structured).unwrap_or_else(|| Value::String(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_have_the_types_of_their_parameters() {
        let tools = Tools::new(&[
            json!({"type": "function", "function": {"name": "f", "parameters": {"properties": {
                "s": {"type": "string"}, "i": {"type": "integer"}, "n": {"type": ["number", "null"]},
                "b": {"type": "boolean"}, "a": {"type": "array"}, "o": {"properties": {}},
                "any": {"anyOf": [{"type": "integer"}, {"type": "string"}]}, "e": {"enum": [1, 2]},
                "r": {"$ref": "#/$defs/point"},
            }, "$defs": {"point": {"properties": {"x": {}}}}}}}),
        ]);
        for (parameter, text, value) in [
            ("s", "5", json!("5")),
            ("s", "null", json!("null")),
            ("s", " spaces ", json!(" spaces ")),
            ("i", " 5\n", json!(5)),
            ("i", "5.5", json!("5.5")),
            ("i", "null", json!(null)),
            ("n", "5.0", json!(5)),
            ("n", "1e-3", json!(0.001)),
            ("n", "None", json!(null)),
            ("b", "True", json!(true)),
            ("b", "yes", json!("yes")),
            ("a", "[1, 'x',]", json!([1, "x"])),
            ("o", r#"{"k": {}}"#, json!({"k": {}})),
            ("any", "7", json!(7)),
            ("any", "x", json!("x")),
            ("e", "2", json!(2)),
            ("r", r#"{"x": 1}"#, json!({"x": 1})),
            ("unknown", "2", json!("2")),
        ] {
            assert_eq!(tools.typed("f", parameter, text), value, "{parameter} {text}");
        }
    }

    #[test]
    fn the_first_and_longest_name_is_the_one_mentioned() {
        let tools =
            Tools::new(&[json!({"name": "get"}), json!({"function": {"name": "get_all"}}), json!({})]);
        assert_eq!(tools.mentioned("x get_all get"), Some("get_all"));
        assert_eq!(tools.mentioned("get.get_all"), Some("get"));
        assert_eq!(tools.mentioned("target, gets"), None);
    }
}
