//! The line editor of the terminal.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use parking_lot::Mutex;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{
    Cmd, ConditionalEventHandler, Config, Context, Editor, Event, EventContext, EventHandler, Helper,
    KeyEvent, RepeatCount,
};

use crate::cli::CliError;
use crate::cli::environment::Environment;

/// Inputs that are remembered.
const HISTORY: usize = 100;

/// Where lines come from.
pub(in crate::cli) trait Lines {
    /// Waits for a line.
    async fn read(&mut self, prompt: Prompt) -> Result<Typed, CliError>;

    /// Remembers an input for the next time, if inputs are remembered.
    fn remember(&mut self, input: &str);

    /// Whether inputs are remembered from now on.
    fn keep_history(&mut self, on: bool);
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Prompt {
    /// An input.
    First,
    /// The next line of one.
    More,
}

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Typed {
    /// A line, or several that were pasted or edited.
    Line(String),
    /// Ctrl+C, behind this.
    Interrupted { line: String },
    /// Ctrl+D on an empty line, or the end of the input.
    End,
}

/// What the line editor works with.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct EditorSettings {
    /// The file of what was typed before.
    history: Option<PathBuf>,
    /// Whether it is kept.
    keeps_history: bool,
    /// The command that edits long messages.
    program: String,
}

impl EditorSettings {
    /// By the environment: `QUIPU_NOHISTORY`, `QUIPU_EDITOR`, and Ollama's variables of these names.
    pub(in crate::cli) fn of(environment: &Environment<'_>, home: Option<&Path>) -> Self {
        let setting =
            |name: &str| environment.text(&format!("QUIPU_{name}")).or_else(|| environment.ollama(name));
        let off =
            setting("NOHISTORY").is_some_and(|text| !["0", "false", "f"].contains(&&*text.to_lowercase()));
        let program = setting("EDITOR").or_else(|| environment.text("VISUAL"));
        Self {
            history: home.map(|home| home.join(".quipu/history")),
            keeps_history: !off,
            program: program.or_else(|| environment.text("EDITOR")).unwrap_or_else(|| "vi".into()),
        }
    }
}

/// The terminal of this process.
pub(super) struct LineEditor {
    /// Taken to another thread while it waits for keys.
    editor: Arc<Mutex<Editor<Placeholder, FileHistory>>>,
    /// The key that ended the last line, if it was not Enter.
    ended_by: Arc<Mutex<Option<Key>>>,
    settings: EditorSettings,
}

/// Keys that end a line in their own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Interrupt,
    Edit,
}

impl LineEditor {
    pub(super) fn new(settings: &EditorSettings) -> Result<Self, CliError> {
        let config = Config::builder().max_history_size(HISTORY).map_err(problem)?.build();
        let history = FileHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history).map_err(problem)?;
        editor.set_helper(Some(Placeholder { text: "" }));
        let ended_by = Arc::new(Mutex::new(None));
        for (letter, key) in [('c', Key::Interrupt), ('g', Key::Edit)] {
            let handler = EndLine { key, ended_by: Arc::clone(&ended_by) };
            editor.bind_sequence(KeyEvent::ctrl(letter), EventHandler::Conditional(Box::new(handler)));
        }
        if let Some(path) = &settings.history {
            // There may be none yet, and one that cannot be read is not worth more than that.
            let _ = editor.load_history(path);
        }
        Ok(Self { editor: Arc::new(Mutex::new(editor)), ended_by, settings: settings.clone() })
    }

    /// Reads a line that begins with this text.
    async fn line(&self, prompt: Prompt, text: String) -> Result<Result<String, ReadlineError>, CliError> {
        let editor = Arc::clone(&self.editor);
        let read = move || {
            let (sign, placeholder) = match prompt {
                Prompt::First => (">>> ", "Send a message (/? for help)"),
                Prompt::More => ("... ", "Use \"\"\" to end the message"),
            };
            let mut editor = editor.lock();
            if let Some(helper) = editor.helper_mut() {
                helper.text = placeholder;
            }
            editor.readline_with_initial(sign, (&text, ""))
        };
        tokio::task::spawn_blocking(read).await.map_err(|panic| io::Error::other(panic).into())
    }
}

