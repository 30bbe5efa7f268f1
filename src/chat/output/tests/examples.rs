//! An answer of each format, as its models write it.

use super::*;

const CALL: &str = r#"0:get_weather{"city":"Cusco","days":2}"#;

#[track_caller]
fn check(cases: &[(&str, String, String)]) {
    for (name, text, expected) in cases {
        assert_eq!(short(&read(name, "", text)), *expected, "{name}");
    }
}

#[test]
fn thoughts_content_and_calls_are_told_apart() {
    let xml = "<tool_call>\n<function=get_weather>\n<parameter=city>\nCusco\n</parameter>\n<parameter=days>\n2\n\
               </parameter>\n</function>\n</tool_call>";
    let glm = "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Cusco</arg_value>\n\
               <arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>";
    let json = r#"<tool_call>
{"name": "get_weather", "arguments": {"city": "Cusco", "days": 2}}
</tool_call>"#;
    let call = CALL;
    check(&[
        ("qwen3", json.into(), call.into()),
        (
            "qwen3-thinking",
            format!("Hm.\n</think>\n\nWell.\n{json}"),
            format!("thinking(Hm.) content(Well.) {call}"),
        ),
        ("qwen3-vl-thinking", format!("<think>\nHm.\n</think>\n\n{json}"), format!("thinking(Hm.) {call}")),
        ("qwen3-coder", format!("Well. {xml}"), format!("content(Well.) {call}")),
        (
            "qwen3.5",
            format!("<think>Hm.</think>{xml}\n{xml}"),
            format!("thinking(Hm.) {call} 1{}", &call[1..]),
        ),
        ("glm-4.7", format!("<think>Hm.</think>{glm}"), format!("thinking(Hm.) {call}")),
    ]);
}

