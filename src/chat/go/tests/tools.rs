//! Templates with tools, results of tools, and thoughts.

use super::*;

const QWEN25: &str = include_str!("templates/qwen2.5.gotmpl");
const QWEN3: &str = include_str!("templates/qwen3.gotmpl");
const LLAMA31: &str = include_str!("templates/llama3.1.gotmpl");
const MISTRAL: &str = include_str!("templates/mistral-nemo.gotmpl");
const DEEPSEEK: &str = include_str!("templates/deepseek-r1.gotmpl");
const GPT_OSS: &str = include_str!("templates/gpt-oss.gotmpl");
const FIREFUNCTION: &str = include_str!("templates/firefunction.gotmpl");

/// With an end that can be seen.
fn marked(prompt: String) -> String {
    prompt + "▮"
}

#[test]
fn qwen_2_5() {
    insta::assert_snapshot!(marked(chat_with_tools(QWEN25, &weather_talk(), Think::Unset)), @r#"
    <|im_start|>system
    Be brief.

    # Tools

    You may call one or more functions. Their signatures are in <tools></tools>:
    <tools>
    {"type": "function", "function": {"name":"get_weather","description":"Weather of a city \u003cnow\u003e \u0026 later","parameters":{"type":"object","required":["city"],"properties":{"city":{"type":"string","description":"a \"city\""},"days":{"type":["integer","null"]},"unit":{"type":"string","description":"the unit","enum":["C","F"]}}}}}
    {"type": "function", "function": {"name":"now","description":"","parameters":{"type":"object","properties":{}}}}
    </tools>

    For each call, return a JSON object with its name and arguments within <tool_call></tool_call>.<|im_end|>
    <|im_start|>user
    Weather in Zürich?<|im_end|>
    <|im_start|>assistant
    <tool_call>
    {"name": "get_weather", "arguments": {"city":"Zürich \u0026 \u003cUmland\u003e","unit":"C"}}
    {"name": "now", "arguments": {}}
    </tool_call><|im_end|>
    <|im_start|>user
    <tool_response>
    {"t": 3}
    </tool_response><|im_end|>
    <|im_start|>user
    <tool_response>
    12:00
    </tool_response><|im_end|>
    <|im_start|>assistant
    3 degrees.<|im_end|>
    <|im_start|>user
    Thanks!<|im_end|>
    <|im_start|>assistant
    ▮
    "#);
}

#[test]
fn qwen_3() {
    insta::assert_snapshot!(marked(chat_with_tools(QWEN3, &weather_talk(), Think::On)), @r#"
    <|im_start|>system
    Be brief.

    <tools>
    {"type": "function", "function": {"name":"get_weather","description":"Weather of a city \u003cnow\u003e \u0026 later","parameters":{"type":"object","required":["city"],"properties":{"city":{"type":"string","description":"a \"city\""},"days":{"type":["integer","null"]},"unit":{"type":"string","description":"the unit","enum":["C","F"]}}}}}
    {"type": "function", "function": {"name":"now","description":"","parameters":{"type":"object","properties":{}}}}
    </tools><|im_end|>
    <|im_start|>user
    Weather in Zürich?<|im_end|>
    <|im_start|>assistant

    <tool_call>
    {"name": "get_weather", "arguments": {"city":"Zürich \u0026 \u003cUmland\u003e","unit":"C"}}
    </tool_call>
    <tool_call>
    {"name": "now", "arguments": {}}
    </tool_call><|im_end|>
    <|im_start|>user
    <tool_response>
    {"t": 3}
    </tool_response><|im_end|>
    <|im_start|>user
    <tool_response>
    12:00
    </tool_response><|im_end|>
    <|im_start|>assistant
    3 degrees.<|im_end|>
    <|im_start|>user
    Thanks! /think<|im_end|>
    <|im_start|>assistant
    ▮
    "#);
    // An answer after tools, thoughts included, is what the model is to go on with.
    insta::assert_snapshot!(marked(chat_with_tools(QWEN3, &weather_talk()[1..6], Think::On)), @r#"
    <|im_start|>system
    <tools>
    {"type": "function", "function": {"name":"get_weather","description":"Weather of a city \u003cnow\u003e \u0026 later","parameters":{"type":"object","required":["city"],"properties":{"city":{"type":"string","description":"a \"city\""},"days":{"type":["integer","null"]},"unit":{"type":"string","description":"the unit","enum":["C","F"]}}}}}
    {"type": "function", "function": {"name":"now","description":"","parameters":{"type":"object","properties":{}}}}
    </tools><|im_end|>
    <|im_start|>user
    Weather in Zürich? /think<|im_end|>
    <|im_start|>assistant
    <think>I need both.</think>

    <tool_call>
    {"name": "get_weather", "arguments": {"city":"Zürich \u0026 \u003cUmland\u003e","unit":"C"}}
    </tool_call>
    <tool_call>
    {"name": "now", "arguments": {}}
    </tool_call><|im_end|>
    <|im_start|>user
    <tool_response>
    {"t": 3}
    </tool_response><|im_end|>
    <|im_start|>user
    <tool_response>
    12:00
    </tool_response><|im_end|>
    <|im_start|>assistant
    <think>Easy.</think>
    3 degrees.▮
    "#);
    insta::assert_snapshot!(marked(chat_with_tools(QWEN3, &weather_talk()[1..2], Think::Off)), @r#"
    <|im_start|>system
    <tools>
    {"type": "function", "function": {"name":"get_weather","description":"Weather of a city \u003cnow\u003e \u0026 later","parameters":{"type":"object","required":["city"],"properties":{"city":{"type":"string","description":"a \"city\""},"days":{"type":["integer","null"]},"unit":{"type":"string","description":"the unit","enum":["C","F"]}}}}}
    {"type": "function", "function": {"name":"now","description":"","parameters":{"type":"object","properties":{}}}}
    </tools><|im_end|>
    <|im_start|>user
    Weather in Zürich? /no_think<|im_end|>
    <|im_start|>assistant
    <think>

    </think>

    ▮
    "#);
}

#[test]
fn llama_3_1() {
    insta::assert_snapshot!(marked(chat_with_tools(LLAMA31, &weather_talk(), Think::Unset)), @r#"
    <|start_header_id|>system<|end_header_id|>

    Be brief.

    When you receive a tool call response, use the output to format an answer to the original question.<|eot_id|><|start_header_id|>user<|end_header_id|>

    Weather in Zürich?<|eot_id|><|start_header_id|>assistant<|end_header_id|>

    {"name": "get_weather", "parameters": {"city":"Zürich \u0026 \u003cUmland\u003e","unit":"C"}}
    {"name": "now", "parameters": {}}<|eot_id|><|start_header_id|>ipython<|end_header_id|>

    {"t": 3}<|eot_id|><|start_header_id|>ipython<|end_header_id|>

    12:00<|eot_id|><|start_header_id|>assistant<|end_header_id|>

    3 degrees.<|eot_id|><|start_header_id|>user<|end_header_id|>

    Given the following functions, respond with a JSON for a function call.

    {"type":"function","function":{"name":"get_weather","description":"Weather of a city \u003cnow\u003e \u0026 later","parameters":{"type":"object","required":["city"],"properties":{"city":{"type":"string","description":"a \"city\""},"days":{"type":["integer","null"]},"unit":{"type":"string","description":"the unit","enum":["C","F"]}}}}}
    {"type":"function","function":{"name":"now","description":"","parameters":{"type":"object","properties":{}}}}

    Thanks!<|eot_id|><|start_header_id|>assistant<|end_header_id|>

    ▮
    "#);
}

#[test]
fn mistral_nemo() {
    insta::assert_snapshot!(marked(chat_with_tools(MISTRAL, &weather_talk(), Think::Unset)), @r#"
    [INST]Weather in Zürich?[/INST][TOOL_CALLS] [{"name": "get_weather", "arguments": {"city":"Zürich \u0026 \u003cUmland\u003e","unit":"C"}}, {"name": "now", "arguments": {}}]</s>[TOOL_RESULTS]{"content": "{\"t\": 3}"}[/TOOL_RESULTS][TOOL_RESULTS]{"content": "12:00"}[/TOOL_RESULTS] 3 degrees.</s>[AVAILABLE_TOOLS][{"type":"function","function":{"name":"get_weather","description":"Weather of a city \u003cnow\u003e \u0026 later","parameters":{"type":"object","required":["city"],"properties":{"city":{"type":"string","description":"a \"city\""},"days":{"type":["integer","null"]},"unit":{"type":"string","description":"the unit","enum":["C","F"]}}}}},{"type":"function","function":{"name":"now","description":"","parameters":{"type":"object","properties":{}}}}][/AVAILABLE_TOOLS][INST]Be brief.

    Thanks![/INST]▮
    "#);
}

#[test]
fn deepseek_r1() {
    let begun = Message { thinking: Some("Hm.".into()), ..Message::new("assistant", "You are ") };
    let messages = [weather_talk(), vec![begun]].concat();
    insta::assert_snapshot!(marked(chat_with_tools(DEEPSEEK, &messages, Think::On)), @r"
    Be brief.<｜User｜>Weather in Zürich?<｜Assistant｜><｜end▁of▁sentence｜><｜Assistant｜>3 degrees.<｜end▁of▁sentence｜><｜User｜>Thanks!<｜Assistant｜><think>
    Hm.
    </think>You are ▮
    ");
    insta::assert_snapshot!(marked(chat_with_tools(DEEPSEEK, &messages[..2], Think::Off)), @r"
    Be brief.<｜User｜>Weather in Zürich?<｜Assistant｜><think>

    </think>

    ▮
    ");
}

#[test]
fn gpt_oss() {
    let prompt = chat_with_tools(GPT_OSS, &weather_talk()[..5], Think::Level("high".into()));
    let today = jiff::Zoned::now().date().to_string();
    insta::assert_snapshot!(marked(prompt.replace(&today, "TODAY")), @r#"
    <|start|>system<|message|>Current date: TODAY

    Reasoning: high<|end|><|start|>developer<|message|># Tools

    namespace functions {

    // Weather of a city <now> & later
    type get_weather = (_: {
      // a "city"
      city: string,
      days: integer | null,
      // the unit
      unit: string,
    }) => any;
    type now = () => any;

    } // namespace functions

    # Instructions

    Be brief.<|end|><|start|>user<|message|>Weather in Zürich?<|end|><|start|>assistant<|channel|>analysis<|message|>I need both.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city":"Zürich \u0026 \u003cUmland\u003e","unit":"C"}<|end|><|start|>assistant<|channel|>commentary to=functions.now <|constrain|>json<|message|>{}<|call|><|start|>functions.get_weather to=assistant<|channel|>commentary<|message|>{"t": 3}<|end|><|start|>functions.now to=assistant<|channel|>commentary<|message|>12:00<|end|><|start|>assistant▮
    "#);
}

#[test]
fn firefunction() {
    insta::assert_snapshot!(marked(chat_with_tools(FIREFUNCTION, &weather_talk(), Think::Unset)), @r#"
    <s>sys|Be brief.</s>
    - get_weather: "Weather of a city <now> & later"
        city (string): "a \"city\""|
        days ([integer null]): ""      |
        unit (string of [C F]): "the unit"|
      required: [city], all: {"type":"object","required":["city"],"properties":{"city":{"type":"string","description":"a \"city\""},"days":{"type":["integer","null"]},"unit":{"type":"string","description":"the unit","enum":["C","F"]}}}
    - now: ""
      required: [], all: {"type":"object","properties":{}}
    role=system: Be brief. raw "text" <Be brief.>
    role=user: Weather in Zürich? raw "text" <Weather in Zürich?>
    [{"function":{"index":0,"name":"get_weather","arguments":{"city":"Zürich \u0026 \u003cUmland\u003e","unit":"C"}}},{"function":{"index":1,"name":"now","arguments":{}}}] city=Zürich & <Umland> unit=C
    role=assistant:  raw "text" <>
    role=tool: {\"t\": 3} raw "text" <{&#34;t&#34;: 3}>
    role=tool: 12:00 raw "text" <12:00>
    role=assistant: 3 degrees. raw "text" <3 degrees.>
    role=user: Thanks! raw "text" <Thanks!>
    ▮
    "#);
}

#[test]
fn tools_and_what_is_in_them_print_as_json() {
    let tools = [json!({
        "type": "function",
        "function": {
            "name": "f",
            "parameters": {
                "type": "object",
                "$defs": {"b": 1, "a": 2},
                "properties": {
                    "z": {"type": "object", "properties": {"y": {"type": ["string"]}, "x": {"anyOf": [{"type": "null"}]}}},
                    "a": {"type": "array", "items": {"type": "string", "default": 1.0}, "oneOf": [1]},
                    "any": {},
                },
            },
        },
    })];
    let render = |template: &str| {
        let template = format!("{template}{{{{ len .Messages }}}}");
        let prompt = parse(&template).render(&Values { tools: &tools, ..Values::default() }).unwrap();
        prompt.strip_suffix('0').unwrap().to_owned()
    };
    let properties = r#"{"a":{"type":"array","items":{"default":1,"type":"string"}},"any":{},"z":{"type":"object","properties":{"y":{"type":"string"},"x":{"anyOf":[{"type":"null"}]}}}}"#;
    let parameters = format!(r#"{{"type":"object","$defs":{{"a":2,"b":1}},"properties":{properties}}}"#);
    let function = format!(r#"{{"name":"f","description":"","parameters":{parameters}}}"#);
    let tool = format!(r#"{{"type":"function","function":{function}}}"#);
    let of_tool = |path: &str| render(&format!("{{{{ range .Tools }}}}{{{{ {path} }}}}{{{{ end }}}}"));
    assert_eq!(render("{{ .Tools }}"), format!("[{tool}]"));
    assert_eq!(render("{{ json .Tools }}"), format!("[{tool}]"));
    assert_eq!(of_tool("."), tool);
    assert_eq!(of_tool(".Function"), function);
    assert_eq!(of_tool(".Function.Parameters"), parameters);
    assert_eq!(of_tool(".Function.Parameters.Properties"), properties);
    assert_eq!(of_tool("printf \"%s\" .Function.Parameters.Properties"), properties);
    assert_eq!(of_tool("print .Function.Parameters.Properties.z.Type"), "object");
    assert_eq!(of_tool("json .Function.Parameters.Properties.z.Type"), "\"object\"");
    assert_eq!(of_tool("index .Function.Parameters.Properties.z.Type 0"), "object");
    assert_eq!(of_tool("(index .Function.Parameters.Properties \"any\").Type"), "");
    assert_eq!(of_tool("len .Function.Parameters.Properties"), "3");
    assert_eq!(
        render("{{ range $n, $p := (index .Tools 0).Function.Parameters.Properties }}{{ $n }} {{ end }}"),
        "a any z "
    );
    let parameterless = [json!({"type": "function", "function": {"name": "f"}})];
    let values = Values { tools: &parameterless, ..Values::default() };
    let none = r#"{"name":"f","description":"","parameters":{"type":"","properties":null}}"#;
    let template = parse(
        "{{ range .Tools }}{{ .Function }}{{ .Function.Parameters.Properties }}{{ end }}{{ len .Messages }}",
    );
    assert_eq!(template.render(&values).unwrap(), format!("{none}{{}}0"));
}

#[test]
fn types_are_named_as_in_typescript() {
    let of = |property: Value| {
        let parameters = json!({"type": "object", "properties": {"p": property}});
        let tools = [json!({"type": "function", "function": {"name": "f", "parameters": parameters}})];
        let template = "{{ range .Tools }}{{ toTypeScriptType .Function.Parameters.Properties.p }}{{ end }}\
            {{ if .Messages }}{{ end }}";
        parse(template).render(&Values { tools: &tools, ..Values::default() }).unwrap()
    };
    assert_eq!(of(json!({"type": "string"})), "string");
    assert_eq!(of(json!({"type": ["integer", "null"]})), "number | null");
    assert_eq!(
        of(json!({"anyOf": [{"type": "boolean"}, {"type": ["array", "object"]}]})),
        "boolean | any[] | Record<string, any>"
    );
    assert_eq!(of(json!({"type": "date"})), "any");
    assert_eq!(of(json!({})), "any");
    assert_eq!(
        chat("{{ range .Messages }}{{ toTypeScriptType .Role }}{{ end }}", &[Message::new("a", "")]),
        "any"
    );
}

#[test]
fn arguments_keep_their_values() {
    let arguments = json!({"z": 12345678901234567_u64, "m": -0.5, "a": {"y": [true, null, "<\u{2028}>"], "b": {}}, "n": null});
    let call = json!({"id": "call_1", "function": {"index": 4, "name": "f", "arguments": arguments}});
    let message = Message { tool_calls: vec![call], ..Message::new("assistant", "") };
    let on_call = |action: &str| {
        on_message(&format!("{{{{ range .ToolCalls }}}}{action}{{{{ end }}}}"), message.clone())
    };
    let printed =
        r#"{"a":{"b":{},"y":[true,null,"\u003c\u2028\u003e"]},"m":-0.5,"n":null,"z":12345678901234567}"#;
    assert_eq!(on_call("{{ .Function.Arguments }}"), printed);
    assert_eq!(on_call("{{ json .Function.Arguments }}"), printed);
    assert_eq!(on_call("{{ .ID }} {{ .Function.Index }} {{ .Function.Name }}"), "call_1 4 f");
    let each = "{{ range $k, $v := .Function.Arguments }}{{ $k }}={{ $v }};{{ end }}";
    assert_eq!(
        on_call(each),
        "a=map[b:map[] y:[true <nil> <\u{2028}>]];m=-0.5;n=<no value>;z=12345678901234567;"
    );
    let whole = format!(r#"[{{"id":"call_1","function":{{"index":4,"name":"f","arguments":{printed}}}}}]"#);
    assert_eq!(on_message("{{ json .ToolCalls }}", message.clone()), whole);
    assert_eq!(on_message("{{ .ToolCalls }}", message), whole);
}
