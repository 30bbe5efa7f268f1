//! Calls as in Python, `f(a="x", b=1)`: lines of them (OLMo 3), or a list (LFM2).

use serde_json::Map;

use super::{Body, CallSyntax, Care, Named, around, enforced, hermes, marks, parameters};
use crate::chat::output::literals::{self, Literals, PLAIN};
use crate::chat::output::tools::Tools;
use crate::engine::protocol::{Notation, Parameters, Several};

/// `<function_calls>f(a="x")⏎g()</function_calls>`.
pub(in super::super) fn olmo3() -> CallSyntax {
    let lines = Several { separator: "\n".into(), ..Several::default() };
    between(("<function_calls>", "</function_calls>"), lines, |text, _, tools| {
        read(text, "<function_calls>", tools)
    })
}

/// `<|tool_call_start|>[f(a="x"), g()]<|tool_call_end|>`, or JSON in the same place.
pub(in super::super) fn lfm2() -> CallSyntax {
    let list = Several { open: "[".into(), separator: ",".into(), close: "]".into() };
    between(("<|tool_call_start|>", "<|tool_call_end|>"), list, |text, _, tools| {
        read(text, "<|tool_call_start|>", tools)
    })
}

/// Calls between marks.
fn between(
    (open, close): (&'static str, &'static str),
    several: Several,
    read: fn(&str, Care, &Tools) -> Option<Vec<Named>>,
) -> CallSyntax {
    let form = Parameters {
        behind: "(".into(),
        key: around(("", "=")),
        separator: ",".into(),
        end: ")".into(),
        notation: Notation::Python,
        several: Some(several),
        ..Parameters::default()
    };
    CallSyntax {
        opens: marks(&[open]),
        closes: marks(&[close]),
        trailers: &[],
        bare: false,
        body: Body::Text { read, is_closed: true },
        inner: &[],
        enforced: enforced(open, parameters(form, &[close]), close),
    }
}

fn read(text: &str, open: &str, tools: &Tools) -> Option<Vec<Named>> {
    let text = text.strip_prefix(open)?.trim();
    if text.starts_with('{') || text.strip_prefix('[').is_some_and(|list| list.trim_start().starts_with('{'))
    {
        return Some(hermes::read("", &literals::json(text, false)?, tools));
    }
    let mut literals = Literals::new(text, PLAIN);
    let is_list = literals.eat("[");
    let mut calls = Vec::new();
    loop {
        if is_list && literals.eat("]") {
            return literals.is_at_end().then_some(calls);
        }
        if literals.is_at_end() {
            return (!is_list).then_some(calls);
        }
        calls.push(call(&mut literals, tools)?);
        let _ = literals.eat(",") || literals.eat(";");
    }
}

/// One call. Arguments without a name are those of the tool's parameters, in their order.
fn call(literals: &mut Literals<'_>, tools: &Tools) -> Option<Named> {
    let name = literals.name()?.to_owned();
    literals.eat("(").then_some(())?;
    let mut arguments = Map::new();
    let parameters = tools.parameters(&name);
    let mut places = parameters.iter();
    while !literals.eat(")") {
        let key = match literals.keyword() {
            Some(key) => key,
            None => places.next()?,
        };
        arguments.insert(key.to_owned(), literals.value()?);
        literals.separator(")")?;
    }
    Some(Named { name, arguments })
}
