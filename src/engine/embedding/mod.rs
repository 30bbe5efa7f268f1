//! Texts to vectors, in encoders and beside generation.
//!
//! ```text
//!   reader ──Embed──▶ tokeniser thread ──bounded──▶ queue ──▶ one pass for the texts of all ──▶ Embedded
//!      └────Cancel──▶ answered at once; tokeniser and queue drop what nobody waits for
//! ```
//!
//! A pass takes a text of each request in turn until it is full, so that a request with thousands of texts delays
//! nobody for longer than a pass. Passes run on a thread of their own: an encoder has nothing else to do, and a
//! decoder computes vectors in a context of its own, which knows nothing of the pool.

mod prepare;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use crossbeam::channel::{Receiver, Sender, bounded, unbounded};
use parking_lot::Mutex;

use super::backend::{EmbedderSizes, Vocabulary};
use super::protocol::{Embed, Embeddings, Event, RequestError, RequestId};
pub use queue::EmbeddingLoop;
use queue::Job;

/// Requests that wait as tokens before the loop takes them. All others wait as text.
const TOKENISED: usize = 16;

/// Most bytes of vectors in one answer, which is one frame.
const MOST_BYTES: usize = 256 << 20;

/// Who waits for an answer. Whoever takes a request out answers it, so that each is answered once.
#[derive(Clone)]
struct Answers {
    waiting: Arc<Mutex<HashSet<RequestId>>>,
    events: Sender<Event>,
}

impl Answers {
    fn wanted(&self, id: RequestId) -> bool {
        self.waiting.lock().contains(&id)
    }

    /// Answers, unless that has been done. False if it was.
    fn give(&self, id: RequestId, result: Result<Embeddings, RequestError>) -> bool {
        let waited = self.waiting.lock().remove(&id);
        if waited {
            // If this fails, the front is gone, and the process ends.
            let _ = self.events.send(Event::Embedded { id, result });
        }
        waited
    }
}

/// Where requests come in. Dropped when the front is gone, which ends tokeniser and loop.
pub struct Inbox {
    answers: Answers,
    requests: Sender<(Instant, Box<Embed>)>,
}

impl Inbox {
    /// Queues a request. What waits here is bounded by the requests that the front admits.
    pub(super) fn submit(&self, request: Box<Embed>) {
        self.answers.waiting.lock().insert(request.id);
        let _ = self.requests.send((Instant::now(), request));
    }

    /// Ends a request if it is one of these.
    pub(super) fn cancel(&self, id: RequestId) -> bool {
        self.answers.give(id, Err(RequestError::Cancelled))
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.answers.waiting.lock().clear();
    }
}

/// What texts may be.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Cap on the tokens of a text when a request names none.
    pub context: u32,
    /// What the embedder takes.
    pub sizes: EmbedderSizes,
}

impl Rules {
    /// Most texts of one request.
    fn most_texts(&self) -> usize {
        MOST_BYTES / (self.sizes.width as usize * size_of::<f32>()).max(1)
    }
}

/// Starts the tokeniser. The second part is for [`EmbeddingLoop::new`].
///
/// # Errors
/// If there can be no more threads.
pub fn open(
    vocabulary: Arc<dyn Vocabulary>,
    rules: Rules,
    events: Sender<Event>,
) -> std::io::Result<(Inbox, Jobs)> {
    let answers = Answers { waiting: Arc::default(), events };
    let (requests, queue) = unbounded();
    let (jobs, taken) = bounded(TOKENISED);
    let tokeniser = answers.clone();
    std::thread::Builder::new()
        .name("embed-tokenise".into())
        .spawn(move || prepare::tokenize(&queue, vocabulary.as_ref(), rules, &tokeniser, &jobs))?;
    Ok((Inbox { answers: answers.clone(), requests }, Jobs { jobs: taken, answers }))
}

/// Tokenised requests.
pub struct Jobs {
    jobs: Receiver<Job>,
    answers: Answers,
}
