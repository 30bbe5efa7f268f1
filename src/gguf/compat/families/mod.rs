//! What Ollama's own converters wrote otherwise, one file per family of models.
//!
//! Where the rules come from: what Ollama's converters wrote, release by release, and what each loader in
//! `llama.cpp/src/models` asks for. A rule never guesses: the right value is in the file under another name,
//! follows from the shape of a tensor, or is the same for all models of the family.

mod bert;
mod deepseek;
mod gemma;
mod glm;
mod gpt_oss;
mod laguna;
mod lfm2;
mod llama;
mod mistral;
mod nemotron;
mod olmo;
mod qwen;

use super::rewrite::Rewrite;
use crate::gguf::GgufFile;

/// A family of models.
pub(super) struct Family {
    /// What its files may have as `general.architecture`.
    pub(super) architectures: &'static [&'static str],
    /// Whether a file with that architecture is one of Ollama's own: it has or lacks what no other converter does.
    pub(super) is_old: fn(&GgufFile) -> bool,
    /// Corrects the header of such a file.
    pub(super) correct: fn(&mut Rewrite),
}

/// All of them; the first that matches is taken.
pub(super) const FAMILIES: [&Family; 20] = [
    &bert::SNOWFLAKE,
    &deepseek::OCR,
    &gemma::EMBEDDING,
    &gemma::GEMMA3,
    &gemma::GEMMA3N,
    &gemma::GEMMA4,
    &glm::GLM4_MOE_LITE,
    &gpt_oss::GPT_OSS,
    &laguna::LAGUNA,
    &lfm2::LFM2,
    &llama::LLAMA3,
    &llama::LLAMA4,
    &mistral::MISTRAL3,
    &nemotron::MOE,
    &nemotron::OMNI,
    &olmo::OLMO3,
    &qwen::QWEN25_VL,
    &qwen::QWEN3_VL,
    &qwen::QWEN35,
    &qwen::QWEN3_NEXT,
];

/// The parts of a model that see or hear, and bring it into the text. llama.cpp wants them in a file of their own,
/// and refuses tensors that it has no use for.
const SENSES: [&str; 3] = ["v.", "a.", "mm."];

/// Whether a tensor's name begins with one of these.
fn has_tensors(file: &GgufFile, prefixes: &[&str]) -> bool {
    file.tensors().iter().any(|tensor| prefixes.iter().any(|prefix| tensor.name.starts_with(prefix)))
}

/// Whether there is a tensor of this name.
fn has_tensor(file: &GgufFile, name: &str) -> bool {
    file.tensors().iter().any(|tensor| tensor.name == name)
}

/// Whether any of these keys of the architecture is there.
fn has_keys(file: &GgufFile, names: &[&str]) -> bool {
    names.iter().any(|name| file.get(&file.architecture_key(name)).is_some())
}

/// Whether a file names no way to split text before it is tokenised. llama.cpp then uses the wrong one.
fn lacks_pre_tokenizer(file: &GgufFile) -> bool {
    matches!(file.str("tokenizer.ggml.pre"), None | Some("" | "default"))
}

/// Leaves out layers that guess further tokens: Ollama's converters kept them as the checkpoint had them. llama.cpp
/// would want norms that are larger by one, and experts that are joined.
fn drop_guessing_layers(rewrite: &mut Rewrite) {
    if !rewrite.names().any(|name| name.starts_with("mtp.")) {
        return;
    }
    rewrite.drop_tensors(&["mtp."]);
    // Where they are counted, they are counted among all layers too.
    let key = rewrite.key("nextn_predict_layers");
    if rewrite.remove(&key).is_some() {
        let layer = |name: &str| name.strip_prefix("blk.")?.split('.').next()?.parse::<u32>().ok();
        let layers = rewrite.names().filter_map(layer).max().map_or(0, |last| last.saturating_add(1));
        rewrite.set(&rewrite.key("block_count"), layers);
    }
}
