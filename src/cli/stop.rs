//! `quipu stop MODEL`: unloads a model.

use clap::Args;
use http::StatusCode;
use serde::de::IgnoredAny;
use serde_json::json;

use super::CliError;
use super::client::Client;
use super::session::Session;

/// Arguments of `quipu stop`.
#[derive(Debug, Args)]
pub(super) struct StopArgs {
    /// The model's name
    model: String,
}

/// Unloads a model, and says nothing if that went well.
pub(super) async fn stop(args: &StopArgs, session: &mut Session) -> Result<(), CliError> {
    match unload(&args.model, &session.client).await {
        Err(CliError::Server { status: StatusCode::NOT_FOUND, .. }) => {
            Err(CliError::Usage(format!("couldn't find model \"{}\" to stop", args.model)))
        }
        outcome => outcome,
    }
}

/// Asks for nothing, and to keep the model for no time.
pub(super) async fn unload(model: &str, client: &Client) -> Result<(), CliError> {
    let request = json!({"model": model, "keep_alive": 0, "stream": false});
    client.post::<IgnoredAny>("/api/generate", &request).await?;
    Ok(())
}
