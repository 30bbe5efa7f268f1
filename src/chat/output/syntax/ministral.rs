//! `[TOOL_CALLS]NAME[ARGS]{…}`, once for each call, as Mistral's newer models write it; older ones write
//! `[TOOL_CALLS][{"name":…,"arguments":{…}}]`.

use serde_json::Value;

use super::{Body, CallSyntax, Named, enforced, hermes, marks, named};
use crate::chat::output::tools::Tools;

/// A name, and JSON.
pub(in super::super) fn calls() -> CallSyntax {
    CallSyntax {
        opens: marks(&["[TOOL_CALLS]"]),
        closes: Vec::new(),
        trailers: &["]"],
        bare: false,
        body: Body::Json { starts: &["{"], read },
        inner: &["[ARGS]", "[CALL_ID]"],
        enforced: enforced("[TOOL_CALLS]", named("", "[ARGS]", ""), ""),
    }
}

fn read(before: &str, value: &Value, tools: &Tools) -> Vec<Named> {
    let name = before.split("[ARGS]").next().and_then(|before| before.split("[CALL_ID]").next());
    let name = name.unwrap_or_default().trim();
    match value {
        Value::Object(arguments) if !name.trim_start_matches('[').is_empty() => {
            vec![Named { name: name.to_owned(), arguments: arguments.clone() }]
        }
        _ => hermes::read("", value, tools),
    }
}
