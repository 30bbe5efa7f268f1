//! Chat completions on OpenAI's wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::ErrorBody;
use super::shared::{Head, Usage, done, event};
use crate::api::logprobs::TokenProbability;
use crate::api::piece::{Call, Part, Piece, Totals, Whole};
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
    /// `stop`, `length` or `tool_calls`.
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
    /// Thoughts before it.
    #[serde(skip_serializing_if = "str::is_empty")]
    reasoning: &'a str,
    /// Calls of tools.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CalledTool<'a>>,
}

/// A call of a tool.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatToolCall)]
pub struct CalledTool<'a> {
    /// By which the result names it.
    id: &'a str,
    /// Counts the calls of an answer, from 0.
    index: u32,
    /// `function`.
    r#type: &'static str,
    /// What is called.
    function: CalledFunction<'a>,
}

/// The tool that is called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatToolCallFunction)]
pub struct CalledFunction<'a> {
    /// The tool's name.
    name: &'a str,
    /// The arguments, JSON.
    arguments: String,
}

impl<'a> From<&'a Call> for CalledTool<'a> {
    fn from(Call { id, call }: &'a Call) -> Self {
        let arguments = serde_json::to_string(&call.arguments).unwrap_or_default();
        let function = CalledFunction { name: &call.name, arguments };
        Self { id, index: call.index, r#type: "function", function }
    }
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
    /// `stop`, `length` or `tool_calls` in the last part.
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
    /// Thoughts before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    /// A complete call of a tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[CalledTool<'a>; 1]>,
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
            message: Reply {
                role: "assistant",
                content: &whole.content,
                reasoning: &whole.thinking,
                tool_calls: whole.calls.iter().map(Into::into).collect(),
            },
            finish_reason: reason(&whole.totals, !whole.calls.is_empty()),
            logprobs: logprobs(&whole.logprobs),
        }],
        usage: (&whole.totals).into(),
    }
}

/// Why an answer ended: with calls of tools, if there were some.
fn reason(totals: &Totals, called: bool) -> &'static str {
    match totals.reason() {
        "stop" if called => "tool_calls",
        reason => reason,
    }
}

/// Writes the stream of one answer.
#[derive(Clone, Debug)]
pub struct Encoder {
    head: Head,
    include_usage: bool,
    /// The first part names the role.
    begun: bool,
    /// Whether there was a call of a tool.
    called: bool,
}

impl Encoder {
    /// Streams an answer; with `include_usage` a chunk with the usage comes before the end.
    #[must_use]
    pub fn new(head: Head, include_usage: bool) -> Self {
        Self { head, include_usage, begun: false, called: false }
    }

    fn delta(&mut self, delta: Delta<'_>, tokens: &[TokenLogprob], out: &mut Vec<u8>) {
        let role = (!self.begun).then_some("assistant");
        self.begun = true;
        let delta = Delta { role, ..delta };
        let choice = ChunkChoice { index: 0, delta, finish_reason: None, logprobs: logprobs(tokens) };
        self.chunk(&[choice], None, out);
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
        let Piece { parts, logprobs: tokens, end, .. } = piece;
        let failed = matches!(end, Some(Err(_)));
        // They come with the first chunk of a piece.
        let mut tokens = tokens.as_slice();
        for part in &parts {
            let delta = match part {
                Part::Content(text) => Delta { content: Some(text), ..Delta::default() },
                Part::Thinking(text) => {
                    Delta { content: Some(""), reasoning: Some(text), ..Delta::default() }
                }
                Part::Call(call) => {
                    self.called = true;
                    Delta { content: Some(""), tool_calls: Some([call.into()]), ..Delta::default() }
                }
            };
            self.delta(delta, std::mem::take(&mut tokens), out);
        }
        // An answer without any text still says whose it is.
        if !tokens.is_empty() || (!self.begun && !failed) {
            self.delta(Delta { content: Some(""), ..Delta::default() }, tokens, out);
        }
        match end {
            None => return,
            Some(Ok(totals)) => {
                let finish_reason = Some(reason(&totals, self.called));
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
    use crate::chat::output::ToolCall;
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
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Content(text.into())] };
        Piece { at: jiff::Timestamp::UNIX_EPOCH, parts, logprobs: Vec::new(), end }
    }

    fn stopped() -> Totals {
        let totals = totals();
        Totals { summary: Summary { reason: FinishReason::Stop, ..totals.summary }, ..totals }
    }

    fn call(index: u32) -> Call {
        let arguments = serde_json::json!({"city": "Cusco", "days": 2}).as_object().unwrap().clone();
        Call { id: format!("call_{index}"), call: ToolCall { index, name: "weather".into(), arguments } }
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
    fn thoughts_and_calls_have_chunks_of_their_own() {
        let parts = vec![
            Part::Thinking("Hm.".into()),
            Part::Content("Well.".into()),
            Part::Call(call(0)),
            Part::Call(call(1)),
        ];
        let pieces = vec![Piece { parts, ..piece("", Some(Ok(stopped()))) }];
        insta::assert_snapshot!(stream(false, pieces), @r#"
        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"Hm."},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"delta":{"content":"Well."},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"delta":{"content":"","tool_calls":[{"id":"call_0","index":0,"type":"function","function":{"name":"weather","arguments":"{\"city\":\"Cusco\",\"days\":2}"}}]},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"delta":{"content":"","tool_calls":[{"id":"call_1","index":1,"type":"function","function":{"name":"weather","arguments":"{\"city\":\"Cusco\",\"days\":2}"}}]},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

        data: [DONE]
        "#);
        let parts = vec![Part::Call(call(0))];
        let cut = stream(false, vec![Piece { parts, ..piece("", Some(Ok(totals()))) }]);
        assert!(cut.contains(r#""finish_reason":"length""#), "{cut}");
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
        let mut answer = Whole {
            at: jiff::Timestamp::UNIX_EPOCH,
            content: "a".into(),
            thinking: String::new(),
            calls: Vec::new(),
            logprobs: vec![TokenLogprob {
                chosen: TokenChance { bytes: b"a".to_vec(), logprob: -0.5 },
                top: vec![TokenChance { bytes: b"a".to_vec(), logprob: -0.5 }],
            }],
            totals: totals(),
        };
        insta::assert_snapshot!(serde_json::to_string(&whole(&head(), &answer)).unwrap(), @r#"{"id":"chatcmpl-1","object":"chat.completion","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"length","logprobs":{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[{"token":"a","logprob":-0.5,"bytes":[97]}]}]}}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}}"#);
        answer.thinking = "Hm.".into();
        answer.calls = vec![call(0), call(1)];
        answer.totals = stopped();
        answer.logprobs.clear();
        insta::assert_snapshot!(serde_json::to_string(&whole(&head(), &answer)).unwrap(), @r#"{"id":"chatcmpl-1","object":"chat.completion","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"index":0,"message":{"role":"assistant","content":"a","reasoning":"Hm.","tool_calls":[{"id":"call_0","index":0,"type":"function","function":{"name":"weather","arguments":"{\"city\":\"Cusco\",\"days\":2}"}},{"id":"call_1","index":1,"type":"function","function":{"name":"weather","arguments":"{\"city\":\"Cusco\",\"days\":2}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}}"#);
    }
}
