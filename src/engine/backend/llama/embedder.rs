//! Vectors through llama.cpp: a context of their own over the model's weights.
//!
//! It is made when the first text comes, and made anew, larger, when a longer one does: what attention needs grows with
//! the square of the text, and most texts are short.

use quipu_llama::{DeviceUse, EmbedderParams, Error, Model, Pooling};
use tracing::info;

use crate::engine::backend::{Embedder, EmbedderSizes};
use crate::engine::protocol::{DeviceMemory, Token};

/// llama.cpp keeps a row of logits for every token of a pass, though nobody reads them here. Passes are so short that
/// these rows stay within this many bytes.
const LOGITS_BYTES: u32 = 128 << 20;

/// Texts that share a pass.
const TEXTS: u32 = 128;

/// llama.cpp as an [`Embedder`].
pub struct LlamaEmbedder {
    model: Model,
    sizes: EmbedderSizes,
    threads: u32,
    pooling: Option<Pooling>,
    /// What the engine takes without this, the weights included; nothing, if this is all there is.
    beside: Vec<DeviceUse>,
    made: Option<quipu_llama::Embedder>,
}

impl LlamaEmbedder {
    /// Prepares everything but the context. `pooling` is for models whose file names no way to pool; `beside` is what a
    /// model that writes takes for that, with its weights.
    pub(super) fn new(
        model: &Model,
        pass_tokens: u32,
        threads: u32,
        pooling: Option<Pooling>,
        beside: Vec<DeviceUse>,
    ) -> Self {
        let logits = model.vocab().len().max(1).saturating_mul(size_of::<f32>() as u32);
        let text_tokens = model.context_train().max(1);
        let sizes = EmbedderSizes {
            pass_tokens: pass_tokens.min((LOGITS_BYTES / logits).max(32)),
            // A recurrent state costs as much as a long text.
            texts: if model.is_recurrent() { 1 } else { TEXTS },
            text_tokens,
            width: model.embedding_width(),
        };
        Self { model: model.clone(), sizes, threads, pooling, beside, made: None }
    }

    /// The context, large enough for a text of `longest` tokens.
    pub(super) fn ready(&mut self, longest: u32) -> Result<&mut quipu_llama::Embedder, Error> {
        let made = match self.made.take().filter(|made| made.text_tokens() >= longest) {
            Some(made) => made,
            None => self.make(longest)?,
        };
        Ok(self.made.insert(made))
    }

    fn make(&self, longest: u32) -> Result<quipu_llama::Embedder, Error> {
        let EmbedderSizes { pass_tokens, texts, text_tokens, .. } = self.sizes;
        let room = longest.next_power_of_two().min(text_tokens).max(pass_tokens);
        let mut params = EmbedderParams {
            batch_tokens: pass_tokens,
            text_tokens: room,
            texts,
            threads: self.threads,
            pooling: self.pooling,
        };
        let mut made = quipu_llama::Embedder::new(&self.model, &params)?;
        if made.text_tokens() < longest {
            // Every token looks at all others: the text must be one pass.
            drop(made);
            params.batch_tokens = room;
            made = quipu_llama::Embedder::new(&self.model, &params)?;
        }
        info!(text_tokens = made.text_tokens(), pass_tokens = made.batch_tokens(), "context for embeddings");
        Ok(made)
    }
}

impl Embedder for LlamaEmbedder {
    fn sizes(&self) -> EmbedderSizes {
        self.sizes
    }

    fn embed(&mut self, texts: &[&[Token]]) -> Result<Vec<Vec<f32>>, String> {
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or(1) as u32;
        let embedder = self.ready(longest).map_err(|error| error.to_string())?;
        embedder.embed(texts).map_err(|error| error.to_string())
    }

    fn memory(&self) -> Vec<DeviceMemory> {
        let mut all = self.beside.clone();
        for used in self.made.iter().flat_map(quipu_llama::Embedder::memory_use) {
            match all.iter_mut().find(|all| all.device == used.device) {
                // The weights are the same.
                Some(all) => (all.pool, all.compute) = (all.pool + used.pool, all.compute + used.compute),
                None => all.push(used),
            }
        }
        all.into_iter().map(device_memory).collect()
    }
}

fn device_memory(used: DeviceUse) -> DeviceMemory {
    let DeviceUse { device, kind, weights, pool, compute } = used;
    DeviceMemory { device, gpu: kind.is_gpu(), weights, pool, compute }
}
