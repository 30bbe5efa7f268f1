//! `quipu` in a terminal: keys go in, a screen comes out.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::time::Duration;

use pty_process::Size;
use pty_process::blocking::{Command, open};

/// Nothing that a test waits for takes this long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

const ROWS: NonZero<u16> = NonZero::new(60).unwrap();

/// What an empty line shows.
pub(crate) const PROMPT: &str = ">>> Send a message (/? for help)";

pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_D: &str = "\x04";
pub(crate) const CTRL_G: &str = "\x07";
pub(crate) const UP: &str = "\x1b[A";

/// A running program. Dropping it kills it.
pub(crate) struct Terminal {
    child: Child,
    keys: File,
    /// What the program wrote and nobody has read yet. Ends with the program.
    output: mpsc::Receiver<Vec<u8>>,
    screen: vt100::Parser,
}

impl Terminal {
    /// Starts `quipu` with arguments and variables in a terminal of so many columns.
    pub(crate) fn start(
        columns: u16,
        home: &Path,
        server: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let columns = NonZero::new(columns).expect("a column");
        let (pty, pts) = open().expect("a terminal");
        pty.resize(Size::new(ROWS.get(), columns.get())).expect("a size");
        let command = Command::new(env!("CARGO_BIN_EXE_quipu"))
            .args(arguments)
            .env("HOME", home)
            .env("QUIPU_HOST", server)
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .env_remove("QUIPU_NOHISTORY")
            .env_remove("OLLAMA_NOHISTORY")
            .envs(variables.iter().copied());
        let child = command.spawn(pts).expect("the binary starts");
        let keys = File::from(OwnedFd::from(pty));
        let mut shown = keys.try_clone().expect("another handle");
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                match shown.read(&mut bytes) {
                    Ok(0) => break,
                    Ok(read) => {
                        // The test may have seen enough.
                        let _ = sender.send(bytes[..read].to_vec());
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    // The program is gone.
                    Err(_) => break,
                }
            }
        });
        Self { child, keys, output, screen: vt100::Parser::new(ROWS, columns, 0) }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Types a line, and waits until it is shown.
    pub(crate) fn write(&mut self, line: &str) {
        self.press(line);
        self.until(line, |rows| rows.concat().ends_with(line));
    }

    /// Types a line, enters it, and waits for the next prompt.
    pub(crate) fn enter(&mut self, line: &str) {
        self.write(line);
        self.press("\r");
        self.until_prompt();
    }

    /// Waits until a message can be typed.
    pub(crate) fn until_prompt(&mut self) {
        self.until(PROMPT, |rows| rows.last().is_some_and(|row| row == PROMPT));
    }

    /// Waits until the last row is this one.
    pub(crate) fn until_last(&mut self, row: &str) {
        self.until(row, |rows| rows.last().is_some_and(|last| last == row));
    }

    /// Waits until the screen looks as it should.
    pub(crate) fn until(&mut self, what: &str, fits: impl Fn(&[String]) -> bool) {
        while !fits(&self.rows()) {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(error) => panic!("no {what:?} on the screen: {error}\n{}", self.text()),
            }
        }
    }

    /// The rows of the screen, down to the last that has something.
    pub(crate) fn rows(&self) -> Vec<String> {
        let columns = self.screen.screen().size().1.get();
        let mut rows: Vec<String> =
            self.screen.screen().rows(0, columns).map(|row| row.trim_end().to_owned()).collect();
        rows.truncate(rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1));
        rows
    }

    /// What is on the screen.
    pub(crate) fn text(&self) -> String {
        self.rows().join("\n")
    }

    /// Waits for the program to end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("the program does not end: {error}\n{}", self.text()),
            }
        }
        self.child.wait().expect("an exit status")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
