//! Tiny checkpoints, made by hand: what comes out of sound ones, and what is said of others.

mod adapters;
mod broken;
mod encoders;
mod families;
mod random;
mod vocabularies;
mod weights;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::*;
use crate::gguf::{Array, Value};

/// A checkpoint folder.
struct Folder {
    dir: TempDir,
    config: Json,
    tensors: BTreeMap<String, (Dtype, Vec<usize>)>,
}

/// Sizes of the language models: width 8, 2 heads of 4, 1 head of keys, feed-forward 6, 6 tokens.
fn config(architecture: &str) -> Json {
    json!({
        "architectures": [architecture], "hidden_size": 8, "intermediate_size": 6, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32, "rms_norm_eps": 1e-5,
        "vocab_size": 6, "rope_theta": 5000.0, "tie_word_embeddings": false,
    })
}

/// Tensors of the language models that have separate weights.
const LLAMA: &[(&str, &[usize])] = &[
    ("model.embed_tokens.weight", &[6, 8]),
    ("model.norm.weight", &[8]),
    ("lm_head.weight", &[6, 8]),
    ("model.layers.0.input_layernorm.weight", &[8]),
    ("model.layers.0.post_attention_layernorm.weight", &[8]),
    ("model.layers.0.self_attn.q_proj.weight", &[8, 8]),
    ("model.layers.0.self_attn.k_proj.weight", &[4, 8]),
    ("model.layers.0.self_attn.v_proj.weight", &[4, 8]),
    ("model.layers.0.self_attn.o_proj.weight", &[8, 8]),
    ("model.layers.0.mlp.gate_proj.weight", &[6, 8]),
    ("model.layers.0.mlp.up_proj.weight", &[6, 8]),
    ("model.layers.0.mlp.down_proj.weight", &[8, 6]),
];

/// A byte-level BPE of four tokens, one of them added.
fn tokenizer() -> Json {
    json!({
        "added_tokens": [{"id": 3, "content": "<s>", "special": true}],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
        "post_processor": {"type": "ByteLevel"},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]},
    })
}

impl Folder {
    fn new(config: Json, tensors: &[(&str, &[usize])]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let tensors = tensors.iter().map(|(name, shape)| ((*name).to_owned(), (Dtype::F32, shape.to_vec())));
        let folder = Self { dir, config, tensors: tensors.collect() };
        folder.put_json("tokenizer.json", &tokenizer());
        folder
    }

