//! Answers on Ollama's wire: one object a line, or one object in all.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::ErrorBody;
use crate::api::logprobs::TokenProbability;
use crate::api::piece::{self, Call, GoTime, Piece, Totals, Whole};
use crate::api::stream::{Encode, json};
use crate::engine::protocol::{Token, TokenLogprob};

/// Figures of a complete answer. Durations are in nanoseconds; zeros are left out.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Metrics {
    /// From the request's arrival to the end.
    #[serde(skip_serializing_if = "is_zero")]
    total_duration: u64,
    /// Of that, waiting for the model to be loaded.
    #[serde(skip_serializing_if = "is_zero")]
    load_duration: u64,
    /// Tokens of the prompt, cached ones included.
    #[serde(skip_serializing_if = "is_zero")]
    prompt_eval_count: u64,
    /// Time for the prompt.
    #[serde(skip_serializing_if = "is_zero")]
    prompt_eval_duration: u64,
    /// Tokens of the answer.
    #[serde(skip_serializing_if = "is_zero")]
    eval_count: u64,
    /// Time for the answer.
    #[serde(skip_serializing_if = "is_zero")]
    eval_duration: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl From<&Totals> for Metrics {
    fn from(totals: &Totals) -> Self {
        Self {
            total_duration: totals.total.as_nanos() as u64,
            load_duration: totals.load.as_nanos() as u64,
            prompt_eval_count: totals.summary.prompt_tokens.into(),
            prompt_eval_duration: totals.summary.prefill_ns,
            eval_count: totals.summary.completion_tokens.into(),
            eval_duration: totals.summary.decode_ns,
        }
    }
}

/// The log-probability of a token and of its alternatives.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Logprob {
    #[serde(flatten)]
    chosen: TokenProbability,
    /// Likeliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    top_logprobs: Vec<TokenProbability>,
}

impl From<&TokenLogprob> for Logprob {
    fn from(token: &TokenLogprob) -> Self {
        Self { chosen: (&token.chosen).into(), top_logprobs: token.top.iter().map(Into::into).collect() }
    }
}

/// An answer of `/api/generate`, or a part of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct GenerateResponse<'a> {
    /// The model, as the request names it.
    model: &'a str,
    /// When this part was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: GoTime,
    /// Text.
    response: &'a str,
    /// Thoughts before it.
    #[serde(skip_serializing_if = "str::is_empty")]
    thinking: &'a str,
    /// Whether this is the last part.
    done: bool,
    /// `stop`, `length`, `load` or `unload`.
    #[serde(skip_serializing_if = "Option::is_none")]
    done_reason: Option<&'a str>,
    /// Prompt and answer as tokens, to go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<u32>>)]
    context: Option<&'a [Token]>,
    #[serde(flatten)]
    metrics: Option<Metrics>,
    /// Calls of tools, if the prompt brought some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CalledTool<'a>>,
    /// The prompt, if nothing else was asked for.
    #[serde(rename = "_debug_info", skip_serializing_if = "Option::is_none")]
    debug_info: Option<DebugInfo<'a>>,
    /// One entry for each token, if asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logprobs: Vec<Logprob>,
}

/// What would go to the model.
#[derive(Debug, Serialize, ToSchema)]
pub struct DebugInfo<'a> {
    /// The prompt, as the template makes it.
    rendered_template: &'a str,
}

/// An answer of `/api/chat`, or a part of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatResponse<'a> {
    /// The model, as the request names it.
    model: &'a str,
    /// When this part was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: GoTime,
    /// The assistant's message, or a part of it.
    message: AnswerMessage<'a>,
    /// Whether this is the last part.
    done: bool,
    /// `stop`, `length`, `load` or `unload`.
    #[serde(skip_serializing_if = "Option::is_none")]
    done_reason: Option<&'a str>,
    /// The prompt, if nothing else was asked for.
    #[serde(rename = "_debug_info", skip_serializing_if = "Option::is_none")]
    debug_info: Option<DebugInfo<'a>>,
    /// One entry for each token, if asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logprobs: Vec<Logprob>,
    #[serde(flatten)]
    metrics: Option<Metrics>,
}

/// What the assistant says.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnswerMessage<'a> {
    /// `assistant`.
    role: &'static str,
    /// Text.
    content: &'a str,
    /// Thoughts before it.
    #[serde(skip_serializing_if = "str::is_empty")]
    thinking: &'a str,
    /// Calls of tools.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CalledTool<'a>>,
}

/// A call of a tool.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToolCall)]
pub struct CalledTool<'a> {
    /// By which the result may name it.
    id: &'a str,
    /// What is called.
    function: CalledFunction<'a>,
}

