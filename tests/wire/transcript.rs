//! Requests and answers as a text, for golden files: what differs from run to run has a name instead of its value.
//!
//! ```text
//!   ## What follows                      a heading
//!   POST /api/chat (host: x) {"model":…  method, path, headers that matter, body
//!   200 content-type: …; …               status and headers
//!   {"model":…                           the body, line by line
//! ```

use std::collections::HashSet;
use std::fmt::Write;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::common::Server;

/// How much of an answer is written down.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Detail {
    /// All that does not depend on time or chance: for the mock engine, whose answers are always the same.
    Exact,
    /// Not what a model writes, and how much: for the built-in one, which may be trained anew.
    Shape,
}

/// What was said so far.
pub(crate) struct Transcript<'a> {
    server: &'a Server,
    detail: Detail,
    text: String,
    /// Digests and addresses, which have names instead.
    names: Vec<(String, &'static str)>,
}

/// Lists of more items are cut, to so many.
const LONG: usize = 16;
const SHOWN: usize = 3;

/// Headers that say nothing about the answer, or are another thing every time.
const HEADERS_LEFT_OUT: [&str; 6] =
    ["connection", "content-length", "date", "server", "transfer-encoding", "x-request-id"];

impl<'a> Transcript<'a> {
    pub(crate) fn of(server: &'a Server, detail: Detail) -> Self {
        Self { server, detail, text: String::new(), names: Vec::new() }
    }

    /// Writes a name where `text` would be.
    pub(crate) fn name(&mut self, text: impl Into<String>, name: &'static str) {
        self.names.push((text.into(), name));
    }

    /// Says what the next requests are about.
    pub(crate) fn heading(&mut self, text: &str) {
        let _ = writeln!(self.text, "## {text}\n");
    }

    /// Says what happens between requests, or beside them.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.text, "({text})\n");
    }

    /// Posts one after the other.
    pub(crate) async fn post_all(&mut self, path: &str, requests: impl IntoIterator<Item = Value>) {
        for request in requests {
            self.post(path, request).await;
        }
    }

    /// As [`Self::post_both`], one after the other.
    pub(crate) async fn post_all_both(&mut self, path: &str, requests: impl IntoIterator<Item = Value>) {
        for request in requests {
            self.post_both(path, request).await;
        }
    }

    /// A request without a body, in one line.
    pub(crate) async fn brief(&mut self, method: Method, path: &str) {
        let request = self.server.client.request(method.clone(), self.server.url(path));
        let response = request.send().await.expect("an answer");
        let head = head(&response);
        let line = format!("{method} {path} -> {head} {}", response.text().await.expect("a body"));
        let _ = writeln!(self.text, "{}", line.trim_end());
    }

    /// Begins to post. The answer, which may not come before something else happens, goes to [`Self::answer`].
    pub(crate) fn begin(&mut self, path: &str, request: &Value) -> JoinHandle<Response> {
        let _ = writeln!(self.text, "POST {path} {request}");
        let request = self.server.client.post(self.server.url(path)).json(request);
        tokio::spawn(async move { request.send().await.expect("an answer") })
    }

    /// Writes an answer down of which a part was read already.
    pub(crate) async fn answer(&mut self, read: Vec<u8>, mut response: Response) {
        let mut body = read;
        let _ = writeln!(self.text, "{}", head(&response));
        while let Some(chunk) = response.chunk().await.expect("a body") {
            body.extend_from_slice(&chunk);
        }
        self.body(std::str::from_utf8(&body).expect("text"));
        self.text.push('\n');
    }

    pub(crate) async fn get(&mut self, path: &str) {
        self.send(Method::GET, path, String::new()).await;
    }

    pub(crate) async fn post(&mut self, path: &str, request: Value) {
        self.send(Method::POST, path, request.to_string()).await;
    }

    /// Posts what may be streamed, both ways. Ollama's routes stream unless told otherwise, OpenAI's do not.
    pub(crate) async fn post_both(&mut self, path: &str, mut request: Value) {
        request["stream"] = false.into();
        self.post(path, request.clone()).await;
        request["stream"] = true.into();
        self.post(path, request).await;
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, body: String) {
        self.send_with(method, path, body, &[]).await;
    }

    pub(crate) async fn send_with(
        &mut self,
        method: Method,
        path: &str,
        body: String,
        headers: &[(&'static str, &str)],
    ) {
        let _ = write!(self.text, "{method} {path}");
        for (name, value) in headers {
            let _ = write!(self.text, " ({name}: {value})");
        }
        let _ = writeln!(self.text, "{}{body}", if body.is_empty() { "" } else { " " });
        let mut request = self.server.client.request(method, self.server.url(path)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        self.answer(Vec::new(), response).await;
    }

    /// Writes a body down: JSON line by line, events, or text.
    fn body(&mut self, body: &str) {
        let mut before = String::new();
        let mut states = HashSet::new();
        for line in body.lines().filter(|line| !line.is_empty()) {
            let (mark, json) = line.strip_prefix("data: ").map_or(("", line), |json| ("data: ", json));
            let line = match serde_json::from_str::<Value>(json) {
                // A state of long work comes as often as it likes.
                Ok(value) if is_known(&value, &mut states) => continue,
                Ok(mut value) => {
                    settle(&mut value, self.detail);
                    format!("{mark}{value}")
                }
                Err(_) => line.to_owned(),
            };
            // So does a piece of a text of unknown length.
            if self.detail == Detail::Exact || line != before {
                self.text.push_str(&line);
                self.text.push('\n');
            }
            before = line;
        }
    }

    /// All of it.
    pub(crate) fn finish(self) -> String {
        let mut text = self.text;
        for (what, name) in self.names {
            text = text.replace(&what, name);
        }
        number_digests(&text)
    }
}

/// Status and headers.
fn head(response: &Response) -> String {
    let mut told: Vec<_> = response
        .headers()
        .iter()
        .filter(|(name, _)| !HEADERS_LEFT_OUT.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
        .collect();
    told.sort();
    format!("{} {}", response.status().as_u16(), told.join("; "))
}

/// Numbers the digests that have no other name, in the order in which they come.
fn number_digests(text: &str) -> String {
    let mut known: Vec<&str> = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, run) = rest.split_at(start);
        let (run, after) = run.split_at(run.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(run.len()));
        out.push_str(before);
        rest = after;
        if run.len() != 64 || run == "0".repeat(64) {
            out.push_str(run);
            continue;
        }
        let number = known.iter().position(|digest| *digest == run).unwrap_or_else(|| {
            known.push(run);
            known.len() - 1
        });
        let _ = write!(out, "(digest {})", number + 1);
    }
    out + rest
}

/// Whether this is a state of long work that was there before.
fn is_known(value: &Value, states: &mut HashSet<String>) -> bool {
    let known = value["status"].as_str().is_some_and(|status| !states.insert(status.to_owned()));
    let bytes = |name: &str| value[name].as_u64().unwrap_or_default();
    assert!(bytes("completed") <= bytes("total"), "{value}");
    known
}

/// Names what differs from run to run, and checks what can be said of it.
fn settle(value: &mut Value, detail: Detail) {
    match value {
        // A vector, which depends on the weights.
        Value::Array(items)
            if detail == Detail::Shape && !items.is_empty() && items.iter().all(Value::is_f64) =>
        {
            *items = vec![format!("({} numbers)", items.len()).into()];
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| settle(item, detail));
            if items.len() > LONG {
                let more = items.len() - SHOWN;
                items.truncate(SHOWN);
                items.push(format!("({more} more)").into());
            }
        }
        Value::Object(fields) => {
            // How far long work is when it says so for the first time is chance.
            fields.shift_remove("completed");
            for (name, field) in fields {
                match stand_in(name, field, detail) {
                    Some(named) => *field = named.into(),
                    None => settle(field, detail),
                }
            }
        }
        // The last digits of what was computed depend on the processor.
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().expect("a float");
            if float.abs() > 1e-4 {
                *value = json!((float * 1e4).round() / 1e4);
            }
        }
        _ => {}
    }
}

