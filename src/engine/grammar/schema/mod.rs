//! JSON Schema, drafts 4 to 2020-12: what can be enforced in full, in the words that llguidance takes.
//!
//! llguidance knows the common keywords, ignores those that its idea of the draft does not have, and approximates some.
//! Here every keyword is looked at: it is enforced, or is an annotation, or is refused by name. What is made of a
//! schema is never wider than the schema, and where it is narrower, that is on purpose:
//!
//! - An object with `properties` and no word on others has no others, as in Ollama; so it ends. Say
//!   `additionalProperties: true` for others. (Where schemas are merged, by `allOf` for instance, it stays open.)
//! - `properties` without `type` means an object, `items` an array.
//! - Properties come in the order of the schema, others behind them.
//! - Of white space there is as much as people write, and not more.

mod disjoint;
mod formats;
mod pattern;
mod references;
mod rewrite;

use serde_json::{Map, Value, json};

/// Why a schema cannot be enforced. Places are JSON pointers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is no JSON.
    #[error("the schema is no JSON: {0}")]
    Json(String),
    /// A schema is an object, `true` or `false`.
    #[error("the schema at {place} is neither an object nor true or false")]
    Shape {
        /// Where.
        place: String,
    },
    /// A keyword that is known and cannot be enforced.
    #[error("the schema keyword {keyword:?} at {place} is not supported")]
    Keyword {
        /// Which.
        keyword: String,
        /// Where.
        place: String,
    },
    /// A keyword that can be enforced, but not like this.
    #[error("{keyword:?} at {place}: {reason}")]
    Value {
        /// Which.
        keyword: &'static str,
        /// Where.
        place: String,
        /// What is the matter.
        reason: String,
    },
}

/// White space between the parts of JSON: what people and programs write, but no endless run of it, which small models
/// fall into. Indents to ten levels of four.
const SPACE: &str = r"[ ]|\r?\n[ \t]{0,40}";

/// What llguidance is to enforce for a schema.
///
/// # Errors
/// See [`SchemaError`].
pub fn enforceable(text: &str) -> Result<Value, SchemaError> {
    let schema: Value = serde_json::from_str(text).map_err(|error| SchemaError::Json(error.to_string()))?;
    let (rewritten, open_names) = rewrite::rewrite(&schema)?;
    let Value::Object(rewritten) = rewritten else {
        // `true` and `false`.
        let any = if rewritten == Value::Bool(true) { Map::new() } else { return Ok(json!(false)) };
        return Ok(with_options(any, false));
    };
    Ok(with_options(rewritten, open_names))
}

/// Any JSON object.
#[must_use]
pub fn any_object() -> Value {
    let Value::Object(object) = json!({"type": "object"}) else { return Value::Bool(true) };
    with_options(object, false)
}

/// A call of a tool: an object of its name and its arguments.
///
/// # Errors
/// See [`SchemaError`].
pub fn call(name_key: &str, name: &str, arguments_key: &str, parameters: &str) -> Result<Value, SchemaError> {
    let (parameters, open_names) = rewrite::rewrite(&of_parameters(parameters)?)?;
    let (parameters, definitions) = match parameters {
        Value::Object(mut object) => {
            let definitions = object.shift_remove("$defs");
            (Value::Object(object), definitions)
        }
        other => (other, None),
    };
    let mut whole = Map::new();
    whole.insert("type".into(), json!("object"));
    whole.insert("properties".into(), json!({ name_key: {"const": name}, arguments_key: parameters }));
    whole.insert("required".into(), json!([name_key, arguments_key]));
    whole.insert("additionalProperties".into(), json!(false));
    whole.extend(definitions.map(|definitions| ("$defs".to_owned(), definitions)));
    Ok(with_options(whole, open_names))
}

/// The arguments of a tool.
///
/// # Errors
/// See [`SchemaError`].
pub fn arguments(parameters: &str) -> Result<Value, SchemaError> {
    enforceable(&of_parameters(parameters)?.to_string())
}

/// The schema of a tool's parameters; none are none.
fn of_parameters(text: &str) -> Result<Value, SchemaError> {
    match text.trim() {
        "" | "null" => Ok(json!({"type": "object", "properties": {}})),
        text => serde_json::from_str(text).map_err(|error| SchemaError::Json(error.to_string())),
    }
}

/// `open_names`: there are objects with named properties and others. Then no character is written in two ways, so that
/// none of the others is a named one in disguise.
fn with_options(mut schema: Map<String, Value>, open_names: bool) -> Value {
    let mut options = json!({"whitespace_pattern": SPACE});
    if open_names {
        options["json_allowed_escapes"] = json!("nrbtf\\\"");
    }
    schema.insert("x-guidance".into(), options);
    Value::Object(schema)
}
