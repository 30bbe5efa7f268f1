//! Loading a model as it was planned.

use std::fs::File;
use std::path::{Path, PathBuf};

use quipu_llama::{Batch, Context, DeviceUse, Model, ModelParams, Pooling, devices};
use tracing::info;

use super::plan::Plan;
use super::{LlamaBackend, LlamaEmbedder, LlamaVocabulary, Threads, warm_up};
use crate::engine::backend::{Capabilities, Embedder};
use crate::engine::protocol::{DeviceMemory, EngineSettings, Expected};
use crate::gguf::compat::{self, ModelFile};
use crate::gguf::{GgufError, GgufFile, open_adapter};

/// Why a model cannot be loaded, for people.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is damaged or no model.
    #[error(transparent)]
    File(#[from] GgufError),
    /// llama.cpp refused it.
    #[error(transparent)]
    Llama(#[from] quipu_llama::Error),
    /// The first forward pass failed.
    #[error("the model loads, but cannot compute: {0}")]
    Broken(String),
    /// The model is of a kind that cannot write.
    #[error(
        "this model does not generate text ({0}); Quipu serves text generation and embedding models only"
    )]
    NoText(&'static str),
}

/// A loaded model with its sizes.
pub struct Loaded {
    /// What generates; encoders do not.
    pub writer: Option<Writer>,
    /// What makes vectors of texts.
    pub embedder: LlamaEmbedder,
    /// The vocabulary.
    pub vocabulary: LlamaVocabulary,
    /// The model.
    pub model: Model,
    /// Cap on the context of a sequence when a request names none.
    pub context: u32,
    /// Whether layers lie on a GPU.
    pub on_gpu: bool,
    /// How many of them do.
    pub gpu_layers: u32,
    /// Of how many.
    pub layers: u32,
    /// What it takes of each device's memory.
    pub memory: Vec<DeviceMemory>,
    /// Devices, for people.
    pub devices: Vec<String>,
}

/// What generates, with its sizes.
pub struct Writer {
    /// The backend.
    pub backend: LlamaBackend,
    /// Sequences that run at the same time.
    pub max_running: u32,
    /// Cached sequences.
    pub max_cached: u32,
}

/// How far loading is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// What it will be.
    Planned(Expected),
    /// This share of the weights is read, `0.0..=1.0`.
    Read(f32),
}