/// What stands in a transcript for the value of a field.
fn stand_in(name: &str, field: &Value, detail: Detail) -> Option<&'static str> {
    match (name, field) {
        ("created_at" | "modified_at" | "expires_at", Value::String(time)) => {
            let time = time.parse::<jiff::Timestamp>().expect("a time");
            let ahead = time.duration_since(jiff::Timestamp::now());
            let is_far = ahead > jiff::SignedDuration::from_hours(24 * 365 * 100);
            Some(if is_far { "(time, 292 years ahead)" } else { "(time)" })
        }
        ("created", Value::Number(_)) => Some("(time)"),
        (name, Value::Number(time)) if name.ends_with("_duration") => {
            assert!(time.as_u64().expect("nanoseconds") > 0, "{name}");
            Some("(ns)")
        }
        ("id", Value::String(id)) => {
            let kinds = [("chatcmpl-", "chatcmpl-(n)"), ("cmpl-", "cmpl-(n)"), ("call_", "call_(8)")];
            kinds.iter().find(|(kind, _)| id.starts_with(kind)).map(|(_, named)| *named)
        }
        (_, field) if detail == Detail::Shape => of_unknown_value(name, field),
        _ => None,
    }
}

/// What stands for something that depends on the model's training.
fn of_unknown_value(name: &str, field: &Value) -> Option<&'static str> {
    match (name, field) {
        ("content" | "response" | "thinking" | "reasoning" | "text", Value::String(text))
            if !text.is_empty() =>
        {
            Some("(text)")
        }
        ("context", Value::Array(_)) => Some("(tokens)"),
        ("digest", Value::String(_)) => Some("(digest)"),
        ("size" | "total" | "weights" | "pool" | "compute", Value::Number(_)) => Some("(bytes)"),
        (name, Value::Number(_)) if name.ends_with("_count") || name.ends_with("_tokens") => Some("(n)"),
        _ => None,
    }
}
