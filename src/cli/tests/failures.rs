//! Servers that are not there, say nonsense, or go away.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::script::{Script, command, session};

/// Runs a command against a server that reads a request, sends this, and is gone.
async fn cut_off(answer: &'static str, arguments: &[&str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let (mut request, mut part) = (Vec::new(), [0; 4096]);
        while !request.ends_with(b"}") {
            let read = connection.read(&mut part).await.unwrap();
            request.extend_from_slice(&part[..read]);
        }
        connection.write_all(answer.as_bytes()).await.unwrap();
    });
    let (mut session, streams) = session(&host);
    let outcome = command(arguments, &mut session).await;
    streams.golden(outcome)
}

#[tokio::test]
async fn nobody_listens() {
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    for arguments in [&["list"][..], &["pull", "a", "b"], &["rm", "a"], &["push", "a/b"], &["stop", "a"]] {
        let (mut session, streams) = session(&host);
        let outcome = command(arguments, &mut session).await;
        let golden = streams.golden(outcome);
        assert!(golden.starts_with("exit 1\n-- out --\n-- err --\n"), "{golden}");
        let error = "Error: could not connect to quipu server, run 'quipu serve' to start it\n";
        assert!(golden.ends_with(error), "{golden}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_an_error() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e\r\n{\"status\":\"pulling manifest\"}\n\r\n2f\r\n{\"sta";
    insta::assert_snapshot!(cut_off(answer, &["pull", "a"]).await, @r"
    exit 1
    -- out --
    -- err --
    pulling manifest
    Error: the connection to the server broke: end of file before message length reached
    ");
}

#[tokio::test]
async fn an_answer_that_breaks_is_an_error() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"license\"";
    insta::assert_snapshot!(cut_off(answer, &["show", "a"]).await, @r"
    exit 1
    -- out --
    -- err --
    Error: the connection to the server broke: end of file before message length reached
    ");
}

#[tokio::test]
async fn no_answer_at_all_is_an_error() {
    insta::assert_snapshot!(cut_off("", &["show", "a"]).await, @r"
    exit 1
    -- out --
    -- err --
    Error: the connection to the server broke: connection closed before message completed
    ");
}

#[tokio::test]
async fn an_end_without_success_is_an_error() {
    for question in ["pull", "push"] {
        let lines = [json!({"status": "working"})];
        let script = Script::default().stream(&format!("POST /api/{question}"), &lines);
        let golden = script.quipu(&[question, "a/b"]).await;
        assert!(
            golden.starts_with("exit 1\n-- out --\n-- err --\nworking\nError: the server ended its answer"),
            "{golden}"
        );
    }
    let nothing = Script::default().answer("POST /api/pull", 200, "");
    assert!(nothing.quipu(&["pull", "a"]).await.starts_with("exit 1\n"));
}

#[tokio::test]
async fn nonsense_is_an_error() {
    let script = Script::default().answer("GET /api/tags", 200, "<html>");
    insta::assert_snapshot!(script.quipu(&["list"]).await, @r"
    exit 1
    -- out --
    -- err --
    Error: the server said something that is no JSON: expected value at line 1 column 1
    -- asked --
    GET /api/tags
    ");
    let script =
        Script::default().answer("POST /api/pull", 200, "{\"status\":\"pulling manifest\"}\nnonsense\n");
    insta::assert_snapshot!(script.quipu(&["pull", "a"]).await, @r#"
    exit 1
    -- out --
    -- err --
    pulling manifest
    Error: the server said something that is no JSON: expected ident at line 1 column 2
    -- asked --
    POST /api/pull {"model":"a","insecure":false}
    "#);
}

#[tokio::test]
async fn errors_need_not_be_json() {
    insta::assert_snapshot!(Script::default().quipu(&["list"]).await, @r"
    exit 1
    -- out --
    -- err --
    Error: 404 page not found
    -- asked --
    GET /api/tags
    ");
    let script = Script::default().answer("GET /api/ps", 502, "");
    insta::assert_snapshot!(script.quipu(&["ps"]).await, @r"
    exit 1
    -- out --
    -- err --
    Error: 502 Bad Gateway
    -- asked --
    GET /api/ps
    ");
    let script = Script::default().answer("GET /api/ps", 500, json!({"error": {"message": "an object"}}));
    insta::assert_snapshot!(script.quipu(&["ps"]).await, @r#"
    exit 1
    -- out --
    -- err --
    Error: {"error":{"message":"an object"}}
    -- asked --
    GET /api/ps
    "#);
}
