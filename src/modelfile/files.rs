//! Which files `FROM`, `ADAPTER` and `DRAFT` mean.
//!
//! ```text
//!   value ─▶ a file there?     that file
//!            a folder there?   the weights in it, and what belongs to them
//!            a pattern?        the files it matches
//!            nothing there?    FROM: the name of a model
//! ```

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::ModelfileError;
use super::folder::{ADAPTER_WEIGHTS, MODEL_WEIGHTS, Weights, folder_files};

/// Where paths in a Modelfile start.
#[derive(Clone, Copy, Debug)]
pub struct PathBase<'a> {
    /// The folder of the Modelfile: for relative paths.
    pub folder: &'a Path,
    /// The user's home folder: for paths with `~/`.
    pub home: Option<&'a Path>,
}

/// What a `FROM` means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nothing of this name is on the disk: it is a model's.
    Name(String),
    /// The weights and what belongs to them; at least one file.
    Files(Vec<LocalFile>),
}

/// A file to send to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFile {
    /// What the server is told: the path in the folder that the instruction names, with `/`; of a file that
    /// is named itself, the last part.
    pub name: String,
    /// Where it is: absolute, links followed.
    pub path: PathBuf,
}

/// The files of a `FROM`, or the model it names.
///
/// # Errors
/// If the value can only be a path and nothing is there, the folder has no weights or a file in it is not
/// what it should be, or the disk cannot be read.
pub fn expand_from(value: &str, base: PathBase<'_>) -> Result<Source, ModelfileError> {
    match expand("FROM", value, base, MODEL_WEIGHTS) {
        Ok(files) => Ok(Source::Files(files)),
        Err(ModelfileError::NoSuchPath { .. }) if may_be_name(value) => Ok(Source::Name(value.to_owned())),
        Err(error) => Err(error),
    }
}

/// The files of an `ADAPTER`.
pub(super) fn expand_adapter(value: &str, base: PathBase<'_>) -> Result<Vec<LocalFile>, ModelfileError> {
    expand("ADAPTER", value, base, ADAPTER_WEIGHTS)
}

/// The files of a `DRAFT`.
pub(super) fn expand_draft(value: &str, base: PathBase<'_>) -> Result<Vec<LocalFile>, ModelfileError> {
    expand("DRAFT", value, base, MODEL_WEIGHTS)
}

/// Names of models start with a letter, digit or `_`, and have none of a pattern's characters.
fn may_be_name(value: &str) -> bool {
    !value.starts_with(['.', '/', '\\', '~']) && !is_pattern(value) && !Path::new(value).is_absolute()
}

fn is_pattern(value: &str) -> bool {
    value.contains(['*', '?', '['])
}

fn expand(
    command: &'static str,
    value: &str,
    base: PathBase<'_>,
    weights: &[Weights],
) -> Result<Vec<LocalFile>, ModelfileError> {
    let (start, rest) = start(value, base)?;
    let path = start.join(rest);
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => folder_files(&path, weights),
        Ok(metadata) if metadata.is_file() => Ok(vec![single_file(&path)?]),
        Ok(_) => {
            let source = std::io::Error::other("this is neither a file nor a folder");
            Err(ModelfileError::Io { path, source })
        }
        Err(error) if is_absent(&error) => {
            let files = if is_pattern(rest) { matching_files(start, rest)? } else { Vec::new() };
            if files.is_empty() {
                return Err(ModelfileError::NoSuchPath { command, value: value.to_owned(), path });
            }
            Ok(files)
        }
        Err(source) => Err(ModelfileError::Io { path, source }),
    }
}

/// A model's name can be a path that the system does not take: `name/tag` where `name` is a file, or too
/// long.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput | ErrorKind::InvalidFilename
    )
}

/// The folder that a path starts from, and the path from there; an absolute path stays as it is.
fn start<'a>(value: &'a str, base: PathBase<'a>) -> Result<(&'a Path, &'a str), ModelfileError> {
    let Some(rest) = value.strip_prefix('~') else { return Ok((base.folder, value)) };
    let (user, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !user.is_empty() {
        return Err(ModelfileError::OtherHome(user.to_owned()));
    }
    Ok((base.home.ok_or(ModelfileError::NoHome)?, path.trim_start_matches('/')))
}

fn single_file(path: &Path) -> Result<LocalFile, ModelfileError> {
    let real = fs::canonicalize(path).map_err(ModelfileError::io(path))?;
    let name = path.file_name().or(real.file_name()).unwrap_or_default().to_string_lossy().into_owned();
    Ok(LocalFile { name, path: real })
}

/// The files that a pattern matches, by name. The folder it starts from is a name, not a pattern.
fn matching_files(start: &Path, pattern: &str) -> Result<Vec<LocalFile>, ModelfileError> {
    let start = glob::Pattern::escape(&start.to_string_lossy());
    let paths = glob::glob(&Path::new(&start).join(pattern).to_string_lossy()).map_err(|error| {
        ModelfileError::Pattern { pattern: pattern.to_owned(), problem: error.to_string() }
    })?;
    paths.filter_map(Result::ok).filter(|path| path.is_file()).map(|path| single_file(&path)).collect()
}
