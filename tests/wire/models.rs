//! The routes for models: listed, copied, deleted, pulled and pushed.

use reqwest::Method;
use serde_json::json;

use crate::common::Server;
use crate::servers::stub::{Fault, Stub};
use crate::transcript::{Detail, Transcript};

fn server() -> Server {
    Server::start(&[], &[("QUIPU_NO_BUILTIN", "false")])
}

#[tokio::test]
async fn models_listed_and_loaded() {
    let empty = Server::start(&[], &[]);
    let mut transcript = Transcript::of(&empty, Detail::Shape);
    transcript.get("/api/tags").await;
    transcript.get("/api/ps").await;
    let before = transcript.finish();
    let server = server();
    let mut transcript = Transcript::of(&server, Detail::Shape);
    for path in ["/api/tags", "/api/ps"] {
        transcript.get(path).await;
        transcript.send(Method::HEAD, path, String::new()).await;
    }
    transcript.post("/api/generate", json!({"model": "chasqui", "keep_alive": -1})).await;
    transcript.get("/api/ps").await;
    insta::assert_snapshot!(before + &transcript.finish());
}

#[tokio::test]
async fn models_copied_and_deleted() {
    let server = server();
    let mut transcript = Transcript::of(&server, Detail::Shape);
    for (source, destination) in [
        ("chasqui", "mine"),
        ("nothing", "mine"),
        ("chasqui", "not/a/valid/name/at/all"),
        ("not/a/valid/name/at/all", "mine"),
        ("", ""),
    ] {
        transcript.post("/api/copy", json!({"source": source, "destination": destination})).await;
    }
    for request in [
        json!({"model": "mine"}),
        json!({"name": "chasqui"}),
        json!({"model": "mine"}),
        json!({"model": "not/a/valid/name/at/all"}),
        json!({}),
    ] {
        transcript.send(Method::DELETE, "/api/delete", request.to_string()).await;
    }
    transcript.get("/api/tags").await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn models_pulled_and_pushed() {
    let (server, stub) = (server(), Stub::start().await);
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.name(stub.host(), "(registry)");
    let (manifest, _) = stub.add_noise("little", 1000);
    for layer in manifest.blobs() {
        transcript.name(layer.digest.short(), "(12 digits)");
    }
    let transfer =
        |model: &str| json!({"model": format!("http://{}/library/{model}", stub.host()), "insecure": true});
    transcript.post("/api/pull", transfer("little")).await;
    let mut again = transfer("little");
    again["stream"] = false.into();
    transcript.post("/api/pull", again.clone()).await;
    transcript.post("/api/push", transfer("little")).await;
    transcript.post("/api/push", again.clone()).await;
    for path in ["/api/pull", "/api/push"] {
        transcript.post_both(path, transfer("nothing")).await;
        let mut secure = transfer("little");
        secure["insecure"] = false.into();
        transcript.post_both(path, secure).await;
        for name in ["", "not/a/valid/name/at/all"] {
            transcript.post_both(path, json!({"name": name})).await;
        }
    }
    stub.fail(Method::PUT, "manifests", 2, Fault::Answer(401, Vec::new(), "no"));
    transcript.post_both("/api/push", transfer("little")).await;
    insta::assert_snapshot!(transcript.finish());
}
