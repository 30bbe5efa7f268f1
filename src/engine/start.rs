//! Starting an engine: a process, what its model will take, and then the model.
//!
//! ```text
//!   StartingEngine::plan ──Load──▶ the file is read without its weights ──Planned──▶ expected()
//!        │   whoever owns the memory makes room
//!        └─ load ──Proceed──▶ weights, pool, first passes ──Loading, Loading, … Loaded──▶ EngineHandle
//! ```

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command as Program};
use tracing::debug;

use super::frame;
use super::process::{EngineHandle, StepObserver, wait_for};
use super::protocol::{Command, Event, Expected, LoadSpec, ModelFacts, PROTOCOL_VERSION};

/// Why an engine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The process could not be created, or the talk with it broke.
    #[error("cannot start the engine process: {0}")]
    Io(#[from] std::io::Error),
    /// The binary on disk is not the one that runs.
    #[error(
        "the engine speaks protocol {engine}, this server {}: the binary was replaced; restart the server",
        PROTOCOL_VERSION
    )]
    Version {
        /// What the engine said.
        engine: u32,
    },
    /// The engine refused the model, with a reason for people.
    #[error("{0}")]
    Model(String),
    /// The process ended before the model was loaded.
    #[error("the engine process ended while it loaded the model ({0})")]
    Died(String),
    /// No progress for too long.
    #[error("loading the model made no progress for {} seconds", .0.as_secs())]
    Stalled(Duration),
}

/// How to start engines.
#[derive(Clone, Debug)]
pub struct EngineProgram {
    /// The binary; normally the one that runs.
    pub path: PathBuf,
    /// Give up loading after this long without progress.
    pub load_timeout: Duration,
}

/// An engine process that waits for the word to load its model. Dropping it ends the process.
#[derive(Debug)]
pub struct StartingEngine {
    child: Child,
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
    patience: Duration,
    expected: Expected,
}

/// What an engine says while it starts.
enum Said {
    Planned(Expected),
    Loaded(Box<ModelFacts>),
}

impl StartingEngine {
    /// Starts an engine process, and lets it find out what a model will take.
    ///
    /// # Errors
    /// See [`StartError`]. The process is gone in every case.
    pub async fn plan(program: &EngineProgram, load: LoadSpec) -> Result<Self, StartError> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let child = spawn(&program.path, theirs.into())?;
        let (read, write) = UnixStream::from_std(ours)?.into_split();
        let (patience, expected) = (program.load_timeout, Expected::default());
        let mut starting = Self { child, read, write, patience, expected };
        match starting.listen(Some(load), &|_| {}).await {
            Ok(Said::Planned(expected)) => Ok(Self { expected, ..starting }),
            Ok(Said::Loaded(_)) => Err(StartError::Died("it did not wait".into())),
            Err(error) => Err(starting.failed(error).await),
        }
    }

    /// What the model will be.
    #[must_use]
    pub fn expected(&self) -> Expected {
        self.expected
    }

    /// Loads the model. `progress` is called with the share of the weights that is read; must not block.
    ///
    /// # Errors
    /// See [`StartError`]. The process is gone in every case.
    pub async fn load(
        mut self,
        observe: StepObserver,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Arc<EngineHandle>, StartError> {
        // A failed write means that the engine ended; the next read says so.
        let _ = frame::write_async(&mut self.write, &Command::Proceed).await;
        match self.listen(None, progress).await {
            Ok(Said::Loaded(facts)) => {
                Ok(EngineHandle::running(self.child, self.read, self.write, *facts, observe))
            }
            Ok(Said::Planned(_)) => Err(StartError::Died("it planned twice".into())),
            Err(error) => Err(self.failed(error).await),
        }
    }

    /// `None`: the process closed the socket.
    async fn failed(self, error: Option<StartError>) -> StartError {
        match error {
            Some(error) => error,
            None => StartError::Died(wait_for(self.child).await),
        }
    }

    /// Listens until something is decided; says what to load when the engine is there. `Err(None)`: the process closed
    /// the socket.
    async fn listen(
        &mut self,
        mut load: Option<LoadSpec>,
        progress: &(dyn Fn(f32) + Sync),
    ) -> Result<Said, Option<StartError>> {
        let Self { read, write, patience, .. } = self;
        let mut buffer = Vec::new();
        loop {
            let event = tokio::time::timeout(*patience, frame::read_async(read, &mut buffer))
                .await
                .map_err(|_| Some(StartError::Stalled(*patience)))?;
            match event {
                Ok(Some(Event::Hello { version: PROTOCOL_VERSION })) => {
                    if let Some(load) = load.take() {
                        // As in `load`.
                        let _ = frame::write_async(write, &Command::Load(load)).await;
                    }
                }
                Ok(Some(Event::Hello { version })) => {
                    return Err(Some(StartError::Version { engine: version }));
                }
                Ok(Some(Event::Planned(expected))) => return Ok(Said::Planned(expected)),
                Ok(Some(Event::Loading(share))) => {
                    debug!(share, "loading");
                    progress(share);
                }
                Ok(Some(Event::Loaded(facts))) => return Ok(Said::Loaded(facts)),
                Ok(Some(Event::LoadFailed(reason))) => return Err(Some(StartError::Model(reason))),
                Ok(Some(Event::Step(_) | Event::Embedded { .. } | Event::Memory(_)) | None) => {
                    return Err(None);
                }
                Err(e) if e.kind() == std::io::ErrorKind::InvalidData => return Err(Some(e.into())),
                // A reset says no more than that the process is gone.
                Err(_) => return Err(None),
            }
        }
    }
}

fn spawn(program: &Path, socket: OwnedFd) -> std::io::Result<Child> {
    Program::new(program)
        .arg("engine")
        .stdin(Stdio::from(socket))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        // Ctrl-C in a terminal goes to the whole group; the front drains before it lets its engines go.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}