    fn llama() -> Self {
        Self::new(config("LlamaForCausalLM"), LLAMA)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    fn put_json(&self, name: &str, contents: &Json) {
        self.put(name, contents.to_string());
    }

    /// Changes keys of config.json; `null` removes one.
    fn with(mut self, changes: Json) -> Self {
        for (key, value) in changes.as_object().unwrap() {
            self.config[key] = value.clone();
        }
        self
    }

    fn tensor(mut self, name: &str, shape: &[usize]) -> Self {
        self.tensors.insert(name.to_owned(), (Dtype::F32, shape.to_vec()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.tensors.remove(name).unwrap();
        self
    }

    fn dtype(mut self, dtype: Dtype) -> Self {
        self.tensors.values_mut().for_each(|tensor| tensor.0 = dtype);
        self
    }

    /// Writes config.json and model.safetensors.
    fn write(&self) -> Files {
        self.put_json("config.json", &self.config);
        let names: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
        self.shard("model.safetensors", &names);
        Files::from_folder(self.dir.path()).unwrap()
    }

    /// Writes a safetensors file with some of the tensors.
    fn shard(&self, file: &str, names: &[&str]) {
        let data: Vec<(&str, Dtype, Vec<usize>, Vec<u8>)> = names
            .iter()
            .map(|name| {
                let (dtype, shape) = &self.tensors[*name];
                let values = numbers(shape.iter().product());
                (*name, *dtype, shape.clone(), bytes_of(&values, *dtype))
            })
            .collect();
        let views = data.iter().map(|(name, dtype, shape, bytes)| {
            (*name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
        });
        serialize_to_file(views, None, &self.path(file)).unwrap();
    }

    fn import(&self) -> Result<Written, ImportError> {
        import(&self.write(), Weights::F32)
    }

    fn error(&self) -> String {
        self.import().map(|_| ()).unwrap_err().to_string()
    }
}

/// What all tensors have in them: each weight is its place.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|n| n as f32).collect()
}

fn bytes_of(values: &[f32], dtype: Dtype) -> Vec<u8> {
    match dtype {
        Dtype::F16 => values.iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect(),
        Dtype::BF16 => values.iter().flat_map(|x| bf16::from_f32(*x).to_le_bytes()).collect(),
        Dtype::F32 => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Dtype::F64 => values.iter().flat_map(|x| f64::from(*x).to_le_bytes()).collect(),
        _ => values.iter().map(|x| *x as u8).collect(),
    }
}

/// A GGUF file that was written, and read again.
#[derive(Debug)]
struct Written {
    file: GgufFile,
    bytes: Vec<u8>,
}

fn import(files: &Files, weights: Weights) -> Result<Written, ImportError> {
    write(&Import::model(files, &ImportOptions { weights, name: Some("test".to_owned()) })?)
}

fn write(import: &Import) -> Result<Written, ImportError> {
    let mut bytes = Vec::new();
    import.write(&mut bytes, &mut |_, _| ControlFlow::Continue(()))?;
    let file = GgufFile::read(bytes.as_slice(), bytes.len() as u64).unwrap();
    file.validate().unwrap();
    Ok(Written { file, bytes })
}

impl Written {
    /// Names and dimensions of all tensors.
    fn shapes(&self) -> Vec<(&str, &[u64])> {
        self.file.tensors().iter().map(|t| (t.name.as_str(), t.dims.as_slice())).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.file.tensors().iter().map(|t| t.name.as_str()).collect()
    }

    fn data(&self, name: &str) -> (TensorType, &[u8]) {
        let tensor =
            self.file.tensors().iter().find(|t| t.name == name).unwrap_or_else(|| panic!("no {name}"));
        let start = (self.file.data_offset() + tensor.offset) as usize;
        (tensor.tensor_type, &self.bytes[start..start + tensor.bytes as usize])
    }

    /// The weights of a tensor.
    fn values(&self, name: &str) -> Vec<f32> {
        let (dtype, data) = self.data(name);
        let halves = || data.as_chunks::<2>().0.iter();
        match dtype {
            TensorType::F16 => halves().map(|x| f16::from_le_bytes(*x).to_f32()).collect(),
            TensorType::BF16 => halves().map(|x| bf16::from_le_bytes(*x).to_f32()).collect(),
            _ => data.as_chunks::<4>().0.iter().map(|x| f32::from_le_bytes(*x)).collect(),
        }
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let strings = self.file.array(key).and_then(Array::as_strings).unwrap_or_default();
        strings.iter().map(|text| text.to_string_lossy().into_owned()).collect()
    }

    fn get(&self, key: &str) -> Option<Value> {
        self.file.get(key).cloned()
    }
}

fn number(written: &Written, key: &str) -> Option<f32> {
    match written.get(key) {
        Some(Value::F32(number)) => Some(number),
        _ => None,
    }
}

#[test]
fn a_folder_becomes_a_file() {
    let folder = Folder::llama();
    folder.put("README.md", "text");
    let import = Import::model(&folder.write(), &ImportOptions::default()).unwrap();
    assert_eq!(import.architecture(), "llama");
    let mut steps = Vec::new();
    let mut bytes = Vec::new();
    let progress = &mut |done, total| {
        steps.push((done, total));
        ControlFlow::Continue(())
    };
    import.write(&mut bytes, progress).unwrap();
    assert_eq!(steps.len(), LLAMA.len());
    assert!(steps.is_sorted() && steps.iter().all(|step| step.1 == import.bytes()), "{steps:?}");
    assert_eq!(steps.last().unwrap().0, import.bytes());
    let file = GgufFile::read(bytes.as_slice(), bytes.len() as u64).unwrap();
    assert_eq!(file.quantization(), "F16");
    assert_eq!(file.u64("general.parameter_count"), Some(file.parameter_count()));
    assert_eq!(file.str("general.type"), Some("model"));
}

#[test]
fn a_callback_can_end_it() {
    let folder = Folder::llama();
    let import = Import::model(&folder.write(), &ImportOptions::default()).unwrap();
    let mut calls = 0;
    let progress = &mut |_, _| {
        calls += 1;
        if calls == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = import.write(Vec::new(), progress).unwrap_err();
    assert!(matches!(error, ImportError::Cancelled), "{error}");
    assert_eq!(calls, 3);
}

#[test]
fn files_may_lie_anywhere() {
    let folder = Folder::llama();
    folder.write();
    let mut files = Vec::new();
    for (n, name) in ["config.json", "tokenizer.json", "model.safetensors"].into_iter().enumerate() {
        let blob = folder.path(&format!("sha256-{n}"));
        fs::rename(folder.path(name), &blob).unwrap();
        files.push((format!("./{name}"), blob));
    }
    assert_eq!(import(&Files::new(files), Weights::F32).unwrap().file.architecture(), "llama");
}

#[test]
fn weights_may_be_split() {
    let whole = Folder::llama().import().unwrap();
    let folder = Folder::llama();
    folder.put_json("config.json", &folder.config);
    let names: Vec<&str> = folder.tensors.keys().map(String::as_str).collect();
    let (first, second) = names.split_at(5);
    folder.shard("model-00001-of-00002.safetensors", first);
    folder.shard("model-00002-of-00002.safetensors", second);
    // Weights of another format lie beside those of transformers.
    folder.shard("consolidated.safetensors", &["lm_head.weight"]);
    let files = Files::from_folder(folder.dir.path()).unwrap();
    assert_eq!(import(&files, Weights::F32).unwrap().bytes, whole.bytes, "by name");

    let map: serde_json::Map<String, Json> =
        (first.iter().map(|name| ((*name).to_owned(), json!("one.safetensors"))))
            .chain(second.iter().map(|name| ((*name).to_owned(), json!("two.safetensors"))))
            .collect();
    folder.put_json("model.safetensors.index.json", &json!({"metadata": {}, "weight_map": map}));
    for (from, to) in [
        ("model-00001-of-00002.safetensors", "one.safetensors"),
        ("model-00002-of-00002.safetensors", "two.safetensors"),
    ] {
        fs::rename(folder.path(from), folder.path(to)).unwrap();
    }
    let files = Files::from_folder(folder.dir.path()).unwrap();
    assert_eq!(import(&files, Weights::F32).unwrap().bytes, whole.bytes, "by index");
}
