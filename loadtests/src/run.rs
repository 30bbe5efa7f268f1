//! All requests of a plan, in a closed or an open loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::arrival::Arrival;
use crate::client::{Endpoint, Question};
use crate::dialect::{Message, Role};
use crate::error::LoadError;
use crate::live::Live;
use crate::record::Record;
use crate::workload::Plan;

/// What became of a plan.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Requests that were sent, in the order of the plan. After a turn that failed, the rest of its session is not sent.
    pub records: Vec<Record>,
    /// From the start to the end of the last request, seconds.
    pub duration: f64,
}

/// Sends all requests of a plan.
///
/// # Errors
/// If the arrival does not fit the plan.
pub async fn drive(
    endpoint: &Arc<Endpoint>,
    plan: &Arc<Plan>,
    arrival: &Arrival,
    seed: u64,
    live: &Arc<Live>,
) -> Result<Run, LoadError> {
    let sessions = plan.sessions.len();
    let trace = plan.sessions.iter().map(|session| session.at);
    let times = arrival.schedule(sessions, trace, seed)?;
    let limit = match arrival {
        Arrival::Closed { .. } => None,
        _ => arrival.max_concurrency().map(|limit| Arc::new(Semaphore::new(limit))),
    };
    let player = Arc::new(Player {
        endpoint: endpoint.clone(),
        plan: plan.clone(),
        live: live.clone(),
        limit,
        clock: Instant::now(),
    });
    let mut tasks = JoinSet::new();
    match times {
        Some(times) => player.clone().open(&times, &mut tasks).await,
        None => player.clone().closed(arrival.max_concurrency().unwrap_or(1), &mut tasks),
    }
    let mut records: Vec<Record> = tasks.join_all().await.into_iter().flatten().collect();
    records.sort_by_key(|record| (record.session, record.turn));
    let duration = records.iter().map(|record| record.end).fold(0.0, f64::max);
    Ok(Run { records, duration })
}

/// Plays sessions.
struct Player {
    endpoint: Arc<Endpoint>,
    plan: Arc<Plan>,
    live: Arc<Live>,
    /// Requests at a time, in an open loop.
    limit: Option<Arc<Semaphore>>,
    /// The start of the run.
    clock: Instant,
}

impl Player {
    /// Each of `concurrency` tasks plays one session after the other.
    fn closed(self: Arc<Self>, concurrency: usize, tasks: &mut JoinSet<Vec<Record>>) {
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..concurrency.min(self.plan.sessions.len()) {
            let (player, next) = (self.clone(), next.clone());
            tasks.spawn(async move {
                let mut records = Vec::new();
                loop {
                    let session = next.fetch_add(1, Ordering::Relaxed);
                    if session >= player.plan.sessions.len() {
                        return records;
                    }
                    records.extend(player.play(session, player.now()).await);
                }
            });
        }
    }

    /// Each session has a task, which starts in time.
    async fn open(self: Arc<Self>, times: &[f64], tasks: &mut JoinSet<Vec<Record>>) {
        for (session, due) in times.iter().copied().enumerate() {
            self.wait_until(due).await;
            let player = self.clone();
            tasks.spawn(async move { player.play(session, due).await });
        }
    }

    async fn play(&self, session: usize, due: f64) -> Vec<Record> {
        let mut due = due;
        let mut history: Vec<Message> = Vec::new();
        let mut records = Vec::new();
        for (i, turn) in self.plan.sessions[session].turns.iter().enumerate() {
            if i > 0 {
                due = self.now() + turn.think;
                if turn.think > 0.0 {
                    self.wait_until(due).await;
                }
            }
            history.extend_from_slice(&turn.messages);
            let question =
                Question { messages: &history, max_tokens: turn.output, leave_after: turn.leave_after };
            let mut record = self.ask(question, due).await;
            record.session = session;
            record.turn = i;
            record.class = turn.class.to_owned();
            let calibration = &self.endpoint.calibration;
            let words = turn.words.filter(|_| i == 0);
            record.expected_input = words.and_then(|words| calibration.tokens_of(words, turn.has_system()));
            self.live.finished(&record, self.now());
            let complete = record.is_complete();
            history.push(Message { role: Role::Assistant, content: record.text.clone() });
            records.push(record);
            if !complete {
                break;
            }
        }
        records
    }

    /// Waits until the limit allows a request, then sends it.
    async fn ask(&self, question: Question<'_>, due: f64) -> Record {
        let began = self.now();
        let (_permit, queued) = match &self.limit {
            // It is never closed.
            Some(limit) => (limit.acquire().await.ok(), self.now() - began),
            None => (None, 0.0),
        };
        self.live.started();
        let record = self.endpoint.ask(question, self.clock).await;
        Record { scheduled: due, queued, ..record }
    }

    fn now(&self) -> f64 {
        self.clock.elapsed().as_secs_f64()
    }

    async fn wait_until(&self, due: f64) {
        sleep_until(self.clock + Duration::from_secs_f64(due)).await;
    }
}
