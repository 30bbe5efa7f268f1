//! Text that is inserted between two others, through the real server: which tokens the model gets.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;
#[allow(dead_code, reason = "another test uses the rest")]
#[path = "compat/tiny.rs"]
mod tiny;

use std::path::Path;

use common::Server;
use serde_json::{Value, json};
use tiny::{Tiny, WIDTH};

const BEGIN: u64 = 256;
const PREFIX: u64 = 257;
const SUFFIX: u64 = 258;
const MIDDLE: u64 = 259;

/// A model with random weights, whose tokens are bytes and some special ones.
fn model() -> Tiny {
    let model = Tiny::new("llama").pairs("gpt-2").set("tokenizer.ggml.add_bos_token", true);
    (0..2).fold(model, |model, layer| {
        model.attention(layer, 8).layer(layer, &[("ffn_norm", &[WIDTH])]).feed_forward(layer)
    })
}

/// One that knows how to insert.
fn inserter() -> Tiny {
    model()
        .set("tokenizer.ggml.fim_pre_token_id", PREFIX as u32)
        .set("tokenizer.ggml.fim_suf_token_id", SUFFIX as u32)
        .set("tokenizer.ggml.fim_mid_token_id", MIDDLE as u32)
}

/// A server with a model of each kind: `inserts`, `plain`, and with templates `templated`, `chats`.
async fn server(folder: &Path) -> Server {
    let (inserts, plain) = (folder.join("inserts.gguf"), folder.join("plain.gguf"));
    inserter().write(&inserts);
    model().write(&plain);
    let server = Server::start(&[], &[]);
    for (name, path, template) in [
        ("inserts", &inserts, None),
        ("plain", &plain, None),
        (
            "templated",
            &plain,
            Some("{{ if .Suffix }}<{{ .Prompt }}|{{ .Suffix }}>{{ else }}{{ .Prompt }}{{ end }}"),
        ),
        ("chats", &inserts, Some("[{{ .Prompt }}]")),
    ] {
        let file = path.file_name().unwrap().to_str().unwrap();
        let mut made = json!({"model": name, "in_place": {file: path}, "stream": false});
        if let Some(template) = template {
            made["template"] = template.into();
        }
        server.post_json("/api/create", &made).await;
    }
    server
}

/// Visible characters as the tokens of their bytes.
fn bytes(text: &str) -> Vec<u64> {
    text.bytes().map(|byte| u64::from(byte) - 33).collect()
}

/// The tokens of the prompt, and the whole answer.
async fn prompt(server: &Server, request: &Value) -> (Vec<u64>, Value) {
    let answer = server.post_json("/api/generate", request).await;
    let count = answer["prompt_eval_count"].as_u64().expect("a number") as usize;
    let tokens = answer["context"].as_array().expect("tokens")[..count].iter();
    (tokens.map(|token| token.as_u64().unwrap()).collect(), answer)
}

fn request(model: &str, text: &str, suffix: &str) -> Value {
    json!({"model": model, "prompt": text, "suffix": suffix, "stream": false, "options": {"num_predict": 4}})
}

fn marked(before: &str, after: &str) -> Vec<u64> {
    let front = [BEGIN, PREFIX].into_iter().chain(bytes(before));
    front.chain([SUFFIX]).chain(bytes(after)).chain([MIDDLE]).collect()
}

