//! Calls of tools, as Lark.

use super::words::Words;
use super::{GrammarError, gbnf, schema};
use crate::engine::protocol::{CallBody, CallMarks, ToolSchema};

/// A call of one of some tools, and what ends it. `is_open`: what opens it was written.
///
/// A tool whose parameters ask for what cannot be enforced gets any object: unlike a `format`, tools are an offer, and
/// the client looks at the arguments anyway.
///
/// # Errors
/// If there is no tool.
pub(super) fn lark(
    marks: &CallMarks,
    choice: &[&ToolSchema],
    is_open: bool,
    words: &Words,
) -> Result<String, GrammarError> {
    if choice.is_empty() {
        return Err(GrammarError::EmptyChoice);
    }
    let names: Vec<String> = (0..choice.len()).map(|place| format!("call_{place}")).collect();
    let any = format!("({})", names.join(" | "));
    let body = match &marks.body {
        CallBody::Object { listed: true, .. } => {
            format!("/\\[/ SPACE? {any} SPACE? (/,/ SPACE? {any} SPACE?)* /\\]/")
        }
        CallBody::Object { .. } | CallBody::Named { .. } => any,
    };
    let open = if is_open { String::new() } else { words.lark(&marks.open) };
    let mut lark = format!("start: {open} SPACE? {body} SPACE? {}\n", words.lark(&marks.close));
    lark += "SPACE: /[ \\n]{1,2}/\n";
    for (place, (rule, tool)) in names.iter().zip(choice).enumerate() {
        match &marks.body {
            CallBody::Object { name, arguments, .. } => {
                let call = |parameters: &str| schema::call(name, &tool.name, arguments, parameters);
                lark += &format!("{rule}: %json {}\n", enforceable(tool, call)?);
            }
            CallBody::Named { before, behind, end } => {
                let [before, behind, end] = [before, behind, end].map(|text| words.lark(text));
                let name = gbnf::literal(&tool.name);
                lark += &format!("{rule}: {before} /{name}/ {behind} arguments_{place} {end}\n");
                lark += &format!("arguments_{place}: %json {}\n", enforceable(tool, schema::arguments)?);
            }
        }
    }
    Ok(lark)
}

/// A schema made of a tool's parameters, or of any, if those cannot be enforced.
fn enforceable(
    tool: &ToolSchema,
    make: impl Fn(&str) -> Result<serde_json::Value, schema::SchemaError>,
) -> Result<serde_json::Value, GrammarError> {
    make(&tool.parameters).or_else(|error| {
        tracing::debug!(tool = tool.name, %error, "arguments are any object");
        Ok(make(r#"{"type": "object"}"#)?)
    })
}
