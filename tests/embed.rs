//! Vectors of texts: what clients see on the wire, with the mock engine, with encoders, and with a model that also writes.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::{HeldEngine, Server, cosine, numbers};
use futures_util::future::join_all;
use quipu_llama::{Embedder, EmbedderParams, Model, ModelParams, Pooling, Token};
use serde_json::{Value, json};

/// Requests and answers as a text: vectors are rounded, durations have no value.
async fn transcript(server: &Server, exchanges: &[(&str, Value)]) -> String {
    let mut text = String::new();
    for (path, request) in exchanges {
        let (status, mut answer) = server.post_any(path, request).await;
        settle(&mut answer);
        text += &format!("POST {path} {request}\n{status} {answer}\n\n");
    }
    text
}

fn settle(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(settle),
        Value::Object(fields) => {
            for (name, field) in fields {
                if name.ends_with("_duration") {
                    assert!(field.as_u64().unwrap() > 0, "{name}");
                    *field = "(ns)".into();
                } else {
                    settle(field);
                }
            }
        }
        Value::Number(number) if number.is_f64() => {
            *value = json!((number.as_f64().unwrap() * 1e4).round() / 1e4);
        }
        _ => {}
    }
}

#[tokio::test]
async fn many_texts_of_many_clients_come_back_to_whom_they_belong() {
    let server = Server::mock(&["--batch-tokens", "64"]).await;
    let embed = |input: Value| {
        let server = &server;
        async move { server.post_json("/api/embed", &json!({"model": "mock", "input": input})).await }
    };
    let clients = (0..20).map(|client| {
        let texts: Vec<String> =
            (0..client * 7 % 30).map(|i| format!("{client} {}", "long ".repeat(i))).collect();
        let embed = &embed;
        async move {
            let all = embed(json!(texts)).await;
            for (i, text) in texts.iter().enumerate().step_by(5) {
                assert_eq!(all["embeddings"][i], embed(json!(text)).await["embeddings"][0]);
            }
            assert_eq!(all["embeddings"].as_array().unwrap().len(), texts.len());
        }
    });
    join_all(clients).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_takes_its_request_along() {
    let server = Server::mock(&[]).await;
    let engine = HeldEngine::of(&server);
    let request = json!({"model": "mock", "input": vec!["text"; 1000]});
    let pending = server.client.post(server.url("/api/embed")).json(&request);
    pending.timeout(Duration::from_millis(200)).send().await.unwrap_err();
    let aborted = "quipu_request_success_total{model=\"mock:latest\",finished_reason=\"abort\"}";
    while server.metric(aborted).await < 1.0 {}
    drop(engine);
    server.post_json("/api/embed", &json!({"model": "mock", "input": "hi"})).await;
}

/// A server with a tiny encoder of random weights, and what transformers computes with it.
async fn encoder(name: &str) -> (Server, Value) {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name);
    let server = Server::start(&["--threads", "1"], &[]);
    let created = Command::new(env!("CARGO_BIN_EXE_quipu"))
        .args(["create", "encoder"])
        .current_dir(case.join("checkpoint"))
        .env("QUIPU_HOST", &server.base)
        .output()
        .unwrap();
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
    let reference = std::fs::read(case.join("reference.json")).unwrap();
    (server, serde_json::from_slice(&reference).unwrap())
}

#[tokio::test]
async fn encoders_give_the_vectors_of_transformers() {
    for name in ["bert", "roberta", "xlm-roberta", "nomic"] {
        let (server, reference) = encoder(name).await;
        let known = reference["embeddings"].as_array().unwrap();
        let texts: Vec<&Value> = known.iter().map(|entry| &entry["text"]).collect();
        let tokens: usize = known.iter().map(|entry| entry["ids"].as_array().unwrap().len()).sum();
        let all = server.post_json("/api/embed", &json!({"model": "encoder", "input": texts})).await;
        assert_eq!(all["prompt_eval_count"], tokens, "{name}");
        for (entry, vector) in known.iter().zip(all["embeddings"].as_array().unwrap()) {
            let alike = cosine(&numbers(vector), &numbers(&entry["values"]));
            assert!(alike > 0.9999, "{name}, {}: {alike}", entry["text"]);
        }
    }
}

#[tokio::test]
async fn an_encoder_makes_vectors_and_does_not_write() {
    let (server, _) = encoder("bert").await;
    let shown = server.post_json("/api/show", &json!({"model": "encoder"})).await;
    assert_eq!(shown["capabilities"], json!(["embedding"]));
    let messages = json!([{"role": "user", "content": "hi"}]);
    let exchanges = [
        ("/api/generate", json!({"model": "encoder", "prompt": "hi"})),
        ("/api/generate", json!({"model": "encoder"})),
        ("/api/chat", json!({"model": "encoder", "messages": messages})),
        ("/api/chat", json!({"model": "encoder"})),
        ("/v1/chat/completions", json!({"model": "encoder", "messages": messages})),
        ("/v1/completions", json!({"model": "encoder", "prompt": "hi"})),
        ("/api/embed", json!({"model": "encoder", "input": ""})),
    ];
    insta::assert_snapshot!(transcript(&server, &exchanges).await);
    let loaded: Value = server.get("/api/ps").await.json().await.unwrap();
    assert_eq!(loaded["models"][0]["name"], "encoder:latest");
    let unloaded = server.post_json("/api/generate", &json!({"model": "encoder", "keep_alive": 0})).await;
    assert_eq!(unloaded["done_reason"], "unload");
}

