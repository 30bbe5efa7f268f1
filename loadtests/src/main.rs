//! The `quipu-loadtests` binary.

use clap::Parser;

/// Measures LLM servers under load, and compares them.
#[derive(Debug, Parser)]
#[command(name = "quipu-loadtests", version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    args: quipu_loadtests::Args,
}

fn main() -> std::process::ExitCode {
    quipu_loadtests::main(Cli::parse().args)
}
