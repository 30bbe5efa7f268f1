//! Old conversions of Ollama's compute what llama.cpp's own conversions compute.
//!
//! Each case is a tiny model with random weights, as llama.cpp's converter would write it, and the same as Ollama's
//! old converter would have: other names, other metadata, parts that see. The old file must be seen by llama.cpp as
//! the stock file is, and give the same logits, bit for bit.

// Helpers of tests are not themselves tests to clippy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod dense;
mod experts;
mod gemma;
mod hybrids;
mod tiny;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;

use parking_lot::RwLock;
use quipu::engine::backend::llama;
use quipu::engine::protocol::EngineSettings;
use quipu::fleet::FileFacts;
use quipu::gguf::compat::{self, ModelFile};
use quipu::gguf::{GgufFile, Value};
use quipu_llama::{Batch, CacheType, Context, ContextParams, Model, ModelParams};

use tiny::Tiny;

/// A stock file, and Ollama's.
struct Case {
    stock: Tiny,
    old: Tiny,
}

/// Loading an engine measures which attention kernels serve it best, and all contexts of the process use them then.
/// Logits that are compared must not be computed by two kinds, so whoever compares holds this for reading.
static KERNELS: RwLock<()> = RwLock::new(());

/// Writes both files, checks that the one is seen as the other, and loads both.
fn check(case: &Case) {
    let _same = KERNELS.read();
    let folder = tempfile::tempdir().unwrap();
    let (stock, old) = (folder.path().join("stock.gguf"), folder.path().join("old.gguf"));
    case.stock.write(&stock);
    case.old.write(&old);
    let stock_file = compat::open(&stock).unwrap();
    assert!(stock_file.overlay().is_none(), "the stock file is left alone");
    let old_file = compat::open(&old).unwrap();
    assert_same(&stock_file, &stock, &old_file, &old);

    let params = ModelParams { gpu_layers: Some(0), count: false };
    let expected = logits(&Model::load(&stock, &params, &mut |_| true).unwrap());
    assert!(expected.iter().all(|x| x.is_finite()) && expected.iter().any(|x| *x != expected[0]));
    let reader = old_file.overlay().unwrap().over(File::open(&old).unwrap());
    let found = logits(&Model::load_from(reader, &params, &mut |_| true).unwrap());
    let bits = |logits: &[f32]| logits.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&found), bits(&expected));
    assert!(quantized(&old) == quantized(&stock), "quantizing corrects it, too");
}

/// Shapes, types and bytes of tensors by their names.
type Tensors = BTreeMap<String, (Vec<u64>, u32, Vec<u8>)>;

/// The tensors of a file that the binary quantized, or why it cannot be: some are of a type from which llama.cpp does not.
fn quantized(path: &Path) -> Result<Tensors, String> {
    let output = path.with_extension("q8_0");
    let quipu =
        Command::new(env!("CARGO_BIN_EXE_quipu")).arg("quantize").args([path, &output]).arg("Q8_0").output();
    let quipu = quipu.unwrap();
    if !quipu.status.success() {
        let error = String::from_utf8(quipu.stderr).unwrap();
        assert!(error.contains("requantizing from type"), "{error}");
        return Err(error);
    }
    Ok(data(compat::open(&output).unwrap().file(), File::open(&output).unwrap()))
}

/// What llama.cpp is told of the old file is what the stock file says, and what it reads is the same data.
fn assert_same(stock_file: &ModelFile, stock: &Path, old_file: &ModelFile, old: &Path) {
    let overlay = old_file.overlay().expect("the old file is recognised");
    let (expected, found) = (stock_file.as_loaded(), overlay.header());
    let told: BTreeMap<&str, &Value> = found.metadata().iter().map(|(k, v)| (k.as_str(), v)).collect();
    for (key, value) in expected.metadata() {
        assert_eq!(told.get(key.as_str()), Some(&value), "{key}");
    }
    let mut expected_data = data(expected, File::open(stock).unwrap());
    for (name, bytes) in data(found, overlay.over(File::open(old).unwrap())) {
        assert!(expected_data.remove(&name) == Some(bytes), "{name}");
    }
    assert_eq!(expected_data.keys().collect::<Vec<_>>(), Vec::<&String>::new(), "tensors are missing");
}

/// Shapes, types and bytes of all tensors.
fn data(file: &GgufFile, mut from: impl Read + Seek) -> Tensors {
    let tensors = file.tensors().iter();
    tensors
        .map(|tensor| {
            let mut bytes = vec![0; tensor.bytes as usize];
            from.seek(SeekFrom::Start(file.data_offset() + tensor.offset)).unwrap();
            from.read_exact(&mut bytes).unwrap();
            (tensor.name.clone(), (tensor.dims.clone(), tensor.tensor_type.id(), bytes))
        })
        .collect()
}

fn logits(model: &Model) -> Vec<f32> {
    let params = ContextParams {
        cells: 256,
        batch_tokens: 64,
        sequences: 1,
        threads: 1,
        keys: CacheType::F16,
        values: CacheType::F16,
        precise: false,
    };
    let mut context = Context::new(model, &params).unwrap();
    let mut batch = Batch::new();
    let tokens = 3..27;
    for (i, token) in tokens.clone().enumerate() {
        batch.push(token * 7 % 200, i as i32, 0, i + 1 == tokens.len());
    }
    context.decode(&mut batch).unwrap();
    context.logits(tokens.len() - 1).unwrap().to_vec()
}

#[test]
fn an_engine_loads_an_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.gguf");
    dense::olmo3_case().old.write(&path);
    let facts = FileFacts::of_model(&compat::open(&path).unwrap());
    assert_eq!((facts.family.as_str(), facts.context_length), ("olmo2", Some(512)));
    let settings = EngineSettings {
        pool_tokens: Some(256),
        max_running: Some(1),
        threads: Some(1),
        gpu_layers: Some(0),
        ..EngineSettings::default()
    };
    let _chosen = KERNELS.write();
    let loaded = llama::load(&path, &[], &settings, &mut |_| true).unwrap();
    assert_eq!(loaded.model.context_train(), 512);
}
