//! The order of events of a push.

use std::sync::Arc;

use reqwest::{Method, header};

use super::http::{Repository, checked};
use super::progress::Reporter;
use super::pull::distinct;
use super::retry::persist;
use super::upload::Upload;
use super::{Inner, Registry, RegistryError, TransferOptions, blocking};
use crate::store::{Manifest, Name};

impl Registry {
    pub(super) async fn run_push(
        &self,
        name: &Name,
        options: TransferOptions,
        reporter: &Reporter,
    ) -> Result<(), RegistryError> {
        let Inner { store, settings, .. } = &*self.inner;
        let repository = Arc::new(self.open(name, options).await?);
        // Before the first word, so that who asks for one that is not there gets that as a status.
        let model = {
            let (store, name) = (store.clone(), name.clone());
            blocking(move || store.find(&name)).await?
        };
        reporter.status("retrieving manifest");
        for layer in distinct(&model.manifest) {
            let path = {
                let (store, layer) = (store.clone(), layer.clone());
                blocking(move || store.path(&layer)).await?
            };
            let upload = Upload::new(&repository, &layer, path, settings.patience);
            reporter.follow("pushing", &layer, upload.sent(), upload.run()).await?;
        }
        reporter.status("pushing manifest");
        persist(settings.patience, || put_manifest(&repository, name.tag(), &model.manifest)).await?;
        reporter.status("success");
        Ok(())
    }
}

async fn put_manifest(repository: &Repository, tag: &str, manifest: &Manifest) -> Result<(), RegistryError> {
    let url = repository.url(&format!("manifests/{tag}"))?;
    let answer = repository.send(Method::PUT, &url, |request| {
        request.header(header::CONTENT_TYPE, Manifest::MEDIA_TYPE).body(manifest.bytes().to_vec())
    });
    checked(answer.await?).await.map(drop)
}
