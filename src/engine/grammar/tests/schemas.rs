//! JSON Schema against a validator: what masks let through is valid, and what is valid can be written.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::instances::{any_schema, instance};
use super::*;

pub(super) fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

/// JSON with some white space in it.
fn spaced(value: &Value, rng: &mut Pcg64) -> String {
    match below(rng, 3) {
        0 => value.to_string(),
        1 => serde_json::to_string_pretty(value).unwrap(),
        _ => {
            // As Python writes it.
            let mut out = Vec::new();
            let mut serializer = serde_json::Serializer::with_formatter(&mut out, Python);
            serde::Serialize::serialize(value, &mut serializer).unwrap();
            String::from_utf8(out).unwrap()
        }
    }
}

struct Python;

impl serde_json::ser::Formatter for Python {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// Whether the numbers of a text are ones that the validator has: it rounds those of many digits, and has none beyond
/// floating point.
pub(super) fn has_usual_numbers(text: &str) -> bool {
    let numbers = text.split(|c: char| !(c.is_ascii_digit() || ".eE+-".contains(c)));
    numbers.into_iter().all(|number| number.len() <= 14 && number.parse().map_or(true, f64::is_finite))
}

/// The schema with what it says by our rule: objects with named properties and no word on others have none.
pub(super) fn closed(schema: Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut members: serde_json::Map<_, _> =
                members.into_iter().map(|(key, value)| (key, closed(value))).collect();
            if members.get("properties").is_some_and(Value::is_object) && members.contains_key("type") {
                members.entry("additionalProperties").or_insert(false.into());
            }
            Value::Object(members)
        }
        Value::Array(items) => items.into_iter().map(closed).collect(),
        other => other,
    }
}

fn can(schema: &Value, text: &str) -> bool {
    let constraint = super::schema(schema);
    (0..3).all(|seed| write(&constraint, text, seed) == Written::Whole)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn whatever_masks_let_through_is_valid(seed: u64) {
        let schema = any_schema(&mut rng(seed));
        let constraint = super::schema(&schema);
        // Some have no values at all.
        prop_assume!(guide(&constraint).is_ok());
        for walk in 0..4 {
            let Some(text) = wander(&constraint, seed ^ walk) else { continue };
            if !has_usual_numbers(&text) {
                continue;
            }
            let value: Value = serde_json::from_str(&text)
                .map_err(|error| TestCaseError::fail(format!("{schema}: {text}: {error}")))?;
            let valid = validator(&schema);
            prop_assert!(valid.is_valid(&value), "{} lets through {}", schema, text);
        }
    }

    #[test]
    fn what_is_valid_can_be_written(seed: u64) {
        let mut rng = rng(seed);
        let schema = any_schema(&mut rng);
        let constraint = super::schema(&schema);
        for _ in 0..4 {
            let Some(value) = instance(&schema, &schema, &mut rng, 12) else { continue };
            if !validator(&closed(schema.clone())).is_valid(&value) {
                continue;
            }
            let refusal = guide(&constraint).err().map(|error| error.to_string());
            // One that has its own test.
            prop_assume!(!refusal.is_some_and(|refusal| refusal.contains("control characters")));
            prop_assert!(guide(&constraint).is_ok(), "{} has {}, and is refused: {}", schema, value, guide(&constraint).err().unwrap());
            let text = spaced(&value, &mut rng);
            // See `open_names`.
            let rewritten = schema::enforceable(&schema.to_string()).unwrap();
            if text.contains("\\u00") && !rewritten["x-guidance"]["json_allowed_escapes"].is_null() {
                continue;
            }
            let written = write(&constraint, &text, seed);
            prop_assert!(written == Written::Whole, "{} does not let through {}: {:?}", schema, text, written);
        }
    }
}

