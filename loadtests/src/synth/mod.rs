//! Model files of a wanted shape with random weights, to measure speed at real sizes where no real weights are at hand.
//!
//! Every llama.cpp runs them as it runs the model of that shape: same tensors, same types, same work. What they say is
//! nonsense, but text: words with spaces between. Replies never end by themselves, since the model holds tokens that are
//! not to be said far below all others:
//!
//! ```text
//!  embedding of a token   [ 6 | random …… ]      of one not to be said   [ 0 | random …… ]
//!                           │
//!  no layer reads or writes ┘   so at the end it still is above 0, and as the embeddings are the output matrix too, it
//!  here                         raises what may be said
//! ```

mod gguf;
mod preset;
mod quantize;
mod vocabulary;
mod weights;

use std::io::{self, Write};

pub use preset::{Architecture, Preset, Shape};
pub use quantize::WeightType;

use gguf::{Header, Value};
use vocabulary::Vocabulary;
use weights::{Kind, Tensor, tensors};

/// A template that needs nothing but the special tokens of the vocabulary.
const TEMPLATE: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + \
                        '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}\
                        {% endif %}";

/// A file to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Synth {
    /// The name in the file.
    pub name: String,
    /// The shape.
    pub shape: Shape,
    /// How matrices are stored.
    pub weights: WeightType,
    /// How the embeddings are stored, and the output matrix.
    pub embeddings: WeightType,
    /// Of the weights. The vocabulary depends on its size only.
    pub seed: u64,
}

impl Synth {
    /// Refuses a shape that makes no model.
    ///
    /// # Errors
    /// If it does not, in words.
    pub fn check(&self) -> io::Result<()> {
        self.shape.check()
    }

    /// Number of weights.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        tensors(&self.shape).iter().map(Tensor::elements).sum()
    }

    /// Writes the file; `progress` is told how many weights were written since it was told before. Tensors are made
    /// in parts, so that memory holds a small share of the model.
    ///
    /// # Errors
    /// If writing fails, or the shape makes no model.
    pub fn write(&self, mut out: impl Write, mut progress: impl FnMut(u64)) -> io::Result<()> {
        self.check()?;
        let vocabulary = Vocabulary::new(self.shape.vocabulary);
        let tensors = tensors(&self.shape);
        let mut header = self.metadata(&vocabulary);
        for tensor in &tensors {
            header.tensor(&tensor.name, &tensor.dims, self.stored_as(tensor));
        }
        let padded = header.write(&mut out)?;
        for (i, tensor) in tensors.iter().enumerate() {
            let seed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(i as u64);
            tensor.write(self.stored_as(tensor), seed, &vocabulary, &mut out, &mut progress)?;
            padded.after(tensor.elements(), self.stored_as(tensor), &mut out)?;
        }
        out.flush()
    }

    fn stored_as(&self, tensor: &Tensor) -> WeightType {
        match tensor.kind {
            Kind::Norm | Kind::Bias => WeightType::F32,
            Kind::Embedding | Kind::Output => self.embeddings,
            Kind::Matrix { .. } => self.weights,
        }
    }

    fn metadata(&self, vocabulary: &Vocabulary) -> Header {
        let shape = &self.shape;
        let architecture = shape.architecture.name();
        let mut header = Header::default();
        let mut put = |key: &str, value: Value| header.metadata(key, value);
        put("general.architecture", Value::text(architecture));
        put("general.type", Value::text("model"));
        put("general.name", Value::text(&format!("{} with random weights", self.name)));
        put("general.file_type", Value::U32(self.weights.file_type()));
        let mut own = |key: &str, value: Value| put(&format!("{architecture}.{key}"), value);
        own("context_length", Value::U32(shape.context));
        own("embedding_length", Value::U32(shape.width));
        own("block_count", Value::U32(shape.layers));
        own("feed_forward_length", Value::U32(shape.feed_forward));
        own("attention.head_count", Value::U32(shape.heads));
        own("attention.head_count_kv", Value::U32(shape.kv_heads));
        own("attention.key_length", Value::U32(shape.head_size));
        own("attention.value_length", Value::U32(shape.head_size));
        own("attention.layer_norm_rms_epsilon", Value::F32(1e-6));
        own("rope.freq_base", Value::F32(shape.rope_base));
        own("rope.dimension_count", Value::U32(shape.head_size));
        own("vocab_size", Value::U32(shape.vocabulary));
        put("tokenizer.ggml.model", Value::text("gpt2"));
        put("tokenizer.ggml.pre", Value::text(shape.tokenizer));
        put("tokenizer.ggml.tokens", Value::Texts(vocabulary.tokens().to_vec()));
        put("tokenizer.ggml.token_type", Value::I32s(vocabulary.types()));
        put("tokenizer.ggml.merges", Value::Texts(vocabulary.merges().to_vec()));
        put("tokenizer.ggml.bos_token_id", Value::U32(vocabulary.beginning()));
        put("tokenizer.ggml.eos_token_id", Value::U32(vocabulary.end()));
        put("tokenizer.ggml.add_bos_token", Value::Bool(false));
        put("tokenizer.chat_template", Value::text(TEMPLATE));
        header
    }
}
