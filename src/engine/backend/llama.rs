//! The backend over llama.cpp's unified KV cache.
//!
//! What this file relies on, of the pinned llama.cpp:
//! - in a unified cache any cell may belong to any sequences; copying a prefix sets bits and moves no data,
//!   and slots need not be contiguous, so the cells are pages of one token already;
//! - sequence ids stay below `n_seq_max`: larger ones decode, but cannot be saved;
//! - the whole batch is one micro-batch, so a failed pass leaves nothing behind on attention models.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use quipu_llama::{Batch, Context, ContextParams, DeviceKind, Model, ModelParams, Pos, Vocab, devices};
use tracing::info;

use super::{Backend, BatchToken, Capabilities, DecodeError, SeqId, Vocabulary};
use crate::engine::protocol::{EngineSettings, Token};
use crate::gguf::{self, GgufFile};

/// Why a model cannot be loaded, for people.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is damaged or no model.
    #[error(transparent)]
    File(#[from] gguf::GgufError),
    /// llama.cpp refused it.
    #[error(transparent)]
    Llama(#[from] quipu_llama::Error),
    /// The first forward pass failed.
    #[error("the model loads, but cannot compute: {0}")]
    Broken(String),
    /// The model is of a kind that cannot write.
    #[error("this model does not generate text ({0}); Quipu serves text generation models only")]
    NoText(&'static str),
}

/// llama.cpp as a [`Backend`].
pub struct LlamaBackend {
    context: Context,
    capabilities: Capabilities,
    batch: Batch,
    /// Index in the batch of each output row.
    rows: Vec<usize>,
}

/// A loaded model with its sizes.
pub struct Loaded {
    /// The backend.
    pub backend: LlamaBackend,
    /// The vocabulary.
    pub vocabulary: LlamaVocabulary,
    /// The model.
    pub model: Model,
    /// Cap on the context of a sequence when a request names none.
    pub context: u32,
    /// Sequences that run at the same time.
    pub max_running: u32,
    /// Cached sequences.
    pub max_cached: u32,
    /// Whether layers lie on a GPU.
    pub on_gpu: bool,
    /// Devices, for people.
    pub devices: Vec<String>,
}

/// Loads a model and makes its pool.
///
/// # Errors
/// See [`LoadError`].
pub fn load(
    path: &Path,
    settings: &EngineSettings,
    progress: &mut dyn FnMut(f32) -> bool,
) -> Result<Loaded, LoadError> {
    // llama.cpp aborts on some damaged files; ours does not.
    let file = gguf::open(path)?;
    let devices = devices();
    let on_gpu = settings.gpu_layers != Some(0)
        && devices.iter().any(|d| matches!(d.kind, DeviceKind::Gpu | DeviceKind::IntegratedGpu));
    let params = ModelParams { gpu_layers: settings.gpu_layers };
    let model = Model::load(path, &params, progress)?;
    if !model.has_decoder() {
        return Err(LoadError::NoText("it is an encoder"));
    }
    if model.is_diffusion() {
        return Err(LoadError::NoText("it is a diffusion model"));
    }
    let sizes = Sizing::of(&model, &file, settings, &devices, on_gpu);
    let (context, cells) = make_context(&model, &sizes, settings)?;
    info!(cells, bytes_per_token = sizes.bytes_per_token, running = sizes.max_running, "KV pool");
    let partial = !model.is_recurrent();
    let capabilities = Capabilities {
        cells,
        batch_tokens: context.batch_tokens(),
        sequences: context.sequences(),
        vocab: model.vocab().len(),
        partial,
        mixed: partial,
    };
    let mut backend = LlamaBackend { context, capabilities, batch: Batch::new(), rows: Vec::new() };
    warm_up(&mut backend, settings.threads)?;
    Ok(Loaded {
        vocabulary: LlamaVocabulary::new(model.vocab()),
        backend,
        context: sizes.context.min(cells),
        max_running: sizes.max_running,
        max_cached: sizes.max_cached,
        on_gpu,
        devices: devices.into_iter().map(|d| format!("{} ({})", d.name, d.description)).collect(),
        model,
    })
}

/// Runs a few tokens through the model, so that the first request does not wait for weights to be read, and a
/// model that cannot compute is found now. Unless the threads are given, finds out how many serve it best:
/// ggml's threads meet at every operation, which costs a small model more than they save, and much more
/// where other programs want the same cores.
fn warm_up(backend: &mut LlamaBackend, given: Option<u32>) -> Result<(), LoadError> {
    /// Passes that take longer than this have enough to do for all threads.
    const LARGE: Duration = Duration::from_millis(20);
    let mut trial = Trial::new(backend);
    trial.pass(1)?;
    let mut quickest = trial.decode()?;
    if given.is_none() && quickest < LARGE {
        trial.fill()?;
        quickest = trial.decode()?;
        let (mut threads, mut best) = (cores(), cores());
        while threads > 1 {
            threads /= 2;
            trial.backend.context.set_threads(threads);
            let took = trial.decode()?;
            if took < quickest {
                (quickest, best) = (took, threads);
            }
        }
        trial.backend.context.set_threads(best);
        info!(threads = best, of = cores(), "threads that serve this model best");
    }
    trial.end();
    Ok(())
}

/// A few sequences that nobody asked for.
struct Trial<'a> {
    backend: &'a mut LlamaBackend,
    sequences: u32,
    /// Tokens of each sequence so far.
    position: u32,
    /// Tokens that fit for each sequence.
    room: u32,
}

impl<'a> Trial<'a> {
    /// Passes of one [`Self::decode`].
    const PASSES: u32 = 6;

    fn new(backend: &'a mut LlamaBackend) -> Self {
        let Capabilities { sequences, cells, .. } = backend.capabilities;
        let sequences = sequences.min(8).min(cells / 16);
        Self { room: cells / sequences, backend, sequences, position: 0 }
    }

    /// Computes `count` more tokens of every sequence.
    fn pass(&mut self, count: u32) -> Result<(), LoadError> {
        let mut batch = Vec::new();
        for sequence in 0..self.sequences {
            for position in self.position..self.position + count {
                batch.push(BatchToken { token: 0, position, sequence, output: position == self.position });
            }
        }
        self.position += count;
        self.backend.decode(&batch).map_err(|e| LoadError::Broken(e.to_string()))
    }

    /// Makes the sequences as long as a short chat, if that takes no time that somebody would notice: how
    /// much there is to attend to decides what threads are worth.
    fn fill(&mut self) -> Result<(), LoadError> {
        let began = Instant::now();
        let step = (self.backend.capabilities.batch_tokens / self.sequences).min(64);
        while self.position + step < (self.room / 2).min(256) && began.elapsed() < Duration::from_millis(250)
        {
            self.pass(step)?;
        }
        Ok(())
    }

    /// The quickest of a few passes with a token of every sequence.
    fn decode(&mut self) -> Result<Duration, LoadError> {
        let mut quickest = Duration::MAX;
        for _ in 0..Self::PASSES.min(self.room.saturating_sub(self.position)) {
            let began = Instant::now();
            self.pass(1)?;
            quickest = quickest.min(began.elapsed());
        }
        Ok(quickest)
    }

    fn end(self) {
        (0..self.sequences).for_each(|sequence| self.backend.clear(sequence));
    }
}

fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
}

