//! LoRA adapters as PEFT writes them.
//!
//! A weight `W` of the base model gets `scale · B · A` added. llama.cpp computes the scale as `alpha / rank`, and
//! takes the rank from the shape of `A`.

use std::collections::BTreeMap;

use super::Weights;
use super::checkpoint::{self, Stored};
use super::error::ImportError;
use super::families::{self, Naming};
use super::files::Files;
use super::header::Header;
use super::object::Object;
use super::plan::find_row;
use super::rows::{Row, RowChange};
use super::tensor::{Change, Tensor};
use crate::gguf::GgufFile;

const CONFIG: &str = "adapter_config.json";
const PREFIX: &str = "base_model.model.";

/// The two factors of an adapted weight, by what the weight is called in the base model's checkpoint.
#[derive(Debug, Default)]
struct Pair {
    a: Option<Stored>,
    b: Option<Stored>,
    /// Embeddings have their factors the other way round.
    embedding: bool,
}

/// The base model, as far as its adapters need it.
struct Base<'a> {
    file: &'a GgufFile,
    naming: Naming,
    layer: &'static [&'static [Row]],
    architecture: &'static str,
}

pub(super) fn read(
    files: &Files,
    base: &GgufFile,
    weights: Weights,
) -> Result<(Header, Vec<Tensor>), ImportError> {
    let config = files.object(CONFIG)?;
    let config =
        config.ok_or_else(|| ImportError::missing(CONFIG, "it says what kind of adapter this is"))?;
    check_config(&config)?;
    let base = Base::new(base)?;
    let mut tensors = Vec::new();
    for (name, pair) in pairs(files)? {
        base.plan(&name, pair, weights, &mut tensors)?;
    }
    let mut header = Header::new(base.architecture);
    header.set("adapter.type", "lora");
    header.set("adapter.lora.alpha", alpha(&config)? as f32);
    Ok((header, tensors))
}

/// Refuses what llama.cpp would silently leave out.
fn check_config(config: &Object) -> Result<(), ImportError> {
    let kind = config.text("peft_type")?.unwrap_or("LORA");
    if kind != "LORA" {
        return Err(config.error("peft_type", "but only LORA is imported"));
    }
    for key in ["use_dora", "fan_in_fan_out", "use_qalora"] {
        if config.bool(key)? == Some(true) {
            return Err(config.error(key, "which llama.cpp does not know"));
        }
    }
    if config.object("alpha_pattern")?.is_some_and(|pattern| pattern.keys().next().is_some()) {
        return Err(config.error("alpha_pattern", "but llama.cpp has one alpha for all tensors"));
    }
    Ok(())
}

/// The number that llama.cpp divides by the rank. Rank-stabilised adapters divide by its root instead.
fn alpha(config: &Object) -> Result<f64, ImportError> {
    let alpha = config.required_positive("lora_alpha")?;
    if config.bool("use_rslora")? != Some(true) {
        return Ok(alpha);
    }
    if config.object("rank_pattern")?.is_some_and(|pattern| pattern.keys().next().is_some()) {
        return Err(config.error("rank_pattern", "which cannot be had together with use_rslora in llama.cpp"));
    }
    Ok(alpha * config.required_positive("r")?.sqrt())
}

/// The tensors of the adapter in pairs.
fn pairs(files: &Files) -> Result<BTreeMap<String, Pair>, ImportError> {
    let mut pairs = BTreeMap::<String, Pair>::new();
    let weights: Vec<&str> = files.names().filter(|name| name.ends_with(".safetensors")).collect();
    if weights.is_empty() {
        return Err(ImportError::missing(
            "adapter_model.safetensors",
            "the weights of the adapter are in it",
        ));
    }
    for name in weights {
        let Some(path) = files.path(name) else { continue };
        for stored in checkpoint::read_header(name, path)? {
            let (weight, is_a, embedding) = split(&stored)?;
            let pair = pairs.entry(weight).or_default();
            pair.embedding = embedding;
            let slot = if is_a { &mut pair.a } else { &mut pair.b };
            if let Some(other) = slot.replace(stored) {
                return Err(ImportError::tensor(&other.file, &other.name, "is there twice"));
            }
        }
    }
    Ok(pairs)
}

/// What a tensor of an adapter is: the weight it belongs to, whether it is the first factor, and whether the
/// weight is an embedding. Names end in `.lora_A.weight`, in between may be the name of the adapter.
fn split(stored: &Stored) -> Result<(String, bool, bool), ImportError> {
    for (mark, is_a, embedding) in [
        (".lora_A.", true, false),
        (".lora_B.", false, false),
        (".lora_embedding_A", true, true),
        (".lora_embedding_B", false, true),
    ] {
        if let Some((module, _)) = stored.name.split_once(mark) {
            let module = module.strip_prefix(PREFIX).unwrap_or(module);
            return Ok((format!("{module}.weight"), is_a, embedding));
        }
    }
    let problem =
        "is no part of a LoRA: adapters with other trained weights than low-rank ones are not imported";
    Err(ImportError::tensor(&stored.file, &stored.name, problem))
}