impl Lines for LineEditor {
    async fn read(&mut self, prompt: Prompt) -> Result<Typed, CliError> {
        let mut text = String::new();
        loop {
            *self.ended_by.lock() = None;
            let line = match self.line(prompt, text).await? {
                Ok(line) => line,
                Err(ReadlineError::Eof) => return Ok(Typed::End),
                Err(ReadlineError::Interrupted) => return Ok(Typed::Interrupted { line: String::new() }),
                Err(error) => return Err(problem(error)),
            };
            let ended_by = *self.ended_by.lock();
            text = match ended_by {
                None => return Ok(Typed::Line(line)),
                Some(Key::Interrupt) => return Ok(Typed::Interrupted { line }),
                // Without a program that works, the text stays as it was.
                Some(Key::Edit) => edit(&self.settings.program, &line).await.unwrap_or(line),
            };
        }
    }

    fn remember(&mut self, input: &str) {
        if !self.settings.keeps_history {
            return;
        }
        let mut editor = self.editor.lock();
        // A conversation is not to end because what is typed cannot be kept.
        let added = editor.add_history_entry(input);
        if let (Ok(true), Some(path)) = (added, &self.settings.history) {
            let folder = path.parent().unwrap_or(Path::new("."));
            let _ = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            let _ = editor.append_history(path);
        }
    }

    fn keep_history(&mut self, on: bool) {
        self.settings.keeps_history = on;
    }
}

fn problem(error: ReadlineError) -> CliError {
    match error {
        ReadlineError::Io(error) => error.into(),
        other => io::Error::other(other).into(),
    }
}

/// Has a text edited by a program of the user's choice.
async fn edit(program: &str, text: &str) -> io::Result<String> {
    let mut file = tempfile::Builder::new().prefix("quipu-message-").suffix(".txt").tempfile()?;
    file.write_all(text.as_bytes())?;
    // The program may have arguments, and then only a shell knows where they part.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{program} \"$1\"")).arg("sh").arg(file.path());
    let edited = tokio::task::spawn_blocking(move || command.status()).await.map_err(io::Error::other)??;
    if !edited.success() {
        return Err(io::Error::other(edited.to_string()));
    }
    // By its name: the program may have put another file in the place of ours.
    Ok(std::fs::read_to_string(file.path())?.trim_end().to_owned())
}

/// Ends the line, and says by which key.
struct EndLine {
    key: Key,
    ended_by: Arc<Mutex<Option<Key>>>,
}

impl ConditionalEventHandler for EndLine {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        *self.ended_by.lock() = Some(self.key);
        // Unlike an interruption, this hands over the line, and takes the placeholder away.
        Some(Cmd::AcceptLine)
    }
}

/// Shown in grey while the line is empty.
struct Placeholder {
    text: &'static str,
}

struct PlaceholderText(&'static str);

impl Hint for PlaceholderText {
    fn display(&self) -> &str {
        self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Placeholder {
    type Hint = PlaceholderText;

    fn hint(&self, line: &str, _: usize, _: &Context<'_>) -> Option<PlaceholderText> {
        line.is_empty().then_some(PlaceholderText(self.text))
    }
}

impl Highlighter for Placeholder {
    fn highlight_hint<'h>(&self, hint: &'h str) -> std::borrow::Cow<'h, str> {
        format!("\x1b[90m{hint}\x1b[0m").into()
    }
}

impl Completer for Placeholder {
    type Candidate = String;
}

impl Validator for Placeholder {}

impl Helper for Placeholder {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_chooses_editor_and_history() {
        let settings = |variables: &[(&str, &str)]| {
            let read = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            EditorSettings::of(&Environment(&read), Some(Path::new("/home/me")))
        };
        let plain = settings(&[]);
        assert_eq!(plain.history.as_deref(), Some(Path::new("/home/me/.quipu/history")));
        assert!(plain.keeps_history);
        assert_eq!(plain.program, "vi");
        assert_eq!(settings(&[("EDITOR", "nano"), ("VISUAL", "code --wait")]).program, "code --wait");
        assert_eq!(settings(&[("EDITOR", "nano"), ("OLLAMA_EDITOR", "ed")]).program, "ed");
        assert_eq!(settings(&[("QUIPU_EDITOR", "e"), ("OLLAMA_EDITOR", "ed")]).program, "e");
        assert!(!settings(&[("OLLAMA_NOHISTORY", "1")]).keeps_history);
        assert!(settings(&[("OLLAMA_NOHISTORY", "1"), ("QUIPU_NOHISTORY", "false")]).keeps_history);
    }

    #[tokio::test]
    async fn a_program_edits_the_text() {
        let edited = edit("printf ' and more\\n' >>", "some").await.unwrap();
        assert_eq!(edited, "some and more");
        assert!(edit("false", "some").await.is_err());
    }
}
