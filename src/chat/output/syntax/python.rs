//! Calls as in Python, `f(a="x", b=1)`: lines of them (OLMo 3), or a list (LFM2).

use serde_json::Map;

use super::{Body, CallSyntax, Named, hermes, marks};
use crate::chat::output::literals::{self, Literals, PLAIN};
use crate::chat::output::tools::Tools;

/// `<function_calls>f(a="x")⏎g()</function_calls>`.
pub(in super::super) fn olmo3() -> CallSyntax {
    CallSyntax {
        opens: marks(&["<function_calls>"]),
        closes: marks(&["</function_calls>"]),
        trailers: &[],
        bare: false,
        body: Body::Text { read: |text, _, tools| read(text, "<function_calls>", tools), is_closed: true },
        inner: &[],
        enforced: None,
    }
}

/// `<|tool_call_start|>[f(a="x"), g()]<|tool_call_end|>`, or JSON in the same place.
pub(in super::super) fn lfm2() -> CallSyntax {
    CallSyntax {
        opens: marks(&["<|tool_call_start|>"]),
        closes: marks(&["<|tool_call_end|>"]),
        trailers: &[],
        bare: false,
        body: Body::Text { read: |text, _, tools| read(text, "<|tool_call_start|>", tools), is_closed: true },
        inner: &[],
        enforced: None,
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
