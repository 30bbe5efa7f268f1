//! `quipu run` against the real server, and what the command line says when something is wrong.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod common;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use common::Server;
use serde_json::json;

/// Runs `quipu` with `input` piped in.
fn quipu(host: &str, arguments: &[&str], input: &str) -> Output {
    let home = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_quipu"))
        .args(arguments)
        .env("HOME", home.path())
        .env_remove("QUIPU_MODELS")
        .env_remove("OLLAMA_MODELS")
        .env("QUIPU_HOST", host)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("the input is read");
    child.wait_with_output().expect("an end")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[tokio::test]
async fn run_prints_the_answer_of_the_server() {
    // Without a limit, ten contexts come.
    let server = Server::mock(&["--context", "64"]).await;
    let request = json!({"model": "mock", "prompt": "piped hello there", "stream": false, "options": {"temperature": 0}});
    let expected = server.post_json("/api/generate", &request).await;
    let output = quipu(&server.base, &["run", "mock", "hello", "there"], "piped");
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), format!("{}\n\n", expected["response"].as_str().unwrap()));
    assert_eq!(text(&output.stderr), "");
}

#[tokio::test]
async fn verbose_prints_the_figures() {
    let server = Server::mock(&["--context", "64"]).await;
    let output = quipu(&server.base, &["run", "mock", "--verbose", "hello"], "");
    let labels: Vec<&str> = text(&output.stderr).lines().map(|line| line[..22].trim_end()).collect();
    assert_eq!(
        labels,
        [
            "total duration:",
            "load duration:",
            "prompt eval count:",
            "prompt eval duration:",
            "prompt eval rate:",
            "eval count:",
            "eval duration:",
            "eval rate:",
        ]
    );
}

#[tokio::test]
async fn errors_go_to_standard_error() {
    let mut server = Server::mock(&[]).await;
    // A model that is not there is pulled first.
    let output = quipu(&server.base, &["run", "http://127.0.0.1:9/library/nothing", "hello"], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    assert!(text(&output.stderr).ends_with("Error: insecure protocol http\n"), "{}", text(&output.stderr));
    let host = server.base.clone();
    server.signal("KILL");
    server.wait();
    let output = quipu(&host, &["run", "mock", "hello"], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "Error: could not connect to quipu server, run 'quipu serve' to start it\n"
    );
}

#[test]
fn a_taken_port_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = quipu(&address, &["serve", "--mock"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&format!("Error: cannot listen on {address}: ")));
}

#[test]
fn the_printed_document_is_the_committed_one() {
    let output = quipu("", &["openapi"], "");
    assert_eq!(text(&output.stdout), std::fs::read_to_string("openapi/openapi.json").unwrap());
}
