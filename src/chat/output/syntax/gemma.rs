//! `call:NAME{key:value,…}` between marks, strings between marks too, as Function Gemma and Gemma 4 write it.

use super::{Body, CallSyntax, Named, marks};
use crate::chat::output::literals::{Literals, Quotes};

/// `<start_function_call>call:NAME{key:<escape>text<escape>}<end_function_call>`.
pub(in super::super) fn function_gemma() -> CallSyntax {
    CallSyntax {
        opens: marks(&["<start_function_call>"]),
        closes: marks(&["<end_function_call>"]),
        trailers: &[],
        bare: false,
        body: Body::Text {
            read: |text, _, _| read(text, "<start_function_call>", &["<escape>", "\""]),
            is_closed: true,
        },
        inner: &["<escape>"],
        enforced: None,
    }
}

/// `<|tool_call>call:NAME{key:<|"|>text<|"|>}<tool_call|>`.
pub(in super::super) fn gemma4() -> CallSyntax {
    CallSyntax {
        opens: marks(&["<|tool_call>"]),
        closes: marks(&["<tool_call|>"]),
        trailers: &[],
        bare: false,
        body: Body::Text {
            read: |text, _, _| read(text, "<|tool_call>", &["<|\"|>", "\""]),
            is_closed: true,
        },
        inner: &["<|\"|>"],
        enforced: None,
    }
}

fn read(text: &str, open: &str, quotes: Quotes) -> Option<Vec<Named>> {
    let mut literals = Literals::new(text.strip_prefix(open)?, quotes);
    literals.eat("call:");
    let name = literals.name()?.to_owned();
    literals.eat("{").then_some(())?;
    let arguments = literals.object("}")?;
    literals.is_at_end().then(|| vec![Named { name, arguments }])
}
