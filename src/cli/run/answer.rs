//! An answer, printed while it comes.
//!
//! ```text
//! Thinking...                  ┐
//! 6 times 7, that is 42.       ├ grey on a terminal
//! ...done thinking.            ┘
//!
//! It is 42.
//! ```

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::figures::Figures;
use super::interrupt::until_interrupt;
use super::loading::telling;
use super::wrap::Wrap;
use crate::cli::CliError;
use crate::cli::session::{Output, Session};

const GREY: &str = "\x1b[90m";
const PLAIN: &str = "\x1b[0m";

/// How answers are printed.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// Break lines at words, on a terminal.
    pub(super) word_wrap: bool,
    /// Print the figures.
    pub(super) verbose: bool,
    /// Leave thoughts out.
    pub(super) hide_thinking: bool,
}

/// A line of the server's answer, of `/api/generate` or `/api/chat`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    response: String,
    thinking: String,
    message: Said,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    content: String,
    thinking: String,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Whole,
    /// By Ctrl+C.
    Interrupted,
}

/// What has come so far.
#[derive(Debug)]
pub(super) struct Answer {
    /// The text.
    pub(super) text: String,
    /// What was thought before.
    pub(super) thinking: String,
    figures: Figures,
    /// The parts that are printed are told from each other.
    in_thoughts: bool,
    hide_thinking: bool,
    color: bool,
    /// Columns of the terminal, if lines are broken.
    columns: Option<usize>,
    wrap: Option<Wrap>,
}

/// Asks a model, and prints the answer. Whatever ends it, the cursor is at the beginning of a line then.
pub(super) async fn ask(
    session: &mut Session,
    model: &str,
    path: &str,
    request: &impl Serialize,
    view: &View,
) -> (Answer, Result<Ending, CliError>) {
    let mut answer = Answer::new(view, &session.output);
    let outcome = until_interrupt(answer.follow(session, model, path, request)).await;
    let (end, outcome) = match outcome {
        Ok(Some(Ok(()))) => ("\n\n", Ok(Ending::Whole)),
        Ok(None) => ("\n\n", Ok(Ending::Interrupted)),
        Ok(Some(Err(error))) | Err(error) if answer.is_empty() => ("", Err(error)),
        // The error gets a line of its own.
        Ok(Some(Err(error))) | Err(error) => ("\n", Err(error)),
    };
    let end = answer.end(end);
    let printed = session.output.print(&end).and_then(|()| match outcome {
        Ok(Ending::Whole) if view.verbose => session.output.text_beside(&answer.figures.text()),
        _ => Ok(()),
    });
    (answer, printed.and(outcome))
}

impl Answer {
    pub(super) fn new(view: &View, output: &Output) -> Self {
        let columns = output.screen.columns().filter(|_| view.word_wrap);
        Self {
            text: String::new(),
            thinking: String::new(),
            figures: Figures::default(),
            in_thoughts: false,
            hide_thinking: view.hide_thinking,
            color: output.screen.color,
            columns,
            wrap: columns.map(Wrap::new),
        }
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.thinking.is_empty()
    }

    async fn follow(
        &mut self,
        session: &mut Session,
        model: &str,
        path: &str,
        request: &impl Serialize,
    ) -> Result<(), CliError> {
        let Session { client, output, .. } = session;
        let spinner = RefCell::new(output.spinner());
        let streamed = client.stream(path, request, |line: Line| {
            let text = self.add(line);
            if !text.is_empty() {
                drop(spinner.take());
            }
            output.print(&text)
        });
        telling(client, model, &spinner, streamed).await
    }

    /// What to print for the next line.
    fn add(&mut self, line: Line) -> String {
        let Line { response, thinking, message, figures } = line;
        self.figures = figures;
        let mut out = String::new();
        for thought in [thinking, message.thinking] {
            self.think(&thought, &mut out);
        }
        for text in [response, message.content] {
            self.say(&text, &mut out);
        }
        out
    }

    fn think(&mut self, thought: &str, out: &mut String) {
        if thought.is_empty() {
            return;
        }
        self.thinking.push_str(thought);
        if self.hide_thinking {
            return;
        }
        if !self.in_thoughts {
            self.in_thoughts = true;
            out.push_str(if self.color { GREY } else { "" });
            out.push_str("Thinking...\n");
        }
        self.put(thought, out);
    }

