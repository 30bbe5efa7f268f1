//! Imports Hugging Face checkpoints: a folder of safetensors files and configurations becomes one GGUF file.
//!
//! ```text
//!  config.json ─────▶ families ────▶ what llama.cpp calls it; tables of tensors and shapes ─┐
//!                     rope           (blueprint)                                            │
//!  tokenizer.json ──▶ vocabulary ──▶ tokens, merges, special tokens, chat template          │
//!  tokenizer.model                                                                          ▼
//!  *.safetensors ───▶ checkpoint ──▶ which tensor lies where ──────────────────────────▶  plan
//!                                                                                           │
//!                              GGUF ◀── convert: piece by piece ◀── Import::write
//! ```
//!
//! [`Import::model`] reads configurations and the headers of the weights, and checks all of it: every tensor of the
//! tables must be there in the shape that the configuration makes, and no tensor may be left over, for a model
//! with a part missing would load and write nonsense. Only then [`Import::write`] moves the weights. It holds one
//! piece of one tensor in memory.
//!
//! [`Import::adapter`] does the same for LoRA adapters of PEFT.
//!
//! To add a kind of model: a table and a function in `families/`. The linked llama.cpp decides how things are
//! called and which order rows have; the checkpoints and logits of `tests/clients/import` prove it.

mod adapter;
mod checkpoint;
mod convert;
mod error;
mod families;
mod files;
mod header;
mod object;
mod plan;
mod pooling;
mod progress;
mod rope;
mod rows;
mod tensor;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::io::{BufWriter, Write};

pub use error::ImportError;
pub use files::Files;
pub use progress::Progress;

use super::{GgufFile, TensorType};
use checkpoint::Checkpoint;
use header::Header;
use plan::Stock;
pub(super) use progress::Meter;
use tensor::Tensor;
use vocabulary::Vocabulary;

/// How the weights of matrices are written. Vectors and norms always have 32 bits: llama.cpp wants it so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weights {
    /// 16 bits. Weights beyond 65504, which no F16 can hold, are an error.
    #[default]
    F16,
    /// 16 bits, with the range of 32: exact for checkpoints in BF16.
    BF16,
    /// 32 bits: exact for all checkpoints.
    F32,
}

impl Weights {
    fn tensor_type(self) -> TensorType {
        match self {
            Self::F16 => TensorType::F16,
            Self::BF16 => TensorType::BF16,
            Self::F32 => TensorType::F32,
        }
    }

    /// `general.file_type`: the number of llama.cpp's `llama_ftype`.
    fn file_type(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::BF16 => 32,
        }
    }
}

/// What to make of a checkpoint.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The type of the weights.
    pub weights: Weights,
    /// `general.name`: the name of the model for people. Without one, that of the configuration is taken.
    pub name: Option<String>,
}

/// A checkpoint that was read and found sound, ready to be written as GGUF.
#[derive(Debug)]
#[must_use = "nothing is imported before it is written"]
pub struct Import {
    header: Header,
    tensors: Vec<Tensor>,
}

impl Import {
    /// Reads a model. Needed are `config.json`, the safetensors files, and a vocabulary: `tokenizer.json`,
    /// `tokenizer.model` or `vocab.txt`. What else there is of `model.safetensors.index.json`,
    /// `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`, `generation_config.json`,
    /// `chat_template.jinja`, `chat_template.json` and `modules.json` with the pooling is used, too.
    ///
    /// # Errors
    /// If files are missing, damaged or do not fit each other, or if this kind of model is not imported. The
    /// message names file and tensor, and says what to do.
    pub fn model(files: &Files, options: &ImportOptions) -> Result<Self, ImportError> {
        if files.is_empty() {
            return Err(ImportError::NoFiles);
        }
        let config = files.object("config.json")?;
        let config = config
            .ok_or_else(|| ImportError::missing("config.json", "it says what kind of model this is"))?;
        let mut blueprint = families::read(&config)?;
        let mut stock = Stock::new(Checkpoint::open(files)?, &blueprint.naming)?;
        blueprint.sizes.vocabulary = stock.rows_of(blueprint.naming.embeddings)?;
        untie(&mut stock, blueprint.tied)?;
        let tensors = plan::plan(stock, &blueprint, options.weights)?;

        let mut header = blueprint.header;
        header.set_size("vocab_size", blueprint.sizes.vocabulary);
        pooling::describe(files, &mut header)?;
        let vocabulary = Vocabulary::read(files, blueprint.sizes.vocabulary)?;
        let name =
            options.name.as_deref().or(config.text("_name_or_path")?.map(last_part)).unwrap_or_default();
        header.set("general.name", known_name(name, header.architecture(), &vocabulary));
        vocabulary.describe(files, &mut header)?;
        Ok(Self::new(header, tensors, "model", options.weights))
    }

