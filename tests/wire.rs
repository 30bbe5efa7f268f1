//! What clients see on the wire, endpoint by endpoint: what it means here, and in the modules whole requests and answers, which
//! are kept as golden files to be read. The mock engine shows exact answers, real models their shapes.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "wire/chat.rs"]
mod chat;
#[path = "wire/cloud.rs"]
mod cloud;
mod common;
#[path = "wire/connections.rs"]
mod connections;
#[path = "wire/create.rs"]
mod create;
#[path = "wire/embed.rs"]
mod embed;
#[path = "wire/faults.rs"]
mod faults;
#[path = "wire/generate.rs"]
mod generate;
#[path = "wire/models.rs"]
mod models;
#[path = "wire/openai.rs"]
mod openai;
#[path = "wire/server.rs"]
mod server;
#[path = "common/registry/mod.rs"]
mod servers;
#[path = "wire/show.rs"]
mod show;
#[path = "wire/stage.rs"]
mod stage;
#[allow(dead_code, reason = "another test uses the rest")]
#[path = "compat/tiny.rs"]
mod tiny;
#[path = "wire/transcript.rs"]
mod transcript;
#[path = "wire/transfer.rs"]
mod transfer;

use common::{Server, message_text, response_text};
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// The keys of an object, in their order.
fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn options(tokens: u32) -> Value {
    json!({"num_predict": tokens, "temperature": 0})
}

/// Reads on to the end of so many lines, empty ones aside. What is read at once may end within a line.
async fn first_lines(response: &mut Response, count: usize) -> Vec<u8> {
    let is_whole = |line: &&[u8]| line.len() > 1 && line.ends_with(b"\n");
    let mut read = Vec::new();
    while read.split_inclusive(|byte| *byte == b'\n').filter(is_whole).count() < count {
        read.extend_from_slice(&response.chunk().await.unwrap().expect("a next piece"));
    }
    read
}

