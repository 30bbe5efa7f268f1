//! What templates are asked besides prompts.

use super::*;

fn tag(template: &str) -> String {
    parse(template).tool_call_tag().to_owned()
}

#[test]
fn names_are_found_wherever_they_stand() {
    let template = "{{ define \"x\" }}{{ .Inner }}{{ end }}{{ template \"x\" .Given }}{{ $y := len .Declared }}\
        {{ if and (eq .Cond 1) .B.C }}{{ else }}{{ with $y.Held }}{{ range (index .List 0).Tail }}\
        {{ end }}{{ end }}{{ end }}";
    let template = parse(template);
    for name in ["inner", "given", "declared", "cond", "b", "c", "held", "list", "tail"] {
        assert!(template.uses(name), "{name}");
    }
    assert!(!template.uses("y") && !template.uses("x") && !template.uses("messages"));
}

#[test]
fn capabilities_follow_from_names_and_tags() {
    let none = Capabilities::default();
    assert_eq!(parse("{{ .Prompt }}").capabilities(), none);
    assert_eq!(parse("{{ .Tools }}").capabilities(), Capabilities { tools: true, ..none });
    assert_eq!(parse("{{ .Suffix }}").capabilities(), Capabilities { insert: true, ..none });
    let qwen3 = parse(include_str!("templates/qwen3.gotmpl"));
    assert_eq!(qwen3.capabilities(), Capabilities { tools: true, thinking: true, insert: false });
    assert_eq!(jinja_capabilities("{{ tools }}<think>"), Capabilities { tools: true, ..none });
}

#[test]
fn the_tag_of_tool_calls_is_the_first_text_before_them() {
    assert_eq!(tag(include_str!("templates/qwen2.5.gotmpl")), "<tool_call>");
    assert_eq!(tag(include_str!("templates/qwen3.gotmpl")), "<tool_call>");
    assert_eq!(tag(include_str!("templates/mistral-nemo.gotmpl")), "[TOOL_CALLS] [");
    assert_eq!(tag(include_str!("templates/llama3.1.gotmpl")), "{");
    assert_eq!(tag("{{ .Prompt }}"), "{");
    assert_eq!(
        tag("{{ if .ToolCalls }}  \n{{ range .ToolCalls }}<|python_tag|>{{ . }}{{ end }}{{ end }}"),
        "<|python_tag|>"
    );
    assert_eq!(tag("{{ if .ToolCalls }}{{ .Content }}<call>{{ end }}"), "{");
    assert_eq!(
        tag(
            "{{ if .A }}{{ else }}{{ with .B }}{{ if and .C .ToolCalls }}<c> {\"x\"{{ end }}{{ end }}{{ end }}"
        ),
        "<c>"
    );
    assert_eq!(tag("{{ if .ToolCalls }}{{ if .A }}{{ .B }}{{ else }}<e>{{ end }}<f>{{ end }}"), "<e>");
    assert_eq!(tag("{{ if .ToolCalls }}{{ if .A }}{{ .B }}{{ end }}<f>{{ end }}"), "{");
    assert_eq!(tag("{{ if .ToolCalls }}{{/* no text */}}<f>{{ end }}"), "<f>");
}

#[test]
fn the_tags_of_thoughts_stand_around_them() {
    let tags = |template: &str| {
        let template = parse(template);
        template.thinking_tags().map(|(open, close)| format!("{open} {close}"))
    };
    assert_eq!(tags(include_str!("templates/qwen3.gotmpl")).unwrap(), "<think> </think>");
    assert_eq!(tags(include_str!("templates/deepseek-r1.gotmpl")).unwrap(), "<think> </think>");
    assert_eq!(tags(include_str!("templates/qwen2.5.gotmpl")), None);
    let direct = "{{ range .Messages }}[THINK] {{ .Thinking }} [/THINK]{{ end }}";
    assert_eq!(tags(direct).unwrap(), "[THINK] [/THINK]");
    let last = "{{ range $i, $m := .Messages }}{{ if .Thinking }}<a>{{ .Thinking }}</a>{{ end }}\
        {{ if .Role }}<b>{{ .Thinking }}</b>{{ end }}{{ end }}";
    assert_eq!(tags(last).unwrap(), "<b> </b>");
    assert_eq!(tags("<a>{{ .Thinking }}</a>"), None);
    assert_eq!(
        tags("{{ range .Messages }}{{ range .ToolCalls }}<a>{{ .Thinking }}</a>{{ end }}{{ end }}"),
        None
    );
    assert_eq!(tags("{{ range .Messages }}{{ .Thinking }}</a>{{ end }}"), None);
}
