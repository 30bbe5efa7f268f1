//! `quipu pull MODEL…`: gets models from their registry, or their newest versions.

use clap::Args;
use http::StatusCode;
use serde_json::json;

use super::CliError;
use super::list::Models;
use super::progress::follow;
use super::session::Session;
use super::show::Shown;

/// Arguments of `quipu pull`.
#[derive(Debug, Args)]
pub(super) struct PullArgs {
    /// The models' names
    #[arg(value_name = "MODEL", required_unless_present = "all", conflicts_with = "all")]
    models: Vec<String>,
    /// Pull every model of `quipu list` anew, so that it is of the newest version
    #[arg(long)]
    all: bool,
    /// Speak plain HTTP with the registry if it has no HTTPS
    #[arg(long)]
    insecure: bool,
}

/// Pulls one model after the other.
pub(super) async fn pull(args: &PullArgs, session: &mut Session) -> Result<(), CliError> {
    match &args.models[..] {
        [] => pull_each(&installed(session).await?, args, session).await,
        [model] => pull_one(model, args.insecure, session).await,
        models => pull_each(models, args, session).await,
    }
}

/// What the server says of a model, which is pulled if it is not there.
pub(super) async fn find_or_pull(
    model: &str,
    insecure: bool,
    session: &mut Session,
) -> Result<Shown, CliError> {
    let question = json!({"model": model});
    match session.client.post("/api/show", &question).await {
        Err(CliError::Server { status: StatusCode::NOT_FOUND, .. }) => {
            pull_one(model, insecure, session).await?;
            session.client.post("/api/show", &question).await
        }
        found => found,
    }
}

async fn pull_one(model: &str, insecure: bool, session: &mut Session) -> Result<(), CliError> {
    let request = json!({"model": model, "insecure": insecure});
    follow(&session.client, "/api/pull", &request, &mut session.output.progress()).await
}

/// The models that the server has. What runs elsewhere has no files here.
async fn installed(session: &Session) -> Result<Vec<String>, CliError> {
    let answer: Models = session.client.get("/api/tags").await?;
    let here = answer.models.into_iter().filter(|model| model.remote_host.is_none());
    Ok(here.map(|model| model.name).collect())
}

/// Pulls several. One that fails does not keep the others from coming.
async fn pull_each(models: &[String], args: &PullArgs, session: &mut Session) -> Result<(), CliError> {
    let mut failed = 0;
    for model in models {
        session.output.note(model)?;
        match pull_one(model, args.insecure, session).await {
            Ok(()) => {}
            Err(error @ (CliError::Unreachable | CliError::Io(_))) => return Err(error),
            // Models that were made here are in no registry.
            Err(CliError::Server { message, .. }) if args.all && message.contains(NOT_IN_REGISTRY) => {
                session.output.note(&format!("'{model}' is not in its registry: left as it is"))?;
            }
            Err(error) => {
                failed += 1;
                session.output.note(&format!("could not pull '{model}': {error}"))?;
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(CliError::NotPulled { failed, of: models.len() }) }
}

/// How a server's words end when the registry has no such model.
const NOT_IN_REGISTRY: &str = "file does not exist";
