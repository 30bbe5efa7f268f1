//! Ollama's own API: one JSON object a line, the last with `done` and the counts.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, Finish, Piece, Usage, joined, schema};

fn options(ask: &Ask<'_>) -> Value {
    let mut options = json!({
        "num_predict": ask.max_tokens,
        "temperature": ask.sampling.temperature,
        "seed": ask.sampling.seed,
    });
    if ask.ignore_eos {
        options["ignore_eos"] = true.into();
    }
    options
}

pub(super) fn chat_body(ask: &Ask<'_>) -> Value {
    with_format(
        json!({"model": ask.model, "messages": ask.messages, "stream": true, "options": options(ask)}),
        ask,
    )
}

pub(super) fn generate_body(ask: &Ask<'_>) -> Value {
    let prompt = joined(ask.messages);
    with_format(
        json!({"model": ask.model, "prompt": prompt, "raw": true, "stream": true, "options": options(ask)}),
        ask,
    )
}

fn with_format(mut body: Value, ask: &Ask<'_>) -> Value {
    if ask.schema > 0 {
        body["format"] = schema::of_fields(ask.schema);
    }
    body
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Line<'a> {
    #[serde(borrow)]
    response: Cow<'a, str>,
    #[serde(borrow)]
    thinking: Cow<'a, str>,
    #[serde(borrow)]
    message: Option<Said<'a>>,
    done: bool,
    #[serde(borrow)]
    done_reason: Cow<'a, str>,
    prompt_eval_count: u32,
    eval_count: u32,
    error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said<'a> {
    #[serde(borrow)]
    content: Cow<'a, str>,
    #[serde(borrow)]
    thinking: Cow<'a, str>,
    tool_calls: Option<Value>,
}

pub(super) fn read(payload: &[u8]) -> Result<Piece, serde_json::Error> {
    let line: Line<'_> = serde_json::from_slice(payload)?;
    let mut text = format!("{}{}", line.thinking, line.response);
    if let Some(said) = line.message {
        text.push_str(&said.thinking);
        text.push_str(&said.content);
        if let Some(calls) = said.tool_calls {
            text.push_str(&calls.to_string());
        }
    }
    let usage = Usage { input: line.prompt_eval_count, output: line.eval_count, cached: None };
    Ok(Piece {
        text,
        finish: line.done.then(|| Finish::named(&line.done_reason)),
        usage: line.done.then_some(usage),
        error: line.error,
    })
}
