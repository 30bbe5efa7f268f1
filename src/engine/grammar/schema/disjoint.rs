//! `oneOf`: exactly one alternative holds. A grammar can say "one or the other", so the alternatives must exclude each
//! other, and that must be seen.

use std::collections::BTreeSet;

use serde_json::Value;

use super::references;

/// How deep schemas are looked into.
const DEEP: u32 = 8;

/// Whether nothing that is written for `a` is valid for `b`. `closed`: what is written for `a` has no properties but
/// those that it names.
pub(super) fn excludes(root: &Value, a: &Value, b: &Value, closed: bool) -> bool {
    disjoint(root, a, b, DEEP) || (closed && lacks(root, a, b))
}

fn disjoint(root: &Value, a: &Value, b: &Value, deep: u32) -> bool {
    let Some(deep) = deep.checked_sub(1) else { return false };
    if *a == Value::Bool(false) || *b == Value::Bool(false) {
        return true;
    }
    let (a, b) = (resolved(root, a), resolved(root, b));
    for (one, other) in [(a, b), (b, a)] {
        // An alternative excludes what each of its own alternatives excludes, or what one of its parts does.
        for key in ["anyOf", "oneOf"] {
            if let Some(options) = one[key].as_array()
                && options.iter().all(|option| disjoint(root, option, other, deep))
            {
                return true;
            }
        }
        if let Some(parts) = one["allOf"].as_array()
            && parts.iter().any(|part| disjoint(root, part, other, deep))
        {
            return true;
        }
    }
    let types = types(a).intersection(&types(b)).copied().collect::<BTreeSet<_>>();
    let values = match (values(a), values(b)) {
        (Some(a), Some(b)) => !a.iter().any(|value| b.iter().any(|other| equal(value, other))),
        _ => false,
    };
    let apart = |kind: &str| match kind {
        "number" => ranges_apart(a, b, "minimum", "maximum"),
        "string" => ranges_apart(a, b, "minLength", "maxLength"),
        "array" => ranges_apart(a, b, "minItems", "maxItems"),
        "object" => properties_apart(root, a, b, deep),
        _ => false,
    };
    values || types.iter().all(|kind| apart(kind))
}

/// Of two objects, a property that one of them must have cannot satisfy both.
fn properties_apart(root: &Value, a: &Value, b: &Value, deep: u32) -> bool {
    required(a).iter().chain(&required(b)).any(|name| match (property(a, name), property(b, name)) {
        (Some(one), Some(other)) => disjoint(root, one, other, deep),
        _ => false,
    })
}

fn property<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let others =
        || if schema["patternProperties"].is_null() { schema.get("additionalProperties") } else { None };
    schema["properties"].get(name).or_else(others)
}

/// Whether objects for `a`, which have no properties but the named, lack one that `b` requires.
fn lacks(root: &Value, a: &Value, b: &Value) -> bool {
    let (a, b) = (resolved(root, a), resolved(root, b));
    let object = a["type"] == "object" || (a["type"].is_null() && !a["properties"].is_null());
    let plain = ["allOf", "anyOf", "oneOf", "$ref", "patternProperties"].iter().all(|key| a[key].is_null());
    let open = !a["additionalProperties"].is_null() && a["additionalProperties"] != Value::Bool(false);
    let has = |name: &str| a["properties"].get(name).is_some() || required(a).contains(name);
    object && plain && !open && !a["properties"].is_null() && required(b).iter().any(|name| !has(name))
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut found = schema;
    for _ in 0..DEEP {
        match found["$ref"].as_str().and_then(|reference| references::find(root, reference)) {
            Some((target, _)) => found = target,
            None => break,
        }
    }
    found
}

fn required(schema: &Value) -> BTreeSet<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The types that a schema may have, with integers as numbers.
fn types(schema: &Value) -> BTreeSet<&str> {
    let all = || BTreeSet::from(["array", "boolean", "null", "number", "object", "string"]);
    let plain =
        |name: &'static str, given: &str| if given == "integer" { "number" == name } else { given == name };
    let named = |given: &str| all().into_iter().filter(|name| plain(name, given)).collect::<BTreeSet<_>>();
    match &schema["type"] {
        Value::String(name) => named(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).flat_map(named).collect(),
        _ => match values(schema) {
            Some(values) => values.iter().map(|value| kind(value)).collect(),
            None => all(),
        },
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The values of `const` and `enum`.
fn values(schema: &Value) -> Option<Vec<&Value>> {
    match (schema.get("const"), schema["enum"].as_array()) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(values)) => Some(values.iter().collect()),
        (None, None) => None,
    }
}

/// Equal as JSON has it: 1 and 1.0 are.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        // Numbers may be anywhere in them.
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => true,
        _ => a == b,
    }
}

fn ranges_apart(a: &Value, b: &Value, low: &str, high: &str) -> bool {
    let below = |one: &Value, other: &Value| match (one[high].as_f64(), other[low].as_f64()) {
        (Some(high), Some(low)) => high < low,
        _ => false,
    };
    below(a, b) || below(b, a)
}
