//! `quipu cp SOURCE DESTINATION`: a second name for a model.

use clap::Args;
use http::Method;
use serde_json::json;

use super::CliError;
use super::session::Session;

/// Arguments of `quipu cp`.
#[derive(Debug, Args)]
pub(super) struct CpArgs {
    /// The model's name
    source: String,
    /// Its second name
    destination: String,
}

/// Copies a model. It takes no more room on the disk.
pub(super) async fn cp(args: &CpArgs, session: &mut Session) -> Result<(), CliError> {
    let CpArgs { source, destination } = args;
    let request = json!({"source": source, "destination": destination});
    session.client.call(Method::POST, "/api/copy", &request).await?;
    session.output.print(&format!("copied '{source}' to '{destination}'\n"))
}
