//! The tools of a request, as a reader of answers needs them: names, and the types of parameters.

use serde_json::{Map, Value};

use super::literals::{self, constant};

/// The tools of a request, in its order.
#[derive(Clone, Debug, Default)]
pub(super) struct Tools {
    tools: Vec<Tool>,
}

#[derive(Clone, Debug)]
struct Tool {
    name: String,
    properties: Map<String, Value>,
}

impl Tools {
    /// Tools as on the wire. What has no name is left out.
    pub(super) fn new(tools: &[Value]) -> Self {
        let tool = |tool: &Value| {
            let function = tool.get("function").unwrap_or(tool);
            let properties = function["parameters"]["properties"].as_object();
            Some(Tool {
                name: function["name"].as_str()?.to_owned(),
                properties: properties.cloned().unwrap_or_default(),
            })
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
        self.find(name).map(|tool| tool.properties.keys().map(String::as_str).collect()).unwrap_or_default()
    }

    /// A value that the model wrote without quotes, in the type that its parameter has; text if it is no value of
    /// that type.
    pub(super) fn typed(&self, tool: &str, parameter: &str, text: &str) -> Value {
        let mut types = Vec::new();
        if let Some(schema) = self.find(tool).and_then(|tool| tool.properties.get(parameter)) {
            collect_types(schema, 0, &mut types);
        }
        let word = text.trim();
        let value = match constant(word) {
            Some(Value::Null) if types.iter().any(|t| *t != "string") => Some(Value::Null),
            Some(Value::Bool(on)) if types.contains(&"boolean") => Some(on.into()),
            Some(Value::Number(number)) if types.contains(&"integer") && !number.is_f64() => {
                Some(number.into())
            }
            Some(Value::Number(number)) if types.contains(&"number") => Some(whole(&number)),
            _ => None,
        };
        let opens = [("array", '['), ("object", '{')];
        let opened = opens.iter().any(|(kind, open)| types.contains(kind) && word.starts_with(*open));
        let structured = || opened.then(|| literals::json(word, false)).flatten();
        value.or_else(structured).unwrap_or_else(|| Value::String(text.to_owned()))
    }
}

/// A whole number is written as one.
fn whole(number: &serde_json::Number) -> Value {
    match number.as_f64() {
        Some(n) if number.is_f64() && n.fract() == 0.0 && n.abs() < 9e15 => (n as i64).into(),
        _ => number.clone().into(),
    }
}

/// The types that a schema allows, also by its alternatives and by its values.
fn collect_types<'s>(schema: &'s Value, depth: usize, types: &mut Vec<&'s str>) {
    if depth > 8 {
        return;
    }
    match &schema["type"] {
        Value::String(one) => types.push(one),
        Value::Array(several) => types.extend(several.iter().filter_map(Value::as_str)),
        _ if schema.get("properties").is_some() => types.push("object"),
        _ => {}
    }
    for list in ["anyOf", "oneOf", "allOf"] {
        for schema in schema[list].as_array().into_iter().flatten() {
            collect_types(schema, depth + 1, types);
        }
    }
    if types.is_empty() {
        types.extend(
            schema["enum"].as_array().into_iter().flatten().map(|value| -> &'s str { type_of(value) }),
        );
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
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
            }}}}),
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
