//! `cp`, `rm`, `stop`.

use serde_json::json;

use super::script::Script;

#[tokio::test]
async fn cp_tells_what_it_did() {
    let script = Script::default().answer("POST /api/copy", 200, "");
    insta::assert_snapshot!(script.quipu(&["cp", "llama3.2", "mine"]).await, @r#"
    exit 0
    -- out --
    copied 'llama3.2' to 'mine'
    -- err --
    -- asked --
    POST /api/copy {"source":"llama3.2","destination":"mine"}
    "#);
}

#[tokio::test]
async fn cp_passes_the_servers_words_on() {
    let script = Script::default().answer("POST /api/copy", 404, json!({"error": "model \"a\" not found"}));
    insta::assert_snapshot!(script.quipu(&["cp", "a", "b"]).await, @r#"
    exit 1
    -- out --
    -- err --
    Error: model "a" not found
    -- asked --
    POST /api/copy {"source":"a","destination":"b"}
    "#);
}

#[tokio::test]
async fn rm_unloads_and_deletes_each() {
    let script = Script::default()
        .answer("POST /api/generate", 200, json!({"model": "a", "done": true, "done_reason": "unload"}))
        .answer("POST /api/generate", 404, json!({"error": "model 'b' not found"}))
        .answer("DELETE /api/delete", 200, "")
        .answer("DELETE /api/delete", 404, json!({"error": "model 'b' not found"}));
    insta::assert_snapshot!(script.quipu(&["rm", "a", "b", "c"]).await, @r#"
    exit 1
    -- out --
    deleted 'a'
    -- err --
    Error: model 'b' not found
    -- asked --
    POST /api/generate {"model":"a","keep_alive":0,"stream":false}
    DELETE /api/delete {"model":"a"}
    POST /api/generate {"model":"b","keep_alive":0,"stream":false}
    DELETE /api/delete {"model":"b"}
    "#);
}

#[tokio::test]
async fn rm_deletes_what_it_cannot_stop() {
    let script = Script::default()
        .answer("POST /api/generate", 500, json!({"error": "the engine does not answer"}))
        .answer("DELETE /api/delete", 200, "");
    insta::assert_snapshot!(script.quipu(&["rm", "a"]).await, @r#"
    exit 0
    -- out --
    deleted 'a'
    -- err --
    Warning: unable to stop model 'a'
    -- asked --
    POST /api/generate {"model":"a","keep_alive":0,"stream":false}
    DELETE /api/delete {"model":"a"}
    "#);
}

#[tokio::test]
async fn stop_is_silent() {
    let script =
        Script::default().answer("POST /api/generate", 200, json!({"done": true, "done_reason": "unload"}));
    insta::assert_snapshot!(script.quipu(&["stop", "a"]).await, @r#"
    exit 0
    -- out --
    -- err --
    -- asked --
    POST /api/generate {"model":"a","keep_alive":0,"stream":false}
    "#);
}

#[tokio::test]
async fn stop_needs_a_model() {
    let script = Script::default().answer("POST /api/generate", 404, json!({"error": "model 'a' not found"}));
    insta::assert_snapshot!(script.quipu(&["stop", "a"]).await, @r#"
    exit 1
    -- out --
    -- err --
    Error: couldn't find model "a" to stop
    -- asked --
    POST /api/generate {"model":"a","keep_alive":0,"stream":false}
    "#);
}

#[tokio::test]
async fn stop_passes_other_errors_on() {
    let script = Script::default().answer("POST /api/generate", 500, json!({"error": "not now"}));
    insta::assert_snapshot!(script.quipu(&["stop", "a"]).await, @r#"
    exit 1
    -- out --
    -- err --
    Error: not now
    -- asked --
    POST /api/generate {"model":"a","keep_alive":0,"stream":false}
    "#);
}