/// The tool that is called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToolCallFunction)]
pub struct CalledFunction<'a> {
    /// Counts the calls of an answer, from 0.
    index: u32,
    /// The tool's name.
    name: &'a str,
    /// The arguments.
    #[schema(value_type = Object)]
    arguments: &'a Map<String, Value>,
}

impl<'a> From<&'a Call> for CalledTool<'a> {
    fn from(Call { id, call }: &'a Call) -> Self {
        let function = CalledFunction { index: call.index, name: &call.name, arguments: &call.arguments };
        Self { id, function }
    }
}

/// Which of the two shapes an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// That of `/api/generate`.
    Generate,
    /// That of `/api/chat`.
    Chat,
}

/// A part of an answer before it has a shape.
struct Part<'a> {
    at: jiff::Timestamp,
    text: &'a str,
    thinking: &'a str,
    calls: &'a [Call],
    logprobs: &'a [TokenLogprob],
    reason: Option<&'a str>,
    totals: Option<&'a Totals>,
    prompt: Option<&'a str>,
}

impl Part<'_> {
    /// Nothing yet.
    fn new(at: jiff::Timestamp) -> Self {
        Self {
            at,
            text: "",
            thinking: "",
            calls: &[],
            logprobs: &[],
            reason: None,
            totals: None,
            prompt: None,
        }
    }
}

/// Writes answers of one request.
#[derive(Clone, Debug)]
pub struct Encoder {
    model: String,
    shape: Shape,
}

impl Encoder {
    /// `model` as the request names it.
    #[must_use]
    pub fn new(model: String, shape: Shape) -> Self {
        Self { model, shape }
    }

    /// A whole answer as one object.
    #[must_use]
    pub(super) fn whole(&self, whole: &Whole) -> Vec<u8> {
        let mut out = Vec::new();
        let part = Part {
            at: whole.at,
            text: &whole.content,
            thinking: &whole.thinking,
            calls: &whole.calls,
            logprobs: &whole.logprobs,
            reason: Some(whole.totals.reason()),
            totals: Some(&whole.totals),
            prompt: None,
        };
        self.write(&part, &mut out);
        out
    }

    /// The answer to a request that has nothing to continue: the model was loaded, or unloaded.
    #[must_use]
    pub(super) fn without_text(&self, at: jiff::Timestamp, reason: &str) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&Part { reason: Some(reason), ..Part::new(at) }, &mut out);
        out
    }

    /// The answer to a request that only wants to see its prompt.
    #[must_use]
    pub(super) fn rendered(&self, at: jiff::Timestamp, prompt: &str) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&Part { prompt: Some(prompt), ..Part::new(at) }, &mut out);
        out
    }

    fn write(&self, part: &Part<'_>, out: &mut Vec<u8>) {
        let Self { model, shape } = self;
        let created_at = GoTime(part.at);
        let metrics = part.totals.map(Into::into);
        let (done, done_reason) = (part.reason.is_some(), part.reason);
        let logprobs = part.logprobs.iter().map(Into::into).collect();
        let tool_calls = part.calls.iter().map(Into::into).collect();
        let thinking = part.thinking;
        let debug_info = part.prompt.map(|rendered_template| DebugInfo { rendered_template });
        match shape {
            Shape::Generate => {
                let context = part.totals.and_then(|totals| totals.summary.tokens.as_deref());
                let response = part.text;
                json(
                    &GenerateResponse {
                        model,
                        created_at,
                        response,
                        thinking,
                        done,
                        done_reason,
                        context,
                        metrics,
                        tool_calls,
                        debug_info,
                        logprobs,
                    },
                    out,
                );
            }
            Shape::Chat => {
                let message = AnswerMessage { role: "assistant", content: part.text, thinking, tool_calls };
                json(
                    &ChatResponse {
                        model,
                        created_at,
                        message,
                        done,
                        done_reason,
                        debug_info,
                        logprobs,
                        metrics,
                    },
                    out,
                );
            }
        }
    }

    fn line(&self, part: &Part<'_>, out: &mut Vec<u8>) {
        self.write(part, out);
        out.push(b'\n');
    }
}

impl Encode for Encoder {
    const CONTENT_TYPE: &'static str = "application/x-ndjson";

