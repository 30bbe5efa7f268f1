//! Results for people and for other programs.

pub mod console;
pub mod csv;
pub mod html;
mod svg;

use std::fs;
use std::path::Path;

use crate::compare::compare;
use crate::error::LoadError;
use crate::result::RunResult;
use crate::workload::Workload;

/// Writes all there is into a folder: each run as JSON, a table of all runs, comparisons, and a page with pictures.
///
/// # Errors
/// If something cannot be written.
pub fn write_all(folder: &Path, results: &[RunResult]) -> Result<(), LoadError> {
    let runs = folder.join("runs");
    fs::create_dir_all(&runs).map_err(LoadError::file(&runs))?;
    for (i, result) in results.iter().enumerate() {
        let name = format!("{:03}-{}.json", i + 1, file_name(&result.label));
        write(&runs.join(name), serde_json::to_string_pretty(result)?.as_bytes())?;
    }
    write(&folder.join("runs.csv"), &csv::table(results)?)?;
    let compared = compare(results);
    if !compared.is_empty() {
        write(&folder.join("comparison.json"), serde_json::to_string_pretty(&compared)?.as_bytes())?;
    }
    write(&folder.join("report.html"), html::page(results, &[]).as_bytes())
}

/// Reads results that were written before. Those of a workload stand together, workloads in the order in which they come.
///
/// # Errors
/// If a file cannot be read or is no result.
pub fn read(paths: &[std::path::PathBuf]) -> Result<Vec<RunResult>, LoadError> {
    let read = |path: &std::path::PathBuf| -> Result<RunResult, LoadError> {
        let bytes = fs::read(path).map_err(LoadError::file(path))?;
        serde_json::from_slice(&bytes)
            .map_err(|source| LoadError::Result { path: path.display().to_string(), source })
    };
    let mut results = paths.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let workloads: Vec<Workload> = results.iter().map(|run| run.quipu.workload.clone()).collect();
    results.sort_by_key(|run| workloads.iter().position(|workload| *workload == run.quipu.workload));
    Ok(results)
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), LoadError> {
    fs::write(path, bytes).map_err(LoadError::file(path))
}

/// A label without what file systems do not like.
fn file_name(label: &str) -> String {
    label.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}
