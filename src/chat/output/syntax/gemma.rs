//! `call:NAME{key:value,…}` between marks, strings between marks too, as Function Gemma and Gemma 4 write it.

use super::{Body, CallSyntax, Care, Named, around, enforced, marks, parameters};
use crate::chat::output::literals::{Literals, Quotes};
use crate::chat::output::tools::Tools;
use crate::engine::protocol::{Notation, Parameters};

/// `<start_function_call>call:NAME{key:<escape>text<escape>}<end_function_call>`.
pub(in super::super) fn function_gemma() -> CallSyntax {
    between(("<start_function_call>", "<end_function_call>"), &["<escape>"], |text, _, _| {
        read(text, "<start_function_call>", &["<escape>", "\""])
    })
}

/// `<|tool_call>call:NAME{key:<|"|>text<|"|>}<tool_call|>`.
pub(in super::super) fn gemma4() -> CallSyntax {
    between(("<|tool_call>", "<tool_call|>"), &["<|\"|>"], |text, _, _| {
        read(text, "<|tool_call>", &["<|\"|>", "\""])
    })
}

/// Calls between marks, with a text around strings.
fn between(
    (open, close): (&'static str, &'static str),
    quote: &'static [&'static str; 1],
    read: fn(&str, Care, &Tools) -> Option<Vec<Named>>,
) -> CallSyntax {
    let form = Parameters {
        before: "call:".into(),
        behind: "{".into(),
        key: around(("", ":")),
        separator: ",".into(),
        end: "}".into(),
        notation: Notation::Quoted(quote[0].into()),
        ..Parameters::default()
    };
    CallSyntax {
        opens: marks(&[open]),
        closes: marks(&[close]),
        trailers: &[],
        bare: false,
        body: Body::Text { read, is_closed: true },
        inner: quote,
        enforced: enforced(open, parameters(form, &[quote[0], close]), close),
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
