//! The engine process, from its first frame to its end.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, unbounded};
use tracing::{debug, error};

use super::backend::llama::{self, Loaded, Progress, Writer};
use super::backend::mock::{MOCK_VOCAB, MockBackend, MockEmbedder, MockVocabulary};
use super::backend::{Backend, Capabilities, Embedder, EmbedderSizes, Vocabulary};
use super::embedding::{self, EmbeddingLoop, Rules};
use super::grammar::Ahead;
use super::protocol::{
    CacheType, Command, EngineSettings, Event, Expected, LoadSpec, ModelFacts, PROTOCOL_VERSION, Source,
};
use super::request::Sizes;
use super::scheduler::{Scheduler, SchedulerConfig};
use super::step::{Order, StepLoop};
use super::{frame, intake, pages::PAGE};

/// Inter-token latency to aim at when long prompts come among running sequences.
const LATENCY_TARGET_GPU: Duration = Duration::from_millis(50);
/// The same without a GPU, where a step takes longer anyway.
const LATENCY_TARGET_CPU: Duration = Duration::from_millis(100);

/// Serves one model over the socket that is this process's standard input, until it closes.
#[must_use]
pub fn run() -> ExitCode {
    let socket = match std::io::stdin().as_fd().try_clone_to_owned() {
        Ok(fd) => UnixStream::from(fd),
        Err(error) => {
            error!(%error, "`quipu engine` is started by `quipu serve`, not by hand");
            return ExitCode::FAILURE;
        }
    };
    match serve(&socket) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The front is gone, or was never there.
            debug!(%error, "engine ends");
            ExitCode::FAILURE
        }
    }
}

fn serve(mut socket: &UnixStream) -> std::io::Result<()> {
    frame::write(&mut socket, &Event::Hello { version: PROTOCOL_VERSION })?;
    let Some(Command::Load(spec)) = frame::read(&mut socket)? else {
        return Err(std::io::Error::other("expected a model to load"));
    };
    match spec.source.clone() {
        Source::Mock => {
            let ready = mock(&spec.engine);
            planned(socket, Expected { context: ready.facts.context, ..Expected::default() })?;
            serve_model(socket, ready)
        }
        Source::Gguf(path) => match load(socket, &path, &spec) {
            Ok(ready) => serve_model(socket, ready),
            Err(error) => frame::write(&mut socket, &Event::LoadFailed(error.to_string())),
        },
    }
}

/// Says what the model will take, and waits until there is room for it.
fn planned(mut socket: &UnixStream, expected: Expected) -> std::io::Result<()> {
    frame::write(&mut socket, &Event::Planned(expected))?;
    match frame::read(&mut socket)? {
        Some(Command::Proceed) => Ok(()),
        _ => Err(std::io::Error::other("expected to proceed")),
    }
}

/// Everything that the loops need.
struct Ready<B, E> {
    /// What generates; encoders do not.
    writer: Option<(B, SchedulerConfig)>,
    embedder: E,
    vocabulary: Arc<dyn Vocabulary>,
    facts: ModelFacts,
}

fn load(
    mut socket: &UnixStream,
    path: &std::path::Path,
    spec: &LoadSpec,
) -> Result<Ready<llama::LlamaBackend, llama::LlamaEmbedder>, llama::LoadError> {
    let mut reported = 0.0;
    // A front that is gone cancels the loading: writing to it fails.
    let mut progress = |progress: Progress| match progress {
        Progress::Planned(expected) => planned(socket, expected).is_ok(),
        Progress::Read(share) if share < 1.0 && share - reported < 0.01 => true,
        Progress::Read(share) => {
            reported = share;
            frame::write(&mut socket, &Event::Loading(share)).is_ok()
        }
    };
    let loaded = llama::load(path, &spec.adapters, &spec.engine, &mut progress)?;
    let Loaded { writer, embedder, vocabulary, model, context, on_gpu, devices, .. } = loaded;
    let cells = writer.as_ref().map_or(0, |writer| writer.backend.capabilities().cells);
    let deterministic = spec.engine.deterministic;
    let cache_type =
        |kind: Option<CacheType>| if deterministic { CacheType::F32 } else { kind.unwrap_or_default() };
    let facts = ModelFacts {
        vocab: model.vocab().len(),
        context_train: model.context_train(),
        context,
        generates: writer.is_some(),
        pool_tokens: cells,
        page_tokens: PAGE,
        max_running: writer.as_ref().map_or(0, |writer| writer.max_running),
        memory: loaded.memory,
        layers: loaded.layers,
        gpu_layers: loaded.gpu_layers,
        cache_keys: cache_type(spec.engine.cache_keys),
        cache_values: cache_type(spec.engine.cache_values),
        bos: vocabulary.bos(),
        eos: vocabulary.eos(),
        chat_template: model.chat_template(),
        infill: vocabulary.infill().is_some(),
        devices,
    };
    let writer = writer.map(|Writer { backend, max_running, max_cached, .. }| {
        let latency_target = if on_gpu { LATENCY_TARGET_GPU } else { LATENCY_TARGET_CPU };
        (backend, SchedulerConfig { max_running, max_cached, latency_target, deterministic })
    });
    Ok(Ready { writer, embedder, vocabulary: Arc::new(vocabulary), facts })
}

