//! What a client wants an answer to look like, and what the engine makes of it.

use serde_json::{Map, Value};

use super::error::Failure;
use crate::engine::protocol::{Constraint, Form, Preamble};

/// Ollama's `format`, with Quipu's extensions: absent, `null` and `""` mean free text.
///
/// | value | form |
/// |---|---|
/// | `"json"` | any JSON object |
/// | `{"regex": "…"}` | a regular expression |
/// | `{"choice": ["…", …]}` | one of some texts |
/// | `{"grammar": "…", "syntax": "lark"}` | a grammar; `gbnf` is the other syntax |
/// | any other object | JSON of this schema |
///
/// The extensions have these members and no others. JSON Schema knows none of them, so no schema that says anything
/// is one of them.
///
/// # Errors
/// [`Failure::Invalid`], in Ollama's words where it has some.
pub(crate) fn ollama(value: Option<&Value>) -> Result<Option<Form>, Failure> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text == "json" => Ok(Some(Form::Json)),
        Some(Value::Object(members)) => match extension(members)? {
            Some(form) => Ok(Some(form)),
            None => Ok(Some(Form::JsonSchema(Value::Object(members.clone()).to_string()))),
        },
        Some(other) => Err(Failure::Invalid(format!(
            "invalid format: {other}; expected \"json\" or a valid JSON Schema object"
        ))),
    }
}

