//! Finding models and blobs, in whichever folder they are.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use super::error::During;
use super::folder::Folder;
use super::{Blob, Digest, Layer, Manifest, ModelConfig, Name, Store, StoreError};

/// Licences and message lists are the longest texts, and far from it.
const MAX_TEXT: u64 = 64 << 20;

/// A model in a store.
#[derive(Clone, Debug)]
pub struct StoredModel {
    /// As it is spelled in the folder.
    pub name: Name,
    /// What it is made of.
    pub manifest: Manifest,
    /// When the manifest was written.
    pub modified: SystemTime,
    /// Whether it is in a folder that is only read, so that it can be used but not deleted.
    pub read_only: bool,
}

impl Store {
    /// All models, the newest first. Of models with the same name in several folders, the first folder's. Manifests
    /// that are damaged are logged, and left out.
    ///
    /// # Errors
    /// If the folder that is written cannot be read.
    pub fn list(&self) -> Result<Vec<StoredModel>, StoreError> {
        let mut models = stored(self.primary().list()?, false);
        for folder in self.read_only() {
            let known = models.iter().map(|model| model.name.clone()).collect::<HashSet<_>>();
            match folder.list() {
                Ok(list) => {
                    models.extend(stored(list, true).into_iter().filter(|m| !known.contains(&m.name)));
                }
                Err(error) => folder.report(folder.root(), &error),
            }
        }
        models.sort_by_cached_key(|model| (Reverse(model.modified), model.name.clone()));
        Ok(models)
    }

    /// A model by its name, in any letter case.
    ///
    /// # Errors
    /// [`StoreError::ModelNotFound`], [`StoreError::BadManifest`], or if reading fails.
    pub fn find(&self, name: &Name) -> Result<StoredModel, StoreError> {
        match self.first(|folder| folder.find(name))? {
            Some(((name, manifest, modified), read_only)) => {
                Ok(StoredModel { name, manifest, modified, read_only })
            }
            None => Err(StoreError::ModelNotFound(name.clone())),
        }
    }

    /// A blob by its digest, if a folder has it.
    ///
    /// # Errors
    /// If reading fails.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Blob>, StoreError> {
        Ok(self.first(|folder| folder.blob(digest))?.map(|(blob, _)| blob))
    }

    /// The file of a layer: that of the `model` layer is the GGUF to load.
    ///
    /// # Errors
    /// [`StoreError::BlobNotFound`], [`StoreError::TargetGone`], or if reading fails.
    pub fn path(&self, layer: &Layer) -> Result<PathBuf, StoreError> {
        self.blob(&layer.digest)?.map(|blob| blob.path).ok_or_else(|| self.why_missing(&layer.digest))
    }

    /// The content of a small layer: a text or JSON, not weights.
    ///
    /// # Errors
    /// As [`Store::path`]; and [`StoreError::TooLarge`] for more than 64 MiB.
    pub fn read(&self, layer: &Layer) -> Result<Vec<u8>, StoreError> {
        let blob = self.blob(&layer.digest)?.ok_or_else(|| self.why_missing(&layer.digest))?;
        if blob.size > MAX_TEXT {
            let media_type = layer.media_type.to_string();
            return Err(StoreError::TooLarge { digest: blob.digest, media_type, size: blob.size });
        }
        fs::read(&blob.path).during("read", &blob.path)
    }

    /// The config of a model.
    ///
    /// # Errors
    /// As [`Store::read`]; and [`StoreError::BadConfig`].
    pub fn config(&self, manifest: &Manifest) -> Result<ModelConfig, StoreError> {
        let json = self.read(manifest.config())?;
        let digest = manifest.config().digest;
        serde_json::from_slice(&json).map_err(|source| StoreError::BadConfig { digest, source })
    }

    /// What the first folder has that has it, and whether that is only read. Of folders that are only read, one that
    /// cannot be read is like one that is not there.
    pub(super) fn first<T>(
        &self,
        look: impl Fn(&Folder) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<(T, bool)>, StoreError> {
        if let Some(found) = look(self.primary())? {
            return Ok(Some((found, false)));
        }
        let look = |folder: &Folder| {
            look(folder).unwrap_or_else(|error| {
                folder.report(folder.root(), &error);
                None
            })
        };
        Ok(self.read_only().find_map(look).map(|found| (found, true)))
    }

    /// Why a blob is in no folder.
    fn why_missing(&self, digest: &Digest) -> StoreError {
        let target = |folder: &Folder| fs::read_link(folder.blob_path(digest)).ok();
        match std::iter::once(self.primary()).chain(self.read_only()).find_map(target) {
            Some(target) => StoreError::TargetGone { digest: *digest, target },
            None => StoreError::BlobNotFound(*digest),
        }
    }

    /// Why the blob of a layer is not there, whole.
    pub(super) fn why_not_whole(&self, layer: &Layer) -> StoreError {
        match self.blob(&layer.digest) {
            Ok(Some(Blob { path, size: found, .. })) => {
                StoreError::Damaged { path, expected: layer.size, found }
            }
            Ok(None) => self.why_missing(&layer.digest),
            Err(error) => error,
        }
    }
}

fn stored(list: Vec<(Name, Manifest, SystemTime)>, read_only: bool) -> Vec<StoredModel> {
    let model = |(name, manifest, modified)| StoredModel { name, manifest, modified, read_only };
    list.into_iter().map(model).collect()
}
