//! Templates that mean harm are stopped.

use super::*;

/// What becomes of a template that may not end, with a conversation of a kilobyte.
fn outcome(template: &str) -> Result<usize, GoTemplateError> {
    let messages = [Message::new("user", "x".repeat(1000))];
    let template = GoTemplate::parse(&format!("{template}{{{{ len .Messages }}}}"))?;
    template.render(&Values { messages: &messages, ..Values::default() }).map(|prompt| prompt.len())
}

fn assert_stopped(template: &str) {
    let outcome = outcome(template);
    assert!(matches!(outcome, Err(GoTemplateError::Endless { .. })), "{template}: {outcome:?}");
}

#[test]
fn loops_are_stopped() {
    assert_stopped("{{ range 1000000000000 }}{{ end }}");
    assert_stopped(
        "{{ range 900000 }}{{ $x := 1 }}{{ $y := 2 }}{{ if eq $x $y 3 4 5 6 7 }}{{ end }}{{ end }}",
    );
    assert_stopped("{{ range 2000 }}{{ range 2000 }}{{ range 2000 }}{{ end }}{{ end }}{{ end }}");
    assert_stopped(&format!("{{{{ range 900000 }}}}{}{{{{ end }}}}", "long ".repeat(20)));
}

#[test]
fn recursion_is_stopped() {
    assert_stopped("{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}");
    // Sixty levels, each twice.
    let mut doubling = String::from("{{ define \"t0\" }}{{ end }}");
    for level in 1..=60 {
        let below = level - 1;
        let twice = format!("{{{{ template \"t{below}\" . }}}}").repeat(2);
        doubling += &format!("{{{{ define \"t{level}\" }}}}{twice}{{{{ end }}}}");
    }
    assert_stopped(&format!("{doubling}{{{{ template \"t60\" . }}}}"));
}

#[test]
fn growing_text_is_stopped() {
    for doubled in [
        "print $x $x",
        "printf \"%s%s\" $x $x",
        "js (print $x \"\\\\\")",
        "json $x",
        "printf \"%[1]s%[1]s\" $x",
    ] {
        assert_stopped(&format!(
            "{{{{ $x := \"<&\\\\\" }}}}{{{{ range 100000 }}}}{{{{ $x = {doubled} }}}}{{{{ end }}}}"
        ));
    }
    assert_stopped("{{ range 9000 }}{{ $x := printf \"%65535d\" 1 }}{{ end }}");
    assert_stopped("{{ range 9000 }}{{ $x := printf \"%*d\" 65535 1 }}{{ end }}");
    // One call that names two kilobytes forty thousand times.
    let (content, many) = ("(index .Messages 0).Content", "%[1]s".repeat(40_000));
    assert_stopped(&format!("{{{{ $x := printf \"{many}\" (print {content} {content}) }}}}"));
    assert_stopped("{{ range 900000 }}{{ $x := print $.Messages }}{{ end }}");
    assert_stopped("{{ range 900000 }}{{ $x := json $.Messages }}{{ end }}");
}

#[test]
fn looking_at_long_values_is_not_for_nothing() {
    let messages = [Message::new("user", "x".repeat(1 << 20)), Message::new("tool", "x".repeat(1 << 20))];
    let template = parse(
        "{{ range 20000 }}{{ if eq (index $.Messages 0).Content (index $.Messages 1).Content }}\
         {{ end }}{{ end }}",
    );
    let outcome = template.render(&Values { messages: &messages, ..Values::default() });
    assert!(matches!(outcome, Err(GoTemplateError::Endless { line: 1 })), "{outcome:?}");
}

#[test]
fn deep_nesting_neither_breaks_the_parser_nor_the_rendering() {
    let deep = |open: &str, inner: &str, close: &str, n: usize| {
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    for n in [90, 10_000] {
        let _ = outcome(&deep("{{ if .Messages }}", "x", "{{ end }}", n));
        let _ = outcome(&format!("{{{{ {} }}}}", deep("(", ".Messages", ")", n)));
        let _ = outcome(&format!("{{{{ {} }}}}", deep("(print ", ".Messages", ")", n)));
        let _ = outcome(&format!("{{{{ {} }}}}", deep("(and 1 (", "1", "))", n)));
        let _ = outcome(&format!("{{{{ if .A }}}}{}{{{{ end }}}}", "{{ else if .B }}".repeat(n)));
        let _ = outcome(&deep("{{ define \"a\" }}", "x", "{{ end }}", n));
        let _ = outcome(&deep("{{ block \"a\" . }}", "x", "{{ end }}", n));
        let _ = outcome(&format!("{{{{ .A{} }}}}", ".A".repeat(n)));
        let _ = outcome(&format!("{{{{ 1 {} }}}}", "| print ".repeat(n)));
    }
    // As deep as it goes, in each other: a template that calls itself within blocks and parentheses.
    let call = format!("{}{{{{ template \"a\" . }}}}{}", "{{ if 1 }}".repeat(40), "{{ end }}".repeat(40));
    let printed = deep("(print ", "1", ")", 50);
    assert_stopped(&format!(
        "{{{{ define \"a\" }}}}{{{{ {printed} }}}}{call}{{{{ {printed} }}}}{{{{ end }}}}{{{{ template \"a\" . }}}}"
    ));
}

#[test]
fn many_names_are_no_more_work_than_their_text() {
    let names: String = (0..10_000).map(|n| format!("{{{{$x{n}:=1}}}}{{{{$x0}}}}")).collect();
    assert_eq!(outcome(&names), Ok(10_001));
}

#[test]
fn a_long_conversation_is_far_from_the_limits() {
    let messages: Vec<Message> = (0..5000)
        .map(|n| {
            Message::new(if n % 2 == 0 { "user" } else { "assistant" }, "A line of some length. ".repeat(40))
        })
        .collect();
    let prompt = chat(include_str!("templates/qwen3.gotmpl"), &messages);
    assert!(prompt.len() > 5000 * 900);
}
