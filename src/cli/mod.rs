//! The command line: one file for each command.
//!
//! ```text
//!   serve, engine, quantize       processes of the server
//!   bench                         the load harness, a crate of its own
//!   run                           a model answers                        ┐
//!   create, pull, push            a model comes or goes, with progress   ├ a Session: client, streams, clock
//!   show, list, ps, cp, rm, stop  a question and its answer              ┘
//! ```
//!
//! Commands print results to standard output and all else to standard error: progress, warnings, and at last
//! `Error: …`. Texts and tables are those of Ollama's commands of the same names.

mod client;
mod cp;
mod create;
mod environment;
mod human;
mod list;
mod logging;
mod openapi;
mod progress;
mod ps;
mod pull;
mod push;
mod rm;
mod run;
pub mod serve;
mod session;
mod show;
mod stop;
mod table;
#[cfg(test)]
mod tests;
mod upload;
mod version;

use std::error::Error;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use http::StatusCode;

use crate::create::QuantizeArgs;
use crate::store::Name;
use session::{Output, Session};

/// A local LLM server: a drop-in for Ollama with one continuous batch over one paged KV cache.
#[derive(Debug, Parser)]
#[command(name = "quipu", arg_required_else_help = true)]
struct Cli {
    /// Print the version of the server, and of this program if it is another
    #[arg(short, long)]
    version: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server
    #[command(alias = "start")]
    Serve(Box<serve::ServeArgs>),
    #[command(flatten)]
    Ask(Question),
    /// Measure servers under load, and compare them
    Bench(quipu_loadtests::Args),
    /// Print the OpenAPI document
    #[command(hide = true)]
    Openapi,
    /// Run the engine of one model; started by the server
    #[command(hide = true)]
    Engine,
    /// Store weights with fewer bits; started by the server
    #[command(hide = true)]
    Quantize(QuantizeArgs),
}

/// What the server is asked.
#[derive(Debug, Subcommand)]
enum Question {
    /// Create a model from a Modelfile
    Create(create::CreateArgs),
    /// Show what a model is made of
    Show(show::ShowArgs),
    /// Ask a model, or talk with it
    Run(run::RunArgs),
    /// Unload a model
    Stop(stop::StopArgs),
    /// Get models from a registry, or their newest versions
    Pull(pull::PullArgs),
    /// Give a model to a registry
    Push(push::PushArgs),
    /// List the models that are there
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// List the models that are loaded
    Ps(ps::PsArgs),
    /// Give a model a second name
    Cp(cp::CpArgs),
    /// Delete models
    Rm(rm::RmArgs),
}

/// Why a command failed; printed as `Error: …`.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Serve(#[from] crate::server::ServeError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    #[error("could not connect to quipu server, run 'quipu serve' to start it")]
    Unreachable,
    /// The server's own words. In the middle of a stream the status was "OK".
    #[error("{message}")]
    Server { status: StatusCode, message: String },
    #[error("the connection to the server broke: {}", innermost(.0))]
    Broken(#[from] reqwest::Error),
    #[error("the server ended its answer before it was done; its log may tell why")]
    Unfinished,
    #[error("{failed} of {of} models could not be pulled")]
    NotPulled { failed: usize, of: usize },
    #[error(transparent)]
    Modelfile(#[from] crate::modelfile::ModelfileError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("{what}: {error}")]
    File { what: String, error: std::io::Error },
    #[error("the server said something that is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// By the user, who knows.
    #[error("interrupted")]
    Interrupted,
}

/// What happened at the bottom; the layers above it only say that something did.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Runs the command of this process's command line.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { command, version } = Cli::parse();
    let environment = environment::of_process();
    let Some(command) = command.filter(|_| !version) else {
        return ExitCode::from(report(tell_version(&environment), &mut std::io::stderr()));
    };
    if matches!(command, Command::Serve(_) | Command::Engine | Command::Quantize(_)) {
        logging::to_stderr(&environment);
    }
    let outcome = match command {
        Command::Serve(args) => serve::serve(*args),
        Command::Ask(question) => ask_server(&question, &environment),
        Command::Openapi => openapi::print(),
        Command::Quantize(args) => crate::create::quantize_worker(&args).map_err(CliError::Usage),
        Command::Bench(args) => return quipu_loadtests::main(args),
        Command::Engine => return crate::engine::worker::run(),
    };
    ExitCode::from(report(outcome, &mut std::io::stderr()))
}

/// Runs a command that speaks to the server.
fn ask_server(question: &Question, environment: &environment::Environment<'_>) -> Result<(), CliError> {
    let mut session = Session::new(environment, Output::of_process())?;
    runtime()?.block_on(question.ask(&mut session))
}

fn tell_version(environment: &environment::Environment<'_>) -> Result<(), CliError> {
    let mut session = Session::new(environment, Output::of_process())?;
    runtime()?.block_on(version::version(&mut session))
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

impl Question {
    async fn ask(&self, session: &mut Session) -> Result<(), CliError> {
        match self {
            Self::Create(args) => create::create(args, session).await,
            Self::Show(args) => show::show(args, session).await,
            Self::Run(args) => run::run(args, session).await,
            Self::Stop(args) => stop::stop(args, session).await,
            Self::Pull(args) => pull::pull(args, session).await,
            Self::Push(args) => push::push(args, session).await,
            Self::List(args) => list::list(args, session).await,
            Self::Ps(args) => ps::ps(args, session).await,
            Self::Cp(args) => cp::cp(args, session).await,
            Self::Rm(args) => rm::rm(args, session).await,
        }
    }
}

/// The exit code of a command that Ctrl+C ended, as shells have it: 128 and the number of the signal.
const INTERRUPTED: u8 = 130;

/// Tells why a command failed, if it did, and returns the exit code of the process.
fn report(outcome: Result<(), CliError>, err: &mut dyn Write) -> u8 {
    match outcome {
        Ok(()) => 0,
        // Whoever reads our output has enough of it; that is no error of ours.
        Err(CliError::Io(error)) if error.kind() == ErrorKind::BrokenPipe => 0,
        Err(CliError::Interrupted) => INTERRUPTED,
        Err(error) => {
            // Nobody is left to be told if this fails.
            let _ = writeln!(err, "Error: {error}");
            1
        }
    }
}

/// The name of a model that is to be made or given away. Refusing it here saves the work before the server does.
fn parse_name(text: &str) -> Result<Name, CliError> {
    text.parse().map_err(|_| CliError::Usage(format!("invalid model name: {text}")))
}
