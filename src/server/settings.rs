//! Everything that a server is told when it starts.

use std::time::Duration;

use crate::fleet::{FleetSettings, ModelSource};
use crate::registry::RegistrySettings;
use crate::server::host::Host;
use crate::store::Location;

/// Everything that a server is told when it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen.
    pub host: Host,
    /// What to serve beside the store's models. All of it is loaded at start.
    pub models: Vec<ModelSource>,
    /// Where models are kept.
    pub store: Location,
    /// Whether a new folder of models gets the built-in one.
    pub builtin: bool,
    /// How registries are spoken to.
    pub registry: RegistrySettings,
    /// How engines run.
    pub fleet: FleetSettings,
    /// Whether prompts are made by Go templates where a model has one of either language; `None`: by the better one.
    pub go_templates: Option<bool>,
    /// How connections are treated.
    pub http: HttpSettings,
    /// What `/api/version` says. Clients switch features on by it, so it is the version of Ollama whose API
    /// this server speaks.
    pub reported_version: String,
}

/// How connections are treated.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Connections at the same time; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Largest request body, in bytes.
    pub max_body: usize,
    /// A connection that sends no whole request head for this long is closed, idle ones included.
    pub header_timeout: Duration,
    /// A connection that takes no byte of its answer for this long is closed.
    pub write_timeout: Duration,
    /// What runs when the server is told to stop has this long to finish.
    pub drain_timeout: Duration,
    /// Origins that browsers may call from, in addition to the local ones; comma separated, `*` in them
    /// stands for anything.
    pub origins: String,
}

/// The version of Ollama's API that is spoken.
pub const OLLAMA_VERSION: &str = "0.32.0";

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            max_body: 64 << 20,
            // Longer than the 90 s for which Go's and Rust's clients keep idle connections: whoever closes
            // first must not be the server, or a request crosses the close.
            header_timeout: Duration::from_secs(120),
            write_timeout: Duration::from_secs(300),
            drain_timeout: Duration::from_secs(30),
            origins: String::new(),
        }
    }
}
