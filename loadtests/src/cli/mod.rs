//! The command line, for the binary of its own and for `quipu bench`.

mod load;
mod model;
mod report;
mod run;

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Subcommand;

use crate::error::LoadError;
use crate::mock::{Behaviour, Mock};
use crate::self_check::{SelfCheckArgs, self_check};
use crate::workload::Workload;

/// What the harness is asked to do. A program that has it as a subcommand flattens it and calls [`main`].
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure one target, or compare several, under one load
    Run(Box<run::RunArgs>),
    /// Measure under more and more load, and find the knee
    Sweep(Box<run::SweepArgs>),
    /// Put results of earlier runs together: tables, comparisons, pictures
    Report(report::ReportArgs),
    /// List the workloads with their parameters
    Workloads,
    /// Make a model file of a given shape with random weights
    Model(model::ModelArgs),
    /// Run a server that computes nothing
    Mock(MockArgs),
    /// Measure what the harness itself costs
    SelfCheck(SelfCheckArgs),
}

#[derive(Debug, clap::Args)]
struct MockArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:11500")]
    listen: SocketAddr,
    #[command(flatten)]
    behaviour: Behaviour,
}

/// Does what is asked, prints results to standard output and all else to standard error.
///
/// The exit code is 0 if all went well, 1 if something could not be done, and 2 if requests failed or a result is not
/// valid.
#[must_use]
pub fn main(args: Args) -> ExitCode {
    match args.command.execute() {
        Ok(code) => code,
        // Whoever reads our output has enough of it; that is no error of ours.
        Err(LoadError::Io(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told if this fails.
            let _ = writeln!(std::io::stderr(), "Error: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Command {
    fn execute(self) -> Result<ExitCode, LoadError> {
        match self {
            Self::Run(args) => block_on(args.execute()),
            Self::Sweep(args) => block_on(args.execute()),
            Self::Report(args) => args.execute(),
            Self::Workloads => workloads(),
            Self::Model(args) => args.execute(),
            Self::Mock(args) => block_on(mock(args)),
            Self::SelfCheck(args) => block_on(async move {
                let cost = self_check(&args).await?;
                print(&cost.text())?;
                Ok(ExitCode::SUCCESS)
            }),
        }
    }
}

/// Clients need little time beside a server that computes; two threads are enough for hundreds of streams.
const THREADS: usize = 2;

fn block_on(future: impl Future<Output = Result<ExitCode, LoadError>>) -> Result<ExitCode, LoadError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    runtime.block_on(Box::pin(future))
}

async fn mock(args: MockArgs) -> Result<ExitCode, LoadError> {
    let mock = Mock::start(args.listen, args.behaviour).await?;
    print(&format!("listening on {}\n", mock.url()))?;
    mock.serve().await;
    Ok(ExitCode::SUCCESS)
}

fn workloads() -> Result<ExitCode, LoadError> {
    for workload in Workload::all() {
        print(&format!("{}\n", workload.spec()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints to standard output.
fn print(text: &str) -> Result<(), LoadError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
