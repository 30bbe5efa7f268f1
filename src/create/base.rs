//! A model to build on.

use super::{CreateError, Draft, Reporter, Status, Workshop, off_the_runtime};
use crate::registry::TransferOptions;
use crate::store::{Lease, Name, StoreError, StoredModel};

/// The layers and config of a model, which is pulled if it is not there.
pub(super) async fn of_model(
    workshop: &Workshop,
    lease: &Lease,
    name: &Name,
    reporter: &Reporter,
) -> Result<Draft, CreateError> {
    let stored = match find(workshop, name).await {
        Err(CreateError::Store(StoreError::ModelNotFound(_))) => {
            pull(workshop, name, reporter).await?;
            find(workshop, name).await?
        }
        found => found?,
    };
    let (store, lease, name) = (workshop.store.clone(), lease.clone(), name.clone());
    off_the_runtime(move || {
        let manifest = &stored.manifest;
        for layer in manifest.blobs() {
            // From here on nobody removes it, whatever becomes of the base.
            lease.have(layer)?;
        }
        let config = store.config(manifest)?;
        let mut draft = Draft { layers: manifest.layers().to_vec(), config, ..Draft::default() };
        for layer in &mut draft.layers {
            layer.from = Some(name.to_string());
        }
        draft.config.base_name = name.to_string();
        Ok(draft)
    })
    .await
}

async fn find(workshop: &Workshop, name: &Name) -> Result<StoredModel, CreateError> {
    let (store, name) = (workshop.store.clone(), name.clone());
    off_the_runtime(move || Ok(store.find(&name)?)).await
}

async fn pull(workshop: &Workshop, name: &Name, reporter: &Reporter) -> Result<(), CreateError> {
    let mut transfer = workshop.registry.pull(name.clone(), TransferOptions::default());
    while let Some(progress) = transfer.next().await {
        let progress = progress?;
        // The pull's `success` is not yet this one's.
        if progress.status != "success" {
            reporter.say(Status::from(progress));
        }
        if reporter.go_on().is_break() {
            return Err(CreateError::Cancelled);
        }
    }
    Ok(())
}
