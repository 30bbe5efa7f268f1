//! What the server says of itself, and of requests that no route is for.

use reqwest::Method;
use serde_json::json;

use crate::common::Server;
use crate::transcript::{Detail, Transcript};

/// Every route, and the methods that it has.
const ROUTES: [(&str, &[&str]); 30] = [
    ("/", &["GET", "HEAD"]),
    ("/api/version", &["GET", "HEAD"]),
    ("/api/tags", &["GET", "HEAD"]),
    ("/api/ps", &["GET", "HEAD"]),
    ("/api/show", &["POST"]),
    ("/api/create", &["POST"]),
    ("/api/blobs/sha256:00", &["HEAD", "POST"]),
    ("/api/copy", &["POST"]),
    ("/api/delete", &["DELETE"]),
    ("/api/pull", &["POST"]),
    ("/api/push", &["POST"]),
    ("/api/generate", &["POST"]),
    ("/api/chat", &["POST"]),
    ("/api/embed", &["POST"]),
    ("/api/embeddings", &["POST"]),
    ("/api/status", &["GET", "HEAD"]),
    ("/api/me", &["POST"]),
    ("/api/signout", &["POST"]),
    ("/api/user/keys/key", &["DELETE"]),
    ("/api/experimental/web_search", &["POST"]),
    ("/api/experimental/web_fetch", &["POST"]),
    ("/api/experimental/model-recommendations", &["GET", "HEAD"]),
    ("/v1/models", &["GET", "HEAD"]),
    ("/v1/models/mock", &["GET", "HEAD"]),
    ("/v1/chat/completions", &["POST"]),
    ("/v1/completions", &["POST"]),
    ("/v1/embeddings", &["POST"]),
    ("/health", &["GET", "HEAD"]),
    ("/ready", &["GET", "HEAD"]),
    ("/metrics", &["GET", "HEAD"]),
];

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
    transcript.heading("Paths that are not there: some that other servers have");
    for path in
        ["/nowhere", "/api", "/api/", "/api/chat/", "/API/chat", "/api//chat", "/v1", "/api/tags/mock"]
    {
        transcript.get(path).await;
    }
    for path in ["/v1/messages/count_tokens", "/api/tokenize", "/api/rerank", "/v1/images/generations"] {
        transcript.send(Method::POST, path, String::new()).await;
    }
    transcript.heading("Every route, with the methods that it does not have");
    for (path, methods) in ROUTES {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            if !methods.contains(&method) {
                transcript.brief(method.parse().unwrap(), path).await;
            }
        }
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn bodies_that_make_no_sense() {
    let server = Server::mock(&["--max-body", "1000"]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    for (path, methods) in ROUTES {
        let ["POST" | "DELETE"] = methods else { continue };
        transcript.heading(path);
        for body in ["", " \n", "{\"model\":}", "{\"model\":\"mock\"", "[]", "null", "hello", "{\"model\":5}"]
        {
            transcript.send(methods[0].parse().unwrap(), path, body.into()).await;
        }
    }
    transcript.heading("Too large");
    let large = "x".repeat(1000);
    for path in ["/api/generate", "/api/create", "/v1/chat/completions"] {
        transcript.send(Method::POST, path, format!("{{\"model\":\"{large}\"}}")).await;
    }
    transcript.name(large, "(1000 letters)");
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn bodies_that_are_read_all_the_same() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    let body = r#"{"model":"mock","prompt":"hi","stream":false,"options":{"temperature":0,"num_predict":1}}"#;
    transcript.heading("What a body says it is does not matter");
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "nonsense"]
    {
        let headers = [("content-type", kind)];
        transcript.send_with(Method::POST, "/api/generate", body.into(), &headers).await;
    }
    transcript.heading("Nor does what follows it, or a field that nobody knows");
    for body in [
        r#"{"model":"mock","prompt":""} and more"#,
        "\n\t {\"model\":\"mock\",\"prompt\":\"\"}{\"model\":\"no\"}",
        r#"{"model":"mock","prompt":"","unknown":[1,{"a":null}]}"#,
    ] {
        transcript.send(Method::POST, "/api/generate", body.into()).await;
    }
    transcript.heading("Names of fields count in any letter case; of two, the last one; null is nothing");
    for body in [
        r#"{"Model":"mock","Prompt":"hi","Stream":false,"OPTIONS":{"temperature":0,"num_predict":1}}"#,
        r#"{"model":"no","model":"mock","prompt":"","prompt":null}"#,
        r#"{"model":"no","MODEL":"mock","prompt":null,"options":null,"keep_alive":null,"images":null}"#,
    ] {
        transcript.send(Method::POST, "/api/generate", body.into()).await;
    }
    let chat = r#"{"Model":"mock","Messages":[{"Role":"User","Content":"hi"}],"Stream":false,"Options":{"temperature":0,"num_predict":1}}"#;
    transcript.send(Method::POST, "/api/chat", chat.into()).await;
    transcript.send(Method::POST, "/api/show", r#"{"NAME":"no"}"#.into()).await;
    transcript.send(Method::DELETE, "/api/delete", r#"{"Model":"no"}"#.into()).await;
    transcript.send(Method::POST, "/api/copy", r#"{"Source":"no","Destination":"mine"}"#.into()).await;
    transcript.heading("Names of options count as they are");
    let body = r#"{"model":"mock","prompt":"hi","stream":false,"options":{"temperature":0,"num_predict":1,"Num_Predict":9}}"#;
    transcript.send(Method::POST, "/api/generate", body.into()).await;
    transcript.heading("Nothing is packed unless it says so; answers never are");
    for (header, value) in [
        ("content-encoding", "identity"),
        ("content-encoding", "gzip"),
        ("accept-encoding", "gzip, br, zstd"),
    ] {
        transcript.send_with(Method::POST, "/api/generate", body.into(), &[(header, value)]).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn browsers_and_names_that_point_here() {
    let server = Server::mock(&["--origins", "https://friend.example,https://*.pals.example"]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.heading("By which name the server is called");
    for host in [
        "localhost:11434",
        "LOCALHOST",
        "127.0.0.1:1",
        "[::1]:11434",
        "0.0.0.0",
        "192.168.1.7",
        "model.internal",
        "box.local:80",
        "app.localhost",
        "8.8.8.8",
        "evil.example",
        "localhost.evil.example:11434",
    ] {
        transcript.send_with(Method::GET, "/api/version", String::new(), &[("host", host)]).await;
    }
    transcript.heading("Pages that may call it, and others");
    for origin in [
        "http://localhost",
        "https://localhost",
        "https://127.0.0.1:3000",
        "http://0.0.0.0:8080",
        "app://obsidian.md",
        "file://",
        "tauri://localhost",
        "vscode-webview://1a2b",
        "vscode-file://vscode-app",
        "https://friend.example",
        "https://best.pals.example",
        "https://evil.example",
        "http://friend.example",
        "chrome-extension://1a2b",
        "null",
    ] {
        transcript.send_with(Method::GET, "/api/version", String::new(), &[("origin", origin)]).await;
    }
    transcript.heading("Nothing is done for others");
    let headers = [("origin", "https://evil.example")];
    let body = json!({"model": "mock", "prompt": "hi"}).to_string();
    transcript.send_with(Method::POST, "/api/generate", body, &headers).await;
    let headers = [("origin", "http://localhost:3000")];
    transcript.heading("Those that may call are told so, whatever the answer is");
    transcript.send_with(Method::POST, "/api/show", json!({"model": "no"}).to_string(), &headers).await;
    transcript.send_with(Method::GET, "/nowhere", String::new(), &headers).await;
    transcript.heading("What a browser asks before");
    for path in ["/api/chat", "/api/version", "/v1/chat/completions", "/nowhere"] {
        let headers = [
            ("origin", "http://localhost:3000"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type,x-stainless-arch"),
        ];
        transcript.send_with(Method::OPTIONS, path, String::new(), &headers).await;
    }
    for (header, value) in [
        ("host", "localhost"),
        ("host", "evil.example"),
        ("origin", "http://localhost:3000"),
        ("origin", "https://evil.example"),
    ] {
        transcript.send_with(Method::OPTIONS, "/api/chat", String::new(), &[(header, value)]).await;
    }
    let before = transcript.finish();
    let server = Server::mock(&["--origins", "*"]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.heading("A server that every page may call");
    for method in [Method::GET, Method::OPTIONS] {
        transcript
            .send_with(method, "/api/version", String::new(), &[("origin", "https://any.example")])
            .await;
    }
    insta::assert_snapshot!(before + &transcript.finish());
}

#[tokio::test]
async fn requests_with_names() {
    let server = Server::mock(&[]).await;
    let mut names = String::new();
    for given in ["req-7", "4bf92f3577b34da6a3ce929d0e0e4736", "two words", ""] {
        let request = server.client.get(server.url("/api/version")).header("x-request-id", given);
        let response = request.send().await.unwrap();
        let answered = response.headers()["x-request-id"].to_str().unwrap();
        let is_new =
            answered != given && answered.len() == 16 && answered.bytes().all(|b| b.is_ascii_hexdigit());
        let shown = if is_new { "(16 hex digits)" } else { answered };
        names += &format!("{given:?} is answered with {shown}\n");
    }
    insta::assert_snapshot!(names, @r#"
    "req-7" is answered with req-7
    "4bf92f3577b34da6a3ce929d0e0e4736" is answered with 4bf92f3577b34da6a3ce929d0e0e4736
    "two words" is answered with (16 hex digits)
    "" is answered with (16 hex digits)
    "#);
}
