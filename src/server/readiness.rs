//! Whether the models that the server was started with are there.

use parking_lot::Mutex;

use crate::fleet::Model;
use crate::store::Name;

/// One entry for each model that is loaded at start.
pub(crate) struct Readiness(Mutex<Vec<(Model, Start)>>);

/// How the loading of a model at start went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// It goes on.
    Loading,
    /// It was loaded.
    Loaded,
    /// It could not be loaded, with the reason. The next request for it tries again.
    Failed(String),
}

impl Readiness {
    pub(super) fn new(models: &[Model]) -> Self {
        Self(Mutex::new(models.iter().map(|m| (m.clone(), Start::Loading)).collect()))
    }

    pub(super) fn settle(&self, model: &Name, outcome: Result<(), String>) {
        let start = outcome.map_or_else(Start::Failed, |()| Start::Loaded);
        for (known, state) in self.0.lock().iter_mut() {
            if known.name == *model {
                *state = start.clone();
            }
        }
    }

    /// All models and their states.
    pub(crate) fn all(&self) -> Vec<(Model, Start)> {
        self.0.lock().clone()
    }
}
