//! `POST /api/embed` and `/api/embeddings`.

use serde_json::{Value, json};

use crate::common::Server;
use crate::stage::{file, make, make_encoder, of, tiny, upload};
use crate::transcript::{Detail, Transcript};

const EMBED: &str = "/api/embed";
const EMBEDDINGS: &str = "/api/embeddings";

/// A request to the mock engine.
fn mock(fields: Value) -> Value {
    of("mock", fields)
}

#[tokio::test]
async fn embed() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.heading("A text, and several");
    for request in [
        json!({"input": "hi"}),
        json!({"input": ["hi"]}),
        json!({"input": ["hi", "", "there"], "keep_alive": "1m"}),
        json!({"input": "hi", "stream": true}),
    ] {
        transcript.post(EMBED, mock(request)).await;
    }
    transcript.heading("Shorter vectors: cut, and then made as long as 1 again");
    for dimensions in [json!(3), json!(0), json!(8), json!(100), json!(-1), json!(null)] {
        transcript.post(EMBED, mock(json!({"input": "hi", "dimensions": dimensions}))).await;
    }
    transcript.heading("A text that is too long is cut");
    for (num_ctx, truncate) in [(3, json!(true)), (3, json!(null)), (0, json!(true)), (9, json!(false))] {
        let request = json!({"input": "hi there", "truncate": truncate, "options": {"num_ctx": num_ctx}});
        transcript.post(EMBED, mock(request)).await;
    }
    transcript.heading("No text: the model is loaded");
    for request in [json!({"input": ""}), json!({"input": []}), json!({"input": null}), json!({})] {
        transcript.post(EMBED, mock(request)).await;
    }
    insta::assert_snapshot!(transcript.finish());
    // All but those that had no text.
    let ended = "quipu_request_success_total{model=\"mock:latest\",finished_reason=\"stop\"}";
    assert_eq!(server.metric(ended).await, 14.0);
    let failed = "quipu_request_failures_total{model=\"mock:latest\",cause=\"refused\"}";
    assert_eq!(server.metric(failed).await, 0.0);
}

#[tokio::test]
async fn embed_refuses() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    let long = "x".repeat(4096);
    transcript.name(long.clone(), "(4096 letters)");
    transcript.heading("Models that are not there");
    for model in [json!(null), json!(""), json!("no"), json!("not/a/valid/name/at/all")] {
        transcript.post(EMBED, json!({"model": model, "input": "hi"})).await;
    }
    transcript.heading("What is no text");
    for input in
        [json!(5), json!(true), json!([1, 2]), json!(["hi", 5]), json!([["hi"]]), json!({"text": "hi"})]
    {
        transcript.post(EMBED, mock(json!({"input": input}))).await;
    }
    transcript.heading("It is looked at before the model is");
    transcript.post(EMBED, json!({"model": "no", "input": 5})).await;
    transcript.heading("Texts that are too long, if they may not be cut");
    for request in [
        json!({"input": "hi there", "truncate": false, "options": {"num_ctx": 3}}),
        json!({"input": ["a", "hi there"], "truncate": false, "options": {"num_ctx": 3}}),
        json!({"input": "hi", "truncate": false, "options": {"num_ctx": 1}}),
        json!({"input": long, "truncate": false}),
    ] {
        transcript.post(EMBED, mock(request)).await;
    }
    transcript.heading("No room for a single token");
    transcript.post(EMBED, mock(json!({"input": "hi", "options": {"num_ctx": 1}}))).await;
    transcript.heading("Values that have no meaning");
    for request in [
        json!({"input": "hi", "keep_alive": "300"}),
        json!({"input": "hi", "keep_alive": true}),
        json!({"input": "hi", "dimensions": "few"}),
        json!({"input": "hi", "truncate": "yes"}),
        json!({"input": "hi", "options": {"num_ctx": "3"}}),
        json!({"input": "hi", "options": {"num_ctx": -1}}),
    ] {
        transcript.post(EMBED, mock(request)).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn embeddings() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.heading("The vector as the model makes it: of any length");
    for request in
        [json!({"prompt": "hi"}), json!({"prompt": "hi", "keep_alive": "1m", "options": {"num_ctx": 3}})]
    {
        transcript.post(EMBEDDINGS, mock(request)).await;
    }
    transcript.heading("No text: the model is loaded");
    for request in [json!({"prompt": ""}), json!({"prompt": null}), json!({}), json!({"input": "hi"})] {
        transcript.post(EMBEDDINGS, mock(request)).await;
    }
    transcript.heading("What the engine refuses is the server's fault here");
    transcript.post(EMBEDDINGS, mock(json!({"prompt": "hi there", "options": {"num_ctx": 3}}))).await;
    transcript.heading("What is refused before");
    for request in [
        json!({"model": null, "prompt": "hi"}),
        json!({"model": "no", "prompt": "hi"}),
        json!({"model": "mock", "prompt": ["hi"]}),
        json!({"model": "mock", "prompt": "hi", "keep_alive": true}),
        json!({"model": "mock", "prompt": "hi", "options": {"num_ctx": "3"}}),
    ] {
        transcript.post(EMBEDDINGS, request).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn models_that_make_vectors() {
    let server = Server::start(&[], &[]);
    make_encoder(&server).await;
    make(&server, "tiny", &tiny(), json!({})).await;
    // The last tensor of its file is one of the last layer.
    let mut broken = file(&tiny());
    let end = broken.len();
    broken[end - 4096..].fill(0xFF);
    let digest = upload(&server, broken).await;
    let request = json!({"model": "broken", "files": {"model.gguf": digest}, "stream": false});
    server.post_json("/api/create", &request).await;
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.heading("An encoder, and a model that writes");
    for model in ["encoder", "tiny"] {
        for input in [json!("hi"), json!(["hi", "there"]), json!("")] {
            transcript.post(EMBED, of(model, json!({"input": input}))).await;
        }
        transcript.post(EMBEDDINGS, of(model, json!({"prompt": "hi"}))).await;
    }
    transcript.heading("One whose weights are no numbers");
    transcript.post(EMBED, of("broken", json!({"input": "hi"}))).await;
    transcript.post(EMBEDDINGS, of("broken", json!({"prompt": "hi"}))).await;
    insta::assert_snapshot!(transcript.finish());
}