#[test]
fn lists_in_lists_have_as_many_items_as_both_say() {
    let numbers = |count: usize| format!("[{}]", vec!["7"; count].join(","));
    let lists = |inner: &[usize]| {
        let inner: Vec<String> = inner.iter().map(|&count| numbers(count)).collect();
        format!("[{}]", inner.join(","))
    };
    for (low, high, inner_low, inner_high) in
        [(0, 2, 1, 2), (1, 1, 0, 3), (2, 3, 2, 3), (2, 2, 2, 2), (3, 5, 1, 4), (0, 1, 3, 3)]
    {
        let inner = json!({"type": "array", "items": {"type": "integer"}, "minItems": inner_low, "maxItems": inner_high});
        let plain = json!({"type": "array", "items": inner, "minItems": low, "maxItems": high});
        let referred = json!({"type": "array", "items": {"$ref": "#/$defs/inner"}, "minItems": low, "maxItems": high, "$defs": {"inner": inner}});
        for schema in [plain, referred] {
            for count in 0..=high + 1 {
                for each in 0..=inner_high + 1 {
                    let fits = (low..=high).contains(&count)
                        && (count == 0 || (inner_low..=inner_high).contains(&each));
                    let text = lists(&vec![each; count]);
                    assert_eq!(can(&schema, &text), fits, "{schema}: {text}");
                    // The last one alone is wrong.
                    if count > 1 && !(inner_low..=inner_high).contains(&each) {
                        let mut counts = vec![inner_high; count];
                        counts[count - 1] = each;
                        assert!(!can(&schema, &lists(&counts)), "{schema}: {counts:?}");
                    }
                }
            }
            let written = (0..20).filter_map(|seed| wander(&super::schema(&schema), seed));
            let values: Vec<Value> = written.map(|text| serde_json::from_str(&text).unwrap()).collect();
            assert!(!values.is_empty(), "{schema}");
            for value in values {
                assert!(validator(&schema).is_valid(&value), "{schema}: {value}");
            }
        }
    }
}

