//! A server that answers from a script, and the command line in front of it.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use clap::Parser;
use http::{Method, StatusCode};
use parking_lot::Mutex;
use serde_json::Value;

use super::super::client::Client;
use super::super::run::EditorSettings;
use super::super::session::{Output, Screen, Session};
use super::super::{Cli, CliError, Command, report};
use crate::server::host::Host;

/// Answers of one server, each given once, in their order.
#[derive(Clone, Default)]
pub(super) struct Script(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    /// By method and path: status and body.
    answers: HashMap<String, VecDeque<(u16, String)>>,
    asked: String,
}

impl Script {
    /// Answers `POST /path` and the like.
    pub(super) fn answer(self, question: &str, status: u16, body: impl ToString) -> Self {
        let answer = (status, body.to_string());
        self.0.lock().answers.entry(question.to_owned()).or_default().push_back(answer);
        self
    }

    /// Answers with one object a line.
    pub(super) fn stream(self, question: &str, lines: &[Value]) -> Self {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.answer(question, 200, body)
    }

    /// Starts a server that plays the script, and a session with it.
    pub(super) async fn play(&self) -> (Session, Streams) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(page).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        session(&host)
    }

    /// Runs a command line against the script: its exit code, what it printed, and what it asked.
    pub(super) async fn quipu(&self, arguments: &[&str]) -> String {
        let (mut session, streams) = self.play().await;
        let outcome = command(arguments, &mut session).await;
        self.golden(&streams, outcome)
    }

    /// Exit code, what was printed, and what was asked so far.
    pub(super) fn golden(&self, streams: &Streams, outcome: Result<(), CliError>) -> String {
        format!("{}-- asked --\n{}", streams.golden(outcome), self.0.lock().asked)
    }
}

async fn page(State(Script(script)): State<Script>, request: Request) -> Response {
    let question = format!("{} {}", request.method(), request.uri().path());
    let is_blob = request.uri().path().starts_with("/api/blobs/");
    let head = request.method() == Method::HEAD;
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let content = if is_blob && !head { format!("({} bytes)", body.len()) } else { text(&body) };
    let mut script = script.lock();
    writeln!(script.asked, "{}", format!("{question} {content}").trim_end()).unwrap();
    match script.answers.get_mut(&question).and_then(VecDeque::pop_front) {
        Some((status, body)) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        None => (StatusCode::NOT_FOUND, "404 page not found").into_response(),
    }
}

/// Runs a command line.
pub(super) async fn command(arguments: &[&str], session: &mut Session) -> Result<(), CliError> {
    match Cli::try_parse_from(["quipu"].iter().chain(arguments)).unwrap().command {
        Some(Command::Ask(question)) => question.ask(session).await,
        command => panic!("{command:?} asks no server"),
    }
}

/// A session with a server, at noon of a day in 2026, and what it prints.
pub(super) fn session(host: &str) -> (Session, Streams) {
    let streams = Streams::default();
    let (out, err) = (Box::new(streams.out.clone()), Box::new(streams.err.clone()));
    let client = Client::new(&Host::parse(host)).unwrap();
    let output = Output { out, err, bars: false, screen: Screen { width: || None, color: false } };
    let now = "2026-08-01T12:00:00Z".parse().unwrap();
    (Session { client, output, now, editor: EditorSettings::default() }, streams)
}

/// What a command printed.
#[derive(Default)]
pub(super) struct Streams {
    out: Buffer,
    err: Buffer,
}

impl Streams {
    /// Exit code, standard output and standard error.
    pub(super) fn golden(&self, outcome: Result<(), CliError>) -> String {
        let code = report(outcome, &mut self.err.clone());
        let (out, err) = (text(&self.out.0.lock()), text(&self.err.0.lock()));
        format!("exit {code}\n-- out --\n{out}-- err --\n{err}")
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
