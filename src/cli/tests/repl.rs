//! Conversations, without a terminal: lines come from a list.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::{Value, json};

use super::super::CliError;
use super::super::run::{Lines, Prompt, Repl, Typed};
use super::super::show::Shown;
use super::run::{arguments, model};
use super::script::Script;

/// What a user types, and what the line editor is told.
#[derive(Clone, Default)]
struct Typist {
    typed: Rc<RefCell<VecDeque<Typed>>>,
    told: Rc<RefCell<Vec<String>>>,
}

impl Lines for Typist {
    async fn read(&mut self, prompt: Prompt) -> Result<Typed, CliError> {
        self.told.borrow_mut().push(format!("{prompt:?}"));
        Ok(self.typed.borrow_mut().pop_front().unwrap_or(Typed::End))
    }

    fn remember(&mut self, input: &str) {
        self.told.borrow_mut().push(format!("remember {input:?}"));
    }

    fn keep_history(&mut self, on: bool) {
        self.told.borrow_mut().push(format!("history {on}"));
    }
}

fn lines(lines: &[&str]) -> Vec<Typed> {
    lines.iter().map(|line| Typed::Line((*line).to_owned())).collect()
}

/// A conversation: what was printed and asked, and what the line editor was told.
async fn talk_with(script: Script, line: &str, model: &Shown, typed: Vec<Typed>) -> (String, Vec<String>) {
    let typist = Typist { typed: Rc::new(RefCell::new(typed.into())), ..Typist::default() };
    let (mut session, streams) = script.play().await;
    let outcome = Repl::new(&arguments(line), model, &mut session, typist.clone()).talk().await;
    let told = typist.told.borrow().clone();
    (script.golden(&streams, outcome), told)
}

async fn talk(script: Script, typed: &[&str]) -> String {
    talk_with(script, "quipu tiny", &model(&["completion"]), lines(typed)).await.0
}

fn said(content: &str) -> Value {
    json!({"message": {"role": "assistant", "content": content}})
}

/// Answers one after the other.
fn answers(texts: &[&str]) -> Script {
    texts.iter().fold(Script::default(), |script, text| script.stream("POST /api/chat", &[said(text)]))
}

#[tokio::test]
async fn a_conversation_remembers_its_turns() {
    let script = Script::default()
        .stream("POST /api/chat", &[said("Arr"), said(".")])
        .stream("POST /api/chat", &[said("Bye.")]);
    insta::assert_snapshot!(talk(script, &["hello", "", "go", "/bye", "never"]).await, @r#"
    exit 0
    -- out --
    Arr.

    Bye.

    -- err --
    -- asked --
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"hello"}]}
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"Arr."},{"role":"user","content":"go"}]}
    "#);
}

#[tokio::test]
async fn settings_count_from_the_next_message_on() {
    let typed = [
        "/set parameter temperature 0.5",
        "/set parameter stop a b",
        "/set system \"\"\"Be",
        "kind.\"\"\"",
        "/set format json",
        "/set think high",
        "/set verbose",
        "hi",
        "/set noformat",
        "/set nothink",
        "/set quiet",
        "/set nowordwrap",
        "/set wordwrap",
        "/clear",
        "again",
    ];
    insta::assert_snapshot!(talk(answers(&["{}", "Hi."]), &typed).await, @r#"
    exit 0
    -- out --
    Set parameter 'temperature' to '0.5'
    Set parameter 'stop' to 'a, b'
    Set system message.
    Set format to 'json' mode.
    Set 'think' mode to 'high'.
    Set 'verbose' mode.
    {}

    Disabled format.
    Set 'nothink' mode.
    Set 'quiet' mode.
    Set 'nowordwrap' mode.
    Set 'wordwrap' mode.
    Cleared session context
    Hi.

    -- err --
    warning: model 'tiny' does not support thinking
    total duration:       0s
    load duration:        0s
    prompt eval count:    0 token(s)
    prompt eval duration: 0s
    prompt eval rate:     0.00 tokens/s
    eval count:           0 token(s)
    eval duration:        0s
    eval rate:            0.00 tokens/s
    -- asked --
    POST /api/chat {"model":"tiny","messages":[{"role":"system","content":"Be\nkind."},{"role":"user","content":"hi"}],"options":{"temperature":0.5,"stop":["a","b"]},"format":"json","think":"high"}
    POST /api/chat {"model":"tiny","messages":[{"role":"system","content":"Be\nkind."},{"role":"user","content":"again"}],"options":{"temperature":0.5,"stop":["a","b"]},"think":false}
    "#);
}

#[tokio::test]
async fn thoughts_are_part_of_the_conversation() {
    let thought = json!({"message": {"role": "assistant", "content": "", "thinking": "Hm."}});
    let script = answers(&[])
        .stream("POST /api/chat", &[thought, said("42")])
        .stream("POST /api/chat", &[said("Yes.")]);
    let thinker = model(&["completion", "thinking"]);
    let typed = lines(&["6*7?", "Sure?"]);
    let (shown, _) = talk_with(script, "quipu tiny --think", &thinker, typed).await;
    insta::assert_snapshot!(shown, @r#"
    exit 0
    -- out --
    Thinking...
    Hm.
    ...done thinking.

    42

    Yes.

    -- err --
    -- asked --
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"6*7?"}],"think":true}
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"6*7?"},{"role":"assistant","content":"42","thinking":"Hm."},{"role":"user","content":"Sure?"}],"think":true}
    "#);
}

