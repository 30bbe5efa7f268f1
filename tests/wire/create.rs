//! Making models: `/api/blobs` and `POST /api/create`.

use std::io::Write;

use quipu::gguf::{GgufWriter, TensorType};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::Server;
use crate::servers::stub::Stub;
use crate::servers::tls::Tls;
use crate::stage::{digest_of, eyes, file, make, of, tiny, upload, upload_checkpoint};
use crate::tiny::WIDTH;
use crate::transcript::{Detail, Transcript};

const PATH: &str = "/api/create";

/// Nobody has a file of this digest.
fn absent() -> String {
    format!("sha256:{}", "0".repeat(64))
}

#[tokio::test]
async fn blobs() {
    let server = Server::start(&[], &[]);
    let mut transcript = Transcript::of(&server, Detail::Exact);
    let (digest, other) = (digest_of(b"a file"), digest_of(b"another"));
    transcript.name(digest.clone(), "(digest of \"a file\")");
    transcript.name(other.clone(), "(digest of \"another\")");
    let path = |digest: &str| format!("/api/blobs/{digest}");
    transcript.heading("One that is not there is stored, and then it is");
    for (method, body) in
        [(Method::HEAD, ""), (Method::POST, "a file"), (Method::HEAD, ""), (Method::POST, "a file")]
    {
        transcript.send(method, &path(&digest), body.into()).await;
    }
    transcript.heading("One that is not what its name says is not stored");
    transcript.send(Method::POST, &path(&other), "a file".into()).await;
    transcript.send(Method::POST, &path(&other), String::new()).await;
    transcript.send(Method::HEAD, &path(&other), String::new()).await;
    transcript.heading("What is no digest");
    for text in ["sha256:12", "sha512:12", "latest", "sha256:..%2F..%2Fetc"] {
        transcript.send(Method::HEAD, &path(text), String::new()).await;
        transcript.send(Method::POST, &path(text), "a file".into()).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn models_made_of_models() {
    let server = Server::start(&[], &[]);
    make(&server, "base", &tiny(), json!({"system": "Be brief.", "license": "MIT"})).await;
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.heading("All layers stay, and what the request says comes in their place or beside them");
    transcript.post(PATH, json!({"model": "same", "from": "base"})).await;
    let parts = json!({
        "name": "mine/bard:1", "from": "BASE:latest", "system": "Be kind.", "license": ["MIT", "BSD"],
        "template": "{{ .System }} {{ .Prompt }}", "parameters": {"top_p": 0.5, "stop": ["a"]},
        "messages": [{"role": "user", "content": "Hi"}], "requires": "0.14.0",
    });
    transcript.post(PATH, parts.clone()).await;
    transcript.heading("The same again, and in one piece");
    transcript.post(PATH, parts).await;
    transcript
        .post(PATH, json!({"model": "mine/bard:1", "from": "mine/bard:1", "system": "", "stream": false}))
        .await;
    transcript.heading("Other types of weights");
    transcript.post(PATH, json!({"model": "small", "from": "base", "quantize": "q8_0"})).await;
    transcript
        .post(PATH, json!({"model": "small", "from": "base", "quantization": "F16", "stream": false}))
        .await;
    transcript.post(PATH, json!({"model": "same", "from": "base", "quantize": "F32"})).await;
    insta::assert_snapshot!(transcript.finish());
}

/// The tiny model in two parts.
fn halves() -> [Vec<u8>; 2] {
    let half = |no: u16, name: &str| {
        let writer = GgufWriter::new()
            .metadata("general.architecture", "llama")
            .metadata("split.no", no)
            .metadata("split.count", 2_u16)
            .metadata("split.tensors.count", 2_i32)
            .tensor(name, [WIDTH], TensorType::F32);
        let mut writer = writer.start(Vec::new()).unwrap();
        writer.write(&[0; WIDTH as usize * 4]).unwrap();
        writer.finish().unwrap()
    };
    [half(0, "output_norm.weight"), half(1, "blk.0.attn_norm.weight")]
}

/// An adapter for the tiny model.
fn adapter() -> Vec<u8> {
    let writer = GgufWriter::new()
        .metadata("general.architecture", "llama")
        .metadata("general.type", "adapter")
        .metadata("adapter.type", "lora")
        .metadata("adapter.lora.alpha", 1.0_f32)
        .tensor("blk.0.attn_q.weight.lora_a", [WIDTH, 2], TensorType::F32)
        .tensor("blk.0.attn_q.weight.lora_b", [2, 32], TensorType::F32);
    let mut writer = writer.start(Vec::new()).unwrap();
    for _ in 0..2 {
        writer.write(&[0; WIDTH as usize * 2 * 4]).unwrap();
    }
    writer.finish().unwrap()
}

#[tokio::test]
async fn models_made_of_files() {
    let server = Server::start(&[], &[]);
    let weights = upload(&server, file(&tiny())).await;
    let [first, second] = halves();
    let (first, second) = (upload(&server, first).await, upload(&server, second).await);
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.name(weights.clone(), "(digest of the weights)");
    transcript.heading("A GGUF as it is, line by line and in one piece");
    transcript.post(PATH, json!({"model": "tiny", "files": {"tiny.gguf": weights}})).await;
    transcript.post(PATH, json!({"model": "tiny", "files": {"tiny.gguf": weights}, "stream": false})).await;
    transcript.heading("With what sees for it");
    let eyes = upload(&server, file(&eyes())).await;
    transcript.post(PATH, json!({"model": "seer", "files": {"eyes.gguf": eyes, "tiny.gguf": weights}})).await;
    transcript.heading("With an adapter, and with a model that drafts for it");
    let adapter = upload(&server, adapter()).await;
    transcript
        .post(PATH, json!({"model": "tuned", "from": "tiny", "adapters": {"lora.gguf": adapter}}))
        .await;
    let drafts = json!({"from": "tiny", "draft_files": {"draft.gguf": weights}, "draft_quantize": "q8_0"});
    transcript.post(PATH, of("drafter", drafts)).await;
    transcript.heading("In two parts");
    let files = json!({"m-00001-of-00002.gguf": first, "m-00002-of-00002.gguf": second});
    transcript.post(PATH, json!({"model": "merged", "files": files})).await;
    transcript.heading("A checkpoint, converted");
    let files = upload_checkpoint(&server, "bert").await;
    transcript.post(PATH, json!({"model": "encoder", "files": files})).await;
    transcript.heading("With a chat template that is known, and quantized at once");
    let chatml = include_str!("../../src/chat/go/known/chatml.jinja");
    let talker = upload(&server, file(&tiny().set("tokenizer.chat_template", chatml))).await;
    transcript
        .post(PATH, json!({"model": "talker", "files": {"talker.gguf": talker}, "quantize": "Q8_0"}))
        .await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn create_refuses() {
    let server = Server::start(&[], &[]);
    make(&server, "base", &tiny(), json!({})).await;
    make(&server, "small", &tiny(), json!({"quantize": "q8_0"})).await;
    let whole = file(&tiny());
    let weights = upload(&server, whole.clone()).await;
    let half = upload(&server, whole[..whole.len() / 2].to_vec()).await;
    let junk = upload(&server, b"this is no model".to_vec()).await;
    let odd = upload(&server, file(&tiny().set("general.type", "song"))).await;
    let config = upload(&server, br#"{"architectures": ["Martian"]}"#.to_vec()).await;
    let [first, _] = halves();
    let first = upload(&server, first).await;
    let absent = absent();
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.name(absent.clone(), "(absent digest)");
    transcript.heading("Names that are none");
    for request in [
        json!({"from": "base"}),
        json!({"model": "not/a/valid/name/at/all", "from": "base"}),
        json!({"model": "two words", "from": "base"}),
        json!({"model": "bad", "from": "not/a/valid/name/at/all"}),
    ] {
        transcript.post_both(PATH, request).await;
    }
    transcript.heading("Nothing to make it of");
    for request in [json!({}), json!({"from": ""}), json!({"system": "Be brief."}), json!({"files": {}})] {
        transcript.post_both(PATH, of("bad", request)).await;
    }
    transcript.heading("Files that are not there, or not what they should be");
    for files in [
        json!({"x.gguf": absent}),
        json!({"x.gguf": junk}),
        json!({"x.gguf": half}),
        json!({"x.gguf": odd}),
        json!({"x.gguf": "sha256:12"}),
        json!({"../x.gguf": weights}),
        json!({"/x.gguf": weights}),
        json!({"a.gguf": weights, "b.gguf": weights}),
        json!({"config.json": config}),
        json!({"x.safetensors": junk}),
        json!({"x.safetensors": junk, "config.json": config}),
        json!({"m-00001-of-00002.gguf": first, "m-00002-of-00002.gguf": first}),
    ] {
        transcript.post_both(PATH, json!({"model": "bad", "files": files})).await;
    }
    transcript.heading("Adapters and models that draft");
    for fields in [
        json!({"adapters": {"a.gguf": absent}}),
        json!({"adapters": {"a.gguf": weights}}),
        json!({"adapters": {"a.gguf": weights, "b.gguf": weights}}),
        json!({"draft_files": {"d.gguf": absent}}),
        json!({"draft_files": {"d.gguf": junk}}),
        json!({"draft_quantize": "q8_0"}),
    ] {
        transcript.post_both(PATH, with_base(fields)).await;
    }
    transcript.heading("Types of weights");
    transcript.post_both(PATH, with_base(json!({"quantize": "q9"}))).await;
    transcript.post_both(PATH, json!({"model": "bad", "from": "small", "quantize": "q4_0"})).await;
    transcript.heading("What is said around the weights");
    for fields in [
        json!({"template": "{{ .Prompt"}),
        json!({"template": "{{ .Prompt | shout }}"}),
        json!({"license": 5}),
        json!({"license": ["MIT", 5]}),
        json!({"parameters": {"top_k": "many"}}),
        json!({"parameters": ["top_k"]}),
        json!({"messages": [{"content": "Hi"}]}),
        json!({"messages": "Hi"}),
        json!({"remote_host": "https://ollama.com"}),
        json!({"in_place": {"x.gguf": "x.gguf"}}),
    ] {
        transcript.post_both(PATH, with_base(fields)).await;
    }
    transcript.heading("Nothing came of all that");
    transcript.get("/api/tags").await;
    insta::assert_snapshot!(transcript.finish());
}

fn with_base(fields: Value) -> Value {
    let mut request = of("bad", fields);
    request["from"] = "base".into();
    request
}

#[tokio::test]
async fn models_made_of_models_that_are_pulled_first() {
    let stub = Stub::start().await;
    let manifest = stub.add_model("base", &[file(&tiny()).into()]);
    let tls = Tls::start(Stub::router(&stub.shared)).await;
    let mut certificate = tempfile::NamedTempFile::new().unwrap();
    certificate.write_all(tls.certificate.as_bytes()).unwrap();
    let server = Server::start(&[], &[("SSL_CERT_FILE", certificate.path().to_str().unwrap())]);
    let registry = format!("localhost:{}", tls.address.port());
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.name(registry.clone(), "(registry)");
    transcript.name(manifest.layers()[0].digest.to_string(), "(digest of the weights)");
    for layer in manifest.blobs() {
        transcript.name(layer.digest.short(), "(12 digits)");
    }
    let request = |base: &str| json!({"model": "mine", "from": format!("{registry}/library/{base}"), "system": "Be brief."});
    transcript.heading("One that is not there is pulled first");
    transcript.post(PATH, request("base")).await;
    transcript.post(PATH, request("base")).await;
    transcript.heading("If there is one");
    transcript.post_both(PATH, request("nothing")).await;
    transcript.heading("And its registry speaks TLS, as it must");
    let mut plain = request("base");
    plain["from"] = format!("http://{}/library/nothing", stub.host()).into();
    transcript.name(stub.host(), "(other registry)");
    transcript.post_both(PATH, plain).await;
    insta::assert_snapshot!(transcript.finish());
}