impl<'a> Base<'a> {
    fn new(file: &'a GgufFile) -> Result<Self, ImportError> {
        let (architecture, naming, layer) = families::base(file.architecture())?;
        Ok(Self { file, naming, layer, architecture })
    }

    /// Adds the two tensors for one weight.
    fn plan(
        &self,
        weight: &str,
        pair: Pair,
        weights: Weights,
        tensors: &mut Vec<Tensor>,
    ) -> Result<(), ImportError> {
        let (a, b) = match (pair.a, pair.b) {
            (Some(a), Some(b)) => (a, b),
            (Some(one), None) | (None, Some(one)) => {
                return Err(ImportError::tensor(
                    &one.file,
                    &one.name,
                    "has no partner: the adapter is not complete",
                ));
            }
            (None, None) => return Ok(()),
        };
        let fail = |problem: String| ImportError::tensor(&a.file, &a.name, problem);
        let Some((ours, change)) = self.name_of(weight) else {
            return Err(fail(format!("adapts {weight}, which llama.cpp's {} has not", self.architecture)));
        };
        let Some(info) = self.file.tensors().iter().find(|tensor| tensor.name == ours) else {
            return Err(fail(format!("adapts {ours}, which the base model has not: is it another model?")));
        };
        if pair.embedding && !self.file.tensors().iter().any(|tensor| tensor.name == "output.weight") {
            // It would look for the factors of the output there, and abort.
            let problem =
                "adapts embeddings that the base model also uses for its output: llama.cpp cannot do that";
            return Err(fail(problem.to_owned()));
        }
        let change = self.change(change, &ours, &b)?;
        let [columns, rows] = info.dims[..] else {
            return Err(fail(format!("adapts {ours}, which is no matrix in the base model")));
        };
        // An embedding is a look-up: its second factor is that of the rows.
        let fits = match (a.shape.as_slice(), b.shape.as_slice()) {
            ([rank, vocabulary], [width, other]) if pair.embedding => {
                rank == other && (*width, *vocabulary) == (columns, rows)
            }
            ([rank, wide], [high, other]) => rank == other && (*wide, *high) == (columns, rows),
            _ => false,
        };
        if !fits {
            let problem = format!(
                "has shape {:?} and its partner {:?}, which do not adapt a matrix of {rows} by {columns}: is the adapter \
                 for another model?",
                a.shape, b.shape
            );
            return Err(fail(problem));
        }
        let change_a = if pair.embedding { Change::Transposed } else { Change::None };
        tensors.push(Tensor::stored(format!("{ours}.lora_a"), a, change_a, weights)?);
        tensors.push(Tensor::stored(format!("{ours}.lora_b"), b, change, weights)?);
        Ok(())
    }

    /// A weight's name in GGUF, and what the import of the base model did to it.
    fn name_of(&self, weight: &str) -> Option<(String, RowChange)> {
        let plain = self.naming.plain(weight)?;
        if let Some((layer, rest)) =
            plain.strip_prefix(self.naming.layer).and_then(|rest| rest.split_once('.'))
        {
            let layer: u32 = layer.parse().ok()?;
            let row = find_row(self.layer, rest)?;
            return Some((format!("blk.{layer}.{}", row.ours), row.change));
        }
        match plain.as_str() {
            "embed_tokens.weight" => Some(("token_embd.weight".to_owned(), RowChange::None)),
            "lm_head.weight" => Some(("output.weight".to_owned(), RowChange::None)),
            _ => None,
        }
    }

    /// What happens to the second factor, which has the rows of the weight.
    fn change(&self, change: RowChange, ours: &str, b: &Stored) -> Result<Change, ImportError> {
        if !matches!(change, RowChange::Heads) {
            return Ok(Change::None);
        }
        let key = if ours.contains("attn_q") { "attention.head_count" } else { "attention.head_count_kv" };
        let heads =
            self.file.architecture_u64(key).or_else(|| self.file.architecture_u64("attention.head_count"));
        let rows = b.shape.first().copied().unwrap_or(0);
        match heads.filter(|heads| *heads > 0 && rows.is_multiple_of(*heads)) {
            Some(heads) => Ok(Change::Heads { rows: rows / heads }),
            None => Err(ImportError::tensor(
                &b.file,
                &b.name,
                format!("has {rows} rows, which are not the heads of the base model"),
            )),
        }
    }
}
