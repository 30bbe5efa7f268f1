//! `<|START_ACTION|>[{"tool_call_id":"0","tool_name":…,"parameters":{…}}]<|END_ACTION|>`, as Command A and R7B write it.

use super::{Body, CallSyntax, Tags, enforced, hermes, marks};
use crate::engine::protocol::CallBody;

/// All marks are special tokens.
pub(in super::super) fn tags() -> Tags {
    let list = CallBody::Object {
        id: Some("tool_call_id".into()),
        name: "tool_name".into(),
        arguments: "parameters".into(),
        listed: true,
    };
    let calls = CallSyntax {
        opens: marks(&["<|START_ACTION|>"]),
        closes: marks(&["<|END_ACTION|>"]),
        trailers: &[],
        bare: false,
        body: Body::Json { starts: &["{", "["], read: hermes::read },
        inner: &[],
        enforced: enforced("<|START_ACTION|>", list, "<|END_ACTION|>"),
    };
    Tags {
        think: Some(("<|START_THINKING|>".into(), "<|END_THINKING|>".into())),
        thinks_anywhere: true,
        calls: Some(calls),
        skipped: &["<|START_TEXT|>", "<|END_TEXT|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>"],
        ..Tags::default()
    }
}
