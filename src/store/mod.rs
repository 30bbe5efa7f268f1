//! Models on disk: names, manifests, blobs, and what may be removed.
//!
//! The layout is Ollama's, so that either program reads what the other wrote:
//!
//! ```text
//!  <models>/
//!    manifests/<host>/<namespace>/<model>/<tag>   JSON: config and layers of the model of that name
//!         │            registry.ollama.ai/library/llama3.2/latest
//!         │ digests
//!         ▼
//!    blobs/sha256-<64 hex>                        a config or layer; never changes; models may share it
//!          sha256-<64 hex>-partial                a download, with holes
//!          sha256-<64 hex>-partial-<n>            JSON: how far its part n is
//!          quipu-<random>.tmp                     a blob that is being written
//!    .quipu/                                      Quipu's own
//!          created                                the folder was created by Quipu: it may be tidied up
//!          builtin                                which built-in model the folder got
//!          lock                                   held by who writes manifests or removes blobs
//!          leases/<random>                        the blobs that a running pull or create needs
//!          scratch/                               files of other programs that will be imported
//! ```
//!
//! A [`Name`] or [`Digest`] exists only if its text kept the rules, and only these two make paths: no request can
//! reach a file outside of the folder.
//!
//! # Reading
//!
//! A [`Store`] is the folder that is written and folders that are only read, such as Ollama's own ([`Location`] says
//! which). [`Store::list`] and [`Store::find`] give models, [`Store::path`] the file of a layer, [`Store::read`]
//! and [`Store::config`] the small ones. Reading takes no lock, reads no weights, and leaves out what is damaged.
//!
//! # Writing
//!
//! Blobs come first, the manifest last. Whoever makes a model holds a [`Lease`] from the first look at what is there
//! until the manifest is written; nothing can be written without one:
//!
//! ```text
//!  store.lease() ─▶ have(layer)? ─ no ─▶ writer() … commit_as(digest)      from a stream
//!                        │               partial() … commit()              a download that can be resumed
//!                        │ yes           put(bytes), import(file)          from memory, from this machine
//!                        ▼                           ▼
//!                 write_manifest(name, manifest), which checks that every blob is there
//!                        ▼
//!                 store.remove_unused(the manifest that it replaced)
//! ```
//!
//! A manifest refers to blobs of its own folder only. A blob that is in a folder of others gets a hard link when
//! somebody asks for it ([`Lease::have`]), or is copied if that cannot be: the others may delete theirs any time.
//!
//! [`Import`] says how a file of the user gets into the store. `Copy` is the right default: the store then depends on
//! nobody, and on file systems that share blocks it is free. `HardLink` is free on all, but the file must not be
//! changed in place. `Symlink` is for a disk that the model should stay on.
//!
//! # Removing
//!
//! Blobs are removed when no manifest and no living lease needs them: those of a model that is deleted or replaced at
//! once, others by [`Store::tidy`] when they are a week old. Several processes may do all of this at the same time.
//! Whoever removes blobs holds the lock, reads all leases and manifests, and removes; all in milliseconds. A lease is a
//! file that its owner keeps locked and adds digests to, under the lock too. So a pull that runs for hours hinders
//! nobody, and a blob that it counts on is seen either as needed or as absent. Both are locks of the operating
//! system on open files, which end with the process.
//!
//! If a manifest cannot be read, nobody knows what it needs, and nothing is removed. Ollama knows neither lock nor
//! leases; that it keeps blobs that are younger than an hour is what protects a pull from it.
//!
//! A crash, at any point, leaves a store that is valid: files get their name when they are whole and on the disk,
//! and a model is there when its manifest is. What is left over is garbage that [`Store::tidy`] finds.

mod atomic;
mod blob;
mod config;
mod digest;
mod error;
mod folder;
mod garbage;
mod import;
mod lease;
mod location;
mod lock;
mod lookup;
mod manifest;
mod media_type;
mod name;
mod partial;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;

pub use blob::{Blob, BlobWriter};
pub use config::{DraftConfig, ModelConfig};
pub use digest::Digest;
pub use error::StoreError;
pub use garbage::Freed;
pub use import::Import;
pub use lease::Lease;
pub use location::Location;
pub use lookup::StoredModel;
pub use manifest::{Layer, Manifest};
pub use media_type::MediaType;
pub(crate) use name::DEFAULT_HOST;
pub use name::{Name, Scheme};
pub use partial::{Part, PartialBlob};

