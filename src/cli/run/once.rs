//! One question, one answer.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Ending, ask};
use super::arguments::{Format, RunArgs, Think};
use super::files::{Attached, attach};
use super::interrupt::until_interrupt;
use super::loading::telling;
use super::view;
use crate::cli::CliError;
use crate::cli::session::Session;
use crate::cli::show::Shown;

/// A request to `/api/generate`.
#[derive(Serialize)]
struct Generate<'a> {
    model: &'a str,
    prompt: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a Format>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<&'a Think>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<&'a str>,
}

/// A request to `/api/embed`.
#[derive(Serialize)]
struct Embed<'a> {
    model: &'a str,
    input: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<&'a str>,
}

/// The answer of `/api/embed`.
#[derive(Deserialize)]
struct Embedded {
    embeddings: Vec<Value>,
}

/// Prints a model's answer to one prompt, or the vector that an embedding model makes of it.
pub(in crate::cli) async fn once(
    args: &RunArgs,
    model: &Shown,
    session: &mut Session,
    prompt: &str,
) -> Result<(), CliError> {
    if model.embeds() {
        return embed(args, session, prompt).await;
    }
    let attached =
        if model.takes_files() { attach(prompt).map_err(CliError::Usage)? } else { Attached::default() };
    for note in &attached.notes {
        session.output.note(note)?;
    }
    let request = Generate {
        model: &args.model,
        prompt: if attached.contents.is_empty() { prompt } else { &attached.text },
        images: attached.contents,
        format: args.format.as_ref(),
        think: args.think.as_ref(),
        keep_alive: args.keepalive.as_deref(),
    };
    match ask(session, &args.model, "/api/generate", &request, &view(args)).await.1? {
        Ending::Whole => Ok(()),
        Ending::Interrupted => Err(CliError::Interrupted),
    }
}

async fn embed(args: &RunArgs, session: &mut Session, text: &str) -> Result<(), CliError> {
    if text.is_empty() {
        let model = &args.model;
        return Err(CliError::Usage(format!(
            "{model} makes vectors of texts, and needs one: quipu run {model} \"your text\""
        )));
    }
    let request = Embed {
        model: &args.model,
        input: text,
        truncate: args.truncate,
        dimensions: args.dimensions,
        keep_alive: args.keepalive.as_deref(),
    };
    let spinner = RefCell::new(session.output.spinner());
    let client = &session.client;
    let embedded = client.post::<Embedded>("/api/embed", &request);
    let answer = until_interrupt(telling(client, &args.model, &spinner, embedded)).await?;
    drop(spinner);
    let vector = answer.ok_or(CliError::Interrupted)??.embeddings.into_iter().next();
    session.output.print(&format!("{}\n", vector.unwrap_or_else(|| Value::Array(Vec::new()))))
}
