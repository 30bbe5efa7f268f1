//! Messages and tools as templates see them: Ollama's Go structs, as gotmpl's values.
//!
//! ```text
//!   .Messages ─ [ Role Content Thinking Images ToolName ToolCallID ToolCalls ]
//!                                                                 └ [ ID Function ]
//!                                                                        └ Index Name Arguments
//!   .Tools    ─ [ Type Items Function ]
//!                            └ Name Description Parameters
//!                                               └ Type Defs Items Required Properties
//!                                                                          └ name ▶ property
//!   property  ─ AnyOf Type Items Description Enum Properties Required
//! ```
//!
//! Structs become maps. Tools, calls and what is in them also have JSON, by which they are printed: see
//! [`super::notes`].

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::Value;
use serde_json::{Map, Value as Json, json};

use super::json;
use super::notes::Notes;
use crate::chat::Message;

/// `.Messages`
pub(super) fn messages(messages: &[Message], notes: &mut Notes) -> Value {
    list(messages.iter().map(|message| {
        let calls = tool_calls(&message.tool_calls, notes);
        fields([
            ("Role", text(&message.role)),
            ("Content", text(&message.content)),
            ("Thinking", text(message.thinking.as_deref().unwrap_or_default())),
            // Where the images are, the content says: see `mark_images`.
            ("Images", list([])),
            ("ToolCalls", calls),
            ("ToolName", text(message.name.as_deref().unwrap_or_default())),
            ("ToolCallID", text(message.tool_call_id.as_deref().unwrap_or_default())),
        ])
    }))
}

fn tool_calls(calls: &[Json], notes: &mut Notes) -> Value {
    let (values, jsons): (Vec<_>, Vec<_>) =
        calls.iter().enumerate().map(|(index, call)| tool_call(index, call, notes)).unzip();
    notes.note(list(values), &Json::Array(jsons))
}

/// A call as a value and as JSON.
fn tool_call(index: usize, call: &Json, notes: &mut Notes) -> (Value, Json) {
    let function = &call["function"];
    let index = function["index"].as_u64().unwrap_or(index as u64);
    let arguments = match &function["arguments"] {
        Json::Object(_) => json::sorted(&function["arguments"]),
        _ => json!({}),
    };
    let json = json!({ "index": index, "name": string_of(&function["name"]), "arguments": arguments });
    let arguments = notes.note(any(&arguments), &arguments);
    let called = fields([
        ("Index", Value::Int(i64::try_from(index).unwrap_or(i64::MAX))),
        ("Name", text_of(&function["name"])),
        ("Arguments", arguments),
    ]);
    let called = notes.note(called, &json);
    let json = match &call["id"] {
        Json::String(id) => json!({ "id": id, "function": json }),
        _ => json!({ "function": json }),
    };
    let value = notes.note(fields([("ID", text_of(&call["id"])), ("Function", called)]), &json);
    (value, json)
}

/// `.Tools`: of tools in the shape of the wire, `{"type","function":{"name","description","parameters"}}`,
/// the keys that Ollama keeps.
pub(super) fn tools(tools: &[Json], notes: &mut Notes) -> Value {
    if tools.is_empty() {
        // Go prints a list that is not there this way.
        return notes.note(list([]), &Json::Null);
    }
    let jsons: Vec<Json> = tools.iter().map(tool_json).collect();
    let values = list(jsons.iter().map(|json| tool(json, notes)).collect::<Vec<_>>());
    notes.note(values, &Json::Array(jsons))
}

/// What is printed of a tool, in the order of Go's structs.
fn tool_json(tool: &Json) -> Json {
    let function = &tool["function"];
    let parameters = &function["parameters"];
    let mut kept = Map::new();
    kept.insert("type".into(), string_of(&parameters["type"]).into());
    keep(&mut kept, "$defs", json::sorted(&parameters["$defs"]));
    keep(&mut kept, "items", json::sorted(&parameters["items"]));
    keep(&mut kept, "required", strings(&parameters["required"]));
    let properties = properties_json(&parameters["properties"]);
    kept.insert(
        "properties".into(),
        properties.map_or(Json::Null, |mut properties| {
            properties.sort_keys();
            Json::Object(properties)
        }),
    );
    let function = json!({
        "name": string_of(&function["name"]),
        "description": string_of(&function["description"]),
        "parameters": kept,
    });
    let mut kept = Map::new();
    kept.insert("type".into(), string_of(&tool["type"]).into());
    keep(&mut kept, "items", json::sorted(&tool["items"]));
    kept.insert("function".into(), function);
    Json::Object(kept)
}

