//! `run`: the pull before it, and answers.

use clap::Parser;
use serde_json::json;

use super::super::pull::pull_if_missing;
use super::super::run::{RunArgs, ask, talk};
use super::script::Script;

#[derive(Parser)]
struct Run {
    #[command(flatten)]
    args: RunArgs,
}

fn arguments(line: &str) -> RunArgs {
    Run::parse_from(line.split(' ')).args
}

#[tokio::test]
async fn what_is_there_is_not_pulled() {
    let script = Script::default().answer("POST /api/show", 200, json!({"model_info": {}}));
    let (mut session, streams) = script.play().await;
    let outcome = pull_if_missing("tiny", false, &mut session).await;
    insta::assert_snapshot!(script.golden(&streams, outcome), @r#"
    exit 0
    -- out --
    -- err --
    -- asked --
    POST /api/show {"model":"tiny"}
    "#);
}

#[tokio::test]
async fn what_is_missing_is_pulled() {
    let script = Script::default()
        .answer("POST /api/show", 404, json!({"error": "model 'tiny' not found"}))
        .stream("POST /api/pull", &[json!({"status": "pulling manifest"}), json!({"status": "success"})]);
    let (mut session, streams) = script.play().await;
    let outcome = pull_if_missing("tiny", true, &mut session).await;
    insta::assert_snapshot!(script.golden(&streams, outcome), @r#"
    exit 0
    -- out --
    -- err --
    pulling manifest
    success
    -- asked --
    POST /api/show {"model":"tiny"}
    POST /api/pull {"model":"tiny","insecure":true}
    "#);
}

#[tokio::test]
async fn what_is_nowhere_is_an_error() {
    let script = Script::default()
        .answer("POST /api/show", 404, json!({"error": "model 'tiny' not found"}))
        .answer("POST /api/pull", 500, json!({"error": "pull model manifest: file does not exist"}));
    let (mut session, streams) = script.play().await;
    let outcome = pull_if_missing("tiny", false, &mut session).await;
    insta::assert_snapshot!(script.golden(&streams, outcome), @r#"
    exit 1
    -- out --
    -- err --
    Error: pull model manifest: file does not exist
    -- asked --
    POST /api/show {"model":"tiny"}
    POST /api/pull {"model":"tiny","insecure":false}
    "#);
}

#[tokio::test]
async fn an_answer_is_printed_as_it_comes() {
    let lines = [
        json!({"response": "Hel", "done": false}),
        json!({"response": "lo.", "done": false}),
        json!({"response": "", "done": true, "eval_count": 2, "eval_duration": 1_000_000_000}),
    ];
    let script = Script::default().stream("POST /api/generate", &lines);
    let (mut session, streams) = script.play().await;
    let outcome = ask(&arguments("quipu tiny --verbose --keepalive 5m"), &mut session, "hi").await;
    insta::assert_snapshot!(script.golden(&streams, outcome), @r#"
    exit 0
    -- out --
    Hello.

    -- err --
    total duration:       0s
    load duration:        0s
    prompt eval count:    0 token(s)
    prompt eval duration: 0s
    prompt eval rate:     0.00 tokens/s
    eval count:           2 token(s)
    eval duration:        1s
    eval rate:            2.00 tokens/s
    -- asked --
    POST /api/generate {"model":"tiny","prompt":"hi","keep_alive":"5m"}
    "#);
}

#[tokio::test]
async fn thoughts_are_printed_apart_or_not_at_all() {
    let lines = [
        json!({"response": "", "thinking": "4 and", "done": false}),
        json!({"response": "", "thinking": " 5.", "done": false}),
        json!({"response": "9", "done": false}),
        json!({"response": "", "done": true}),
    ];
    for (arguments, think) in [
        ("quipu tiny --think", ",\"think\":true"),
        ("quipu tiny --think=low --hidethinking", ",\"think\":\"low\""),
    ] {
        let script = Script::default().stream("POST /api/generate", &lines);
        let (mut session, streams) = script.play().await;
        let outcome = ask(&self::arguments(arguments), &mut session, "4 + 5?").await;
        let golden = script.golden(&streams, outcome);
        let shown =
            if arguments.contains("hide") { "" } else { "Thinking...\n4 and 5.\n...done thinking.\n\n" };
        assert!(golden.contains(&format!("-- out --\n{shown}9\n")), "{golden}");
        assert!(golden.contains(think), "{golden}");
    }
}

#[tokio::test]
async fn a_conversation_remembers_thoughts() {
    let thought = json!({"message": {"role": "assistant", "content": "", "thinking": "Hm."}});
    let line = |content: &str| json!({"message": {"role": "assistant", "content": content}});
    let script = Script::default()
        .stream("POST /api/chat", &[thought, line("Arr.")])
        .stream("POST /api/chat", &[line("Bye.")]);
    let (mut session, streams) = script.play().await;
    let outcome = talk(&arguments("quipu tiny --hidethinking"), &mut session, &b"hello\ngo\n"[..]).await;
    let golden = script.golden(&streams, outcome);
    assert!(golden.contains(r#"{"role":"assistant","content":"Arr.","thinking":"Hm."}"#), "{golden}");
}

#[tokio::test]
async fn an_error_ends_an_answer() {
    let lines = [json!({"response": "Hel"}), json!({"error": "the engine ended"})];
    let script = Script::default().stream("POST /api/generate", &lines);
    let (mut session, streams) = script.play().await;
    let outcome = ask(&arguments("quipu tiny"), &mut session, "hi").await;
    insta::assert_snapshot!(script.golden(&streams, outcome), @r#"
    exit 1
    -- out --
    Hel
    -- err --
    Error: the engine ended
    -- asked --
    POST /api/generate {"model":"tiny","prompt":"hi","keep_alive":null}
    "#);
}

#[tokio::test]
async fn a_conversation_remembers_its_turns() {
    let line = |content: &str| json!({"message": {"role": "assistant", "content": content}});
    let script = Script::default()
        .stream("POST /api/chat", &[line("Arr"), line(".")])
        .stream("POST /api/chat", &[line("Bye.")]);
    let (mut session, streams) = script.play().await;
    let outcome = talk(&arguments("quipu tiny"), &mut session, &b"hello\n\ngo\n/bye\nnever\n"[..]).await;
    insta::assert_snapshot!(script.golden(&streams, outcome), @r#"
    exit 0
    -- out --
    >>> Arr.

    >>> >>> Bye.

    >>> -- err --
    -- asked --
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"hello"}],"keep_alive":null}
    POST /api/chat {"model":"tiny","messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"Arr."},{"role":"user","content":"go"}],"keep_alive":null}
    "#);
}
