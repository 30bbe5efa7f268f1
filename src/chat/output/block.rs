//! What stands behind the mark of a call, until it is known whether it is one.

use super::emit::Kind;
use super::json_end::JsonEnd;
use super::literals;
use super::scanner::{Found, Scanner};
use super::syntax::{Body, CallSyntax, Care, Named};
use super::tools::Tools;

/// Bytes that may stand between the mark of a call and its JSON.
const MOST_BEFORE_JSON: usize = 256;

/// Closing marks that may be a part of an argument, before one must be the end.
const MOST_REFUSALS: u32 = 100;

/// What may become a call.
#[derive(Debug)]
pub(super) struct Block {
    /// The text that it stands in, and is if it is no call.
    within: Kind,
    /// The mark, and what came after it.
    text: String,
    /// Length of the mark.
    mark: usize,
    /// Where the JSON begins, and how far it is.
    json: Option<(usize, JsonEnd)>,
    /// Place and length of the first closing mark at which there was no call: it may be a part of an argument.
    refused: Option<(usize, usize)>,
    /// How many there were.
    refusals: u32,
}

/// What is known of a block.
#[derive(Debug)]
pub(super) enum Verdict {
    /// More text must come.
    More,
    /// There is more text to look at.
    Again,
    /// It is calls. `more`: others may follow without a mark.
    Calls { calls: Vec<Named>, more: bool },
    /// It is no call.
    Text,
}

impl Block {
    /// Behind a mark.
    pub(super) fn new(within: Kind, mark: &str) -> Self {
        Self { within, text: mark.to_owned(), mark: mark.len(), json: None, refused: None, refusals: 0 }
    }

    /// Before JSON without a mark; `before` is text if that is no call.
    pub(super) fn in_json(before: &str) -> Self {
        let json = Some((before.len(), JsonEnd::default()));
        Self { json, ..Self::new(Kind::Content, before) }
    }

    pub(super) fn within(&self) -> Kind {
        self.within
    }

    /// The mark, and what came after it.
    pub(super) fn give_up(&mut self) -> (String, String) {
        let rest = self.text.split_off(self.mark);
        (std::mem::take(&mut self.text), rest)
    }

    /// Reads on. `close` is the mark that ends thoughts.
    pub(super) fn step(
        &mut self,
        scanner: &mut Scanner,
        syntax: &CallSyntax,
        close: Option<&str>,
        tools: &Tools,
        ended: bool,
    ) -> Verdict {
        match (syntax.body, self.json.is_some()) {
            (Body::Json { starts, .. }, false) => self.before_json(scanner, syntax, starts, close, ended),
            (Body::Json { read, .. }, true) => {
                let read = |before: &str, value: &_| known(read(before, value, tools), syntax, tools);
                self.through_json(scanner, syntax, read, ended)
            }
            (Body::Text { read, is_closed }, _) => {
                let read = |text: &str, care| read(text, care, tools).filter(|calls| !calls.is_empty());
                self.through_text(scanner, syntax, (read, is_closed), ended)
            }
        }
    }

    /// Looks for the bracket with which the JSON begins.
    fn before_json(
        &mut self,
        scanner: &mut Scanner,
        syntax: &CallSyntax,
        starts: &[&str],
        close: Option<&str>,
        ended: bool,
    ) -> Verdict {
        let tags = syntax.opens.iter().chain(&syntax.closes).map(|tag| &**tag);
        let within_thoughts = close.filter(|_| self.within == Kind::Thinking);
        let marks: Vec<&str> = tags.chain(starts.iter().copied()).chain(within_thoughts).collect();
        let (more, mark) = match scanner.next(&marks, ended) {
            Found::Text(text) => (text, None),
            Found::Mark { before, mark } => (before, Some(mark)),
        };
        self.text.push_str(&more);
        if let Some(mark) = mark {
            scanner.unread(mark);
        }
        if self.text.len() - self.mark > MOST_BEFORE_JSON {
            return Verdict::Text;
        }
        match mark {
            None if ended => Verdict::Text,
            None => Verdict::More,
            Some(mark) if starts.contains(&mark) => {
                self.json = Some((self.text.len(), JsonEnd::default()));
                Verdict::Again
            }
            Some(_) => Verdict::Text,
        }
    }

