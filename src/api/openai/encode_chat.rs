//! Chat completions on OpenAI's wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::ErrorBody;
use super::shared::{Head, Usage, done, event};
use crate::api::logprobs::TokenProbability;
use crate::api::piece::{Piece, Whole};
use crate::api::stream::Encode;
use crate::engine::protocol::TokenLogprob;

const FINGERPRINT: &str = "fp_quipu";

/// A chat completion.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatCompletion<'a> {
    /// Unique.
    id: &'a str,
    /// `chat.completion`.
    object: &'static str,
    /// Seconds since 1970.
    created: i64,
    /// The model, as the request names it.
    model: &'a str,
    /// Of the server.
    system_fingerprint: &'static str,
    /// The answers; there is one.
    choices: [Choice<'a>; 1],
    /// Tokens.
    usage: Usage,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatChoice)]
pub struct Choice<'a> {
    /// 0.
    index: u32,
    /// What the assistant says.
    message: Reply<'a>,
    /// `stop` or `length`.
    finish_reason: &'a str,
    /// One entry for each token, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<Logprobs>,
}

/// What the assistant says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reply<'a> {
    /// `assistant`.
    role: &'static str,
    /// Text.
    content: &'a str,
}

/// A part of a streamed chat completion.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatCompletionChunk<'a> {
    /// The same in all chunks of an answer.
    id: &'a str,
    /// `chat.completion.chunk`.
    object: &'static str,
    /// Seconds since 1970; the same in all chunks of an answer.
    created: i64,
    /// The model, as the request names it.
    model: &'a str,
    /// Of the server.
    system_fingerprint: &'static str,
    /// One part, or none in the chunk with the usage.
    #[schema(value_type = Vec<ChunkChoice<'a>>)]
    choices: &'a [ChunkChoice<'a>],
    /// Tokens, in the last chunk and if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

/// A part of an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatChunkChoice)]
pub struct ChunkChoice<'a> {
    /// 0.
    index: u32,
    /// What is new.
    delta: Delta<'a>,
    /// `stop` or `length` in the last part.
    finish_reason: Option<&'a str>,
    /// One entry for each token, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<Logprobs>,
}

/// What is new in an answer.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Delta<'a> {
    /// `assistant`, in the first part.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

/// Log-probabilities.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ChatLogprobs)]
pub struct Logprobs {
    /// One entry for each token.
    content: Vec<TokenEntry>,
}

/// The log-probability of a token and of its alternatives.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ChatTokenLogprob)]
pub struct TokenEntry {
    #[serde(flatten)]
    chosen: TokenProbability,
    /// Likeliest first.
    top_logprobs: Vec<TokenProbability>,
}

impl From<&TokenLogprob> for TokenEntry {
    fn from(token: &TokenLogprob) -> Self {
        Self { chosen: (&token.chosen).into(), top_logprobs: token.top.iter().map(Into::into).collect() }
    }
}

fn logprobs(tokens: &[TokenLogprob]) -> Option<Logprobs> {
    (!tokens.is_empty()).then(|| Logprobs { content: tokens.iter().map(Into::into).collect() })
}

/// A whole answer as one object.
#[must_use]
pub(super) fn whole<'a>(head: &'a Head, whole: &'a Whole) -> ChatCompletion<'a> {
    ChatCompletion {
        id: &head.id,
        object: "chat.completion",
        created: head.created,
        model: &head.model,
        system_fingerprint: FINGERPRINT,
        choices: [Choice {
            index: 0,
            message: Reply { role: "assistant", content: &whole.text },
            finish_reason: whole.totals.reason(),
            logprobs: logprobs(&whole.logprobs),
        }],
        usage: (&whole.totals).into(),
    }
}

/// Writes the stream of one answer.
#[derive(Clone, Debug)]
pub struct Encoder {
    head: Head,
    include_usage: bool,
    /// The first part names the role.
    begun: bool,
}

impl Encoder {
    /// Streams an answer; with `include_usage` a chunk with the usage comes before the end.
    #[must_use]
    pub fn new(head: Head, include_usage: bool) -> Self {
        Self { head, include_usage, begun: false }
    }

