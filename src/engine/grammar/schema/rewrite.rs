//! From a schema of any draft to one that llguidance enforces in full.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::{SchemaError, disjoint, formats, pattern, references};

/// Keywords that say nothing on what is valid, or are read where they matter.
const ANNOTATIONS: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$id",
    "$recursiveAnchor",
    "$schema",
    "$vocabulary",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "deprecated",
    "description",
    "examples",
    "id",
    "readOnly",
    "title",
    "writeOnly",
];

/// Keywords of any draft that cannot be enforced.
const UNSUPPORTED: &[&str] = &[
    "$dynamicRef",
    "$recursiveRef",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

const TYPES: &[&str] = &["null", "boolean", "number", "integer", "string", "array", "object"];

/// Keywords that name properties: two schemas that both have some are merged property by property.
const NAMING: &[&str] = &[
    "properties",
    "patternProperties",
    "additionalProperties",
    "required",
    "minProperties",
    "maxProperties",
];

/// Bounds of numbers are computed with 64-bit integers; those beyond are tightened to this, which floats hold exactly.
const LARGEST_BOUND: f64 = 1e15;

/// The rewritten schema, and whether some object in it has named properties and others.
pub(super) fn rewrite(root: &Value) -> Result<(Value, bool), SchemaError> {
    let mut rewriter =
        Rewriter { root, names: HashMap::new(), waiting: Vec::new(), open_names: false, coded: None };
    let mut schema = rewriter.schema(root, "", false)?;
    let mut definitions = Map::new();
    while let Some(Target { name, schema, place, merged }) = rewriter.waiting.pop() {
        let rewritten = rewriter.schema(schema, &place, merged)?;
        definitions.insert(name, rewritten);
    }
    if let Value::Object(object) = &mut schema
        && !definitions.is_empty()
    {
        object.insert("$defs".into(), Value::Object(definitions));
    }
    match rewriter.coded {
        // Names that come in no disguise leave no way to write it: see `open_names`.
        Some(place) if rewriter.open_names => Err(SchemaError::Value {
            keyword: "const",
            place,
            reason:
                "control characters cannot be enforced beside objects that have named properties and others"
                    .into(),
        }),
        _ => Ok((schema, rewriter.open_names)),
    }
}

/// What a reference leads to, to be rewritten.
struct Target<'a> {
    name: String,
    schema: &'a Value,
    place: String,
    merged: bool,
}

struct Rewriter<'a> {
    root: &'a Value,
    /// Names of definitions, by place and by whether they are merged with something.
    names: HashMap<(String, bool), String>,
    waiting: Vec<Target<'a>>,
    open_names: bool,
    /// A constant with a character that can be written as `\u00XX` only.
    coded: Option<String>,
}

/// One schema object on its way.
struct Object<'a, 'p> {
    from: &'a Map<String, Value>,
    place: &'p str,
    /// Whether what it says is merged with what another schema says of the same value.
    merged: bool,
    to: Map<String, Value>,
    /// Schemas that hold in addition.
    all_of: Vec<Value>,
}

impl Object<'_, '_> {
    fn at(&self, key: &str) -> String {
        format!("{}/{}", self.place, key.replace('~', "~0").replace('/', "~1"))
    }

    fn wrong(&self, keyword: &'static str, reason: impl Into<String>) -> SchemaError {
        SchemaError::Value { keyword, place: shown(self.place), reason: reason.into() }
    }

    fn list(&self, keyword: &'static str) -> Result<&[Value], SchemaError> {
        self.from[keyword]
            .as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| self.wrong(keyword, "a list is expected"))
    }

    fn members(&self, keyword: &'static str) -> Result<&Map<String, Value>, SchemaError> {
        self.from[keyword].as_object().ok_or_else(|| self.wrong(keyword, "an object is expected"))
    }

    fn number(&self, keyword: &'static str, value: &Value) -> Result<f64, SchemaError> {
        value.as_f64().ok_or_else(|| self.wrong(keyword, "a number is expected"))
    }
}

