//! `pull` and `push`.

use serde_json::{Value, json};

use super::script::Script;

const LAYER: &str = "sha256:6a0746a1ec1aef3e7ec53868f220ff6e389f6f8ef87a01d77c96807de94ca2aa";

fn pulled() -> Vec<Value> {
    vec![
        json!({"status": "pulling manifest"}),
        json!({"status": "pulling 6a0746a1ec1a", "digest": LAYER, "total": 4_661_211_424_u64}),
        json!({"status": "pulling 6a0746a1ec1a", "digest": LAYER, "total": 4_661_211_424_u64, "completed": 10}),
        json!({"status": "pulling 6a0746a1ec1a", "digest": LAYER, "total": 4_661_211_424_u64,
               "completed": 4_661_211_424_u64}),
        json!({"status": "pulling 4fa551d4f938", "digest": "sha256:4fa551d4f938", "total": 12, "completed": 12}),
        json!({"status": "verifying sha256 digest"}),
        json!({"status": "writing manifest"}),
        json!({"status": "success"}),
    ]
}

#[tokio::test]
async fn pull_tells_each_status_once() {
    let script = Script::default().stream("POST /api/pull", &pulled());
    insta::assert_snapshot!(script.quipu(&["pull", "llama3.1"]).await, @r#"
    exit 0
    -- out --
    -- err --
    pulling manifest
    pulling 6a0746a1ec1a
    pulling 4fa551d4f938
    verifying sha256 digest
    writing manifest
    success
    -- asked --
    POST /api/pull {"model":"llama3.1","insecure":false}
    "#);
}

#[tokio::test]
async fn pull_asks_for_plain_http_if_told() {
    let script = Script::default().stream("POST /api/pull", &[json!({"status": "success"})]);
    insta::assert_snapshot!(script.quipu(&["pull", "--insecure", "localhost:5000/a/b"]).await, @r#"
    exit 0
    -- out --
    -- err --
    success
    -- asked --
    POST /api/pull {"model":"localhost:5000/a/b","insecure":true}
    "#);
}

#[tokio::test]
async fn an_error_may_come_in_the_middle() {
    let lines =
        [json!({"status": "pulling manifest"}), json!({"error": "pull model manifest: file does not exist"})];
    let script = Script::default().stream("POST /api/pull", &lines);
    insta::assert_snapshot!(script.quipu(&["pull", "nothing"]).await, @r#"
    exit 1
    -- out --
    -- err --
    pulling manifest
    Error: pull model manifest: file does not exist
    -- asked --
    POST /api/pull {"model":"nothing","insecure":false}
    "#);
}

#[tokio::test]
async fn several_pulls_do_not_depend_on_each_other() {
    let missing = [json!({"error": "pull model manifest: file does not exist"})];
    let script = Script::default().stream("POST /api/pull", &missing).stream("POST /api/pull", &pulled());
    insta::assert_snapshot!(script.quipu(&["pull", "nothing", "llama3.1"]).await, @r#"
    exit 1
    -- out --
    -- err --
    nothing
    could not pull 'nothing': pull model manifest: file does not exist
    llama3.1
    pulling manifest
    pulling 6a0746a1ec1a
    pulling 4fa551d4f938
    verifying sha256 digest
    writing manifest
    success
    Error: 1 of 2 models could not be pulled
    -- asked --
    POST /api/pull {"model":"nothing","insecure":false}
    POST /api/pull {"model":"llama3.1","insecure":false}
    "#);
}

#[tokio::test]
async fn pull_all_updates_what_has_a_registry() {
    let models = json!({"models": [
        {"name": "llama3.1:latest"},
        {"name": "made-here:latest"},
        {"name": "big:cloud", "remote_host": "https://elsewhere.example"},
    ]});
    let missing = [json!({"error": "pull model manifest: file does not exist"})];
    let script = Script::default()
        .answer("GET /api/tags", 200, models)
        .stream("POST /api/pull", &[json!({"status": "pulling manifest"}), json!({"status": "success"})])
        .stream("POST /api/pull", &missing);
    insta::assert_snapshot!(script.quipu(&["pull", "--all"]).await, @r#"
    exit 0
    -- out --
    -- err --
    llama3.1:latest
    pulling manifest
    success
    made-here:latest
    'made-here:latest' is not in its registry: left as it is
    -- asked --
    GET /api/tags
    POST /api/pull {"model":"llama3.1:latest","insecure":false}
    POST /api/pull {"model":"made-here:latest","insecure":false}
    "#);
}

#[tokio::test]
async fn pull_all_fails_with_the_others() {
    let models = json!({"models": [{"name": "a:latest"}, {"name": "b:latest"}]});
    let script = Script::default()
        .answer("GET /api/tags", 200, models)
        .answer("POST /api/pull", 500, json!({"error": "max retries exceeded"}))
        .stream("POST /api/pull", &[json!({"status": "success"})]);
    insta::assert_snapshot!(script.quipu(&["pull", "--all"]).await, @r#"
    exit 1
    -- out --
    -- err --
    a:latest
    could not pull 'a:latest': max retries exceeded
    b:latest
    success
    Error: 1 of 2 models could not be pulled
    -- asked --
    GET /api/tags
    POST /api/pull {"model":"a:latest","insecure":false}
    POST /api/pull {"model":"b:latest","insecure":false}
    "#);
}

#[tokio::test]
async fn push_tells_where_the_model_is() {
    let lines = [
        json!({"status": "retrieving manifest"}),
        json!({"status": "pushing 6a0746a1ec1a", "digest": LAYER, "total": 9, "completed": 9}),
        json!({"status": "pushing manifest"}),
        json!({"status": "success"}),
    ];
    let script = Script::default().stream("POST /api/push", &lines);
    insta::assert_snapshot!(script.quipu(&["push", "ada/tiny:latest"]).await, @r#"
    exit 0
    -- out --

    You can find your model at:

    	https://ollama.com/ada/tiny
    -- err --
    retrieving manifest
    pushing 6a0746a1ec1a
    pushing manifest
    success
    -- asked --
    POST /api/push {"model":"ada/tiny:latest","insecure":false}
    "#);
}

#[tokio::test]
async fn push_without_rights_tells_what_to_do() {
    let lines = [json!({"status": "retrieving manifest"}), json!({"error": "unauthorized: access denied"})];
    let script = Script::default().stream("POST /api/push", &lines);
    insta::assert_snapshot!(script.quipu(&["push", "someone/tiny"]).await, @r#"
    exit 1
    -- out --
    -- err --
    retrieving manifest
    Error: you are not authorized to push to this namespace, create the model under a namespace you own
    -- asked --
    POST /api/push {"model":"someone/tiny","insecure":false}
    "#);
}

#[tokio::test]
async fn refusals_come_in_several_words() {
    for message in ["Unauthorized", "push: Access Denied"] {
        let script = Script::default().answer("POST /api/push", 401, json!({"error": message}));
        let golden = script.quipu(&["push", "someone/tiny"]).await;
        assert!(golden.contains("Error: you are not authorized to push to this namespace, "), "{golden}");
    }
}

#[tokio::test]
async fn push_passes_other_errors_on() {
    let script =
        Script::default().answer("POST /api/push", 404, json!({"error": "model 'ada/none' not found"}));
    insta::assert_snapshot!(script.quipu(&["push", "ada/none"]).await, @r#"
    exit 1
    -- out --
    -- err --
    Error: model 'ada/none' not found
    -- asked --
    POST /api/push {"model":"ada/none","insecure":false}
    "#);
    insta::assert_snapshot!(Script::default().quipu(&["push", "../etc"]).await, @r"
    exit 1
    -- out --
    -- err --
    Error: invalid model name: ../etc
    -- asked --
    ");
}
