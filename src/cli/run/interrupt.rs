//! Ctrl+C ends what goes on, not the process.

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::CliError;

/// Works until it is done, or Ctrl+C is pressed: then the work is dropped, and there is no outcome.
///
/// From the first call on, Ctrl+C does not end the process any more.
pub(super) async fn until_interrupt<T>(work: impl Future<Output = T>) -> Result<Option<T>, CliError> {
    // A new one for each work: what was pressed before does not count.
    let mut pressed = signal(SignalKind::interrupt())?;
    tokio::select! {
        outcome = work => Ok(Some(outcome)),
        _ = pressed.recv() => Ok(None),
    }
}
