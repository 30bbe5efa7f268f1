//! The state of one request that has a form to keep to.
//!
//! ```text
//!   ┌── a preamble may open ──┐            ┌── free until a call opens ◀──┐
//!   │   "<think>" or the form │            │                              │
//!   ▼                         ▼            ▼                              │
//!   free until "</think>" ─▶ the form    the call, then its closing text ─┘
//! ```
//!
//! Every state has a mask that rules out what the next one could not take: no token that is chosen under it is wrong.

use std::sync::Arc;

use llguidance::Matcher;

use super::GrammarError;
use super::watch::{Seen, Text, Watch};
use super::words::Words;
use crate::engine::protocol::Token;
use crate::engine::sampler::Mask;

/// What may come next.
#[derive(Clone, Debug)]
pub enum Next {
    /// A token of these.
    Token(Mask),
    /// Nothing: the answer is complete.
    End,
}

/// A grammar, compiled, and its first mask. Each use of it works on a copy.
pub(super) struct Compiled {
    pub(super) matcher: Box<Matcher>,
    pub(super) first: Arc<[u32]>,
    /// Whether white space that may still follow is not worth waiting for.
    pub(super) trims: bool,
}

/// The text that opens a preamble: for each number of its bytes that were written, the set of tokens that go on
/// with it.
pub(super) struct Opening {
    pub(super) text: Vec<u8>,
    pub(super) sets: Vec<Arc<[u32]>>,
}

/// Tokens of white space that may come between a preamble and the form.
const GAP: u32 = 2;

/// Everything that a request's states refer to.
pub(super) struct Plan {
    pub(super) opening: Option<Opening>,
    /// The text that ends the preamble.
    pub(super) closing: Option<Arc<Text>>,
    pub(super) form: Form,
}

/// What comes after the preamble.
pub(super) enum Form {
    /// One value.
    Value(Compiled),
    /// Free text with calls in it.
    Calls(Calls),
}

impl Form {
    /// The tokens that it may begin with; `None` if it is free text at first.
    fn first(&self) -> Option<&Arc<[u32]>> {
        match self {
            Self::Value(value) => Some(&value.first),
            Self::Calls(calls) => calls.first.as_ref().map(|first| &first.first),
        }
    }
}

/// How tools are called. There is one of the two at least.
pub(super) struct Calls {
    /// A call with which the answer must begin, with the text that opens it.
    pub(super) first: Option<Compiled>,
    /// Calls in the free text after that. `None`: the first call is the whole answer.
    pub(super) again: Option<Again>,
}

/// A call in free text.
pub(super) struct Again {
    /// The text that opens it.
    pub(super) open: Arc<Text>,
    /// What comes behind that.
    pub(super) call: Compiled,
}

enum State {
    /// So many bytes of the text that opens a preamble were written. At 0, there need be no preamble.
    Opening(usize),
    /// Free text before the form.
    Preamble(Watch),
    /// White space behind that, of so many tokens at most.
    Gap(u32),
    /// Free text in which a call may open.
    Free(Watch),
    /// The form or a call.
    Bound {
        matcher: Box<Matcher>,
        trims: bool,
    },
    Ended,
}

/// Says which tokens may come, for one request.
pub struct Guide {
    words: Arc<Words>,
    plan: Arc<Plan>,
    state: State,
}

impl Guide {
    /// A guide at its beginning, and what may come first.
    pub(super) fn new(words: Arc<Words>, plan: Arc<Plan>) -> (Self, Next) {
        let mut guide = Self { words, plan, state: State::Ended };
        let next = guide.begin();
        (guide, next)
    }

    /// Goes on by a token that the last mask allowed, and says what may come next.
    ///
    /// # Errors
    /// [`GrammarError::Broke`] if the grammar is too ambiguous, or the token was not allowed.
    pub fn advance(&mut self, token: Token) -> Result<Next, GrammarError> {
        let words = Arc::clone(&self.words);
        let bytes = words.spelled(token);
        match &mut self.state {
            State::Opening(written) => {
                let written = *written;
                self.open(token, bytes, written)
            }
            State::Preamble(watch) => match watch.push(bytes) {
                Seen::Nothing => Ok(Next::Token(Mask::Except(watch.ruled_out()))),
                // What is behind it in the token is white space.
                Seen::Complete(_) => Ok(self.gap(GAP)),
            },
            State::Gap(left) => {
                let left = *left;
                if words.is_space(token) && !self.starts_form(token) {
                    return Ok(self.gap(left - 1));
                }
                self.enter_form();
                self.advance(token)
            }
            State::Free(watch) => match (watch.push(bytes), &self.plan.form) {
                (Seen::Complete(_), Form::Calls(Calls { again: Some(again), .. })) => {
                    let (state, next) = bound(&again.call);
                    self.state = state;
                    Ok(next)
                }
                _ => Ok(Next::Token(Mask::Except(watch.ruled_out()))),
            },
            State::Bound { matcher, .. } => {
                matcher.consume_token(token).map_err(broke)?;
                self.bound_next()
            }
            State::Ended => Ok(Next::End),
        }
    }

