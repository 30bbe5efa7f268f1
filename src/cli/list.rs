//! `quipu list [PREFIX]`: the models that the server has.

use clap::Args;
use jiff::Timestamp;
use serde::Deserialize;

use super::CliError;
use super::human;
use super::session::Session;
use super::table::table;

/// Arguments of `quipu list`.
#[derive(Debug, Default, Args)]
pub(super) struct ListArgs {
    /// Only models whose names begin with this, in any letter case
    prefix: Option<String>,
}

/// The answer of `/api/tags`.
#[derive(Debug, Deserialize)]
pub(super) struct Models {
    pub(super) models: Vec<Model>,
}

/// A model that the server has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Model {
    pub(super) name: String,
    digest: String,
    size: u64,
    modified_at: String,
    /// Where the model runs, if elsewhere.
    pub(super) remote_host: Option<String>,
}

/// Prints the table, newest first, as the server sorts it.
pub(super) async fn list(args: &ListArgs, session: &mut Session) -> Result<(), CliError> {
    let answer: Models = session.client.get("/api/tags").await?;
    let models = answer.models.iter().filter(|model| has_prefix(&model.name, args.prefix.as_deref()));
    let header = ["NAME", "ID", "SIZE", "MODIFIED"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(header).chain(models.map(|model| model.row(session.now))).collect();
    session.output.print(&table(&rows))
}

impl Model {
    fn row(&self, now: Timestamp) -> [String; 4] {
        let size = if self.remote_host.is_some() { "-".to_owned() } else { human::bytes(self.size) };
        let modified = human::time(human::parse_time(&self.modified_at), now);
        [self.name.clone(), short_id(&self.digest), size, modified]
    }
}

/// Whether a name begins with what the user gave, if anything.
pub(super) fn has_prefix(name: &str, prefix: Option<&str>) -> bool {
    prefix.is_none_or(|prefix| name.to_lowercase().starts_with(&prefix.to_lowercase()))
}

/// The first 12 hex digits of a digest.
pub(super) fn short_id(digest: &str) -> String {
    digest.trim_start_matches("sha256:").chars().take(12).collect()
}
