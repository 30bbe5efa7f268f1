//! What fails on either side: engines that die, models that do not load, clients that do not read.
//!
//! The engine is held still by a signal, so that the requests surely run when it is killed.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod common;

use common::{HeldEngine, Server, signal};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const DIED: &str =
    "the engine of this model stopped unexpectedly (killed by signal 9); the next request starts it again";

async fn kill_while_asked(path: &str, request: &Value) -> (Server, u16, Value) {
    let server = Server::start(&["--mock"], &[("OLLAMA_DEBUG", "1")]);
    let load = json!({"model": "mock"});
    server.post_json("/api/generate", &load).await;
    let engine = HeldEngine::of(&server);
    let (client, url, body) = (server.client.clone(), server.url(path), request.clone());
    let pending = tokio::spawn(async move { client.post(url).json(&body).send().await.expect("an answer") });
    server.wait_for_log("prompt rendered");
    signal(engine.pid(), "KILL");
    let response = pending.await.unwrap();
    let status = response.status().as_u16();
    (server, status, response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_dead_engine_are_told_and_the_next_one_is_served() {
    let request = json!({"model": "mock", "prompt": "hi", "options": {"num_predict": 3}});
    let (server, status, error) = kill_while_asked("/api/generate", &request).await;
    assert_eq!((status, error), (500, json!({"error": DIED})));
    let lines = server.post_lines("/api/generate", &request).await;
    assert_eq!(lines.last().unwrap()["eval_count"], 3);
    assert_eq!(server.metric("quipu_engine_crashes_total{model=\"mock:latest\"}").await, 1.0);
    let failed = "quipu_request_failures_total{model=\"mock:latest\",cause=\"engine_died\"}";
    assert_eq!(server.metric(failed).await, 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_clients_are_told_in_their_own_shape() {
    let request = json!({"model": "mock", "messages": [{"role": "user", "content": "hi"}], "stream": true});
    let (_, status, error) = kill_while_asked("/v1/chat/completions", &request).await;
    assert_eq!(status, 500);
    let expected = json!({"message": DIED, "type": "api_error", "param": null, "code": null});
    assert_eq!(error, json!({"error": expected}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_cannot_be_loaded_says_why_and_the_server_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("broken.gguf");
    std::fs::write(&path, b"this is no model").unwrap();
    let server = Server::start(&["--mock", "--model", path.to_str().unwrap()], &[]);
    let request = json!({"model": "broken", "prompt": "hi"});
    let (status, error) = server.post_any("/api/generate", &request).await;
    assert_eq!(status, 500);
    let error = error["error"].as_str().unwrap();
    assert!(error.starts_with("unable to load model: "), "{error}");
    let names: Value = server.get("/api/tags").await.json().await.unwrap();
    assert_eq!(names["models"].as_array().unwrap().len(), 2);
    server.post_json("/api/generate", &json!({"model": "mock"})).await;
    let ready = server.get("/ready").await;
    assert_eq!(ready.status(), 503);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!(ready["status"], "failed");
    assert!(ready["models"][0]["error"].is_string(), "{ready}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_takes_nothing_is_closed() {
    let server = Server::start(&["--mock", "--write-timeout", "1s"], &[("OLLAMA_DEBUG", "1")]);
    let mut stream = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).await.unwrap();
    // 60 MB: more than all the buffers on the way hold.
    let requests = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(40);
    stream.write_all(requests.as_bytes()).await.unwrap();
    server.wait_for_log("connection broke");
}
