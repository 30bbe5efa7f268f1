//! `quipu serve`: the server in the foreground, until a signal ends it.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use sysinfo::System;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use super::CliError;
use super::environment::{self, Environment};
use crate::api::duration;
use crate::api::keep_alive;
use crate::engine::protocol::{CacheType, EngineSettings};
use crate::engine::start::EngineProgram;
use crate::fleet::{FleetSettings, KeepAlive, ModelSource, SourcePath};
use crate::registry::{self, KeyFiles, RegistrySettings};
use crate::server::Server;
use crate::server::host::Host;
use crate::server::settings::{HttpSettings, OLLAMA_VERSION, Settings};
use crate::store::{Location, Name, StoreError};

/// Requests that may wait for a model to load.
const MAX_QUEUE: usize = 512;

/// Engines at the same time; Ollama's number without GPUs.
const MAX_LOADED: usize = 3;

/// How long a model stays loaded that a request named.
const KEEP_ALIVE: KeepAlive = KeepAlive::For(Duration::from_secs(300));

/// Loading gives up after this long without progress.
const LOAD_TIMEOUT: Duration = Duration::from_secs(300);

/// Stands for "no limit" where a limit must be a time: a century.
const ENDLESS: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Arguments of `quipu serve`. Where Ollama has a variable of the same meaning, `OLLAMA_X` counts when
/// neither the argument nor `QUIPU_X` is given.
#[derive(Clone, Debug, Default, Args)]
pub struct ServeArgs {
    /// Serve this GGUF file; may be repeated. The name is taken from the file unless given
    #[arg(long = "model", value_name = "PATH[,name=NAME]", value_parser = model_source)]
    models: Vec<ModelSource>,
    /// Serve a model called `mock` that needs no file and makes no sense
    #[arg(long)]
    mock: bool,
    /// Where to listen [default: 127.0.0.1:11434]
    #[arg(long, env = "QUIPU_HOST")]
    host: Option<String>,
    /// Write the port here once the server listens
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// Tokens that the KV pool of a model holds, for all its sequences together [default: what fits]
    #[arg(long, env = "QUIPU_POOL_TOKENS")]
    pool_tokens: Option<u32>,
    /// Most tokens of one sequence when a request does not say [default: the model's, within the pool]
    #[arg(long, env = "QUIPU_CONTEXT")]
    context: Option<u32>,
    /// Sequences of a model that run at the same time
    #[arg(long, env = "QUIPU_MAX_RUNNING")]
    max_running: Option<u32>,
    /// Finished sequences of a model whose prefix stays cached
    #[arg(long, env = "QUIPU_MAX_CACHED")]
    max_cached: Option<u32>,
    /// Most tokens in one forward pass
    #[arg(long, env = "QUIPU_BATCH_TOKENS")]
    batch_tokens: Option<u32>,
    /// CPU threads of a forward pass
    #[arg(long, env = "QUIPU_THREADS")]
    threads: Option<u32>,
    /// Layers on GPUs [default: as many as fit]
    #[arg(long, env = "QUIPU_GPU_LAYERS")]
    gpu_layers: Option<u32>,
    /// How keys are kept: f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0 or iq4_nl [default: f16]
    #[arg(long, value_name = "TYPE", env = "QUIPU_CACHE_TYPE_K")]
    cache_type_k: Option<CacheType>,
    /// How values are kept, as `--cache-type-k` [default: f16]
    #[arg(long, value_name = "TYPE", env = "QUIPU_CACHE_TYPE_V")]
    cache_type_v: Option<CacheType>,
    /// Memory that stays free on each GPU, such as 1GB, beyond what is left free anyway
    #[arg(long, env = "QUIPU_GPU_OVERHEAD")]
    gpu_overhead: Option<ByteSize>,
    /// Make answers independent of what is cached, to the last bit; slower
    #[arg(long, env = "QUIPU_DETERMINISTIC")]
    deterministic: bool,
    /// Make prompts by a model's Go template, or by the Jinja template in its file, where it has both [default: the one
    /// that can do more]
    #[arg(long, value_name = "true|false", env = "QUIPU_GO_TEMPLATE")]
    go_templates: Option<bool>,
    /// Where models are kept [default: ~/.quipu/models]
    #[arg(long = "models", value_name = "FOLDER", env = "QUIPU_MODELS")]
    folder: Option<PathBuf>,
    /// Leave the built-in model, chasqui, out of a new folder of models
    #[arg(long, env = "QUIPU_NO_BUILTIN")]
    no_builtin: bool,
    /// Memory that all models together may take, such as 12GB [default: four fifths of what is free]
    #[arg(long, env = "QUIPU_MEMORY")]
    memory: Option<ByteSize>,
    /// Models loaded at the same time [default: 3]
    #[arg(long, env = "QUIPU_MAX_LOADED_MODELS")]
    max_loaded: Option<usize>,
    /// How long an idle model stays loaded, `5m` or seconds, negative for ever [default: 5m, or for ever with
    /// `--model`]
    #[arg(long, env = "QUIPU_KEEP_ALIVE", allow_hyphen_values = true, value_parser = keep_alive_value)]
    keep_alive: Option<KeepAlive>,
    /// Requests that may wait for a model to load [default: 512]
    #[arg(long, env = "QUIPU_MAX_QUEUE")]
    max_queue: Option<usize>,
    /// Give up loading after this long without progress [default: 5m]
    #[arg(long, env = "QUIPU_LOAD_TIMEOUT", value_parser = duration_value)]
    load_timeout: Option<Duration>,
    /// What runs when the server is told to stop has this long to finish [default: 30s]
    #[arg(long, env = "QUIPU_DRAIN_TIMEOUT", value_parser = duration_value)]
    drain_timeout: Option<Duration>,
    /// Close a connection that takes no byte of its answer for this long [default: 5m]
    #[arg(long, env = "QUIPU_WRITE_TIMEOUT", value_parser = duration_value)]
    write_timeout: Option<Duration>,
    /// Connections at the same time [default: 4096]
    #[arg(long, env = "QUIPU_MAX_CONNECTIONS")]
    max_connections: Option<usize>,
    /// Largest request body in bytes [default: 64 MiB]
    #[arg(long, env = "QUIPU_MAX_BODY")]
    max_body: Option<usize>,
    /// Web pages that may call the server, in addition to local ones; comma separated
    #[arg(long, env = "QUIPU_ORIGINS")]
    origins: Option<String>,
    /// Version that `/api/version` reports
    #[arg(long, env = "QUIPU_REPORT_VERSION", hide = true)]
    report_version: Option<String>,
}

