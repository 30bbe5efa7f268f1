//! `allOf`, where a schema can say the same without it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::super::schema::SchemaError;
use super::text::unsupported;

/// Keywords about numbers and texts. It does not matter in which of several schemas for one value they stand.
const PLAIN: [&str; 9] = [
    "type",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// The same schema without `allOf`: several patterns become a list of them.
///
/// # Errors
/// If its parts say more than that of one value.
pub(super) fn merged(members: &Map<String, Value>) -> Result<Cow<'_, Map<String, Value>>, SchemaError> {
    let Some(Value::Array(parts)) = members.get("allOf") else { return Ok(Cow::Borrowed(members)) };
    let mut whole = members.clone();
    whole.shift_remove("allOf");
    for part in parts {
        let part = match part {
            Value::Bool(true) => continue,
            Value::Object(part) => merged(part)?,
            _ => return Err(unsupported("allOf")),
        };
        if whole.is_empty() {
            whole = part.into_owned();
            continue;
        }
        for (key, value) in part.iter() {
            add(&mut whole, key, value)?;
        }
    }
    Ok(Cow::Owned(whole))
}

fn add(whole: &mut Map<String, Value>, key: &str, value: &Value) -> Result<(), SchemaError> {
    match whole.get_mut(key) {
        Some(given) if given == value => {}
        Some(Value::Array(patterns)) if key == "pattern" => patterns.push(value.clone()),
        Some(pattern) if key == "pattern" => *pattern = Value::Array(vec![pattern.take(), value.clone()]),
        None if PLAIN.contains(&key) => {
            whole.insert(key.to_owned(), value.clone());
        }
        _ => return Err(unsupported("allOf")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_said_of_one_value_is_said_at_once() {
        let merged = |schema: Value| {
            merged(schema.as_object().unwrap()).map(|all| Value::Object(all.into_owned())).ok()
        };
        assert_eq!(merged(json!({"allOf": [{"$ref": "a"}]})), Some(json!({"$ref": "a"})));
        assert_eq!(
            merged(
                json!({"type": "string", "pattern": "a", "allOf": [{"pattern": "b"}, {"pattern": "c"}, {"maxLength": 5}]})
            ),
            Some(json!({"type": "string", "pattern": ["a", "b", "c"], "maxLength": 5}))
        );
        assert_eq!(merged(json!({"minimum": 1, "allOf": [{"minimum": 2}]})), None);
        assert_eq!(merged(json!({"type": "object", "allOf": [{"properties": {}}]})), None);
    }
}
