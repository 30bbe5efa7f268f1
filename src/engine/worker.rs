//! The engine process, from its first frame to its end.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, unbounded};
use tracing::{debug, error};

use super::backend::llama::{self, Loaded};
use super::backend::mock::{MOCK_VOCAB, MockBackend, MockVocabulary};
use super::backend::{Backend, Capabilities, Vocabulary};
use super::protocol::{Command, EngineSettings, Event, LoadSpec, ModelFacts, PROTOCOL_VERSION, Source};
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
            let (backend, vocabulary, facts, config) = mock(&spec.engine);
            serve_model(socket, backend, vocabulary, facts, config)
        }
        Source::Gguf(path) => match load(socket, &path, &spec) {
            Ok((backend, vocabulary, facts, config)) => {
                serve_model(socket, backend, vocabulary, facts, config)
            }
            Err(error) => frame::write(&mut socket, &Event::LoadFailed(error.to_string())),
        },
    }
}

/// Everything that a loop needs.
type Ready<B> = (B, Arc<dyn Vocabulary>, ModelFacts, SchedulerConfig);

fn load(
    mut socket: &UnixStream,
    path: &std::path::Path,
    spec: &LoadSpec,
) -> Result<Ready<llama::LlamaBackend>, llama::LoadError> {
    let mut reported = 0.0;
    // A front that is gone cancels the loading: writing to it fails.
    let mut progress = |progress: f32| {
        if progress - reported < 0.01 {
            return true;
        }
        reported = progress;
        frame::write(&mut socket, &Event::Loading(progress)).is_ok()
    };
    let loaded = llama::load(path, &spec.engine, &mut progress)?;
    let Loaded { backend, vocabulary, model, context, max_running, max_cached, on_gpu, .. } = loaded;
    let config = SchedulerConfig {
        max_running,
        max_cached,
        latency_target: if on_gpu { LATENCY_TARGET_GPU } else { LATENCY_TARGET_CPU },
        deterministic: spec.engine.deterministic,
    };
    let facts = ModelFacts {
        vocab: model.vocab().len(),
        context_train: model.context_train(),
        context,
        pool_tokens: backend.capabilities().cells,
        page_tokens: PAGE,
        max_running,
        weight_bytes: model.size(),
        pool_bytes: loaded.bytes_per_token * u64::from(backend.capabilities().cells),
        on_gpu,
        bos: vocabulary.bos(),
        eos: vocabulary.eos(),
        chat_template: model.chat_template(),
        devices: loaded.devices,
    };
    Ok((backend, Arc::new(vocabulary), facts, config))
}

fn mock(settings: &EngineSettings) -> Ready<MockBackend> {
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
        pool_tokens: capabilities.cells,
        page_tokens: PAGE,
        max_running,
        weight_bytes: 0,
        pool_bytes: 0,
        on_gpu: false,
        bos: String::new(),
        eos: String::new(),
        chat_template: None,
        devices: vec!["mock".into()],
    };
    (MockBackend::new(capabilities), Arc::new(MockVocabulary::default()), facts, config)
}

fn serve_model<B: Backend>(
    mut socket: &UnixStream,
    backend: B,
    vocabulary: Arc<dyn Vocabulary>,
    facts: ModelFacts,
    config: SchedulerConfig,
) -> std::io::Result<()> {
    let capabilities = backend.capabilities();
    let sizes = Sizes { context: facts.context, pool: capabilities.cells };
    frame::write(&mut socket, &Event::Loaded(Box::new(facts)))?;
    let (orders, order_queue): (Sender<Order>, _) = unbounded();
    let (events, event_queue) = unbounded();
    let reader = socket.try_clone()?;
    let writer = socket.try_clone()?;
    let words = Arc::clone(&vocabulary);
    std::thread::Builder::new()
        .name("intake".into())
        .spawn(move || intake::read(reader, words, sizes, &orders))?;
    std::thread::Builder::new().name("report".into()).spawn(move || write_events(writer, &event_queue))?;
    let scheduler = Scheduler::new(capabilities, config);
    StepLoop::new(backend, vocabulary, scheduler, order_queue, events).run();
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
