//! Many clients at once, and what may go wrong under them: the real binary over real sockets.

// Helpers of tests are not themselves tests to clippy.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::path::Path;

use common::{Server, response_text, signal, stories};
use futures_util::StreamExt;
use futures_util::future::join_all;
use serde_json::{Value, json};

fn ask(model: &str, prompt: &str, tokens: u32) -> Value {
    json!({"model": model, "prompt": prompt, "raw": true,
           "options": {"num_predict": tokens, "temperature": 0}})
}

/// Lines of a stream as they come.
struct Lines {
    body: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    pending: Vec<u8>,
}

impl Lines {
    async fn open(server: &Server, request: &Value) -> Self {
        let response = server.post("/api/generate", request).await;
        assert_eq!(response.status(), 200);
        Self { body: response.bytes_stream().boxed(), pending: Vec::new() }
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.pending.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("a JSON line"));
            }
            self.pending.extend(self.body.next().await?.expect("bytes"));
        }
    }
}

/// Asks for the metrics until the engine has nothing left to do; its last report may be on its way.
async fn settle(server: &Server, model: &str) {
    let running = format!("quipu_num_requests_running{{model=\"{model}:latest\"}}");
    let waiting = format!("quipu_num_requests_waiting{{model=\"{model}:latest\"}}");
    for _ in 0..5000 {
        if server.metric(&running).await == 0.0 && server.metric(&waiting).await == 0.0 {
            return;
        }
    }
    panic!("the engine still works for clients that are gone");
}

async fn pages(server: &Server, model: &str, state: &str) -> f64 {
    server.metric(&format!("quipu_kv_pages{{model=\"{model}:latest\",state=\"{state}\"}}")).await
}

/// 32 streams of mixed lengths; every third client leaves in the middle.
async fn crowd(server: &Server, model: &str) {
    server.post_json("/api/generate", &json!({"model": model, "prompt": "x", "stream": false})).await;
    settle(server, model).await;
    let total = pages(server, model, "free").await + pages(server, model, "cached").await;
    let streams = (0..32_u32).map(|i| async move {
        let prompt = format!("{} number {i}", "Once upon a time ".repeat(1 + i as usize % 5));
        let tokens = 20 + i * 3;
        let mut lines = Lines::open(server, &ask(model, &prompt, tokens)).await;
        let mut got = Vec::new();
        while let Some(line) = lines.next().await {
            assert_eq!(line.get("error"), None);
            got.push(line);
            if i % 3 == 0 && got.len() > i as usize % 7 {
                return;
            }
        }
        let last = got.last().expect("a last line");
        assert_eq!(last["done"], true);
        match last["done_reason"].as_str() {
            Some("length") => assert_eq!(last["eval_count"], tokens),
            reason => assert_eq!(reason, Some("stop")),
        }
        let alone = server.post_lines("/api/generate", &ask(model, &prompt, tokens)).await;
        if model == "mock" {
            assert_eq!(response_text(&got), response_text(&alone), "the same as alone");
        }
    });
    join_all(streams).await;
    settle(server, model).await;
    assert_eq!(pages(server, model, "held").await, 0.0);
    let now = pages(server, model, "free").await + pages(server, model, "cached").await;
    assert_eq!(now, total, "no page leaks");
}

#[tokio::test]
async fn a_crowd_of_which_a_third_leaves() {
    crowd(&Server::mock(&[]).await, "mock").await;
}

#[tokio::test]
async fn a_crowd_on_a_real_model() {
    let Some(path) = stories() else { return };
    let model = format!("{},name=stories", path.display());
    crowd(&Server::start(&["--model", &model, "--threads", "1"], &[]), "stories").await;
}

#[tokio::test]
async fn a_pool_of_a_quarter_of_the_demand_fails_nobody() {
    let Some(path) = stories() else { return };
    let model = format!("{},name=stories", path.display());
    // 24 requests of some 170 tokens each.
    let server = Server::start(&["--model", &model, "--threads", "1", "--pool-tokens", "1024"], &[]);
    let requests = (0..24).map(|i| {
        let request = ask("stories", &format!("There was a cat with {i} red balls"), 150);
        let server = &server;
        async move { server.post_lines("/api/generate", &request).await }
    });
    for lines in join_all(requests).await {
        let last = lines.last().expect("a last line");
        assert_eq!(last["done"], true, "{last}");
    }
    assert!(server.metric("quipu_num_preemptions_total{model=\"stories:latest\"}").await > 0.0);
    assert_eq!(server.metric("quipu_decode_no_slot_total{model=\"stories:latest\"}").await, 0.0);
    assert_eq!(
        server
            .metric("quipu_request_success_total{model=\"stories:latest\",finished_reason=\"abort\"}")
            .await,
        0.0
    );
}

#[tokio::test]
async fn a_long_prompt_and_short_chats_get_on_together() {
    let server =
        Server::mock(&["--context", "80000", "--pool-tokens", "200000", "--batch-tokens", "128"]).await;
    let mut chats = Vec::new();
    for i in 0..4 {
        let mut lines = Lines::open(&server, &ask("mock", &format!("chat {i}"), 5000)).await;
        lines.next().await.expect("a first token");
        chats.push(lines);
    }
    // 60,000 tokens at 124 a step are 484 steps; each of them owes every chat a token.
    let request = ask("mock", &"far away ".repeat(6667), 1);
    let long = async {
        let mut lines = Lines::open(&server, &request).await;
        lines.next().await.expect("the long one's first token")
    };
    let short = |mut lines: Lines| async move {
        for _ in 0..300 {
            if lines.next().await.expect("a line")["done"] == true {
                return;
            }
        }
    };
    // Both ends: the long one is answered, and the chats are 300 tokens further, whichever comes first.
    let (first, _) = tokio::join!(long, join_all(chats.into_iter().map(short)));
    assert_eq!(first.get("error"), None, "the long one is not starved");
    let steps = server.metric("quipu_iteration_tokens_count{model=\"mock:latest\"}").await;
    assert!(steps > 484.0, "the long prompt was computed in chunks: {steps} steps");
}

