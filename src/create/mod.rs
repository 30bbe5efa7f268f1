//! Making models: from one that is there, or from files.
//!
//! ```text
//!   from a model ──▶ its layers, pulled first if it is not there ─┐
//!                                                                 ├─▶ quantize? ─▶ template, system, parameters, …
//!   from files ──┬─ GGUF ──────────▶ as it is                     │                        │
//!                ├─ split GGUF ────▶ merged ──▶ one blob ─────────┘                        ▼
//!                └─ safetensors ───▶ converted                              config, manifest: the model is there
//! ```
//!
//! Nothing of the store changes before the manifest is written, which is the last step: a create that fails or is
//! cancelled leaves only blobs that nobody needs, and [`Store::tidy`](crate::store::Store::tidy) finds those.

mod base;
pub mod builtin;
mod error;
mod files;
mod parts;
mod quantize;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value};
use tokio::sync::mpsc;

pub use error::CreateError;
pub use quantize::{QuantizeArgs, worker as quantize_worker};

use crate::registry::Registry;
use crate::store::{Blob, BlobWriter, Digest, Layer, Lease, Manifest, MediaType, ModelConfig, Name, Store};

/// What models are made with.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// Where models are kept.
    pub store: Store,
    /// Where missing ones come from.
    pub registry: Registry,
    /// This binary, which quantizes in a process of its own: native code aborts on bad input.
    pub program: PathBuf,
}

/// A model that is to be made.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// What it will be called.
    pub name: Name,
    /// The model to build on. Comes before `files`.
    pub from: Option<Name>,
    /// Files to build from.
    pub files: Vec<SourceFile>,
    /// Files of a model that drafts tokens for this one.
    pub draft_files: Vec<SourceFile>,
    /// Files of one adapter.
    pub adapters: Vec<SourceFile>,
    /// Type to quantize the weights to, such as `Q4_K_M`.
    pub quantize: Option<String>,
    /// Type to quantize the weights of the model that drafts to.
    pub draft_quantize: Option<String>,
    /// What is said around the weights.
    pub parts: Parts,
}

impl Recipe {
    /// The uploaded files that it is made from.
    pub fn uploads(&self) -> impl Iterator<Item = Digest> {
        let files = self.files.iter().chain(&self.draft_files).chain(&self.adapters);
        files.filter_map(|file| match &file.at {
            FileAt::Blob(digest) => Some(*digest),
            FileAt::InPlace(_) => None,
        })
    }
}

/// What is said around the weights. What is absent stays as the base has it.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Prompt template, in Go's language.
    pub template: Option<String>,
    /// System message; empty for none.
    pub system: Option<String>,
    /// Licences, added to the base's.
    pub licenses: Vec<String>,
    /// Options, over the base's.
    pub parameters: Map<String, Value>,
    /// Messages that come before every conversation: `(role, content)`.
    pub messages: Vec<(String, String)>,
    /// Built-in renderer.
    pub renderer: Option<String>,
    /// Built-in parser.
    pub parser: Option<String>,
    /// Oldest version that runs it.
    pub requires: Option<String>,
}

/// A file to build from.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// What it was called where it comes from, relative to the folder.
    pub name: String,
    /// Where it is.
    pub at: FileAt,
}

/// Where a file is.
#[derive(Clone, Debug)]
pub enum FileAt {
    /// Among the blobs.
    Blob(Digest),
    /// On this machine. It stays there, and the model needs it.
    InPlace(PathBuf),
}

/// How far the making is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// `parsing GGUF`, …, `success`.
    pub text: Cow<'static, str>,
    /// What `total` and `completed` are about.
    pub digest: Option<String>,
    /// Bytes or tensors in all; 0 where nothing is counted.
    pub total: u64,
    /// How many of them are done.
    pub completed: u64,
}

impl Status {
    /// A step that counts nothing.
    #[must_use]
    pub fn step(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), digest: None, total: 0, completed: 0 }
    }
}

/// Where the making says how far it is, and hears that nobody waits for it any more.
#[derive(Clone, Debug)]
pub struct Reporter {
    statuses: mpsc::UnboundedSender<Status>,
    cancelled: Arc<AtomicBool>,
}

impl Reporter {
    /// A reporter, what it reports, and the guard whose drop cancels the work.
    #[must_use]
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Status>, CancelGuard) {
        let (statuses, received) = mpsc::unbounded_channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let guard = CancelGuard(Arc::clone(&cancelled));
        (Self { statuses, cancelled }, received, guard)
    }

    pub(crate) fn say(&self, status: Status) {
        // Nobody may listen any more; the guard says so.
        let _ = self.statuses.send(status);
    }

    fn step(&self, text: impl Into<Cow<'static, str>>) {
        self.say(Status::step(text));
    }

    fn go_on(&self) -> ControlFlow<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// A callback for work that counts bytes: tells of every hundredth part.
    fn counting(&self, text: &str) -> impl FnMut(u64, u64) -> ControlFlow<()> + use<> {
        let (reporter, text) = (self.clone(), text.to_owned());
        let mut told = None;
        move |completed, total| {
            let hundredth = completed * 100 / total.max(1);
            if told.replace(hundredth) != Some(hundredth) {
                let text = Cow::Owned(text.clone());
                reporter.say(Status { text, digest: Some(NO_DIGEST.into()), total, completed });
            }
            reporter.go_on()
        }
    }
}