/// Runs the server.
pub(super) fn serve(args: ServeArgs) -> Result<(), CliError> {
    let environment = environment::of_process();
    let port_file = args.port_file.clone();
    let settings = args.resolve(&environment, std::env::current_exe()?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let server = Server::bind(settings).await?;
        let address = server.address();
        if let Some(path) = port_file {
            announce(&path, address.port())?;
        }
        info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
        let (mut term_again, mut int_again) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let stop = async move {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        };
        let hurry = async move {
            for _ in 0..2 {
                tokio::select! { _ = term_again.recv() => {}, _ = int_again.recv() => {} }
            }
        };
        server.run(stop, hurry).await;
        Ok(())
    });
    // Engines end when their sockets close; nothing else is worth waiting for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// Writes the port in one step, so that nobody reads half of it.
fn announce(path: &std::path::Path, port: u16) -> Result<(), CliError> {
    let partial = path.with_extension("partial");
    std::fs::write(&partial, format!("{port}\n"))
        .and_then(|()| std::fs::rename(&partial, path))
        .map_err(|error| CliError::File { what: format!("cannot write {}", path.display()), error })
}

impl ServeArgs {
    /// All settings: arguments first, then `QUIPU_X` (which `clap` has read), then `OLLAMA_X`, then defaults.
    fn resolve(self, environment: &Environment<'_>, program: PathBuf) -> Result<Settings, CliError> {
        let mut models = self.models;
        if self.mock {
            models.push(ModelSource { name: Some(mock_name()), path: SourcePath::Mock });
        }
        let defaults = HttpSettings::default();
        let host = self.host.or_else(|| environment.ollama("HOST")).unwrap_or_default();
        let http = HttpSettings {
            max_connections: self.max_connections.unwrap_or(defaults.max_connections).max(1),
            max_body: self.max_body.unwrap_or(defaults.max_body),
            write_timeout: self.write_timeout.unwrap_or(defaults.write_timeout),
            drain_timeout: self.drain_timeout.unwrap_or(defaults.drain_timeout),
            origins: self.origins.or_else(|| environment.ollama("ORIGINS")).unwrap_or_default(),
            header_timeout: defaults.header_timeout,
        };
        let load_timeout = self.load_timeout.or_else(|| load_timeout(environment)).unwrap_or(LOAD_TIMEOUT);
        // Ollama's 1 is a default that people copied without meaning it: here it would switch batching off.
        let parallel = || environment.number("OLLAMA_NUM_PARALLEL").filter(|n| *n > 1);
        let cache_type = cache_type(environment);
        let engine = EngineSettings {
            pool_tokens: self.pool_tokens,
            context: self.context.or_else(|| environment.number("OLLAMA_CONTEXT_LENGTH")).filter(|n| *n > 0),
            max_running: self.max_running.or_else(parallel),
            max_cached: self.max_cached,
            pool_bytes: None,
            batch_tokens: self.batch_tokens,
            threads: self.threads,
            gpu_layers: self.gpu_layers,
            gpu_overhead: self
                .gpu_overhead
                .map(|size| size.as_u64())
                .or_else(|| environment.number("OLLAMA_GPU_OVERHEAD"))
                .unwrap_or_default(),
            cache_keys: self.cache_type_k.or(cache_type),
            cache_values: self.cache_type_v.or(cache_type),
            deterministic: self.deterministic,
        };
        let keep_alive =
            self.keep_alive.or_else(|| keep_alive::of_setting(&environment.ollama("KEEP_ALIVE")?));
        let fleet = FleetSettings {
            program: EngineProgram { path: program, load_timeout },
            engine,
            // Models that are named at the start are meant to stay.
            keep_alive: keep_alive.unwrap_or(if models.is_empty() { KEEP_ALIVE } else { KeepAlive::Forever }),
            memory: self.memory.map_or_else(available_memory, |size| size.as_u64()),
            max_loaded: self
                .max_loaded
                .or_else(|| environment.number("OLLAMA_MAX_LOADED_MODELS"))
                .filter(|n| *n > 0)
                .unwrap_or(MAX_LOADED),
            max_queue: self
                .max_queue
                .or_else(|| environment.number("OLLAMA_MAX_QUEUE"))
                .filter(|n| *n > 0)
                .unwrap_or(MAX_QUEUE),
        };
        let home = std::env::home_dir();
        let of_ollama = environment.ollama("MODELS").map(PathBuf::from);
        let store = Location::choose(self.folder, of_ollama, home.as_deref())?;
        let reported_version = self.report_version.unwrap_or_else(|| OLLAMA_VERSION.into());
        let home = home.unwrap_or_default();
        let keys =
            KeyFiles { own: home.join(".quipu/id_ed25519"), other: Some(home.join(".ollama/id_ed25519")) };
        let registry = RegistrySettings::new(registry::user_agent(OLLAMA_VERSION), keys);
        Ok(Settings {
            host: Host::parse(&host),
            models,
            store,
            builtin: !self.no_builtin,
            registry,
            fleet,
            go_templates: self.go_templates.or_else(|| environment.boolean("OLLAMA_GO_TEMPLATE")),
            http,
            reported_version,
        })
    }
}

