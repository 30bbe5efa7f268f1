//! Templates that write one exchange at a time, and those for text with a gap.

use super::*;

const LLAMA2: &str = include_str!("templates/llama2-legacy.gotmpl");
const ALPACA: &str = include_str!("templates/alpaca-legacy.gotmpl");
const CHATML: &str = include_str!("templates/chatml-legacy.gotmpl");
const INFILL: &str = include_str!("templates/codellama-infill.gotmpl");

#[test]
fn a_legacy_template_is_run_for_each_exchange_and_at_the_end_up_to_the_response() {
    let prompt = chat(LLAMA2, &system_user_assistant_user());
    assert_eq!(
        prompt,
        "[INST] <<SYS>>\nYou are a pirate.\n<</SYS>>\n\nHello! [/INST] Ahoy!</s>\n[INST] Where to? [/INST] "
    );
    let prompt = chat(ALPACA, &system_user_assistant_user());
    assert_eq!(
        prompt,
        "You are a pirate.\n\n### Instruction:\nHello!\n\n### Response:\nAhoy!\n\n\
         ### Instruction:\nWhere to?\n\n### Response:\n"
    );
    let prompt = chat(CHATML, &system_user_assistant_user());
    assert_eq!(
        prompt,
        "<|im_start|>system\nYou are a pirate.<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n\
         <|im_start|>assistant\nAhoy!<|im_end|>\n<|im_start|>user\nWhere to?<|im_end|>\n<|im_start|>assistant\n"
    );
}

#[test]
fn an_answer_that_is_begun_stands_where_the_response_does() {
    let messages = [Message::new("user", "Hello!"), Message::new("assistant", "Ah, ")];
    assert_eq!(chat(LLAMA2, &messages), "[INST] Hello! [/INST] Ah, ");
    assert_eq!(chat(CHATML, &messages), "<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\nAh, ");
}

#[test]
fn a_system_message_in_between_begins_a_new_exchange() {
    let template = "<{{ .System }}|{{ .Prompt }}|{{ .Response }}>";
    let messages = [
        Message::new("system", "a"),
        Message::new("user", "b"),
        Message::new("system", "c"),
        Message::new("tool", "not seen"),
        Message::new("user", "d"),
        Message::new("assistant", "e"),
        Message::new("user", "f"),
    ];
    assert_eq!(chat(template, &messages), "<a|b|><c|d|e><|f|");
}

#[test]
fn a_template_without_response_ends_with_it() {
    assert_eq!(chat(DEFAULT_TEMPLATE, &system_user_assistant_user()), "Hello!Ahoy!Where to?");
    let answered = [Message::new("user", "a"), Message::new("assistant", "b")];
    assert_eq!(chat("Q: {{ .Prompt }}\nA: ", &answered), "Q: a\nA: b");
    assert!(parse("{{ .Prompt }}").uses("response"));
}

#[test]
fn what_follows_the_response_is_cut_on_either_way_to_it() {
    let template = "{{ if .System }}S{{ .Response }}x{{ else }}{{ .Prompt }}{{ .Response }}y{{ end }}z";
    assert_eq!(chat(template, &[Message::new("user", "a")]), "a");
    assert_eq!(chat(template, &[Message::new("system", "s"), Message::new("user", "a")]), "S");
    let not_cut = "{{ if .Response }}R{{ end }}{{ .Prompt }}!";
    assert_eq!(chat(not_cut, &[Message::new("user", "a")]), "a!");
}

#[test]
fn text_with_a_gap_needs_both_sides() {
    let values = |prompt, suffix| Values { prompt, suffix, ..Values::default() };
    let infill = parse(INFILL);
    assert!(infill.capabilities().insert);
    assert_eq!(
        infill.render(&values("def f(", "\n  return 1")).unwrap(),
        "<PRE> def f( <SUF>\n  return 1 <MID>"
    );
    let messages = [Message::new("user", "def f(")];
    let plain = Values { messages: &messages, ..values("def f(", "") };
    assert_eq!(infill.render(&plain).unwrap(), "def f(");
}

#[test]
fn thinking_is_known_to_legacy_templates() {
    let template = "{{ .Prompt }}{{ if .IsThinkSet }}{{ .Think }}{{ .ThinkLevel }}{{ end }}{{ .Response }}";
    let messages = [Message::new("user", "a")];
    let render =
        |think| parse(template).render(&Values { messages: &messages, think, ..Values::default() }).unwrap();
    assert_eq!(render(Think::Unset), "a");
    assert_eq!(render(Think::Off), "afalse");
    assert_eq!(render(Think::On), "atruemedium");
    assert_eq!(render(Think::Level("high".into())), "atruehigh");
}
