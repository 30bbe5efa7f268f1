//! What can go wrong between Quipu and a registry, in words for its user.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::store::{Digest, StoreError};

/// Why a model was not pulled or pushed. Cheap to clone: all who wait for one download get the same.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RegistryError {
    /// The name says `http://`, but the user did not allow it.
    #[error("insecure protocol http")]
    InsecureHttp,
    /// A name whose host is none that can be asked.
    #[error("{host:?} is no address of a registry: {cause}")]
    BadHost {
        /// Host and port by the name.
        host: String,
        /// What is wrong with them.
        cause: String,
    },
    /// The manifest of a model was not got.
    #[error("pull model manifest: {0}")]
    Manifest(Box<RegistryError>),
    /// The registry has no such thing.
    #[error("file does not exist")]
    NotFound,
    /// The registry wants to know who asks, and did not like the answer.
    #[error("unauthorized: access denied")]
    Unauthorized,
    /// Any other answer than what was hoped for. Registries explain themselves in the body.
    #[error("{status}: {body}")]
    Status {
        /// HTTP status.
        status: u16,
        /// The answer's body, or as much of it as a message has room for.
        body: String,
        /// How long the registry asks to wait.
        retry_after: Option<Duration>,
    },
    /// No connection.
    #[error("cannot reach {host}: {cause}")]
    Unreachable {
        /// The registry, or where it sent us.
        host: String,
        /// What the system says, from the outermost reason to the innermost.
        cause: String,
    },
    /// A connection that ended in the middle of something.
    #[error("the connection to {host} broke: {cause}")]
    Broken {
        /// The registry, or where it sent us.
        host: String,
        /// What the system says, from the outermost reason to the innermost.
        cause: String,
    },
    /// A connection on which nothing happens.
    #[error("{host} sent nothing for {} seconds", after.as_secs())]
    Stalled {
        /// The registry, or where it sent us.
        host: String,
        /// How long that was.
        after: Duration,
    },
    /// An answer that breaks HTTP or the registry protocol.
    #[error("{host} gave an answer that makes no sense: {problem}")]
    Answer {
        /// The registry, or where it sent us.
        host: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A manifest that is none.
    #[error("the manifest in the registry is damaged ({0}): it must be pushed again")]
    Damaged(String),
    /// The registry has a blob of another size than the manifest says.
    #[error(
        "{digest} has {expected} bytes by its manifest, but {found} in the registry: push the model again"
    )]
    WrongSize {
        /// The blob.
        digest: Digest,
        /// By the manifest.
        expected: u64,
        /// By the registry.
        found: u64,
    },
    /// All tries failed.
    #[error("max retries exceeded: {0}")]
    GaveUp(Box<RegistryError>),
    /// The registry wants tokens from somebody else, who would get to see our signature.
    #[error("the registry {host} wants tokens from another host, {realm}: they are not asked for")]
    ForeignRealm {
        /// The registry.
        host: String,
        /// Where it sends us for a token.
        realm: String,
    },
    /// The key that identifies this user to registries cannot be read or made.
    #[error("the key {} {problem}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// What is wrong, as the rest of the sentence.
        problem: String,
    },
    /// TLS cannot be set up.
    #[error(
        "cannot check certificates: {0}; install the system's CA certificates, or name a file with them in \
         SSL_CERT_FILE"
    )]
    Tls(String),
    /// The store has a problem with it.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// The operating system refuses randomness, or a thread.
    #[error("the operating system refuses: {0}")]
    System(Arc<io::Error>),
    /// The task that worked on it is gone, with the server's end or by a bug.
    #[error("the transfer was interrupted")]
    Interrupted,
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl RegistryError {
    /// What a failed request or a broken body says, without the URL: those of storage behind a registry are secret.
    pub(super) fn transport(host: &str, error: reqwest::Error) -> Self {
        let host = host.to_owned();
        let (connecting, cause) = (error.is_connect(), causes(&error.without_url()));
        if connecting { Self::Unreachable { host, cause } } else { Self::Broken { host, cause } }
    }

    pub(super) fn answer(host: &str, problem: impl Into<String>) -> Self {
        Self::Answer { host: host.to_owned(), problem: problem.into() }
    }

    /// Whether trying again may help.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..),
            Self::Unreachable { .. } | Self::Broken { .. } | Self::Stalled { .. } | Self::Answer { .. } => {
                true
            }
            _ => false,
        }
    }

    /// How long the registry asks to wait before the next try.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// An error with what caused it, each reason once: libraries nest errors that say the same.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}