/// Stands for a digest where clients want one and there is none yet. Ollama's, 19 zeros.
const NO_DIGEST: &str = "0000000000000000000";

/// Cancels the work when it is dropped.
#[derive(Debug)]
pub struct CancelGuard(Arc<AtomicBool>);

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A model that is being made: its layers so far, in their order, and its config.
#[derive(Clone, Debug, Default)]
struct Draft {
    layers: Vec<Layer>,
    /// Blobs that were not there before.
    written: HashSet<Digest>,
    /// The file that the weights come from.
    weights: Option<String>,
    config: ModelConfig,
}

impl Draft {
    fn layers_of(&self, media_type: &MediaType) -> impl Iterator<Item = &Layer> {
        self.layers.iter().filter(move |layer| layer.media_type == *media_type)
    }

    fn remove(&mut self, media_type: &MediaType) {
        self.layers.retain(|layer| layer.media_type != *media_type);
    }

    /// Writes a blob that is in memory.
    fn put(&mut self, lease: &Lease, bytes: &[u8]) -> Result<Blob, CreateError> {
        let mut writer = lease.writer()?;
        writer.append(bytes)?;
        self.commit(lease, writer)
    }

    /// Ends a blob.
    fn commit(&mut self, lease: &Lease, writer: BlobWriter) -> Result<Blob, CreateError> {
        let is_new = lease.blob(&writer.digest())?.is_none();
        let blob = writer.commit()?;
        if is_new {
            self.written.insert(blob.digest);
        }
        Ok(blob)
    }
}

/// Makes a model.
///
/// # Errors
/// See [`CreateError`]. The store is as it was, apart from blobs that nobody needs.
pub async fn create(workshop: &Workshop, recipe: Recipe, reporter: &Reporter) -> Result<(), CreateError> {
    let store = workshop.store.clone();
    let lease = off_the_runtime(move || Ok(store.lease()?)).await?;
    let mut draft = match &recipe.from {
        Some(from) => base::of_model(workshop, &lease, from, reporter).await?,
        None if recipe.files.is_empty() => return Err(CreateError::NothingToMakeItFrom),
        None => Draft::default(),
    };
    let Recipe { name, from, files, draft_files, adapters, quantize, draft_quantize, parts } = recipe;
    let from_files = from.is_none();
    let (held, told) = (lease.clone(), reporter.clone());
    draft = off_the_runtime(move || {
        if from.is_none() {
            files::add_model(&mut draft, &held, &files, &told)?;
        }
        files::add_draft_model(&mut draft, &held, &draft_files, &told)?;
        files::add_adapter(&mut draft, &held, &adapters, &told)?;
        Ok(draft)
    })
    .await?;
    for (weights, target) in [(MediaType::Model, quantize), (MediaType::Draft, draft_quantize)] {
        if let Some(target) = target {
            quantize::quantize(workshop, &mut draft, &lease, (&weights, &target), reporter).await?;
        }
    }
    let (store, told) = (workshop.store.clone(), reporter.clone());
    off_the_runtime(move || {
        // What a base has stays; a file brings none.
        if from_files && parts.template.is_none() {
            parts::detect_template(&mut draft, &lease, &told)?;
        }
        parts::apply(&mut draft, &lease, parts)?;
        finish(&store, draft, &lease, &name, &told)
    })
    .await
}

/// Writes config and manifest, and removes what only the replaced model needed.
fn finish(
    store: &Store,
    mut draft: Draft,
    lease: &Lease,
    name: &Name,
    reporter: &Reporter,
) -> Result<(), CreateError> {
    #[allow(clippy::expect_used, reason = "the keys of all maps are strings, and nothing in it can fail")]
    let config = serde_json::to_vec(&draft.config).expect("JSON of strings and numbers");
    let config = Layer::new(MediaType::Config, &draft.put(lease, &config)?);
    for layer in draft.layers.iter().chain([&config]) {
        let verb = if draft.written.contains(&layer.digest) { "creating new" } else { "using existing" };
        reporter.step(format!("{verb} layer {}", layer.digest));
    }
    if reporter.go_on().is_break() {
        return Err(CreateError::Cancelled);
    }
    reporter.step("writing manifest");
    if let Some(replaced) = lease.write_manifest(name, &Manifest::new(config, draft.layers))? {
        store.remove_unused(&replaced)?;
    }
    reporter.step("success");
    Ok(())
}

/// Runs what reads and writes files where it hinders nobody.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CreateError> + Send + 'static,
) -> Result<T, CreateError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| Err(CreateError::Panic(panic.to_string())))
}

impl From<crate::registry::Progress> for Status {
    fn from(progress: crate::registry::Progress) -> Self {
        let crate::registry::Progress { status, digest, total, completed } = progress;
        Self { text: status, digest: digest.map(|digest| digest.to_string()), total, completed }
    }
}
