//! Loading a model and sizing its pool.

use std::fs::File;
use std::path::{Path, PathBuf};

use quipu_llama::{Batch, Context, ContextParams, DeviceKind, Model, ModelParams, Pooling, devices};
use tracing::info;

use super::{LlamaBackend, LlamaEmbedder, LlamaVocabulary, Threads, warm_up};
use crate::engine::backend::Capabilities;
use crate::engine::protocol::EngineSettings;
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
    /// Bytes of keys and values of one token.
    pub bytes_per_token: u64,
}

/// Loads a model with LoRA adapters, and makes its pool.
///
/// # Errors
/// See [`LoadError`].
pub fn load(
    path: &Path,
    adapters: &[PathBuf],
    settings: &EngineSettings,
    progress: &mut dyn FnMut(f32) -> bool,
) -> Result<Loaded, LoadError> {
    // llama.cpp aborts on some damaged files; ours does not.
    let file = compat::open(path)?;
    let devices = devices();
    let on_gpu = settings.gpu_layers != Some(0)
        && devices.iter().any(|d| matches!(d.kind, DeviceKind::Gpu | DeviceKind::IntegratedGpu));
    let params = ModelParams { gpu_layers: settings.gpu_layers };
    let mut model = load_model(path, &file, &params, progress)?;
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
    let sizes = Sizing::of(&model, file.as_loaded(), settings, &devices, on_gpu);
    let writer = match make_context(&model, &sizes, settings) {
        Ok((context, cells)) => Some(writer(context, cells, &sizes, settings)?),
        Err(LoadError::Llama(quipu_llama::Error::Encoder)) => None,
        Err(error) => return Err(error),
    };
    let embedder = embedder(&model, file.as_loaded(), &sizes, settings, writer.is_none())?;
    let most = writer.as_ref().map_or(model.context_train(), |writer| writer.backend.capabilities.cells);
    Ok(Loaded {
        vocabulary: LlamaVocabulary::new(model.vocab()),
        writer,
        embedder,
        context: sizes.context.min(most),
        on_gpu,
        devices: devices.into_iter().map(|d| format!("{} ({})", d.name, d.description)).collect(),
        model,
    })
}

/// What generates, measured and warm.
fn writer(
    context: Context,
    cells: u32,
    sizes: &Sizing,
    settings: &EngineSettings,
) -> Result<Writer, LoadError> {
    let Sizing { max_running, max_cached, bytes_per_token, .. } = *sizes;
    info!(cells, bytes_per_token, running = max_running, "KV pool");
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
    backend.threads = (settings.threads.is_none() && !sizes.on_gpu).then(|| Threads::new(found.threads));
    Ok(Writer { backend, max_running, max_cached, bytes_per_token })
}

