//! `quipu run [NAME [PROMPT…]]`: one answer, or a conversation in the terminal.
//!
//! ```text
//!   arguments ──┬─ a prompt, or something piped in ──▶ once          /api/generate, or /api/embed
//!               └─ a person at a terminal ───────────▶ repl          /api/chat
//!                                                        │
//!   answer    prints thoughts and text while they come ◀─┘
//!   wrap      breaks its lines at words
//! ```

mod answer;
mod arguments;
mod figures;
mod files;
mod interrupt;
mod loading;
mod once;
mod repl;
mod wrap;

use std::cell::RefCell;
use std::io::{IsTerminal, Read};

use serde_json::json;

use super::CliError;
use super::pull::find_or_pull;
use super::session::Session;
use super::show::Shown;
use answer::View;
pub(super) use arguments::RunArgs;
pub(super) use once::once;
pub(super) use repl::{EditorSettings, Message};
#[cfg(test)]
pub(super) use repl::{Lines, Prompt, Repl, Typed};

/// Asks once, or again and again if a person sits at the terminal and gave no prompt.
pub(super) async fn run(args: &RunArgs, session: &mut Session) -> Result<(), CliError> {
    let stdin = std::io::stdin();
    let mut parts = Vec::new();
    if !stdin.is_terminal() {
        let mut piped = String::new();
        stdin.lock().read_to_string(&mut piped)?;
        parts.extend((!piped.is_empty()).then_some(piped));
    }
    parts.extend((!args.prompt.is_empty()).then(|| args.prompt.join(" ")));
    let model = find_or_pull(&args.model, args.insecure, session).await?;
    let talks = stdin.is_terminal() && args.prompt.is_empty() && session.output.screen.columns().is_some();
    if talks && !model.embeds() {
        return repl::start(args, &model, session).await;
    }
    once(args, &model, session, &parts.join(" ")).await
}

/// How answers are printed at first.
fn view(args: &RunArgs) -> View {
    View { word_wrap: !args.nowordwrap, verbose: args.verbose, hide_thinking: args.hidethinking }
}

/// Has a model loaded, while a spinner tells how far it is.
async fn load(model: &str, keep_alive: Option<&str>, session: &mut Session) -> Result<(), CliError> {
    let spinner = RefCell::new(session.output.spinner());
    let mut request = json!({"model": model, "messages": []});
    if let Some(keep_alive) = keep_alive {
        request["keep_alive"] = keep_alive.into();
    }
    let client = &session.client;
    loading::telling(client, model, &spinner, client.call(http::Method::POST, "/api/chat", &request)).await
}

impl Shown {
    /// Whether it makes vectors of texts, and no texts.
    fn embeds(&self) -> bool {
        self.can("embedding")
    }

    /// Whether it takes pictures or sounds.
    fn takes_files(&self) -> bool {
        self.can("vision") || self.can("audio")
    }

    fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|c| c == capability)
    }
}
