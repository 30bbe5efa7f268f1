//! How values print that are not printed as gotmpl prints them. gotmpl's values have no room for it, so it is
//! kept beside them.

use std::collections::HashMap;
use std::sync::Arc;

use gotmpl::Value;
use serde_json::Value as Json;

use super::json;

/// What is known of values beside what they hold, found by their place in memory. The notes keep the values,
/// so no other value can come to be in the same place.
#[derive(Debug, Default)]
pub(super) struct Notes {
    by_place: HashMap<usize, Note>,
}

#[derive(Debug)]
struct Note {
    _value: Value,
    /// What `json` makes of the value.
    json: Arc<str>,
    /// What is printed.
    text: Arc<str>,
}

impl Notes {
    /// `value` is printed as its JSON.
    pub(super) fn note(&mut self, value: Value, json: &Json) -> Value {
        let json: Arc<str> = json::to_string(json).into();
        self.add(value, Arc::clone(&json), json)
    }

    /// `value` is printed as `text`, and has this JSON.
    pub(super) fn add(&mut self, value: Value, json: Arc<str>, text: Arc<str>) -> Value {
        if let Some(place) = place(&value) {
            self.by_place.insert(place, Note { _value: value.clone(), json, text });
        }
        value
    }

    fn get(&self, value: &Value) -> Option<&Note> {
        self.by_place.get(&place(value)?)
    }

    /// What is printed of this very value, if it is not what gotmpl prints.
    pub(super) fn text(&self, value: &Value) -> Option<&Arc<str>> {
        self.get(value).map(|note| &note.text)
    }

    /// The JSON of any value: the noted one, or what Go would make of it.
    pub(super) fn to_json(&self, value: &Value) -> String {
        let mut out = String::new();
        self.write_json(value, &mut out);
        out
    }

    fn write_json(&self, value: &Value, out: &mut String) {
        if let Some(note) = self.get(value) {
            out.push_str(&note.json);
            return;
        }
        match value {
            Value::Bool(value) => out.push_str(&json::to_string(value)),
            Value::Int(value) => out.push_str(&json::to_string(value)),
            Value::Uint(value) => out.push_str(&json::to_string(value)),
            Value::Float(value) => out.push_str(&json::to_string(value)),
            Value::String(value) => out.push_str(&json::to_string(&**value)),
            Value::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    self.write_json(item, out);
                }
                out.push(']');
            }
            Value::Map(map) => {
                out.push('{');
                for (index, (key, item)) in map.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    out.push_str(&json::to_string(&**key));
                    out.push(':');
                    self.write_json(item, out);
                }
                out.push('}');
            }
            Value::Nil | Value::Function(_) => out.push_str("null"),
        }
    }
}

fn place(value: &Value) -> Option<usize> {
    match value {
        Value::List(items) => Some(Arc::as_ptr(items).addr()),
        Value::Map(map) => Some(Arc::as_ptr(map).addr()),
        _ => None,
    }
}