/// What the pool and the batch should be.
struct Sizing {
    context: u32,
    cells: u32,
    max_running: u32,
    max_cached: u32,
    batch_tokens: u32,
    bytes_per_token: u64,
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
        let affordable = free / 2 / bytes_per_token.max(1);
        let useful = u64::from(context) * u64::from(max_running);
        let cells = useful.min(affordable).min(MOST_CELLS).max(u64::from(context)) as u32;
        Self {
            context,
            cells: settings.pool_tokens.unwrap_or(cells).max(32),
            max_running,
            max_cached,
            batch_tokens: settings.batch_tokens.unwrap_or(512).clamp(32, 8192).max(max_running * 2),
            bytes_per_token,
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
    let threads = settings.threads.unwrap_or_else(cores);
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

impl Backend for LlamaBackend {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn decode(&mut self, batch: &[BatchToken]) -> Result<(), DecodeError> {
        self.batch.clear();
        self.rows.clear();
        for (i, entry) in batch.iter().enumerate() {
            self.batch.push(entry.token, entry.position as Pos, entry.sequence, entry.output);
            if entry.output {
                self.rows.push(i);
            }
        }
        self.context.decode(&mut self.batch).map_err(|error| match error {
            quipu_llama::DecodeError::NoSlot => DecodeError::NoSlot,
            other => DecodeError::Failed(other.to_string()),
        })
    }

    fn logits(&self, row: usize) -> &[f32] {
        self.rows.get(row).and_then(|&i| self.context.logits(i)).unwrap_or(&[])
    }

    fn copy(&mut self, from: SeqId, to: SeqId, positions: Range<u32>) {
        self.context.memory().copy(from, to, native(&positions));
    }

    fn replace(&mut self, from: SeqId, to: SeqId, positions: Range<u32>) {
        // On attention memories, which `partial` promises, removing cannot fail.
        let _ = self.context.memory().remove(to, native(&positions));
        self.context.memory().copy(from, to, native(&positions));
    }

    fn remove(&mut self, sequence: SeqId, positions: Range<u32>) {
        // As above.
        let _ = self.context.memory().remove(sequence, positions.start as Pos..-1);
    }

    fn clear(&mut self, sequence: SeqId) {
        self.context.memory().clear(sequence);
    }

    fn held(&mut self, sequence: SeqId) -> u32 {
        self.context.memory().positions(sequence).map_or(0, |(_, last)| last as u32 + 1)
    }
}

fn native(positions: &Range<u32>) -> Range<Pos> {
    positions.start as Pos..positions.end as Pos
}

/// The vocabulary of a model, with the bytes of all tokens at hand.
pub struct LlamaVocabulary {
    vocab: Vocab,
    bytes: Vec<u8>,
    /// Where the bytes of each token end.
    ends: Vec<u32>,
    end_tokens: Vec<bool>,
}

impl LlamaVocabulary {
    fn new(vocab: Vocab) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(vocab.len() as usize));
        for token in 0..vocab.len() {
            vocab.piece(token, false, &mut bytes);
            ends.push(bytes.len() as u32);
        }
        let end_tokens = (0..vocab.len()).map(|t| vocab.is_end(t)).collect();
        Self { vocab, bytes, ends, end_tokens }
    }