/// Loads a model with LoRA adapters, and makes its pool. `progress` cancels by returning `false`.
///
/// # Errors
/// See [`LoadError`].
pub fn load(
    path: &Path,
    adapters: &[PathBuf],
    settings: &EngineSettings,
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Loaded, LoadError> {
    // llama.cpp aborts on some damaged files; ours does not.
    let file = compat::open(path)?;
    let devices = devices();
    let count = |gpu_layers| load_model(path, &file, &ModelParams { gpu_layers, count: true }, &mut |_| true);
    let plan = Plan::of(count, settings, &devices)?;
    let params = ModelParams { gpu_layers: plan.gpu_layers, count: false };
    if !progress(Progress::Planned(plan.expected())) {
        return Err(quipu_llama::Error::Cancelled.into());
    }
    let mut model = load_model(path, &file, &params, &mut |share| progress(Progress::Read(share)))?;
    for adapter in adapters {
        open_adapter(adapter, file.as_loaded())?;
        model.add_adapter(adapter)?;
        info!(path = %adapter.display(), "LoRA adapter");
    }
    if !model.has_decoder() {
        return Err(LoadError::NoText("it is the encoder of a translation model"));
    }
    if model.is_diffusion() {
        return Err(LoadError::NoText("it is a diffusion model"));
    }
    let writer = match make_context(&model, &plan, settings) {
        Ok((context, cells)) => Some(writer(context, cells, &plan, settings)?),
        Err(LoadError::Llama(quipu_llama::Error::Encoder)) => None,
        Err(error) => return Err(error),
    };
    let beside = writer.as_ref().map(|writer| writer.backend.context.memory_use());
    let embedder = embedder(&model, file.as_loaded(), &plan, settings, beside)?;
    let memory = embedder.memory();
    for DeviceMemory { device, weights, pool, compute, .. } in &memory {
        info!(device, weights, pool, compute, "bytes of memory");
    }
    let most = writer.as_ref().map_or(model.context_train(), |writer| writer.backend.capabilities.cells);
    Ok(Loaded {
        vocabulary: LlamaVocabulary::new(model.vocab()),
        writer,
        embedder,
        context: plan.context.min(most),
        on_gpu: plan.on_gpu,
        gpu_layers: if plan.on_gpu {
            plan.gpu_layers.unwrap_or_else(|| model.layers()).min(model.layers())
        } else {
            0
        },
        layers: model.layers(),
        memory,
        devices: devices.into_iter().map(|d| format!("{} ({})", d.name, d.description)).collect(),
        model,
    })
}

/// What generates, measured and warm.
fn writer(context: Context, cells: u32, plan: &Plan, settings: &EngineSettings) -> Result<Writer, LoadError> {
    let Plan { max_running, max_cached, .. } = *plan;
    info!(cells, running = max_running, "KV pool");
    let model = context.model();
    let partial = !model.is_recurrent();
    let capabilities = Capabilities {
        cells,
        batch_tokens: context.batch_tokens(),
        sequences: context.sequences(),
        vocab: model.vocab().len(),
        partial,
        mixed: partial,
        keep_rows: None,
    };
    let mut backend =
        LlamaBackend { context, capabilities, batch: Batch::new(), rows: Vec::new(), threads: None };
    let found = warm_up::warm_up(&mut backend, settings.threads)?;
    backend.capabilities.keep_rows = found.keep_rows;
    // On a GPU, the processor's threads wait rather than compute.
    backend.threads = (settings.threads.is_none() && !plan.on_gpu).then(|| Threads::new(found.threads));
    Ok(Writer { backend, max_running, max_cached })
}

/// What makes vectors. Of an encoder it is made now, and used once, so that one that cannot compute is found now and the
/// first request does not wait; a model that writes, which takes `beside` for that, is seldom asked for vectors, and then computes them beside its
/// answers, with half of the cores.
fn embedder(
    model: &Model,
    file: &GgufFile,
    plan: &Plan,
    settings: &EngineSettings,
    beside: Option<Vec<DeviceUse>>,
) -> Result<LlamaEmbedder, LoadError> {
    let encoder = beside.is_none();
    let named = file.architecture_u64("pooling_type").is_some_and(|pooling| pooling != 0);
    // The last token is the only one of a causal model that has seen the whole text; of an encoder, each has.
    let pooling = (!named).then_some(if encoder { Pooling::Mean } else { Pooling::Last });
    let share = if encoder { 1 } else { 2 };
    let threads = settings.threads.unwrap_or_else(|| (warm_up::cores() / share).max(1));
    let mut embedder =
        LlamaEmbedder::new(model, plan.batch_tokens, threads, pooling, beside.unwrap_or_default());
    if encoder {
        embedder.ready(1)?.embed(&[&[0]]).map_err(|error| LoadError::Broken(error.to_string()))?;
    }
    Ok(embedder)
}

/// Loads the weights. What Ollama converted with names of its own is read through an overlay.
fn load_model(
    path: &Path,
    file: &ModelFile,
    params: &ModelParams,
    progress: &mut dyn FnMut(f32) -> bool,
) -> Result<Model, LoadError> {
    let Some(overlay) = file.overlay() else { return Ok(Model::load(path, params, progress)?) };
    let (found, loaded) = (file.file().architecture(), file.as_loaded().architecture());
    info!(found, loaded, "an old conversion of Ollama's is read with corrected names");
    let data = File::open(path).map_err(|source| GgufError::Open { path: path.to_owned(), source })?;
    Ok(Model::load_from(overlay.over(data), params, progress)?)
}

/// Makes the context; when the pool cannot be had, a smaller one, down to a single context.
fn make_context(model: &Model, plan: &Plan, settings: &EngineSettings) -> Result<(Context, u32), LoadError> {
    let mut params = plan.params(plan.cells, settings);
    loop {
        match Context::new(model, &params) {
            Ok(context) => {
                let cells = context.cells();
                // llama.cpp rounds up; an explicit size is kept to the token.
                return Ok((context, settings.pool_tokens.map_or(cells, |n| n.clamp(32, cells))));
            }
            Err(quipu_llama::Error::Context(reason)) if params.cells / 2 >= plan.context => {
                params.cells /= 2;
                info!(cells = params.cells, reason, "a smaller KV pool is tried");
            }
            Err(error) => return Err(error.into()),
        }
    }
}
