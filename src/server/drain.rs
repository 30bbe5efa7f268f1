//! Shutting down without cutting anybody off: first no new work, then, after a deadline, no work.

use tokio::sync::watch;

/// Where the server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Requests are welcome.
    Serving,
    /// New requests are refused, running ones go on.
    Draining,
    /// Running answers end now, with an error as their last frame.
    Over,
}

/// Owns the phase.
pub(crate) struct Drain(watch::Sender<Phase>);

impl Default for Drain {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Serving))
    }
}

impl Drain {
    /// The phase now.
    pub(crate) fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Goes on to a phase.
    pub(crate) fn enter(&self, phase: Phase) {
        self.0.send_replace(phase);
    }

    /// For an answer that must know when it is over.
    pub(crate) fn watch(&self) -> Watch {
        Watch(self.0.subscribe())
    }
}

/// Waits for the end.
pub(crate) struct Watch(watch::Receiver<Phase>);

impl Watch {
    /// Ready when answers must end.
    pub(crate) async fn over(&mut self) {
        if self.0.wait_for(|phase| *phase == Phase::Over).await.is_err() {
            // Nobody can say any more that it is over.
            std::future::pending::<()>().await;
        }
    }
}
