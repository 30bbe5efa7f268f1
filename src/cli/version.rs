//! `quipu --version`: the server's version, and ours if it is another.

use super::CliError;
use super::session::Session;

const OURS: &str = env!("CARGO_PKG_VERSION");

/// Prints the server's version. A server that is not there is no error.
pub(super) async fn version(session: &mut Session) -> Result<(), CliError> {
    let text = match session.client.server_name().await {
        Ok(name) => match name.strip_prefix("quipu/") {
            Some(OURS) => format!("quipu version is {OURS}\n"),
            Some(theirs) => format!("quipu version is {theirs}\n{}", client_version()),
            None => format!("Warning: the server is not quipu\n{}", client_version()),
        },
        Err(_) => format!("Warning: could not connect to a running quipu server\n{}", client_version()),
    };
    session.output.print(&text)
}

fn client_version() -> String {
    format!("Warning: client version is {OURS}\n")
}
