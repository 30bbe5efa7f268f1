//! What a model is made of.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Blob, Digest, MediaType};

/// A manifest: the config and the layers of a model.
///
/// A manifest *is* its bytes: their SHA-256 identifies the model, so one that was pulled is kept and pushed as it
/// was received. It can therefore not be changed, only be read or made anew.
#[derive(Clone, Debug)]
pub struct Manifest {
    bytes: Vec<u8>,
    digest: Digest,
    content: Content,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    #[serde(default)]
    schema_version: u32,
    #[serde(default)]
    media_type: String,
    config: Layer,
    layers: Vec<Layer>,
}

/// A blob and what it is to the model. The order of layers counts: of two licences, the first comes first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    /// What it is.
    pub media_type: MediaType,
    /// Which blob.
    pub digest: Digest,
    /// Bytes of the blob.
    pub size: u64,
    /// `namespace/model` that it was taken from: a push then need not upload it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Name of the tensor or JSON file in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What else the manifest says of the layer; kept, not understood.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Layer {
    /// A blob as a layer.
    #[must_use]
    pub fn new(media_type: MediaType, blob: &Blob) -> Self {
        Self { media_type, digest: blob.digest, size: blob.size, from: None, name: None, other: Map::new() }
    }
}

impl Manifest {
    /// The type of a manifest itself, by which registries know it.
    pub const MEDIA_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";

    /// Makes the manifest of a new model.
    #[must_use]
    #[allow(clippy::expect_used, reason = "the keys of all maps are strings, and nothing in it can fail")]
    pub fn new(config: Layer, layers: Vec<Layer>) -> Self {
        let content = Content { schema_version: 2, media_type: Self::MEDIA_TYPE.to_owned(), config, layers };
        let bytes = serde_json::to_vec(&content).expect("JSON of strings and numbers");
        Self { digest: Digest::of(&bytes), bytes, content }
    }

    /// Reads a manifest, and keeps its bytes.
    ///
    /// # Errors
    /// If it is no JSON, or has no config, no list of layers, or in them a digest or size that is none.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, serde_json::Error> {
        let content = serde_json::from_slice(&bytes)?;
        Ok(Self { digest: Digest::of(&bytes), bytes, content })
    }

    /// As it was received or made.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes, by which people and clients know the model.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The blob that holds the [`ModelConfig`](super::ModelConfig).
    #[must_use]
    pub fn config(&self) -> &Layer {
        &self.content.config
    }

    /// The layers, in their order, without the config.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.content.layers
    }

    /// The layers of one type, in their order.
    pub fn layers_of(&self, media_type: &MediaType) -> impl Iterator<Item = &Layer> {
        self.content.layers.iter().filter(move |layer| layer.media_type == *media_type)
    }

    /// All blobs that the model needs: layers and config, in the order in which they are pulled and pushed.
    pub fn blobs(&self) -> impl Iterator<Item = &Layer> {
        self.content.layers.iter().chain([&self.content.config])
    }

    /// Bytes of the model: config and layers, as the manifest says.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.blobs().map(|layer| layer.size).fold(0, u64::saturating_add)
    }
}
