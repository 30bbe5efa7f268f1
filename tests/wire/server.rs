//! What the server says of itself, and of requests that no route is for.

use reqwest::Method;

use crate::common::Server;
use crate::transcript::{Detail, Transcript};

#[tokio::test]
async fn the_server_itself() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    for path in ["/", "/api/version", "/health", "/ready"] {
        transcript.get(path).await;
        transcript.send(Method::HEAD, path, String::new()).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn what_no_route_is_for() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.get("/nowhere").await;
    for path in ["/api/generate", "/api/chat", "/api/embed", "/api/show", "/api/pull", "/v1/chat/completions"]
    {
        transcript.get(path).await;
    }
    for (method, path) in [
        (Method::POST, "/api/tags"),
        (Method::POST, "/api/delete"),
        (Method::DELETE, "/api/copy"),
        (Method::PUT, "/api/blobs/sha256:00"),
        (Method::POST, "/v1/models"),
        // Ollama has none of these either.
        (Method::POST, "/v1/messages/count_tokens"),
        (Method::POST, "/api/tokenize"),
        (Method::POST, "/v1/images/generations"),
    ] {
        transcript.send(method, path, String::new()).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn bodies_that_make_no_sense() {
    let server = Server::mock(&["--max-body", "1000"]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    for path in [
        "/api/generate",
        "/api/chat",
        "/api/embed",
        "/api/embeddings",
        "/api/show",
        "/api/create",
        "/api/copy",
        "/api/pull",
        "/api/push",
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
    ] {
        for body in ["", "{\"model\":}", "[]", "{\"model\":5}"] {
            transcript.send(Method::POST, path, body.into()).await;
        }
    }
    for body in ["", "{\"model\":}"] {
        transcript.send(Method::DELETE, "/api/delete", body.into()).await;
    }
    let large = "x".repeat(1000);
    for path in ["/api/generate", "/v1/chat/completions"] {
        transcript.send(Method::POST, path, format!("{{\"model\":\"{large}\"}}")).await;
    }
    transcript.name(large, "(1000 letters)");
    // What a body says it is does not matter, and nor does what follows it.
    let body = r#"{"model":"mock","prompt":"","unknown":[1]} and more"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let headers = [("content-type", kind)];
        transcript.send_with(Method::POST, "/api/generate", body.into(), &headers).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn browsers_and_names_that_point_here() {
    let server = Server::mock(&["--origins", "https://friend.example"]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    for (method, header, value) in [
        (Method::GET, "host", "localhost:11434"),
        (Method::GET, "host", "192.168.1.7"),
        (Method::GET, "host", "model.internal"),
        (Method::GET, "host", "evil.example"),
        (Method::GET, "origin", "http://localhost"),
        (Method::GET, "origin", "https://127.0.0.1:3000"),
        (Method::GET, "origin", "app://obsidian.md"),
        (Method::GET, "origin", "vscode-webview://1a2b"),
        (Method::GET, "origin", "https://friend.example"),
        (Method::GET, "origin", "https://evil.example"),
        (Method::OPTIONS, "host", "localhost"),
        (Method::OPTIONS, "host", "evil.example"),
        (Method::OPTIONS, "origin", "http://localhost:3000"),
        (Method::OPTIONS, "origin", "https://evil.example"),
    ] {
        transcript.send_with(method, "/api/version", String::new(), &[(header, value)]).await;
    }
    insta::assert_snapshot!(transcript.finish());
}
