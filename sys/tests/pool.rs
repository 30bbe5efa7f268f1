//! What Quipu relies on: the logits of a sequence do not depend on whose cells lie beside its own.
//!
//! Uses stories260K, a published tiny model; where it is absent these tests say so and pass.

// Helpers of tests are not themselves tests to clippy.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::PathBuf;

use quipu_llama::{Batch, CacheType, Context, ContextParams, DecodeError, Error, Model, ModelParams, Token};

fn model() -> Option<Model> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/stories260K.gguf");
    if !path.exists() {
        eprintln!("skipped: stories260K.gguf is not there");
        return None;
    }
    Some(Model::load(&path, &ModelParams::default(), &mut |_| true).unwrap())
}

fn context(model: &Model) -> Context {
    let params = ContextParams {
        cells: 1024,
        batch_tokens: 512,
        sequences: 8,
        threads: 1,
        keys: CacheType::F16,
        values: CacheType::F16,
        precise: true,
    };
    Context::new(model, &params).unwrap()
}

/// Computes tokens of a sequence from a position on; returns the logits of the last.
fn compute(context: &mut Context, sequence: u32, from: usize, tokens: &[Token]) -> Vec<f32> {
    let mut batch = Batch::new();
    for (i, &token) in tokens.iter().enumerate() {
        batch.push(token, (from + i) as i32, sequence, i + 1 == tokens.len());
    }
    context.decode(&mut batch).unwrap();
    context.logits(tokens.len() - 1).unwrap().to_vec()
}

fn difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Rounding, and nothing else.
const ROUNDING: f32 = 1e-4;

#[test]
fn the_company_of_a_sequence_does_not_show() {
    let Some(model) = model() else { return };
    let vocab = model.vocab();
    let one = vocab.tokenize("Tom saw the sun and the cat and the dog", true, true).unwrap();
    let other = vocab.tokenize("One day there was a big red ball", true, true).unwrap();
    let last = one.len() - 1;
    let alone = compute(&mut context(&model), 0, 0, &one);
    let check = |what: &str, logits: &[f32]| {
        let d = difference(&alone, logits);
        assert!(d < ROUNDING, "{what}: {d}");
    };

    let mut c = context(&model);
    compute(&mut c, 1, 0, &other);
    check("beside another", &compute(&mut c, 0, 0, &one));

    let mut c = context(&model);
    for i in 0..last {
        compute(&mut c, 0, i, &one[i..=i]);
    }
    check("token by token", &compute(&mut c, 0, last, &one[last..]));

    let mut c = context(&model);
    compute(&mut c, 1, 0, &other);
    c.memory().copy(1, 0, 0..1);
    check("sharing the first token", &compute(&mut c, 0, 1, &one[1..]));

    let mut c = context(&model);
    compute(&mut c, 1, 0, &other[..5]);
    compute(&mut c, 0, 0, &one[..5]);
    c.memory().clear(1);
    check("with cells out of order", &compute(&mut c, 0, 5, &one[5..]));

    let mut c = context(&model);
    compute(&mut c, 1, 0, &other);
    compute(&mut c, 0, 0, &one[..5]);
    assert!(c.memory().remove(0, 0..1));
    c.memory().copy(1, 0, 0..1);
    check("with a cell replaced by another's", &compute(&mut c, 0, 5, &one[5..]));
}

#[test]
fn what_llama_cpp_would_abort_on_is_an_error() {
    let Some(model) = model() else { return };
    let mut c = context(&model);
    let mut batch = Batch::new();
    assert_eq!(c.decode(&mut batch), Err(DecodeError::InvalidBatch), "empty");
    for (token, sequence) in [(1 << 20, 0), (1, 8)] {
        batch.clear();
        batch.push(token, 0, sequence, true);
        assert_eq!(c.decode(&mut batch), Err(DecodeError::InvalidBatch), "ids out of range");
    }
    batch.clear();
    for i in 0..513 {
        batch.push(1, i, 0, false);
    }
    assert_eq!(c.decode(&mut batch), Err(DecodeError::InvalidBatch), "more than a batch");
    compute(&mut c, 0, 0, &[1, 2, 3]);
    batch.clear();
    batch.push(1, 5, 0, true);
    assert_eq!(c.decode(&mut batch), Err(DecodeError::InvalidBatch), "a gap");
    assert_eq!(c.logits(7), None);
    let _ = c.memory().remove(99, 0..1);
    c.memory().copy(0, 99, 0..1);
    assert_eq!(c.memory().positions(99), None);
}

