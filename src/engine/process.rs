//! The front's side of a running engine process: talk to it, notice its end.
//!
//! ```text
//!   Generation ──Cancel, Credit──▶┐
//!   EngineHandle ───Submit, Embed▶├─ writer task ──▶ socket ──▶ engine process
//!        │                        ┘
//!        └─ registration ─▶ reader task ◀────────── socket ◀── one frame per step
//!                              └─ one bounded channel per request ─▶ Generation, Embedding
//! ```
//!
//! The socket is the engine's standard input. Its end is the engine's end: a killed server leaves no orphan,
//! and an engine that dies is seen at once, whatever killed it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::Child;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{debug, warn};

use super::frame;
use super::protocol::{
    Command, DeviceMemory, Embed, Embeddings, Event, Finish, ModelFacts, RequestError, RequestId, StepReport,
    Submit, Update,
};

/// Tokens that the engine may run ahead of a client. Small enough that a client that stops reading holds
/// little, large enough that a busy one never waits for credit to travel.
const CREDIT: u32 = 128;

/// What the reader task must know of a new request before the engine does.
#[derive(Debug)]
struct Registration {
    id: RequestId,
    listener: Listener,
}

/// Who waits for an answer.
#[derive(Debug)]
enum Listener {
    Generation(mpsc::Sender<Update>),
    Embedding(oneshot::Sender<Result<Embeddings, RequestError>>),
}

impl Listener {
    /// The last word to a request that the engine will not answer.
    fn fail(self, id: RequestId, error: RequestError) {
        match self {
            Self::Generation(updates) => {
                let finish = Some(Finish::Failed(error));
                let last = Update { id, text: String::new(), tokens: 0, logprobs: Vec::new(), finish };
                let _ = updates.try_send(last);
            }
            Self::Embedding(answer) => {
                let _ = answer.send(Err(error));
            }
        }
    }
}

/// Requests that the engine has not answered in full.
type Listeners = HashMap<RequestId, Listener>;

/// A running engine with a loaded model. Dropping it ends the process.
#[derive(Debug)]
pub struct EngineHandle {
    facts: ModelFacts,
    pid: Option<u32>,
    next_id: AtomicU64,
    commands: mpsc::UnboundedSender<Command>,
    registrations: mpsc::UnboundedSender<Registration>,
    /// What it takes of each device now.
    memory: watch::Receiver<Vec<DeviceMemory>>,
    /// `Some(cause)` once the process is gone.
    died: watch::Receiver<Option<String>>,
}

/// Called with the report of every step, from the reader task; must not block.
pub type StepObserver = Box<dyn Fn(&StepReport) + Send + Sync>;

impl EngineHandle {
    /// Takes over an engine that has loaded its model.
    pub(super) fn running(
        child: Child,
        read: OwnedReadHalf,
        write: OwnedWriteHalf,
        facts: ModelFacts,
        observe: StepObserver,
    ) -> Arc<Self> {
        let pid = child.id();
        let (commands, command_queue) = mpsc::unbounded_channel();
        let (registrations, registration_queue) = mpsc::unbounded_channel();
        let (died_tx, died) = watch::channel(None);
        let (takes, memory) = watch::channel(facts.memory.clone());
        tokio::spawn(write_commands(write, command_queue));
        tokio::spawn(async move {
            let mut requests = HashMap::new();
            let mut new = registration_queue;
            dispatch(read, &mut new, &mut requests, observe, takes).await;
            let cause = wait_for(child).await;
            debug!(cause, "engine ended");
            // From here on `submit` fails, so that the last look at the registrations misses none.
            died_tx.send_replace(Some(cause.clone()));
            new.close();
            accept(&mut new, &mut requests);
            for (id, listener) in requests {
                listener.fail(id, RequestError::EngineDied(cause.clone()));
            }
        });
        Arc::new(Self { facts, pid, next_id: AtomicU64::new(1), commands, registrations, memory, died })
    }

    /// What the engine said of its model when it was loaded.
    #[must_use]
    pub fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    /// What the engine takes of each device, and whenever that changes.
    #[must_use]
    pub fn memory(&self) -> watch::Receiver<Vec<DeviceMemory>> {
        self.memory.clone()
    }

    /// Process id of the engine.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// Why the process ended, if it did.
    #[must_use]
    pub fn cause_of_death(&self) -> Option<String> {
        self.died.borrow().clone()
    }

    /// Returns when the process has ended.
    pub async fn ended(&self) {
        self.when_ended().await;
    }

    /// Ready when the process has ended; does not keep it running.
    pub fn when_ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut died = self.died.clone();
        async move {
            // An error means that the reader task is gone, and with it the process.
            let _ = died.wait_for(Option::is_some).await;
        }
    }

    /// Sends a request. `id` and `credit` of `request` are set here.
    ///
    /// # Errors
    /// [`RequestError::EngineDied`] if the process has ended, [`RequestError::NoGeneration`] if the model is an
    /// encoder. Every other trouble comes as the last update.
    pub fn submit(&self, mut request: Submit) -> Result<Generation, RequestError> {
        if !self.facts.generates {
            return Err(RequestError::NoGeneration);
        }
        let id = self.next_id();
        request.id = id;
        request.credit = CREDIT;
        // An update spends credit or is the last one.
        let (updates, received) = mpsc::channel(CREDIT as usize + 2);
        self.send(id, Listener::Generation(updates), Command::Submit(Box::new(request)))?;
        Ok(Generation {
            id,
            updates: received,
            commands: self.commands.clone(),
            unreported: 0,
            finished: false,
        })
    }

    /// Sends texts to be turned into vectors. `id` of `request` is set here.
    ///
    /// # Errors
    /// [`RequestError::EngineDied`] if the process has ended. Every other trouble comes as the answer.
    pub fn embed(&self, mut request: Embed) -> Result<Embedding, RequestError> {
        let id = self.next_id();
        request.id = id;
        let (answer, received) = oneshot::channel();
        self.send(id, Listener::Embedding(answer), Command::Embed(Box::new(request)))?;
        Ok(Embedding { id, answer: received, commands: self.commands.clone(), finished: false })
    }

    fn next_id(&self) -> RequestId {
        RequestId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Registers who waits for an answer, then asks for it.
    fn send(&self, id: RequestId, listener: Listener, command: Command) -> Result<(), RequestError> {
        let died = || RequestError::EngineDied(self.cause_of_death().unwrap_or_else(|| "it ended".into()));
        self.registrations.send(Registration { id, listener }).map_err(|_| died())?;
        self.commands.send(command).map_err(|_| died())
    }
}

