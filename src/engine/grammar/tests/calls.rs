//! Calls in all the forms in which models write them, against who reads them: what masks let through is read as a call
//! with valid arguments, and what models write of valid arguments is let through.

use std::sync::LazyLock;

use llguidance::api::TopLevelGrammar;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::instances::{any_parameters, instance};
use super::schemas::{closed, has_usual_numbers, validator};
use super::*;
use crate::chat::output::tests::{format, write::write as as_a_model};
use crate::chat::output::{Event, Reader, Reading};
use crate::engine::grammar::call::{self, Place};
use crate::engine::protocol::{Required, ToolForm, ToolSchema};

/// One format of each way to write calls.
const FORMATS: &[&str] = &[
    "qwen3-coder",
    "glm-4.7",
    "gemma4",
    "functiongemma",
    "olmo3",
    "lfm2",
    "cohere",
    "glimmer",
    "qwen3",
    "deepseek3",
    "cogito",
    "ministral",
    "harmony",
    "go-mistral",
    "go-function",
];

/// Those in which values have no quotes.
const WITHOUT_QUOTES: &[&str] = &["qwen3-coder", "glm-4.7", "glimmer"];

/// Marks, some with the white space that models write around them.
fn marks() -> Vec<String> {
    let marks = FORMATS.iter().flat_map(|name| format(name).visible(true));
    let more = ["\n</parameter>\n", "\n</function>\n", "</atem:parameter>", "\n</atem:parameter>\n"];
    let marks = marks.filter(|mark| !CONTROL.contains(&mark.as_str()));
    let mut all: Vec<String> = marks.chain(more.map(str::to_owned)).collect();
    all.sort();
    all.dedup();
    all
}

/// Vocabularies in which marks are tokens: text in the first, control tokens in the second.
static TONGUES: LazyLock<[Tongue; 2]> = LazyLock::new(|| {
    let marks = marks();
    let marks: Vec<&str> = marks.iter().map(String::as_str).collect();
    let control: Vec<&str> = marks.iter().copied().filter(|mark| mark.trim() == *mark).collect();
    [tongue(Vocab::with(&marks, CONTROL)), tongue(Vocab::with(&marks, &[CONTROL, &control].concat()))]
});

/// All formats in both vocabularies. Marks of messages end them wherever they stand, so they are no text.
fn everywhere() -> impl Iterator<Item = (&'static str, &'static Tongue)> {
    let tongues = |name: &str| if name == "harmony" { &TONGUES[1..] } else { &TONGUES[..] };
    FORMATS.iter().flat_map(move |&name| tongues(name).iter().map(move |tongue| (name, tongue)))
}

/// Tokens that lead to the end of a call.
fn closing() -> Vec<String> {
    let ends = |mark: &String| mark.contains("</") || mark.contains("end") || mark.contains("call|");
    let quotes = ["\"", "}", "]", ")", "<escape>", "<|\"|>", "<tool_call|>"].map(str::to_owned);
    marks().into_iter().filter(ends).chain(quotes).collect()
}

/// Tools with any parameters.
fn any_tools(rng: &mut Pcg64) -> Vec<ToolSchema> {
    let names = ["get_weather", "get", "f1"].iter().take(1 + below(rng, 3));
    names.map(|name| tool(name, &any_parameters(rng))).collect()
}

fn tool(name: &str, parameters: &Value) -> ToolSchema {
    ToolSchema { name: name.into(), parameters: parameters.to_string() }
}

/// The tools as on the wire.
fn wire(tools: &[ToolSchema]) -> Vec<Value> {
    let wire = |tool: &ToolSchema| {
        let parameters: Value = serde_json::from_str(&tool.parameters).unwrap();
        json!({"type": "function", "function": {"name": tool.name, "parameters": parameters}})
    };
    tools.iter().map(wire).collect()
}