/// What makes vectors. Of an encoder it is made now, and used once, so that one that cannot compute is found now and the
/// first request does not wait; a model that writes is seldom asked for vectors, and then computes them beside its
/// answers, with half of the cores.
fn embedder(
    model: &Model,
    file: &GgufFile,
    sizes: &Sizing,
    settings: &EngineSettings,
    encoder: bool,
) -> Result<LlamaEmbedder, LoadError> {
    let named = file.architecture_u64("pooling_type").is_some_and(|pooling| pooling != 0);
    // The last token is the only one of a causal model that has seen the whole text; of an encoder, each has.
    let pooling = (!named).then_some(if encoder { Pooling::Mean } else { Pooling::Last });
    let share = if encoder { 1 } else { 2 };
    let threads = settings.threads.unwrap_or_else(|| (warm_up::cores() / share).max(1));
    let mut embedder = LlamaEmbedder::new(model, sizes.batch_tokens, threads, pooling);
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

/// What the pool and the batch should be.
struct Sizing {
    context: u32,
    cells: u32,
    max_running: u32,
    max_cached: u32,
    batch_tokens: u32,
    bytes_per_token: u64,
    on_gpu: bool,
}

impl Sizing {
    /// The pool holds the full context of every running sequence if half of the free memory allows it, and
    /// at least one context; more cells than that are of no use, and each costs time when sequences are
    /// copied.
    fn of(
        model: &Model,
        file: &GgufFile,
        settings: &EngineSettings,
        devices: &[quipu_llama::Device],
        on_gpu: bool,
    ) -> Self {
        const MOST_CELLS: u64 = 1 << 18;
        let of_pool = |kind: DeviceKind| match kind {
            DeviceKind::Gpu | DeviceKind::IntegratedGpu => on_gpu,
            DeviceKind::Cpu => !on_gpu,
            DeviceKind::Accelerator => false,
        };
        let free: u64 = devices.iter().filter(|d| of_pool(d.kind)).map(|d| d.free).sum();
        let trained = model.context_train().max(1);
        let context = settings.context.unwrap_or_else(|| default_context(free, on_gpu).min(trained)).max(4);
        // Recurrent states cost as much per sequence as a long context.
        let (running, cached) = match (model.is_recurrent(), on_gpu) {
            (true, _) => (16, 16),
            (false, false) => (32, 64),
            (false, true) => (64, 128),
        };
        let max_running = settings.max_running.unwrap_or(running).clamp(1, quipu_llama::MAX_SEQUENCES);
        let max_cached = settings.max_cached.unwrap_or(cached).min(quipu_llama::MAX_SEQUENCES - max_running);
        let bytes_per_token = kv_bytes_per_token(file);
        let affordable = (free / 2).min(settings.pool_bytes.unwrap_or(u64::MAX)) / bytes_per_token.max(1);
        let useful = u64::from(context) * u64::from(max_running);
        let cells = useful.min(affordable).min(MOST_CELLS).max(u64::from(context)) as u32;
        Self {
            context,
            cells: settings.pool_tokens.unwrap_or(cells).max(32),
            max_running,
            max_cached,
            batch_tokens: settings.batch_tokens.unwrap_or(512).clamp(32, 8192).max(max_running * 2),
            bytes_per_token,
            on_gpu,
        }
    }
}

/// Ollama's rule for a context that nobody chose: by GPU memory.
fn default_context(free: u64, on_gpu: bool) -> u32 {
    const GIB: u64 = 1 << 30;
    match free {
        free if on_gpu && free >= 47 * GIB => 262_144,
        free if on_gpu && free >= 23 * GIB => 32_768,
        _ => 4096,
    }
}

/// Bytes of keys and values of one token over all layers, at 16 bits each. Layers without attention count
/// too; the figure is a bound.
fn kv_bytes_per_token(file: &GgufFile) -> u64 {
    let get = |key| file.architecture_u64(key);
    let layers = get("block_count").unwrap_or(1);
    let heads = get("attention.head_count").unwrap_or(1).max(1);
    let kv_heads = get("attention.head_count_kv").unwrap_or(heads);
    let head = get("embedding_length").unwrap_or(0) / heads;
    let key = get("attention.key_length").unwrap_or(head);
    let value = get("attention.value_length").unwrap_or(head);
    layers * kv_heads * (key + value) * 2
}

/// Makes the context; when the pool cannot be had, a smaller one, down to a single context.
fn make_context(
    model: &Model,
    sizes: &Sizing,
    settings: &EngineSettings,
) -> Result<(Context, u32), LoadError> {
    let threads = settings.threads.unwrap_or_else(warm_up::cores);
    let mut params = ContextParams {
        cells: sizes.cells,
        batch_tokens: sizes.batch_tokens,
        sequences: sizes.max_running + sizes.max_cached,
        threads,
        precise: settings.deterministic,
    };
    loop {
        match Context::new(model, &params) {
            Ok(context) => {
                let cells = context.cells();
                // llama.cpp rounds up; an explicit size is kept to the token.
                return Ok((context, settings.pool_tokens.map_or(cells, |n| n.clamp(32, cells))));
            }
            Err(quipu_llama::Error::Context(reason)) if params.cells / 2 >= sizes.context => {
                params.cells /= 2;
                info!(cells = params.cells, reason, "a smaller KV pool is tried");
            }
            Err(error) => return Err(error.into()),
        }
    }
}
