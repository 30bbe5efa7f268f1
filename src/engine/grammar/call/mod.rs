//! Calls of tools, as Lark.
//!
//! ```text
//!   CallMarks ─┐                        ┌─ Object, Named: arguments in JSON, which llguidance knows
//!   tools ─────┴─▶ open body close ──▶──┴─ Parameters ──▶ parameters ─┬─▶ values   literals
//!                                                                     └─▶ plain    text as it is
//! ```

mod merged;
mod parameters;
mod plain;
mod rules;
mod text;
mod values;

use rules::{Rules, either};

use super::words::Words;
use super::{GrammarError, gbnf, schema};
use crate::engine::protocol::{CallBody, CallMarks, Several, ToolSchema};

/// Parameters of which nothing is known.
const ANY: &str = r#"{"type": "object"}"#;

/// White space between the parts of a call.
const SPACE: &str = r"SPACE: /[ \n]{1,2}|\n[ \t]{1,16}/";

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At the beginning of an answer, with what opens it. Others may follow.
    First,
    /// There, and nothing follows.
    Only,
    /// Behind what opens it.
    Opened,
}

/// A call of one of some tools, and what ends it.
///
/// A tool whose parameters ask for what cannot be enforced gets any arguments: unlike a `format`, tools are an offer, and
/// the client looks at the arguments anyway.
///
/// # Errors
/// If there is no tool.
pub(super) fn lark(
    marks: &CallMarks,
    choice: &[&ToolSchema],
    place: Place,
    words: &Words,
) -> Result<String, GrammarError> {
    if choice.is_empty() {
        return Err(GrammarError::EmptyChoice);
    }
    let mut rules = Rules::default();
    let calls: Vec<String> =
        choice.iter().map(|tool| call(marks, tool, (&mut rules, words))).collect::<Result<_, _>>()?;
    let any = rules.rule(&either(&calls));
    let around = match &marks.body {
        CallBody::Object { listed: true, .. } => Some(["[", ",", "]"]),
        CallBody::Object { .. } | CallBody::Named { .. } => None,
        CallBody::Parameters(form) => {
            let several = form.several.as_ref();
            several.map(|Several { open, separator, close }| [open, separator, close].map(String::as_str))
        }
    };
    let body = match around.map(|around| around.map(|text| words.lark(text))) {
        None => any,
        Some([open, _, close]) if place == Place::Only => format!("{open} SPACE? {any} SPACE? {close}"),
        Some([open, separator, close]) => {
            format!("{open} SPACE? {any} (SPACE? {separator} SPACE? {any})* SPACE? {close}")
        }
    };
    let open = match place {
        Place::First | Place::Only => words.lark(&format!("{}{}", marks.lead, marks.open)),
        Place::Opened => String::new(),
    };
    let close = words.lark(&marks.close);
    let gap = if begins_with_name(&marks.body) { "" } else { "SPACE?" };
    Ok(format!("start: {open} {gap} {body} SPACE? {close}\n{SPACE}\n{}", rules.into_lark()))
}

/// Whether the name of the tool comes first: then no white space does, as some readers would take it for a part of it.
fn begins_with_name(body: &CallBody) -> bool {
    match body {
        CallBody::Object { .. } => false,
        CallBody::Named { before, .. } => before.is_empty(),
        CallBody::Parameters(form) => form.before.is_empty() && form.several.is_none(),
    }
}

/// A call of one tool.
fn call(
    marks: &CallMarks,
    tool: &ToolSchema,
    (rules, words): (&mut Rules, &Words),
) -> Result<String, GrammarError> {
    let strict = written(marks, tool, (&mut *rules, words));
    let any = |error| {
        tracing::debug!(tool = tool.name, %error, "any arguments are allowed");
        written(marks, &loose(tool), (rules, words))
    };
    Ok(strict.or_else(any)?)
}

/// A tool that takes any arguments.
pub(super) fn loose(tool: &ToolSchema) -> ToolSchema {
    ToolSchema { parameters: ANY.into(), ..tool.clone() }
}

/// Whether the arguments of a tool are enforced.
#[cfg(test)]
pub(super) fn is_enforced(marks: &CallMarks, tool: &ToolSchema, words: &Words) -> bool {
    written(marks, tool, (&mut Rules::default(), words)).is_ok()
}

/// A call of a tool with arguments of its schema.
///
/// # Errors
/// With a keyword that cannot be enforced.
fn written(
    marks: &CallMarks,
    tool: &ToolSchema,
    (rules, words): (&mut Rules, &Words),
) -> Result<String, schema::SchemaError> {
    match &marks.body {
        CallBody::Object { id, name, arguments, .. } => {
            let call = schema::call(id.as_deref(), (name, &tool.name), (arguments, &tool.parameters))?;
            Ok(format!("%json {call}"))
        }
        CallBody::Named { before, behind, end } => {
            let [before, behind, end] = [before, behind, end].map(|text| words.lark(text));
            let arguments = schema::arguments(&tool.parameters)?;
            Ok(format!("{before} /{}/ {behind} %json {arguments} {end}", gbnf::literal(&tool.name)))
        }
        CallBody::Parameters(form) => parameters::call(form, tool, (rules, words)),
    }
}
