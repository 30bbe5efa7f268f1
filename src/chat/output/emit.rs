//! Collects what was read, and trims white space where one kind of text ends and another begins.

use super::syntax::Named;
use super::{Event, ToolCall};

/// The two kinds of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Content,
    Thinking,
}

/// Events on their way out.
#[derive(Debug)]
pub(super) struct Emitter {
    events: Vec<Event>,
    /// White space that is dropped if no text follows it.
    pending: String,
    /// White space is dropped until text comes.
    trims: bool,
    /// Whether white space at the end of content is held back: a call may follow.
    holds: bool,
    calls: u32,
}

impl Emitter {
    /// `holds` says whether white space before a call must not get out.
    pub(super) fn new(holds: bool) -> Self {
        Self { events: Vec::new(), pending: String::new(), trims: false, holds, calls: 0 }
    }

    /// Adds text.
    pub(super) fn text(&mut self, kind: Kind, text: &str) {
        let text = if self.trims { text.trim_start() } else { text };
        if text.is_empty() {
            return;
        }
        self.trims = false;
        let out = if self.holds || kind == Kind::Thinking { text.trim_end() } else { text };
        if !out.is_empty() {
            let whole = std::mem::take(&mut self.pending) + out;
            self.push(kind, whole);
        }
        self.pending.push_str(&text[out.len()..]);
    }

    fn push(&mut self, kind: Kind, text: String) {
        match (kind, self.events.last_mut()) {
            (Kind::Content, Some(Event::Content(last))) | (Kind::Thinking, Some(Event::Thinking(last))) => {
                last.push_str(&text);
            }
            (Kind::Content, _) => self.events.push(Event::Content(text)),
            (Kind::Thinking, _) => self.events.push(Event::Thinking(text)),
        }
    }

    /// Another kind of text, or a call: white space around it means nothing.
    pub(super) fn boundary(&mut self) {
        self.pending.clear();
        self.trims = true;
    }

    /// Adds calls.
    pub(super) fn calls(&mut self, calls: Vec<Named>) {
        self.boundary();
        for Named { name, arguments } in calls {
            self.events.push(Event::Call(ToolCall { index: self.calls, name, arguments }));
            self.calls += 1;
        }
    }

    /// The end, in text of this kind. Content keeps the white space at its end, unless there were calls.
    pub(super) fn end(&mut self, kind: Kind) {
        let pending = std::mem::take(&mut self.pending);
        if kind == Kind::Content && self.calls == 0 && !pending.is_empty() {
            self.push(kind, pending);
        }
    }

    /// Takes what was collected.
    pub(super) fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}
