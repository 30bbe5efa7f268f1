//! Masks, computed ahead: while the forward pass for a token runs, other threads compute what may come after it.
//!
//! ```text
//!   step loop    ─ token chosen ─▶ forward pass ─────────────────────▶ sample
//!                     │ the guide goes                        the guide ▲ comes back, with its mask
//!   other threads     └──────────▶ advance, compute the mask ───────────┘
//! ```
//!
//! A guide belongs to one side at a time. A request that ends meanwhile drops its end of the channel, and its guide
//! ends where it is.

use std::io;

use crossbeam::channel::{Receiver, Sender, bounded};

use super::GrammarError;
use super::guide::{Guide, Next};
use crate::engine::protocol::Token;

/// More threads are of no use: a mask takes a fraction of a millisecond, and the forward pass wants the cores.
const MOST_THREADS: usize = 4;
/// Masks that may wait. A request has at most one under way, and no more than this many run.
const QUEUE: usize = 256;

/// A guide, and what may come next.
type Turn = (Box<Guide>, Result<Next, GrammarError>);

struct Job {
    guide: Box<Guide>,
    token: Token,
    back: Sender<Turn>,
}

/// The threads that compute masks. They end with it.
pub struct Ahead {
    jobs: Sender<Job>,
}

impl Ahead {
    /// Starts the threads: one for every two cores, at most four.
    ///
    /// # Errors
    /// If the system gives none.
    pub fn start() -> io::Result<Self> {
        let (jobs, queue) = bounded(QUEUE);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..(cores / 2).clamp(1, MOST_THREADS) {
            let queue: Receiver<Job> = queue.clone();
            std::thread::Builder::new().name("grammar".into()).spawn(move || work(&queue))?;
        }
        Ok(Self { jobs })
    }
}

fn work(queue: &Receiver<Job>) {
    for Job { mut guide, token, back } in queue {
        let next = guide.advance(token);
        // The request is gone if nobody takes it.
        let _ = back.send((guide, next));
    }
}

/// A request's guide, here or on its way.
pub struct Guided {
    place: Place,
}

enum Place {
    Here(Turn),
    Away(Receiver<Turn>),
    /// Its thread ended.
    Lost,
}

impl Guided {
    /// With a guide at its beginning.
    #[must_use]
    pub fn new(guide: Guide, first: Next) -> Self {
        Self { place: Place::Here((Box::new(guide), Ok(first))) }
    }

    /// A token was chosen: what may come after it is computed from now on.
    pub fn advance(&mut self, token: Token, ahead: &Ahead) {
        self.fetch();
        self.place = match std::mem::replace(&mut self.place, Place::Lost) {
            Place::Here((guide, _)) => {
                let (back, returns) = bounded(1);
                // If there are no threads any more, nobody holds the other end, and the next turn says so.
                let _ = ahead.jobs.send(Job { guide, token, back });
                Place::Away(returns)
            }
            elsewhere => elsewhere,
        };
    }

    /// What may come next; waits for it if it is not ready yet.
    ///
    /// # Errors
    /// [`GrammarError::Broke`].
    pub fn upcoming(&mut self) -> Result<&Next, GrammarError> {
        self.fetch();
        match &self.place {
            Place::Here((_, Ok(next))) => Ok(next),
            Place::Here((_, Err(error))) => Err(error.clone()),
            Place::Away(_) | Place::Lost => Err(GrammarError::Broke("its thread ended".into())),
        }
    }

    fn fetch(&mut self) {
        if let Place::Away(returns) = &self.place {
            self.place = returns.recv().map_or(Place::Lost, Place::Here);
        }
    }
}
