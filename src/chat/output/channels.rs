//! Reads answers that are messages, each with a header that says what it is: harmony (gpt-oss) and its like.
//!
//! ```text
//!   <|start|> HEADER <|message|> BODY <|end|> <|start|> …
//! ```

use super::emit::{Emitter, Kind};
use super::names::Names;
use super::scanner::{Found, Scanner};
use super::syntax::{Named, Tags, enforced, named};
use super::tagged::Tagged;
use super::tools::Tools;
use super::{Event, Reading, literals};
use crate::engine::protocol::CallMarks;

/// A longer header is none.
const MOST_IN_HEADER: usize = 256;

/// The marks of a kind of messages.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) start: &'static str,
    pub(super) message: &'static str,
    pub(super) ends: &'static [&'static str],
    /// Marks in headers. They begin a header also where `start` was forgotten.
    pub(super) in_header: &'static [&'static str],
    /// What a header says of its message.
    pub(super) classify: fn(&str) -> Segment,
    /// What ends the header of the answer itself, behind thoughts and all.
    pub(super) answer: &'static str,
    /// Marks in content.
    pub(super) tags: fn() -> Tags,
    /// See [`super::Format::enforced_calls`].
    pub(super) enforced: fn() -> Option<Box<CallMarks>>,
    /// Whether the model knows tools only by identifiers.
    pub(super) wants_identifiers: bool,
}

/// What a message is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Text(Kind),
    /// The arguments of a call of this tool.
    Call(String),
}

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Channels {
    dialect: &'static Dialect,
    names: Names,
    scanner: Scanner,
    /// For thoughts, calls, and what is out of place.
    emitter: Emitter,
    /// For content, where that may hold calls.
    content: Tagged,
    events: Vec<Event>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// After `start`. `given` bytes of it are the prompt's.
    Header {
        text: String,
        given: usize,
    },
    Body(Segment, String),
    Between,
}

impl Channels {
    pub(super) fn new(dialect: &'static Dialect, reading: &Reading<'_>) -> Self {
        let tools = Tools::new(reading.tools);
        Self {
            dialect,
            names: if dialect.wants_identifiers { Names::of(reading.tools) } else { Names::default() },
            scanner: Scanner::default(),
            emitter: Emitter::new(false),
            content: Tagged::new((dialect.tags)(), tools, &Reading { is_prefilled: true, ..*reading }),
            events: Vec::new(),
            state: begun(dialect, reading.prompt),
        }
    }

    pub(super) fn push(&mut self, text: &str) -> Vec<Event> {
        self.scanner.push(text);
        while self.step(false) {}
        self.take()
    }

    pub(super) fn finish(&mut self) -> Vec<Event> {
        while self.step(true) {}
        match std::mem::replace(&mut self.state, State::Between) {
            State::Header { text, given } => self.stray_header(&text[given..]),
            State::Body(segment, text) => self.end_body(segment, &text),
            State::Between => {}
        }
        self.take()
    }

    fn take(&mut self) -> Vec<Event> {
        self.events.extend(self.emitter.take());
        std::mem::take(&mut self.events)
    }

    /// Goes on as far as the text decides. False if more must come first.
    fn step(&mut self, ended: bool) -> bool {
        let Dialect { start, message, ends, in_header, .. } = *self.dialect;
        let mut marks = vec![start];
        match &self.state {
            State::Header { .. } => marks.extend(ends.iter().copied().chain([message])),
            State::Body(..) => marks.extend(ends.iter().chain(in_header)),
            State::Between => marks.extend(ends.iter().chain(in_header)),
        }
        let (text, mark) = match self.scanner.next(&marks, ended) {
            Found::Text(text) => (text, None),
            Found::Mark { before, mark } => (before, Some(mark)),
        };
        match std::mem::replace(&mut self.state, State::Between) {
            State::Header { text: mut header, given } => {
                header.push_str(&text);
                if header.len() - given > MOST_IN_HEADER {
                    self.scanner.unread(mark.unwrap_or_default());
                    self.body(&Segment::Text(Kind::Content), &header[given..]);
                    self.state = State::Body(Segment::Text(Kind::Content), String::new());
                    return mark.is_some();
                }
                match mark {
                    None => self.state = State::Header { text: header, given },
                    Some(mark) if mark == message => {
                        self.emitter.boundary();
                        self.state = State::Body((self.dialect.classify)(&header), String::new());
                    }
                    Some(mark) => {
                        self.stray_header(&header[given..]);
                        self.begin(mark);
                    }
                }
            }
            State::Body(segment, mut held) => {
                match segment {
                    Segment::Call(_) => held.push_str(&text),
                    Segment::Text(_) => self.body(&segment, &text),
                }
                match mark {
                    None => self.state = State::Body(segment, held),
                    Some(mark) => {
                        self.end_body(segment, &held);
                        self.begin(mark);
                    }
                }
            }
            State::Between => {
                self.body(&Segment::Text(Kind::Content), &text);
                if let Some(mark) = mark {
                    self.begin(mark);
                }
            }
        }
        mark.is_some()
    }

