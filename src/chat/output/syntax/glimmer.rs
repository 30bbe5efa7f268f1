//! `<atem:invoke name="NAME"><atem:parameter name="P">VALUE</atem:parameter></atem:invoke>`, as Glimmer writes calls.

use super::xml::{Elements, read};
use super::{Body, CallSyntax, Tags, marks};

/// Marks in the content of Glimmer.
pub(in super::super) fn tags() -> Tags {
    let calls = CallSyntax {
        opens: marks(&[INVOKE.call.0]),
        closes: marks(&["</atem:invoke>"]),
        trailers: &[],
        bare: false,
        body: Body::Text { read: |text, care, tools| read(text, care, tools, &INVOKE), is_closed: false },
        inner: &[],
        enforced: None,
    };
    Tags {
        calls: Some(calls),
        skipped: &["<atem:function_calls>", "</atem:function_calls>"],
        ..Tags::default()
    }
}

const INVOKE: Elements = Elements {
    call: ("<atem:invoke name=\"", "\">"),
    parameter: ("<atem:parameter name=\"", "\">"),
    end: "</atem:parameter>",
};
