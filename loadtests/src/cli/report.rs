//! `report`: results of earlier runs, also of other days, together.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use super::print;
use crate::compare::{by_workload, compare, loads};
use crate::error::LoadError;
use crate::report::{console, html, read, write};
use crate::sweep::{NEEDED, sweep};

#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    /// JSON results; those with the same target, workload, load and round should not be there twice
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Write a page with pictures
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Put a text, such as the output of a bench, into the page as it is; may be repeated
    #[arg(long = "text", value_name = "FILE", requires = "html")]
    texts: Vec<PathBuf>,
}

impl ReportArgs {
    pub(super) fn execute(&self) -> Result<ExitCode, LoadError> {
        let results = read(&self.files)?;
        for result in &results {
            print(&console::run(result))?;
        }
        for results in by_workload(&results).filter(|results| loads(results).len() > 1) {
            for sweep in sweep(results, NEEDED) {
                print(&console::sweep(&sweep))?;
            }
        }
        for versus in compare(&results) {
            print(&console::versus(&versus))?;
        }
        if let Some(path) = &self.html {
            let text = |path: &PathBuf| {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                fs::read_to_string(path).map(|text| (name, text)).map_err(LoadError::file(path))
            };
            let texts = self.texts.iter().map(text).collect::<Result<Vec<_>, _>>()?;
            write(path, html::page(&results, &texts).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