fn shown(place: &str) -> String {
    format!("#{place}")
}

impl<'a> Rewriter<'a> {
    fn schema(&mut self, schema: &'a Value, place: &str, merged: bool) -> Result<Value, SchemaError> {
        let from = match schema {
            Value::Bool(_) => return Ok(schema.clone()),
            Value::Object(from) => from,
            _ => return Err(SchemaError::Shape { place: shown(place) }),
        };
        let conjuncts = self.conjuncts_that_name(from);
        let merged = merged || conjuncts > 1;
        let mut object = Object { from, place, merged, to: Map::new(), all_of: Vec::new() };
        self.types(&mut object)?;
        for (key, value) in from {
            self.keyword(key, value, &mut object)?;
        }
        Self::check_counts(&object)?;
        self.close(&mut object);
        if !object.all_of.is_empty() {
            let mut all_of = std::mem::take(&mut object.all_of);
            if let Some(Value::Array(given)) = object.to.shift_remove("allOf") {
                all_of.splice(0..0, given);
            }
            object.to.insert("allOf".into(), Value::Array(all_of));
        }
        Ok(Value::Object(object.to))
    }

    fn keyword(
        &mut self,
        key: &str,
        value: &'a Value,
        object: &mut Object<'a, '_>,
    ) -> Result<(), SchemaError> {
        let unsupported = || SchemaError::Keyword { keyword: key.into(), place: shown(object.place) };
        match key {
            // Read with others.
            "type" | "additionalItems" | "exclusiveMinimum" | "exclusiveMaximum" => {}
            _ if ANNOTATIONS.contains(&key) => {}
            _ if UNSUPPORTED.contains(&key) => return Err(unsupported()),
            "uniqueItems" if *value == Value::Bool(false) => {}
            "uniqueItems" => return Err(unsupported()),
            "$ref" => self.reference(value, object)?,
            "allOf" | "anyOf" => {
                let keyword = if key == "allOf" { "allOf" } else { "anyOf" };
                let schemas = self.list(keyword, object)?;
                object.to.insert(key.into(), schemas);
            }
            "oneOf" => self.one_of(object)?,
            "const" | "enum" => {
                if key == "enum" {
                    object.list("enum")?;
                }
                if is_coded(value) {
                    self.coded = Some(shown(object.place));
                }
                put(object, key, value.clone());
            }
            "properties" | "patternProperties" => self.properties(key, object)?,
            "additionalProperties" => {
                let place = object.at(key);
                let schema = self.schema(value, &place, false)?;
                object.to.insert(key.into(), schema);
            }
            "required" => {
                object.list("required")?;
                put(object, key, value.clone());
            }
            "items" | "prefixItems" => self.items(key, value, object)?,
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                put(object, key, count(key, value, object)?);
            }
            "minimum" | "maximum" => bound(key, value, object)?,
            "multipleOf" => {
                if !has_few_digits(object.number("multipleOf", value)?) {
                    return Err(
                        object.wrong("multipleOf", "a number above 0 of at most 8 digits is expected")
                    );
                }
                put(object, key, value.clone());
            }
            "pattern" => {
                let regex = value.as_str().ok_or_else(|| object.wrong("pattern", "a string is expected"))?;
                let regex = pattern::translated(regex).map_err(|reason| object.wrong("pattern", reason))?;
                put(object, key, regex.into());
            }
            "format" => format(value, object)?,
            // JSON Schema has it that what nobody knows says nothing.
            _ => {}
        }
        exclusive(key, object)
    }

    /// `type`, and the type that other keywords mean where there is none.
    fn types(&self, object: &mut Object<'a, '_>) -> Result<(), SchemaError> {
        let unknown = |name: &Value| !name.as_str().is_some_and(|name| TYPES.contains(&name));
        let given = object.from.get("type");
        match given {
            Some(Value::Array(names)) => {
                if let Some(name) = names.iter().find(|name| unknown(name)) {
                    return Err(object.wrong("type", format!("{name} is no type")));
                }
            }
            Some(name) if unknown(name) => return Err(object.wrong("type", format!("{name} is no type"))),
            _ => {}
        }
        let has = |key: &str| object.from.contains_key(key);
        let meant = match given {
            Some(given) => Some(given.clone()),
            None if has("properties") => Some(json!("object")),
            None if has("items") || has("prefixItems") => Some(json!("array")),
            None => None,
        };
        object.to.extend(meant.map(|meant| ("type".to_owned(), meant)));
        Ok(())
    }

    fn reference(&mut self, value: &'a Value, object: &mut Object<'a, '_>) -> Result<(), SchemaError> {
        let reference = value.as_str().ok_or_else(|| object.wrong("$ref", "a string is expected"))?;
        let Some((schema, place)) = references::find(self.root, reference) else {
            let reason = format!("{reference:?} is not in this schema, and others are not fetched");
            return Err(object.wrong("$ref", reason));
        };
        let key = (place, object.merged);
        let name = match self.names.get(&key) {
            Some(name) => name.clone(),
            None => {
                let name = format!("r{}", self.names.len());
                let target = Target { name: name.clone(), schema, place: key.0.clone(), merged: key.1 };
                self.waiting.push(target);
                self.names.insert(key, name.clone());
                name
            }
        };
        put(object, "$ref", format!("#/$defs/{name}").into());
        Ok(())
    }

    fn list(&mut self, keyword: &'static str, object: &Object<'a, '_>) -> Result<Value, SchemaError> {
        let schemas = object.from[keyword].as_array().filter(|list| !list.is_empty());
        let schemas = schemas.ok_or_else(|| object.wrong(keyword, "a list of schemas is expected"))?;
        let place = object.at(keyword);
        schemas
            .iter()
            .enumerate()
            .map(|(index, schema)| self.schema(schema, &format!("{place}/{index}"), object.merged))
            .collect()
    }

    fn one_of(&mut self, object: &mut Object<'a, '_>) -> Result<(), SchemaError> {
        let options = self.list("oneOf", object)?;
        let given = object.list("oneOf")?;
        let closed = !object.merged;
        for (index, one) in given.iter().enumerate() {
            let overlaps =
                |other: usize| other != index && !disjoint::excludes(self.root, one, &given[other], closed);
            if let Some(other) = (0..given.len()).find(|&other| overlaps(other)) {
                let reason = format!(
                    "alternatives {index} and {other} may both match, or it cannot be seen that they do not; use anyOf, \
                     or give each a property with a const of its own"
                );
                return Err(object.wrong("oneOf", reason));
            }
        }
        if object.from.contains_key("anyOf") {
            object.all_of.push(json!({ "anyOf": options }));
        } else {
            put(object, "anyOf", options);
        }
        Ok(())
    }

    fn properties(&mut self, key: &str, object: &mut Object<'a, '_>) -> Result<(), SchemaError> {
        let keyword = if key == "properties" { "properties" } else { "patternProperties" };
        object.members(keyword)?;
        let Some(members) = object.from[keyword].as_object() else { return Ok(()) };
        let place = object.at(keyword);
        let mut rewritten = Map::new();
        for (name, schema) in members {
            let place = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
            let schema = self.schema(schema, &place, false)?;
            let name = match keyword {
                "properties" => name.clone(),
                _ => pattern::translated(name).map_err(|reason| object.wrong("patternProperties", reason))?,
            };
            rewritten.insert(name, schema);
        }
        put(object, key, Value::Object(rewritten));
        Ok(())
    }

    /// `items` was a list before 2020-12, with `additionalItems` for those behind; now the list is `prefixItems`.
    fn items(&mut self, key: &str, value: &'a Value, object: &mut Object<'a, '_>) -> Result<(), SchemaError> {
        let place = object.at(key);
        let Value::Array(list) = value else {
            if key == "prefixItems" {
                return Err(object.wrong("prefixItems", "a list of schemas is expected"));
            }
            let schema = self.schema(value, &place, false)?;
            object.to.insert("items".into(), schema);
            return Ok(());
        };
        let each = list.iter().enumerate();
        let schemas: Vec<Value> = each
            .map(|(index, schema)| self.schema(schema, &format!("{place}/{index}"), false))
            .collect::<Result<_, _>>()?;
        object.to.insert("prefixItems".into(), Value::Array(schemas));
        if key == "items"
            && let Some(others) = object.from.get("additionalItems")
        {
            let place = object.at("additionalItems");
            let schema = self.schema(others, &place, false)?;
            object.to.insert("items".into(), schema);
        }
        Ok(())
    }

    /// Counts of properties hold for distinct names, and nothing counts how often a name comes that is not named.
    fn check_counts(object: &Object<'_, '_>) -> Result<(), SchemaError> {
        let least = object.to.get("minProperties").and_then(Value::as_u64).unwrap_or(0);
        let required = object.from.get("required").and_then(Value::as_array).map_or(0, Vec::len) as u64;
        let others =
            object.to.get("additionalProperties").is_some_and(|others| *others != Value::Bool(false))
                || !object.from.contains_key("properties");
        if others && least > required + 1 {
            let reason =
                "more than one property without a name cannot be counted; name them in \"properties\"";
            return Err(object.wrong("minProperties", reason));
        }
        Ok(())
    }

    /// An object with named properties has no others, unless it says so or is merged with something.
    fn close(&mut self, object: &mut Object<'a, '_>) {
        let named = object.to.contains_key("properties") || object.to.contains_key("patternProperties");
        let says = object.to.contains_key("additionalProperties");
        if named && !says && !object.merged {
            if let (Some(Value::Array(required)), Some(Value::Object(properties))) =
                (object.from.get("required"), object.to.get_mut("properties"))
            {
                for name in required.iter().filter_map(Value::as_str) {
                    properties.entry(name).or_insert(Value::Bool(true));
                }
            }
            object.to.insert("additionalProperties".into(), Value::Bool(false));
        }
        let others = object.to.get("additionalProperties") != Some(&Value::Bool(false));
        let patterns = object.to.contains_key("patternProperties");
        self.open_names |=
            object.merged || (named && others) || (patterns && object.to.contains_key("properties"));
    }

    /// How many schemas that hold for one value name properties.
    fn conjuncts_that_name(&self, schema: &Map<String, Value>) -> usize {
        let own = usize::from(NAMING.iter().any(|key| schema.contains_key(*key)));
        let mut visited = HashSet::new();
        let parts = schema.iter().flat_map(|(key, value)| match (key.as_str(), value) {
            ("allOf", Value::Array(list)) => list.iter().collect::<Vec<_>>(),
            ("anyOf" | "oneOf" | "$ref", _) => vec![value],
            _ => Vec::new(),
        });
        own + parts.filter(|part| self.names_properties(part, &mut visited)).count()
    }

    fn names_properties(&self, part: &Value, visited: &mut HashSet<String>) -> bool {
        match part {
            Value::String(reference) => match references::find(self.root, reference) {
                Some((target, place)) => visited.insert(place) && self.names_properties(target, visited),
                None => false,
            },
            Value::Array(options) => options.iter().any(|option| self.names_properties(option, visited)),
            Value::Object(schema) => {
                NAMING.iter().any(|key| schema.contains_key(*key))
                    || ["allOf", "anyOf", "oneOf", "$ref"]
                        .iter()
                        .filter_map(|key| schema.get(*key))
                        .any(|part| self.names_properties(part, visited))
            }
            _ => false,
        }
    }
}

