//! `quipu push MODEL`: gives a model to its registry.

use clap::Args;
use serde_json::json;

use super::CliError;
use super::progress::follow;
use super::session::Session;
use crate::store::{DEFAULT_HOST, Name};

/// Arguments of `quipu push`.
#[derive(Debug, Args)]
pub(super) struct PushArgs {
    /// The model's name, with the namespace that it goes to
    model: String,
    /// Speak plain HTTP with the registry if it has no HTTPS
    #[arg(long)]
    insecure: bool,
}

/// Pushes a model, and tells where it can be found.
pub(super) async fn push(args: &PushArgs, session: &mut Session) -> Result<(), CliError> {
    let name = super::parse_name(&args.model)?;
    let request = json!({"model": args.model, "insecure": args.insecure});
    follow(&session.client, "/api/push", &request, &mut session.output.progress()).await.map_err(explain)?;
    session.output.print(&format!("\nYou can find your model at:\n\n\t{}\n", address(&name)))
}

/// What a registry says when it refuses does not tell what to do.
fn explain(error: CliError) -> CliError {
    let refused = |message: &str| ["access denied", "unauthorized"].iter().any(|word| message.contains(word));
    match error {
        CliError::Server { message, .. } if refused(&message.to_lowercase()) => CliError::Usage(
            "you are not authorized to push to this namespace, create the model under a namespace you own"
                .into(),
        ),
        error => error,
    }
}

/// Where people find a model. Other registries than the default one have no web pages that we know of.
fn address(name: &Name) -> String {
    let short = name.to_string();
    if name.host().eq_ignore_ascii_case(DEFAULT_HOST) {
        format!("https://ollama.com/{}", short.strip_suffix(":latest").unwrap_or(&short))
    } else {
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_a_page_or_a_name() {
        for (name, expected) in [
            ("ada/tiny", "https://ollama.com/ada/tiny"),
            ("ada/tiny:1b", "https://ollama.com/ada/tiny:1b"),
            ("tiny", "https://ollama.com/tiny"),
            ("localhost:5000/ada/tiny", "localhost:5000/ada/tiny:latest"),
        ] {
            assert_eq!(address(&name.parse().unwrap()), expected);
        }
    }
}
