//! What holds for any text, in all formats.

use proptest::prelude::*;
use proptest::{collection, sample};
use serde_json::{Map, Number, Value};

use super::write::write;
use super::*;

/// Pieces of which answers are made, and a bit of anything.
fn piece() -> impl Strategy<Value = String> {
    let marks: Vec<String> = all_formats()
        .iter()
        .flat_map(|name| format(name).visible(true))
        .chain(["<|channel|>analysis", " to=functions.get", "<|eom|>", "<|START_TEXT|>"].map(Into::into))
        .collect();
    let parts = vec![
        "get",
        "get_weather",
        "any.thing",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "\"",
        "'",
        ":",
        ",",
        "=",
        ";",
        "\\",
        "\n",
        " ",
        "```",
        "{\"name\": \"get\", \"arguments\": {}}",
        "{\"id\": \"x\"}",
        "call:get{",
        "get(id='x')",
        "<function=get>",
        "<parameter=id>",
        "é",
        "🚀",
        "text",
        "1",
        "<",
        "null",
    ];
    prop_oneof![
        3 => sample::select(marks),
        4 => sample::select(parts).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

/// A text, and where it is cut.
fn text() -> impl Strategy<Value = (String, Vec<usize>)> {
    let pieces = collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat());
    (pieces, collection::vec(1_usize..9, 0..40))
}

fn cut<'t>(text: &'t str, sizes: &[usize]) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut rest = text;
    for size in sizes.iter().cycle().take(if sizes.is_empty() { 0 } else { text.len() }) {
        let at = rest.char_indices().nth(*size).map_or(rest.len(), |(at, _)| at);
        let (part, behind) = rest.split_at(at);
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}

/// Arguments of the tool that takes all types.
fn arguments() -> impl Strategy<Value = Map<String, Value>> {
    let string =
        || prop_oneof![4 => "[a-zA-Z é🚀,:{}\\[\\]()'=.;]{0,12}", 1 => Just("two\nlines".to_owned())];
    let value = || {
        let leaf = prop_oneof![
            string().prop_map(Value::String),
            any::<i32>().prop_map(Value::from),
            any::<bool>().prop_map(Value::Bool),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
                collection::vec(("[a-z]{1,5}", inner), 0..3)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    };
    let list = collection::vec(value(), 0..3).prop_map(Value::Array);
    let map = collection::vec(("[a-z]{1,5}", value()), 0..3)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()));
    let ratio = (-1000_i32..1000).prop_map(|n| Number::from_f64(f64::from(n) + 0.25).into());
    (
        proptest::option::of(string().prop_map(Value::String)),
        proptest::option::of(any::<i64>().prop_map(Value::from)),
        proptest::option::of(ratio),
        proptest::option::of(any::<bool>().prop_map(Value::from)),
        proptest::option::of(list),
        proptest::option::of(map),
    )
        .prop_map(|(text, count, ratio, on, list, map)| {
            let entries = [
                ("text", text),
                ("count", count),
                ("ratio", ratio),
                ("on", on),
                ("list", list),
                ("map", map),
            ];
            entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// However a text is cut, the same is read; and nothing panics.
    #[test]
    fn cuts_do_not_matter((text, sizes) in text(), prompt in sample::select(vec!["", "<think>", "<|start|>assistant"]),
                          hides_thinking: bool, is_prefilled: bool, with_tools: bool) {
        let tools = if with_tools { tools() } else { Vec::new() };
        let reading = Reading { tools: &tools, hides_thinking, prompt, is_prefilled };
        for name in all_formats() {
            let whole = read_parts(name, &reading, [text.as_str()]);
            prop_assert_eq!(read_parts(name, &reading, cut(&text, &sizes)), whole, "{}", name);
        }
    }

    /// What has no marks is content, to the letter.
    #[test]
    fn plain_text_passes(text in "[a-zA-Z0-9 .,é\n]{0,60}") {
        let tools = tools();
        for name in all_formats() {
            let prompt = if matches!(name, "harmony" | "glimmer") { "<|start|>assistant<|message|>" } else { "" };
            let reading = Reading { tools: &tools, prompt, is_prefilled: true, ..Reading::default() };
            let expected = if text.is_empty() { vec![] } else { vec![Event::Content(text.clone())] };
            prop_assert_eq!(read_parts(name, &reading, [text.as_str()]), expected, "{}", name);
        }
    }

    /// Calls that a model writes are read as they were meant.
    #[test]
    fn calls_come_back(arguments in collection::vec(arguments(), 1..3), cuts in collection::vec(1_usize..30, 1..9),
                       thoughts in proptest::option::of("[a-z]{1,9}"), content in "[a-z]{0,9}") {
        let tools = tools();
        let calls: Vec<_> = arguments.into_iter().map(|arguments| ("any.thing".to_owned(), arguments)).collect();
        for name in all_formats() {
            let Some(written) = write(name, &calls) else { continue };
            let format = format(name);
            let (mut text, mut prompt, mut expected) = (String::new(), "", Vec::new());
            let channels = matches!(name, "harmony" | "glimmer");
            // Bare calls come first, or not at all.
            let bare = matches!(name, "go-bare" | "jinja-llama");
            if let Some(thoughts) = thoughts.as_ref().filter(|_| format.can_think() && !channels) {
                let marks = format.visible(false);
                text += &format!("{}{thoughts}{}", marks[0], marks[1]);
                expected.push(Event::Thinking(thoughts.clone()));
            } else if name.ends_with("think") || name.ends_with("-thinking") && format.can_think() {
                prompt = "<think>";
                text += "</think>";
            }
            if !content.is_empty() && !channels && !bare {
                text += &content;
                expected.push(Event::Content(content.clone()));
            }
            let called = calls.iter().zip(0..).map(|((name, arguments), index)| {
                Event::Call(ToolCall { index, name: name.clone(), arguments: arguments.clone() })
            });
            expected.extend(called);
            text += &written;
            let reading = Reading { tools: &tools, prompt, ..Reading::default() };
            prop_assert_eq!(read_parts(name, &reading, cut(&text, &cuts)), expected, "{}: {}", name, text);
        }
    }
}
