//! Reads answers in which marks stand around thoughts and calls.
//!
//! ```text
//!   Start ──opening mark──▶ Thinking ──closing mark──▶ Start
//!     │                        │ mark of a call
//!     ├──text──▶ Content ──────┴──────▶ Block ──whole──▶ Behind ──text──▶ Content
//!     └──JSON, where that is a call──────▲ └──none──▶ back: the mark is text, and what follows is read anew
//! ```

use super::block::{Block, Verdict};
use super::emit::{Emitter, Kind};
use super::scanner::{Found, Scanner};
use super::syntax::Tags;
use super::tools::Tools;
use super::{Event, Reading};

/// After so many marks of calls that no call followed, calls are no longer looked for: each means to read again what came
/// behind it, and a model that only repeats such marks must not cost time without end.
const MOST_FAILURES: u32 = 100;

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Tagged {
    tags: Tags,
    tools: Tools,
    scanner: Scanner,
    emitter: Emitter,
    state: State,
    /// Marks of calls that no call followed.
    failures: u32,
}

#[derive(Debug)]
enum State {
    /// No text yet, or none after thoughts.
    Start {
        /// What begins.
        within: Kind,
        /// Whether thoughts may begin. Where they have begun already, models repeat the mark at times.
        may_think: bool,
    },
    Text(Kind),
    /// What may become a call.
    Block(Block),
    /// After a call.
    Behind {
        /// Whether what comes may be another one without a mark.
        more: bool,
    },
}

impl Tagged {
    pub(super) fn new(mut tags: Tags, tools: Tools, reading: &Reading<'_>) -> Self {
        if reading.tools.is_empty() {
            tags.calls = None;
        }
        let first = tags.thinks_first && !reading.hides_thinking && !reading.is_prefilled;
        let prompt = reading.prompt.trim_end();
        let thinks = tags.think.as_ref().is_some_and(|(open, _)| first || prompt.ends_with(open.trim_end()));
        let mut emitter = Emitter::new(tags.calls.is_some());
        if thinks {
            emitter.boundary();
        }
        let within = if thinks { Kind::Thinking } else { Kind::Content };
        let state = if reading.is_prefilled && !thinks {
            State::Text(Kind::Content)
        } else {
            State::Start { within, may_think: true }
        };
        Self { tags, tools, scanner: Scanner::default(), emitter, state, failures: 0 }
    }

    /// Reads more text.
    pub(super) fn push(&mut self, text: &str) -> Vec<Event> {
        self.scanner.push(text);
        while self.step(false) {}
        self.emitter.take()
    }

    /// Reads what was held back. Content may follow all the same, where this is a part of an answer.
    pub(super) fn finish(&mut self) -> Vec<Event> {
        while self.step(true) {}
        let kind = match self.state {
            State::Text(kind) => kind,
            _ => Kind::Content,
        };
        self.emitter.end(kind);
        self.state = State::Text(Kind::Content);
        self.emitter.take()
    }

    /// Another text begins, in which white space at the beginning means nothing.
    pub(super) fn boundary(&mut self) {
        self.emitter.boundary();
    }

    /// Goes on as far as the text decides. False if more must come first.
    fn step(&mut self, ended: bool) -> bool {
        match std::mem::replace(&mut self.state, State::Text(Kind::Content)) {
            State::Start { within, may_think } => self.start(within, may_think, ended),
            State::Text(kind) => self.text(kind, ended),
            State::Block(block) => self.block(block, ended),
            State::Behind { more } => self.behind(more, ended),
        }
    }

    /// Stays in a state until more comes.
    fn wait(&mut self, state: State) -> bool {
        self.state = state;
        false
    }

    /// Goes on in a state.
    fn enter(&mut self, state: State) -> bool {
        self.state = state;
        true
    }

