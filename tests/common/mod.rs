//! Starts the real binary and talks to it over a real socket.

// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]
// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Nothing that a test waits for takes this long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    /// Base of URLs, without a slash at the end.
    pub(crate) base: String,
    /// Lines of the log that nobody has read yet.
    log: mpsc::Receiver<String>,
    pub(crate) client: reqwest::Client,
    /// Home of this server alone, with its models. Removed when nobody holds it any more.
    pub(crate) home: Arc<TempDir>,
}

impl Server {
    /// Starts `quipu serve --mock` with more arguments, on a port of its own, and waits for the model.
    pub(crate) async fn mock(arguments: &[&str]) -> Self {
        let server = Self::start(&[&["--mock"], arguments].concat(), &[]);
        let loaded = server.post("/api/generate", &json!({"model": "mock"})).await;
        assert_eq!(loaded.status(), 200);
        server
    }

    /// Starts `quipu serve` with arguments and variables, on a port of its own, and waits until it listens.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().expect("a folder")), arguments, variables)
    }

    /// As [`Server::start`], in a home that another server had or has.
    pub(crate) fn start_in(home: Arc<TempDir>, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_quipu"))
            .args(["serve", "--host", "127.0.0.1:0"])
            .args(arguments)
            .env_remove("QUIPU_LOG")
            .env_remove("OLLAMA_DEBUG")
            .env_remove("QUIPU_MODELS")
            .env_remove("OLLAMA_MODELS")
            // Tests say which models they have.
            .env("QUIPU_NO_BUILTIN", "true")
            .env("HOME", home.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let (lines, log) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // A test that fails shows what the server said.
                println!("server: {line}");
                // Nobody may be left to read it, but the server must never wait for us.
                let _ = lines.send(line);
            }
        });
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
        let mut server = Self { child, base: String::new(), log, client, home };
        let listening = server.wait_for_log("address=");
        let address = listening.split("address=").nth(1).expect("an address");
        let address = address.split_whitespace().next().expect("an address");
        server.base = format!("http://{address}");
        server
    }

    /// Waits for a line of the log that holds `text`, and returns it. Blocks the thread: what must go on
    /// meanwhile belongs to another one.
    pub(crate) fn wait_for_log(&self, text: &str) -> String {
        loop {
            let line = self.log.recv_timeout(PATIENCE);
            match line {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(error) => panic!("no {text:?} in the log: {error}"),
            }
        }
    }

    /// Reads the log to its end, which comes when the server and all its engines are gone.
    pub(crate) fn drain_log(&self) {
        self.log.iter().for_each(drop);
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.expect("an answer")
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        self.client.post(self.url(path)).json(body).send().await.expect("an answer")
    }

    /// Posts, and reads the JSON of a successful answer.
    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Value {
        let (status, json) = self.post_any(path, body).await;
        assert_eq!(status, 200, "{json}");
        json
    }

    /// Posts, and reads status and JSON.
    pub(crate) async fn post_any(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.post(path, body).await;
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    /// Posts, and reads a stream of one JSON object a line.
    pub(crate) async fn post_lines(&self, path: &str, body: &Value) -> Vec<Value> {
        let response = self.post(path, body).await;
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        let text = response.text().await.expect("a body");
        assert!(text.ends_with('\n'), "the last line is ended");
        text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }

    /// Posts, and reads a stream of server-sent events, without the `[DONE]` that must end it.
    pub(crate) async fn post_events(&self, path: &str, body: &Value) -> Vec<Value> {
        let response = self.post(path, body).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let text = response.text().await.expect("a body");
        let events = text.strip_suffix("data: [DONE]\n\n").expect("the end");
        events
            .split_terminator("\n\n")
            .map(|event| serde_json::from_str(event.strip_prefix("data: ").expect("an event")).expect("JSON"))
            .collect()
    }

    /// The value of a metric, with its labels as `/metrics` prints them. 0 if it was never recorded.
    pub(crate) async fn metric(&self, name_and_labels: &str) -> f64 {
        let text = self.get("/metrics").await.text().await.expect("a body");
        let line = text.lines().find_map(|line| line.strip_prefix(name_and_labels));
        line.map_or(0.0, |value| value.trim().parse().expect("a number"))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits for the process to end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("an exit status")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server's only engine, held still until this is dropped.
pub(crate) struct HeldEngine(u32);

impl HeldEngine {
    pub(crate) fn of(server: &Server) -> Self {
        let output = Command::new("pgrep").args(["-P", &server.pid().to_string()]).output();
        let pids = output.expect("pgrep runs").stdout;
        let pid = std::str::from_utf8(&pids).expect("text").trim().parse().expect("one engine");
        stop(pid);
        Self(pid)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0
    }
}

impl Drop for HeldEngine {
    fn drop(&mut self) {
        // It may have been killed meanwhile.
        let _ = Command::new("kill").args(["-CONT", &self.0.to_string()]).status();
    }
}

/// Sends a signal by its name to a process.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(status.expect("kill runs").success());
}

/// Stops a process, and returns when it has stopped: a signal that was sent is not yet one that arrived, and until the
/// thread it went to has run, all others go on.
pub(crate) fn stop(pid: u32) {
    signal(pid, "STOP");
    let began = Instant::now();
    while !is_stopped(pid) {
        assert!(began.elapsed() < PATIENCE, "process {pid} does not stop");
        std::thread::yield_now();
    }
}

/// Whether all threads of a process are in state "T".
fn is_stopped(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        // There are no such files here, as on macOS: nothing tells.
        return true;
    };
    threads.flatten().all(|thread| {
        // The state follows the name, which stands in parentheses. A thread that is gone meanwhile asks for another look.
        let line = std::fs::read_to_string(thread.path().join("stat"));
        line.is_ok_and(|line| line.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T')))
    })
}

/// The text of a stream of `/api/generate`, or of one object.
pub(crate) fn response_text(lines: &[Value]) -> String {
    lines.iter().map(|line| line["response"].as_str().expect("text")).collect()
}

/// The text of a stream of `/api/chat`, or of one object.
pub(crate) fn message_text(lines: &[Value]) -> String {
    lines.iter().map(|line| line["message"]["content"].as_str().expect("text")).collect()
}

/// The published tiny model, which is not part of this repository.
pub(crate) fn stories() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/stories260K.gguf");
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: stories260K.gguf is not there");
    None
}

/// An array of numbers.
pub(crate) fn numbers(array: &Value) -> Vec<f64> {
    array.as_array().expect("an array").iter().map(|x| x.as_f64().expect("a number")).collect()
}

/// How alike two vectors are: 1 for the same direction.
pub(crate) fn cosine(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
