//! `<atem:invoke name="NAME"><atem:parameter name="P">VALUE</atem:parameter></atem:invoke>`, as Glimmer writes calls.

use super::xml::{Elements, read};
use super::{Body, CallSyntax, Tags, enforced, led, marks, parameters};
use crate::engine::protocol::{CallMarks, Parameters};

/// Marks in the content of Glimmer.
pub(in super::super) fn tags() -> Tags {
    let calls = CallSyntax {
        opens: marks(&[INVOKE.call.0]),
        closes: marks(&[CLOSE]),
        trailers: &[],
        bare: false,
        body: Body::Text { read: |text, care, tools| read(text, care, tools, &INVOKE), is_closed: false },
        inner: &[],
        enforced: enforced_calls(),
    };
    Tags { calls: Some(calls), skipped: AROUND, ..Tags::default() }
}

/// How calls are written. One that must come begins its message, and no text holds a mark of messages.
pub(in super::super) fn enforced_calls() -> Option<Box<CallMarks>> {
    // What stands before the name opens the call.
    let form = Parameters { before: String::new(), ..INVOKE.form("") };
    let body = parameters(form, &[INVOKE.end, CLOSE, "<|start|>", "<|eom|>", "<|eot|>"]);
    led("<|message|><atem:function_calls>\n", enforced(INVOKE.call.0, body, CLOSE))
}

/// Stands around all calls of an answer.
const AROUND: &[&str] = &["<atem:function_calls>", "</atem:function_calls>"];
const CLOSE: &str = "</atem:invoke>";

const INVOKE: Elements = Elements {
    call: ("<atem:invoke name=\"", "\">"),
    parameter: ("<atem:parameter name=\"", "\">"),
    end: "</atem:parameter>",
};
