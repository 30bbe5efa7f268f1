//! `--version`.

use clap::Parser;

use super::super::version::version;
use super::super::{Cli, CliError};
use super::script::{Script, session};

const OURS: &str = env!("CARGO_PKG_VERSION");

/// What is said to a server that calls itself this.
async fn told(name: &'static str) -> String {
    let app = axum::Router::new().fallback(move || async move { [("server", name)] });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let (mut session, streams) = session(&host);
    let outcome = version(&mut session).await;
    streams.golden(outcome)
}

#[test]
fn it_needs_no_command() {
    for line in ["quipu -v", "quipu --version"] {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        assert!(cli.version && cli.command.is_none());
    }
}

#[tokio::test]
async fn a_server_of_the_same_version_is_all_there_is_to_say() {
    let name = concat!("quipu/", env!("CARGO_PKG_VERSION"));
    assert_eq!(told(name).await, format!("exit 0\n-- out --\nquipu version is {OURS}\n-- err --\n"));
}

#[tokio::test]
async fn another_version_is_a_warning() {
    assert_eq!(
        told("quipu/99.0.0").await,
        format!("exit 0\n-- out --\nquipu version is 99.0.0\nWarning: client version is {OURS}\n-- err --\n")
    );
}

#[tokio::test]
async fn another_server_is_a_warning() {
    let warning = "Warning: the server is not quipu";
    let expected = format!("exit 0\n-- out --\n{warning}\nWarning: client version is {OURS}\n-- err --\n");
    assert_eq!(told("nginx").await, expected);
}

#[tokio::test]
async fn no_server_is_a_warning() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let (mut session, streams) = session(&host);
    let outcome: Result<(), CliError> = version(&mut session).await;
    let warning = "Warning: could not connect to a running quipu server";
    let expected = format!("exit 0\n-- out --\n{warning}\nWarning: client version is {OURS}\n-- err --\n");
    assert_eq!(streams.golden(outcome), expected);
    // A server that answers nonsense is there nevertheless.
    let (mut session, streams) = Script::default().answer("GET /api/version", 200, "<html>").play().await;
    let outcome = version(&mut session).await;
    assert!(streams.golden(outcome).contains("the server is not quipu"));
}
