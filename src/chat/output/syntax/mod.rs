//! How models write calls: one file for each way.

pub(super) mod cohere;
pub(super) mod deepseek;
pub(super) mod gemma;
pub(super) mod glimmer;
pub(super) mod glm;
pub(super) mod hermes;
pub(super) mod ministral;
pub(super) mod python;
pub(super) mod xml;

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::tools::Tools;
use crate::engine::protocol::{CallBody, CallMarks, Parameters};

/// A call that was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) arguments: Map<String, Value>,
}

/// The marks of a model's thoughts and calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags {
    /// What stands before and after thoughts.
    pub(super) think: Option<(Cow<'static, str>, Cow<'static, str>)>,
    /// Whether thoughts may come anywhere, and not only first: their marks are special tokens.
    pub(super) thinks_anywhere: bool,
    /// Whether the model always thinks first, also if neither prompt nor answer say so.
    pub(super) thinks_first: bool,
    /// How it calls tools.
    pub(super) calls: Option<CallSyntax>,
    /// Marks that mean nothing.
    pub(super) skipped: &'static [&'static str],
}

/// How calls are written.
#[derive(Clone, Debug)]
pub(super) struct CallSyntax {
    /// Marks before a call, or before several.
    pub(super) opens: Vec<Cow<'static, str>>,
    /// Marks that end the body of a call.
    pub(super) closes: Vec<Cow<'static, str>>,
    /// What may come after a call, and means nothing either.
    pub(super) trailers: &'static [&'static str],
    /// Whether an answer that begins with JSON can be a call.
    pub(super) bare: bool,
    /// What stands between them.
    pub(super) body: Body,
    /// Other marks in a body that may be special tokens.
    pub(super) inner: &'static [&'static str],
    /// How a call must be written where it is enforced. `None`: it cannot be.
    pub(super) enforced: Option<Box<CallMarks>>,
}

/// Marks of calls that are enforced.
pub(super) fn enforced(open: &str, body: CallBody, close: &str) -> Option<Box<CallMarks>> {
    Some(Box::new(CallMarks { lead: String::new(), open: open.into(), body, close: close.into() }))
}

/// With a text before the first call of an answer that must begin with one.
pub(super) fn led(lead: &str, marks: Option<Box<CallMarks>>) -> Option<Box<CallMarks>> {
    marks.map(|marks| Box::new(CallMarks { lead: lead.to_owned(), ..*marks }))
}

/// `{"name": …, "arguments": …}`, or a list of such objects.
pub(super) fn object(arguments: &str, listed: bool) -> CallBody {
    CallBody::Object { id: None, name: "name".into(), arguments: arguments.into(), listed }
}

/// A name and the text between it and the arguments.
pub(super) fn named(before: &str, behind: &str, end: &str) -> CallBody {
    CallBody::Named { before: before.into(), behind: behind.into(), end: end.into() }
}

/// A name and its arguments one by one. `marks` are what readers look for: no text may hold them.
pub(super) fn parameters(form: Parameters, marks: &[&str]) -> CallBody {
    let never = marks.iter().map(|&mark| mark.to_owned()).collect();
    CallBody::Parameters(Box::new(Parameters { never, ..form }))
}

/// Two texts that stand around something.
pub(super) fn around((before, behind): (&str, &str)) -> (String, String) {
    (before.to_owned(), behind.to_owned())
}

/// What stands between the marks of a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    /// A value in JSON, whose end is the call's. Something may stand before it.
    Json {
        /// Brackets with which the value may begin.
        starts: &'static [&'static str],
        /// Reads what stands before the value, and the value. No calls: it is none.
        read: fn(&str, &Value, &Tools) -> Vec<Named>,
    },
    /// Text up to a closing mark, if it is whole there: marks may also stand in arguments.
    Text {
        /// Reads the opening mark and the body.
        read: fn(&str, Care, &Tools) -> Option<Vec<Named>>,
        /// Whether a body can be told from half of one.
        is_closed: bool,
    },
}

/// How to read a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// What is not written as it should be is no call, or not all of it.
    Strict,
    /// Nothing more can come: what can be understood is understood.
    Lenient,
}

/// Marks that never change.
pub(super) fn marks(marks: &[&'static str]) -> Vec<Cow<'static, str>> {
    marks.iter().map(|mark| Cow::Borrowed(*mark)).collect()
}
