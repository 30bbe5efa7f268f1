//! What a client wants an answer to look like, and what the engine makes of it.

use serde_json::{Map, Value};

use super::ask::ToolChoice;
use super::error::Failure;
use crate::chat::output::{Format, Thoughts};
use crate::engine::protocol::{Constraint, Form, Preamble, Required, ToolForm, ToolSchema};

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

/// How an answer may or must call tools: a call that has begun is one of the tools', with arguments of its schema.
/// `None` where nothing can be enforced; then it is left to the model.
///
/// `tools` as the client names them, `shown` as the model knows them.
///
/// # Errors
/// [`Failure::Invalid`] for a call that is required of tools that are not there.
pub(crate) fn calls(
    format: &Format,
    tools: &[Value],
    shown: &[Value],
    choice: ToolChoice,
) -> Result<Option<ToolForm>, Failure> {
    let function = |tool: &Value| tool.get("function").unwrap_or(tool).clone();
    let name = |tool: &Value| function(tool)["name"].as_str().map(str::to_owned);
    let schema = |tool: &Value| {
        Some(ToolSchema { name: name(tool)?, parameters: function(tool)["parameters"].to_string() })
    };
    let calls: Vec<ToolSchema> = shown.iter().filter_map(schema).collect();
    let required = match choice {
        ToolChoice::None => return Ok(None),
        ToolChoice::Auto => None,
        ToolChoice::Required if calls.is_empty() => {
            return Err(Failure::Invalid("tool_choice \"required\" needs tools to choose from".into()));
        }
        ToolChoice::Required => Some(Required::Any),
        ToolChoice::Named(wanted) => {
            let place = tools.iter().position(|tool| name(tool).as_ref() == Some(&wanted));
            let named = place.and_then(|place| name(shown.get(place)?)).ok_or_else(|| {
                Failure::Invalid(format!("tool_choice names {wanted:?}, which is none of the tools"))
            })?;
            Some(Required::Named(named))
        }
    };
    let marks = format.enforced_calls().filter(|marks| required.is_some() || !marks.open.is_empty());
    Ok(marks.filter(|_| !calls.is_empty()).map(|marks| ToolForm { marks, calls, required }))
}

/// The constraint of an answer to `prompt`. Thoughts may come before a form, and the form begins where they end. A form
/// leaves no room for calls, unless one is required.
pub(crate) fn constraint(
    form: Option<Form>,
    calls: Option<ToolForm>,
    format: &Format,
    prompt: &str,
    hides_thinking: bool,
) -> Option<Constraint> {
    let thoughts = match format.thoughts() {
        Thoughts::Marked { .. } if hides_thinking => Thoughts::None,
        thoughts => thoughts,
    };
    match (form, calls) {
        (_, Some(calls)) if calls.required.is_some() => {
            // What stands before an answer in channels is its own header, which a call does not have.
            let thoughts = if format.has_channels() { Thoughts::None } else { thoughts };
            Some(behind(thoughts, prompt, Form::Tools(calls)))
        }
        (Some(form), _) => Some(behind(thoughts, prompt, form)),
        (None, Some(calls)) => Some(Constraint::new(Form::Tools(calls))),
        (None, None) => None,
    }
}

/// A form behind thoughts, if there may be some.
fn behind(thoughts: Thoughts<'_>, prompt: &str, form: Form) -> Constraint {
    let ends_with = |mark: &str| prompt.trim_end().ends_with(mark.trim());
    let preamble = |open: Option<&str>, close: &str| {
        let open = open.map(|open| open.trim().to_owned());
        Some(Preamble { open, close: close.trim().to_owned() })
    };
    let preamble = match thoughts {
        Thoughts::None => None,
        // A prompt that ends with empty thoughts: the answer comes at once.
        Thoughts::Marked { close, .. } | Thoughts::Always(close) if ends_with(close) => None,
        // The template has opened them.
        Thoughts::Marked { open, close } if ends_with(open) => preamble(None, close),
        Thoughts::Marked { open, close } => preamble(Some(open), close),
        Thoughts::Always(close) => preamble(None, close),
    };
    Constraint { preamble, form }
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
        let marked = Thoughts::Marked { open: "<think>", close: "</think>" };
        let preamble = |prompt: &str, thoughts| behind(thoughts, prompt, Form::Json).preamble;
        let close = || "</think>".to_owned();
        assert_eq!(preamble("Hi", Thoughts::None), None);
        let by_the_model = Some(Preamble { open: Some("<think>".into()), close: close() });
        assert_eq!(preamble("Hi", marked), by_the_model);
        let by_the_prompt = Some(Preamble { open: None, close: close() });
        assert_eq!(preamble("Hi <think>\n", marked), by_the_prompt);
        assert_eq!(preamble("Hi <think>\n\n</think>\n\n", marked), None);
        assert_eq!(
            preamble("Hi", Thoughts::Always("</think>")),
            Some(Preamble { open: None, close: close() })
        );
    }

    #[test]
    fn calls_are_enforced_where_their_form_is_known() {
        let tools =
            [json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}})];
        let hermes = Format::of_jinja("{{ tools }}<tool_call>");
        let required = |format: &Format, choice| {
            calls(format, &tools, &tools, choice)
                .map(|form| form.map(|form| form.required))
                .map_err(|e| e.to_string())
        };
        assert_eq!(required(&hermes, ToolChoice::None), Ok(None));
        assert_eq!(required(&hermes, ToolChoice::Auto), Ok(Some(None)));
        assert_eq!(required(&hermes, ToolChoice::Required), Ok(Some(Some(Required::Any))));
        let named = |name: &str| ToolChoice::Named(name.to_owned());
        assert_eq!(required(&hermes, named("f")), Ok(Some(Some(Required::Named("f".into())))));
        assert!(required(&hermes, named("g")).is_err());
        // Bare JSON cannot be told from text, but it can be required.
        let bare = Format::of_jinja("{{ tools }}");
        assert_eq!(required(&bare, ToolChoice::Auto), Ok(None));
        assert_eq!(required(&bare, ToolChoice::Required), Ok(Some(Some(Required::Any))));
        assert_eq!(required(&Format::plain(), ToolChoice::Required), Ok(None));
        // As the model knows it, not as the client does.
        let own = [json!({"name": "the tool"})];
        let form =
            calls(&Format::harmony(), &own, &[json!({"name": "the_tool"})], named("the tool")).unwrap();
        assert_eq!(form.unwrap().required, Some(Required::Named("the_tool".into())));
    }

    #[test]
    fn a_required_call_wins_over_a_form_and_a_form_over_an_offer() {
        let tools = [json!({"name": "f"})];
        let hermes = Format::of_jinja("{{ tools }}<tool_call><think></think>");
        let kind = |form: Option<Form>, choice| {
            let calls = calls(&hermes, &tools, &tools, choice).unwrap();
            let constraint = constraint(form, calls, &hermes, "Hi", false)?;
            Some((matches!(constraint.form, Form::Tools(_)), constraint.preamble.is_some()))
        };
        assert_eq!(kind(Some(Form::Json), ToolChoice::Required), Some((true, true)));
        assert_eq!(kind(Some(Form::Json), ToolChoice::Auto), Some((false, true)));
        assert_eq!(kind(None, ToolChoice::Auto), Some((true, false)));
        assert_eq!(kind(None, ToolChoice::None), None);
    }
}
