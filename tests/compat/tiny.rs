//! Tiny models with random weights.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use quipu::gguf::{GgufWriter, TensorType, Value};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

/// Width of the hidden state.
pub(crate) const WIDTH: u64 = 32;
/// Width of the layers between.
pub(crate) const INNER: u64 = 64;
/// Tokens: one for each byte, and four more.
pub(crate) const TOKENS: u64 = 260;

/// A model's file before it is written.
#[derive(Clone, Default)]
pub(crate) struct Tiny {
    metadata: Vec<(String, Value)>,
    tensors: Vec<Tensor>,
}

#[derive(Clone)]
struct Tensor {
    name: String,
    dims: Vec<u64>,
    tensor_type: TensorType,
    /// What the weights are drawn from. It stays the same when the tensor is renamed.
    seed: u64,
}

impl Tiny {
    /// A model with two layers, four heads and two of keys.
    pub(crate) fn new(architecture: &str) -> Self {
        let key = |name: &str| format!("{architecture}.{name}");
        Self::default()
            .set("general.architecture", architecture)
            .set(&key("context_length"), 512_u32)
            .set(&key("embedding_length"), WIDTH as u32)
            .set(&key("block_count"), 2_u32)
            .set(&key("feed_forward_length"), INNER as u32)
            .set(&key("attention.head_count"), 4_u32)
            .set(&key("attention.head_count_kv"), 2_u32)
            .set(&key("attention.layer_norm_rms_epsilon"), 1e-6_f32)
            .tensor("token_embd.weight", &[WIDTH, TOKENS])
            .tensor("output_norm.weight", &[WIDTH])
    }

    /// A vocabulary of SentencePiece.
    pub(crate) fn pieces(self) -> Self {
        let special = ["<unk>", "<s>", "</s>", "a"].map(ToOwned::to_owned);
        let tokens = special.into_iter().chain((0..=255).map(|byte| format!("<0x{byte:02X}>")));
        let types: Vec<i32> = [2, 3, 3, 1].into_iter().chain([6; 256]).collect();
        self.set("tokenizer.ggml.model", "llama")
            .set("tokenizer.ggml.tokens", texts(tokens))
            .set("tokenizer.ggml.scores", vec![0.0_f32; TOKENS as usize])
            .set("tokenizer.ggml.token_type", types)
    }

    /// A vocabulary of byte pairs.
    pub(crate) fn pairs(self, pre_tokenizer: &str) -> Self {
        // GPT-2 writes bytes that cannot be seen as other characters.
        let seen = |byte: u32| matches!(byte, 33..=126 | 161..=172 | 174..=255);
        let hidden = (0..256).filter(|byte| !seen(*byte));
        let shown =
            (0..256).filter(|byte| seen(*byte)).chain(hidden.enumerate().map(|(i, _)| 256 + i as u32));
        let bytes = shown.map(|code| char::from_u32(code).unwrap().to_string());
        let special = ["<|end|>", "<|a|>", "<|b|>", "<|c|>"].map(ToOwned::to_owned);
        let types: Vec<i32> = [1; 256].into_iter().chain([3; 4]).collect();
        self.set("tokenizer.ggml.model", "gpt2")
            .set("tokenizer.ggml.pre", pre_tokenizer)
            .set("tokenizer.ggml.tokens", texts(bytes.chain(special)))
            .set("tokenizer.ggml.token_type", types)
            .set("tokenizer.ggml.merges", ["a b"].as_slice())
            .set("tokenizer.ggml.eos_token_id", 256_u32)
            .set("tokenizer.ggml.bos_token_id", 256_u32)
    }

