//! A conversation in the terminal.
//!
//! ```text
//!   editor ──lines──▶ input ──whole inputs──┬─ a command: command ──▶ settings, show, store   (act)
//!   (Lines)                                 └─ a message ───────────▶ conversation ──▶ /api/chat
//! ```
//!
//! Only `editor` knows a terminal: everything else runs over any [`Lines`].

mod act;
mod command;
mod conversation;
mod editor;
mod help;
mod input;

use super::answer::{Ending, View, ask};
use super::arguments::RunArgs;
use super::files::{Attached, attach, is_file};
use super::{load, view};
use crate::cli::CliError;
use crate::cli::session::Session;
use crate::cli::show::Shown;
use command::Command;
use conversation::Conversation;
pub(in crate::cli) use conversation::Message;
use editor::LineEditor;
pub(in crate::cli) use editor::{EditorSettings, Lines, Prompt, Typed};
use input::{Input, Pending};

/// What Ctrl+C says where there is nothing to interrupt.
const HOW_TO_LEAVE: &str = "\nUse Ctrl + d or /bye to exit.\n";

/// A conversation that is going on.
pub(in crate::cli) struct Repl<'a, L> {
    session: &'a mut Session,
    lines: L,
    conversation: Conversation,
    view: View,
}

/// Loads the model, and talks until the user leaves.
pub(super) async fn start(args: &RunArgs, model: &Shown, session: &mut Session) -> Result<(), CliError> {
    load(&args.model, args.keepalive.as_deref(), session).await?;
    let lines = LineEditor::new(&session.editor)?;
    Repl::new(args, model, session, lines).talk().await
}

impl<'a, L: Lines> Repl<'a, L> {
    pub(in crate::cli) fn new(args: &RunArgs, model: &Shown, session: &'a mut Session, lines: L) -> Self {
        Self { session, lines, conversation: Conversation::new(args, model), view: view(args) }
    }

    /// Talks until the input ends or the user leaves.
    pub(in crate::cli) async fn talk(mut self) -> Result<(), CliError> {
        self.show_stored()?;
        while let Some(text) = self.read().await? {
            let outcome = match input::understand(&text, self.conversation.takes_files && is_file(&text)) {
                Input::Nothing => continue,
                Input::Message(message) => self.say(message).await,
                Input::Command(line) => match command::parse(&line) {
                    Ok(Command::Exit) => return Ok(()),
                    Ok(command) => self.act(command).await,
                    Err(answer) => self.session.output.print(&answer),
                },
            };
            match outcome {
                // Whoever reads our output has enough of it.
                Err(error @ CliError::Io(_)) => return Err(error),
                Err(error) => self.session.output.note(&format!("Error: {error}\n"))?,
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// The next whole input; `None` at the end.
    async fn read(&mut self) -> Result<Option<String>, CliError> {
        let mut pending = Pending::default();
        loop {
            let prompt = if pending.is_empty() { Prompt::First } else { Prompt::More };
            match self.lines.read(prompt).await? {
                Typed::End => return Ok(None),
                Typed::Interrupted { line } => {
                    if line.is_empty() && pending.is_empty() {
                        self.session.output.print(HOW_TO_LEAVE)?;
                    }
                    pending = Pending::default();
                }
                Typed::Line(line) => {
                    if let Some(text) = pending.push(&line) {
                        self.lines.remember(&text);
                        return Ok(Some(text));
                    }
                }
            }
        }
    }

    /// Sends a message and prints the answer. What was said counts if there is an answer, be it half of one.
    async fn say(&mut self, message: String) -> Result<(), CliError> {
        let attached = match self.conversation.takes_files.then(|| attach(&message)) {
            None => Attached { text: message, ..Attached::default() },
            Some(Ok(attached)) => attached,
            Some(Err(problem)) => return Err(CliError::Usage(problem)),
        };
        for note in &attached.notes {
            self.session.output.note(note)?;
        }
        self.conversation.ask(attached.text, attached.contents);
        let (answer, outcome) = ask(
            self.session,
            &self.conversation.model,
            "/api/chat",
            &self.conversation.request(),
            &self.view,
        )
        .await;
        let nothing_came = answer.text.is_empty() && answer.thinking.is_empty();
        if nothing_came && !matches!(outcome, Ok(Ending::Whole)) {
            self.conversation.take_back();
        } else {
            self.conversation.answer(answer.text, answer.thinking);
        }
        outcome.map(|_| ())
    }
}
