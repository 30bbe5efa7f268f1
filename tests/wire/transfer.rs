//! `POST /api/pull` and `/api/push`, with a registry that does what it is told.

use quipu::store::{Digest, Manifest};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::Server;
use crate::servers::stub::{Auth, Fault, Stub};
use crate::transcript::{Detail, Transcript};

const PULL: &str = "/api/pull";
const PUSH: &str = "/api/push";

/// A server without models, and a registry that has one of these weights.
async fn stage() -> (Server, Stub, Digest) {
    let (server, stub) = (Server::start(&[], &[]), Stub::start().await);
    let (manifest, _) = stub.add_noise("little", 1000);
    (server, stub, manifest.layers()[0].digest)
}

/// A transcript with names for the registry, and for the digests of its model.
fn transcript<'a>(server: &'a Server, stub: &Stub) -> Transcript<'a> {
    let mut transcript = Transcript::of(server, Detail::Shape);
    transcript.name(stub.host(), "(registry)");
    let manifest = Manifest::parse(stub.manifest("little").unwrap().to_vec()).unwrap();
    name(&mut transcript, &manifest);
    transcript
}

fn name(transcript: &mut Transcript<'_>, manifest: &Manifest) {
    transcript.name(manifest.layers()[0].digest.to_string(), "(digest of the weights)");
    for layer in manifest.blobs() {
        transcript.name(layer.digest.short(), "(12 digits)");
    }
}

/// A request about a model of the registry.
fn about(stub: &Stub, model: &str) -> Value {
    json!({"model": format!("http://{}/library/{model}", stub.host()), "insecure": true})
}

fn secure(mut request: Value) -> Value {
    request["insecure"] = false.into();
    request
}

#[tokio::test]
async fn pull() {
    let (server, stub, _) = stage().await;
    let mut transcript = transcript(&server, &stub);
    transcript.heading("A model that is not there (states that repeat themselves are left out)");
    transcript.post(PULL, about(&stub, "little")).await;
    transcript.heading("One that is");
    transcript.post_both(PULL, about(&stub, "little")).await;
    transcript.heading("By the older name of the field; user and password are of no use");
    let mut request = about(&stub, "little");
    request["name"] = request["model"].take();
    request["username"] = "ana".into();
    request["password"] = "secret".into();
    transcript.post(PULL, request).await;
    transcript.heading("A newer version takes the place of the old one");
    let (newer, _) = stub.add_noise("little", 2000);
    name(&mut transcript, &newer);
    transcript.post(PULL, about(&stub, "little")).await;
    transcript.get("/api/tags").await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn pull_fails() {
    let (server, stub, weights) = stage().await;
    let mut transcript = transcript(&server, &stub);
    transcript.heading("Names that are none");
    for model in [json!(null), json!(""), json!("not/a/valid/name/at/all"), json!("two words")] {
        transcript.post_both(PULL, json!({"model": model})).await;
    }
    transcript.heading("A registry that does not speak TLS");
    transcript.post_both(PULL, secure(about(&stub, "little"))).await;
    transcript.heading("A registry that is not there");
    let nowhere = json!({"model": "http://127.0.0.1:1/library/little", "insecure": true});
    transcript.post_both(PULL, nowhere).await;
    transcript.heading("A model that the registry does not have");
    transcript.post_both(PULL, about(&stub, "nothing")).await;
    transcript.heading("A registry that explains itself");
    let refusal = Fault::Answer(400, Vec::new(), "{\"error\":\"split models are not served\"}");
    stub.fail(Method::GET, "manifests", 2, refusal);
    transcript.post_both(PULL, about(&stub, "little")).await;
    transcript.heading("A manifest that is none");
    stub.set_manifest("damaged", "{}".into());
    transcript.post_both(PULL, about(&stub, "damaged")).await;
    transcript.heading("A layer that comes with wrong bytes");
    stub.fail(Method::GET, &weights.hex(), 2, Fault::Corrupt);
    transcript.post_both(PULL, about(&stub, "little")).await;
    transcript.heading("A layer that is gone");
    stub.replace_blob(&weights, None);
    // Whether the others were begun by then is chance.
    let mut whole = about(&stub, "little");
    whole["stream"] = false.into();
    transcript.post(PULL, whole).await;
    transcript.heading("A registry that lets nobody in");
    stub.require(Auth { admit: false, realm: None });
    transcript.post_both(PULL, about(&stub, "little")).await;
    transcript.heading("Nothing came of all that");
    transcript.get("/api/tags").await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn push() {
    let (server, stub, weights) = stage().await;
    server.post(PULL, &about(&stub, "little")).await.bytes().await.unwrap();
    let mut transcript = transcript(&server, &stub);
    transcript.heading("What the registry has is not sent again");
    transcript.post_both(PUSH, about(&stub, "little")).await;
    transcript.heading("What it does not have is, under another name too");
    stub.replace_blob(&weights, None);
    let copy =
        json!({"source": about(&stub, "little")["model"], "destination": about(&stub, "mine")["model"]});
    transcript.post("/api/copy", copy).await;
    transcript.post(PUSH, about(&stub, "mine")).await;
    assert!(stub.blob(&weights).is_some());
    assert_eq!(stub.manifest("mine"), stub.manifest("little"));
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn push_fails() {
    let (server, stub, weights) = stage().await;
    server.post(PULL, &about(&stub, "little")).await.bytes().await.unwrap();
    let mut transcript = transcript(&server, &stub);
    transcript.heading("Names that are none");
    for model in [json!(null), json!(""), json!("not/a/valid/name/at/all")] {
        transcript.post_both(PUSH, json!({"model": model})).await;
    }
    transcript.heading("A model that is not there");
    transcript.post_both(PUSH, about(&stub, "nothing")).await;
    transcript.heading("A registry that does not speak TLS");
    transcript.post_both(PUSH, secure(about(&stub, "little"))).await;
    transcript.heading("Somebody who may not change the model there");
    stub.fail(Method::PUT, "manifests", 2, Fault::Answer(401, Vec::new(), "no"));
    transcript.post_both(PUSH, about(&stub, "little")).await;
    transcript.heading("Or who may not send anything");
    stub.replace_blob(&weights, None);
    stub.fail(Method::POST, "uploads", 2, Fault::Answer(401, Vec::new(), "no"));
    transcript.post_both(PUSH, about(&stub, "little")).await;
    transcript.heading("A registry that has no room");
    stub.fail(Method::POST, "uploads", 2, Fault::Answer(413, Vec::new(), "too large"));
    transcript.post_both(PUSH, about(&stub, "little")).await;
    insta::assert_snapshot!(transcript.finish());
}
