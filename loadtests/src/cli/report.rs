//! `report`: results of earlier runs, also of other days, together.

use std::path::PathBuf;
use std::process::ExitCode;

use super::print;
use crate::compare::{compare, loads};
use crate::error::LoadError;
use crate::report::{console, html, read, write};
use crate::sweep::{NEEDED, sweep};

#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    /// JSON results; those with the same target, load and round should not be there twice
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Write a page with pictures
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl ReportArgs {
    pub(super) fn execute(&self) -> Result<ExitCode, LoadError> {
        let results = read(&self.files)?;
        for result in &results {
            print(&console::run(result))?;
        }
        if loads(&results).len() > 1 {
            for sweep in sweep(&results, NEEDED) {
                print(&console::sweep(&sweep))?;
            }
        }
        for versus in compare(&results) {
            print(&console::versus(&versus))?;
        }
        if let Some(path) = &self.html {
            write(path, html::page(&results).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
