//! Text completions on OpenAI's wire.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::ErrorBody;
use super::shared::{Head, Usage, done, event};
use crate::api::logprobs::text;
use crate::api::piece::{Part, Piece, Whole};
use crate::api::stream::Encode;
use crate::engine::protocol::TokenLogprob;

/// A text completion, or a part of one.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextCompletion<'a> {
    /// The same in all chunks of an answer.
    id: &'a str,
    /// `text_completion`.
    object: &'static str,
    /// Seconds since 1970.
    created: i64,
    /// The model, as the request names it.
    model: &'a str,
    /// Of the server.
    system_fingerprint: &'static str,
    /// The answer, or none in the chunk with the usage.
    #[schema(value_type = Vec<TextChoice<'a>>)]
    choices: &'a [TextChoice<'a>],
    /// Tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

/// An answer, or a part of one.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextChoice<'a> {
    /// Text.
    text: &'a str,
    /// 0.
    index: u32,
    /// One entry for each token, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<TextLogprobs>,
    /// `stop`, `length` or `load` in the last part.
    finish_reason: Option<&'a str>,
}

/// Log-probabilities: four lists of the same length.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct TextLogprobs {
    /// Texts of the tokens.
    tokens: Vec<String>,
    /// Natural logarithms.
    token_logprobs: Vec<f32>,
    /// The likeliest tokens and their logarithms.
    #[schema(value_type = Vec<Object>)]
    top_logprobs: Vec<Map<String, Value>>,
    /// Where the tokens begin in the answer, in characters.
    text_offset: Vec<usize>,
}

/// Places log-probabilities along an answer.
#[derive(Clone, Copy, Debug, Default)]
struct Offset(usize);

impl Offset {
    fn place(&mut self, tokens: &[TokenLogprob]) -> Option<TextLogprobs> {
        if tokens.is_empty() {
            return None;
        }
        let mut placed = TextLogprobs::default();
        for token in tokens {
            let chosen = text(&token.chosen);
            placed.text_offset.push(self.0);
            self.0 += chosen.chars().count();
            placed.tokens.push(chosen);
            placed.token_logprobs.push(token.chosen.logprob);
            placed.top_logprobs.push(token.top.iter().map(|t| (text(t), t.logprob.into())).collect());
        }
        Some(placed)
    }
}

fn completion<'a>(head: &'a Head, choices: &'a [TextChoice<'a>], usage: Option<Usage>) -> TextCompletion<'a> {
    TextCompletion {
        id: &head.id,
        object: "text_completion",
        created: head.created,
        model: &head.model,
        system_fingerprint: "fp_quipu",
        choices,
        usage,
    }
}

/// A whole answer as one object.
#[must_use]
pub(super) fn whole(head: &Head, whole: &Whole) -> Value {
    let choice = TextChoice {
        text: &whole.content,
        index: 0,
        logprobs: Offset::default().place(&whole.logprobs),
        finish_reason: Some(whole.totals.reason()),
    };
    object(&completion(head, &[choice], Some((&whole.totals).into())))
}

/// The answer to a request that has nothing to continue: the model was loaded.
#[must_use]
pub(super) fn loaded(head: &Head) -> Value {
    let choice = TextChoice { text: "", index: 0, logprobs: None, finish_reason: Some("load") };
    object(&completion(head, &[choice], Some(Usage::default())))
}

fn object(completion: &TextCompletion<'_>) -> Value {
    serde_json::to_value(completion).unwrap_or_default()
}

/// Writes the stream of one answer.
#[derive(Clone, Debug)]
pub struct Encoder {
    head: Head,
    include_usage: bool,
    offset: Offset,
}

impl Encoder {
    /// Streams an answer; with `include_usage` every chunk has a usage, which is the real one in the last.
    #[must_use]
    pub fn new(head: Head, include_usage: bool) -> Self {
        Self { head, include_usage, offset: Offset::default() }
    }

