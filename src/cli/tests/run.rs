//! `run` with a prompt: the pull before it, answers, vectors.

use clap::Parser;
use serde_json::{Value, json};

use super::super::pull::find_or_pull;
use super::super::run::{RunArgs, once};
use super::super::show::Shown;
use super::script::Script;

#[derive(Parser)]
struct Run {
    #[command(flatten)]
    args: RunArgs,
}

pub(super) fn arguments(line: &str) -> RunArgs {
    Run::parse_from(line.split(' ')).args
}

/// A model that can do this.
pub(super) fn model(capabilities: &[&str]) -> Shown {
    serde_json::from_value(json!({"capabilities": capabilities})).unwrap()
}

/// What `once` does with a prompt.
async fn asked(script: Script, line: &str, capabilities: &[&str], prompt: &str) -> String {
    let (mut session, streams) = script.play().await;
    let outcome = once(&arguments(line), &model(capabilities), &mut session, prompt).await;
    script.golden(&streams, outcome)
}

fn answering(text: &str) -> Script {
    Script::default().stream("POST /api/generate", &[json!({"response": text, "done": true})])
}

#[tokio::test]
async fn what_is_there_is_not_pulled() {
    let script = Script::default().answer("POST /api/show", 200, json!({"model_info": {}}));
    let (mut session, streams) = script.play().await;
    let outcome = find_or_pull("tiny", false, &mut session).await.map(drop);
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
        .stream("POST /api/pull", &[json!({"status": "pulling manifest"}), json!({"status": "success"})])
        .answer("POST /api/show", 200, json!({"model_info": {}}));
    let (mut session, streams) = script.play().await;
    let outcome = find_or_pull("tiny", true, &mut session).await.map(drop);
    insta::assert_snapshot!(script.golden(&streams, outcome), @r#"
    exit 0
    -- out --
    -- err --
    pulling manifest
    success
    -- asked --
    POST /api/show {"model":"tiny"}
    POST /api/pull {"model":"tiny","insecure":true}
    POST /api/show {"model":"tiny"}
    "#);
}

#[tokio::test]
async fn what_is_nowhere_is_an_error() {
    let script = Script::default()
        .answer("POST /api/show", 404, json!({"error": "model 'tiny' not found"}))
        .answer("POST /api/pull", 500, json!({"error": "pull model manifest: file does not exist"}));
    let (mut session, streams) = script.play().await;
    let outcome = find_or_pull("tiny", false, &mut session).await.map(drop);
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
    insta::assert_snapshot!(asked(script, "quipu tiny --verbose --keepalive 5m", &[], "hi").await, @r#"
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
async fn format_and_thinking_are_sent() {
    let line = r#"quipu tiny --format {"type":"object"} --think=low"#;
    insta::assert_snapshot!(asked(answering("{}"), line, &["completion"], "hi").await, @r#"
    exit 0
    -- out --
    {}

    -- err --
    -- asked --
    POST /api/generate {"model":"tiny","prompt":"hi","format":{"type":"object"},"think":"low"}
    "#);
}

#[tokio::test]
async fn thoughts_are_told_from_the_answer() {
    let lines = [
        json!({"response": "", "thinking": "6 times 7", "done": false}),
        json!({"response": "42", "done": false}),
        json!({"response": "", "done": true}),
    ];
    let shown =
        asked(Script::default().stream("POST /api/generate", &lines), "quipu tiny --think", &[], "6*7?")
            .await;
    assert!(shown.contains("Thinking...\n6 times 7\n...done thinking.\n\n42\n\n"), "{shown}");
    let script = Script::default().stream("POST /api/generate", &lines);
    let hidden = asked(script, "quipu tiny --think --hidethinking", &[], "6*7?").await;
    assert!(hidden.starts_with("exit 0\n-- out --\n42\n\n-- err --\n"), "{hidden}");
}

#[tokio::test]
async fn an_error_ends_an_answer() {
    let lines = [json!({"response": "Hel"}), json!({"error": "the engine ended"})];
    let script = Script::default().stream("POST /api/generate", &lines);
    insta::assert_snapshot!(asked(script, "quipu tiny", &[], "hi").await, @r#"
    exit 1
    -- out --
    Hel
    -- err --
    Error: the engine ended
    -- asked --
    POST /api/generate {"model":"tiny","prompt":"hi"}
    "#);
}

#[tokio::test]
async fn models_that_see_get_the_pictures() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("cat.png");
    std::fs::write(&path, b"\x89PNG").unwrap();
    let prompt = format!("What is this? {}", path.display());
    let seen = asked(answering("A cat."), "quipu tiny", &["completion", "vision"], &prompt).await;
    let expected = format!(
        "exit 0\n-- out --\nA cat.\n\n-- err --\nAdded image '{}'\n-- asked --\n\
         POST /api/generate {{\"model\":\"tiny\",\"prompt\":\"What is this?\",\"images\":[\"iVBORw==\"]}}\n",
        path.display()
    );
    assert_eq!(seen, expected);
    let blind = asked(answering("Who knows."), "quipu tiny", &["completion"], &prompt).await;
    assert!(blind.contains(&format!("\"prompt\":\"{prompt}\"}}")), "{blind}");
}

#[tokio::test]
async fn embedding_models_print_a_vector() {
    let vectors = json!({"model": "tiny", "embeddings": [[0.25, -1.5e-3, 1.0]]});
    let script = Script::default().answer("POST /api/embed", 200, vectors);
    let line = "quipu tiny --truncate=false --dimensions 3 --keepalive 1m";
    insta::assert_snapshot!(asked(script, line, &["embedding"], "hi there").await, @r#"
    exit 0
    -- out --
    [0.25,-0.0015,1.0]
    -- err --
    -- asked --
    POST /api/embed {"model":"tiny","input":"hi there","truncate":false,"dimensions":3,"keep_alive":"1m"}
    "#);
}

#[tokio::test]
async fn embedding_models_need_a_text() {
    insta::assert_snapshot!(asked(Script::default(), "quipu tiny", &["embedding"], "").await, @r#"
    exit 1
    -- out --
    -- err --
    Error: tiny makes vectors of texts, and needs one: quipu run tiny "your text"
    -- asked --
    "#);
}

#[tokio::test]
async fn servers_need_not_tell_everything() {
    let answer: Value = json!({"license": "MIT"});
    let script = Script::default().answer("POST /api/show", 200, answer);
    let (mut session, _) = script.play().await;
    let shown = find_or_pull("tiny", false, &mut session).await.unwrap();
    assert_eq!(shown.license, "MIT");
}