/// Properties in the order in which they came.
fn properties_json(properties: &Json) -> Option<Map<String, Json>> {
    let properties = properties.as_object()?;
    Some(properties.iter().map(|(name, property)| (name.clone(), property_json(property))).collect())
}

fn property_json(property: &Json) -> Json {
    let array = |name: &str| property[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let types = match &property["type"] {
        Json::String(_) => property["type"].clone(),
        Json::Array(types) if types.len() == 1 => types[0].clone(),
        Json::Array(_) => strings(&property["type"]),
        _ => Json::Null,
    };
    let mut kept = Map::new();
    keep(&mut kept, "anyOf", array("anyOf").iter().map(property_json).collect());
    keep(&mut kept, "type", types);
    keep(&mut kept, "items", json::sorted(&property["items"]));
    keep(&mut kept, "description", string_of(&property["description"]).into());
    keep(&mut kept, "enum", array("enum").iter().map(json::sorted).collect());
    if let Some(properties) = properties_json(&property["properties"]) {
        kept.insert("properties".into(), Json::Object(properties));
    }
    keep(&mut kept, "required", strings(&property["required"]));
    Json::Object(kept)
}

/// Adds what is there and not empty.
fn keep(object: &mut Map<String, Json>, key: &str, value: Json) {
    let empty = match &value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    };
    if !empty {
        object.insert(key.into(), value);
    }
}

fn strings(value: &Json) -> Json {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter(|item| item.is_string()).cloned().collect()
}

fn string_of(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

/// A tool, from the JSON of [`tool_json`].
fn tool(json: &Json, notes: &mut Notes) -> Value {
    let function = &json["function"];
    let parameters = &function["parameters"];
    let properties = properties(&parameters["properties"], notes);
    let value = fields([
        ("Type", text_of(&parameters["type"])),
        ("Defs", any(&parameters["$defs"])),
        ("Items", any(&parameters["items"])),
        ("Required", any_list(&parameters["required"])),
        ("Properties", properties),
    ]);
    let value = notes.note(value, parameters);
    let value = fields([
        ("Name", text_of(&function["name"])),
        ("Description", text_of(&function["description"])),
        ("Parameters", value),
    ]);
    let value = notes.note(value, function);
    let value =
        fields([("Type", text_of(&json["type"])), ("Items", any(&json["items"])), ("Function", value)]);
    notes.note(value, json)
}

fn properties(json: &Json, notes: &mut Notes) -> Value {
    let Some(object) = json.as_object() else { return notes.note(fields([]), &json!({})) };
    let values = object.iter().map(|(name, json)| (Arc::from(name.as_str()), property(json, notes)));
    let values = Value::Map(Arc::new(values.collect()));
    notes.note(values, json)
}

fn property(json: &Json, notes: &mut Notes) -> Value {
    let alternatives = json["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    let alternatives = list(alternatives.iter().map(|json| property(json, notes)).collect::<Vec<_>>());
    let nested =
        if json["properties"].is_object() { properties(&json["properties"], notes) } else { Value::Nil };
    let value = fields([
        ("AnyOf", alternatives),
        ("Type", types(&json["type"], notes)),
        ("Items", any(&json["items"])),
        ("Description", text_of(&json["description"])),
        ("Enum", any_list(&json["enum"])),
        ("Properties", nested),
        ("Required", any_list(&json["required"])),
    ]);
    notes.note(value, json)
}

/// The types of a property: a list, but one alone is printed by its name.
fn types(json: &Json, notes: &mut Notes) -> Value {
    match json {
        Json::Array(_) => any(json),
        Json::String(one) => notes.add(list([text(one)]), json::to_string(json).into(), one.as_str().into()),
        _ => notes.add(list([]), "null".into(), "".into()),
    }
}

/// JSON that templates may look into as it is.
fn any(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Value::Int(value),
            (None, Some(value)) => Value::Uint(value),
            (None, None) => number.as_f64().map_or(Value::Nil, Value::Float),
        },
        Json::String(value) => text(value),
        Json::Array(items) => list(items.iter().map(any)),
        Json::Object(object) => Value::Map(Arc::new(
            object.iter().map(|(key, value)| (Arc::from(key.as_str()), any(value))).collect(),
        )),
    }
}

/// A list, empty where there is none.
fn any_list(json: &Json) -> Value {
    if json.is_array() { any(json) } else { list([]) }
}

/// A string.
pub(super) fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn text_of(json: &Json) -> Value {
    text(string_of(json))
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect())
}

/// A struct.
pub(super) fn fields<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let map: BTreeMap<Arc<str>, Value> =
        fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
    Value::Map(Arc::new(map))
}