    /// Looks for the end of the JSON.
    fn through_json(
        &mut self,
        scanner: &mut Scanner,
        syntax: &CallSyntax,
        read: impl Fn(&str, &serde_json::Value) -> Vec<Named>,
        ended: bool,
    ) -> Verdict {
        let closes: Vec<&str> = syntax.closes.iter().map(|close| &**close).collect();
        let (text, mark) = match scanner.next(&closes, ended) {
            Found::Text(text) => (text, None),
            Found::Mark { before, mark } => (before, Some(mark)),
        };
        let Some((start, end)) = &mut self.json else { return Verdict::Text };
        let start = *start;
        if let Some(length) = end.feed(&text) {
            scanner.unread(mark.unwrap_or_default());
            scanner.unread(&text[length..]);
            self.text.push_str(&text[..length]);
            return self
                .parsed(self.text.len(), false, &read)
                .unwrap_or_else(|| self.up_to_refused(scanner, read));
        }
        self.text.push_str(&text);
        match mark {
            Some(mark) if end.in_string() => {
                end.feed(mark);
                self.refused.get_or_insert((self.text.len(), mark.len()));
                self.text.push_str(mark);
                Verdict::Again
            }
            // The value is not whole. The model was done all the same.
            Some(mark) => match self.parsed(self.text.len(), true, &read) {
                Some(Verdict::Calls { calls, .. }) => Verdict::Calls { calls, more: false },
                _ => {
                    scanner.unread(mark);
                    self.up_to_refused(scanner, read)
                }
            },
            None if !ended => Verdict::More,
            // Only a last bracket is missing, behind arguments that are whole. Anything else might be half a call.
            None if end.depth() == 1 && self.text[start..].trim_end().ends_with('}') => {
                self.parsed(self.text.len(), true, &read).unwrap_or(Verdict::Text)
            }
            None => self.up_to_refused(scanner, read),
        }
    }

    /// The calls in the JSON up to a place, if it is JSON and has some.
    fn parsed(
        &self,
        end: usize,
        may_end: bool,
        read: &impl Fn(&str, &serde_json::Value) -> Vec<Named>,
    ) -> Option<Verdict> {
        let (start, _) = self.json.as_ref()?;
        let value = literals::json(&self.text[*start..end], may_end)?;
        let calls = read(&self.text[self.mark..*start], &value);
        (!calls.is_empty()).then_some(Verdict::Calls { calls, more: true })
    }

    /// A quote was missing, perhaps, and the first closing mark was one.
    fn up_to_refused(
        &mut self,
        scanner: &mut Scanner,
        read: impl Fn(&str, &serde_json::Value) -> Vec<Named>,
    ) -> Verdict {
        let Some((at, length)) = self.refused else { return Verdict::Text };
        match self.parsed(at, true, &read) {
            Some(Verdict::Calls { calls, .. }) => {
                scanner.unread(&self.text[at + length..]);
                Verdict::Calls { calls, more: false }
            }
            _ => Verdict::Text,
        }
    }

    /// Looks for a closing mark behind a whole body.
    fn through_text(
        &mut self,
        scanner: &mut Scanner,
        syntax: &CallSyntax,
        (read, is_closed): (impl Fn(&str, Care) -> Option<Vec<Named>>, bool),
        ended: bool,
    ) -> Verdict {
        let marks: Vec<&str> = syntax.closes.iter().chain(&syntax.opens).map(|mark| &**mark).collect();
        let (text, mark) = match scanner.next(&marks, ended) {
            Found::Text(text) => (text, None),
            Found::Mark { before, mark } => (before, Some(mark)),
        };
        self.text.push_str(&text);
        let calls = |calls| Verdict::Calls { calls, more: false };
        match mark {
            None if !ended => Verdict::More,
            None if self.refused.is_none() && is_closed => {
                read(&self.text, Care::Strict).map_or(Verdict::Text, calls)
            }
            Some(mark)
                if self.refusals < MOST_REFUSALS && syntax.closes.iter().any(|close| close == mark) =>
            {
                if let Some(whole) = read(&self.text, Care::Strict) {
                    return calls(whole);
                }
                self.refused.get_or_insert((self.text.len(), mark.len()));
                self.refusals += 1;
                self.text.push_str(mark);
                Verdict::Again
            }
            Some(mark) if self.refused.is_none() => {
                self.text.push_str(mark);
                Verdict::Again
            }
            // Nothing more comes, or the next call begins, or it is enough.
            mark => {
                scanner.unread(mark.unwrap_or_default());
                let Some((at, length)) = self.refused else { return Verdict::Text };
                match read(&self.text[..at], Care::Lenient) {
                    Some(found) => {
                        scanner.unread(&self.text[at + length..]);
                        calls(found)
                    }
                    None => Verdict::Text,
                }
            }
        }
    }
}

/// JSON without a mark is a call only if it calls tools that there are.
fn known(calls: Vec<Named>, syntax: &CallSyntax, tools: &Tools) -> Vec<Named> {
    if !syntax.bare || calls.iter().all(|call| tools.has(&call.name)) {
        return calls;
    }
    Vec::new()
}