/// Four fifths of the memory that is free, and that this group of processes may take.
fn available_memory() -> u64 {
    let mut system = System::new();
    system.refresh_memory();
    let free = system.available_memory();
    let free = system.cgroup_limits().map_or(free, |limits| free.min(limits.free_memory));
    free / 5 * 4
}

/// `OLLAMA_KV_CACHE_TYPE`, for keys and values. A name that is none means the usual one, as in Ollama.
fn cache_type(environment: &Environment<'_>) -> Option<CacheType> {
    let name = environment.ollama("KV_CACHE_TYPE").filter(|name| !name.is_empty())?;
    name.parse().inspect_err(|error| tracing::warn!(%error, "OLLAMA_KV_CACHE_TYPE is ignored")).ok()
}

/// `OLLAMA_LOAD_TIMEOUT`: a duration or seconds; zero and less mean no limit.
fn load_timeout(environment: &Environment<'_>) -> Option<Duration> {
    match keep_alive::of_setting(&environment.ollama("LOAD_TIMEOUT")?)? {
        KeepAlive::For(Duration::ZERO) | KeepAlive::Forever => Some(ENDLESS),
        KeepAlive::For(time) => Some(time),
    }
}

#[allow(clippy::expect_used, reason = "it is one")]
fn mock_name() -> Name {
    "mock".parse().expect("a name")
}