fn chasqui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/chasqui/chasqui.gguf")
}

#[tokio::test]
async fn a_model_that_writes_makes_vectors_beside_its_answers() {
    let model = format!("{},name=chasqui", chasqui().display());
    let server = Server::start(&["--model", &model, "--threads", "1"], &[]);
    let embed = |input: Value| {
        let server = &server;
        async move {
            let answer = server.post_json("/api/embed", &json!({"model": "chasqui", "input": input})).await;
            answer["embeddings"].as_array().unwrap().iter().map(numbers).collect::<Vec<_>>()
        }
    };
    let texts: Vec<String> =
        (0..12).map(|i| format!("What is {i} + {}? {}", i * i, "And then? ".repeat(i))).collect();
    let mut alone = Vec::new();
    for text in &texts {
        alone.push(embed(json!(text)).await.remove(0));
    }
    assert_eq!(embed(json!(texts[0])).await[0], alone[0], "the same again");
    assert!(cosine(&alone[0], &alone[5]) < 0.9999, "different texts differ");
    let write = |i: u32| {
        let request = json!({"model": "chasqui", "prompt": format!("Tell me about {i}"), "raw": true, "stream": false,
            "options": {"temperature": 0, "num_predict": 60}});
        let server = &server;
        async move { server.post_json("/api/generate", &request).await["response"].clone() }
    };
    let undisturbed = write(0).await;
    let (answers, vectors) =
        tokio::join!(join_all([0, 0, 0].map(write)), join_all(texts.iter().map(|t| embed(json!(t)))));
    assert_eq!(answers.len(), 3);
    assert_eq!(write(0).await, undisturbed, "vectors leave nothing behind in the pool");
    let batch = embed(json!(texts)).await;
    for ((alone, company), batched) in alone.iter().zip(vectors).zip(batch) {
        assert!(cosine(alone, &company[0]) > 0.9999);
        assert!(cosine(alone, &batched) > 0.9999);
    }
}

#[tokio::test]
async fn the_memory_that_vectors_take_is_counted() {
    let model = format!("{},name=chasqui", chasqui().display());
    let server = Server::start(&["--model", &model], &[]);
    let size = async || {
        let loaded: Value = server.get("/api/ps").await.json().await.unwrap();
        loaded["models"][0]["size"].as_u64().unwrap()
    };
    let embed = async |input: &str| {
        server.post_json("/api/embed", &json!({"model": "chasqui", "input": input})).await;
    };
    let more_than = async |before: u64| {
        let grown = async {
            while size().await <= before {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), grown).await.expect("it is counted");
        size().await
    };
    server.post_json("/api/generate", &json!({"model": "chasqui", "prompt": "Hi", "stream": false})).await;
    let writing = size().await;
    embed("short").await;
    let short = more_than(writing).await;
    embed(&"a long text ".repeat(300)).await;
    let long = more_than(short).await;
    embed("short").await;
    assert_eq!(size().await, long, "a context that is large enough stays");
}

#[test]
fn a_text_of_several_passes_has_the_vector_that_one_pass_gives() {
    let model =
        Model::load(&chasqui(), &ModelParams { gpu_layers: Some(0), count: false }, &mut |_| true).unwrap();
    let text = "The runner carries a knot for every word of the message. ".repeat(20);
    let tokens = model.vocab().tokenize(&text, true, true).unwrap();
    assert!(tokens.len() > 150, "{}", tokens.len());
    let embed = |batch_tokens, pooling| {
        let params =
            EmbedderParams { batch_tokens, text_tokens: 1024, texts: 1, threads: 1, pooling: Some(pooling) };
        let mut embedder = Embedder::new(&model, &params).unwrap();
        let vector = embedder.embed(&[&tokens]).unwrap().remove(0);
        vector.into_iter().map(f64::from).collect::<Vec<_>>()
    };
    let poolings = [Pooling::Mean, Pooling::First, Pooling::Last];
    let whole = poolings.map(|pooling| embed(1024, pooling));
    for (pooling, whole) in poolings.into_iter().zip(&whole) {
        let alike = cosine(&embed(64, pooling), whole);
        assert!(alike > 0.9999, "{pooling:?}: {alike}");
    }
    assert!(cosine(&whole[0], &whole[2]) < 0.999 && cosine(&whole[1], &whole[2]) < 0.999);
}

#[test]
fn what_would_make_llama_cpp_abort_is_refused() {
    let model =
        Model::load(&chasqui(), &ModelParams { gpu_layers: Some(0), count: false }, &mut |_| true).unwrap();
    let params = EmbedderParams { batch_tokens: 64, text_tokens: 128, texts: 2, threads: 1, pooling: None };
    let error = Embedder::new(&model, &params).err().unwrap().to_string();
    assert!(error.ends_with("the model does not make one vector of a text"), "{error}");
    let wrong = EmbedderParams { text_tokens: 63, ..params.clone() };
    assert!(Embedder::new(&model, &wrong).is_err());
    let mut embedder =
        Embedder::new(&model, &EmbedderParams { pooling: Some(Pooling::Last), ..params }).unwrap();
    let unknown = model.vocab().len();
    let refused: [&[&[Token]]; 6] =
        [&[], &[&[]], &[&[unknown]], &[&[1; 129]], &[&[1; 60], &[1; 5]], &[&[1], &[1], &[1]]];
    for texts in refused {
        assert!(embedder.embed(texts).is_err());
    }
    assert_eq!(embedder.embed(&[&[1; 60], &[1; 4]]).unwrap().len(), 2);
}