#[test]
fn special_tokens_surround_calls() {
    let call = CALL;
    check(&[
        (
            "deepseek3",
            "<think>Hm.</think>Well.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>\
             {\"city\": \"Cusco\", \"days\": 2}<｜tool▁call▁end｜><｜tool▁call▁begin｜>get<｜tool▁sep｜>{}\
             <｜tool▁call▁end｜><｜tool▁calls▁end｜>"
                .into(),
            format!("thinking(Hm.) content(Well.) {call} 1:get{{}}"),
        ),
        (
            "cogito",
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n\
             {\"city\": \"Cusco\", \"days\": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
                .into(),
            call.into(),
        ),
        (
            "ministral",
            "[THINK]Hm.[/THINK]Well.[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Cusco\", \"days\": 2}\
             [TOOL_CALLS]get[CALL_ID]x[ARGS]{}"
                .into(),
            format!("thinking(Hm.) content(Well.) {call} 1:get{{}}"),
        ),
        (
            "olmo3",
            "<function_calls>get_weather(city=\"Cusco\", days=2)\nget(\"x\")</function_calls>".into(),
            format!(r#"{call} 1:get{{"id":"x"}}"#),
        ),
        (
            "lfm2-thinking",
            "<think>Hm.</think><|tool_call_start|>[get_weather(city='Cusco', days=2), get()]<|tool_call_end|>ok"
                .into(),
            format!("thinking(Hm.) {call} 1:get{{}} content(ok)"),
        ),
        (
            "lfm2",
            r#"<|tool_call_start|>[{"name": "get_weather", "arguments": {"city": "Cusco", "days": 2}}]<|tool_call_end|>"#.into(),
            call.into(),
        ),
        (
            "functiongemma",
            "<start_function_call>call:get_weather{city:<escape>Cusco<escape>,days:2}<end_function_call>".into(),
            call.into(),
        ),
        (
            "gemma4",
            "<|channel>thought\nHm.<channel|>Well.<|tool_call>call:get_weather{city:<|\"|>Cusco<|\"|>,days:2}<tool_call|>"
                .into(),
            format!("thinking(Hm.) content(Well.) {call}"),
        ),
        (
            "cohere",
            "<|START_THINKING|>Hm.<|END_THINKING|><|START_ACTION|>[\n{\"tool_call_id\": \"0\", \"tool_name\": \
             \"get_weather\", \"parameters\": {\"city\": \"Cusco\", \"days\": 2}}]<|END_ACTION|>"
                .into(),
            format!("thinking(Hm.) {call}"),
        ),
        ("cohere", "<|START_TEXT|>Well.<|END_TEXT|>".into(), "content(Well.)".into()),
    ]);
}

#[test]
fn templates_tell_how_calls_begin() {
    let call = CALL;
    check(&[
        ("passthrough", "<think>x</think><tool_call>".into(), "content(<think>x</think><tool_call>)".into()),
        (
            "go-mistral",
            r#"[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Cusco", "days": 2}}, {"name": "get", "arguments": {}}]"#
                .into(),
            format!("{call} 1:get{{}}"),
        ),
        (
            "go-bare",
            r#"{"name": "get_weather", "parameters": {"city": "Cusco", "days": 2}}; {"name": "get"}"#.into(),
            format!("{call} 1:get{{}}"),
        ),
        ("go-bare", r#" {"name": "Ana"} {"name": "get"}"#.into(), r#"content( {"name": "Ana"} {"name": "get"})"#.into()),
        (
            "go-function",
            r#"[T]Hm.[/T]<function=get_weather>{"city": "Cusco", "days": 2}</function>"#.into(),
            format!("thinking(Hm.) {call}"),
        ),
        (
            "jinja-llama",
            r#"<|python_tag|>{"name": "get_weather", "parameters": {"city": "Cusco", "days": 2}}"#.into(),
            call.into(),
        ),
        ("jinja-llama", "Well.".into(), "content(Well.)".into()),
    ]);
}

#[test]
fn harmony_has_channels() {
    let after =
        |text: &str| short(&read("harmony", "<|start|>user<|message|>Hi<|end|><|start|>assistant", text));
    assert_eq!(
        after("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Well."),
        "thinking(Hm.) content(Well.)"
    );
    let call = r#"0:get_weather{"city":"Cusco"}"#;
    for header in [
        "<|channel|>commentary to=functions.get_weather <|constrain|>json",
        "<|channel|>commentary to=functions.get_weather<|constrain|>json",
        " to=functions.get_weather<|channel|>analysis json",
    ] {
        let text = format!(
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant{header}<|message|>{{\"city\":\"Cusco\"}}"
        );
        assert_eq!(after(&text), format!("thinking(Hm.) {call}"), "{header}");
    }
    assert_eq!(
        after(
            "<|channel|>commentary<|message|>First.<|end|><|start|>assistant<|channel|>final<|message|>Then."
        ),
        "content(First.Then.)"
    );
    assert_eq!(
        after("<|channel|>commentary to=functions.any_thing<|message|>{\"on\": true}<|call|>"),
        "0:any.thing{\"on\":true}",
        "the tool has its own name"
    );
}

#[test]
fn harmony_goes_on_where_the_client_began() {
    let final_ = "<|start|>assistant<|channel|>final<|message|>The";
    assert_eq!(short(&read("harmony", final_, " end.")), "content( end.)");
    let analysis = "<|start|>assistant<|channel|>analysis<|message|>I";
    assert_eq!(
        short(&read("harmony", analysis, " think.<|end|><|start|>assistant<|channel|>final<|message|>So.")),
        "thinking( think.) content(So.)"
    );
}

#[test]
fn harmony_in_disorder_is_still_read() {
    let after = |text: &str| short(&read("harmony", "<|start|>assistant", text));
    assert_eq!(after("Just text."), "content(Just text.)");
    assert_eq!(after(&"long ".repeat(100)), format!("content({})", "long ".repeat(100)));
    assert_eq!(
        after("<|channel|>analysis<|message|>Hm.<|channel|>final<|message|>So."),
        "thinking(Hm.) content(So.)"
    );
    assert_eq!(after("<|channel|>analysis<|message|>Hm."), "thinking(Hm.)");
    assert_eq!(after("<|channel|>final<|message|>So.<|end|>\n more"), "content(So.more)");
    assert_eq!(after("<|channel|>x to=get<|message|>{\"a\": "), "content({\"a\": )");
    assert_eq!(after("<|channel|>x to=get<|message|>"), "0:get{}");
}

#[test]
fn glimmer_thinks_to_itself_and_calls_in_content() {
    let text = "to=self<|message|>Hm.<|eom|><|start|>assistant<|message|>Well.<atem:function_calls>\n\
        <atem:invoke name=\"get_weather\">\n<atem:parameter name=\"city\">Cusco</atem:parameter>\n\
        <atem:parameter name=\"days\">2</atem:parameter>\n</atem:invoke>\n</atem:function_calls><|eot|>";
    assert_eq!(
        short(&read("glimmer", "<|start|>assistant ", text)),
        r#"thinking(Hm.) content(Well.) 0:get_weather{"city":"Cusco","days":2}"#
    );
}

#[test]
fn an_answer_begins_inside_of_thoughts_if_the_prompt_ends_there() {
    assert_eq!(
        short(&read("go", "<|assistant|><think>\n", "Hm.</think>Well.")),
        "thinking(Hm.) content(Well.)"
    );
    assert_eq!(short(&read("go", "<think></think>", "Well.")), "content(Well.)");
    assert_eq!(short(&read("go", "<think>", "\n<think>\nHm.")), "thinking(Hm.)", "the mark is repeated");
    assert_eq!(short(&read("go", "", "\n <think> Hm. </think> \nWell. ")), "thinking(Hm.) content(Well. )");
    assert_eq!(short(&read("go", "", " Well: <think> is a mark.")), "content( Well: <think> is a mark.)");
}

#[test]
fn what_the_client_began_is_gone_on_with() {
    let tools = tools();
    let reading = Reading { tools: &tools, is_prefilled: true, prompt: "He said", ..Reading::default() };
    assert_eq!(short(&read_parts("qwen3-thinking", &reading, [" <think>"])), "content( <think>)");
}

#[test]
fn thoughts_that_were_not_asked_for_are_left_out() {
    let reading = Reading { hides_thinking: true, ..Reading::default() };
    assert_eq!(short(&read_parts("go", &reading, ["<think>Hm.</think>", "Well."])), "content(Well.)");
}

#[test]
fn without_tools_calls_are_text() {
    let text = r#" <tool_call>{"name": "get", "arguments": {}}</tool_call> "#;
    for name in ["qwen3", "go", "jinja-hermes", "cohere"] {
        assert_eq!(
            short(&read_parts(name, &Reading::default(), [text])),
            format!("content({text})"),
            "{name}"
        );
    }
}

#[test]
fn templates_tell_their_format() {
    let of = |template: &str| {
        let format = Format::of_jinja(template);
        (format.can_think(), format.can_call(), format.visible(true).join(" "))
    };
    assert_eq!(of("{{ messages }}"), (false, false, String::new()));
    assert_eq!(of("<think></think>"), (true, false, "<think> </think>".into()));
    assert_eq!(of("{{ tools }}"), (false, true, String::new()));
    for (template, mark) in [
        ("<tool_call>", "<tool_call>"),
        ("<tool_call><function=", "<function="),
        ("<tool_call><arg_key>", "<arg_value>"),
        ("[TOOL_CALLS][ARGS]", "[ARGS]"),
        ("{{ tools }}[TOOL_CALLS]", "[TOOL_CALLS]"),
        ("<|tool_call_start|>", "<|tool_call_start|>"),
        ("<start_function_call>", "<escape>"),
        ("<|START_ACTION|>", "<|START_ACTION|>"),
        ("<|start|><|channel|><|message|>", "<|constrain|>"),
        ("<function_calls><functions>", "</function_calls>"),
    ] {
        let (_, calls, marks) = of(template);
        assert!(calls && marks.contains(mark), "{template}: {marks}");
    }
}
