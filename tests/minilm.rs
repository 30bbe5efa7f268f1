//! The real all-MiniLM-L6-v2, imported by `quipu create`, computes the vectors that are known of it.
//!
//! `scripts/minilm.sh` gets the weights, the reference is test data beside the repository; where either is missing, this
//! test says so and passes.

// For clippy, helpers of tests are no tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::Command;

mod common;

use common::Server;
use quipu_llama::{Embedder, EmbedderParams, Model, ModelParams, Token};
use serde::Deserialize;
use serde_json::json;

/// Least cosine between a vector and the known one.
const ALIKE: f64 = 0.999;

#[derive(Deserialize)]
struct Reference {
    max_tokens: usize,
    texts: Vec<String>,
    embeddings: Vec<Vec<f32>>,
}

fn existing(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

/// The GGUF that `quipu create` makes of a checkpoint.
async fn imported(server: &Server, checkpoint: &Path) -> PathBuf {
    let status = Command::new(env!("CARGO_BIN_EXE_quipu"))
        .args(["create", "minilm"])
        .current_dir(checkpoint)
        .env("QUIPU_HOST", &server.base)
        .status()
        .unwrap();
    assert!(status.success());
    let shown = server.post_json("/api/show", &json!({"model": "minilm"})).await;
    let modelfile = shown["modelfile"].as_str().unwrap();
    modelfile.lines().find_map(|line| line.strip_prefix("FROM ")).unwrap().into()
}

/// The tokens of a text, cut as sentence-transformers does: the closing token stays.
fn tokens(model: &Model, text: &str, most: usize) -> Vec<Token> {
    let mut tokens = model.vocab().tokenize(text, true, false).unwrap();
    if tokens.len() > most {
        let end = tokens.pop().unwrap();
        tokens.truncate(most - 1);
        tokens.push(end);
    }
    tokens
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[tokio::test]
async fn minilm_gives_the_known_vectors() {
    let (Some(checkpoint), Some(reference)) =
        (existing("target/test-data/minilm"), existing("../shared/data/minilm_reference.json"))
    else {
        return;
    };
    let reference: Reference = serde_json::from_slice(&std::fs::read(reference).unwrap()).unwrap();
    let server = Server::start(&[], &[]);
    let gguf = imported(&server, &checkpoint).await;
    let model = Model::load(&gguf, &ModelParams { gpu_layers: Some(0) }, &mut |_| true).unwrap();
    let params =
        EmbedderParams { batch_tokens: 1024, text_tokens: 1024, texts: 16, threads: 2, pooling: None };
    let mut embedder = Embedder::new(&model, &params).unwrap();
    assert_eq!(embedder.width(), 384);
    let texts: Vec<_> =
        reference.texts.iter().map(|text| tokens(&model, text, reference.max_tokens)).collect();
    assert_eq!(texts.iter().map(Vec::len).max(), Some(reference.max_tokens), "one text is cut");
    // Several texts in one pass, and each by itself.
    let mut batched = Vec::new();
    for some in texts.chunks(3) {
        batched.extend(embedder.embed(&some.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap());
    }
    for (i, (text, known)) in texts.iter().zip(&reference.embeddings).enumerate() {
        let alone = embedder.embed(&[text]).unwrap().remove(0);
        for vector in [&batched[i], &alone] {
            let alike = cosine(vector, known);
            assert!(alike > ALIKE, "{:?}: {alike}", reference.texts[i]);
        }
    }
    let unknown = model.vocab().len();
    assert!(embedder.embed(&[]).is_err() && embedder.embed(&[&[]]).is_err());
    assert!(embedder.embed(&[&[unknown]]).is_err() && embedder.embed(&[&vec![1; 1025]]).is_err());
}

/// What a chat model has to say of itself: it is none that makes vectors.
#[test]
fn a_model_without_pooling_is_refused() {
    let chasqui = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/chasqui/chasqui.gguf");
    let model = Model::load(&chasqui, &ModelParams { gpu_layers: Some(0) }, &mut |_| true).unwrap();
    let params = EmbedderParams { batch_tokens: 64, text_tokens: 64, texts: 1, threads: 1, pooling: None };
    let error = Embedder::new(&model, &params).err().unwrap().to_string();
    assert!(error.ends_with("the model does not make one vector of a text"), "{error}");
}
