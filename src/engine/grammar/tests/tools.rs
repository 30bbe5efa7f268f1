use serde_json::json;

use super::*;
use crate::engine::protocol::{CallBody, CallMarks, Required, ToolForm, ToolSchema};

fn object(arguments: &str) -> CallBody {
    CallBody::Object { id: None, name: "name".into(), arguments: arguments.into(), listed: false }
}

fn marked(open: &str, body: CallBody, close: &str, required: Option<Required>) -> Constraint {
    let Form::Tools(mut tools) = tools(required).form else { panic!("tools") };
    tools.marks = CallMarks { open: open.into(), close: close.into(), body, ..CallMarks::default() };
    form(Form::Tools(tools))
}

fn tools(required: Option<Required>) -> Constraint {
    let tool = |name: &str, parameters: serde_json::Value| ToolSchema {
        name: name.into(),
        parameters: parameters.to_string(),
    };
    form(Form::Tools(ToolForm {
        marks: CallMarks {
            open: "<tool_call>".into(),
            close: "</tool_call>".into(),
            body: object("arguments"),
            ..CallMarks::default()
        },
        calls: vec![
            tool(
                "get_weather",
                json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}),
            ),
            tool(
                "add",
                json!({"type": "object", "properties": {"n": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer"}}}),
            ),
        ],
        required,
    }))
}

const WEATHER: &str =
    "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Cusco\"}}\n</tool_call>";
const ADD: &str = "<tool_call>{\"name\": \"add\", \"arguments\": {\"n\": 5}}</tool_call>";

#[test]
fn text_is_free_until_a_call_opens() {
    let lazy = tools(None);
    for text in
        ["", "Hello {\"name\"", "a < b <tool", WEATHER, &format!("Let me see. {WEATHER}\n{ADD} Done.")]
    {
        for seed in 0..3 {
            assert_eq!(write(&lazy, text, seed), Written::Whole, "{text}");
        }
    }
}

#[test]
fn an_open_call_is_a_valid_one() {
    let lazy = tools(None);
    for (text, place) in [
        ("x <tool_call>Hello", "x <tool_call>"),
        ("<tool_call>{\"name\": \"unknown\"", "<tool_call>{\"name\": \""),
        (
            "<tool_call>{\"name\": \"add\", \"arguments\": {\"city\"",
            "<tool_call>{\"name\": \"add\", \"arguments\": {\"",
        ),
        (
            "<tool_call>{\"name\": \"get_weather\", \"arguments\": {}",
            "<tool_call>{\"name\": \"get_weather\", \"arguments\": {",
        ),
        (
            "<tool_call>{\"name\": \"add\", \"arguments\": {\"n\": \"5\"",
            "<tool_call>{\"name\": \"add\", \"arguments\": {\"n\": ",
        ),
    ] {
        assert_eq!(write(&lazy, text, 1), Written::Refused(place.len()), "{text}");
    }
    assert_eq!(write(&lazy, "<tool_call>", 0), Written::Part, "no end in the middle of a call");
    assert!(matches!(write(&lazy, &format!("{ADD}<tool_call>x"), 0), Written::Refused(_)), "again and again");
}

#[test]
fn a_required_call_comes_first() {
    let any = tools(Some(Required::Any));
    assert!(matches!(write(&any, "Hello", 0), Written::Refused(0)));
    for text in [WEATHER, ADD, &format!("{ADD}\n{WEATHER}"), &format!("{ADD} and text")] {
        assert_eq!(write(&any, text, 0), Written::Whole, "{text}");
    }
    let named = tools(Some(Required::Named("add".into())));
    assert_eq!(write(&named, ADD, 0), Written::Whole);
    assert!(matches!(write(&named, WEATHER, 0), Written::Refused(_)));
    assert!(matches!(write(&named, &format!("{ADD}x"), 0), Written::Refused(_)), "once, and nothing else");
    let error = guide(&tools(Some(Required::Named("sub".into())))).err().expect("refused");
    assert_eq!(error.to_string(), "no tool is called \"sub\"");
}

#[test]
fn calls_without_a_closing_text_end_with_their_brace() {
    let Form::Tools(mut tools) = tools(None).form else { panic!("tools") };
    tools.marks.close = String::new();
    tools.marks.body = object("parameters");
    let constraint = form(Form::Tools(tools));
    let call = "<tool_call>{\"name\": \"add\", \"parameters\": {\"n\": 5}}";
    assert_eq!(write(&constraint, &format!("{call} and {call} then text"), 2), Written::Whole);
}

#[test]
fn calls_may_stand_in_a_list() {
    let body = CallBody::Object {
        id: Some("id".into()),
        name: "name".into(),
        arguments: "arguments".into(),
        listed: true,
    };
    let [one, two] = ["{\"id\": \"0\", \"name\": \"add\", \"arguments\": {\"n\": 5}}"; 2];
    for required in [None, Some(Required::Any)] {
        let constraint = marked("[TOOL_CALLS]", body.clone(), "", required);
        for text in [format!("[TOOL_CALLS][{one}]"), format!("[TOOL_CALLS] [{one}, {two}]")] {
            assert_eq!(write(&constraint, &text, 1), Written::Whole, "{text}");
        }
        assert!(matches!(write(&constraint, "[TOOL_CALLS][]", 1), Written::Refused(_)));
    }
}

#[test]
fn calls_may_name_their_tool_before_the_arguments() {
    let body = CallBody::Named { before: String::new(), behind: "[ARGS]".into(), end: String::new() };
    let constraint = marked("[TOOL_CALLS]", body, "", Some(Required::Any));
    let text = "[TOOL_CALLS]add[ARGS]{\"n\": 5}";
    assert_eq!(write(&constraint, &format!("{text}{text}"), 1), Written::Whole);
    assert!(matches!(write(&constraint, "[TOOL_CALLS]sub", 1), Written::Refused(_)));
}

#[test]
fn marks_that_are_no_text_are_their_tokens() {
    let body = CallBody::Named { before: "to=".into(), behind: "<|start|>".into(), end: "<|start|>".into() };
    let constraint = marked("<|start|>", body, "", Some(Required::Any));
    assert_eq!(write(&constraint, "<|start|>to=add<|start|>{\"n\": 5}<|start|>", 1), Written::Whole);
}

#[test]
fn calls_that_nothing_opens_can_be_required() {
    let constraint = marked("", object("parameters"), "", Some(Required::Any));
    assert_eq!(write(&constraint, "{\"name\": \"add\", \"parameters\": {\"n\": 5}}", 1), Written::Whole);
    assert!(matches!(write(&constraint, "I", 1), Written::Refused(0)));
    assert!(guide(&marked("", object("parameters"), "", None)).is_err());
}

#[test]
fn parameters_that_cannot_be_enforced_are_any_object() {
    let Form::Tools(mut tools) = tools(None).form else { panic!("tools") };
    tools.calls[1].parameters = json!({"type": "object", "not": {"required": ["n"]}}).to_string();
    let constraint = form(Form::Tools(tools));
    assert_eq!(write(&constraint, ADD, 1), Written::Whole);
    assert!(matches!(write(&constraint, &ADD.replace('5', "5,"), 1), Written::Refused(_)));
}
