//! A user of registries.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use quipu::registry::{
    KeyFiles, Patience, Registry, RegistryError, RegistrySettings, Transfer, TransferOptions, user_agent,
};
use quipu::store::{Digest, Layer, Location, Manifest, MediaType, Name, Part, Store};
use tempfile::TempDir;

/// `Layer::from`, when a layer was taken from another model.
pub(crate) const INSECURE: TransferOptions = TransferOptions { insecure: true };

/// A store, a key, and a client.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
    pub(crate) registry: Registry,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With other settings than the usual ones of tests.
    pub(crate) fn with(change: impl FnOnce(&mut RegistrySettings)) -> Self {
        let folder = TempDir::new().expect("a folder");
        let location = Location { models: folder.path().join("models"), read_only: Vec::new() };
        let store = Store::open(&location).expect("a store");
        let keys = KeyFiles { own: folder.path().join("id_ed25519"), other: None };
        let mut settings = RegistrySettings::new(user_agent("0.32.0"), keys);
        settings.patience =
            Patience { tries: 4, wait: Duration::from_millis(1), stall: Duration::from_secs(30) };
        change(&mut settings);
        let registry = Registry::new(store.clone(), settings);
        Self { folder, store, registry }
    }

    /// Pulls, and returns the texts of what happened, each once in a row, and how it ended.
    pub(crate) async fn pull(&self, name: &Name) -> (Vec<String>, Result<(), RegistryError>) {
        events(self.registry.pull(name.clone(), INSECURE)).await
    }

    pub(crate) async fn push(&self, name: &Name) -> (Vec<String>, Result<(), RegistryError>) {
        events(self.registry.push(name.clone(), INSECURE)).await
    }

    /// Pulls what must come.
    pub(crate) async fn pull_all(&self, name: &Name) -> Vec<String> {
        let (statuses, result) = self.pull(name).await;
        result.expect("it is pulled");
        assert_eq!(statuses.last().map(String::as_str), Some("success"));
        statuses
    }

    /// Pulls what must not come.
    pub(crate) async fn pull_error(&self, name: &Name) -> RegistryError {
        let (statuses, result) = self.pull(name).await;
        assert!(!statuses.contains(&"success".to_owned()));
        result.expect_err("it is not pulled")
    }

    /// Makes a model in the store. `from` says which model its layers came from.
    pub(crate) fn make(&self, name: &Name, layers: &[Bytes], from: Option<&str>) -> Manifest {
        use std::io::Write;
        let lease = self.store.lease().expect("a lease");
        let write = |media_type, bytes: &[u8]| {
            let mut writer = lease.writer().expect("a writer");
            writer.write_all(bytes).expect("it is written");
            let mut layer = Layer::new(media_type, &writer.commit().expect("a blob"));
            layer.from = from.map(str::to_owned);
            layer
        };
        let config = write(MediaType::Config, br#"{"model_format":"gguf"}"#);
        let layers = layers.iter().map(|bytes| write(MediaType::Model, bytes)).collect();
        let manifest = Manifest::new(config, layers);
        lease.write_manifest(name, &manifest).expect("it is written");
        manifest
    }

    /// Whether the store has all of a model, byte for byte.
    pub(crate) fn check(&self, name: &Name, manifest: &Manifest) {
        let model = self.store.find(name).expect("the model");
        assert_eq!(model.manifest.bytes(), manifest.bytes());
        for layer in manifest.blobs() {
            let bytes = std::fs::read(self.store.path(layer).expect("a blob")).expect("it is read");
            assert_eq!(Digest::of(&bytes), layer.digest);
        }
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.folder.path().join("models/blobs")
    }

    /// The names of the files in `blobs/`, without `sha256-`.
    pub(crate) fn files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.blobs()) else { return Vec::new() };
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).into_string().expect("text").trim_start_matches("sha256-").to_owned())
            .collect();
        names.sort();
        names
    }

    /// Leaves files as an interrupted download of Ollama does: these parts, and the bytes of them that it had.
    pub(crate) fn leave_partial(&self, bytes: &[u8], sizes: &[usize], completed: &[usize]) {
        let digest = Digest::of(bytes).hex();
        std::fs::create_dir_all(self.blobs()).expect("a folder");
        let mut file = vec![0; bytes.len()];
        let mut offset = 0;
        for (n, (&size, &completed)) in sizes.iter().zip(completed).enumerate() {
            file[offset..offset + completed].copy_from_slice(&bytes[offset..offset + completed]);
            let json = format!(r#"{{"N":{n},"Offset":{offset},"Size":{size},"Completed":{completed}}}"#);
            let path = self.blobs().join(format!("sha256-{digest}-partial-{n}"));
            std::fs::write(path, json + "\n").expect("a file");
            offset += size;
        }
        assert_eq!(offset, bytes.len());
        std::fs::write(self.blobs().join(format!("sha256-{digest}-partial")), file).expect("a file");
    }

    /// The parts that are noted for a download.
    pub(crate) fn noted_parts(&self, digest: &Digest) -> Vec<Part> {
        let path = |n| self.blobs().join(format!("sha256-{}-partial-{n}", digest.hex()));
        let read = |n: usize| std::fs::read(path(n)).ok();
        (0..).map_while(read).map(|json| serde_json::from_slice(&json).expect("a part")).collect()
    }
}

/// Waits for the end. Returns the texts of what happened, each once in a row, and how it ended.
pub(crate) async fn events(mut transfer: Transfer) -> (Vec<String>, Result<(), RegistryError>) {
    let mut statuses: Vec<String> = Vec::new();
    while let Some(progress) = transfer.next().await {
        let progress = match progress {
            Ok(progress) => progress,
            Err(error) => {
                assert!(transfer.next().await.is_none(), "nothing comes after an error");
                return (statuses, Err(error));
            }
        };
        assert!(progress.completed <= progress.total);
        if statuses.last().is_none_or(|last| *last != progress.status) {
            statuses.push(progress.status.into_owned());
        }
    }
    (statuses, Ok(()))
}
