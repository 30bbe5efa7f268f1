//! `quipu rm MODEL…`: deletes models.

use clap::Args;
use http::{Method, StatusCode};
use serde_json::json;

use super::CliError;
use super::session::Session;
use super::stop::unload;

/// Arguments of `quipu rm`.
#[derive(Debug, Args)]
pub(super) struct RmArgs {
    /// The models' names
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<String>,
}

/// Unloads and deletes one model after the other, up to the first that cannot be deleted.
pub(super) async fn rm(args: &RmArgs, session: &mut Session) -> Result<(), CliError> {
    for model in &args.models {
        match unload(model, &session.client).await {
            // Who is not there need not be stopped; deleting it will say so.
            Ok(()) | Err(CliError::Server { status: StatusCode::NOT_FOUND, .. }) => {}
            Err(CliError::Unreachable) => return Err(CliError::Unreachable),
            Err(_) => session.output.note(&format!("Warning: unable to stop model '{model}'"))?,
        }
        session.client.call(Method::DELETE, "/api/delete", &json!({"model": model})).await?;
        session.output.print(&format!("deleted '{model}'\n"))?;
    }
    Ok(())
}
