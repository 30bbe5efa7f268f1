//! Registries: pulls models from them, and pushes models to them.
//!
//! ```text
//!   pull                        registry                                store
//!    │ GET manifests/<tag>         │                                       │
//!    │ ──────────────────────────▶ │  which blobs?                         │
//!    │ GET blobs/<digest>          │                                       │
//!    │ ─────────┬──────────────▶   │ ─ 307 ─▶ storage (no credentials)     │
//!    │ ◀════════╧═ up to 16 ranges at once, resumed after every fault ═══▶ │ sha256-<hex>-partial
//!    │                                                                     │   hashed while it grows
//!    │ the manifest, byte for byte: from here on, the model is there ────▶ │ manifests/…
//!    │ what only the replaced manifest needed goes ──────────────────────▶ │
//!
//!   push: HEAD blobs/<digest>, and what is not there: POST, PATCH part by part, PUT; at last PUT manifests/<tag>
//! ```
//!
//! - [`Registry`] starts transfers; [`Transfer`] says how far one is, and cancels it when dropped.
//! - `pull` and `push` are the two orders of events; a pull that fails leaves the model as it was.
//! - `download` brings one blob, once for all who wait for it; `upload` sends one.
//! - `http` speaks to one repository of a registry: credentials, redirects, errors. `auth` gets the credentials.
//! - `retry` knows how often to try again, and when.
//!
//! Any registry that speaks Docker's protocol will do, with the host in the model's name: `hf.co/user/repo:Q4_K_M`,
//! `localhost:5000/library/llama3.2`.

mod auth;
mod download;
mod error;
mod http;
mod parts;
mod progress;
mod pull;
mod push;
mod retry;
mod upload;

use std::sync::Arc;

pub use auth::KeyFiles;
pub use error::RegistryError;
pub use progress::{Progress, Transfer};
pub use retry::Patience;

use self::auth::Tokens;
use self::download::Downloads;
use self::http::{Clients, Repository};
use crate::store::{Name, Store, StoreError};

/// How registries are spoken to.
#[derive(Clone, Debug)]
pub struct RegistrySettings {
    /// What Quipu calls itself; see [`user_agent`].
    pub user_agent: String,
    /// Where the key is that identifies the user.
    pub keys: KeyFiles,
    /// When to give up.
    pub patience: Patience,
    /// Streams for one blob, at most.
    pub max_streams: usize,
    /// Keep the blobs that a pull makes superfluous.
    pub keep_unused: bool,
}

impl RegistrySettings {
    /// Ollama's ways: patient, with up to 16 streams, tidying up.
    #[must_use]
    pub fn new(user_agent: String, keys: KeyFiles) -> Self {
        Self { user_agent, keys, patience: Patience::default(), max_streams: 16, keep_unused: false }
    }
}

/// What a transfer may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct TransferOptions {
    /// Speak to a registry without TLS, or with a certificate that cannot be checked.
    pub insecure: bool,
}

/// The `User-Agent` of a program that does what this version of Ollama does, which registries ask for: they refuse
/// old ones.
#[must_use]
pub fn user_agent(ollama_version: &str) -> String {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    format!("ollama/{ollama_version} ({arch} {os}) quipu/{}", env!("CARGO_PKG_VERSION"))
}

/// Transfers between registries and a store. Cheap to clone; all clones share downloads and tokens.
#[derive(Clone, Debug)]
pub struct Registry {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    settings: RegistrySettings,
    clients: Clients,
    tokens: Arc<Tokens>,
    downloads: Arc<Downloads>,
}

impl Registry {
    /// Prepares transfers; nothing is read or asked for yet.
    #[must_use]
    pub fn new(store: Store, settings: RegistrySettings) -> Self {
        let clients = Clients::new(settings.user_agent.clone());
        let tokens = Arc::new(Tokens::new(settings.keys.clone()));
        Self { inner: Arc::new(Inner { store, settings, clients, tokens, downloads: Arc::default() }) }
    }

    /// Brings a model into the store, or its newest version. Needs a tokio runtime.
    pub fn pull(&self, name: Name, options: TransferOptions) -> Transfer {
        let registry = self.clone();
        Transfer::spawn(|reporter| async move { registry.run_pull(&name, options, &reporter).await })
    }

    /// Sends a model of the store to its registry. Needs a tokio runtime.
    pub fn push(&self, name: Name, options: TransferOptions) -> Transfer {
        let registry = self.clone();
        Transfer::spawn(|reporter| async move { registry.run_push(&name, options, &reporter).await })
    }

    async fn open(&self, name: &Name, options: TransferOptions) -> Result<Repository, RegistryError> {
        let Inner { clients, tokens, settings, .. } = &*self.inner;
        Repository::open(clients, tokens, name, options.insecure, settings.patience.stall).await
    }
}

/// Does something that waits for files where that holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, RegistryError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(RegistryError::Interrupted),
    }
}