fn constraint(name: &str, tools: &[ToolSchema], required: Option<Required>) -> Constraint {
    let marks = format(name).enforced_calls().unwrap();
    form(Form::Tools(ToolForm { marks, calls: tools.to_vec(), required }))
}

/// The calls in an answer, which is nothing but calls.
fn calls(name: &str, tools: &[ToolSchema], text: &str) -> Option<Vec<(String, Map<String, Value>)>> {
    let wire = wire(tools);
    let prompt = if format(name).has_channels() { "<|start|>assistant" } else { "" };
    let mut reader = Reader::new(&format(name), &Reading { tools: &wire, prompt, ..Reading::default() });
    let mut events = reader.push(text);
    events.extend(reader.finish());
    let call = |event| match event {
        Event::Call(call) => Some((call.name, call.arguments)),
        _ => None,
    };
    events.into_iter().map(call).collect()
}

/// The schema of a tool whose arguments are enforced.
fn schema_of(name: &str, tool: &ToolSchema, (_, words): &Tongue) -> Option<Value> {
    let marks = format(name).enforced_calls().unwrap();
    let lark = call::is_enforced(&marks, tool, words)
        .then(|| call::lark(&marks, &[tool], Place::Opened, words).unwrap())?;
    // Some have no values at all.
    words.factory.create_parser(TopLevelGrammar::from_lark(lark)).ok()?;
    Some(serde_json::from_str(&tool.parameters).unwrap())
}

/// Two tools as people write them.
fn lamps() -> Vec<ToolSchema> {
    vec![
        tool(
            "set_lamp",
            &json!({
                "type": "object", "required": ["room", "level"],
                "properties": {
                    "room": {"$ref": "#/$defs/room"}, "level": {"type": "integer", "minimum": 0, "maximum": 10},
                    "note": {"type": "string", "maxLength": 9}, "on": {"type": "boolean"},
                    "color": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "path": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}, "minItems": 1},
                },
                "$defs": {"room": {"enum": ["hall", "kitchen"]}},
            }),
        ),
        tool("get_time", &Value::Null),
    ]
}

/// Whether an answer is let through, in both vocabularies and however it is cut.
fn is_let_through(name: &str, text: &str) -> bool {
    let constraint = constraint(name, &lamps(), None);
    let all: Vec<bool> = TONGUES
        .iter()
        .flat_map(|tongue| (0..3).map(|seed| write_in(tongue, &constraint, text, seed) == Written::Whole))
        .collect();
    assert!(all.iter().all(|one| *one == all[0]), "{name}: {all:?}: {text}");
    all[0]
}

#[track_caller]
fn check(name: &str, good: &[&str], bad: &[&str]) {
    for text in good {
        assert!(is_let_through(name, text), "{name}: {text}");
        assert!(
            calls(name, &lamps(), text).is_some_and(|calls| !calls.is_empty()),
            "{name} does not read {text}"
        );
    }
    for text in bad {
        assert!(!is_let_through(name, text), "{name}: {text}");
    }
}

#[test]
fn parameters_may_be_elements() {
    let call = |name: &str, parameters: &[(&str, &str)]| {
        let parameters =
            parameters.iter().map(|(key, value)| format!("<parameter={key}>\n{value}\n</parameter>\n"));
        format!("<tool_call>\n<function={name}>\n{}</function>\n</tool_call>", parameters.collect::<String>())
    };
    let lamp =
        |more: &[(&str, &str)]| call("set_lamp", &[&[("room", "hall"), ("level", "5")], more].concat());
    let good = [
        lamp(&[]),
        lamp(&[("note", "<b> \"5\"")]),
        lamp(&[("note", "")]),
        lamp(&[("on", "True")]),
        lamp(&[("color", "null")]),
        lamp(&[("color", " nullify\n\n")]),
        lamp(&[("path", "[{\"x\": -1.5}, {\"x\": 0}]")]),
        call("get_time", &[]),
        "<tool_call><function=set_lamp><parameter=room>hall</parameter><parameter=level>5</parameter></function></tool_call>".into(),
    ];
    let bad = [
        call("sing", &[]),
        call("get_time", &[("zone", "here")]),
        call("set_lamp", &[("room", "hall")]),
        call("set_lamp", &[("level", "5"), ("room", "hall")]),
        call("set_lamp", &[("room", "garden"), ("level", "5")]),
        call("set_lamp", &[("room", "hall"), ("level", "11")]),
        lamp(&[("note", "too long for it")]),
        lamp(&[("on", "yes")]),
        lamp(&[("on", "true"), ("on", "true")]),
        lamp(&[("path", "[]")]),
        lamp(&[("path", "{}")]),
        lamp(&[("else", "1")]),
        lamp(&[("color", "</function>")]),
    ];
    check("qwen3-coder", &good.each_ref().map(String::as_str), &bad.each_ref().map(String::as_str));
}

