//! Stopping the server: nothing that runs is cut off before its time, and then with a clear word.
//!
//! The engine is stopped by a signal where a test needs it to be busy for as long as it takes.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::{HeldEngine, Server};
use serde_json::{Value, json};

fn request(stream: bool) -> Value {
    json!({"model": "mock", "prompt": "hi", "stream": stream, "options": {"num_predict": 20, "temperature": 0}})
}

/// Asks, and returns when the server is about to hand the request to its engine.
async fn asked(server: &Server, body: Value) -> tokio::task::JoinHandle<reqwest::Response> {
    let (client, url) = (server.client.clone(), server.url("/api/generate"));
    let pending = tokio::spawn(async move { client.post(url).json(&body).send().await.expect("an answer") });
    server.wait_for_log("prompt rendered");
    pending
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_server_ends_at_once() {
    let mut server = Server::mock(&[]).await;
    server.signal("TERM");
    assert!(server.wait().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_finished_and_nothing_new_is_taken() {
    let mut server = Server::start(&["--mock"], &[("OLLAMA_DEBUG", "1")]);
    let expected = server.post_json("/api/generate", &request(false)).await;
    server.wait_for_log("prompt rendered");
    let engine = HeldEngine::of(&server);
    let pending = asked(&server, request(false)).await;
    server.signal("TERM");
    server.wait_for_log("draining");
    // The listener is closed soon after; until then a connection may still wait in its queue, unanswered.
    let fresh = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(1)).build().unwrap();
    assert!(fresh.get(server.url("/ready")).send().await.is_err());
    drop(engine);
    let response = pending.await.unwrap();
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["response"], expected["response"]);
    assert!(server.wait().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_late_is_told_so() {
    let mut server = Server::start(&["--mock", "--drain-timeout", "0s"], &[("OLLAMA_DEBUG", "1")]);
    server.post_json("/api/generate", &request(false)).await;
    server.wait_for_log("prompt rendered");
    let engine = HeldEngine::of(&server);
    let pending = asked(&server, request(true)).await;
    server.signal("INT");
    let response = pending.await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(response.text().await.unwrap(), r#"{"error":"the server is shutting down"}"#);
    // An engine that is stopped cannot see that its server is gone.
    drop(engine);
    assert!(server.wait().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_late_ends_with_an_error() {
    let mut server = Server::mock(&["--drain-timeout", "0s", "--context", "100000"]).await;
    // Nobody reads this on, so it waits for credit long before its end.
    let endless =
        json!({"model": "mock", "prompt": "open 1", "options": {"num_predict": 1_000_000, "temperature": 0}});
    let mut response = server.post("/api/generate", &endless).await;
    let mut text = response.chunk().await.unwrap().unwrap().to_vec();
    server.signal("TERM");
    while let Some(chunk) = response.chunk().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.lines().last().unwrap(), r#"{"error":"the server is shutting down"}"#);
    assert!(server.wait().success());
}
