//! Requests of one's own: one JSON object a line, in any of these forms.
//!
//! ```json
//! {"prompt": "Hello", "max_tokens": 20}
//! {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]}
//! {"turns": ["Hello", "And then?"]}
//! {"conversations": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Hi"}]}
//! ```
//!
//! The third is a session; so is the fourth, ShareGPT's, of which what the human says is taken. Lengths of prompts are
//! what they are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::trace::lines;
use super::{Session, Turn};
use crate::dialect::{Message, Role};
use crate::error::LoadError;

/// Parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// The file, one JSON object a line.
    pub path: PathBuf,
    /// Lines that are taken, from the first.
    pub requests: u32,
    /// Tokens of a reply at most, where the line does not say.
    pub output: u32,
    /// How long a user thinks between two turns, seconds.
    pub think: f64,
}

impl Default for File {
    fn default() -> Self {
        Self { path: PathBuf::new(), requests: 1000, output: 128, think: 0.0 }
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(flatten)]
    content: Content,
    max_tokens: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Content {
    Prompt(String),
    Messages(Vec<Message>),
    Turns(Vec<String>),
    Conversations(Vec<Said>),
}

#[derive(Deserialize)]
struct Said {
    from: String,
    value: String,
}

impl File {
    pub(super) fn sessions(&self) -> Result<Vec<Session>, LoadError> {
        if !(self.think.is_finite() && self.think >= 0.0) {
            return Err(LoadError::usage("think must be 0 or more seconds"));
        }
        let lines: Vec<Line> = lines(&self.path, self.requests as usize)?;
        Ok(lines
            .into_iter()
            .map(|line| self.session(line))
            .filter(|session| !session.turns.is_empty())
            .collect())
    }

    fn session(&self, line: Line) -> Session {
        let user = |content| vec![Message { role: Role::User, content }];
        let asked: Vec<Vec<Message>> = match line.content {
            Content::Prompt(prompt) => vec![user(prompt)],
            Content::Messages(messages) => vec![messages],
            Content::Turns(turns) => turns.into_iter().map(user).collect(),
            Content::Conversations(said) => {
                said.into_iter().filter(|said| said.from == "human").map(|said| user(said.value)).collect()
            }
        };
        let output = line.max_tokens.unwrap_or(self.output).max(1);
        let turns = asked.into_iter().enumerate().map(|(i, messages)| Turn {
            messages,
            words: None,
            output,
            think: if i == 0 { 0.0 } else { self.think },
            leave_after: None,
            class: "chat",
        });
        Session { turns: turns.collect(), at: None }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn all_forms() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.jsonl");
        let text = r#"{"prompt": "Hello", "max_tokens": 20, "more": 1}
            {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]}
            {"turns": ["Hello", "And then?"]}
            {"conversations": [{"from": "human", "value": "A"}, {"from": "gpt", "value": "B"}, {"from": "human", "value": "C"}]}"#;
        fs::write(&path, text).unwrap();
        let sessions = File { path: path.clone(), think: 2.0, ..File::default() }.sessions().unwrap();
        let turns: Vec<usize> = sessions.iter().map(|session| session.turns.len()).collect();
        assert_eq!(turns, [1, 1, 2, 2]);
        assert_eq!((sessions[0].turns[0].output, sessions[1].turns[0].output), (20, 128));
        assert!(sessions[1].turns[0].has_system());
        assert_eq!(sessions[3].turns[1].messages[0].content, "C");
        assert_eq!(sessions[2].turns[1].think, 2.0);

        fs::write(&path, "{\"prompt\": \"Hello\"}\n{\"promt\": \"Hello\"}").unwrap();
        let error = File { path, ..File::default() }.sessions().unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