    /// Reads a LoRA adapter of PEFT (`adapter_config.json` and its safetensors file) for a model that is GGUF
    /// already: the adapter is checked against its tensors.
    ///
    /// # Errors
    /// As for [`model`](Self::model); and if the adapter is for another model, or uses what llama.cpp has not
    /// (DoRA, trained biases or embeddings of whole layers).
    pub fn adapter(files: &Files, base: &GgufFile, options: &ImportOptions) -> Result<Self, ImportError> {
        if files.is_empty() {
            return Err(ImportError::NoFiles);
        }
        let (mut header, tensors) = adapter::read(files, base, options.weights)?;
        header.set("general.name", options.name.as_deref().unwrap_or_default());
        Ok(Self::new(header, tensors, "adapter", options.weights))
    }

    fn new(mut header: Header, tensors: Vec<Tensor>, kind: &str, weights: Weights) -> Self {
        header.set("general.type", kind);
        header.set("general.file_type", weights.file_type());
        let parameters = tensors.iter().map(|tensor| tensor.info.elements()).fold(0, u64::saturating_add);
        header.set("general.parameter_count", parameters);
        Self { header, tensors }
    }

    /// What llama.cpp builds from it: `llama`, `qwen3`, `bert`.
    #[must_use]
    pub fn architecture(&self) -> &'static str {
        self.header.architecture()
    }

    /// Bytes of weights that will be written: the total that `progress` is told.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.tensors.iter().map(|tensor| tensor.info.bytes).fold(0, u64::saturating_add)
    }

    /// Writes the GGUF file. Output is buffered.
    ///
    /// # Errors
    /// If the checkpoint cannot be read (any more), a weight does not fit its type, writing fails, or `progress`
    /// breaks. What was written until then is of no use.
    pub fn write(&self, out: impl Write, progress: &mut Progress<'_>) -> Result<(), ImportError> {
        let mut meter = Meter::new(self.bytes(), progress);
        let mut writer = self.header.writer();
        for tensor in &self.tensors {
            let info = &tensor.info;
            writer = writer.tensor(info.name.as_str(), info.dims.as_slice(), info.tensor_type);
        }
        let mut writer = writer.start(BufWriter::new(out))?;
        for tensor in &self.tensors {
            convert::write(tensor, &mut writer, &mut meter)?;
        }
        writer.finish()?;
        Ok(())
    }
}

/// The name of a model, for people and for llama.cpp: if it says Phi-3, special tokens take the white space behind
/// them with them, as those of Phi-3 should, and loading fails if there are not all the tokens of Phi-3. So it must
/// say it exactly where it is true.
fn known_name(name: &str, architecture: &str, vocabulary: &Vocabulary) -> String {
    const MARKS: [&str; 2] = ["phi-3", "phi3"];
    let is_possible = ["</s>", "<unk>", "<s>", "<|endoftext|>"].iter().all(|token| vocabulary.has(token));
    let mut name = name.to_owned();
    let find =
        |name: &str| MARKS.iter().find_map(|mark| Some((name.to_ascii_lowercase().find(mark)?, mark.len())));
    if architecture == "phi3" && is_possible && vocabulary.strips() && find(&name).is_none() {
        name.push_str(if name.is_empty() { "Phi-3" } else { " (Phi-3)" });
    }
    while let Some((at, len)) = find(&name).filter(|_| !is_possible) {
        name.replace_range(at..at + len, "Phi 3");
    }
    name
}

/// The name of a model without its owner or folder.
fn last_part(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// A model whose output uses its embeddings may have them twice in its files: the second time, they are left out.
fn untie(stock: &mut Stock, tied: Option<bool>) -> Result<(), ImportError> {
    const OUTPUT: &str = "lm_head.weight";
    match tied {
        Some(true) => drop(stock.take(OUTPUT)),
        Some(false) => drop(stock.rows_of(OUTPUT)?),
        None => {}
    }
    Ok(())
}
