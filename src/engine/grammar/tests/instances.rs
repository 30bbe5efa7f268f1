//! Schemas, and values that are valid for them, made from a seed.

use serde_json::{Map, Value, json};

use super::*;

/// A schema with definitions in it, two of them recursive.
pub(super) fn any_schema(rng: &mut Pcg64) -> Value {
    match schema_of(rng, 3) {
        Value::Object(schema) => with_definitions(schema, rng),
        other => other,
    }
}

/// The parameters of a tool.
pub(super) fn any_parameters(rng: &mut Pcg64) -> Value {
    match object(rng, 2) {
        Value::Object(schema) => with_definitions(schema, rng),
        other => other,
    }
}

fn with_definitions(mut schema: Map<String, Value>, rng: &mut Pcg64) -> Value {
    let leaf = schema_of(rng, 0);
    schema.insert("$defs".into(), json!({
        "leaf": leaf,
        "tree": {"type": "object", "properties": {"value": {"$ref": "#/$defs/leaf"}, "left": {"$ref": "#/$defs/tree"},
            "right": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}}, "required": ["value"]},
        "list": {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/list"}]}},
    }));
    Value::Object(schema)
}

fn pick<T: Clone>(rng: &mut Pcg64, from: &[T]) -> T {
    from[below(rng, from.len())].clone()
}

fn schema_of(rng: &mut Pcg64, deep: usize) -> Value {
    if deep == 0 {
        return leaf(rng);
    }
    match below(rng, 12) {
        0..=3 => object(rng, deep - 1),
        4 | 5 => array(rng, deep - 1),
        6 => json!({"anyOf": (0..1 + below(rng, 3)).map(|_| schema_of(rng, deep - 1)).collect::<Vec<_>>()}),
        7 => one_of(rng, deep - 1),
        8 => all_of(rng, deep - 1),
        9 => json!({"$ref": pick(rng, &["#/$defs/leaf", "#/$defs/tree", "#/$defs/list"])}),
        _ => leaf(rng),
    }
}

fn leaf(rng: &mut Pcg64) -> Value {
    match below(rng, 12) {
        0 => json!({"const": value(rng, 2)}),
        1 => json!({"enum": (0..1 + below(rng, 4)).map(|_| value(rng, 1)).collect::<Vec<_>>()}),
        2 => json!({"type": pick(rng, &["null", "boolean", "string", "number", "integer"])}),
        3 => json!({"type": ["string", "null"], "maxLength": below(rng, 4)}),
        4 => {
            let low = below(rng, 4);
            json!({"type": "string", "minLength": low, "maxLength": low + below(rng, 5)})
        }
        5 => json!({"type": "string", "pattern": pick(rng, PATTERNS).0}),
        6 | 7 => json!({"type": "string", "format": pick(rng, FORMATS).0}),
        8 => {
            let low = below(rng, 2000) as i64 - 1000;
            let name = pick(rng, &["minimum", "exclusiveMinimum"]);
            json!({"type": "integer", name: low, "maximum": low + 1 + below(rng, 300) as i64})
        }
        9 => {
            let low = below(rng, 2000) as f64 / 8.0 - 100.0;
            let name = pick(rng, &["maximum", "exclusiveMaximum"]);
            json!({"type": "number", "minimum": low, name: low + 0.25 + below(rng, 300) as f64 / 4.0})
        }
        10 => {
            json!({"type": pick(rng, &["integer", "number"]), "multipleOf": pick(rng, &[json!(1), json!(3), json!(0.5)])})
        }
        _ => {
            let name = pick(rng, &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]);
            let bound = pick(rng, &[json!(0), json!(-7), json!(12.5), json!(-0.25), json!(1000)]);
            json!({"type": pick(rng, &["integer", "number"]), name: bound})
        }
    }
}

/// Patterns, and a text that each matches.
const PATTERNS: &[(&str, &str)] = &[
    ("^[a-z]{2,4}$", "abc"),
    ("^(a|b)+c?$", "abac"),
    (r"^\d{3}-\w+$", "123-a_B"),
    (r"^[^/\]]*\/$", "\"x\"/"),
    ("ab", "xxabxx"),
    ("^x", "xyz"),
    ("é$", "caf\u{e9}"),
    (r"^\S.\S$", "a b"),
];