/// Whether a text in a value has characters without a short escape in JSON that must be escaped.
fn is_coded(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().any(|c| c.is_ascii_control() && !"\u{8}\u{c}\n\r\t".contains(c)),
        Value::Array(items) => items.iter().any(is_coded),
        Value::Object(members) => members.values().any(is_coded),
        _ => false,
    }
}

/// Whether remainders by a number can be computed with 32 bits.
fn has_few_digits(number: f64) -> bool {
    let text = number.to_string();
    let digits = text.trim_start_matches(['0', '.']).chars().filter(char::is_ascii_digit).count();
    let behind = text.split_once('.').map_or(0, |(_, behind)| behind.len());
    number > 0.0 && number.is_finite() && digits <= 8 && behind <= 8
}

fn put(object: &mut Object<'_, '_>, key: &str, value: Value) {
    object.to.insert(key.to_owned(), value);
}

/// A whole number, which may be written as 2.0.
fn count(key: &str, value: &Value, object: &Object<'_, '_>) -> Result<Value, SchemaError> {
    let whole = value.as_f64().filter(|n| n.fract() == 0.0 && (0.0..=1e9).contains(n));
    whole.map(|n| json!(n as u64)).ok_or_else(|| SchemaError::Value {
        keyword: known(key),
        place: shown(object.place),
        reason: "a whole number from 0 to 1000000000 is expected".into(),
    })
}

