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

use crate::engine::typing::Types;

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
/// fall into. Indents to ten levels, of four spaces or of a tab.
pub(super) const SPACE: &str = r"[ ]|\r?\n([ ]{0,40}|\t{0,10})";

/// Characters of the text that names a call.
const LONGEST_ID: u32 = 40;

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

/// A call of a tool: an object of its name and its arguments, and of a text before them that names the call.
///
/// # Errors
/// See [`SchemaError`].
pub fn call(
    id_key: Option<&str>,
    (name_key, name): (&str, &str),
    (arguments_key, parameters): (&str, &str),
) -> Result<Value, SchemaError> {
    let (parameters, open_names) = rewrite::rewrite(&of_parameters(parameters)?)?;
    let (parameters, definitions) = without_definitions(parameters);
    let keys: Vec<&str> = id_key.into_iter().chain([name_key, arguments_key]).collect();
    let mut properties = Map::new();
    if let Some(key) = id_key {
        properties.insert(key.to_owned(), json!({"type": "string", "minLength": 1, "maxLength": LONGEST_ID}));
    }
    properties.insert(name_key.to_owned(), json!({ "const": name }));
    properties.insert(arguments_key.to_owned(), parameters);
    let mut whole = Map::new();
    whole.insert("type".into(), json!("object"));
    whole.insert("properties".into(), Value::Object(properties));
    whole.insert("required".into(), json!(keys));
    whole.insert("additionalProperties".into(), json!(false));
    if !definitions.is_empty() {
        whole.insert("$defs".into(), Value::Object(definitions));
    }
    Ok(with_options(whole, open_names))
}

fn without_definitions(schema: Value) -> (Value, Map<String, Value>) {
    match schema {
        Value::Object(mut members) => {
            let definitions = members.shift_remove("$defs");
            let definitions = definitions.and_then(|definitions| definitions.as_object().cloned());
            (Value::Object(members), definitions.unwrap_or_default())
        }
        other => (other, Map::new()),
    }
}

/// The arguments of a tool, one by one, in the words that llguidance takes.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// The schema as it was.
    original: Value,
    /// The named ones, in their order.
    pub properties: Map<String, Value>,
    /// Names of those that must come.
    pub required: Vec<String>,
    /// The schema of others; `None`: there are none.
    pub others: Option<Value>,
    /// What references refer to, by `#/$defs/NAME`.
    pub definitions: Map<String, Value>,
    open_names: bool,
}

impl Arguments {
    /// Looks at the schema of a tool's parameters.
    ///
    /// # Errors
    /// See [`SchemaError`]. Arguments that hang together by more than their names cannot be looked at one by one.
    pub fn of(parameters: &str) -> Result<Self, SchemaError> {
        let original = of_parameters(parameters)?;
        let (schema, open_names) = rewrite::rewrite(&original)?;
        let (schema, definitions) = without_definitions(schema);
        let mut members = match schema {
            Value::Object(members) => members,
            Value::Bool(true) => Map::new(),
            _ => return Err(SchemaError::Shape { place: "#".into() }),
        };
        let others = members.shift_remove("additionalProperties").unwrap_or(Value::Bool(true));
        let others = Some(others).filter(|others| *others != Value::Bool(false));
        let properties = members.shift_remove("properties").and_then(|properties| match properties {
            Value::Object(properties) => Some(properties),
            _ => None,
        });
        let mut properties = properties.unwrap_or_default();
        let required = members.shift_remove("required").unwrap_or_default();
        let required: Vec<String> =
            required.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        for name in &required {
            if !properties.contains_key(name) {
                let schema = others.clone().unwrap_or(Value::Bool(true));
                properties.insert(name.clone(), schema);
            }
        }
        match members.keys().find(|key| *key != "type") {
            Some(keyword) => Err(SchemaError::Keyword { keyword: keyword.clone(), place: "#".into() }),
            None if members.get("type").is_some_and(|kind| kind != "object") => {
                Err(SchemaError::Keyword { keyword: "type".into(), place: "#".into() })
            }
            None => Ok(Self { original, properties, required, others, definitions, open_names }),
        }
    }

    /// The types of one of them.
    #[must_use]
    pub fn types(&self, name: &str) -> Types {
        Types::of_parameter(&self.original, name)
    }

    /// The types of others.
    #[must_use]
    pub fn other_types(&self) -> Types {
        let others = self.original.get("additionalProperties");
        others.map_or_else(Types::default, |others| Types::of(&self.original, others))
    }

    /// A schema that is a part of theirs, for llguidance.
    #[must_use]
    pub fn part(&self, schema: &Map<String, Value>) -> Value {
        let mut whole = schema.clone();
        if !self.definitions.is_empty() {
            whole.insert("$defs".into(), Value::Object(self.definitions.clone()));
        }
        with_options(whole, self.open_names)
    }
}

/// The arguments of a tool.
///
/// # Errors
/// See [`SchemaError`].
pub fn arguments(parameters: &str) -> Result<Value, SchemaError> {
    enforceable(&of_parameters(parameters)?.to_string())
}

/// What a reference in a schema refers to.
pub(crate) fn referred<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    references::find(root, reference).map(|(schema, _)| schema)
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
