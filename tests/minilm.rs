//! The real all-MiniLM-L6-v2, imported by `quipu create`, gives through the server the vectors that are known of it.
//!
//! `scripts/minilm.sh` gets the weights, the reference is test data beside the repository; where either is missing, this
//! test says so and passes.

// For clippy, helpers of tests are no tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Server, cosine, numbers};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

/// Least cosine between a vector and the known one.
const ALIKE: f64 = 0.999;

#[derive(Deserialize)]
struct Reference {
    /// With those that the vocabulary puts around a text.
    max_tokens: usize,
    texts: Vec<String>,
    embeddings: Vec<Vec<f64>>,
}

fn existing(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

/// A server with the model, and what is known of it.
fn start() -> Option<(Server, Reference)> {
    let checkpoint = existing("target/test-data/minilm")?;
    let reference = existing("../shared/data/minilm_reference.json")?;
    let server = Server::start(&["--threads", "2"], &[]);
    let status = Command::new(env!("CARGO_BIN_EXE_quipu"))
        .args(["create", "minilm"])
        .current_dir(checkpoint)
        .env("QUIPU_HOST", &server.base)
        .status()
        .unwrap();
    assert!(status.success());
    Some((server, serde_json::from_slice(&std::fs::read(reference).unwrap()).unwrap()))
}

async fn embed(server: &Server, input: Value, context: usize) -> (Vec<Vec<f64>>, Value) {
    let request = json!({"model": "minilm", "input": input, "options": {"num_ctx": context}});
    let answer = server.post_json("/api/embed", &request).await;
    let vectors = answer["embeddings"].as_array().unwrap().iter().map(numbers).collect();
    (vectors, answer)
}

#[tokio::test]
async fn the_known_vectors_come_alone_in_one_batch_and_in_company() {
    let Some((server, reference)) = start() else { return };
    let Reference { max_tokens, texts, embeddings } = &reference;
    let (batch, answer) = embed(&server, json!(texts), *max_tokens).await;
    let one = |text| embed(&server, json!(text), *max_tokens);
    let mut alone = Vec::new();
    for text in texts {
        alone.push(one(text).await);
    }
    let company = join_all(texts.iter().map(one)).await;
    let counts = alone.iter().map(|(_, answer)| answer["prompt_eval_count"].as_u64().unwrap());
    assert_eq!(counts.clone().max(), Some(*max_tokens as u64), "one text is cut");
    assert_eq!(answer["prompt_eval_count"], counts.sum::<u64>());
    let of = |some: Vec<(Vec<Vec<f64>>, Value)>| some.into_iter().map(|(mut v, _)| v.remove(0)).collect();
    for (how, vectors) in [("in one batch", batch), ("alone", of(alone)), ("in company", of(company))] {
        let vectors: Vec<Vec<f64>> = vectors;
        assert_eq!(vectors.len(), embeddings.len());
        for ((vector, known), text) in vectors.iter().zip(embeddings).zip(texts) {
            let alike = cosine(vector, known);
            assert!(alike > ALIKE, "{how}, {text:?}: {alike}");
            let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
            assert!((length - 1.0).abs() < 1e-5, "{length}");
        }
    }
}

#[tokio::test]
async fn counts_cuts_and_lengths_are_ollamas() {
    let Some((server, _)) = start() else { return };
    let sky = "why is the sky blue?";
    let (vectors, answer) = embed(&server, json!(sky), 0).await;
    assert_eq!(answer["prompt_eval_count"], 8);
    let (both, answer) = embed(&server, json!([sky, "why is the grass green?"]), 0).await;
    assert_eq!(answer["prompt_eval_count"], 16);
    assert!(cosine(&both[0], &vectors[0]) > 0.99999);
    // Of three tokens, two stand around the text.
    let (cut, _) = embed(&server, json!(sky), 3).await;
    let (word, _) = embed(&server, json!("why"), 0).await;
    assert_eq!(cut, word);
    let legacy = server.post_json("/api/embeddings", &json!({"model": "minilm", "prompt": sky})).await;
    let legacy = numbers(&legacy["embedding"]);
    let length = legacy.iter().map(|x| x * x).sum::<f64>().sqrt();
    assert!((6.5..6.7).contains(&length), "{length}");
    assert!(cosine(&legacy, &vectors[0]) > 0.99999);
}