/// What must be let through, and what must not, in some values of `color` and `path`.
fn check_values(
    name: &str,
    call: impl Fn(&str, &[(&str, &str)]) -> String,
    good: &[(&str, &str)],
    bad: &[(&str, &str)],
    hall: &str,
) {
    let lamp = |more: &(&str, &str)| call("set_lamp", &[("room", hall), ("level", "5"), *more]);
    let good: Vec<String> = good.iter().map(lamp).chain([call("get_time", &[])]).collect();
    let others = [
        call("sing", &[]),
        call("get_time", &[("zone", "5")]),
        call("set_lamp", &[("room", hall)]),
        call("set_lamp", &[("level", "5"), ("room", hall)]),
        call("set_lamp", &[("room", hall), ("level", "11")]),
        call("set_lamp", &[("room", "5"), ("level", "5")]),
    ];
    let bad: Vec<String> = bad.iter().map(lamp).chain(others).collect();
    let [good, bad] = [&good, &bad].map(|texts| texts.iter().map(String::as_str).collect::<Vec<_>>());
    check(name, &good, &bad);
}

#[test]
fn parameters_may_be_keys_and_values() {
    let call = |name: &str, parameters: &[(&str, &str)]| {
        let pairs = parameters
            .iter()
            .map(|(key, value)| format!("<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n"));
        format!("<tool_call>{name}\n{}</tool_call>", pairs.collect::<String>())
    };
    let good =
        [("note", "<b> \"5\""), ("note", ""), ("on", "false"), ("color", "None"), ("path", "[{\"x\":1e3}]")];
    let bad = [("note", "too long for it"), ("on", "1"), ("on", ""), ("path", "[{}]"), ("else", "5")];
    check_values("glm-4.7", call, &good, &bad, "hall");
    let tight = "<tool_call>set_lamp<arg_key>room</arg_key><arg_value>hall</arg_value><arg_key>level</arg_key>\
                 <arg_value>5</arg_value></tool_call>";
    check("glm-4.7", &[tight], &[&tight.replace("hall", "")]);
}

#[test]
fn strings_may_have_marks_of_their_own() {
    for (name, open, quote, close) in [
        ("gemma4", "<|tool_call>", "<|\"|>", "<tool_call|>"),
        ("functiongemma", "<start_function_call>", "<escape>", "<end_function_call>"),
    ] {
        let call = |name: &str, parameters: &[(&str, &str)]| {
            let pairs: Vec<String> = parameters
                .iter()
                .map(|(key, value)| format!("{key}:{}", value.replace('\'', quote)))
                .collect();
            format!("{open}call:{name}{{{}}}{close}", pairs.join(","))
        };
        let good = [
            ("note", "'a\n\"b\"'"),
            ("note", "''"),
            ("on", "true"),
            ("color", "null"),
            ("path", "[{x:1},{x:2.5}]"),
        ];
        let bad = [
            ("note", "'too long for it'"),
            ("note", "a"),
            ("on", "True"),
            ("path", "[{'x:1}]"),
            ("else", "5"),
        ];
        check_values(name, call, &good, &bad, "'hall'");
    }
}