    /// The text of a special token, as a template spells it.
    fn spelled(&self, token: Option<Token>) -> String {
        let mut bytes = Vec::new();
        if let Some(token) = token {
            self.vocab.piece(token, true, &mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Begin-of-sequence as text; empty if there is none.
    #[must_use]
    pub fn bos(&self) -> String {
        self.spelled(self.vocab.bos())
    }

    /// End-of-sequence as text; empty if there is none.
    #[must_use]
    pub fn eos(&self) -> String {
        self.spelled(self.vocab.eos())
    }
}

impl Vocabulary for LlamaVocabulary {
    fn tokenize(&self, text: &str) -> Result<Vec<Token>, String> {
        self.vocab.tokenize(text, true, true).map_err(|e| e.to_string())
    }

    fn detokenize(&self, tokens: &[Token]) -> Result<String, String> {
        self.vocab.detokenize(tokens).map_err(|e| e.to_string())
    }

    fn piece(&self, token: Token) -> &[u8] {
        let token = token as usize;
        let Some(&end) = self.ends.get(token) else { return &[] };
        let start = token.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..end as usize]
    }

    fn is_end(&self, token: Token) -> bool {
        self.end_tokens.get(token as usize).copied().unwrap_or(false)
    }

    fn leading(&self) -> Option<Token> {
        self.vocab.adds_bos().then(|| self.vocab.bos()).flatten()
    }
}
