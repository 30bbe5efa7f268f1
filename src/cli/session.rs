//! What a command works with: the server, the streams it writes to, the time.

use std::io::{IsTerminal, Write};

use jiff::Timestamp;
use rustix::termios::tcgetwinsize;

use super::CliError;
use super::client::Client;
use super::environment::Environment;
use super::progress::{Progress, Spinner};
use super::run::EditorSettings;
use crate::server::host::Host;

/// Given to every command that speaks to the server.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) output: Output,
    /// When the command began.
    pub(super) now: Timestamp,
    /// How lines are edited in a conversation.
    pub(super) editor: EditorSettings,
}

impl Session {
    /// The session of a process: the server that its environment names.
    pub(super) fn new(environment: &Environment<'_>, output: Output) -> Result<Self, CliError> {
        let client = Client::new(&Host::parse(&environment.host()))?;
        let editor = EditorSettings::of(environment, std::env::home_dir().as_deref());
        Ok(Self { client, output, now: Timestamp::now(), editor })
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
    /// What `out` is.
    pub(super) screen: Screen,
}

/// A terminal, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    /// Asks for the columns of the terminal, which may change; `None` without one.
    pub(super) width: fn() -> Option<usize>,
    /// Whether it shows colors, and the user wants any.
    pub(super) color: bool,
}

impl Screen {
    /// The columns of the terminal; `None` without one.
    pub(super) fn columns(self) -> Option<usize> {
        (self.width)()
    }

    /// Standard output.
    fn of_process() -> Self {
        let width = || {
            let size = tcgetwinsize(std::io::stdout()).ok()?;
            // Some terminals do not know.
            Some(if size.ws_col == 0 { USUAL_COLUMNS } else { size.ws_col.into() })
        };
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty());
        Self { width, color: wanted && std::io::stdout().is_terminal() }
    }
}

/// Columns of a terminal that does not say.
const USUAL_COLUMNS: usize = 80;

impl Output {
    /// The standard streams of this process.
    pub(super) fn of_process() -> Self {
        let (out, err) = (std::io::stdout(), std::io::stderr());
        let bars = err.is_terminal();
        Self { out: Box::new(out), err: Box::new(err), bars, screen: Screen::of_process() }
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

    /// Prints lines beside the results.
    pub(super) fn text_beside(&mut self, text: &str) -> Result<(), CliError> {
        Ok(self.err.write_all(text.as_bytes())?)
    }

    /// Shows that something goes on, until it is dropped.
    pub(super) fn spinner(&self) -> Option<Spinner> {
        self.bars.then(Spinner::new)
    }

    /// Begins to show how something goes on.
    pub(super) fn progress(&mut self) -> Progress<'_> {
        if self.bars { Progress::on_terminal() } else { Progress::in_lines(&mut *self.err) }
    }
}
