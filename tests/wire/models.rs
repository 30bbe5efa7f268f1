//! The routes for models: listed, copied and deleted.

use reqwest::Method;
use serde_json::json;

use crate::common::Server;
use crate::transcript::{Detail, Transcript};

fn server() -> Server {
    Server::start(&[], &[("QUIPU_NO_BUILTIN", "false")])
}

#[tokio::test]
async fn models_listed_and_loaded() {
    let empty = Server::start(&[], &[]);
    let mut transcript = Transcript::of(&empty, Detail::Shape);
    transcript.get("/api/tags").await;
    transcript.get("/api/ps").await;
    let before = transcript.finish();
    let server = server();
    let mut transcript = Transcript::of(&server, Detail::Shape);
    for path in ["/api/tags", "/api/ps"] {
        transcript.get(path).await;
        transcript.send(Method::HEAD, path, String::new()).await;
    }
    transcript.post("/api/generate", json!({"model": "chasqui", "keep_alive": -1})).await;
    transcript.get("/api/ps").await;
    insta::assert_snapshot!(before + &transcript.finish());
}

#[tokio::test]
async fn models_copied_and_deleted() {
    let server = server();
    let mut transcript = Transcript::of(&server, Detail::Shape);
    for (source, destination) in [
        ("chasqui", "mine"),
        ("nothing", "mine"),
        ("chasqui", "not/a/valid/name/at/all"),
        ("not/a/valid/name/at/all", "mine"),
        ("", ""),
    ] {
        transcript.post("/api/copy", json!({"source": source, "destination": destination})).await;
    }
    for request in [
        json!({"model": "mine"}),
        json!({"name": "chasqui"}),
        json!({"model": "mine"}),
        json!({"model": "not/a/valid/name/at/all"}),
        json!({}),
    ] {
        transcript.send(Method::DELETE, "/api/delete", request.to_string()).await;
    }
    transcript.get("/api/tags").await;
    insta::assert_snapshot!(transcript.finish());
}
