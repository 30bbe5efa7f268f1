//! `<|START_ACTION|>[{"tool_call_id":"0","tool_name":…,"parameters":{…}}]<|END_ACTION|>`, as Command A and R7B write it.

use super::{Body, CallSyntax, Tags, hermes, marks};

/// All marks are special tokens.
pub(in super::super) fn tags() -> Tags {
    let calls = CallSyntax {
        opens: marks(&["<|START_ACTION|>"]),
        closes: marks(&["<|END_ACTION|>"]),
        trailers: &[],
        bare: false,
        body: Body::Json { starts: &["{", "["], read: hermes::read },
        inner: &[],
        enforced: None,
    };
    Tags {
        think: Some(("<|START_THINKING|>".into(), "<|END_THINKING|>".into())),
        thinks_anywhere: true,
        calls: Some(calls),
        skipped: &["<|START_TEXT|>", "<|END_TEXT|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>"],
        ..Tags::default()
    }
}
