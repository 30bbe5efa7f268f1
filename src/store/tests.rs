//! The store as a whole, in folders of its own.

mod blobs;
mod concurrent;
mod documents;
mod downloads;
mod faults;
mod folders;
mod garbage;
mod imports;
mod models;
mod names;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

/// A store in a folder that goes with it.
struct Fixture {
    folder: TempDir,
    store: Store,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder.path().join("models"));
        Self { folder, store }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join("models").join(below)
    }

    /// The names of the files in `blobs/`, sorted.
    fn blobs(&self) -> Vec<String> {
        file_names(&self.path("blobs"))
    }
}

fn open(models: &Path) -> Store {
    Store::open(&Location { models: models.to_owned(), read_only: Vec::new() }).unwrap()
}

fn file_names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// The digest of a text.
fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

/// What the blob of a text is called.
fn blob_file(text: &str) -> String {
    digest(text).file_name()
}

/// Sorted names of the blobs of these texts.
fn blob_files(texts: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = texts.iter().map(|text| blob_file(text)).collect();
    names.sort();
    names
}

fn layer(media_type: MediaType, text: &str) -> Layer {
    let blob = Blob { digest: digest(text), size: text.len() as u64, path: PathBuf::new() };
    Layer::new(media_type, &blob)
}

/// The manifest of a model that has these texts for layers, and `{}` for its config.
fn manifest(texts: &[&str]) -> Manifest {
    let layers = texts.iter().map(|text| layer(MediaType::Model, text)).collect();
    Manifest::new(layer(MediaType::Config, "{}"), layers)
}

/// Makes a model of texts.
fn make(store: &Store, model: &str, texts: &[&str]) -> Manifest {
    let lease = store.lease().unwrap();
    for text in texts.iter().chain(&["{}"]) {
        lease.put(text.as_bytes()).unwrap();
    }
    let manifest = manifest(texts);
    if let Some(replaced) = lease.write_manifest(&name(model), &manifest).unwrap() {
        store.remove_unused(&replaced).unwrap();
    }
    manifest
}

/// The full message of an error.
fn message<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    result.unwrap_err().to_string()
}