    fn begin(&mut self) -> Next {
        let plan = Arc::clone(&self.plan);
        match (&plan.opening, &plan.closing) {
            (Some(opening), _) => {
                self.state = State::Opening(0);
                self.opening_mask(opening, 0)
            }
            (None, Some(closing)) => {
                let watch = Watch::new(Arc::clone(closing));
                let next = Next::Token(Mask::Except(watch.ruled_out()));
                self.state = State::Preamble(watch);
                next
            }
            (None, None) => self.enter_form(),
        }
    }

    /// A token while the preamble is being opened, or instead of that.
    fn open(&mut self, token: Token, bytes: &[u8], written: usize) -> Result<Next, GrammarError> {
        let plan = Arc::clone(&self.plan);
        let Some(opening) = &plan.opening else { return Ok(self.enter_form()) };
        let goes_on = contains(&opening.sets[written], token);
        if written == 0 && (!goes_on || self.starts_form(token)) {
            self.enter_form();
            return self.advance(token);
        }
        let written = written + bytes.len();
        if written < opening.text.len() {
            self.state = State::Opening(written);
            return Ok(self.opening_mask(opening, written));
        }
        let Some(closing) = &plan.closing else { return Ok(self.enter_form()) };
        let watch = Watch::new(Arc::clone(closing));
        let next = Next::Token(Mask::Except(watch.ruled_out()));
        self.state = State::Preamble(watch);
        Ok(next)
    }

    /// Whether the form itself begins with a token. Free text may begin with anything: a preamble is meant if it looks
    /// like one.
    fn starts_form(&self, token: Token) -> bool {
        self.plan.form.first().is_some_and(|first| contains(first, token))
    }

    fn opening_mask(&self, opening: &Opening, written: usize) -> Next {
        let goes_on = &opening.sets[written];
        if written > 0 {
            return Next::Token(Mask::Only(Arc::clone(goes_on)));
        }
        match &self.plan.form {
            Form::Calls(Calls { first: None, again: Some(again) }) => {
                Next::Token(Mask::Except(Watch::new(Arc::clone(&again.open)).ruled_out()))
            }
            form => Next::Token(either(form.first().map_or(&[][..], AsRef::as_ref), goes_on)),
        }
    }

    /// White space may come before the form, as models write it behind their thoughts.
    fn gap(&mut self, left: u32) -> Next {
        let plan = Arc::clone(&self.plan);
        match plan.form.first() {
            Some(first) if left > 0 => {
                self.state = State::Gap(left);
                Next::Token(either(first, self.words.spaces()))
            }
            _ => self.enter_form(),
        }
    }

    fn enter_form(&mut self) -> Next {
        let plan = Arc::clone(&self.plan);
        let (state, next) = match &plan.form {
            Form::Value(first) | Form::Calls(Calls { first: Some(first), .. }) => bound(first),
            Form::Calls(Calls { first: None, again }) => free(again.as_ref()),
        };
        self.state = state;
        next
    }

    /// What may come next in a form or a call.
    fn bound_next(&mut self) -> Result<Next, GrammarError> {
        let State::Bound { matcher, trims } = &mut self.state else { return Ok(Next::End) };
        if matcher.is_stopped() {
            if let Some(error) = matcher.get_error() {
                return Err(GrammarError::Broke(cleaned(&error)));
            }
            return Ok(self.leave());
        }
        let set: Vec<u32> = matcher.compute_mask().map_err(broke)?.into();
        if *trims && matcher.is_accepting().map_err(broke)? && self.words.only_space(&set) {
            return Ok(self.leave());
        }
        Ok(Next::Token(Mask::Only(set.into())))
    }

    /// After the form or a call.
    fn leave(&mut self) -> Next {
        let plan = Arc::clone(&self.plan);
        let (state, next) = match &plan.form {
            Form::Calls(calls) => free(calls.again.as_ref()),
            Form::Value(_) => (State::Ended, Next::End),
        };
        self.state = state;
        next
    }
}

fn bound(compiled: &Compiled) -> (State, Next) {
    // Copies what the lexer has found out as well: what one request adds to it ends with the request.
    let matcher = Box::new(compiled.matcher.deep_clone());
    (State::Bound { matcher, trims: compiled.trims }, Next::Token(Mask::Only(Arc::clone(&compiled.first))))
}

fn free(again: Option<&Again>) -> (State, Next) {
    let Some(again) = again else { return (State::Ended, Next::End) };
    let watch = Watch::new(Arc::clone(&again.open));
    let next = Next::Token(Mask::Except(watch.ruled_out()));
    (State::Free(watch), next)
}

/// The tokens of one set or the other.
fn either(one: &[u32], other: &[u32]) -> Mask {
    let word = |set: &[u32], index: usize| set.get(index).copied().unwrap_or(0);
    Mask::Only((0..one.len().max(other.len())).map(|index| word(one, index) | word(other, index)).collect())
}

fn contains(set: &[u32], token: Token) -> bool {
    set.get(token as usize / 32).is_some_and(|word| word >> (token % 32) & 1 == 1)
}

fn broke(error: impl std::fmt::Display) -> GrammarError {
    GrammarError::Broke(cleaned(&error.to_string()))
}

/// llguidance's words without its marks for logs.
pub(super) fn cleaned(message: &str) -> String {
    let end = message.find("\n<").unwrap_or(message.len());
    message[..end].trim().to_owned()
}
