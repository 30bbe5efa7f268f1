//! What cannot be enforced is refused, in words that name it.

use serde_json::{Value, json};

use super::*;

fn refusal(schema: Value) -> String {
    match guide(&super::schema(&schema)) {
        Ok(_) => panic!("{schema} is enforced"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_keyword_that_is_not_enforced_is_named_with_its_place() {
    for (keyword, value) in [
        ("not", json!({"type": "null"})),
        ("if", json!({})),
        ("then", json!({})),
        ("else", json!({})),
        ("dependencies", json!({"a": ["b"]})),
        ("dependentRequired", json!({"a": ["b"]})),
        ("dependentSchemas", json!({})),
        ("propertyNames", json!({"pattern": "a"})),
        ("contains", json!({})),
        ("minContains", json!(1)),
        ("maxContains", json!(1)),
        ("unevaluatedItems", json!(false)),
        ("unevaluatedProperties", json!(false)),
        ("uniqueItems", json!(true)),
        ("$dynamicRef", json!("#a")),
        ("$recursiveRef", json!("#")),
    ] {
        let expected = |place: &str| format!("the schema keyword {keyword:?} at {place} is not supported");
        assert_eq!(refusal(json!({ keyword: value })), expected("#"));
        let draft_7 = json!({"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a/b": {keyword: value}}});
        assert_eq!(refusal(draft_7), expected("#/properties/a~1b"));
        let referred = json!({"$ref": "#/$defs/x", "$defs": {"x": {"items": {keyword: value}}}});
        assert_eq!(refusal(referred), expected("#/$defs/x/items"));
    }
}

#[test]
fn values_that_keywords_do_not_have_are_refused() {
    for (schema, error) in [
        (json!({"type": "any"}), r#""type" at #: "any" is no type"#),
        (json!({"type": ["string", 5]}), r#""type" at #: 5 is no type"#),
        (json!({"type": "string", "format": "iri"}), r#""format" at #: the format "iri" is not supported"#),
        (
            json!({"type": "string", "pattern": "(?=a)"}),
            r#""pattern" at #: looking ahead or behind, (?=a…), cannot be enforced"#,
        ),
        (json!({"minLength": -1}), r#""minLength" at #: a whole number from 0 to 1000000000 is expected"#),
        (json!({"minimum": "1"}), r#""minimum" at #: a number is expected"#),
        (json!({"multipleOf": 0}), r#""multipleOf" at #: a number above 0 of at most 8 digits is expected"#),
        (json!({"properties": []}), r#""properties" at #: an object is expected"#),
        (
            json!({"properties": {"a": 5}}),
            "the schema at #/properties/a is neither an object nor true or false",
        ),
        (json!({"enum": "a"}), r#""enum" at #: a list is expected"#),
        (json!({"anyOf": []}), r#""anyOf" at #: a list of schemas is expected"#),
        (
            json!({"$ref": "https://example.com/a"}),
            r#""$ref" at #: "https://example.com/a" is not in this schema, and others are not fetched"#,
        ),
        (
            json!({"oneOf": [{"type": "integer"}, {"type": "number"}]}),
            r#""oneOf" at #: alternatives 0 and 1 may both match, or it cannot be seen that they do not; use anyOf, or give each a property with a const of its own"#,
        ),
        (
            json!({"properties": {"a": {"enum": ["\u{1}"]}}, "additionalProperties": true}),
            r#""const" at #/properties/a: control characters cannot be enforced beside objects that have named properties and others"#,
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "null"}, "minProperties": 2}),
            r#""minProperties" at #: more than one property without a name cannot be counted; name them in "properties""#,
        ),
    ] {
        assert_eq!(refusal(schema), error);
    }
}

#[test]
fn what_nothing_satisfies_is_refused() {
    for schema in [
        json!(false),
        json!({"enum": []}),
        json!({"type": "string", "minLength": 3, "maxLength": 2}),
        json!({"type": "integer", "minimum": 3, "maximum": 2}),
        json!({"allOf": [{"type": "string"}, {"type": "null"}]}),
        json!({"type": "object", "properties": {"a": false}, "required": ["a"]}),
        json!({"type": "array", "items": false, "minItems": 1}),
        json!({"const": "a", "type": "number"}),
    ] {
        let error = refusal(schema.clone());
        assert!(error.starts_with("the JSON schema cannot be enforced: "), "{schema}: {error}");
    }
}

#[test]
fn other_forms_say_what_is_wrong_with_them() {
    let error = |form: Form| guide(&Constraint::new(form)).err().expect("refused").to_string();
    assert!(error(Form::Regex("a(".into())).starts_with("invalid regular expression: "));
    assert!(error(Form::Regex("(?=a)b".into())).starts_with("invalid regular expression: "));
    assert!(error(Form::Lark("start: missing".into())).starts_with("invalid Lark grammar: "));
    assert_eq!(error(Form::Choice(vec![])), "a choice needs one text at least, and none of them empty");
    for (grammar, message) in [
        ("a ::= \"b\"", "there is no rule \"root\", with which a grammar begins"),
        ("root ::= thing", "there is no rule \"thing\""),
        ("root ::= \"a\nb ::= [", "line 1: a text in quotes is not closed"),
        ("root ::= \"a\"\nb ::= [x", "line 2: a class of characters is not closed"),
        ("root ::= (\"a\"", "line 1: a parenthesis is not closed"),
        ("root = \"a\"", "line 1: ::= is expected after \"root\""),
        ("root ::= \"a\"{2,1}", "line 1: {2,1} is no number of repetitions"),
        ("root ::= <think>", "line 1: tokens by name or number are not supported"),
    ] {
        assert_eq!(error(Form::Gbnf(grammar.into())), format!("invalid GBNF grammar: {message}"));
    }
    assert!(error(Form::JsonSchema("{".into())).starts_with("the schema is no JSON: "));
}