    pub(crate) fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        match self.metadata.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = value.into(),
            None => self.metadata.push((key.to_owned(), value.into())),
        }
        self
    }

    pub(crate) fn remove(mut self, key: &str) -> Self {
        let index = self.metadata.iter().position(|(k, _)| k == key).unwrap_or_else(|| panic!("no {key}"));
        self.metadata.remove(index);
        self
    }

    /// Gives a value another key.
    pub(crate) fn move_key(mut self, from: &str, to: &str) -> Self {
        let (key, _) =
            self.metadata.iter_mut().find(|(k, _)| k == from).unwrap_or_else(|| panic!("no {from}"));
        to.clone_into(key);
        self
    }

    /// Renames the architecture and its keys.
    pub(crate) fn architecture(mut self, from: &str, to: &str) -> Self {
        for (key, _) in &mut self.metadata {
            if let Some(name) = key.strip_prefix(&format!("{from}.")) {
                *key = format!("{to}.{name}");
            }
        }
        self.set("general.architecture", to)
    }

    /// Adds tokens to the vocabulary that there are no weights for.
    pub(crate) fn more_tokens(self, count: usize) -> Self {
        let old = |key: &str| {
            let (_, value) = self.metadata.iter().find(|(k, _)| k == key).unwrap();
            value.as_array().unwrap().iter().collect::<Vec<_>>()
        };
        let tokens = old("tokenizer.ggml.tokens").into_iter().map(|text| text.as_str().unwrap().to_owned());
        let tokens = texts(tokens.chain((0..count).map(|i| format!("<image{i}>"))));
        let types = old("tokenizer.ggml.token_type").into_iter().map(|kind| kind.as_f64().unwrap() as i32);
        let types: Vec<i32> = types.chain(vec![3; count]).collect();
        let scores = vec![0.0_f32; types.len()];
        self.set("tokenizer.ggml.tokens", tokens)
            .set("tokenizer.ggml.token_type", types)
            .set("tokenizer.ggml.scores", scores)
    }

    /// Adds a tensor of floats.
    pub(crate) fn tensor(self, name: &str, dims: &[u64]) -> Self {
        self.typed(name, dims, TensorType::F32)
    }

    /// Adds a tensor.
    pub(crate) fn typed(mut self, name: &str, dims: &[u64], tensor_type: TensorType) -> Self {
        let seed = self.tensors.len() as u64;
        self.tensors.push(Tensor { name: name.to_owned(), dims: dims.to_vec(), tensor_type, seed });
        self
    }

    /// Adds tensors to a layer. A name without an ending gets `.weight`.
    pub(crate) fn layer(self, layer: u32, tensors: &[(&str, &[u64])]) -> Self {
        tensors.iter().fold(self, |tiny, (name, dims)| {
            let ending =
                if name.contains('.') || matches!(*name, "ssm_a" | "ssm_d") { "" } else { ".weight" };
            tiny.tensor(&format!("blk.{layer}.{name}{ending}"), dims)
        })
    }

    /// Adds what most layers have: attention with heads of `head`, and what follows it.
    pub(crate) fn attention(self, layer: u32, head: u64) -> Self {
        self.layer(
            layer,
            &[
                ("attn_norm", &[WIDTH]),
                ("attn_q", &[WIDTH, 4 * head]),
                ("attn_k", &[WIDTH, 2 * head]),
                ("attn_v", &[WIDTH, 2 * head]),
                ("attn_output", &[4 * head, WIDTH]),
            ],
        )
    }

    /// Adds a feed-forward part with a gate.
    pub(crate) fn feed_forward(self, layer: u32) -> Self {
        self.layer(
            layer,
            &[("ffn_gate", &[WIDTH, INNER]), ("ffn_up", &[WIDTH, INNER]), ("ffn_down", &[INNER, WIDTH])],
        )
    }

    /// Adds four experts, each as wide as `inner`, and one that is always used, of width `shared`.
    pub(crate) fn experts(self, layer: u32, inner: u64, shared: u64) -> Self {
        self.layer(
            layer,
            &[
                ("ffn_gate_inp", &[WIDTH, 4]),
                ("ffn_gate_exps", &[WIDTH, inner, 4]),
                ("ffn_up_exps", &[WIDTH, inner, 4]),
                ("ffn_down_exps", &[inner, WIDTH, 4]),
                ("ffn_gate_shexp", &[WIDTH, shared]),
                ("ffn_up_shexp", &[WIDTH, shared]),
                ("ffn_down_shexp", &[shared, WIDTH]),
            ],
        )
    }

    /// Adds parts that see, as Ollama's converters left them in the file: before all other tensors, so that the data
    /// of those is elsewhere.
    pub(crate) fn with_eyes(mut self) -> Self {
        for (name, dims) in
            [("v.blk.0.attn_q.weight", vec![8, 8]), ("mm.input_projection.weight", vec![3, 5])]
        {
            let tensor = Tensor { name: name.to_owned(), dims, tensor_type: TensorType::F16, seed: 999 };
            self.tensors.insert(0, tensor);
        }
        self
    }

    /// Renames tensors: replaces a part of all names that have it.
    pub(crate) fn rename(mut self, from: &str, to: &str) -> Self {
        let mut found = false;
        for tensor in &mut self.tensors {
            found |= tensor.name.contains(from);
            tensor.name = tensor.name.replace(from, to);
        }
        assert!(found, "no {from}");
        self
    }

    /// Gives a tensor more rows; the first stay what they were.
    pub(crate) fn more_rows(mut self, name: &str, count: u64) -> Self {
        let tensor = self.tensors.iter_mut().find(|t| t.name == name).unwrap();
        *tensor.dims.last_mut().unwrap() += count;
        self
    }

    pub(crate) fn write(&self, path: &Path) {
        let writer = self.metadata.iter().fold(GgufWriter::new(), |w, (k, v)| w.metadata(k, v.clone()));
        let writer =
            self.tensors.iter().fold(writer, |w, t| w.tensor(&t.name, t.dims.clone(), t.tensor_type));
        let mut out = writer.start(BufWriter::new(File::create(path).unwrap())).unwrap();
        for tensor in &self.tensors {
            out.write(&tensor.weights(out.next_len().unwrap())).unwrap();
        }
        out.finish().unwrap();
    }
}

impl Tensor {
    fn weights(&self, bytes: u64) -> Vec<u8> {
        let mut random = Pcg64::seed_from_u64(self.seed);
        // Norms are about one, as in a model that was trained.
        let base = if self.dims.len() == 1 { 1.0 } else { 0.0 };
        let float = |random: &mut Pcg64| base + (random.next_u32() as f32 / u32::MAX as f32 - 0.5);
        match self.tensor_type {
            TensorType::F32 => (0..bytes / 4).flat_map(|_| float(&mut random).to_le_bytes()).collect(),
            TensorType::F16 => {
                (0..bytes / 2).flat_map(|_| half::f16::from_f32(float(&mut random)).to_le_bytes()).collect()
            }
            // Blocks of 32 weights: an exponent, about that of 1/8, and 4 bits each.
            TensorType::MXFP4 => blocks(bytes, &[124], 16, || random.next_u32() as u8),
            // Blocks of 32 weights: a factor, and 8 bits each.
            TensorType::Q8_0 => {
                blocks(bytes, &half::f16::from_f32(0.004).to_le_bytes(), 32, || random.next_u32() as u8)
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Quantized weights: `bytes` of blocks, each a head and `len` random bytes.
fn blocks(bytes: u64, head: &[u8], len: usize, mut random: impl FnMut() -> u8) -> Vec<u8> {
    let mut data = Vec::new();
    while (data.len() as u64) < bytes {
        data.extend_from_slice(head);
        data.extend((0..len).map(|_| random()));
    }
    data
}

fn texts(texts: impl Iterator<Item = String>) -> Value {
    texts.map(Into::into).collect::<Vec<quipu::gguf::Text>>().into()
}