    fn chunk(&self, choices: &[ChunkChoice<'_>], usage: Option<Usage>, out: &mut Vec<u8>) {
        let chunk = ChatCompletionChunk {
            id: &self.head.id,
            object: "chat.completion.chunk",
            created: self.head.created,
            model: &self.head.model,
            system_fingerprint: FINGERPRINT,
            choices,
            usage,
        };
        event(&chunk, out);
    }
}

impl Encode for Encoder {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn piece(&mut self, piece: Piece, out: &mut Vec<u8>) {
        let Piece { text, logprobs: tokens, end, .. } = piece;
        let failed = matches!(end, Some(Err(_)));
        // An answer without any text still says whose it is.
        if !text.is_empty() || !tokens.is_empty() || (!self.begun && !failed) {
            let role = (!self.begun).then_some("assistant");
            self.begun = true;
            let delta = Delta { role, content: Some(&text) };
            let choice = ChunkChoice { index: 0, delta, finish_reason: None, logprobs: logprobs(&tokens) };
            self.chunk(&[choice], None, out);
        }
        match end {
            None => return,
            Some(Ok(totals)) => {
                let finish_reason = Some(totals.reason());
                let choice = ChunkChoice { index: 0, delta: Delta::default(), finish_reason, logprobs: None };
                self.chunk(&[choice], None, out);
                if self.include_usage {
                    self.chunk(&[], Some((&totals).into()), out);
                }
            }
            Some(Err(failure)) => event(&ErrorBody::from(&failure), out),
        }
        done(out);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::piece::Totals;
    use crate::engine::protocol::{FinishReason, RequestError, Summary, TokenChance};

    fn head() -> Head {
        Head { id: "chatcmpl-1".into(), created: 1_738_367_999, model: "stories".into() }
    }

    fn totals() -> Totals {
        let summary = Summary {
            reason: FinishReason::Length,
            prompt_tokens: 5,
            cached_tokens: 4,
            completion_tokens: 2,
            queue_ns: 0,
            prefill_ns: 0,
            decode_ns: 0,
            tokens: None,
        };
        Totals { summary, total: Duration::ZERO, load: Duration::ZERO }
    }

    fn piece(text: &str, end: Option<Result<Totals, crate::api::error::Failure>>) -> Piece {
        Piece { at: jiff::Timestamp::UNIX_EPOCH, text: text.into(), logprobs: Vec::new(), end }
    }

    fn stream(include_usage: bool, pieces: Vec<Piece>) -> String {
        let mut encoder = Encoder::new(head(), include_usage);
        let mut out = Vec::new();
        for piece in pieces {
            encoder.piece(piece, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_stream_with_usage() {
        let pieces = vec![piece("Once", None), piece(" upon", Some(Ok(totals())))];
        insta::assert_snapshot!(stream(true, pieces), @r#"
        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"delta":{"role":"assistant","content":"Once"},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"delta":{"content":" upon"},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"delta":{},"finish_reason":"length"}]}

        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}}

        data: [DONE]
        "#);
    }

    #[test]
    fn an_answer_without_text_still_says_whose_it_is() {
        let text = stream(false, vec![piece("", Some(Ok(totals())))]);
        assert!(text.contains(r#""delta":{"role":"assistant","content":""}"#), "{text}");
        assert!(!text.contains("usage"), "{text}");
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    }

    #[test]
    fn a_stream_that_breaks_ends_with_an_error() {
        let died = RequestError::EngineDied("killed by signal 9".into()).into();
        let text = stream(true, vec![piece("Once", None), piece("", Some(Err(died)))]);
        insta::assert_snapshot!(text.split_once("\n\n").unwrap().1, @r#"
        data: {"error":{"message":"the engine of this model stopped unexpectedly (killed by signal 9); the next request starts it again","type":"api_error","param":null,"code":null}}

        data: [DONE]
        "#);
    }

    #[test]
    fn a_whole_answer_is_one_object() {
        let answer = Whole {
            at: jiff::Timestamp::UNIX_EPOCH,
            text: "a".into(),
            logprobs: vec![TokenLogprob {
                chosen: TokenChance { bytes: b"a".to_vec(), logprob: -0.5 },
                top: vec![TokenChance { bytes: b"a".to_vec(), logprob: -0.5 }],
            }],
            totals: totals(),
        };
        insta::assert_snapshot!(serde_json::to_string(&whole(&head(), &answer)).unwrap(), @r#"{"id":"chatcmpl-1","object":"chat.completion","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"length","logprobs":{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[{"token":"a","logprob":-0.5,"bytes":[97]}]}]}}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}}"#);
    }
}