fn mock(settings: &EngineSettings) -> Ready<MockBackend, MockEmbedder> {
    let max_running = settings.max_running.unwrap_or(64).max(1);
    let max_cached = settings.max_cached.unwrap_or(64);
    let context = settings.context.unwrap_or(4096).max(4);
    let capabilities = Capabilities {
        cells: settings.pool_tokens.unwrap_or(1 << 18).max(32),
        batch_tokens: settings.batch_tokens.unwrap_or(512).max(2),
        sequences: max_running + max_cached,
        vocab: MOCK_VOCAB,
        partial: true,
        mixed: true,
        keep_rows: None,
    };
    let config = SchedulerConfig {
        max_running,
        max_cached,
        latency_target: LATENCY_TARGET_CPU,
        deterministic: settings.deterministic,
    };
    let facts = ModelFacts {
        vocab: MOCK_VOCAB,
        context_train: context,
        context: context.min(capabilities.cells),
        generates: true,
        pool_tokens: capabilities.cells,
        page_tokens: PAGE,
        max_running,
        devices: vec!["mock".into()],
        ..ModelFacts::default()
    };
    let pass_tokens = capabilities.batch_tokens;
    let embedder = MockEmbedder(EmbedderSizes { pass_tokens, texts: 64, text_tokens: context, width: 8 });
    let writer = Some((MockBackend::new(capabilities), config));
    Ready { writer, embedder, vocabulary: Arc::new(MockVocabulary::default()), facts }
}

fn serve_model<B: Backend, E: Embedder + 'static>(
    mut socket: &UnixStream,
    ready: Ready<B, E>,
) -> std::io::Result<()> {
    let Ready { writer: generator, embedder, vocabulary, facts } = ready;
    let sizes = Sizes { context: facts.context, pool: facts.pool_tokens };
    let rules = Rules { context: facts.context, sizes: embedder.sizes() };
    frame::write(&mut socket, &Event::Loaded(Box::new(facts)))?;
    let (orders, order_queue): (Sender<Order>, _) = unbounded();
    let (events, event_queue) = unbounded();
    let reader = socket.try_clone()?;
    let writer = socket.try_clone()?;
    let words = Arc::clone(&vocabulary);
    let (inbox, jobs) = embedding::open(Arc::clone(&vocabulary), rules, events.clone())?;
    let embeddings = EmbeddingLoop::new(embedder, jobs);
    std::thread::Builder::new()
        .name("intake".into())
        .spawn(move || intake::read(reader, words, sizes, &orders, &inbox))?;
    std::thread::Builder::new().name("report".into()).spawn(move || write_events(writer, &event_queue))?;
    let Some((backend, config)) = generator else {
        embeddings.run();
        return Ok(());
    };
    let embeddings = std::thread::Builder::new().name("embed".into()).spawn(|| embeddings.run())?;
    let scheduler = Scheduler::new(backend.capabilities(), config);
    let ahead = Ahead::start()?;
    StepLoop::new(backend, vocabulary, scheduler, order_queue, events, ahead).run();
    // It stops after its pass: llama.cpp must not be used while the process takes itself down.
    let _ = embeddings.join();
    Ok(())
}

/// What waits here is bounded: each request has at most its credit of tokens under way.
fn write_events(mut socket: UnixStream, queue: &Receiver<Event>) {
    for event in queue {
        if let Err(error) = frame::write(&mut socket, &event) {
            debug!(%error, "the front is gone");
            return;
        }
    }
}