    /// Prints a part of the text.
    pub(super) fn say(&mut self, text: &str, out: &mut String) {
        if text.is_empty() {
            return;
        }
        if self.in_thoughts {
            self.in_thoughts = false;
            out.push_str(if self.thinking.ends_with('\n') { "" } else { "\n" });
            out.push_str("...done thinking.\n\n");
            out.push_str(if self.color { PLAIN } else { "" });
            self.wrap = self.columns.map(Wrap::new);
        }
        self.text.push_str(text);
        self.put(text, out);
    }

    fn put(&mut self, text: &str, out: &mut String) {
        match &mut self.wrap {
            Some(wrap) => wrap.push(text, out),
            None => out.push_str(text),
        }
    }

    /// What to print behind the last line.
    fn end(&self, text: &str) -> String {
        let plain = if self.in_thoughts && self.color { PLAIN } else { "" };
        format!("{plain}{text}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(color: bool) -> Answer {
        Answer {
            text: String::new(),
            thinking: String::new(),
            figures: Figures::default(),
            in_thoughts: false,
            hide_thinking: false,
            color,
            columns: None,
            wrap: None,
        }
    }

    fn printed(answer: &mut Answer, lines: &[Value]) -> String {
        let lines = lines.iter().map(|line| serde_json::from_value(line.clone()).unwrap());
        let text: String = lines.map(|line| answer.add(line)).collect();
        text + &answer.end("\n\n")
    }

    #[test]
    fn thoughts_have_a_frame() {
        let chat = [
            json!({"message": {"role": "assistant", "content": "", "thinking": "6 times 7"}}),
            json!({"message": {"content": "", "thinking": ", that is 42."}}),
            json!({"message": {"content": "It is 42."}}),
            json!({"message": {"content": ""}, "done": true, "eval_count": 9}),
        ];
        let expected = "Thinking...\n6 times 7, that is 42.\n...done thinking.\n\nIt is 42.\n\n";
        let mut plain = answer(false);
        assert_eq!(printed(&mut plain, &chat), expected);
        assert_eq!((plain.text.as_str(), plain.thinking.as_str()), ("It is 42.", "6 times 7, that is 42."));
        let generated = [
            json!({"response": "", "thinking": "6 times 7, that is 42.\n"}),
            json!({"response": "It is 42."}),
        ];
        assert_eq!(printed(&mut answer(false), &generated), expected);
        let grey = printed(&mut answer(true), &chat);
        assert_eq!(
            grey,
            "\x1b[90mThinking...\n6 times 7, that is 42.\n...done thinking.\n\n\x1b[0mIt is 42.\n\n"
        );
    }

    #[test]
    fn thoughts_that_are_cut_off_leave_no_color() {
        let lines = [json!({"response": "", "thinking": "6 tim"})];
        assert_eq!(printed(&mut answer(true), &lines), "\x1b[90mThinking...\n6 tim\x1b[0m\n\n");
    }

    #[test]
    fn thoughts_may_be_hidden() {
        let mut hidden = Answer { hide_thinking: true, ..answer(true) };
        let lines = [json!({"response": "", "thinking": "6 times 7"}), json!({"response": "42"})];
        assert_eq!(printed(&mut hidden, &lines), "42\n\n");
        assert_eq!(hidden.thinking, "6 times 7");
    }

    #[test]
    fn each_part_is_wrapped_from_the_left() {
        let mut narrow = Answer { columns: Some(12), wrap: Some(Wrap::new(12)), ..answer(false) };
        let lines =
            [json!({"response": "", "thinking": "aaaa bbbb cccc"}), json!({"response": "dddd eeee ffff"})];
        assert_eq!(
            printed(&mut narrow, &lines).replace("\x1b[1D\x1b[K", "<").replace("\x1b[2D\x1b[K", "<"),
            "Thinking...\naaaa bbbb c<\ncccc\n...done thinking.\n\ndddd eeee f<\nffff\n\n"
        );
    }
}