fn known(key: &str) -> &'static str {
    ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minimum", "maximum"]
        .into_iter()
        .find(|known| *known == key)
        .unwrap_or("keyword")
}

/// `minimum` or `maximum`; beside `true` for the exclusive one, which draft 4 has, it is that.
fn bound(key: &str, value: &Value, object: &mut Object<'_, '_>) -> Result<(), SchemaError> {
    let (exclusive, keyword) =
        if key == "minimum" { ("exclusiveMinimum", "minimum") } else { ("exclusiveMaximum", "maximum") };
    let key = if object.from.get(exclusive) == Some(&Value::Bool(true)) { exclusive } else { key };
    let value = tightened(keyword, value, object)?;
    put(object, key, value);
    Ok(())
}

fn exclusive(key: &str, object: &mut Object<'_, '_>) -> Result<(), SchemaError> {
    let (key, keyword) = match key {
        "exclusiveMinimum" => (key, "minimum"),
        "exclusiveMaximum" => (key, "maximum"),
        _ => return Ok(()),
    };
    let value = &object.from[key];
    if !value.is_boolean() {
        let value = tightened(keyword, value, object)?;
        put(object, key, value);
    }
    Ok(())
}

fn tightened(keyword: &'static str, value: &Value, object: &Object<'_, '_>) -> Result<Value, SchemaError> {
    let number = object.number(keyword, value)?;
    if number.abs() <= LARGEST_BOUND {
        return Ok(value.clone());
    }
    match (keyword, number > 0.0) {
        ("minimum", false) => Ok(json!(-LARGEST_BOUND)),
        ("maximum", true) => Ok(json!(LARGEST_BOUND)),
        _ => Err(object.wrong(keyword, "numbers beyond 1e15 cannot be told apart")),
    }
}

fn format(value: &Value, object: &mut Object<'_, '_>) -> Result<(), SchemaError> {
    let name = value.as_str().ok_or_else(|| object.wrong("format", "a string is expected"))?;
    // Other types have no formats; `int32` of an integer, for instance, is a hint for programmers.
    let strings = match object.to.get("type") {
        Some(Value::String(name)) => name == "string",
        Some(Value::Array(names)) => names.contains(&json!("string")),
        _ => true,
    };
    if !strings {
        return Ok(());
    }
    match formats::expression(name) {
        Some(Some(regex)) => object.all_of.push(json!({ "pattern": format!("^(?:{regex})$") })),
        Some(None) => {}
        None => {
            return Err(object.wrong("format", format!("the format {name:?} is not supported")));
        }
    }
    Ok(())
}
