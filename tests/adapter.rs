//! LoRA adapters: a model with one computes what the same weights with the adapter added to them compute.

// Helpers of tests are not themselves tests to clippy.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{Server, cosine, numbers};
use quipu::gguf::import::{Files, Import, ImportOptions, Weights};
use quipu::gguf::{self, GgufWriter, TensorType};
use serde_json::{Value, json};

/// Weights that the adapter changes: of attention, and of what follows it.
const ADAPTED: [&str; 3] = ["blk.0.attn_q.weight", "blk.0.ffn_down.weight", "blk.1.ffn_up.weight"];
const RANK: u64 = 2;
const ALPHA: f32 = 6.0;

/// A tiny llama of random weights in 32 bits.
fn base(folder: &Path) -> PathBuf {
    let checkpoint = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import/llama/checkpoint");
    let files = Files::from_folder(&checkpoint).unwrap();
    let options = ImportOptions { weights: Weights::F32, name: None };
    let path = folder.join("base.gguf");
    let import = Import::model(&files, &options).unwrap();
    import.write(File::create(&path).unwrap(), &mut |_, _| ControlFlow::Continue(())).unwrap();
    path
}

/// Numbers between -1 and 1 that look random.
fn noise(seed: u64, count: u64) -> Vec<f32> {
    let number = |i: u64| {
        let bits = (seed * 1_000_003 + i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(number).collect()
}

/// Writes an adapter for the base, and the base with the adapter added to its weights.
fn adapter_and_merged(folder: &Path, base: &Path) -> (PathBuf, PathBuf) {
    let header = gguf::open(base).unwrap();
    let mut merged = fs::read(base).unwrap();
    let mut writer = GgufWriter::new()
        .metadata("general.architecture", "llama")
        .metadata("general.type", "adapter")
        .metadata("adapter.type", "lora")
        .metadata("adapter.lora.alpha", ALPHA);
    let mut data = Vec::new();
    for (seed, name) in ADAPTED.iter().enumerate() {
        let weight = header.tensors().iter().find(|tensor| tensor.name == *name).unwrap();
        let [columns, rows] = weight.dims[..] else { panic!("a matrix") };
        let (a, b) = (noise(seed as u64, columns * RANK), noise(seed as u64 + 50, rows * RANK));
        writer = writer.tensor(format!("{name}.lora_a"), [columns, RANK], TensorType::F32).tensor(
            format!("{name}.lora_b"),
            [RANK, rows],
            TensorType::F32,
        );
        let at = (header.data_offset() + weight.offset) as usize;
        for (i, bytes) in merged[at..at + weight.bytes as usize].chunks_exact_mut(4).enumerate() {
            let (row, column) = (i / columns as usize, i % columns as usize);
            let rank = RANK as usize;
            let product: f32 = (0..rank).map(|k| b[row * rank + k] * a[k * columns as usize + column]).sum();
            let old = f32::from_le_bytes(bytes.try_into().unwrap());
            bytes.copy_from_slice(&(old + ALPHA / RANK as f32 * product).to_le_bytes());
        }
        data.extend([a, b]);
    }
    let (adapter, path) = (folder.join("adapter.gguf"), folder.join("merged.gguf"));
    let mut tensors = writer.start(File::create(&adapter).unwrap()).unwrap();
    for factor in data {
        let bytes: Vec<u8> = factor.iter().flat_map(|x| x.to_le_bytes()).collect();
        tensors.write(&bytes).unwrap();
    }
    tensors.finish().unwrap();
    fs::write(&path, merged).unwrap();
    (adapter, path)
}

fn create(server: &Server, folder: &Path, name: &str, modelfile: &str) -> Output {
    let path = folder.join("Modelfile");
    fs::write(&path, modelfile).unwrap();
    Command::new(env!("CARGO_BIN_EXE_quipu"))
        .args(["create", name, "-f", path.to_str().unwrap()])
        .env("QUIPU_HOST", &server.base)
        .output()
        .unwrap()
}

fn made(server: &Server, folder: &Path, name: &str, modelfile: &str) {
    let output = create(server, folder, name, modelfile);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A server with the models `base`, `tuned` (with the adapter), `again` (a name for the same) and `merged`.
async fn start() -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = base(folder.path());
    adapter_and_merged(folder.path(), &path);
    let server = Server::start(&["--threads", "1", "--pool-tokens", "512", "--deterministic"], &[]);
    made(&server, folder.path(), "base", "FROM ./base.gguf");
    made(&server, folder.path(), "tuned", "FROM ./base.gguf\nADAPTER ./adapter.gguf");
    made(&server, folder.path(), "again", "FROM tuned\nSYSTEM Be brief.");
    made(&server, folder.path(), "merged", "FROM ./merged.gguf");
    (server, folder)
}

/// The first token's alternatives: their texts and log-probabilities.
async fn chances(server: &Server, model: &str) -> Vec<(String, f64)> {
    let request = json!({
        "model": model, "prompt": "hello world", "raw": true, "stream": false, "logprobs": true, "top_logprobs": 8,
        "options": {"num_predict": 1, "temperature": 0},
    });
    let answer = server.post_json("/api/generate", &request).await;
    let top = answer["logprobs"][0]["top_logprobs"].as_array().unwrap();
    let chance = |t: &Value| (t["bytes"].to_string(), t["logprob"].as_f64().unwrap());
    top.iter().map(chance).collect()
}

async fn vector(server: &Server, model: &str) -> Vec<f64> {
    let answer = server.post_json("/api/embed", &json!({"model": model, "input": "hello world"})).await;
    numbers(&answer["embeddings"][0])
}

fn assert_same(one: &[(String, f64)], other: &[(String, f64)]) {
    for ((token, chance), (expected, near)) in one.iter().zip(other) {
        assert!(token == expected && (chance - near).abs() < 1e-3, "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn an_adapter_counts_as_if_it_were_part_of_the_weights() {
    let (server, _folder) = start().await;
    let (tuned, merged) = (chances(&server, "tuned").await, chances(&server, "merged").await);
    assert_same(&tuned, &merged);
    let plain = chances(&server, "base").await;
    let differs = plain.iter().zip(&tuned).any(|(a, b)| a.0 != b.0 || (a.1 - b.1).abs() > 0.05);
    assert!(differs, "{plain:?} {tuned:?}");
    // Vectors come from a context of their own.
    let tuned = vector(&server, "tuned").await;
    assert!(cosine(&tuned, &vector(&server, "merged").await) > 0.9999);
    assert!(cosine(&tuned, &vector(&server, "base").await) < 0.999);
}

#[tokio::test]
async fn names_share_an_engine_if_they_share_weights_and_adapters() {
    let (server, _folder) = start().await;
    let loaded = async || {
        let loaded: Value = server.get("/api/ps").await.json().await.unwrap();
        let mut names: Vec<String> =
            loaded["models"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap().into()).collect();
        names.sort_unstable();
        names
    };
    let (base, tuned) = (chances(&server, "base").await, chances(&server, "tuned").await);
    assert_eq!(loaded().await, ["base:latest", "tuned:latest"]);
    assert_same(&chances(&server, "again").await, &tuned);
    assert_eq!(loaded().await, ["again:latest", "base:latest"], "one engine for both names");
    assert_same(&chances(&server, "base").await, &base);
}

#[tokio::test]
async fn an_adapter_for_another_model_is_refused_with_a_reason() {
    let (server, folder) = start().await;
    let shown = server.post_json("/api/show", &json!({"model": "tuned"})).await;
    assert!(shown["modelfile"].as_str().unwrap().contains("\nADAPTER "), "{shown}");
    let other = GgufWriter::new()
        .metadata("general.architecture", "qwen3")
        .metadata("general.type", "adapter")
        .metadata("adapter.type", "lora");
    let file = File::create(folder.path().join("other.gguf")).unwrap();
    other.start(file).unwrap().finish().unwrap();
    made(&server, folder.path(), "wrong", "FROM ./base.gguf\nADAPTER ./other.gguf");
    let (status, answer) = server.post_any("/api/generate", &json!({"model": "wrong", "prompt": "hi"})).await;
    let reason =
        "unable to load model: this adapter cannot be used: general.architecture is \"qwen3\", not \"llama\"";
    assert_eq!((status, answer), (500, json!({"error": reason})));
}
