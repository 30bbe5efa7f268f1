//! The order of events of a pull.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::download::{Job, Ticket};
use super::http::Repository;
use super::progress::Reporter;
use super::retry::{Patience, persist};
use super::{Inner, Registry, RegistryError, TransferOptions, blocking};
use crate::store::{Layer, Lease, Manifest, Name};

/// Blobs that are downloaded at once: most of a model's are tiny, and would each cost a round trip.
const BLOBS: usize = 4;

/// Tries to get the manifest. Somebody waits who has seen nothing happen yet.
const MANIFEST_TRIES: u32 = 3;

impl Registry {
    pub(super) async fn run_pull(
        &self,
        name: &Name,
        options: TransferOptions,
        reporter: &Reporter,
    ) -> Result<(), RegistryError> {
        let Inner { store, settings, .. } = &*self.inner;
        let repository = Arc::new(self.open(name, options).await?);
        reporter.status("pulling manifest");
        let manifest = manifest(&repository, name, settings.patience).await;
        let manifest = manifest.map_err(|error| RegistryError::Manifest(Box::new(error)))?;
        let lease = {
            let store = store.clone();
            blocking(move || store.lease()).await?
        };
        self.download(&repository, &manifest, &lease, reporter).await?;
        reporter.status("writing manifest");
        let replaced = {
            let (lease, name, manifest) = (lease.clone(), name.clone(), manifest.clone());
            blocking(move || lease.write_manifest(&name, &manifest)).await?
        };
        let needed: HashSet<_> = manifest.blobs().map(|layer| layer.digest).collect();
        let superfluous = |old: &Manifest| old.blobs().any(|layer| !needed.contains(&layer.digest));
        if let Some(replaced) = replaced.filter(superfluous).filter(|_| !settings.keep_unused) {
            reporter.status("removing unused layers");
            let store = store.clone();
            blocking(move || store.remove_unused(&replaced)).await?;
        }
        reporter.status("success");
        Ok(())
    }

    /// Brings the blobs that are not there yet.
    async fn download(
        &self,
        repository: &Arc<Repository>,
        manifest: &Manifest,
        lease: &Lease,
        reporter: &Reporter,
    ) -> Result<(), RegistryError> {
        let blobs = stream::iter(distinct(manifest))
            .map(|layer| self.download_blob(repository, layer, lease, reporter));
        let tickets: Vec<_> = blobs.buffer_unordered(BLOBS).try_collect().await?;
        reporter.status("verifying sha256 digest");
        for ticket in tickets.into_iter().flatten() {
            ticket.verified().await?;
        }
        Ok(())
    }

    /// Brings all bytes of a blob. What they are worth, its ticket knows; there is none if it was there already.
    async fn download_blob(
        &self,
        repository: &Arc<Repository>,
        layer: Layer,
        lease: &Lease,
        reporter: &Reporter,
    ) -> Result<Option<Ticket>, RegistryError> {
        let Inner { settings, downloads, .. } = &*self.inner;
        let have = {
            let (lease, layer) = (lease.clone(), layer.clone());
            blocking(move || lease.have(&layer)).await?
        };
        if have {
            reporter.layer("pulling", &layer, layer.size);
            return Ok(None);
        }
        let ticket = downloads.join(Job {
            lease: lease.clone(),
            repository: Arc::clone(repository),
            layer: layer.clone(),
            patience: settings.patience,
            max_streams: settings.max_streams,
        });
        reporter.follow("pulling", &layer, ticket.received(), ticket.downloaded()).await?;
        Ok(Some(ticket))
    }
}

/// The blobs of a model, each once: two layers may be the same text.
pub(super) fn distinct(manifest: &Manifest) -> Vec<Layer> {
    let mut seen = HashSet::new();
    manifest.blobs().filter(|layer| seen.insert(layer.digest)).cloned().collect()
}

/// Gets the manifest. A registry that cannot be reached is not asked again: that is where typing errors show.
async fn manifest(
    repository: &Repository,
    name: &Name,
    patience: Patience,
) -> Result<Manifest, RegistryError> {
    let patience = Patience { tries: patience.tries.min(MANIFEST_TRIES), ..patience };
    let attempt = || async {
        match repository.manifest(name.tag()).await {
            Err(error @ RegistryError::Unreachable { .. }) => Ok(Err(error)),
            result => result.map(Ok),
        }
    };
    persist(patience, attempt).await?
}