/// Vectors that are being computed. Dropping it before they are there cancels the request.
pub struct Embedding {
    id: RequestId,
    answer: oneshot::Receiver<Result<Embeddings, RequestError>>,
    commands: mpsc::UnboundedSender<Command>,
    finished: bool,
}

impl Embedding {
    /// Waits for the answer.
    ///
    /// # Errors
    /// If the engine refused the texts, failed, or ended.
    pub async fn answer(mut self) -> Result<Embeddings, RequestError> {
        let answer = (&mut self.answer).await;
        self.finished = true;
        answer.unwrap_or(Err(RequestError::Cancelled))
    }
}

impl Drop for Embedding {
    fn drop(&mut self) {
        if !self.finished {
            let _ = self.commands.send(Command::Cancel(self.id));
        }
    }
}

/// The answer to one request, as it comes. Dropping it before its end cancels the request.
pub struct Generation {
    id: RequestId,
    updates: mpsc::Receiver<Update>,
    commands: mpsc::UnboundedSender<Command>,
    /// Tokens consumed that the engine has not been told of.
    unreported: u32,
    finished: bool,
}

impl Generation {
    /// The next update; `None` after the last one. Safe to use in `select!`.
    pub async fn next(&mut self) -> Option<Update> {
        if self.finished {
            return None;
        }
        let update = self.updates.recv().await?;
        self.finished = update.finish.is_some();
        self.unreported += update.tokens;
        if self.unreported >= CREDIT / 2 && !self.finished {
            let _ = self.commands.send(Command::Credit { id: self.id, tokens: self.unreported });
            self.unreported = 0;
        }
        Some(update)
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        if !self.finished {
            let _ = self.commands.send(Command::Cancel(self.id));
        }
    }
}

/// Ends when every handle and generation is gone, which closes the socket and so ends the engine.
async fn write_commands(mut socket: OwnedWriteHalf, mut queue: mpsc::UnboundedReceiver<Command>) {
    let mut pending = Vec::new();
    let mut wire = Vec::new();
    while queue.recv_many(&mut pending, 64).await > 0 {
        wire.clear();
        for command in pending.drain(..) {
            if let Err(error) = frame::encode(&command, &mut wire) {
                warn!(%error, "command not sent");
            }
        }
        if socket.write_all(&wire).await.is_err() {
            return;
        }
    }
    let _ = socket.shutdown().await;
}

async fn dispatch(
    socket: OwnedReadHalf,
    new: &mut mpsc::UnboundedReceiver<Registration>,
    requests: &mut Listeners,
    observe: StepObserver,
    memory: watch::Sender<Vec<DeviceMemory>>,
) {
    // One system call reads a step's length and report.
    let mut socket = BufReader::new(socket);
    let mut buffer = Vec::new();
    loop {
        let report = match frame::read_async(&mut socket, &mut buffer).await {
            Ok(Some(Event::Step(report))) => *report,
            Ok(Some(Event::Embedded { id, result })) => {
                accept(new, requests);
                if let Some(Listener::Embedding(answer)) = requests.remove(&id) {
                    // Nobody may wait any more.
                    let _ = answer.send(result);
                }
                continue;
            }
            Ok(Some(Event::Memory(takes))) => {
                memory.send_replace(takes);
                continue;
            }
            Ok(Some(other)) => {
                warn!(?other, "unexpected frame from the engine");
                continue;
            }
            Ok(None) => return,
            Err(error) => {
                warn!(%error, "the engine's frames cannot be read");
                return;
            }
        };
        // A request is registered before it is sent, so whoever is answered in this frame is in the queue.
        accept(new, requests);
        observe(&report);
        for update in report.updates {
            let id = update.id;
            let last = update.finish.is_some();
            if let Some(Listener::Generation(to)) = requests.get(&id)
                && let Err(mpsc::error::TrySendError::Full(_)) = to.try_send(update)
            {
                warn!(id = id.0, "the engine overran its credit; request dropped");
                requests.remove(&id);
            }
            if last {
                requests.remove(&id);
            }
        }
    }
}

fn accept(new: &mut mpsc::UnboundedReceiver<Registration>, requests: &mut Listeners) {
    while let Ok(Registration { id, listener }) = new.try_recv() {
        requests.insert(id, listener);
    }
}

/// Waits for the process and describes its end. An engine that closed its socket but lives is killed: it
/// can serve nobody.
pub(super) async fn wait_for(mut child: Child) -> String {
    use std::os::unix::process::ExitStatusExt;
    let grace = Duration::from_secs(5);
    let status = match tokio::time::timeout(grace, child.wait()).await {
        Ok(status) => status,
        Err(_) => {
            let _ = child.start_kill();
            child.wait().await
        }
    };
    match status {
        Ok(status) => match status.signal() {
            Some(signal) => format!("killed by signal {signal}"),
            None => format!("exit code {}", status.code().unwrap_or(-1)),
        },
        Err(error) => format!("lost: {error}"),
    }
}