#[test]
fn calls_may_be_python() {
    let one = |name: &str, parameters: &[(&str, &str)]| {
        let pairs: Vec<String> = parameters.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{name}({})", pairs.join(", "))
    };
    let good = [
        ("note", "\"a\\n'b'\""),
        ("note", "\"\""),
        ("on", "True"),
        ("color", "None"),
        ("path", "[{\"x\": 1}]"),
    ];
    let bad =
        [("note", "\"too long for it\""), ("note", "a"), ("on", "true"), ("path", "[{}]"), ("else", "5")];
    let olmo = |name: &str, parameters: &[(&str, &str)]| {
        format!("<function_calls>get_time()\n{}</function_calls>", one(name, parameters))
    };
    check_values("olmo3", olmo, &good, &bad, "\"hall\"");
    let lfm = |name: &str, parameters: &[(&str, &str)]| {
        format!("<|tool_call_start|>[{}, get_time()]<|tool_call_end|>", one(name, parameters))
    };
    check_values("lfm2", lfm, &good, &bad, "\"hall\"");
}

#[test]
fn calls_may_be_objects_that_have_a_name_themselves() {
    check_objects("cohere", |name, arguments| {
        format!(
            "<|START_ACTION|>[\n    {{\"tool_call_id\": \"0\", \"tool_name\": \"{name}\", \"parameters\": {arguments}}}\n]<|END_ACTION|>"
        )
    });
}

/// Calls whose arguments are an object of JSON.
fn check_objects(format: &str, call: impl Fn(&str, &str) -> String) {
    let call = |name: &str, parameters: &[(&str, &str)]| {
        let pairs: Vec<String> =
            parameters.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        call(name, &format!("{{{}}}", pairs.join(", ")))
    };
    let good = [("note", "\"\""), ("on", "true"), ("color", "null"), ("path", "[{\"x\": 1}]")];
    let bad = [("note", "\"too long for it\""), ("on", "True"), ("path", "[{}]"), ("else", "5")];
    check_values(format, call, &good, &bad, "\"hall\"");
}

#[test]
fn messages_may_hold_calls() {
    let call = |name: &str, parameters: &[(&str, &str)]| {
        let parameters = parameters
            .iter()
            .map(|(key, value)| format!("<atem:parameter name=\"{key}\">{value}</atem:parameter>\n"));
        format!(
            "<|message|><atem:function_calls>\n<atem:invoke name=\"{name}\">\n{}</atem:invoke>\n</atem:function_calls>",
            parameters.collect::<String>()
        )
    };
    let good = [("note", "\na\n"), ("on", "True"), ("color", ""), ("path", "[{\"x\": 1}]")];
    let bad =
        [("note", "too long for it"), ("note", "<|eom|>"), ("on", "5"), ("path", "[{}]"), ("else", "5")];
    check_values("glimmer", call, &good, &bad, "hall");
}

#[test]
fn a_name_may_be_a_part_of_the_mark() {
    check_objects("go-function", |name, arguments| format!("<function={name}>{arguments}</function>"));
}

