//! `quipu openapi`: the document that `make openapi` writes.

use std::io::Write;

use super::CliError;
use crate::server::routes::document;

pub(super) fn print() -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    out.write_all(document().to_pretty_json()?.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(())
}
