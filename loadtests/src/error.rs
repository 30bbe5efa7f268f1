//! What can go wrong before or around a measurement. A request that fails is no error: it is counted.

use std::io;
use std::path::Path;

/// Why the harness could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The command line asks for something that does not exist or does not fit together.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A server does not answer, or not as its dialect says.
    #[error("{target}: {problem}")]
    Server {
        /// The name of the target.
        target: String,
        /// What it did.
        problem: String,
    },
    /// Results of runs cannot be read.
    #[error("{path} is no result of this harness: {source}")]
    Result {
        /// The file.
        path: String,
        /// What is wrong in it.
        source: serde_json::Error,
    },
    /// The table of runs cannot be written.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// Something cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Something cannot be put in JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl LoadError {
    pub(crate) fn usage(problem: impl Into<String>) -> Self {
        Self::Usage(problem.into())
    }

    pub(crate) fn server(target: &str, problem: impl Into<String>) -> Self {
        Self::Server { target: target.to_owned(), problem: problem.into() }
    }

    /// To be used in `map_err`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::File { path, source }
    }
}

/// What happened at the bottom; the layers above it only say that something did.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
