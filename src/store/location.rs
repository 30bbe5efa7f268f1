//! Where models are.

use std::path::{Path, PathBuf};

use super::StoreError;

/// The folders that a [`Store`](super::Store) is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The folder that is written.
    pub models: PathBuf,
    /// Folders of others, which are only read; earlier ones win. They need not exist.
    pub read_only: Vec<PathBuf>,
}

impl Location {
    /// The folders by the settings: `QUIPU_MODELS`, else `OLLAMA_MODELS`, else `~/.quipu/models` is written.
    /// Unless that is Ollama's own folder, the models in Ollama's folder can be used too.
    ///
    /// # Errors
    /// [`StoreError::NoHome`] if no setting is given, and no home directory either.
    pub fn choose(
        quipu_models: Option<PathBuf>,
        ollama_models: Option<PathBuf>,
        home: Option<&Path>,
    ) -> Result<Self, StoreError> {
        let in_home = |folder: &str| home.map(|home| home.join(folder));
        let of_ollama = match (&quipu_models, &ollama_models) {
            // Whoever moved Ollama's folder expects to see what is in that one, and nothing else.
            (None, Some(_)) => None,
            (_, Some(moved)) => Some(moved.clone()),
            (_, None) => in_home(".ollama/models"),
        };
        let models = quipu_models.or(ollama_models).or_else(|| in_home(".quipu/models"));
        let models = models.ok_or(StoreError::NoHome)?;
        Ok(Self { models, read_only: of_ollama.into_iter().collect() })
    }
}