#[tokio::test]
async fn a_message_that_failed_was_not_said() {
    let script = Script::default()
        .answer("POST /api/chat", 500, json!({"error": "no memory"}))
        .stream("POST /api/chat", &[said("Ar"), json!({"error": "the engine ended"})])
        .stream("POST /api/chat", &[said("Hi.")]);
    insta::assert_snapshot!(talk(script, &["one", "two", "three"]).await, @r#"
    exit 0
    -- out --
    Ar
    Hi.

    -- err --
    Error: no memory

    Error: the engine ended

    -- asked --
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"one"}]}
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"two"}]}
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"two"},{"role":"assistant","content":"Ar"},{"role":"user","content":"three"}]}
    "#);
}

#[tokio::test]
async fn the_line_editor_is_told_what_to_do() {
    let interrupted = |line: &str| Typed::Interrupted { line: line.into() };
    let mut typed = vec![interrupted(""), interrupted("half a li")];
    typed.extend(lines(&["\"\"\"one"]));
    typed.push(interrupted(""));
    typed.extend(lines(&["\"\"\"one", "two\"\"\"", "/set nohistory", "/set history"]));
    typed.extend([Typed::End, Typed::Line("never".into())]);
    let (shown, told) = talk_with(answers(&["Hi."]), "quipu tiny", &model(&[]), typed).await;
    insta::assert_snapshot!(shown, @r#"
    exit 0
    -- out --

    Use Ctrl + d or /bye to exit.
    Hi.

    Set 'nohistory' mode.
    Set 'history' mode.
    -- err --
    -- asked --
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"one\ntwo"}]}
    "#);
    let expected = [
        "First",
        "First",
        "First",
        "More",
        "First",
        "More",
        "remember \"\\\"\\\"\\\"one\\ntwo\\\"\\\"\\\"\"",
        "First",
        "remember \"/set nohistory\"",
        "history false",
        "First",
        "remember \"/set history\"",
        "history true",
        "First",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn everything_of_a_model_can_be_shown() {
    let full = json!({
        "license": "MIT", "modelfile": "FROM x\n", "parameters": "temperature                    0.1",
        "template": "{{ .Prompt }}", "system": "Be kind.", "details": {"family": "llama"}, "capabilities": ["completion"],
    });
    let script = (0..6).fold(Script::default(), |script, _| script.answer("POST /api/show", 200, &full));
    let typed = [
        "/show info",
        "/show license",
        "/show modelfile",
        "/show system",
        "/show template",
        "/set parameter seed 7",
        "/show parameters",
    ];
    let shown = talk(script, &typed).await;
    let shown = shown.split("-- err --").next().unwrap();
    insta::assert_snapshot!(shown, @r#"
    exit 0
    -- out --
      Model
        architecture    llama
        quantization

      Capabilities
        completion

      Parameters
        temperature    0.1

      System
        Be kind.

      License
        MIT

    MIT
    FROM x

    Be kind.

    {{ .Prompt }}
    Set parameter 'seed' to '7'
    Model defined parameters:
      temperature                    0.1

    User defined parameters:
      seed                           7

    "#);
}

#[tokio::test]
async fn what_a_model_lacks_is_told() {
    let script = (0..5).fold(Script::default(), |script, _| script.answer("POST /api/show", 200, json!({})));
    let typed = [
        "/show license",
        "/show system",
        "/show template",
        "/show parameters",
        "/set system Arr.",
        "/show system",
    ];
    let shown = talk(script, &typed).await;
    let shown = shown.split("-- err --").next().unwrap();
    insta::assert_snapshot!(shown, @r"
    exit 0
    -- out --
    No license was specified for this model.
    No system message was specified for this model.
    No prompt template was specified for this model.
    No additional parameters were specified for this model.

    Set system message.
    Arr.

    ");
}

#[tokio::test]
async fn a_saved_conversation_is_loaded_again() {
    let saved = json!({
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hi."}],
        "capabilities": ["completion"],
    });
    let script = answers(&["Hi."])
        .answer("POST /api/create", 200, json!({"status": "success"}))
        .answer("POST /api/show", 200, saved)
        .answer("POST /api/chat", 200, json!({"done": true, "done_reason": "load"}))
        .stream("POST /api/chat", &[said("Yes.")])
        .answer("POST /api/create", 200, json!({"status": "success"}));
    let typed = ["/set system Be brief.", "hi", "/save mine", "/load mine", "still there?", "/save more"];
    insta::assert_snapshot!(talk(script, &typed).await, @r#"
    exit 0
    -- out --
    Set system message.
    Hi.

    Created new model 'mine'
    Loading model 'mine'
    >>> hi
    Hi.

    Yes.

    Created new model 'more'
    -- err --
    -- asked --
    POST /api/chat {"model":"tiny","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}]}
    POST /api/create {"model":"mine","from":"tiny","system":"Be brief.","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Hi."}],"stream":false}
    POST /api/show {"model":"mine"}
    POST /api/chat {"model":"mine","messages":[]}
    POST /api/chat {"model":"mine","messages":[{"role":"user","content":"still there?"}]}
    POST /api/create {"model":"more","from":"mine","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Hi."},{"role":"user","content":"still there?"},{"role":"assistant","content":"Yes."}],"stream":false}
    "#);
}

#[tokio::test]
async fn what_cannot_be_saved_or_loaded_is_told() {
    let script = Script::default()
        .answer("POST /api/create", 400, json!({"error": "invalid model name"}))
        .answer("POST /api/show", 404, json!({"error": "model 'nothing' not found"}))
        .answer("POST /api/show", 200, json!({"capabilities": ["embedding"]}))
        .answer("POST /api/show", 500, json!({"error": "the disk is gone"}));
    insta::assert_snapshot!(talk(script, &["/save a b", "/save a:b:c", "/load nothing", "/load vectors", "/load x"]).await, @r#"
    exit 0
    -- out --
    Usage:
      /save <model>   Save system message, parameters and what was said as a model

    error: The model name 'a:b:c' is invalid
    Loading model 'nothing'
    Couldn't find model 'nothing'
    Loading model 'vectors'
    'vectors' makes vectors of texts: it cannot be talked with
    Loading model 'x'
    -- err --
    Error: the disk is gone

    -- asked --
    POST /api/create {"model":"a:b:c","from":"tiny","stream":false}
    POST /api/show {"model":"nothing"}
    POST /api/show {"model":"vectors"}
    POST /api/show {"model":"x"}
    "#);
}

#[tokio::test]
async fn a_model_begins_with_its_stored_messages() {
    let stored = json!({"messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "Me."},
    ]});
    let stored: Shown = serde_json::from_value(stored).unwrap();
    let (shown, _) = talk_with(Script::default(), "quipu tiny", &stored, Vec::new()).await;
    assert_eq!(shown, "exit 0\n-- out --\n>>> Who?\nMe.\n\n-- err --\n-- asked --\n");
}

#[tokio::test]
async fn a_line_may_be_the_name_of_a_picture() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("cat.png");
    std::fs::write(&path, b"\x89PNG").unwrap();
    std::fs::write(folder.path().join("no.png"), b"text").unwrap();
    let typed = [format!("{} What?", path.display()), format!("{}/no.png", folder.path().display())];
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    let seeing = model(&["completion", "vision"]);
    let (shown, _) = talk_with(answers(&["A cat."]), "quipu tiny", &seeing, lines(&typed)).await;
    insta::assert_snapshot!(shown.replace(folder.path().to_str().unwrap(), "<folder>"), @r#"
    exit 0
    -- out --
    A cat.

    -- err --
    Added image '<folder>/cat.png'
    Error: cannot send '<folder>/no.png': it is no JPEG, PNG, WebP or WAV file, whatever its name says

    -- asked --
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"What?","images":["iVBORw=="]}]}
    "#);
    // For a model that does not see, it is a command, and there is none of this name.
    let (shown, _) =
        talk_with(Script::default(), "quipu tiny", &model(&["completion"]), lines(&typed[..1])).await;
    assert!(shown.contains(&format!("Unknown command '{}'. Type /? for help\n", path.display())), "{shown}");
}

#[tokio::test]
async fn help_is_complete() {
    let topics = ["/?", "/? /set", "/? set parameter", "/? /show", "/? load", "/? save", "/? shortcuts"];
    insta::assert_snapshot!(talk(Script::default(), &topics).await);
}

#[tokio::test]
async fn models_are_listed() {
    let models = json!({"models": [{"name": "tiny:latest", "digest": "0123456789abcdef", "size": 1000,
                                    "modified_at": "2026-08-01T11:00:00Z"}]});
    let script = Script::default().answer("GET /api/tags", 200, models);
    let shown = talk(script, &["/list"]).await;
    assert!(shown.contains("tiny:latest    0123456789ab    1 KB    About an hour ago\n"), "{shown}");
}