#[tokio::test]
async fn an_engine_killed_under_load_costs_its_requests_and_nothing_else() {
    let mut arguments = vec!["--mock".to_owned(), "--context".into(), "100000".into()];
    let other = stories();
    if let Some(path) = &other {
        arguments.extend(["--model".into(), format!("{},name=stories", path.display())]);
        arguments.extend(["--threads".into(), "1".into()]);
    }
    let server = Server::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let engine = next_engine(&server, "mock");
    let mut bystander = None;
    if other.is_some() {
        let mut lines = Lines::open(&server, &ask("stories", "Once upon a time", 300)).await;
        lines.next().await.expect("a first token");
        bystander = Some(lines);
    }
    let mut open = Vec::new();
    for i in 0..6 {
        let mut lines = Lines::open(&server, &ask("mock", &format!("open {i}"), 50_000)).await;
        lines.next().await.expect("a first token");
        open.push(lines);
    }
    signal(engine, "KILL");
    for mut lines in open {
        let mut last = Value::Null;
        while let Some(line) = lines.next().await {
            last = line;
        }
        let error = last["error"].as_str().unwrap_or_else(|| panic!("a clear end, not {last}"));
        assert!(error.contains("stopped unexpectedly (killed by signal 9)"), "{error}");
    }
    if let Some(mut lines) = bystander {
        let mut last = Value::Null;
        while let Some(line) = lines.next().await {
            last = line;
        }
        assert_eq!(last["done"], true, "another model goes on: {last}");
    }
    let again = server.post_lines("/api/generate", &ask("mock", "again", 10)).await;
    assert_eq!(again.last().expect("a last line")["done"], true);
    assert_ne!(next_engine(&server, "mock"), engine, "a new engine");
    assert_eq!(server.metric("quipu_engine_crashes_total{model=\"mock:latest\"}").await, 1.0);
}

/// Process id of a model's engine, from the next line of the log that tells of its start.
fn next_engine(server: &Server, model: &str) -> u32 {
    let line = server.wait_for_log(&format!("model loaded model={model}:latest"));
    let pid = line.split("pid=").nth(1).and_then(|rest| rest.split_whitespace().next());
    pid.and_then(|pid| pid.parse().ok()).unwrap_or_else(|| panic!("no process id in {line:?}"))
}

#[tokio::test]
async fn a_killed_server_leaves_no_engine() {
    let server = Server::mock(&[]).await;
    let engine = next_engine(&server, "mock");
    server.signal("KILL");
    // Both hold the other end of the log; it closes when both are gone.
    server.drain_log();
    let state = std::process::Command::new("ps").args(["-o", "stat=", "-p", &engine.to_string()]).output();
    let state = String::from_utf8(state.expect("ps").stdout).expect("text");
    // A zombie has ended; whoever inherited it has only not asked yet.
    assert!(state.is_empty() || state.starts_with('Z'), "the engine outlived its server: {state}");
}

/// A file of the given bytes in `dir`.
fn file(dir: &Path, name: &str, bytes: &[u8]) -> String {
    let path = dir.join(name);
    std::fs::write(&path, bytes).expect("a file");
    path.display().to_string()
}

#[tokio::test]
async fn files_that_are_no_models_get_a_reason_and_disturb_nobody() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut files = vec![
        (file(dir.path(), "text.gguf", b"this is no model"), "not a GGUF file"),
        (file(dir.path(), "empty.gguf", b""), "truncated"),
        // The count of metadata says 2^60.
        (
            file(
                dir.path(),
                "huge.gguf",
                &[b"GGUF\x03\0\0\0".as_slice(), &[0; 8], &(1_u64 << 60).to_le_bytes(), &[0; 64]].concat(),
            ),
            "metadata",
        ),
        (dir.path().join("absent.gguf").display().to_string(), "No such file"),
    ];
    if let Some(path) = stories() {
        let whole = std::fs::read(path).expect("the model");
        files.push((file(dir.path(), "truncated.gguf", &whole[..whole.len() / 2]), "truncated"));
    }
    let mut arguments = vec!["--mock".to_owned()];
    for (path, _) in &files {
        arguments.extend(["--model".to_owned(), path.clone()]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let server = Server::start(&arguments, &[]);
    let mut bystander = Lines::open(&server, &ask("mock", "open 1", 3000)).await;
    bystander.next().await.expect("a first token");
    for (path, reason) in &files {
        let name = Path::new(path).file_stem().and_then(|s| s.to_str()).expect("a name");
        let (status, body) = server.post_any("/api/generate", &ask(name, "x", 1)).await;
        assert_eq!(status, 500, "{body}");
        let error = body["error"].as_str().expect("an error");
        assert!(error.contains(reason), "{name}: {error}");
    }
    let mut lines = 0;
    while let Some(line) = bystander.next().await {
        assert_eq!(line.get("error"), None);
        lines += 1;
    }
    assert!(lines > 10, "the other stream went on");
}