fn extension(members: &Map<String, Value>) -> Result<Option<Form>, Failure> {
    let invalid =
        |name: &str, expected: &str| Failure::Invalid(format!("invalid format: {name:?} must be {expected}"));
    let only = |names: &[&str]| members.keys().all(|key| names.contains(&key.as_str()));
    if let Some(regex) = members.get("regex").filter(|_| only(&["regex"])) {
        let regex = regex.as_str().ok_or_else(|| invalid("regex", "a string"))?;
        return Ok(Some(Form::Regex(regex.to_owned())));
    }
    if let Some(choice) = members.get("choice").filter(|_| only(&["choice"])) {
        let texts = choice.as_array().and_then(|texts| {
            texts.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        return Ok(Some(Form::Choice(texts.ok_or_else(|| invalid("choice", "a list of strings"))?)));
    }
    if let Some(grammar) = members.get("grammar").filter(|_| only(&["grammar", "syntax"])) {
        let grammar = grammar.as_str().ok_or_else(|| invalid("grammar", "a string"))?.to_owned();
        return match members.get("syntax").and_then(Value::as_str) {
            Some("lark") => Ok(Some(Form::Lark(grammar))),
            Some("gbnf") => Ok(Some(Form::Gbnf(grammar))),
            _ => Err(invalid("syntax", "\"lark\" or \"gbnf\"")),
        };
    }
    Ok(None)
}

/// OpenAI's `response_format`. Schemas are enforced whether they are `strict` or not.
///
/// # Errors
/// [`Failure::Invalid`] for a `json_schema` without a schema. Types that nobody knows mean free text, as in Ollama.
pub(crate) fn openai(value: Option<&Value>) -> Result<Option<Form>, Failure> {
    let Some(format) = value else { return Ok(None) };
    match format["type"].as_str() {
        Some("json_object") => Ok(Some(Form::Json)),
        Some("json_schema") => match &format["json_schema"]["schema"] {
            schema @ (Value::Object(_) | Value::Bool(_)) => Ok(Some(Form::JsonSchema(schema.to_string()))),
            _ => Err(Failure::Invalid("response_format of type json_schema needs json_schema.schema".into())),
        },
        _ => Ok(None),
    }
}

/// The constraint of an answer to `prompt`. Thoughts may come before the form, and the form begins where they end.
///
/// `tags`: what the model writes around thoughts, if there may be any.
pub(crate) fn constraint(form: Form, prompt: &str, tags: Option<(String, String)>) -> Constraint {
    let preamble = tags.and_then(|(open, close)| {
        if !open.trim().is_empty() && prompt.trim_end().ends_with(open.trim()) {
            // The template has opened them.
            return Some(Preamble { open: None, close: close.trim().to_owned() });
        }
        // A prompt that ends with empty thoughts, or no thinking wanted: the answer comes at once.
        let closed = prompt.trim_end().ends_with(close.trim());
        (!closed).then(|| Preamble { open: Some(open.trim().to_owned()), close: close.trim().to_owned() })
    });
    Constraint { preamble: preamble.filter(|preamble| !preamble.close.is_empty()), form }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_format_is_json_a_schema_or_an_extension() {
        for free in [None, Some(json!(null)), Some(json!(""))] {
            assert_eq!(ollama(free.as_ref()).unwrap(), None);
        }
        for (value, form) in [
            (json!("json"), Form::Json),
            (
                json!({"type": "object", "b": 1, "a": 2}),
                Form::JsonSchema(r#"{"type":"object","b":1,"a":2}"#.into()),
            ),
            (json!({}), Form::JsonSchema("{}".into())),
            (json!({"regex": "a+"}), Form::Regex("a+".into())),
            (json!({"choice": ["a", "b"]}), Form::Choice(vec!["a".into(), "b".into()])),
            (json!({"grammar": "start: A", "syntax": "lark"}), Form::Lark("start: A".into())),
            (json!({"syntax": "gbnf", "grammar": "root ::= a"}), Form::Gbnf("root ::= a".into())),
            (
                json!({"regex": "a", "type": "string"}),
                Form::JsonSchema(r#"{"regex":"a","type":"string"}"#.into()),
            ),
        ] {
            assert_eq!(ollama(Some(&value)).unwrap(), Some(form), "{value}");
        }
    }

    #[test]
    fn what_is_no_format_is_refused() {
        for (value, error) in [
            (json!("xml"), "invalid format: \"xml\"; expected \"json\" or a valid JSON Schema object"),
            (json!(5), "invalid format: 5; expected \"json\" or a valid JSON Schema object"),
            (json!({"regex": 5}), "invalid format: \"regex\" must be a string"),
            (json!({"choice": [1]}), "invalid format: \"choice\" must be a list of strings"),
            (json!({"grammar": "a"}), "invalid format: \"syntax\" must be \"lark\" or \"gbnf\""),
        ] {
            assert_eq!(ollama(Some(&value)).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn a_response_format_is_a_schema_strict_or_not() {
        for free in [json!(null), json!({"type": "text"}), json!({"type": "grammar"})] {
            assert_eq!(openai(Some(&free)).unwrap(), None);
        }
        assert_eq!(openai(Some(&json!({"type": "json_object"}))).unwrap(), Some(Form::Json));
        for strict in [json!(true), json!(false), json!(null)] {
            let format = json!({"type": "json_schema", "json_schema": {"name": "a", "strict": strict, "schema": {"type": "null"}}});
            assert_eq!(openai(Some(&format)).unwrap(), Some(Form::JsonSchema(r#"{"type":"null"}"#.into())));
        }
        let error = openai(Some(&json!({"type": "json_schema"}))).unwrap_err();
        assert_eq!(error.to_string(), "response_format of type json_schema needs json_schema.schema");
    }

    #[test]
    fn thoughts_come_before_the_form_where_there_may_be_some() {
        let tags = || Some(("<think>".to_owned(), "</think>".to_owned()));
        let preamble = |prompt: &str, tags| constraint(Form::Json, prompt, tags).preamble;
        let close = || "</think>".to_owned();
        assert_eq!(preamble("Hi", None), None);
        let by_the_model = Some(Preamble { open: Some("<think>".into()), close: close() });
        assert_eq!(preamble("Hi", tags()), by_the_model);
        let by_the_prompt = Some(Preamble { open: None, close: close() });
        assert_eq!(preamble("Hi <think>\n", tags()), by_the_prompt);
        assert_eq!(preamble("Hi <think>\n\n</think>\n\n", tags()), None);
    }
}
