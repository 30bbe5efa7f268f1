//! The lists of models, their second names, and their end: `/api/tags`, `/api/ps`, `/api/copy`, `/api/delete`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::Server;
use crate::servers::stub::Stub;
use crate::stage::{make, make_encoder, of, tiny, with_chasqui};
use crate::transcript::{Detail, Transcript};

#[tokio::test]
async fn models_listed_and_loaded() {
    let empty = Server::start(&[], &[]);
    let mut transcript = Transcript::of(&empty, Detail::Shape);
    transcript.heading("There are none");
    transcript.get("/api/tags").await;
    transcript.get("/api/ps").await;
    let before = transcript.finish();

    let server = with_chasqui();
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.heading("The built-in model");
    for path in ["/api/tags", "/api/ps"] {
        transcript.get(path).await;
        transcript.send(Method::HEAD, path, String::new()).await;
    }
    transcript.post("/api/generate", json!({"model": "chasqui", "keep_alive": -1})).await;
    transcript.get("/api/ps").await;
    transcript.heading("The newest comes first");
    make_encoder(&server).await;
    make(&server, "mine/tiny:1", &tiny(), json!({})).await;
    server
        .post_json(
            "/api/create",
            &json!({"model": "bard", "from": "mine/tiny:1", "system": "Be brief.", "stream": false}),
        )
        .await;
    transcript.get("/api/tags").await;
    transcript.heading("The one that stays longest comes first");
    for (model, keep_alive) in [("encoder", "5m"), ("bard", "1h")] {
        transcript.post("/api/embed", of(model, json!({"input": "", "keep_alive": keep_alive}))).await;
    }
    transcript.get("/api/ps").await;
    insta::assert_snapshot!(before + &transcript.finish());
}

/// What a model has that runs elsewhere: no weights.
#[tokio::test]
async fn a_model_without_weights() {
    let (server, stub) = (Server::start(&[], &[]), Stub::start().await);
    stub.add_model("elsewhere", &[]);
    let name = format!("http://{}/library/elsewhere", stub.host());
    server.post_json("/api/pull", &json!({"model": name, "insecure": true, "stream": false})).await;
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.name(stub.host(), "(registry)");
    transcript.get("/api/tags").await;
    transcript.post("/api/show", json!({"model": name})).await;
    transcript.post_both("/api/generate", json!({"model": name, "prompt": "hi"})).await;
    transcript.post_both("/api/chat", json!({"model": name, "messages": []})).await;
    transcript.post("/api/embed", json!({"model": name, "input": "hi"})).await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn models_copied_and_deleted() {
    let server = with_chasqui();
    make(&server, "tiny", &tiny(), json!({})).await;
    let mut transcript = Transcript::of(&server, Detail::Shape);
    let copy = |source: &str, destination: &str| json!({"source": source, "destination": destination});
    transcript.heading("A second name, in any letter case, and for itself");
    let requests = [
        copy("chasqui", "mine"),
        copy("CHASQUI:latest", "mine/copy:2"),
        copy("tiny", "mine"),
        copy("mine", "mine"),
    ];
    transcript.post_all("/api/copy", requests).await;
    transcript.get("/api/tags").await;
    transcript.heading("Names that are not there, or are none");
    let bad = "not/a/valid/name/at/all";
    let requests = [copy("nothing", "mine"), copy("tiny", bad), copy(bad, "mine"), copy("", ""), json!({})];
    transcript.post_all("/api/copy", requests).await;
    transcript
        .post_all("/api/copy", [json!({"source": null}), json!({"source": 5}), json!({"source": "tiny"})])
        .await;
    transcript.heading("Deleted, by either name of the field");
    for request in [
        json!({"model": "mine"}),
        json!({"name": "chasqui"}),
        json!({"model": "", "name": "MINE/copy:2"}),
        json!({"model": "mine"}),
        json!({"model": bad}),
        json!({"model": ""}),
        json!({}),
    ] {
        delete(&mut transcript, &request).await;
    }
    transcript.heading("One that is loaded");
    transcript.post("/api/generate", json!({"model": "tiny"})).await;
    delete(&mut transcript, &json!({"model": "tiny"})).await;
    transcript.post("/api/generate", json!({"model": "tiny"})).await;
    transcript.get("/api/tags").await;
    insta::assert_snapshot!(transcript.finish());
}

async fn delete(transcript: &mut Transcript<'_>, request: &Value) {
    transcript.send(Method::DELETE, "/api/delete", request.to_string()).await;
}