#[tokio::test]
async fn the_vocabulary_or_a_template_says_how_text_is_inserted() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let (tokens, answer) = prompt(&server, &request("inserts", "def(x):", "return(y)")).await;
    assert_eq!(tokens, marked("def(x):", "return(y)"));
    assert!(answer["eval_count"].as_u64().unwrap() <= 4);
    let (tokens, _) = prompt(&server, &request("chats", "x", "y")).await;
    assert_eq!(tokens, marked("x", "y"), "its template is for conversations only");
    let (tokens, _) = prompt(&server, &request("chats", "x", "")).await;
    assert_eq!(tokens, [vec![BEGIN], bytes("[x]")].concat(), "nothing to insert before");
    let (tokens, _) = prompt(&server, &request("templated", "x", "y")).await;
    assert_eq!(tokens, [vec![BEGIN], bytes("<x|y>")].concat());
    // What looks like a special token in code is none.
    let (tokens, _) = prompt(&server, &request("inserts", "<|c|>", "<|end|>")).await;
    assert_eq!(tokens, marked("<|c|>", "<|end|>"));

    let mut going_on = request("inserts", "x", "y");
    going_on["context"] = json!([BEGIN, 5, 6]);
    let (tokens, _) = prompt(&server, &going_on).await;
    assert_eq!(tokens, [&[BEGIN, 5, 6], &marked("x", "y")[1..]].concat());
}

#[tokio::test]
async fn a_template_of_the_request_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    for model in ["inserts", "plain", "templated", "chats"] {
        let mut own = request(model, "x", "y");
        own["template"] = "({{ .Suffix }}/{{ .Prompt }})".into();
        let (tokens, _) = prompt(&server, &own).await;
        assert_eq!(tokens, [vec![BEGIN], bytes("(y/x)")].concat(), "{model}");
        own["template"] = "({{ .Prompt }})".into();
        let (status, answer) = server.post_any("/api/generate", &own).await;
        let error = "the template of this request has no place for a suffix: use .Suffix in it";
        assert_eq!((status, answer["error"].as_str()), (400, Some(error)), "{model}");
    }
}

#[tokio::test]
async fn openais_completions_insert_too() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    for (model, tokens) in [("inserts", 6), ("templated", 6), ("chats", 6)] {
        let request = json!({"model": model, "prompt": "x", "suffix": "y", "max_tokens": 3});
        let answer = server.post_json("/v1/completions", &request).await;
        assert_eq!(answer["usage"]["prompt_tokens"], tokens, "{answer}");
        assert!(answer["choices"][0]["text"].is_string());
    }
    let request = json!({"model": "plain", "prompt": "x", "suffix": "y"});
    let (status, answer) = server.post_any("/v1/completions", &request).await;
    assert_eq!(status, 400);
    let message = answer["error"]["message"].as_str().unwrap();
    assert_eq!(message, "registry.ollama.ai/library/plain:latest does not support insert");
}

#[tokio::test]
async fn a_model_that_cannot_insert_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let (status, answer) = server.post_any("/api/generate", &request("plain", "x", "y")).await;
    let error = "registry.ollama.ai/library/plain:latest does not support insert";
    assert_eq!((status, answer["error"].as_str()), (400, Some(error)));
    for (model, inserts) in [("inserts", true), ("chats", true), ("templated", true), ("plain", false)] {
        let shown = server.post_json("/api/show", &json!({"model": model})).await;
        let capabilities = shown["capabilities"].as_array().unwrap();
        assert_eq!(capabilities.contains(&json!("insert")), inserts, "{model}: {capabilities:?}");
    }
}

#[tokio::test]
async fn a_long_text_keeps_what_is_near_the_insertion() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let (before, after) = ("d".repeat(100) + "DD", "E".to_owned() + &"e".repeat(100));
    let mut long = request("inserts", &before, &after);
    long["options"] = json!({"num_ctx": 64, "num_predict": -1});
    let (tokens, answer) = prompt(&server, &long).await;
    // Half of the context is for the answer: 28 tokens beside the begin and three marks.
    assert_eq!(tokens, marked(&before[before.len() - 21..], &after[..7]));
    assert!(answer["eval_count"].as_u64().unwrap() <= 32, "the context is not shifted: {answer}");
    long["truncate"] = false.into();
    let (status, answer) = server.post_any("/api/generate", &long).await;
    assert_eq!(status, 400);
    assert!(answer["error"].as_str().unwrap().starts_with("the prompt is longer than the context length"));
}