fn model_source(text: &str) -> Result<ModelSource, String> {
    let (path, name) = match text.rsplit_once(",name=") {
        Some((path, name)) => (path, Some(name)),
        None => (text, None),
    };
    if path.is_empty() || name == Some("") {
        return Err("expected PATH or PATH,name=NAME".into());
    }
    let name = name.map(str::parse).transpose().map_err(|error: StoreError| error.to_string())?;
    Ok(ModelSource { name, path: SourcePath::Gguf(path.into()) })
}

fn keep_alive_value(text: &str) -> Result<KeepAlive, String> {
    keep_alive::of_setting(text).ok_or_else(|| "expected a duration such as 5m, or seconds".into())
}

fn duration_value(text: &str) -> Result<Duration, String> {
    let nanoseconds = match text.parse::<u32>() {
        Ok(seconds) => i64::from(seconds) * 1_000_000_000,
        Err(_) => duration::parse(text).map_err(|e| e.to_string())?,
    };
    u64::try_from(nanoseconds).map(Duration::from_nanos).map_err(|_| "a duration must not be negative".into())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: ServeArgs,
    }

    fn resolve(arguments: &str, variables: &[(&str, &str)]) -> Settings {
        let arguments = std::iter::once("quipu").chain(arguments.split_whitespace());
        let args = Cli::parse_from(arguments).args;
        let read = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        args.resolve(&Environment(&read), "quipu".into()).unwrap()
    }

    #[test]
    fn without_anything_the_defaults_count() {
        let settings = resolve("--mock", &[]);
        assert_eq!(settings.host.url(), "http://127.0.0.1:11434");
        assert_eq!(settings.fleet.engine, EngineSettings::default());
        assert_eq!(settings.fleet.keep_alive, KeepAlive::Forever);
        assert_eq!(settings.fleet.max_queue, MAX_QUEUE);
        assert_eq!(settings.fleet.program.load_timeout, LOAD_TIMEOUT);
        assert_eq!(settings.reported_version, OLLAMA_VERSION);
    }

    #[test]
    fn ollamas_variables_count_where_nothing_else_is_said() {
        let variables = [
            ("OLLAMA_HOST", "0.0.0.0:8080"),
            ("OLLAMA_CONTEXT_LENGTH", "2048"),
            ("OLLAMA_NUM_PARALLEL", "4"),
            ("OLLAMA_KEEP_ALIVE", "10m"),
            ("OLLAMA_MAX_QUEUE", "7"),
            ("OLLAMA_LOAD_TIMEOUT", "0"),
            ("OLLAMA_ORIGINS", "https://a.example"),
        ];
        let settings = resolve("--mock", &variables);
        assert_eq!(settings.host.authority(), "0.0.0.0:8080");
        assert_eq!(settings.fleet.engine.context, Some(2048));
        assert_eq!(settings.fleet.engine.max_running, Some(4));
        assert_eq!(settings.fleet.keep_alive, KeepAlive::For(Duration::from_secs(600)));
        assert_eq!(settings.fleet.max_queue, 7);
        assert_eq!(settings.fleet.program.load_timeout, ENDLESS);
        assert_eq!(settings.http.origins, "https://a.example");
        let arguments =
            "--mock --host :1 --context 5 --max-running 2 --keep-alive -1 --max-queue 3 --load-timeout 9s";
        let settings = resolve(arguments, &variables);
        assert_eq!(settings.host.port, 1);
        assert_eq!(settings.fleet.engine.context, Some(5));
        assert_eq!(settings.fleet.engine.max_running, Some(2));
        assert_eq!(settings.fleet.keep_alive, KeepAlive::Forever);
        assert_eq!(settings.fleet.max_queue, 3);
        assert_eq!(settings.fleet.program.load_timeout, Duration::from_secs(9));
    }

    #[test]
    fn the_types_of_the_cache_are_set_together_or_each() {
        let types = |arguments: &str, variables: &[(&str, &str)]| {
            let engine = resolve(arguments, variables).fleet.engine;
            (engine.cache_keys, engine.cache_values)
        };
        let (eight, four) = (Some(CacheType::Q8_0), Some(CacheType::Q4_0));
        assert_eq!(types("--mock", &[("OLLAMA_KV_CACHE_TYPE", "Q8_0")]), (eight, eight));
        assert_eq!(types("--mock --cache-type-v q4_0", &[("OLLAMA_KV_CACHE_TYPE", "q8_0")]), (eight, four));
        assert_eq!(types("--mock --cache-type-k q8_0", &[]), (eight, None));
        assert_eq!(types("--mock", &[("OLLAMA_KV_CACHE_TYPE", "small")]), (None, None));
        let settings = resolve("--mock --gpu-overhead 1GB", &[("OLLAMA_GPU_OVERHEAD", "5")]);
        assert_eq!(settings.fleet.engine.gpu_overhead, 1_000_000_000);
        assert_eq!(resolve("--mock", &[("OLLAMA_GO_TEMPLATE", "no way")]).go_templates, Some(true));
        assert_eq!(resolve("--mock --go-templates false", &[]).go_templates, Some(false));
    }

    #[test]
    fn values_that_say_nothing_are_ignored() {
        let variables = [
            ("OLLAMA_NUM_PARALLEL", "1"),
            ("OLLAMA_CONTEXT_LENGTH", "0"),
            ("OLLAMA_MAX_QUEUE", "many"),
            ("OLLAMA_KEEP_ALIVE", "soon"),
        ];
        let settings = resolve("--mock", &variables);
        assert_eq!(settings.fleet.engine, EngineSettings::default());
        assert_eq!(settings.fleet.keep_alive, KeepAlive::Forever);
        assert_eq!(settings.fleet.max_queue, MAX_QUEUE);
    }

    #[test]
    fn a_model_is_a_path_and_perhaps_a_name() {
        let source = model_source("dir/a,b.gguf,name=tiny:1").unwrap();
        assert_eq!(source.name.map(|name| name.to_string()).as_deref(), Some("tiny:1"));
        assert!(matches!(source.path, SourcePath::Gguf(path) if path.ends_with("a,b.gguf")));
        assert!(model_source("a.gguf").unwrap().name.is_none());
        for bad in ["", ",name=x", "a.gguf,name=", "a.gguf,name=two words"] {
            assert!(model_source(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn without_named_models_those_of_the_store_come_and_go() {
        let settings = resolve("--models /m --memory 2GiB --max-loaded 5", &[("OLLAMA_MODELS", "/o")]);
        assert_eq!(settings.fleet.keep_alive, KEEP_ALIVE);
        assert_eq!((settings.fleet.memory, settings.fleet.max_loaded), (2 << 30, 5));
        assert_eq!(settings.store.models, PathBuf::from("/m"));
        assert_eq!(settings.store.read_only, [PathBuf::from("/o")]);
        let settings = resolve("", &[("OLLAMA_MODELS", "/o"), ("OLLAMA_MAX_LOADED_MODELS", "0")]);
        assert_eq!(settings.store.models, PathBuf::from("/o"));
        assert_eq!(settings.fleet.max_loaded, MAX_LOADED);
        assert!(settings.fleet.memory > 0);
    }
}
