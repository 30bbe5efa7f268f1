//! What is asked: one file for each workload. A workload draws its requests from a seed before anything is sent, and
//! the hash of the list is in the result: two runs with the same hash asked for the same.
//!
//! On the command line a workload is `NAME[:key=value,...]`, such as `random:requests=200,input=512,output=128`.

mod cancel;
mod chat;
mod draw;
mod file;
mod long_prompt;
mod prefix;
mod random;
mod sessions;
mod trace;

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::calibrate::Calibration;
use crate::dialect::{Message, Role};
use crate::error::LoadError;
use crate::target::pairs;
use draw::Draw;

/// A workload with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Workload {
    /// Prompts that share nothing.
    Random(random::Random),
    /// Chats with one system prompt for all.
    Chat(chat::Chat),
    /// Conversations of several turns.
    Sessions(sessions::Sessions),
    /// A few long prefixes, each asked again and again.
    Prefix(prefix::Prefix),
    /// Long prompts that arrive among chats.
    LongPrompt(long_prompt::LongPrompt),
    /// Clients that leave early.
    Cancel(cancel::Cancel),
    /// Recorded times and lengths.
    Trace(trace::Trace),
    /// Requests of one's own.
    File(file::File),
}

/// All requests of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order in which they start.
    pub sessions: Vec<Session>,
    /// SHA-256 of the sessions, in hex.
    pub sha256: String,
}

/// Turns that follow each other: each is sent with all turns before it and their replies.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Session {
    /// At least one.
    pub turns: Vec<Turn>,
    /// When it starts, seconds after the start of the run, if the workload says so.
    pub at: Option<f64>,
}

/// A request of a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Turn {
    /// What is said after the turns before.
    pub messages: Vec<Message>,
    /// Calibrated words in the messages; `None` if they hold other text.
    pub words: Option<u32>,
    /// The limit of the reply, in tokens.
    pub output: u32,
    /// How long the user thinks before, seconds.
    pub think: f64,
    /// The client leaves after so many pieces of text.
    pub leave_after: Option<u32>,
    /// What kind of request it is, for figures of its own.
    pub class: &'static str,
}

impl Turn {
    /// Whether it starts with a system message.
    #[must_use]
    pub fn has_system(&self) -> bool {
        self.messages.first().is_some_and(|message| message.role == Role::System)
    }
}

impl Plan {
    fn new(sessions: Vec<Session>) -> Result<Self, LoadError> {
        if sessions.iter().all(|session| session.turns.is_empty()) {
            return Err(LoadError::usage("the workload has no requests"));
        }
        let digest = Sha256::digest(serde_json::to_vec(&sessions)?);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { sessions, sha256 })
    }

    /// Number of requests.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.sessions.iter().map(|session| session.turns.len()).sum()
    }
}

impl Workload {
    /// All of them, with the parameters that count if nothing else is said.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::Random(random::Random::default()),
            Self::Chat(chat::Chat::default()),
            Self::Sessions(sessions::Sessions::default()),
            Self::Prefix(prefix::Prefix::default()),
            Self::LongPrompt(long_prompt::LongPrompt::default()),
            Self::Cancel(cancel::Cancel::default()),
            Self::Trace(trace::Trace::default()),
            Self::File(file::File::default()),
        ]
    }

    /// Its name and parameters as on the command line.
    #[must_use]
    pub fn spec(&self) -> String {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(self) else { return String::new() };
        let name = fields.shift_remove("name");
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fields: Vec<String> =
            fields.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
        format!("{}:{}", name.as_ref().map(plain).unwrap_or_default(), fields.join(","))
    }

    /// Draws all requests.
    ///
    /// # Errors
    /// If a parameter makes no sense, or a file cannot be read.
    pub fn plan(&self, calibration: &Calibration, seed: u64) -> Result<Plan, LoadError> {
        let mut draw = Draw::new(calibration, seed);
        let sessions = match self {
            Self::Random(workload) => workload.sessions(&mut draw),
            Self::Chat(workload) => workload.sessions(&mut draw),
            Self::Sessions(workload) => workload.sessions(&mut draw),
            Self::Prefix(workload) => workload.sessions(&mut draw),
            Self::LongPrompt(workload) => workload.sessions(&mut draw),
            Self::Cancel(workload) => workload.sessions(&mut draw),
            Self::Trace(workload) => workload.sessions(&mut draw),
            Self::File(workload) => workload.sessions(),
        };
        Plan::new(sessions?)
    }
}

impl FromStr for Workload {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
        let mut fields = pairs(parameters)?;
        fields.insert("name".to_owned(), name.into());
        serde_json::from_value(Value::Object(fields))
            .map_err(|error| LoadError::usage(format!("workload {name}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(spec: &str, seed: u64) -> Plan {
        spec.parse::<Workload>().unwrap().plan(&Calibration::unknown(), seed).unwrap()
    }

    const DRAWN: [&str; 6] = [
        "random:requests=5,spread=0.5",
        "chat:requests=5",
        "sessions:sessions=3,turns=4",
        "prefix:requests=6,prefixes=2",
        "long-prompt:requests=20",
        "cancel:requests=10",
    ];

    #[test]
    fn the_seed_is_all_that_counts() {
        for spec in DRAWN {
            assert_eq!(plan(spec, 1).sha256, plan(spec, 1).sha256, "{spec}");
            assert_ne!(plan(spec, 1).sha256, plan(spec, 2).sha256, "{spec}");
        }
    }

    #[test]
    fn the_list_of_a_seed_does_not_change() {
        insta::assert_snapshot!(DRAWN.map(|spec| format!("{} {spec}", plan(spec, 1).sha256)).join("\n"));
    }

    #[test]
    fn specs_can_be_read_back() {
        for workload in Workload::all() {
            assert_eq!(workload.spec().parse::<Workload>().unwrap(), workload, "{}", workload.spec());
        }
        let error = "random:inputs=3".parse::<Workload>().unwrap_err().to_string();
        assert!(error.contains("inputs"), "{error}");
        assert!("rnd".parse::<Workload>().is_err());
    }

    #[test]
    fn prompts_have_the_words_that_they_say() {
        for spec in DRAWN {
            for turn in plan(spec, 3).sessions.iter().flat_map(|session| &session.turns) {
                let words: usize =
                    turn.messages.iter().map(|message| message.content.split(' ').count() - 1).sum();
                assert_eq!(Some(words as u32), turn.words, "{spec}");
            }
        }
    }

    #[test]
    fn what_is_shared_and_what_is_not() {
        let chats = plan("chat:requests=3,system=50", 1).sessions;
        assert_eq!(chats[0].turns[0].messages[0], chats[1].turns[0].messages[0]);
        assert_ne!(chats[0].turns[0].messages[1], chats[1].turns[0].messages[1]);

        let turns = &plan("sessions:sessions=2,turns=3,think=0.5", 1).sessions[1].turns;
        assert_eq!(turns.iter().map(Turn::has_system).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(turns.iter().map(|turn| turn.think).collect::<Vec<_>>(), [0.0, 0.5, 0.5]);

        let long = plan("long-prompt:requests=20,every=5,long=400,input=20", 1).sessions;
        let classes: Vec<&str> = long.iter().map(|session| session.turns[0].class).collect();
        assert_eq!(classes.iter().filter(|class| **class == "long").count(), 4);

        let leaving = plan("cancel:requests=400,share=0.5", 1).sessions;
        let leaving = leaving.iter().filter(|session| session.turns[0].leave_after.is_some()).count();
        assert!((150..250).contains(&leaving), "{leaving}");
    }
}