#[test]
fn a_full_pool_is_an_error_and_changes_nothing() {
    let Some(model) = model() else { return };
    let mut c = context(&model);
    let tokens = vec![1; 512];
    compute(&mut c, 0, 0, &tokens);
    compute(&mut c, 1, 0, &tokens);
    let mut batch = Batch::new();
    batch.push(1, 512, 0, true);
    assert_eq!(c.decode(&mut batch), Err(DecodeError::NoSlot));
    assert_eq!(c.memory().positions(0), Some((0, 511)));
    c.memory().clear(1);
    assert_eq!(c.decode(&mut batch), Ok(()));
}

#[test]
fn text_survives_tokens() {
    let Some(model) = model() else { return };
    let vocab = model.vocab();
    for text in ["Once upon a time", "naïve café 北京 🙂", " two  spaces ", ""] {
        let tokens = vocab.tokenize(text, true, true).unwrap();
        assert_eq!(tokens.first().copied(), vocab.bos(), "begins with the begin token");
        assert_eq!(vocab.detokenize(&tokens).unwrap(), text);
    }
    assert!(vocab.detokenize(&[1 << 20]).is_err());
}

#[test]
fn loading_can_be_cancelled_and_refuses_what_is_no_model() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    assert!(matches!(Model::load(&path, &ModelParams::default(), &mut |_| true), Err(Error::Load(_))));
    if model().is_some() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/stories260K.gguf");
        let cancelled = Model::load(&path, &ModelParams::default(), &mut |_| false);
        assert!(matches!(cancelled, Err(Error::Cancelled)));
    }
}

#[test]
fn what_a_model_takes_is_counted_before_it_is_loaded() {
    let Some(model) = model() else { return };
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/stories260K.gguf");
    let counted =
        Model::load(&path, &ModelParams { count: true, ..ModelParams::default() }, &mut |_| true).unwrap();
    assert_eq!((counted.layers(), counted.context_train()), (model.layers(), model.context_train()));
    let mut foretold = context(&counted);
    let [before, after] = [foretold.memory_use(), context(&model).memory_use()];
    let sum = |uses: &[quipu_llama::DeviceUse]| {
        uses.iter().fold((0, 0, 0), |(w, p, c), u| (w + u.weights, p + u.pool, c + u.compute))
    };
    let (weights, pool, compute) = sum(&after);
    // 5 layers, 4 heads of keys and of values with 8 numbers of 4 bytes each, 1,024 cells.
    assert_eq!(pool, 5 * 2 * 4 * 8 * 4 * 1024, "{after:?}");
    assert!(weights > 1_000_000 && compute > 0, "{after:?}");
    let told = sum(&before);
    assert_eq!((told.1, told.2), (pool, compute), "{before:?}");
    // Weights that are mapped count with the header of their file.
    assert!(told.0.abs_diff(weights) < 100_000, "{before:?} {after:?}");
    let mut batch = Batch::new();
    batch.push(1, 0, 0, true);
    assert_eq!(foretold.decode(&mut batch), Err(DecodeError::InvalidBatch));
}

#[test]
fn keys_and_values_are_kept_as_they_should_be() {
    let Some(model) = model() else { return };
    let tokens = model.vocab().tokenize("Tom saw the sun and the cat and the dog", true, true).unwrap();
    let with = |keys, values| {
        let params = ContextParams {
            cells: 256,
            batch_tokens: 64,
            sequences: 2,
            threads: 1,
            keys,
            values,
            precise: false,
        };
        let mut context = Context::new(&model, &params).unwrap();
        let pool: u64 = context.memory_use().iter().map(|u| u.pool).sum();
        (pool, compute(&mut context, 0, 0, &tokens))
    };
    let (pool, logits) = with(CacheType::F16, CacheType::F16);
    let (of_keys, keys) = with(CacheType::F32, CacheType::F16);
    assert_eq!(of_keys, pool / 2 * 3);
    assert!(difference(&logits, &keys) < 0.1);
    // Heads of this model are too small for blocks: llama.cpp says so, and nothing breaks.
    let blocks = ContextParams {
        cells: 256,
        batch_tokens: 64,
        sequences: 2,
        threads: 1,
        keys: CacheType::Q8_0,
        values: CacheType::Q8_0,
        precise: false,
    };
    assert!(matches!(Context::new(&model, &blocks), Err(Error::Context(_))));
}