    fn start(&mut self, within: Kind, may_think: bool, ended: bool) -> bool {
        let rest = self.scanner.rest();
        let text = rest.trim_start();
        let blank = rest.len() - text.len();
        let open = self.tags.think.as_ref().map_or("", |(open, _)| if may_think { open } else { "" });
        if !open.is_empty() && text.starts_with(open) {
            self.scanner.take(blank + open.len());
            self.emitter.boundary();
            return self.enter(State::Text(Kind::Thinking));
        }
        if !ended && (text.is_empty() || open.starts_with(text)) {
            return self.wait(State::Start { within, may_think });
        }
        let bare = self.tags.calls.as_ref().is_some_and(|calls| calls.bare);
        if within == Kind::Content && bare && text.starts_with(['{', '[']) {
            let blank = self.scanner.take(blank);
            return self.enter(State::Block(Block::in_json(&blank)));
        }
        self.enter(State::Text(within))
    }

    fn text(&mut self, kind: Kind, ended: bool) -> bool {
        let think = self.tags.think.as_ref().map(|(open, close)| (&**open, &**close));
        let calls = self.tags.calls.iter().flat_map(|calls| &calls.opens).map(|open| &**open);
        let mut marks: Vec<&str> = calls.chain(self.tags.skipped.iter().copied()).collect();
        match (kind, think) {
            (Kind::Thinking, Some((_, close))) => marks.push(close),
            (Kind::Content, Some((open, _))) if self.tags.thinks_anywhere => marks.push(open),
            _ => {}
        }
        match self.scanner.next(&marks, ended) {
            Found::Text(text) => {
                self.emitter.text(kind, &text);
                self.wait(State::Text(kind))
            }
            Found::Mark { before, mark } => {
                self.emitter.text(kind, &before);
                let next = match think {
                    Some((open, _)) if mark == open => State::Text(Kind::Thinking),
                    Some((_, close)) if mark == close => {
                        State::Start { within: Kind::Content, may_think: self.tags.thinks_anywhere }
                    }
                    _ if self.tags.skipped.contains(&mark) => State::Text(kind),
                    _ => State::Block(Block::new(kind, mark)),
                };
                if !matches!(next, State::Block(_)) {
                    self.emitter.boundary();
                }
                self.enter(next)
            }
        }
    }

    fn block(&mut self, mut block: Block, ended: bool) -> bool {
        let Some(calls) = &self.tags.calls else {
            return self.enter(State::Text(Kind::Content));
        };
        let close = self.tags.think.as_ref().map(|(_, close)| &**close);
        match block.step(&mut self.scanner, calls, close, &self.tools, ended) {
            Verdict::More => self.wait(State::Block(block)),
            Verdict::Again => self.enter(State::Block(block)),
            Verdict::Calls { calls, more } => {
                self.emitter.calls(calls);
                self.enter(State::Behind { more })
            }
            Verdict::Text => {
                let (mark, rest) = block.give_up();
                self.emitter.text(block.within(), &mark);
                self.scanner.unread(&rest);
                self.failures += 1;
                if self.failures == MOST_FAILURES {
                    self.tags.calls = None;
                }
                self.enter(State::Text(block.within()))
            }
        }
    }

    fn behind(&mut self, more: bool, ended: bool) -> bool {
        let Some(calls) = &self.tags.calls else {
            return self.enter(State::Text(Kind::Content));
        };
        let rest = self.scanner.rest();
        let text = rest.trim_start();
        let blank = rest.len() - text.len();
        let closes = || calls.closes.iter().map(|close| &**close);
        let marks = || closes().chain(calls.trailers.iter().copied());
        let is_begun = |text: &str| !ended && marks().any(|m| m.len() > text.len() && m.starts_with(text));
        if is_begun(text) {
            return self.wait(State::Behind { more });
        }
        if let Some(mark) = marks().filter(|mark| text.starts_with(*mark)).max_by_key(|mark| mark.len()) {
            let more = more && !closes().any(|close| close == mark);
            self.scanner.take(blank + mark.len());
            return self.enter(State::Behind { more });
        }
        if more {
            let next = text.trim_start_matches(|c: char| c.is_whitespace() || [',', ';'].contains(&c));
            if is_begun(next) {
                return self.wait(State::Behind { more });
            }
            if next.starts_with('{') {
                let separators = self.scanner.take(rest.len() - next.len());
                return self.enter(State::Block(Block::in_json(&separators)));
            }
        }
        self.enter(State::Text(Kind::Content))
    }
}
