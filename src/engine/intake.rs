//! From the socket to the step loop.
//!
//! ```text
//!                              ┌──▶ tokenizer thread ─────┐
//!   socket ─▶ reader thread ──Submit─▶ grammar thread ──Run, Refuse──▶ step loop
//!                   ├───────── Cancel, Credit ───────────────────────▶
//!                   └─Embed, Cancel──▶ embedding
//! ```
//!
//! Tokenising a long prompt takes longer than a step, so it has a thread of its own; compiling the grammar of a
//! constraint can take as long, so requests with one have another. Cancelling must not wait behind them, so it goes
//! past.

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
use super::grammar::{Grammars, Guided, Words};
use super::protocol::{Command, Constraint, RequestError, RequestId, Submit};
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
    let (constrained, constrained_queue) = unbounded();
    std::thread::scope(|scope| {
        let vocabulary = vocabulary.as_ref();
        scope.spawn(|| {
            let never = |_: &Constraint| Err(RequestError::Constraint("it came the wrong way".into()));
            tokenize(&queue, vocabulary, sizes, never, &Hand { tokenising: &tokenising, orders });
        });
        scope.spawn(|| {
            // Read in advance: the first request with a constraint should not wait for it.
            let mut grammars = Words::new(vocabulary).map(|words| Grammars::new(Arc::new(words)));
            let guide = |constraint: &Constraint| match &mut grammars {
                Ok(grammars) => {
                    let guide = grammars.guide(constraint);
                    guide
                        .map(|(guide, first)| Guided::new(guide, first))
                        .map_err(|e| RequestError::Constraint(e.to_string()))
                }
                Err(reason) => {
                    Err(RequestError::Constraint(format!("the vocabulary of this model: {reason}")))
                }
            };
            tokenize(&constrained_queue, vocabulary, sizes, guide, &Hand { tokenising: &tokenising, orders });
        });
        while let Some(command) = next(&mut socket) {
            match command {
                Command::Submit(submit) => {
                    tokenising.lock().insert(submit.id);
                    let queue = if submit.constraint.is_some() { &constrained } else { &submits };
                    let _ = queue.send((Instant::now(), submit));
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
                Command::Load(_) | Command::Proceed => warn!("the model is loaded already"),
            }
        }
        drop((submits, constrained));
    });
}

fn next(socket: &mut impl Read) -> Option<Command> {
    frame::read(socket).inspect_err(|error| warn!(%error, "the front's commands cannot be read")).ok()?
}

/// Where requests go.
struct Hand<'a> {
    tokenising: &'a Tokenising,
    orders: &'a Sender<Order>,
}

fn tokenize(
    queue: &Receiver<(Instant, Box<Submit>)>,
    vocabulary: &dyn Vocabulary,
    sizes: Sizes,
    mut guide: impl FnMut(&Constraint) -> Result<Guided, RequestError>,
    hand: &Hand<'_>,
) {
    for (submitted, submit) in queue {
        let id = submit.id;
        let guide = submit.constraint.as_ref().map(&mut guide).transpose();
        let order = match guide.and_then(|guide| prepare(*submit, submitted, vocabulary, sizes, guide)) {
            Ok(sequence) => Order::Run(Box::new(sequence)),
            Err(error) => Order::Refuse(id, error),
        };
        // Under the lock: a cancellation comes either before, and wins, or finds the request in the loop.
        let mut pending = hand.tokenising.lock();
        if pending.remove(&id) {
            let _ = hand.orders.send(order);
        }
    }
}