    fn piece(&mut self, piece: Piece, out: &mut Vec<u8>) {
        let Piece { at, parts, logprobs, end } = piece;
        // They come with the first line of a piece.
        let mut logprobs = logprobs.as_slice();
        for part in &parts {
            let line = Part { logprobs: std::mem::take(&mut logprobs), ..Part::new(at) };
            let line = match part {
                piece::Part::Content(text) => Part { text, ..line },
                piece::Part::Thinking(thinking) => Part { thinking, ..line },
                piece::Part::Call(call) => Part { calls: std::slice::from_ref(call), ..line },
            };
            self.line(&line, out);
        }
        if !logprobs.is_empty() {
            self.line(&Part { logprobs, ..Part::new(at) }, out);
        }
        match end {
            None => {}
            Some(Ok(totals)) => {
                let (reason, totals) = (Some(totals.reason()), Some(&totals));
                self.line(&Part { reason, totals, ..Part::new(at) }, out);
            }
            Some(Err(failure)) => {
                json(&ErrorBody { error: failure.to_string() }, out);
                out.push(b'\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::error::Failure;
    use crate::chat::output::ToolCall;
    use crate::engine::protocol::{FinishReason, RequestError, Summary, TokenChance};

    fn piece(text: &str, end: Option<Result<Totals, Failure>>) -> Piece {
        let text = (!text.is_empty()).then(|| piece::Part::Content(text.into()));
        Piece { at: at(), parts: text.into_iter().collect(), logprobs: Vec::new(), end }
    }

    fn call(index: u32) -> Call {
        let arguments = serde_json::json!({"city": "Cusco", "days": 2}).as_object().unwrap().clone();
        Call { id: format!("call_{index}"), call: ToolCall { index, name: "weather".into(), arguments } }
    }

    /// A piece of each kind of part.
    fn thought_and_called(end: Option<Result<Totals, Failure>>) -> Piece {
        let thoughts = piece::Part::Thinking("Hm.".into());
        let parts = vec![thoughts, piece::Part::Content("Well.".into()), piece::Part::Call(call(0))];
        Piece { at: at(), parts, logprobs: Vec::new(), end }
    }

    fn at() -> jiff::Timestamp {
        "2025-01-31T23:59:59.123456789Z".parse().unwrap()
    }

    fn totals(tokens: Option<Vec<Token>>) -> Totals {
        let summary = Summary {
            reason: FinishReason::Stop,
            prompt_tokens: 5,
            cached_tokens: 4,
            completion_tokens: 2,
            queue_ns: 10,
            prefill_ns: 2_000,
            decode_ns: 3_000,
            tokens,
        };
        Totals { summary, total: Duration::from_nanos(9_000), load: Duration::from_nanos(1_000) }
    }

    fn stream(shape: Shape, pieces: Vec<Piece>) -> String {
        let mut encoder = Encoder::new("stories".into(), shape);
        let mut out = Vec::new();
        for piece in pieces {
            encoder.piece(piece, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_stream_of_generate() {
        let pieces = vec![piece("Once", None), piece(" \"upon\"\n", Some(Ok(totals(Some(vec![1, 2, 3])))))];
        insta::assert_snapshot!(stream(Shape::Generate, pieces), @r#"
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":"Once","done":false}
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":" \"upon\"\n","done":false}
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":"","done":true,"done_reason":"stop","context":[1,2,3],"total_duration":9000,"load_duration":1000,"prompt_eval_count":5,"prompt_eval_duration":2000,"eval_count":2,"eval_duration":3000}
        "#);
    }

    #[test]
    fn a_stream_of_chat() {
        let pieces = vec![piece("Once", None), piece("", Some(Ok(totals(None))))];
        insta::assert_snapshot!(stream(Shape::Chat, pieces), @r#"
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","message":{"role":"assistant","content":"Once"},"done":false}
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":9000,"load_duration":1000,"prompt_eval_count":5,"prompt_eval_duration":2000,"eval_count":2,"eval_duration":3000}
        "#);
    }

    #[test]
    fn thoughts_and_calls_have_lines_of_their_own() {
        let pieces = || vec![thought_and_called(Some(Ok(totals(None))))];
        insta::assert_snapshot!(stream(Shape::Chat, pieces()), @r#"
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","message":{"role":"assistant","content":"","thinking":"Hm."},"done":false}
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","message":{"role":"assistant","content":"Well."},"done":false}
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"call_0","function":{"index":0,"name":"weather","arguments":{"city":"Cusco","days":2}}}]},"done":false}
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":9000,"load_duration":1000,"prompt_eval_count":5,"prompt_eval_duration":2000,"eval_count":2,"eval_duration":3000}
        "#);
        insta::assert_snapshot!(stream(Shape::Generate, pieces()), @r#"
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":"","thinking":"Hm.","done":false}
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":"Well.","done":false}
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":"","done":false,"tool_calls":[{"id":"call_0","function":{"index":0,"name":"weather","arguments":{"city":"Cusco","days":2}}}]}
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":"","done":true,"done_reason":"stop","total_duration":9000,"load_duration":1000,"prompt_eval_count":5,"prompt_eval_duration":2000,"eval_count":2,"eval_duration":3000}
        "#);
    }

    #[test]
    fn a_stream_that_breaks_ends_with_an_error() {
        let died = Failure::from(RequestError::EngineDied("killed by signal 9".into()));
        let pieces = vec![piece("Once", None), piece("", Some(Err(died)))];
        insta::assert_snapshot!(stream(Shape::Chat, pieces), @r#"
        {"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","message":{"role":"assistant","content":"Once"},"done":false}
        {"error":"the engine of this model stopped unexpectedly (killed by signal 9); the next request starts it again"}
        "#);
    }

    #[test]
    fn whole_answers_have_one_object() {
        let mut whole = Whole {
            at: at(),
            content: "Once upon".into(),
            thinking: String::new(),
            calls: Vec::new(),
            logprobs: Vec::new(),
            totals: totals(Some(vec![1])),
        };
        let object = |shape, whole: &Whole| {
            String::from_utf8(Encoder::new("stories".into(), shape).whole(whole)).unwrap()
        };
        insta::assert_snapshot!(object(Shape::Generate, &whole), @r#"{"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":"Once upon","done":true,"done_reason":"stop","context":[1],"total_duration":9000,"load_duration":1000,"prompt_eval_count":5,"prompt_eval_duration":2000,"eval_count":2,"eval_duration":3000}"#);
        insta::assert_snapshot!(object(Shape::Chat, &whole), @r#"{"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","message":{"role":"assistant","content":"Once upon"},"done":true,"done_reason":"stop","total_duration":9000,"load_duration":1000,"prompt_eval_count":5,"prompt_eval_duration":2000,"eval_count":2,"eval_duration":3000}"#);
        whole.thinking = "Hm.".into();
        whole.calls = vec![call(0), call(1)];
        insta::assert_snapshot!(object(Shape::Generate, &whole), @r#"{"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":"Once upon","thinking":"Hm.","done":true,"done_reason":"stop","context":[1],"total_duration":9000,"load_duration":1000,"prompt_eval_count":5,"prompt_eval_duration":2000,"eval_count":2,"eval_duration":3000,"tool_calls":[{"id":"call_0","function":{"index":0,"name":"weather","arguments":{"city":"Cusco","days":2}}},{"id":"call_1","function":{"index":1,"name":"weather","arguments":{"city":"Cusco","days":2}}}]}"#);
        insta::assert_snapshot!(object(Shape::Chat, &whole), @r#"{"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","message":{"role":"assistant","content":"Once upon","thinking":"Hm.","tool_calls":[{"id":"call_0","function":{"index":0,"name":"weather","arguments":{"city":"Cusco","days":2}}},{"id":"call_1","function":{"index":1,"name":"weather","arguments":{"city":"Cusco","days":2}}}]},"done":true,"done_reason":"stop","total_duration":9000,"load_duration":1000,"prompt_eval_count":5,"prompt_eval_duration":2000,"eval_count":2,"eval_duration":3000}"#);
    }

    #[test]
    fn loading_and_unloading_have_no_figures() {
        let object = |shape, reason| {
            String::from_utf8(Encoder::new("stories".into(), shape).without_text(at(), reason)).unwrap()
        };
        insta::assert_snapshot!(object(Shape::Generate, "load"), @r#"{"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":"","done":true,"done_reason":"load"}"#);
        insta::assert_snapshot!(object(Shape::Chat, "unload"), @r#"{"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"unload"}"#);
    }

    #[test]
    fn logprobs_carry_the_tokens_bytes_and_alternatives_only_if_there_are_any() {
        let chance = |bytes: &[u8], logprob| TokenChance { bytes: bytes.to_vec(), logprob };
        let both =
            TokenLogprob { chosen: chance(b"a", -0.5), top: vec![chance(b"a", -0.5), chance(&[0xc3], -2.0)] };
        let alone = TokenLogprob { chosen: chance("é".as_bytes(), -0.25), top: Vec::new() };
        let pieces = vec![Piece { logprobs: vec![both, alone], ..piece("aé", None) }];
        insta::assert_snapshot!(stream(Shape::Generate, pieces), @r#"{"model":"stories","created_at":"2025-01-31T23:59:59.123456789Z","response":"aé","done":false,"logprobs":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[{"token":"a","logprob":-0.5,"bytes":[97]},{"token":"�","logprob":-2.0,"bytes":[195]}]},{"token":"é","logprob":-0.25,"bytes":[195,169]}]}"#);
    }
}