/// Formats, and a text of each.
const FORMATS: &[(&str, &str)] = &[
    ("date", "2024-02-29"),
    ("time", "23:59:59.123+05:30"),
    ("date-time", "1999-12-31T23:59:59Z"),
    ("duration", "P1Y2M3DT4H5M6S"),
    ("email", "ana.maria+x@example.com"),
    ("hostname", "a-b.example.com"),
    ("ipv4", "192.168.0.1"),
    ("ipv6", "2001:db8::1"),
    ("uuid", "123e4567-e89b-12d3-a456-426614174000"),
    ("uri", "https://user@example.com:80/a/b?c=d#e"),
    ("uri-reference", "../a/b?c#d"),
    ("json-pointer", "/a~1b/0"),
    ("relative-json-pointer", "1/a"),
];

const NAMES: &[&str] = &["a", "b", "kind", "name", "x y", "\u{e9}\"", "n/~"];

fn object(rng: &mut Pcg64, deep: usize) -> Value {
    let mut names: Vec<&str> = NAMES.to_vec();
    let mut properties = Map::new();
    for _ in 0..below(rng, 4) {
        let name = names.remove(below(rng, names.len()));
        properties.insert(name.to_owned(), schema_of(rng, deep));
    }
    let required: Vec<String> = properties.keys().filter(|_| below(rng, 2) == 0).cloned().collect();
    let mut schema = json!({"type": "object", "properties": properties, "required": required});
    match below(rng, 6) {
        0 => schema["additionalProperties"] = json!(true),
        1 => schema["additionalProperties"] = schema_of(rng, 0),
        2 => schema["additionalProperties"] = json!(false),
        3 => schema["patternProperties"] = json!({"^p_": schema_of(rng, 0)}),
        4 => {
            return json!({"type": "object", "additionalProperties": schema_of(rng, deep), "minProperties": below(rng, 2),
                "maxProperties": 1 + below(rng, 3)});
        }
        _ => {}
    }
    schema
}

fn array(rng: &mut Pcg64, deep: usize) -> Value {
    let low = below(rng, 3);
    let mut schema = json!({"type": "array", "items": schema_of(rng, deep), "minItems": low, "maxItems": low + below(rng, 3)});
    match below(rng, 3) {
        0 => schema["prefixItems"] = json!([schema_of(rng, deep), schema_of(rng, 0)]),
        1 => {
            return json!({"type": "array", "prefixItems": [schema_of(rng, deep), schema_of(rng, 0)], "items": false});
        }
        _ => {}
    }
    schema
}

/// Alternatives that a property tells apart, or their types.
fn one_of(rng: &mut Pcg64, deep: usize) -> Value {
    if below(rng, 2) == 0 {
        return json!({"oneOf": [{"type": "string"}, {"type": "integer"}, array(rng, deep)]});
    }
    let kinds = ["circle", "square", "line"].iter().take(2 + below(rng, 2)).map(|kind| {
        let inner = schema_of(rng, deep);
        json!({"type": "object", "properties": {"kind": {"const": kind}, "value": inner}, "required": ["kind"]})
    });
    json!({"oneOf": kinds.collect::<Vec<_>>()})
}

/// Parts that each say something of another property, or of the same number or text.
fn all_of(rng: &mut Pcg64, deep: usize) -> Value {
    match below(rng, 3) {
        0 => {
            json!({"allOf": [{"type": "string", "minLength": 1}, {"maxLength": 5}, {"pattern": "^[a-f]*$"}]})
        }
        1 => json!({"allOf": [{"type": "integer", "minimum": 5}], "maximum": 90}),
        _ => {
            let part = |rng: &mut Pcg64, name: &str| json!({"type": "object", "properties": {name: schema_of(rng, deep)}, "required": [name]});
            json!({"allOf": [part(rng, "a"), part(rng, "b")]})
        }
    }
}

/// Any value.
fn value(rng: &mut Pcg64, deep: usize) -> Value {
    match below(rng, if deep == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => json!(below(rng, 2) == 0),
        2 => json!(below(rng, 2000) as i64 - 1000),
        3 => json!((2 * below(rng, 2000) + 1) as f64 / 16.0 - 50.0),
        4 => json!(pick(rng, &["", "a", "A \"quoted\"\n\\ text/", "é日本", "abc", "\u{1}"])),
        5 => (0..below(rng, 3)).map(|_| value(rng, deep - 1)).collect(),
        _ => {
            let names = NAMES.iter().take(below(rng, 3));
            Value::Object(names.map(|name| ((*name).to_owned(), value(rng, deep - 1))).collect())
        }
    }
}

