//! What models there are: the files that were named at the start, and what is in the store.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Map, Value};
use tracing::warn;

use super::model::{FileFacts, Model, Weights};
use super::{Content, FleetError, SourcePath};
use crate::chat::Message;
use crate::gguf::compat;
use crate::store::{Digest, Layer, Manifest, MediaType, Name, Store, StoreError, StoredModel};

/// All models, loaded or not. Functions read files, and so block.
pub(super) struct Catalog {
    named: Vec<Model>,
    store: Store,
    /// By the manifest's digest. A manifest never changes, so neither does what it describes.
    contents: Mutex<HashMap<Digest, Arc<Content>>>,
    /// By the weights' digest: several models share weights, and reading the header of a large vocabulary takes
    /// milliseconds.
    facts: Mutex<HashMap<Digest, Arc<FileFacts>>>,
}

impl Catalog {
    pub(super) fn new(named: Vec<Model>, store: Store) -> Self {
        Self { named, store, contents: Mutex::default(), facts: Mutex::default() }
    }

    /// The models that were named at the start.
    pub(super) fn named(&self) -> &[Model] {
        &self.named
    }

    /// All models, the newest first.
    pub(super) fn list(&self) -> Result<Vec<Model>, StoreError> {
        let mut models = self.named.clone();
        for stored in self.store.list()? {
            if self.named.iter().any(|named| named.name == stored.name) {
                continue;
            }
            let name = stored.name.clone();
            match self.describe(stored) {
                Ok(model) => models.push(model),
                Err(error) => warn!(model = %name, %error, "left out of the list"),
            }
        }
        models.sort_by_key(|model| std::cmp::Reverse(model.modified));
        Ok(models)
    }

    /// A model by its name.
    pub(super) fn find(&self, name: &Name) -> Result<Model, FleetError> {
        if let Some(model) = self.named.iter().find(|model| model.name == *name) {
            return Ok(model.clone());
        }
        match self.store.find(name) {
            Ok(stored) => Ok(self.describe(stored)?),
            Err(StoreError::ModelNotFound(_)) => Err(FleetError::NoSuchModel),
            Err(error) => Err(error.into()),
        }
    }

    fn describe(&self, stored: StoredModel) -> Result<Model, StoreError> {
        let StoredModel { name, manifest, modified, .. } = stored;
        let content = self.content(&manifest)?;
        let path = |layer: &Layer| self.store.path(layer);
        let model = manifest.layers_of(&MediaType::Model).next().map(path).transpose()?;
        let adapters = manifest.layers_of(&MediaType::Adapter).map(path).collect::<Result<_, _>>()?;
        let cache_type = |name: &str| content.parameters.get(name)?.as_str()?.parse().ok();
        Ok(Model {
            name,
            // A model without weights of its own (one that runs elsewhere) is listed, and fails when it is used.
            weights: Weights {
                adapters,
                cache_keys: cache_type("cache_type_k"),
                cache_values: cache_type("cache_type_v"),
                ..Weights::new(SourcePath::Gguf(model.unwrap_or_default()))
            },
            digest: manifest.digest().hex(),
            size: manifest.size(),
            modified: jiff::Timestamp::try_from(modified).unwrap_or_default(),
            content,
        })
    }

    fn content(&self, manifest: &Manifest) -> Result<Arc<Content>, StoreError> {
        let digest = manifest.digest();
        if let Some(content) = self.contents.lock().get(&digest) {
            return Ok(Arc::clone(content));
        }
        let content = Arc::new(self.read_content(manifest)?);
        self.contents.lock().insert(digest, Arc::clone(&content));
        Ok(content)
    }

    fn read_content(&self, manifest: &Manifest) -> Result<Content, StoreError> {
        let store = &self.store;
        let text = |media_type: MediaType| -> Result<Option<String>, StoreError> {
            let bytes = manifest.layers_of(&media_type).last().map(|layer| store.read(layer)).transpose()?;
            Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        };
        let template = text(MediaType::Template)?.map_or_else(|| text(MediaType::Prompt), |t| Ok(Some(t)))?;
        let parameters =
            text(MediaType::Params)?.map(|json| read_json::<Map<String, Value>>(&json, "options"));
        let messages =
            text(MediaType::Messages)?.map(|json| read_json::<Vec<StoredMessage>>(&json, "messages"));
        let weights = manifest.layers_of(&MediaType::Model).next();
        Ok(Content {
            config: store.config(manifest)?,
            facts: weights.and_then(|layer| self.facts(layer)),
            projector: manifest.layers_of(&MediaType::Projector).next().is_some(),
            template,
            system: text(MediaType::System)?,
            parameters: parameters.unwrap_or_default(),
            messages: messages.unwrap_or_default().into_iter().map(StoredMessage::message).collect(),
        })
    }

    /// What a layer of weights says of itself; `None`, and logged, if it cannot be read.
    fn facts(&self, layer: &Layer) -> Option<Arc<FileFacts>> {
        if let Some(facts) = self.facts.lock().get(&layer.digest) {
            return Some(Arc::clone(facts));
        }
        let path = self.store.path(layer).inspect_err(|error| warn!(%error, "no weights")).ok()?;
        let file = compat::open(&path)
            .inspect_err(|error| warn!(path = %path.display(), %error, "weights cannot be used"))
            .ok()?;
        let facts = Arc::new(FileFacts::of_model(&file));
        self.facts.lock().insert(layer.digest, Arc::clone(&facts));
        Some(facts)
    }
}

/// A message of the `messages` layer.
#[derive(Debug, serde::Deserialize)]
struct StoredMessage {
    role: String,
    #[serde(default)]
    content: String,
}

impl StoredMessage {
    fn message(self) -> Message {
        Message::new(&self.role, self.content)
    }
}

/// The JSON of a layer. A damaged one is as good as none: the model still runs.
fn read_json<T: serde::de::DeserializeOwned + Default>(json: &str, what: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| {
        warn!(%error, what, "a layer cannot be read, and is ignored");
        T::default()
    })
}