use atomic::{create_folder, new_file, place};
use error::{During, unless_absent};
use folder::Folder;
use lock::{Guard, OWN};

/// The file that says that Quipu created the folder.
const MARKER: &str = "created";

/// Models on this machine. Cheap to clone. Its functions block as far as files do.
#[derive(Clone, Debug)]
pub struct Store {
    folders: Arc<Folders>,
}

#[derive(Debug)]
struct Folders {
    primary: Folder,
    read_only: Vec<Folder>,
}

impl Store {
    /// Opens a store. A folder that does not exist, or is empty, is created, and marked as Quipu's own: only such a
    /// one is tidied up. Any other stays as it is until something is written.
    ///
    /// # Errors
    /// If the folder cannot be created, or is none.
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        let root = absolute(&location.models).during("find", &location.models)?;
        if is_empty(&root)? {
            create_folder(&root.join(OWN))?;
            place(new_file(&root.join(OWN), "", "")?, &root.join(OWN).join(MARKER))?;
        }
        // The folder that is written is not read twice.
        let same =
            |other: &PathBuf| matches!((other.canonicalize(), root.canonicalize()), (Ok(a), Ok(b)) if a == b);
        let read_only = location.read_only.iter().filter(|other| !same(other)).cloned().map(Folder::new);
        let read_only = read_only.collect();
        Ok(Self { folders: Arc::new(Folders { primary: Folder::new(root), read_only }) })
    }

    fn primary(&self) -> &Folder {
        &self.folders.primary
    }

    fn read_only(&self) -> impl Iterator<Item = &Folder> {
        self.folders.read_only.iter()
    }

    fn lock(&self) -> Result<Guard, StoreError> {
        Guard::acquire(self.primary().root())
    }

    /// Whether the folder was created by Quipu.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.primary().root().join(OWN).join(MARKER).is_file()
    }

    /// Starts to make a model.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn lease(&self) -> Result<Lease, StoreError> {
        Lease::new(self.clone())
    }

    /// A folder on the disk of the blobs, for files that other programs write and that are [imported](Lease::import)
    /// then. Whoever puts something there takes it away; what a crash leaves, [`Store::tidy`] removes when nobody has
    /// written to it for an hour.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn scratch(&self) -> Result<PathBuf, StoreError> {
        let folder = self.scratch_path();
        create_folder(&folder)?;
        Ok(folder)
    }

    /// A note of somebody about this folder, if there is one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        let path = self.primary().root().join(OWN).join(name);
        unless_absent(fs::read_to_string(&path)).during("read", &path)
    }

    /// Writes a note, over the one of the same name.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_note(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let folder = self.primary().root().join(OWN);
        create_folder(&folder)?;
        let (mut file, path) = (new_file(&folder, "", "")?, folder.join(name));
        file.write_all(text.as_bytes()).during("write", &path)?;
        place(file, &path)
    }

    fn scratch_path(&self) -> PathBuf {
        self.primary().root().join(OWN).join("scratch")
    }

    /// Gives a model a second name. A model that has the name is replaced, and what only that one needed is removed.
    ///
    /// # Errors
    /// [`StoreError::ModelNotFound`], or if reading or writing fails.
    pub fn copy(&self, source: &Name, destination: &Name) -> Result<(), StoreError> {
        let lease = self.lease()?;
        let model = self.find(source)?;
        if model.name == *destination && !model.read_only {
            return Ok(());
        }
        if let Some(replaced) = lease.write_manifest(destination, &model.manifest)? {
            self.remove_unused(&replaced)?;
        }
        Ok(())
    }
}

/// Whether nothing is in a folder but, maybe, the start of Quipu's own.
fn is_empty(root: &Path) -> Result<bool, StoreError> {
    match unless_absent(fs::read_dir(root)).during("list", root)? {
        // Also if it is a file; creating the folder says so.
        None => Ok(true),
        Some(mut entries) => Ok(entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == OWN))),
    }
}
