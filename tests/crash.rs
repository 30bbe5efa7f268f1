//! `kill -9` at random moments while models are made and deleted: the store is valid afterwards, and nothing is lost.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod common;
#[path = "common/registry/mod.rs"]
mod servers;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::{Server, stories};
use proptest::prelude::{Rng, RngExt};
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};
use servers::docker::Docker;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const ROUNDS: usize = 50;

fn hex_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Every manifest can be read and has its blobs, whole, and every blob is what its name says.
fn check(home: &TempDir) -> Vec<PathBuf> {
    let models = home.path().join(".quipu/models");
    for blob in files(&models.join("blobs")) {
        let name = blob.file_name().unwrap().to_str().unwrap();
        // Downloads that were interrupted have names of their own.
        if let Some(hex) = name.strip_prefix("sha256-").filter(|hex| hex.len() == 64) {
            assert_eq!(hex_of(&std::fs::read(&blob).unwrap()), hex, "{name}");
        }
    }
    let manifests: Vec<_> = files(&models.join("manifests"))
        .into_iter()
        .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'))
        .collect();
    for path in &manifests {
        let manifest: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let layers = manifest["layers"].as_array().unwrap().iter().chain([&manifest["config"]]);
        for layer in layers {
            let blob = layer["digest"].as_str().unwrap().replace(':', "-");
            let size = std::fs::metadata(models.join("blobs").join(&blob)).map(|meta| meta.len());
            assert_eq!(size.ok(), layer["size"].as_u64(), "{blob} of {}", path.display());
        }
    }
    manifests
}

async fn upload(server: &Server, path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let digest = format!("sha256:{}", hex_of(&bytes));
    let url = server.url(&format!("/api/blobs/{digest}"));
    assert!(server.client.post(&url).body(bytes).send().await.unwrap().status().is_success());
    digest
}

/// Lets a request run for a random while, kills the server, and waits for its end.
async fn interrupt(mut server: Server, request: reqwest::RequestBuilder, random: &mut TestRng) {
    let moment = Duration::from_micros(random.random_range(0..20_000));
    let _ = tokio::time::timeout(moment, async { request.send().await?.bytes().await }).await;
    server.signal("KILL");
    server.wait();
}

fn random() -> TestRng {
    let seed = std::process::id().to_le_bytes().repeat(8);
    println!("seed {seed:?}");
    TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
}

fn home() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

#[tokio::test]
async fn a_killed_create_leaves_the_old_model_or_the_new_one() {
    let Some(path) = stories() else { return };
    let (home, mut random) = (home(), random());
    for round in 0..ROUNDS {
        let server = Server::start_in(Arc::clone(&home), &[], &[]);
        let digest = upload(&server, &path).await;
        let request = json!({
            "model": "m", "files": {"m.gguf": digest}, "system": format!("round {round}"),
            "license": [random.next_u64().to_string()],
        });
        let request = server.client.post(server.url("/api/create")).json(&request);
        interrupt(server, request, &mut random).await;
        check(&home);
    }
    let server = Server::start_in(Arc::clone(&home), &[], &[]);
    let digest = upload(&server, &path).await;
    server.post_lines("/api/create", &json!({"model": "m", "files": {"m.gguf": digest}})).await;
    assert_eq!(check(&home).len(), 1);
    let request = json!({"model": "m", "prompt": "Once", "stream": false, "options": {"num_predict": 1}});
    assert_eq!(server.post_json("/api/generate", &request).await["eval_count"], 1);
}

#[tokio::test]
async fn a_killed_delete_removes_a_model_or_leaves_it_and_never_harms_another() {
    let Some(path) = stories() else { return };
    let (home, mut random) = (home(), random());
    for _ in 0..ROUNDS {
        let server = Server::start_in(Arc::clone(&home), &[], &[]);
        let digest = upload(&server, &path).await;
        server.post_lines("/api/create", &json!({"model": "keep", "files": {"m.gguf": digest}})).await;
        let request = json!({"model": "drop", "from": "keep", "system": random.next_u64().to_string()});
        server.post_lines("/api/create", &request).await;
        let request = server.client.delete(server.url("/api/delete")).json(&json!({"model": "drop"}));
        interrupt(server, request, &mut random).await;
        let manifests = check(&home);
        assert!(manifests.iter().any(|path| path.ends_with("keep/latest")), "{manifests:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_pull_is_gone_on_with() {
    let (Some(path), Some(docker)) = (stories(), Docker::start("")) else { return };
    let name = format!("http://{}/library/tiny", docker.host());
    let maker = Server::start(&[], &[]);
    let digest = upload(&maker, &path).await;
    let request = json!({"model": name, "files": {"m.gguf": digest}, "license": ["MIT"]});
    maker.post_lines("/api/create", &request).await;
    let pushed = maker.post_lines("/api/push", &json!({"model": name, "insecure": true})).await;
    assert_eq!(pushed.last().unwrap()["status"], "success");

    let (home, mut random) = (home(), random());
    for _ in 0..ROUNDS {
        let server = Server::start_in(Arc::clone(&home), &[], &[]);
        let pull = json!({"model": name, "insecure": true});
        let request = server.client.post(server.url("/api/pull")).json(&pull);
        interrupt(server, request, &mut random).await;
        check(&home);
        // Every other time from the beginning, else from where the last one was killed.
        if random.random_bool(0.5) {
            let server = Server::start_in(Arc::clone(&home), &[], &[]);
            let pulled = server.post_lines("/api/pull", &pull).await;
            assert_eq!(pulled.last().unwrap()["status"], "success");
            assert_eq!(check(&home).len(), 1);
            let request = server.client.delete(server.url("/api/delete")).json(&json!({"model": name}));
            assert_eq!(request.send().await.unwrap().status(), 200);
        }
    }
    let server = Server::start_in(Arc::clone(&home), &[], &[]);
    server.post_lines("/api/pull", &json!({"model": name, "insecure": true})).await;
    let request = json!({"model": name, "prompt": "Once", "stream": false, "options": {"num_predict": 1}});
    assert_eq!(server.post_json("/api/generate", &request).await["eval_count"], 1);
}
