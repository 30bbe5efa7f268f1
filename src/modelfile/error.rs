//! What can be wrong with a Modelfile, in words for its user.

use std::io;
use std::path::PathBuf;

/// Why a Modelfile cannot be read, or no model be made of it.
///
/// The texts of the grammar and of parameters are Ollama's, letter by letter: clients show and match them.
#[derive(Debug, thiserror::Error)]
pub enum ModelfileError {
    /// A line does not start with a command, or the command has no value.
    #[error(
        "(line {line}): command must be one of \"from\", \"license\", \"template\", \"system\", \"adapter\", \
         \"draft\", \"renderer\", \"parser\", \"parameter\", \"message\", or \"requires\""
    )]
    Command {
        /// The line of the word, from 1.
        line: usize,
    },
    /// A `MESSAGE` of somebody else.
    #[error("(line {line}): message role must be one of \"system\", \"user\", or \"assistant\"")]
    Role {
        /// The line of the role, from 1.
        line: usize,
    },
    /// An instruction without its value, or a quote that is not closed.
    #[error("unexpected EOF{}", .after.as_ref().map(|word| format!(": {word}")).unwrap_or_default())]
    UnexpectedEnd {
        /// The line where the instruction or the value begins, from 1. The text does not tell it, as Ollama's
        /// does not.
        line: usize,
        /// The parameter or role that has no value.
        after: Option<String>,
    },
    /// Nothing says where the weights are.
    #[error("no FROM line")]
    NoFrom,

    /// A parameter that no version ever had.
    #[error("unknown parameter '{0}'")]
    UnknownParameter(String),
    /// The value of a parameter is not of its type.
    #[error("invalid {kind} value [{}]", .values.join(" "))]
    ParameterValue {
        /// `int`, `float` or `bool`.
        kind: &'static str,
        /// The values given: one, in a Modelfile.
        values: Vec<String>,
    },
    /// `REQUIRES` is no version.
    #[error("requires must be a valid semver (e.g. 0.14.0)")]
    Requires,

    /// A path that is not there, where no model name is possible.
    #[error("{command} {value}: there is no such file or folder: {}", path.display())]
    NoSuchPath {
        /// `FROM`, `ADAPTER` or `DRAFT`.
        command: &'static str,
        /// What the Modelfile says.
        value: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// `~` without a home folder.
    #[error("failed to get current user: the home folder is not known; write the path in full instead of ~")]
    NoHome,
    /// `~user`.
    #[error("failed to find user '{0}': only ~/ is known, for your own home folder; write the path in full")]
    OtherHome(String),
    /// `*`, `?` or `[` that are no pattern of file names.
    #[error("syntax error in pattern {pattern}: {problem}")]
    Pattern {
        /// What the Modelfile says.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A folder without weights.
    #[error(
        "no Modelfile or safetensors files found in {}: it has no weights named {expected}, or only pointers \
         to them that 'git lfs pull' replaces", folder.display()
    )]
    NoModelFiles {
        /// The folder.
        folder: PathBuf,
        /// The patterns that weights are looked for with.
        expected: String,
    },
    /// A file of a folder is not what its name says.
    #[error("invalid content type: expected {expected} but got {found} for {}", path.display())]
    ContentType {
        /// The type that goes with the name.
        expected: &'static str,
        /// The type of the first bytes.
        found: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A file of a folder is a link out of the folder: it would send what its author chose, not its user.
    #[error(
        "insecure path: {name} is a link to {}, which is outside of its folder{}",
        target.display(), cache_hint(target)
    )]
    InsecurePath {
        /// The file, relative to the folder.
        name: String,
        /// Where the link leads.
        target: PathBuf,
    },
    /// Two files that the request could not tell apart.
    #[error("{} and {} would both be named {name:?}: rename one of them", first.display(), second.display())]
    SameName {
        /// The name of both.
        name: String,
        /// The file that came first.
        first: PathBuf,
        /// The file that came second.
        second: PathBuf,
    },
    /// A model cannot draft for itself.
    #[error("DRAFT must not reference the same local path as FROM: {}", .0.display())]
    DraftIsModel(PathBuf),
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl ModelfileError {
    /// The line that the error is on, from 1. Only errors of the grammar have one, but for [`Self::NoFrom`].
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Command { line } | Self::Role { line } | Self::UnexpectedEnd { line, .. } => Some(*line),
            _ => None,
        }
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.into(), source }
    }
}

/// Downloaders that share files between folders leave links to a cache.
fn cache_hint(target: &std::path::Path) -> &'static str {
    if target.components().any(|part| part.as_os_str() == ".cache") {
        "\n\nUse --local-dir <dir> when downloading model to disable caching"
    } else {
        ""
    }
}