#[tokio::test]
async fn the_server_says_that_it_is_there() {
    let server = Server::mock(&[]).await;
    let root = server.get("/").await;
    assert_eq!(root.status(), 200);
    assert_eq!(root.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(root.headers()["server"].to_str().unwrap().starts_with("quipu/"));
    assert_eq!(root.text().await.unwrap(), "Ollama is running");
    for path in ["/", "/api/version", "/api/tags", "/health", "/metrics"] {
        let head = server.client.head(server.url(path)).send().await.unwrap();
        assert_eq!(head.status(), 200, "HEAD {path}");
    }
    let version = server.get("/api/version").await.text().await.unwrap();
    assert_eq!(version, r#"{"version":"0.32.0"}"#);
    assert_eq!(server.get("/health").await.text().await.unwrap(), r#"{"status":"ok"}"#);
    let ready = server.get("/ready").await;
    assert_eq!(ready.status(), 200);
    assert_eq!(
        ready.text().await.unwrap(),
        r#"{"status":"ready","models":[{"name":"mock:latest","state":"loaded"}]}"#
    );
}

#[tokio::test]
async fn models_are_listed_in_both_dialects() {
    let server = Server::mock(&[]).await;
    let tags = server.get("/api/tags").await;
    assert_eq!(tags.headers()["content-type"], "application/json; charset=utf-8");
    let tags: Value = tags.json().await.unwrap();
    let tag = &tags["models"][0];
    assert_eq!(keys(tag), ["name", "model", "modified_at", "size", "digest", "details", "capabilities"]);
    assert_eq!(tag["name"], "mock:latest");
    let list: Value = server.get("/v1/models").await.json().await.unwrap();
    assert_eq!(keys(&list), ["object", "data"]);
    assert_eq!(keys(&list["data"][0]), ["id", "object", "created", "owned_by"]);
    let one: Value = server.get("/v1/models/mock").await.json().await.unwrap();
    assert_eq!(one["id"], "mock:latest");
    let missing = server.get("/v1/models/nothing").await;
    assert_eq!(missing.status(), 404);
    let missing: Value = missing.json().await.unwrap();
    assert_eq!(
        missing,
        json!({"error": {"message": "model 'nothing' not found", "type": "not_found_error", "param": null, "code": null}})
    );
}

#[tokio::test]
async fn generate_streams_lines_and_answers_the_same_in_one_piece() {
    let server = Server::mock(&[]).await;
    let request = json!({"model": "mock", "prompt": "once upon a time", "options": options(20)});
    let lines = server.post_lines("/api/generate", &request).await;
    let (last, first) = lines.split_last().unwrap();
    for line in first {
        assert_eq!(keys(line), ["model", "created_at", "response", "done"]);
        assert_eq!((&line["model"], &line["done"]), (&json!("mock"), &json!(false)));
    }
    let figures = [
        "total_duration",
        "load_duration",
        "prompt_eval_count",
        "prompt_eval_duration",
        "eval_count",
        "eval_duration",
    ];
    let mut expected = vec!["model", "created_at", "response", "done", "done_reason", "context"];
    expected.extend(figures);
    assert_eq!(keys(last), expected);
    for figure in figures {
        assert!(last[figure].as_u64().unwrap() > 0, "{figure}");
    }
    assert_eq!((&last["done"], &last["done_reason"]), (&json!(true), &json!("length")));
    assert_eq!(last["eval_count"], 20);
    let context = last["context"].as_array().unwrap().len() as u64;
    assert_eq!(context, last["prompt_eval_count"].as_u64().unwrap() + 20);

    let mut request = request;
    request["stream"] = false.into();
    let whole = server.post_json("/api/generate", &request).await;
    assert_eq!(keys(&whole), expected);
    assert_eq!(whole["response"], response_text(&lines));
    assert_eq!(whole["response"].as_str().unwrap().len(), 20);
}

#[tokio::test]
async fn a_context_goes_on_where_the_answer_ended() {
    let server = Server::mock(&[]).await;
    let first = json!({"model": "mock", "prompt": "once", "stream": false, "options": options(5)});
    let first = server.post_json("/api/generate", &first).await;
    let answer = first["response"].as_str().unwrap();
    let second = json!({
        "model": "mock", "prompt": "more", "stream": false, "options": options(5), "context": first["context"],
    });
    let second = server.post_json("/api/generate", &second).await;
    let whole = json!({
        "model": "mock", "prompt": format!("once{answer}more"), "stream": false, "raw": true, "options": options(5),
    });
    let whole = server.post_json("/api/generate", &whole).await;
    assert_eq!(second["response"], whole["response"]);
    assert!(whole.get("context").is_none(), "a raw answer has no context");
}

#[tokio::test]
async fn chat_streams_lines_and_answers_the_same_in_one_piece() {
    let server = Server::mock(&[]).await;
    let messages = json!([{"role": "system", "content": "be kind"}, {"role": "user", "content": "hi"}]);
    let request = json!({"model": "mock", "messages": messages, "options": options(12)});
    let lines = server.post_lines("/api/chat", &request).await;
    let (last, first) = lines.split_last().unwrap();
    for line in first {
        assert_eq!(keys(line), ["model", "created_at", "message", "done"]);
        assert_eq!(keys(&line["message"]), ["role", "content"]);
        assert_eq!(line["message"]["role"], "assistant");
    }
    assert_eq!(keys(last)[..5], ["model", "created_at", "message", "done", "done_reason"]);
    let whole = json!({"model": "mock", "messages": messages, "options": options(12), "stream": false});
    let whole = server.post_json("/api/chat", &whole).await;
    assert_eq!(whole["message"]["content"], message_text(&lines));
}

#[tokio::test]
async fn nothing_to_say_loads_and_unloads() {
    let server = Server::mock(&[]).await;
    for (path, nothing) in [("/api/generate", json!({"prompt": ""})), ("/api/chat", json!({"messages": []}))]
    {
        for (keep_alive, reason) in [(json!("5m"), "load"), (json!(0), "unload")] {
            let mut request = nothing.clone();
            request["model"] = "mock".into();
            request["keep_alive"] = keep_alive;
            let answer = server.post_json(path, &request).await;
            assert_eq!((&answer["done"], &answer["done_reason"]), (&json!(true), &json!(reason)));
            assert!(answer.get("total_duration").is_none());
        }
    }
    // The model is gone, and comes back for who needs it.
    let request = json!({"model": "mock", "prompt": "hi", "stream": false, "options": options(3)});
    assert_eq!(server.post_json("/api/generate", &request).await["eval_count"], 3);
}

#[tokio::test]
async fn chat_completions_stream_events_and_answer_the_same_in_one_piece() {
    let server = Server::mock(&[]).await;
    let request = |stream: bool| {
        json!({
            "model": "mock", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
            "stream": stream, "stream_options": {"include_usage": true}, "max_completion_tokens": 9, "temperature": 0,
        })
    };
    let events = server.post_events("/v1/chat/completions", &request(true)).await;
    let skeleton = ["id", "object", "created", "model", "system_fingerprint", "choices"];
    assert!(events.iter().all(|event| keys(event)[..6] == skeleton));
    assert!(
        events.iter().all(|event| event["id"] == events[0]["id"] && event["created"] == events[0]["created"])
    );
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    let (usage, parts) = events.split_last().unwrap();
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["completion_tokens"], 9);
    assert!(usage["usage"]["prompt_tokens_details"]["cached_tokens"].is_u64());
    let finish = parts.last().unwrap();
    assert_eq!(finish["choices"][0], json!({"index": 0, "delta": {}, "finish_reason": "length"}));
    let text: String =
        parts.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    let whole = server.post_json("/v1/chat/completions", &request(false)).await;
    assert_eq!(keys(&whole), ["id", "object", "created", "model", "system_fingerprint", "choices", "usage"]);
    assert_eq!(whole["choices"][0]["message"], json!({"role": "assistant", "content": text}));
    assert_eq!(
        whole["usage"]["total_tokens"].as_u64().unwrap(),
        whole["usage"]["prompt_tokens"].as_u64().unwrap() + 9
    );
}

#[tokio::test]
async fn completions_stream_events_and_answer_the_same_in_one_piece() {
    let server = Server::mock(&[]).await;
    let request = |stream: bool| json!({"model": "mock", "prompt": "hi", "stream": stream, "max_tokens": 6, "temperature": 0});
    let events = server.post_events("/v1/completions", &request(true)).await;
    let text: String = events.iter().map(|event| event["choices"][0]["text"].as_str().unwrap()).collect();
    assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "length");
    let whole = server.post_json("/v1/completions", &request(false)).await;
    assert_eq!(whole["choices"][0]["text"], text);
    assert_eq!(whole["object"], "text_completion");
}

#[tokio::test]
async fn log_probabilities_come_with_every_token() {
    let server = Server::mock(&[]).await;
    let request = json!({
        "model": "mock", "prompt": "hi", "logprobs": true, "top_logprobs": 3, "options": options(10),
    });
    let lines = server.post_lines("/api/generate", &request).await;
    let entries: Vec<&Value> =
        lines.iter().filter_map(|line| line["logprobs"].as_array()).flatten().collect();
    assert_eq!(entries.len(), 10);
    for entry in entries {
        assert_eq!(keys(entry), ["token", "logprob", "bytes", "top_logprobs"]);
        let bytes: Vec<u8> = serde_json::from_value(entry["bytes"].clone()).unwrap();
        assert_eq!(entry["token"].as_str().unwrap().as_bytes(), bytes);
        let top: Vec<f64> = entry["top_logprobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["logprob"].as_f64().unwrap())
            .collect();
        assert_eq!(top.len(), 3);
        assert!(top.is_sorted_by(|a, b| a >= b) && top[0] <= 0.0, "{top:?}");
    }
    let request = json!({
        "model": "mock", "messages": [{"role": "user", "content": "hi"}], "logprobs": true, "max_tokens": 4,
    });
    let whole = server.post_json("/v1/chat/completions", &request).await;
    assert_eq!(whole["choices"][0]["logprobs"]["content"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn bad_requests_get_ollamas_answers() {
    let server = Server::mock(&[]).await;
    let messages = json!([{"role": "user", "content": "hi"}]);
    for (path, request, status, error) in [
        ("/api/generate", json!({"model": "no", "prompt": "hi"}), 404, "model 'no' not found"),
        ("/api/generate", json!({"prompt": "hi"}), 404, "model '' not found"),
        ("/api/chat", json!({"messages": messages}), 400, "model is required"),
        ("/api/chat", json!({"model": "no", "messages": messages}), 404, "model 'no' not found"),
        (
            "/api/chat",
            json!({"model": "mock", "messages": messages, "options": {"top_k": "many"}}),
            500,
            "option \"top_k\" must be of type integer",
        ),
        (
            "/api/chat",
            json!({"model": "mock", "messages": messages, "options": {"top_k": -1}}),
            400,
            "option \"top_k\" must be 0 or more, not -1",
        ),
        (
            "/api/chat",
            json!({"model": "mock", "messages": messages, "think": true}),
            400,
            "\"mock\" does not support thinking",
        ),
        (
            "/api/chat",
            json!({"model": "mock", "messages": messages, "tools": [{"type": "function", "function": {"name": "f"}}]}),
            400,
            "registry.ollama.ai/library/mock:latest does not support tools",
        ),
        (
            "/api/generate",
            json!({"model": "mock", "prompt": "hi", "top_logprobs": 21}),
            400,
            "top_logprobs must be between 0 and 20",
        ),
        (
            "/api/generate",
            json!({"model": "mock", "prompt": "hi", "keep_alive": "300"}),
            400,
            "time: missing unit in duration \"300\"",
        ),
        (
            "/api/generate",
            json!({"model": "mock", "prompt": "hi", "context": [999_999]}),
            400,
            "context holds 999999, which is no token of this model",
        ),
        (
            "/api/generate",
            json!({"model": "mock", "prompt": "x".repeat(100), "shift": false, "truncate": false, "options": {"num_ctx": 50}}),
            400,
            "the prompt is longer than the context length currently available to the model; shorten the prompt, \
             adjust the context length in settings, or use a model with a longer context length",
        ),
    ] {
        assert_eq!(
            server.post_any(path, &request).await,
            (status, json!({"error": error})),
            "{path} {request}"
        );
    }
}

#[tokio::test]
async fn bad_requests_of_openai_clients_get_openais_shape() {
    let server = Server::mock(&[]).await;
    let messages = json!([{"role": "user", "content": "hi"}]);
    for (path, request, status, r#type, message) in [
        (
            "/v1/chat/completions",
            json!({"model": "no", "messages": messages}),
            404,
            "not_found_error",
            "model 'no' not found",
        ),
        (
            "/v1/chat/completions",
            json!({"model": "mock"}),
            400,
            "invalid_request_error",
            "[] is too short - 'messages'",
        ),
        (
            "/v1/completions",
            json!({"model": "mock", "prompt": "x", "temperature": -1}),
            400,
            "invalid_request_error",
            "option \"temperature\" must be 0 or more, not -1",
        ),
    ] {
        let expected = json!({"error": {"message": message, "type": r#type, "param": null, "code": null}});
        assert_eq!(server.post_any(path, &request).await, (status, expected), "{path} {request}");
    }
}

#[tokio::test]
async fn bodies_and_paths_that_make_no_sense_get_clear_answers() {
    let server = Server::mock(&["--max-body", "1000"]).await;
    let post = |body: String| server.client.post(server.url("/api/generate")).body(body).send();
    let missing = post(String::new()).await.unwrap();
    assert_eq!(missing.status(), 400);
    assert_eq!(missing.text().await.unwrap(), r#"{"error":"missing request body"}"#);
    let wrong = post("{\"model\":".into()).await.unwrap();
    assert_eq!(wrong.status(), 400);
    assert_eq!(keys(&wrong.json().await.unwrap()), ["error"]);
    let large = post(format!("{{\"model\":\"{}\"}}", "x".repeat(1000))).await.unwrap();
    assert_eq!(large.status(), 413);
    assert_eq!(
        large.text().await.unwrap(),
        r#"{"error":"request body too large: at most 1000 bytes are accepted"}"#
    );
    // The type of the content does not matter.
    let text = post(r#"{"model":"mock","prompt":"hi","options":{"num_predict":1}}"#.into()).await.unwrap();
    assert_eq!(text.status(), 200);
    let nowhere = server.get("/nowhere").await;
    assert_eq!(
        (nowhere.status().as_u16(), nowhere.text().await.unwrap()),
        (404, "404 page not found".into())
    );
    let method = server.get("/api/chat").await;
    assert_eq!(
        (method.status().as_u16(), method.text().await.unwrap()),
        (405, "405 method not allowed".into())
    );
}

#[tokio::test]
async fn browsers_and_names_that_point_here_are_guarded() {
    let server = Server::mock(&["--origins", "https://friend.example"]).await;
    let request = |method: Method, header: &'static str, value: &'static str| {
        server.client.request(method, server.url("/api/version")).header(header, value).send()
    };
    for (header, value, status) in [
        ("host", "localhost:11434", 200),
        ("host", "evil.example", 403),
        ("origin", "http://localhost:3000", 200),
        ("origin", "https://friend.example", 200),
        ("origin", "https://evil.example", 403),
    ] {
        assert_eq!(request(Method::GET, header, value).await.unwrap().status(), status, "{header}: {value}");
    }
    let preflight = request(Method::OPTIONS, "origin", "http://localhost:3000").await.unwrap();
    assert_eq!(preflight.status(), 204);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "http://localhost:3000");
    assert!(
        preflight.headers()["access-control-allow-headers"].to_str().unwrap().contains("x-stainless-arch")
    );
    assert_eq!(request(Method::OPTIONS, "host", "localhost").await.unwrap().status(), 204);
}

#[tokio::test]
async fn requests_have_ids() {
    let server = Server::mock(&[]).await;
    let given =
        server.client.get(server.url("/health")).header("x-request-id", "req-7").send().await.unwrap();
    assert_eq!(given.headers()["x-request-id"], "req-7");
    let made = server.get("/health").await;
    assert_eq!(made.headers()["x-request-id"].len(), 16);
}

#[tokio::test]
async fn the_document_and_its_page_need_no_network() {
    let server = Server::mock(&[]).await;
    let document: Value = server.get("/openapi.json").await.json().await.unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/chat"]["post"].is_object());
    let page = server.get("/docs").await;
    assert!(page.url().path().ends_with("/docs/"));
    let page = page.text().await.unwrap();
    assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        assert!(page.contains(file));
        assert_eq!(server.get(&format!("/docs/{file}")).await.status(), 200);
    }
    let initializer = server.get("/docs/swagger-initializer.js").await.text().await.unwrap();
    assert!(
        initializer.contains("/openapi.json") && initializer.contains("\"validatorUrl\": \"none\""),
        "{initializer}"
    );
}

#[tokio::test]
async fn metrics_tell_what_happened() {
    let server = Server::mock(&[]).await;
    let request = json!({"model": "mock", "prompt": "hi there", "stream": false, "options": options(7)});
    server.post_json("/api/generate", &request).await;
    let broken = json!({"model": "mock", "prompt": "hi", "template": "{{ index .Messages 9 }}"});
    assert_eq!(server.post("/api/generate", &broken).await.status(), 400);
    for (metric, value) in [
        ("quipu_request_failures_total{model=\"mock:latest\",cause=\"refused\"}", 1.0),
        ("quipu_generation_tokens_total{model=\"mock:latest\"}", 7.0),
        ("quipu_request_success_total{model=\"mock:latest\",finished_reason=\"length\"}", 1.0),
        ("quipu_time_to_first_token_seconds_count{model=\"mock:latest\"}", 1.0),
        ("quipu_http_requests_total{method=\"POST\",route=\"/api/generate\",status=\"200\"}", 2.0),
        ("quipu_decode_no_slot_total{model=\"mock:latest\"}", 0.0),
    ] {
        assert_eq!(server.metric(metric).await, value, "{metric}");
    }
}

#[tokio::test]
async fn every_metric_on_the_wire_is_documented() {
    let server = Server::mock(&[]).await;
    let request = json!({"model": "mock", "prompt": "hi there", "stream": false, "options": options(7)});
    server.post_json("/api/generate", &request).await;
    let documented = std::fs::read_to_string("docs/metrics.md").unwrap();
    let text = server.get("/metrics").await.text().await.unwrap();
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        assert!(documented.contains(&format!("| `{name}` |")), "{name} is not documented");
    }
}

#[tokio::test]
async fn a_client_that_leaves_stops_its_request() {
    let server = Server::mock(&[]).await;
    let request =
        json!({"model": "mock", "prompt": "hi", "options": {"num_predict": 1_000_000, "num_ctx": 4000}});
    let mut response = server.post("/api/generate", &request).await;
    first_lines(&mut response, 1).await;
    drop(response);
    let aborted = "quipu_request_success_total{model=\"mock:latest\",finished_reason=\"abort\"}";
    // The end of the connection travels as fast as it can; each look is a request of its own.
    while server.metric(aborted).await < 1.0 {}
    while server.metric("quipu_num_requests_running{model=\"mock:latest\"}").await > 0.0 {
        let short = json!({"model": "mock", "prompt": "go on", "stream": false, "options": options(1)});
        server.post_json("/api/generate", &short).await;
    }
}
