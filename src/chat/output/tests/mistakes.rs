//! What models get wrong, and what becomes of it.

use super::*;

#[test]
fn calls_are_repaired_where_that_is_safe() {
    let call = r#"0:get_weather{"city":"Cusco"}"#;
    for (name, text) in [
        ("qwen3", r#"<tool_call>{"name": "get_weather", "arguments": {"city": "Cusco"}</tool_call>"#),
        ("qwen3", r#"<tool_call>{"name": "get_weather", "arguments": {"city": "Cusco"}}"#),
        ("qwen3", r#"<tool_call>{"name": "get_weather", "arguments": {"city": "Cusco"}"#),
        ("qwen3", r"<tool_call>{'name': 'get_weather', 'arguments': {'city': 'Cusco',}}</tool_call>"),
        (
            "qwen3",
            "<tool_call>\n```json\n{\"name\": \"get_weather\", \"arguments\": \"{\\\"city\\\": \\\"Cusco\\\"}\"}\n```\n</tool_call>",
        ),
        ("qwen3", r#"<tool_call>get_weather {"city": "Cusco"}</tool_call>"#),
        ("qwen3", r#"<tool_call>{"get_weather": {"city": "Cusco"}}</tool_call>"#),
        ("qwen3-coder", "<function=get_weather><parameter=city>Cusco</parameter></function>"),
        ("qwen3-coder", "<tool_call><function=get_weather><parameter=city>Cusco</parameter></tool_call>"),
        ("qwen3-coder", "<tool_call><function=get_weather><parameter=city>Cusco\n</function></tool_call>"),
        ("glm-4.7", "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Cusco</tool_call>"),
        ("ministral", r#"[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Cusco"}}]"#),
        ("functiongemma", "<start_function_call>call:get_weather{city:<escape>Cusco<escape>}"),
        ("lfm2", "<|tool_call_start|>[get_weather(city=\"Cusco\")]"),
    ] {
        assert_eq!(short(&read(name, "", text)), call, "{name} {text}");
    }
}

#[test]
fn what_cannot_be_read_is_content() {
    for (name, text) in [
        ("qwen3", "<tool_call>"),
        ("qwen3", "<tool_call> and so on </tool_call> and on"),
        ("qwen3", "<tool_call>{\"name\": 5}</tool_call>\n"),
        ("qwen3", "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Cus"),
        ("qwen3", "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Cusco\""),
        ("qwen3", "a <tool_call> b <tool_call> c"),
        ("qwen3-coder", "<tool_call>\n<function=get_weather>\n<parameter=city>\nCusco\n</parameter>\n"),
        ("qwen3-coder", "<tool_call></tool_call> x"),
        ("glm-4.7", "<tool_call>{\"name\": 1}</tool_call>"),
        ("glm-4.7", "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Cusco"),
        ("deepseek3", "<｜tool▁call▁begin｜>get<｜tool▁sep｜>text<｜tool▁call▁end｜>"),
        ("olmo3", "<function_calls>get weather</function_calls>"),
        ("functiongemma", "<start_function_call>call:get_weather{city:<escape>Cus"),
        ("go-bare", "{\"name\": \"unknown\", \"parameters\": {}}"),
        ("go-bare", "[1, 2]"),
        ("go-bare", "{"),
    ] {
        assert_eq!(short(&read(name, "", text)), format!("content({text})"), "{name}");
    }
}

#[test]
fn a_bad_call_does_not_hide_what_follows() {
    let good = r#"<tool_call>{"name": "get", "arguments": {}}</tool_call>"#;
    let events = read("qwen3", "", &format!("<tool_call>{{\"name\": }}</tool_call> then {good} end"));
    assert_eq!(short(&events), "content(<tool_call>{\"name\": }</tool_call> then) 0:get{} content(end)");
    let unquoted =
        format!("<tool_call>{{\"name\": \"get\", \"arguments\": {{\"id\": \"x}}}}</tool_call>{good}");
    assert!(short(&read("qwen3", "", &unquoted)).ends_with("0:get{}"), "{unquoted}");
    let good = "<tool_call><function=get></function></tool_call>";
    let events = read("qwen3-coder", "", &format!("<tool_call><function=x</function></tool_call> {good}"));
    assert!(short(&events).ends_with("0:get{}"), "{events:?}");
}

#[test]
fn repeated_mistakes_do_not_cost_time_without_end() {
    let tools = tools();
    let reading = Reading { tools: &tools, ..Reading::default() };
    for (name, text) in [
        ("qwen3", "<tool_call>{".repeat(20_000)),
        ("qwen3", "<tool_call> x".repeat(20_000)),
        ("qwen3-coder", format!("<function=get>x{}", "</function>".repeat(20_000))),
        ("qwen3-coder", "<function=get>x</tool_call>".repeat(20_000)),
        ("glm-4.7", "<tool_call>get<arg_key>a".repeat(20_000)),
    ] {
        let events = read_parts(name, &reading, [text.as_str()]);
        let is_text = matches!(events.as_slice(), [Event::Content(content)] if *content == text);
        let is_call = matches!(events.first(), Some(Event::Call(call)) if call.name == "get");
        assert!(is_text || is_call, "{name}");
    }
}

#[test]
fn marks_in_arguments_are_arguments() {
    let text = r#"<tool_call>{"name": "get", "arguments": {"id": "</tool_call><tool_call>{"}}</tool_call>"#;
    assert_eq!(short(&read("qwen3", "", text)), r#"0:get{"id":"</tool_call><tool_call>{"}"#);
    let text = "<tool_call>\n<function=get>\n<parameter=id>\n</function></tool_call></parameter> x\n</parameter>\n\
                </function>\n</tool_call>";
    assert_eq!(
        short(&read("qwen3-coder", "", text)),
        r#"0:get{"id":"</function></tool_call></parameter> x"}"#
    );
}

#[test]
fn a_call_ends_thoughts_and_a_mention_does_not() {
    let call = r#"<tool_call>{"name": "get", "arguments": {}}</tool_call>"#;
    assert_eq!(
        short(&read("qwen3-thinking", "", &format!("Hm. {call} ok"))),
        "thinking(Hm.) 0:get{} content(ok)"
    );
    assert_eq!(
        short(&read("qwen3-thinking", "", "I may use <tool_call> here.</think>Well.")),
        "thinking(I may use <tool_call> here.) content(Well.)"
    );
}