    /// Goes on behind a mark.
    fn begin(&mut self, mark: &str) {
        self.content.boundary();
        self.state = match mark {
            mark if mark == self.dialect.start => State::Header { text: String::new(), given: 0 },
            mark if self.dialect.in_header.contains(&mark) => State::Header { text: mark.into(), given: 0 },
            _ => State::Between,
        };
    }

    /// A header that no message follows. It is content if it does not look like one.
    fn stray_header(&mut self, text: &str) {
        if !self.dialect.in_header.iter().any(|mark| text.contains(mark)) && !text.trim().is_empty() {
            self.body(&Segment::Text(Kind::Content), text);
        }
    }

    fn body(&mut self, segment: &Segment, text: &str) {
        match segment {
            Segment::Text(Kind::Thinking) => self.emitter.text(Kind::Thinking, text),
            _ => {
                let events = self.content.push(text);
                self.events.extend(self.emitter.take());
                self.events.extend(events);
            }
        }
    }

    fn end_body(&mut self, segment: Segment, held: &str) {
        match segment {
            Segment::Text(Kind::Thinking) => self.emitter.boundary(),
            Segment::Text(Kind::Content) => {
                let events = self.content.finish();
                self.events.extend(self.emitter.take());
                self.events.extend(events);
            }
            Segment::Call(name) => match arguments(held) {
                Some(arguments) => {
                    let name = self.names.own(&name).to_owned();
                    self.emitter.calls(vec![Named { name, arguments }]);
                }
                None => self.body(&Segment::Text(Kind::Content), held),
            },
        }
    }
}

fn arguments(text: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    match literals::json(text, false) {
        Some(serde_json::Value::Object(arguments)) => Some(arguments),
        None if text.trim().is_empty() => Some(serde_json::Map::new()),
        _ => None,
    }
}

/// Where the prompt leaves off: mostly in a header, but within a message if the client has begun that.
fn begun(dialect: &Dialect, prompt: &str) -> State {
    let Some((_, open)) = prompt.rsplit_once(dialect.start) else { return State::Between };
    match open.split_once(dialect.message) {
        None => State::Header { text: open.to_owned(), given: open.len() },
        Some((_, body)) if dialect.ends.iter().any(|end| body.contains(end)) => State::Between,
        Some((header, _)) => State::Body((dialect.classify)(header), String::new()),
    }
}

/// The channel and the recipient of a message of gpt-oss.
pub(super) const HARMONY: Dialect = Dialect {
    start: "<|start|>",
    message: "<|message|>",
    ends: &["<|end|>", "<|call|>", "<|return|>"],
    in_header: &["<|channel|>", "<|constrain|>"],
    classify: |header| {
        let channel = header.split("<|channel|>").nth(1).unwrap_or_default();
        let channel: String = channel.trim_start().chars().take_while(|c| c.is_alphanumeric()).collect();
        match recipient(header) {
            Some(tool) => Segment::Call(tool.strip_prefix("functions.").unwrap_or(tool).to_owned()),
            None if channel == "analysis" => Segment::Text(Kind::Thinking),
            None => Segment::Text(Kind::Content),
        }
    },
    answer: "<|channel|>final<|message|>",
    tags: Tags::default,
    enforced: || {
        let body = named("", " <|constrain|>json<|message|>", "");
        enforced("<|channel|>commentary to=functions.", body, "<|call|>")
    },
    wants_identifiers: true,
};

/// Messages of Glimmer: thoughts are addressed to itself.
pub(super) const GLIMMER: Dialect = Dialect {
    start: "<|start|>",
    message: "<|message|>",
    ends: &["<|eom|>", "<|eot|>"],
    in_header: &[],
    classify: |header| match recipient(header) {
        Some("self") => Segment::Text(Kind::Thinking),
        _ => Segment::Text(Kind::Content),
    },
    answer: "<|start|>assistant<|message|>",
    tags: super::syntax::glimmer::tags,
    enforced: super::syntax::glimmer::enforced_calls,
    wants_identifiers: false,
};

/// Whom a header names behind `to=`, if not a person.
fn recipient(header: &str) -> Option<&str> {
    let (_, named) = header.split_once("to=")?;
    let end = named.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(named.len());
    Some(&named[..end]).filter(|name| !["", "user", "all", "assistant"].contains(name))
}