#[test]
fn calls_that_must_come_have_all_that_stands_before_them() {
    for (name, first) in [
        (
            "deepseek3",
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_time<｜tool▁sep｜>{}<｜tool▁call▁end｜>",
        ),
        ("glimmer", "<|message|><atem:function_calls>\n<atem:invoke name=\"get_time\"></atem:invoke>"),
        ("qwen3-coder", "<tool_call>\n<function=get_time>\n</function>\n</tool_call>"),
        ("gemma4", "<|tool_call>call:get_time{}<tool_call|>"),
    ] {
        for required in [Required::Any, Required::Named("get_time".into())] {
            let constraint = constraint(name, &lamps(), Some(required));
            for tongue in TONGUES.iter() {
                assert_eq!(write_in(tongue, &constraint, first, 1), Written::Whole, "{name}");
                assert!(matches!(write_in(tongue, &constraint, "Well", 1), Written::Refused(0)), "{name}");
            }
            assert_eq!(calls(name, &lamps(), first), Some(vec![("get_time".into(), Map::new())]), "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn what_masks_let_through_is_a_valid_call(seed: u64) {
        let mut rng = rng(seed);
        let tools = any_tools(&mut rng);
        let closing = closing();
        let closing: Vec<&str> = closing.iter().map(String::as_str).collect();
        for (name, tongue) in everywhere() {
            let tool = &tools[below(&mut rng, tools.len())];
            // There, nobody looks for marks in strings.
            let Some(schema) = schema_of(name, tool, tongue).filter(|schema| !is_left(schema)) else { continue };
            let constraint = constraint(name, &tools, Some(Required::Named(tool.name.clone())));
            let Some(text) = wander_in(tongue, &constraint, &closing, seed) else { continue };
            if !has_usual_numbers(&text) {
                continue;
            }
            let called = calls(name, &tools, &text);
            let Some([(called, arguments)]) = called.as_deref() else {
                return Err(TestCaseError::fail(format!("{name}: {called:?} of {text}")));
            };
            prop_assert_eq!(called, &tool.name, "{}: {}", name, text);
            let arguments = Value::Object(arguments.clone());
            prop_assert!(validator(&schema).is_valid(&arguments), "{}: {} lets through {} as {}", name, schema, text, arguments);
        }
    }

    #[test]
    fn what_models_write_of_valid_arguments_is_let_through(seed: u64) {
        let mut rng = rng(seed);
        let tools = any_tools(&mut rng);
        for (name, tongue) in everywhere() {
            let tool = &tools[below(&mut rng, tools.len())];
            let Some(schema) = schema_of(name, tool, tongue) else { continue };
            let Some(Value::Object(arguments)) = instance(&schema, &schema, &mut rng, 12) else { continue };
            let meant = Value::Object(arguments.clone());
            let written = as_a_model(name, &[(tool.name.clone(), arguments.clone())]).unwrap();
            // Of the two ways to end such a message, the one that is only for calls.
            let written = written.replace("<|end|>", "<|call|>");
            let is_read = calls(name, &tools, &written).is_some_and(|calls| calls == [(tool.name.clone(), arguments.clone())]);
            if !validator(&closed(schema.clone())).is_valid(&meant) || !is_read || is_narrowed(name, &schema, &arguments) {
                continue;
            }
            let constraint = constraint(name, &tools, None);
            let how = write_in(tongue, &constraint, &written, seed);
            prop_assert!(how == Written::Whole, "{}: {} does not let through {}: {:?}", name, schema, written, how);
        }
    }
}

/// Whether a form allows less than a schema, on purpose.
fn is_narrowed(name: &str, schema: &Value, arguments: &Map<String, Value>) -> bool {
    let parameters = &schema["properties"];
    // What has no name of its own has a plain one.
    let others = arguments.keys().any(|key| parameters.get(key).is_none());
    // Where a parameter can be more than a number, bounds of numbers are not looked at: they are left out.
    let is_plain = |key: &String| matches!(parameters[key]["type"].as_str(), Some("integer" | "number"));
    let numbers = arguments.iter().any(|(key, value)| value.is_number() && !is_plain(key));
    // In literals, what matches a pattern is not escaped.
    let all = serde_json::to_string(arguments).unwrap();
    let escaped = all.contains("\\u00") || (all.contains('\\') && schema.to_string().contains("\"pattern\""));
    // What llguidance makes is JSON.
    let python = matches!(name, "olmo3" | "lfm2") && is_left(schema);
    others || (numbers && WITHOUT_QUOTES.contains(&name)) || escaped || python
}

/// Whether something in a schema is left to llguidance.
fn is_left(schema: &Value) -> bool {
    schema.to_string().contains(r#""allOf":[{"type":"object""#)
}