#[test]
fn properties_come_in_the_order_of_the_schema_and_others_behind_them() {
    let schema = json!({
        "type": "object", "properties": {"b": {"type": "integer"}, "a": {"type": "integer"}, "c": {"type": "integer"}},
        "required": ["a", "b"], "additionalProperties": {"type": "null"},
    });
    assert!(can(&schema, r#"{"b":1,"a":2}"#) && can(&schema, r#"{"b":1,"a":2,"c":3,"z":null,"y":null}"#));
    for text in
        [r#"{"a":1,"b":2}"#, r#"{"b":1}"#, r#"{"b":1,"a":2,"z":null,"c":3}"#, r#"{"b":1,"a":2,"b":null}"#]
    {
        assert!(!can(&schema, text), "{text}");
    }
    // No name in disguise.
    assert!(!can(&schema, r#"{"b":1,"a":2,"\u0061":null}"#));
}

#[test]
fn objects_with_named_properties_have_no_others_unless_they_say_so() {
    let plain = json!({"properties": {"a": {"type": "integer"}}});
    assert!(can(&plain, r#"{"a":1}"#) && can(&plain, "{}"));
    assert!(!can(&plain, r#"{"b":1}"#) && !can(&plain, "5"));
    let open = json!({"properties": {"a": {"type": "integer"}}, "additionalProperties": true});
    assert!(can(&open, r#"{"a":1,"b":[]}"#));
    let free = json!({"type": "object"});
    assert!(can(&free, r#"{"b":{"c":1}}"#));
    let merged = json!({"allOf": [plain, {"properties": {"b": {"type": "null"}}, "required": ["b"]}]});
    assert!(can(&merged, r#"{"a":1,"b":null}"#) && !can(&merged, r#"{"a":1}"#));
    let referred = json!({"allOf": [{"$ref": "#/$defs/a"}], "description": "one", "$defs": {"a": plain}});
    assert!(can(&referred, r#"{"a":1}"#) && !can(&referred, r#"{"a":1,"b":2}"#));
    let required = json!({"properties": {"a": {"type": "integer"}}, "required": ["z"]});
    assert!(can(&required, r#"{"a":1,"z":[true]}"#) && !can(&required, r#"{"a":1}"#));
}

#[test]
fn older_drafts_mean_what_they_meant() {
    let tuple = json!({
        "$schema": "http://json-schema.org/draft-07/schema#", "type": "array", "items": [{"type": "integer"}, {"$ref": "#/definitions/s"}],
        "additionalItems": false, "definitions": {"s": {"type": "string"}}, "minItems": 2,
    });
    assert!(can(&tuple, r#"[1,"a"]"#) && !can(&tuple, r#"[1,"a",2]"#) && !can(&tuple, "[1]"));
    let exclusive = json!({"type": "integer", "minimum": 3, "exclusiveMinimum": true, "maximum": 5, "exclusiveMaximum": false});
    assert!(can(&exclusive, "4") && can(&exclusive, "5") && !can(&exclusive, "3"));
}

#[test]
fn formats_are_exact_where_it_matters() {
    let is = |format: &str, text: &str| {
        can(&json!({"type": "string", "format": format}), &json!(text).to_string())
    };
    for (format, good, bad) in [
        ("date", "2000-02-29", "1900-02-29"),
        ("date", "2023-12-31", "2023-13-01"),
        ("date-time", "2023-01-01T00:00:00.5+01:00", "2023-01-01 00:00:00Z"),
        ("time", "00:00:00Z", "24:00:00Z"),
        ("ipv4", "255.0.0.1", "256.0.0.1"),
        ("ipv6", "::", "1::2::3"),
        ("ipv6", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:8:9"),
        ("uuid", "00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000"),
        ("email", "a@b.c", "a@@b.c"),
        ("hostname", "localhost", "-a"),
        ("uri", "mailto:a@b.c", "no scheme"),
        ("uri-reference", "#x", "a b"),
        ("json-pointer", "", "a"),
        ("password", "anything", "\u{0}"),
    ] {
        assert!(is(format, good), "{format} {good}");
        assert!(bad == "\u{0}" || !is(format, bad), "{format} {bad}");
    }
    // A hint for programmers is none for us.
    assert!(can(&json!({"type": "integer", "format": "int32"}), "5"));
}

#[test]
fn bounds_beyond_what_can_be_computed_are_tightened() {
    let unsigned = json!({"type": "integer", "minimum": 0, "maximum": u64::MAX});
    assert!(
        can(&unsigned, "999999999999999") && !can(&unsigned, "-1") && !can(&unsigned, "99999999999999999999")
    );
    let float = json!({"type": "number", "minimum": -1.7e308, "maximum": 1.7e308});
    assert!(can(&float, "-12345.5"));
}

#[test]
fn a_schema_as_a_program_writes_it_works() {
    // Pydantic, with an enumeration, a union with a discriminator, an optional and a nested model.
    let schema = json!({
        "$defs": {
            "Cat": {"properties": {"pet_type": {"const": "cat", "title": "Pet Type", "type": "string"}, "age": {"title": "Age", "type": "integer"}},
                "required": ["pet_type", "age"], "title": "Cat", "type": "object"},
            "Dog": {"properties": {"pet_type": {"const": "dog", "title": "Pet Type", "type": "string"}, "name": {"default": "Rex", "title": "Name", "type": "string"}},
                "required": ["pet_type"], "title": "Dog", "type": "object"},
            "Color": {"enum": ["red", "green"], "title": "Color", "type": "string"},
        },
        "properties": {
            "pet": {"discriminator": {"mapping": {"cat": "#/$defs/Cat", "dog": "#/$defs/Dog"}, "propertyName": "pet_type"},
                "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}], "title": "Pet"},
            "color": {"anyOf": [{"$ref": "#/$defs/Color"}, {"type": "null"}], "default": null},
            "when": {"format": "date-time", "title": "When", "type": "string"},
        },
        "required": ["pet", "when"], "title": "Model", "type": "object",
    });
    assert!(can(
        &schema,
        r#"{"pet": {"pet_type": "cat", "age": 3}, "color": null, "when": "2024-01-01T00:00:00Z"}"#
    ));
    assert!(can(&schema, r#"{"pet": {"pet_type": "dog"}, "color": "red", "when": "2024-01-01T00:00:00Z"}"#));
    assert!(!can(&schema, r#"{"pet": {"pet_type": "dog", "age": 3}, "when": "2024-01-01T00:00:00Z"}"#));
}