/// A value that is meant to be valid, with properties in the order of the schema.
pub(super) fn instance(root: &Value, schema: &Value, rng: &mut Pcg64, deep: usize) -> Option<Value> {
    let deep = deep.checked_sub(1)?;
    let Value::Object(members) = schema else { return (*schema == json!(true)).then(|| value(rng, 1)) };
    if let Some(reference) = schema["$ref"].as_str() {
        return instance(root, root.pointer(&reference[1..])?, rng, deep);
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(options) = schema[key].as_array() {
            return instance(root, &pick(rng, options), rng, deep);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        if parts.iter().all(|part| part["type"] == "object") {
            let parts: Option<Vec<Value>> =
                parts.iter().map(|part| instance(root, part, rng, deep)).collect();
            return Some(Value::Object(
                parts?.into_iter().flat_map(|part| part.as_object().cloned().unwrap()).collect(),
            ));
        }
        return Some(pick(rng, &[json!("abcde"), json!("f"), json!(5), json!(90), json!(33)]));
    }
    if let Some(value) = members.get("const") {
        return Some(value.clone());
    }
    if let Some(values) = schema["enum"].as_array() {
        return Some(pick(rng, values));
    }
    match schema["type"].as_str() {
        Some("object") => object_instance(root, schema, rng, deep),
        Some("array") => array_instance(root, schema, rng, deep),
        Some("string") => Some(text_instance(schema, rng)),
        Some("null") => Some(Value::Null),
        Some("boolean") => Some(json!(below(rng, 2) == 0)),
        Some(kind) => Some(number_instance(schema, kind == "integer", rng)),
        None => Some(pick(rng, &[Value::Null, json!(""), json!("ab")])),
    }
}

fn object_instance(root: &Value, schema: &Value, rng: &mut Pcg64, deep: usize) -> Option<Value> {
    let mut object = Map::new();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if required.contains(&json!(name)) || below(rng, 2) == 0 {
            match instance(root, property, rng, deep) {
                Some(value) => {
                    object.insert(name.clone(), value);
                }
                None if required.contains(&json!(name)) => return None,
                None => {}
            }
        }
    }
    if let Some(property) = schema["patternProperties"].get("^p_")
        && below(rng, 2) == 0
    {
        object.insert("p_1".into(), instance(root, property, rng, deep)?);
    }
    if let Some(others) = schema.get("additionalProperties").filter(|others| **others != json!(false)) {
        let least = schema["minProperties"].as_u64().unwrap_or(0) as usize;
        for index in 0..least.max(below(rng, 2)) {
            object.insert(format!("other {index}"), instance(root, others, rng, deep)?);
        }
    }
    Some(Value::Object(object))
}

fn array_instance(root: &Value, schema: &Value, rng: &mut Pcg64, deep: usize) -> Option<Value> {
    let prefix = schema["prefixItems"].as_array().cloned().unwrap_or_default();
    let low = schema["minItems"].as_u64().unwrap_or(0) as usize;
    let high = schema["maxItems"].as_u64().map_or(prefix.len(), |high| high as usize);
    let count = low + below(rng, high.saturating_sub(low) + 1);
    let items =
        (0..count).map(|index| instance(root, prefix.get(index).unwrap_or(&schema["items"]), rng, deep));
    items.collect()
}

fn text_instance(schema: &Value, rng: &mut Pcg64) -> Value {
    let known = |list: &[(&str, &str)], name: &Value| {
        list.iter().find(|(known, _)| *name == *known).map(|found| json!(found.1))
    };
    if let Some(text) = known(PATTERNS, &schema["pattern"]).or_else(|| known(FORMATS, &schema["format"])) {
        return text;
    }
    let low = schema["minLength"].as_u64().unwrap_or(0) as usize;
    let high = schema["maxLength"].as_u64().map_or(low + 6, |high| high as usize);
    let length = low + below(rng, high - low + 1);
    json!(
        (0..length)
            .map(|_| pick(rng, &['a', ' ', '"', '\\', '\n', 'é', '日', '\u{1f600}']))
            .collect::<String>()
    )
}

fn number_instance(schema: &Value, integer: bool, rng: &mut Pcg64) -> Value {
    let step = schema["multipleOf"].as_f64().unwrap_or(if integer { 1.0 } else { 0.125 });
    let low = schema["minimum"].as_f64().or(schema["exclusiveMinimum"].as_f64());
    let high = schema["maximum"].as_f64().or(schema["exclusiveMaximum"].as_f64());
    let low = low.unwrap_or(high.unwrap_or(0.0) - 40.0 * step);
    let high = high.unwrap_or(low + 60.0 * step);
    let steps = ((high - low) / step).floor() as usize;
    let number = ((low / step).ceil() + below(rng, steps + 1) as f64) * step;
    if number.fract() == 0.0 { json!(number as i64) } else { json!((number * 1000.0).round() / 1000.0) }
}
