//! The answer to an [`Ask`](super::ask::Ask), as it comes.

use std::time::Duration;

use jiff::Timestamp;

use super::error::Failure;
use super::piece::{Part, Piece, Totals, Whole};
use crate::chat::output::Reader;
use crate::engine::process::Generation;
use crate::engine::protocol::{Finish, FinishReason, RequestError, Update};
use crate::fleet::{FleetError, Lease};
use crate::server::drain::Watch;
use crate::server::metrics::Meter;

/// An answer that is being generated. Dropping it cancels the request.
pub(crate) struct Answer {
    generation: Generation,
    /// An update that came before somebody asked for it.
    first: Option<Update>,
    reader: Reader,
    /// Keeps the model loaded until the answer is complete.
    _lease: Lease,
    drain: Watch,
    meter: Meter,
    load: Duration,
    ended: bool,
}

impl Answer {
    pub(crate) fn new(
        generation: Generation,
        reader: Reader,
        lease: Lease,
        drain: Watch,
        meter: Meter,
        load: Duration,
    ) -> Self {
        Self { generation, first: None, reader, _lease: lease, drain, meter, load, ended: false }
    }

    /// An answer of which an update has been taken already.
    pub(crate) fn after(self, first: Option<Update>) -> Self {
        Self { first, ..self }
    }

    /// The next piece; `None` after the last one. Safe to use in `select!`.
    pub(crate) async fn next(&mut self) -> Option<Piece> {
        while !self.ended {
            let update = match self.first.take() {
                Some(update) => Some(update),
                None => tokio::select! {
                    biased;
                    update = self.generation.next() => update,
                    () = self.drain.over() => return Some(self.fail(FleetError::ShuttingDown.into())),
                },
            };
            let Some(update) = update else { return Some(self.fail(Failure::Dropped)) };
            self.meter.tokens(update.tokens);
            if let Some(piece) = self.piece(update) {
                return Some(piece);
            }
        }
        None
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// If the answer breaks off, whatever had come by then.
    pub(crate) async fn whole(mut self) -> Result<Whole, Failure> {
        let (mut content, mut thinking) = (String::new(), String::new());
        let (mut calls, mut logprobs) = (Vec::new(), Vec::new());
        while let Some(piece) = self.next().await {
            for part in piece.parts {
                match part {
                    Part::Content(text) => content.push_str(&text),
                    Part::Thinking(text) => thinking.push_str(&text),
                    Part::Call(call) => calls.push(call),
                }
            }
            logprobs.extend(piece.logprobs);
            if let Some(end) = piece.end {
                return Ok(Whole { at: piece.at, content, thinking, calls, logprobs, totals: end? });
            }
        }
        Err(Failure::Dropped)
    }

    /// `None` for an update that shows nothing: a character, a stop string or a tool call is still undecided.
    fn piece(&mut self, update: Update) -> Option<Piece> {
        let mut events = self.reader.push(&update.text);
        let end = match update.finish {
            Some(Finish::Done(summary)) if summary.reason == FinishReason::Cancelled => {
                return Some(self.fail(Failure::Dropped));
            }
            Some(Finish::Done(summary)) => {
                self.ended = true;
                events.extend(self.reader.finish());
                let total = self.meter.done(&summary);
                Some(Ok(Totals { summary: *summary, total, load: self.load }))
            }
            Some(Finish::Failed(error)) => return Some(self.fail(error.into())),
            None if events.is_empty() && update.logprobs.is_empty() => return None,
            None => None,
        };
        let parts = events.into_iter().map(Part::from).collect();
        Some(Piece { at: Timestamp::now(), parts, logprobs: update.logprobs, end })
    }

    fn fail(&mut self, failure: Failure) -> Piece {
        if let Failure::Engine(RequestError::PromptTooLong { tokens, limit }) = &failure {
            tracing::info!(tokens, limit, "prompt too long");
        }
        self.ended = true;
        self.meter.failed(&failure);
        Piece { at: Timestamp::now(), parts: Vec::new(), logprobs: Vec::new(), end: Some(Err(failure)) }
    }
}
