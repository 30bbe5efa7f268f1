//! What lies under requests and answers: HTTP by the byte.

use std::fmt::Write as _;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::common::Server;

/// A connection, and all that was said over it.
struct Wire {
    stream: BufReader<TcpStream>,
    text: String,
}

impl Wire {
    async fn open(server: &Server, heading: &str) -> Self {
        let address = server.base.strip_prefix("http://").unwrap();
        let stream = BufReader::new(TcpStream::connect(address).await.unwrap());
        Self { stream, text: format!("## {heading}\n\n") }
    }

    async fn say(&mut self, text: &str) {
        for line in text.lines() {
            let _ = writeln!(self.text, "{}", format!("> {line}").trim_end());
        }
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads an answer to its end.
    async fn hear(&mut self) {
        let (mut length, mut chunked, mut closes) = (None, false, false);
        let status = self.line().await;
        self.heard(&status);
        loop {
            let line = self.line().await;
            let (name, value) = line.split_once(": ").unwrap_or_default();
            match name {
                "" => break,
                "content-length" => length = Some(value.parse().unwrap()),
                "transfer-encoding" => chunked = value == "chunked",
                "connection" => closes = value == "close",
                _ => {}
            }
            self.heard(&match name {
                "date" => "date: (date)".to_owned(),
                "server" => "server: quipu/(version)".to_owned(),
                "x-request-id" if value.len() == 16 => "x-request-id: (16 hex digits)".to_owned(),
                _ => line,
            });
        }
        self.heard("");
        let body = match length {
            Some(length) => self.bytes(length).await,
            None if chunked => self.chunks().await,
            None if closes || status.starts_with("HTTP/1.0") => self.rest().await,
            None => String::new(),
        };
        for line in body.lines() {
            self.heard(&without_times(line));
        }
        self.text.push('\n');
    }

    /// Waits until the server closes the connection.
    async fn ended(mut self) -> String {
        assert_eq!(self.rest().await, "");
        self.text + "(the server closes the connection)\n\n"
    }

    fn heard(&mut self, line: &str) {
        let _ = writeln!(self.text, "{}", format!("< {line}").trim_end());
    }

    /// A line without its end.
    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        line.strip_suffix("\r\n").expect("a whole line").to_owned()
    }

    async fn bytes(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// The chunks of a body, however it was cut.
    async fn chunks(&mut self) -> String {
        let mut body = String::new();
        loop {
            let length = usize::from_str_radix(&self.line().await, 16).expect("a length");
            body += &self.bytes(length).await;
            assert_eq!(self.line().await, "");
            if length == 0 {
                return body;
            }
        }
    }

    async fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).await.unwrap();
        rest
    }
}

/// A line of JSON with names for times.
fn without_times(line: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<serde_json::Value>(line) else { return line.to_owned() };
    if let Some(fields) = json.as_object_mut() {
        for (name, field) in fields {
            if name == "created_at" || name.ends_with("_duration") {
                *field = "(time)".into();
            }
        }
    }
    json.to_string()
}

/// A request with a body.
fn post(path: &str, version: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} {version}\r\nHost: localhost\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const LOAD: &str = r#"{"model":"mock"}"#;
const STREAM: &str = r#"{"model":"mock","prompt":"hi","options":{"temperature":0,"num_predict":2}}"#;

#[tokio::test]
async fn connections_that_are_kept() {
    let server = Server::mock(&[]).await;
    let mut wire = Wire::open(&server, "HTTP/1.1: one request after the other").await;
    wire.say("GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    wire.hear().await;
    wire.say(&post("/api/generate", "HTTP/1.1", "", STREAM)).await;
    wire.hear().await;
    wire.say(&post("/api/generate", "HTTP/1.1", "x-request-id: req-7\r\nConnection: close\r\n", LOAD)).await;
    wire.hear().await;
    let mut text = wire.ended().await;

    let mut wire = Wire::open(&server, "Two at once are answered in their order").await;
    let first = post("/api/show", "HTTP/1.1", "", r#"{"model":"no"}"#);
    wire.say(&(first + "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
    wire.hear().await;
    wire.hear().await;
    text += &wire.ended().await;

    let mut wire =
        Wire::open(&server, "A body that comes in chunks, and one that waits to be asked for").await;
    let head = "POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    wire.say(&format!("{head}8\r\n{{\"model\"\r\n6\r\n:\"no\"}}\r\n0\r\n\r\n")).await;
    wire.hear().await;
    wire.say("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 16\r\n\r\n").await;
    wire.hear().await;
    wire.say(LOAD).await;
    wire.hear().await;
    text += &wire.ended().await;
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn connections_of_old_clients() {
    let server = Server::mock(&[]).await;
    let mut wire = Wire::open(&server, "HTTP/1.0: the end of the connection is the end of the answer").await;
    wire.say(&post("/api/generate", "HTTP/1.0", "", STREAM)).await;
    wire.hear().await;
    let mut text = wire.ended().await;
    let mut wire = Wire::open(&server, "Unless it asks for more; it needs no Host").await;
    wire.say("GET /api/version HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await;
    wire.hear().await;
    wire.say("GET /api/version HTTP/1.0\r\n\r\n").await;
    wire.hear().await;
    text += &wire.ended().await;
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn connections_that_make_no_sense() {
    let server = Server::mock(&[]).await;
    let mut text = String::new();
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(70_000));
    for (heading, request) in [
        ("No HTTP", "good morning\r\n\r\n"),
        (
            "A length that is none",
            "POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: much\r\n\r\n",
        ),
        ("A path that is too long", &long),
    ] {
        let mut wire = Wire::open(&server, heading).await;
        wire.say(request).await;
        wire.hear().await;
        text += &wire.ended().await;
    }
    insta::assert_snapshot!(text.replace(&"x".repeat(70_000), "(70,000 letters)"));
}
