//! What a command works with: the server, the streams it writes to, the time.

use std::io::{IsTerminal, Write};

use jiff::Timestamp;

use super::CliError;
use super::client::Client;
use super::environment::Environment;
use super::progress::Progress;
use crate::server::host::Host;

/// Given to every command that speaks to the server.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) output: Output,
    /// When the command began.
    pub(super) now: Timestamp,
}

impl Session {
    /// The session of a process: the server that its environment names.
    pub(super) fn new(environment: &Environment<'_>, output: Output) -> Result<Self, CliError> {
        let client = Client::new(&Host::parse(&environment.host()))?;
        Ok(Self { client, output, now: Timestamp::now() })
    }
}

/// Where a command writes.
pub(super) struct Output {
    /// Results: standard output.
    pub(super) out: Box<dyn Write>,
    /// What goes on and what goes wrong: standard error.
    pub(super) err: Box<dyn Write>,
    /// Whether `err` is a terminal, which shows bars that move.
    pub(super) bars: bool,
}

impl Output {
    /// The standard streams of this process.
    pub(super) fn of_process() -> Self {
        let (out, err) = (std::io::stdout(), std::io::stderr());
        let bars = err.is_terminal();
        Self { out: Box::new(out), err: Box::new(err), bars }
    }

    /// Prints a result, at once.
    pub(super) fn print(&mut self, text: &str) -> Result<(), CliError> {
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }

    /// Prints a line beside the results.
    pub(super) fn note(&mut self, text: &str) -> Result<(), CliError> {
        Ok(writeln!(self.err, "{text}")?)
    }

    /// Begins to show how something goes on.
    pub(super) fn progress(&mut self) -> Progress<'_> {
        if self.bars { Progress::on_terminal() } else { Progress::in_lines(&mut *self.err) }
    }
}
