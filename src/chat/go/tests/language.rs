//! The language: what gotmpl does not do by itself, and what must not change.

use super::*;

fn error(template: &str) -> String {
    let messages = [Message::new("user", "é\"b")];
    let rendered = GoTemplate::parse(template)
        .and_then(|template| template.render(&Values { messages: &messages, ..Values::default() }));
    rendered.unwrap_err().to_string()
}

#[test]
fn syntax_errors_tell_the_line_in_gos_words() {
    assert_eq!(error("\n{{ Prompt }}"), "template error: template: :2: function \"Prompt\" not defined");
    assert_eq!(error("{{ .Prompt"), "template error: template: :1: unclosed action");
    assert_eq!(error("{{ if .Prompt }}"), "template error: template: :1: unexpected EOF");
    assert_eq!(error("a\nb{{ $x }}"), "template error: template: :2: undefined variable \"$x\"");
    assert_eq!(error("{{ $x = 1 }}"), "template error: template: :1: undefined variable \"$x\"");
    assert_eq!(
        error("{{ if $x := 1 }}{{ end }}{{ $x }}"),
        "template error: template: :1: undefined variable \"$x\""
    );
    let twice = "{{ define \"a\" }}1{{ end }}\n{{ define \"a\" }}2{{ end }}";
    assert_eq!(error(twice), "template error: template: :2: multiple definition of template \"a\"");
    assert!(error("\n\n{{ . | }}").starts_with("template error: template: :3: "));
    assert!(error("{{ . }").starts_with("template error: template: :1: "));
}

#[test]
fn errors_of_a_rendering_tell_the_line() {
    let beyond = "{{ range .Messages }}\n{{ len .Role }}\n{{ index $.Messages 9 }}{{ end }}";
    assert_eq!(error(beyond), "template error: template: :3: executing the template: index out of range: 9");
    let template = "{{ len .Messages }}\n\n{{ if eq .Messages 1 }}{{ end }}";
    assert!(
        error(template).starts_with("template error: template: :3: executing the template: "),
        "{}",
        error(template)
    );
    let unknown = "{{ len .Messages }}{{ template \"x\" }}";
    assert_eq!(error(unknown), "template error: template: :1: executing the template: undefined template: x");
}

#[test]
fn comments_and_trim_markers_follow_gos_rules() {
    let chat = |template: &str| chat(template, &[Message::new("user", "m")]);
    assert_eq!(chat("a {{- /* x */}} {{ len .Messages }}"), "a 1");
    assert_eq!(chat("a {{/* x */ -}} \n {{ len .Messages }}"), "a 1");
    assert_eq!(chat("a {{/* x */}} b {{- len .Messages -}} \n c"), "a  b1c");
    assert_eq!(chat("{ {{- len .Messages -}} }"), "{1}");
    assert_eq!(chat("{{ len\n .Messages }}{{ -1 }}"), "1-1");
}

#[test]
fn variables_live_as_in_go() {
    let chat = |template: &str| chat(template, &[Message::new("user", "a"), Message::new("tool", "b")]);
    assert_eq!(chat("{{ $x := 1 }}{{ range .Messages }}{{ $x = .Content }}{{ end }}{{ $x }}"), "b");
    assert_eq!(chat("{{ $x := 1 }}{{ range .Messages }}{{ $x := .Content }}{{ end }}{{ $x }}"), "1");
    assert_eq!(
        chat(
            "{{ with $x := 5 }}{{ range $i, $m := $.Messages }}{{ $i }}{{ $m.Role }}{{ $x }}{{ end }}{{ end }}"
        ),
        "0user51tool5"
    );
    assert_eq!(
        chat(
            "{{ define \"d\" }}[{{ . }}{{ $ }}]{{ end }}{{ template \"d\" 3 }}{{ template \"d\" }}{{ len .Messages }}"
        ),
        "[33][<no value><no value>]2"
    );
    assert_eq!(chat("{{ block \"d\" len .Messages }}<{{ . }}>{{ end }}"), "<2>");
}

#[test]
fn strings_come_through_and_are_formatted_as_in_go() {
    let chat = |action: &str| on_message(action, Message::new("user", "é\"b<"));
    assert_eq!(
        chat("{{ printf \"%s|%v|%q|%5s|%-5d|%05.1f%%\" .Content 1 \"a\" \"b\" 2 3.25 }}"),
        "é\"b<|1|\"a\"|    b|2    |003.2%"
    );
    assert_eq!(chat("{{ printf \"%[2]s%[1]s\" .Role .Content }}"), "é\"b<user");
    assert_eq!(chat("{{ print .Role 1 2 .Content }}{{ println 1 .Role }}"), "user1 2é\"b<1 user\n");
    assert_eq!(
        chat("{{ json .Content }}{{ json 1.0 }}{{ json nil }}{{ json true }}"),
        "\"é\\\"b\\u003c\"1nulltrue"
    );
    assert_eq!(
        chat("{{ html .Content }} {{ js .Content }} {{ urlquery .Content }}"),
        "é&#34;b&lt; é\\\"b\\u003C %C3%A9%22b%3C"
    );
    assert_eq!(chat("{{ len .Content }}{{ slice .Content 2 4 }}{{ index .Content 0 }}"), "5\"b195");
    assert_eq!(chat("{{ .Content | printf \"%s-%s\" .Role | len }}"), "10");
    assert_eq!(chat("{{ or .Thinking \"none\" }}{{ and .Role .Thinking }}{{ not .Thinking }}"), "nonetrue");
    assert_eq!(chat("{{ if eq .Role \"x\" \"user\" }}in{{ end }}{{ if lt 1 2 }}lt{{ end }}"), "inlt");
}

#[test]
fn dates_are_todays_and_yesterdays() {
    let today = jiff::Zoned::now().date();
    let expected = format!("{today} {}", today.yesterday().unwrap());
    let got = on_message("{{ currentDate }} {{ yesterdayDate \"2006\" }}", Message::default());
    // The day may change between the two.
    assert!(got == expected || today != jiff::Zoned::now().date(), "{got}");
}

#[test]
fn what_is_not_there_is_false_and_prints_as_go_prints_it() {
    assert_eq!(chat("{{ if .First }}x{{ end }}{{ .First }}{{ len .Messages }}", &[]), "<no value>0");
    assert_eq!(
        chat("{{ .Tools }}{{ json .Tools }}{{ if .Tools }}x{{ end }}{{ len .Messages }}", &[]),
        "nullnull0"
    );
}

#[test]
fn a_message_looks_as_in_ollama() {
    let message = Message {
        thinking: Some("t".into()),
        tool_call_id: Some("i".into()),
        name: Some("n".into()),
        ..Message::new("tool", "c")
    };
    let action = "{{ .Role }}{{ .Content }}{{ .Thinking }}{{ .ToolName }}{{ .ToolCallID }}{{ len .Images }}";
    assert_eq!(on_message(action, message), "toolctni0");
    assert_eq!(on_message(action, Message::new("user", "")), "user0");
}
