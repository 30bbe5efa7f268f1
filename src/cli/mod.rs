//! The command line: one file for each command.

mod environment;
mod logging;
mod openapi;
mod run;
pub mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A local LLM server: a drop-in for Ollama with one continuous batch over one paged KV cache.
#[derive(Debug, Parser)]
#[command(name = "quipu", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server
    #[command(alias = "start")]
    Serve(Box<serve::ServeArgs>),
    /// Ask a model, or talk with it
    Run(run::RunArgs),
    /// Print the OpenAPI document
    #[command(hide = true)]
    Openapi,
    /// Run the engine of one model; started by the server
    #[command(hide = true)]
    Engine,
}

/// Why a command failed; printed as `Error: …`.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Serve(#[from] crate::server::ServeError),
    #[error("could not connect to quipu server, run 'quipu serve' to start it")]
    Unreachable,
    #[error("{0}")]
    Server(String),
    #[error("the connection to the server broke: {0}")]
    Broken(#[from] reqwest::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("{what}: {error}")]
    File { what: String, error: std::io::Error },
    #[error("the server said something that is no JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Runs the command of this process's command line.
#[must_use]
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    if matches!(command, Command::Serve(_) | Command::Engine) {
        logging::to_stderr(&environment::of_process());
    }
    let outcome = match command {
        Command::Serve(args) => serve::serve(*args),
        Command::Run(args) => run::run(&args),
        Command::Openapi => openapi::print(),
        Command::Engine => return crate::engine::worker::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has enough of it; that is no error of ours.
        Err(CliError::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place where commands report their errors")]
fn complain(error: &CliError) {
    eprintln!("Error: {error}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
