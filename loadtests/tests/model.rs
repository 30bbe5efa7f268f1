//! Models with random weights, in llama.cpp.

// For clippy, helpers of tests are no tests.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use common::harness;
use quipu_llama::{Batch, CacheType, Context, ContextParams, Model, ModelParams, Token};

fn make(folder: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let outcome = harness(&[&["model", "--preset", "tiny"], arguments, &[path.to_str().unwrap()]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    path
}

fn load(path: &Path) -> Model {
    Model::load(path, &ModelParams::default(), &mut |_| true).unwrap()
}

/// Continues a prompt with the likeliest tokens.
fn reply(model: &Model, prompt: &[Token], count: usize) -> Vec<Token> {
    let params = ContextParams {
        cells: 512,
        batch_tokens: 512,
        sequences: 1,
        threads: 1,
        keys: CacheType::F16,
        values: CacheType::F16,
        precise: false,
    };
    let mut context = Context::new(model, &params).unwrap();
    let mut next: Vec<Token> = prompt.to_vec();
    let mut position = 0;
    let mut said = Vec::new();
    while said.len() < count {
        let mut batch = Batch::new();
        for (i, token) in next.iter().enumerate() {
            batch.push(*token, position, 0, i + 1 == next.len());
            position += 1;
        }
        context.decode(&mut batch).unwrap();
        let logits = context.logits(next.len() - 1).unwrap();
        let (best, _) = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        said.push(best as Token);
        next = vec![best as Token];
    }
    said
}

#[test]
fn llama_cpp_accepts_all_types() {
    let folder = tempfile::tempdir().unwrap();
    for weight_type in ["f32", "f16", "q8_0", "q4_0"] {
        let model = load(&make(folder.path(), weight_type, &["--type", weight_type, "--vocabulary", "3000"]));
        let vocab = model.vocab();
        assert_eq!((vocab.len(), vocab.adds_bos()), (3000, false), "{weight_type}");
        // One token for each word of the harness, whatever is around it; special tokens are known.
        assert_eq!(vocab.tokenize(" the of summer river house", false, true).unwrap().len(), 5);
        let prompt = vocab.tokenize("<|im_start|>user\nPlease the river<|im_end|>\n", false, true).unwrap();
        assert!(vocab.is_end(vocab.eos().unwrap()));

        let said = reply(&model, &prompt, 200);
        assert!(said.iter().all(|token| !vocab.is_end(*token)), "{weight_type}");
        let different: std::collections::HashSet<&Token> = said.iter().collect();
        assert!(different.len() > 8, "{weight_type}: {said:?}");
        let text = vocab.detokenize(&said).unwrap();
        assert!(
            text.chars().all(|c| matches!(c, ' ' | '\n') || c.is_ascii_graphic()),
            "{weight_type}: {text:?}"
        );
    }
}

#[test]
fn the_seed_is_all_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, seed: &str| std::fs::read(make(folder.path(), name, &["--seed", seed])).unwrap();
    let first = read("a", "1");
    assert!(first == read("b", "1"), "the same seed");
    assert!(first != read("c", "2"), "another seed");
}

#[test]
fn what_makes_no_model_is_refused() {
    let outcome = harness(&["model", "--preset", "tiny", "--vocabulary", "100", "/dev/null"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("512 tokens at least"), "{}", outcome.err);
}
