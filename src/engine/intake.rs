//! From the socket to the step loop.
//!
//! ```text
//!   socket ─▶ reader thread ──Submit──▶ tokenizer thread ──Run, Refuse──▶ step loop
//!                   ├───────── Cancel, Credit ────────────────────────────▶
//!                   └─Embed, Cancel──▶ embedding
//! ```
//!
//! Tokenising a long prompt takes longer than a step, so it has a thread of its own; and cancelling must not
//! wait behind it, so it goes past.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

use crossbeam::channel::{Receiver, Sender, unbounded};
use parking_lot::Mutex;
use tracing::warn;

use super::backend::Vocabulary;
use super::embedding::Inbox;
use super::frame;
use super::protocol::{Command, RequestError, RequestId, Submit};
use super::request::{Sizes, prepare};
use super::step::Order;

/// Requests that are being tokenised. Whoever removes one decides what becomes of it: the tokenizer hands it
/// on, or the reader has seen it cancelled.
type Tokenising = Arc<Mutex<HashSet<RequestId>>>;

/// Starts the tokenizer thread and reads commands until the front is gone. What the channel carries is
/// bounded by the requests that the front admits and the credit that it gives.
pub fn read(
    mut socket: impl Read,
    vocabulary: Arc<dyn Vocabulary>,
    sizes: Sizes,
    orders: &Sender<Order>,
    embeddings: &Inbox,
) {
    let tokenising = Tokenising::default();
    let (submits, queue) = unbounded();
    std::thread::scope(|scope| {
        scope.spawn(|| tokenize(&queue, vocabulary.as_ref(), sizes, &tokenising, orders));
        while let Some(command) = next(&mut socket) {
            match command {
                Command::Submit(submit) => {
                    tokenising.lock().insert(submit.id);
                    let _ = submits.send((Instant::now(), submit));
                }
                Command::Embed(request) => embeddings.submit(request),
                Command::Cancel(id) if embeddings.cancel(id) => {}
                Command::Cancel(id) => {
                    let order = if tokenising.lock().remove(&id) {
                        Order::Refuse(id, RequestError::Cancelled)
                    } else {
                        Order::Cancel(id)
                    };
                    let _ = orders.send(order);
                }
                Command::Credit { id, tokens } => {
                    let _ = orders.send(Order::Credit(id, tokens));
                }
                Command::Load(_) => warn!("the model is loaded already"),
            }
        }
        drop(submits);
    });
}

fn next(socket: &mut impl Read) -> Option<Command> {
    frame::read(socket).inspect_err(|error| warn!(%error, "the front's commands cannot be read")).ok()?
}

fn tokenize(
    queue: &Receiver<(Instant, Box<Submit>)>,
    vocabulary: &dyn Vocabulary,
    sizes: Sizes,
    tokenising: &Tokenising,
    orders: &Sender<Order>,
) {
    for (submitted, submit) in queue {
        let id = submit.id;
        let order = match prepare(*submit, submitted, vocabulary, sizes) {
            Ok(sequence) => Order::Run(Box::new(sequence)),
            Err(error) => Order::Refuse(id, error),
        };
        // Under the lock: a cancellation comes either before, and wins, or finds the request in the loop.
        let mut pending = tokenising.lock();
        if pending.remove(&id) {
            let _ = orders.send(order);
        }
    }
}
