//! Imported checkpoints compute what transformers computes.
//!
//! `tests/clients/import/make_checkpoints.py FOLDER` made the checkpoints and the reference in `tests/data/import`;
//! `QUIPU_IMPORT_CASES` names another folder.

// Helpers of tests are not themselves tests to clippy.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use quipu::gguf::import::{Files, Import, ImportOptions, Weights};
use quipu_llama::{Batch, CacheType, Context, ContextParams, Embedder, EmbedderParams, Model, ModelParams};
use serde_json::Value;

/// Largest difference of logits that is allowed, as a part of the largest logit. ggml's GELU is a table of 16 bits,
/// which Gemma shows; other models are within 1e-5.
const TOLERANCE: f64 = 1e-3;

fn cases() -> Vec<PathBuf> {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import");
    let folder = std::env::var_os("QUIPU_IMPORT_CASES").map_or_else(own, PathBuf::from);
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Imports a checkpoint, and loads it.
fn load(case: &Path, out: &Path) -> Model {
    let files = Files::from_folder(&case.join("checkpoint")).unwrap();
    let options = ImportOptions { weights: Weights::F32, name: None };
    let import =
        Import::model(&files, &options).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    import.write(fs::File::create(out).unwrap(), &mut |_, _| ControlFlow::Continue(())).unwrap();
    quipu::gguf::open(out).unwrap();
    let params = ModelParams { gpu_layers: Some(0), count: false };
    Model::load(out, &params, &mut |_| true).unwrap()
}

fn ids(entry: &Value) -> Vec<u32> {
    entry["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

fn check_texts(case: &str, model: &Model, texts: &Value) {
    for entry in texts.as_array().unwrap() {
        let text = entry["text"].as_str().unwrap();
        assert_eq!(model.vocab().tokenize(text, true, true).unwrap(), ids(entry), "{case}: {text:?}");
    }
}

fn check_logits(case: &str, context: &mut Context, logits: &Value) {
    for entry in logits.as_array().unwrap() {
        let ids = ids(entry);
        let mut batch = Batch::new();
        for (position, id) in ids.iter().enumerate() {
            batch.push(*id, position as i32, 0, position + 1 == ids.len());
        }
        context.memory().clear(0);
        context.decode(&mut batch).unwrap();
        let found = context.logits(ids.len() - 1).unwrap();
        assert_alike(&format!("{case}, {} tokens", ids.len()), found, &entry["values"]);
    }
}

fn check_embeddings(case: &str, embedder: &mut Embedder, embeddings: &Value) {
    for entry in embeddings.as_array().unwrap() {
        let mut found = embedder.embed(&[&ids(entry)]).unwrap().remove(0);
        let length = found.iter().map(|x| x * x).sum::<f32>().sqrt();
        found.iter_mut().for_each(|x| *x /= length);
        assert_alike(&format!("{case}: {}", entry["text"]), &found, &entry["values"]);
    }
}

fn assert_alike(what: &str, found: &[f32], expected: &Value) {
    let expected: Vec<f64> = expected.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    let pairs = found.iter().zip(&expected);
    let difference = pairs.fold(0.0_f64, |most, (found, x)| most.max((f64::from(*found) - x).abs()));
    assert!(difference <= TOLERANCE * largest, "{what}: {difference} of {largest}");
}

#[test]
fn imported_checkpoints_compute_what_transformers_computes() {
    let folder = tempfile::tempdir().unwrap();
    for case in cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let reference: Value =
            serde_json::from_slice(&fs::read(case.join("reference.json")).unwrap()).unwrap();
        let model = load(&case, &folder.path().join("model.gguf"));
        check_texts(&name, &model, &reference["texts"]);
        if let Some(embeddings) = reference.get("embeddings") {
            let params =
                EmbedderParams { batch_tokens: 512, text_tokens: 512, texts: 1, threads: 1, pooling: None };
            check_embeddings(&name, &mut Embedder::new(&model, &params).unwrap(), embeddings);
        }
        // With an adapter, these are the logits of the base model.
        let logits = reference.get("base_logits").or_else(|| reference.get("logits"));
        let Some(logits) = logits else { continue };
        let cells = reference["context"].as_u64().unwrap() as u32;
        let params = ContextParams {
            cells,
            batch_tokens: cells,
            sequences: 1,
            threads: 1,
            keys: CacheType::F16,
            values: CacheType::F16,
            precise: true,
        };
        check_logits(&name, &mut Context::new(&model, &params).unwrap(), logits);
    }
}
