//! OpenAI's chat and completions: server-sent events, the counts in one of the last, then `[DONE]`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, Finish, Piece, Usage, joined, schema};

/// What ends a stream.
const DONE: &[u8] = b"[DONE]";

fn with_options(mut body: Value, ask: &Ask<'_>) -> Value {
    body["max_tokens"] = ask.max_tokens.into();
    body["temperature"] = ask.sampling.temperature.into();
    body["seed"] = ask.sampling.seed.into();
    body["stream"] = true.into();
    body["stream_options"] = json!({"include_usage": true});
    if ask.ignore_eos {
        body["ignore_eos"] = true.into();
    }
    if ask.schema > 0 {
        let schema = schema::of_fields(ask.schema);
        let format = json!({"name": "fields", "strict": true, "schema": schema});
        body["response_format"] = json!({"type": "json_schema", "json_schema": format});
    }
    body
}

pub(super) fn chat_body(ask: &Ask<'_>) -> Value {
    with_options(json!({"model": ask.model, "messages": ask.messages}), ask)
}

pub(super) fn completions_body(ask: &Ask<'_>) -> Value {
    with_options(json!({"model": ask.model, "prompt": joined(ask.messages)}), ask)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    usage: Option<Counts>,
    error: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
    #[serde(borrow)]
    reasoning_content: Option<Cow<'a, str>>,
    #[serde(borrow)]
    reasoning: Option<Cow<'a, str>>,
    tool_calls: Option<Vec<Call>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Call {
    function: Function,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Function {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    prompt_tokens: u32,
    completion_tokens: u32,
    prompt_tokens_details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Option<u32>,
}

pub(super) fn read(payload: &[u8]) -> Result<Piece, serde_json::Error> {
    if payload == DONE {
        return Ok(Piece::default());
    }
    let chunk: Chunk<'_> = serde_json::from_slice(payload)?;
    let mut piece = Piece {
        usage: chunk.usage.map(|counts| Usage {
            input: counts.prompt_tokens,
            output: counts.completion_tokens,
            cached: counts.prompt_tokens_details.and_then(|details| details.cached_tokens),
        }),
        error: chunk.error.map(|error| message(&error)),
        ..Piece::default()
    };
    for choice in chunk.choices {
        let delta = choice.delta.unwrap_or_default();
        // Servers that give both names give the same text in both.
        let thinking = delta.reasoning_content.or(delta.reasoning);
        for text in [thinking, delta.content, choice.text].into_iter().flatten() {
            piece.text.push_str(&text);
        }
        for Call { function } in delta.tool_calls.into_iter().flatten() {
            piece.text.extend([function.name, function.arguments].into_iter().flatten());
        }
        piece.finish = piece.finish.or(choice.finish_reason.as_deref().map(Finish::named));
    }
    Ok(piece)
}

fn message(error: &Value) -> String {
    error["message"].as_str().or(error.as_str()).map_or_else(|| error.to_string(), str::to_owned)
}