    fn choice(&self, choice: TextChoice<'_>, out: &mut Vec<u8>) {
        let usage = self.include_usage.then(Usage::default);
        event(&completion(&self.head, &[choice], usage), out);
    }
}

impl Encode for Encoder {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn piece(&mut self, piece: Piece, out: &mut Vec<u8>) {
        let Piece { parts, logprobs, end, .. } = piece;
        // There is no place for thoughts.
        let text = |part| if let Part::Content(text) = part { Some(text) } else { None };
        let text: String = parts.into_iter().filter_map(text).collect();
        if !text.is_empty() || !logprobs.is_empty() {
            let logprobs = self.offset.place(&logprobs);
            self.choice(TextChoice { text: &text, index: 0, logprobs, finish_reason: None }, out);
        }
        match end {
            None => return,
            Some(Ok(totals)) => {
                let finish_reason = Some(totals.reason());
                self.choice(TextChoice { text: "", index: 0, logprobs: None, finish_reason }, out);
                if self.include_usage {
                    event(&completion(&self.head, &[], Some((&totals).into())), out);
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
    use crate::engine::protocol::{FinishReason, Summary, TokenChance};

    fn head() -> Head {
        Head { id: "cmpl-1".into(), created: 1_738_367_999, model: "stories".into() }
    }

    fn totals() -> Totals {
        let summary = Summary {
            reason: FinishReason::Stop,
            prompt_tokens: 5,
            cached_tokens: 0,
            completion_tokens: 2,
            queue_ns: 0,
            prefill_ns: 0,
            decode_ns: 0,
            tokens: None,
        };
        Totals { summary, total: Duration::ZERO, load: Duration::ZERO }
    }

    fn token(text: &str) -> TokenLogprob {
        let chance = TokenChance { bytes: text.into(), logprob: -0.5 };
        TokenLogprob { chosen: chance.clone(), top: vec![chance] }
    }

    fn piece(text: &str, logprobs: Vec<TokenLogprob>, end: Option<Totals>) -> Piece {
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Content(text.into())] };
        Piece { at: jiff::Timestamp::UNIX_EPOCH, parts, logprobs, end: end.map(Ok) }
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
        let pieces = vec![piece("Once", Vec::new(), None), piece("", Vec::new(), Some(totals()))];
        insta::assert_snapshot!(stream(true, pieces), @r#"
        data: {"id":"cmpl-1","object":"text_completion","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"text":"Once","index":0,"finish_reason":null}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0}}}

        data: {"id":"cmpl-1","object":"text_completion","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"text":"","index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0}}}

        data: {"id":"cmpl-1","object":"text_completion","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":0}}}

        data: [DONE]
        "#);
    }

    #[test]
    fn logprobs_say_where_their_tokens_are_in_the_whole_answer() {
        let pieces = vec![
            piece("é", vec![token("é")], None),
            piece("ab", vec![token("a"), token("b")], Some(totals())),
        ];
        let text = stream(false, pieces);
        let second = text.split("\n\n").nth(1).unwrap();
        assert!(second.contains(r#""logprobs":{"tokens":["a","b"],"token_logprobs":[-0.5,-0.5],"top_logprobs":[{"a":-0.5},{"b":-0.5}],"text_offset":[1,2]}"#), "{second}");
    }

    #[test]
    fn a_whole_answer_is_one_object() {
        let answer = Whole {
            at: jiff::Timestamp::UNIX_EPOCH,
            content: "Once upon".into(),
            thinking: "Hm.".into(),
            calls: Vec::new(),
            logprobs: Vec::new(),
            totals: totals(),
        };
        insta::assert_snapshot!(whole(&head(), &answer), @r#"{"id":"cmpl-1","object":"text_completion","created":1738367999,"model":"stories","system_fingerprint":"fp_quipu","choices":[{"text":"Once upon","index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":0}}}"#);
    }
}
