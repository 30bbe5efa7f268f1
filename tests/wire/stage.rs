//! What the transcripts have in common: requests, files, and models that are made of them.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::common::Server;
use crate::tiny::{Tiny, WIDTH};

/// A request to the mock engine with a short answer.
pub(crate) fn mock(fields: Value) -> Value {
    with(json!({"model": "mock", "options": {"temperature": 0, "num_predict": 3}}), fields)
}

/// A request about a model.
pub(crate) fn of(model: &str, fields: Value) -> Value {
    with(json!({"model": model}), fields)
}

fn with(mut request: Value, fields: Value) -> Value {
    request.as_object_mut().unwrap().append(&mut fields.as_object().unwrap().clone());
    request
}

/// A conversation of one message.
pub(crate) fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

/// A tool that asks for the weather.
pub(crate) fn tool() -> Value {
    json!({"type": "function", "function": {
        "name": "get_weather",
        "description": "Get the weather in a city.",
        "parameters": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string", "description": "The city"}}},
    }})
}

/// A server with the built-in model and no other.
pub(crate) fn with_chasqui() -> Server {
    Server::start(&[], &[("QUIPU_NO_BUILTIN", "false")])
}

/// A model that writes, with random weights, whose tokens are bytes and some special ones.
pub(crate) fn tiny() -> Tiny {
    let model = Tiny::new("llama").pairs("gpt-2").set("tokenizer.ggml.add_bos_token", true);
    (0..2).fold(model, |model, layer| {
        model.attention(layer, 8).layer(layer, &[("ffn_norm", &[WIDTH])]).feed_forward(layer)
    })
}

/// A file that says of itself that it sees.
pub(crate) fn eyes() -> Tiny {
    Tiny::new("clip").set("general.type", "mmproj").set("clip.has_vision_encoder", true)
}

/// The bytes of a model's file.
pub(crate) fn file(model: &Tiny) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    model.write(&path);
    std::fs::read(path).unwrap()
}

/// `sha256:…`
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Uploads a file, and returns its digest.
pub(crate) async fn upload(server: &Server, bytes: Vec<u8>) -> String {
    let digest = digest_of(&bytes);
    let request = server.client.post(server.url(&format!("/api/blobs/{digest}"))).body(bytes);
    assert!(request.send().await.unwrap().status().is_success());
    digest
}

/// Makes a model of a file, with what else the request says.
pub(crate) async fn make(server: &Server, name: &str, model: &Tiny, fields: Value) {
    let digest = upload(server, file(model)).await;
    let request = with(json!({"model": name, "files": {"model.gguf": digest}, "stream": false}), fields);
    server.post_json("/api/create", &request).await;
}

/// Uploads a checkpoint of the tests' data; returns names and digests of its files.
pub(crate) async fn upload_checkpoint(server: &Server, name: &str) -> Value {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name).join("checkpoint");
    let mut files = Map::new();
    for path in files_below(&folder) {
        let relative = path.strip_prefix(&folder).unwrap().display().to_string();
        files.insert(relative, upload(server, std::fs::read(&path).unwrap()).await.into());
    }
    files.into()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Makes `encoder`, which makes vectors and does not write.
pub(crate) async fn make_encoder(server: &Server) {
    let files = upload_checkpoint(server, "bert").await;
    server.post_json("/api/create", &json!({"model": "encoder", "files": files, "stream": false})).await;
}
