//! Shapes of known models.

use std::io;

/// All bytes, and as many words.
const FEWEST_TOKENS: u32 = 512;

/// How a model is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Llama and those like it.
    Llama,
    /// The same with biases at queries, keys and values.
    Qwen2,
}

impl Architecture {
    /// As GGUF calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
        }
    }
}

/// The sizes of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// How it is built.
    pub architecture: Architecture,
    /// How text is cut before it is tokenized, as llama.cpp calls it.
    pub tokenizer: &'static str,
    /// Tokens of the vocabulary, at least 512.
    pub vocabulary: u32,
    /// Length of an embedding, a multiple of 32.
    pub width: u32,
    /// Layers.
    pub layers: u32,
    /// Heads of attention.
    pub heads: u32,
    /// Heads of keys and values, of which each serves `heads / kv_heads` heads.
    pub kv_heads: u32,
    /// Length of a head's vector; a multiple of 32.
    pub head_size: u32,
    /// Length within the feed-forward part, a multiple of 32.
    pub feed_forward: u32,
    /// The embeddings are the output matrix too.
    pub tied: bool,
    /// Tokens of a context.
    pub context: u32,
    /// Base of the rotation by position.
    pub rope_base: f32,
}

/// A known model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Preset {
    /// A toy for tests.
    #[value(name = "tiny")]
    Tiny,
    #[value(name = "smollm2-135m")]
    Smollm2x135m,
    /// A Llama of 180 million parameters, as no one has published it.
    #[value(name = "llama-180m")]
    Llama180m,
    #[value(name = "qwen2.5-0.5b")]
    Qwen25x05b,
    #[value(name = "llama-3.2-1b")]
    Llama32x1b,
    #[value(name = "qwen2.5-1.5b")]
    Qwen25x15b,
    #[value(name = "llama-3.1-8b")]
    Llama31x8b,
}

impl Preset {
    /// As people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Smollm2x135m => "smollm2-135m",
            Self::Llama180m => "llama-180m",
            Self::Qwen25x05b => "qwen2.5-0.5b",
            Self::Llama32x1b => "llama-3.2-1b",
            Self::Qwen25x15b => "qwen2.5-1.5b",
            Self::Llama31x8b => "llama-3.1-8b",
        }
    }

    /// Its shape.
    #[must_use]
    pub fn shape(self) -> Shape {
        let llama = Shape {
            architecture: Architecture::Llama,
            tokenizer: "llama-bpe",
            vocabulary: 128_256,
            width: 2048,
            layers: 16,
            heads: 32,
            kv_heads: 8,
            head_size: 64,
            feed_forward: 8192,
            tied: true,
            context: 131_072,
            rope_base: 500_000.0,
        };
        let qwen = Shape {
            architecture: Architecture::Qwen2,
            tokenizer: "qwen2",
            vocabulary: 151_936,
            context: 32_768,
            rope_base: 1_000_000.0,
            ..llama
        };
        match self {
            Self::Tiny => sized(llama, (64, 2, 2, 1, 32, 128), 512),
            Self::Smollm2x135m => Shape {
                tokenizer: "smollm",
                context: 8192,
                rope_base: 100_000.0,
                ..sized(llama, (576, 30, 9, 3, 64, 1536), 49_152)
            },
            Self::Llama180m => sized(llama, (1024, 12, 16, 4, 64, 3072), 32_000),
            Self::Qwen25x05b => sized(qwen, (896, 24, 14, 2, 64, 4864), qwen.vocabulary),
            Self::Llama32x1b => llama,
            Self::Qwen25x15b => sized(qwen, (1536, 28, 12, 2, 128, 8960), qwen.vocabulary),
            Self::Llama31x8b => {
                Shape { tied: false, ..sized(llama, (4096, 32, 32, 8, 128, 14_336), llama.vocabulary) }
            }
        }
    }
}

/// Width, layers, heads, heads of keys and values, size of a head, feed-forward.
fn sized(like: Shape, sizes: (u32, u32, u32, u32, u32, u32), vocabulary: u32) -> Shape {
    let (width, layers, heads, kv_heads, head_size, feed_forward) = sizes;
    Shape { vocabulary, width, layers, heads, kv_heads, head_size, feed_forward, ..like }
}

impl Shape {
    /// Refuses what makes no model.
    pub(super) fn check(&self) -> io::Result<()> {
        let problem = |text: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        if self.vocabulary < FEWEST_TOKENS {
            return problem("a vocabulary needs 512 tokens at least");
        }
        if self.layers == 0 {
            return problem("a model needs a layer at least");
        }
        if [self.width, self.head_size, self.feed_forward].iter().any(|size| *size == 0 || size % 32 != 0) {
            return problem("sizes must be multiples of 32");
        }
        if self.kv_heads == 0 || !self.heads.is_multiple_of(self.kv_heads) {
            return problem("heads must be a multiple of those of keys and values");
        }
        Ok(())
    }
}
