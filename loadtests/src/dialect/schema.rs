//! A JSON schema as programs write them: an object of many fields of all simple kinds.

use serde_json::{Map, Value, json};

/// An object of so many fields, all required.
pub(super) fn of_fields(fields: u32) -> Value {
    let kind = |field: u32| match field % 5 {
        0 => json!({"type": "string"}),
        1 => json!({"type": "integer", "minimum": 0, "maximum": 100_000}),
        2 => json!({"type": "boolean"}),
        3 => json!({"enum": ["red", "green", "blue"]}),
        _ => json!({"type": "array", "items": {"type": "string"}, "maxItems": 4}),
    };
    let names: Vec<String> = (0..fields).map(|field| format!("field_{field}")).collect();
    let properties: Map<String, Value> = names.iter().cloned().zip((0..fields).map(kind)).collect();
    json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
}
