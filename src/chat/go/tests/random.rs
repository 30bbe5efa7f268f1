//! Any template is a template or is not, and any message comes through.

use proptest::prelude::*;

use super::*;

/// Pieces of templates, more often than not in an order that makes sense.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{{"),
        Just("}}"),
        Just("{{- "),
        Just(" -}}"),
        Just("{{ end }}"),
        Just("{{ if .A }}"),
        Just("{{ else }}"),
        Just("{{ else if .B }}"),
        Just("{{ range $i, $m := .Messages }}"),
        Just("{{ with $x := .C }}"),
        Just("{{ define \"a\" }}"),
        Just("{{ template \"a\" . }}"),
        Just("{{/* x */}}"),
        Just("{{ break }}"),
        Just(".Messages"),
        Just("$m"),
        Just("printf \"%s %d\" "),
        Just("index "),
        Just("slice "),
        Just("json "),
        Just("("),
        Just(")"),
        Just("|"),
        Just("\""),
        Just("`"),
        Just("'"),
        Just("\\"),
        Just("1"),
        Just("-0x1p"),
        Just("1e"),
        Just(":="),
        Just("="),
        Just(","),
        Just(" "),
        Just("\n"),
        Just("é"),
        Just("text"),
        Just("nil"),
        Just("true"),
        Just("."),
        Just("$"),
        Just("0b"),
        Just("_"),
        Just("\u{a0}"),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn render_any(template: &str) {
    let Ok(template) = GoTemplate::parse(template) else { return };
    let (messages, tools) = (weather_talk(), weather_tools());
    let values = Values { messages: &messages, tools: &tools, think: Think::On, ..Values::default() };
    let _ = template.render(&values);
    let _ = template.render(&Values { prompt: "a", suffix: "b", ..Values::default() });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC*") {
        render_any(&text);
        render_any(&format!("{{{{ {text} }}}}"));
    }

    #[test]
    fn any_pieces_are_parsed_or_refused(text in pieces()) {
        render_any(&text);
        render_any(&format!("{{{{ range .Messages }}}}{text}{{{{ end }}}}"));
    }

    #[test]
    fn what_is_known_of_a_template_does_not_depend_on_its_prompts(text in pieces()) {
        if let Ok(template) = GoTemplate::parse(&text) {
            prop_assert_eq!(template.source(), text);
            prop_assert!(!template.tool_call_tag().is_empty());
            prop_assert!(template.uses("messages") || template.uses("response"));
        }
    }

    #[test]
    fn messages_come_through_with_every_character(contents in proptest::collection::vec(any::<String>(), 1..6)) {
        let messages: Vec<_> = contents.iter().enumerate()
            .map(|(n, content)| Message::new(if n % 2 == 0 { "user" } else { "assistant" }, content))
            .collect();
        let expected: String = messages.iter().map(|m| format!("<{}|{}>", m.role, m.content)).collect();
        let printed = chat("{{ range .Messages }}<{{ .Role }}|{{ .Content }}>{{ end }}", &messages);
        prop_assert_eq!(&printed, &expected);
        let formatted = "{{ range .Messages }}{{ printf \"<%s|%s>\" .Role .Content }}{{ end }}";
        prop_assert_eq!(chat(formatted, &messages), expected);
    }

    #[test]
    fn json_of_a_message_is_read_back(content in any::<String>()) {
        let json = on_message("{{ json .Content }}", Message::new("user", &content));
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), content);
        let unsafe_in_html = ['<', '>', '&', '\n', '\u{2028}'];
        prop_assert!(!json.contains(unsafe_in_html));
    }
}
