//! The model that the binary brings along: Chasqui, for a machine that has no other yet.
//!
//! A store that Quipu created gets it once. A note in the store says which version that was, so that a model that
//! was deleted stays away, one that was changed stays as it is, and a newer version takes the place of the older.

use serde::{Deserialize, Serialize};

use super::files::add_gguf;
use super::{CreateError, Draft, Parts, Reporter, finish, parts};
use crate::modelfile::{self, Instruction, Modelfile, PathBase};
use crate::store::{Digest, Name, Store, StoreError};

/// The name under which the model is kept, and what `quipu run` talks to when it is not told whom.
pub const BUILTIN: &str = "chasqui";

/// See `models/chasqui`, which makes it.
static WEIGHTS: &[u8] = include_bytes!("../../models/chasqui/chasqui.gguf");

static MODELFILE: &str = include_str!("../../models/chasqui/Modelfile");

/// The store's note on the model.
const NOTE: &str = "builtin";

/// What the store got.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// Digest of the weights and the Modelfile.
    version: String,
    /// Digest of the manifest that was written; `None` if somebody else had the name.
    manifest: Option<String>,
}

/// Puts the built-in model into a store that Quipu created, unless it has, or had, this version of it.
///
/// # Errors
/// If the store cannot be read or written.
pub fn install(store: &Store) -> Result<(), CreateError> {
    if !store.is_own() {
        return Ok(());
    }
    let version = version();
    // A note that cannot be read is as good as none: the model is then left alone if it is there.
    let note = store.note(NOTE)?.and_then(|text| serde_json::from_str::<Note>(&text).ok());
    if note.as_ref().is_some_and(|note| note.version == version) {
        return Ok(());
    }
    let name = name();
    let present = match store.find(&name) {
        Ok(model) if !model.read_only => Some(model.manifest.digest().hex()),
        Ok(_) | Err(StoreError::ModelNotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let is_ours = match (&note, &present) {
        // A new store.
        (None, None) => true,
        (Some(note), Some(_)) => note.manifest == present,
        // Somebody else's, or deleted.
        (None, Some(_)) | (Some(_), None) => false,
    };
    let manifest = if is_ours { Some(write(store, &name)?.hex()) } else { None };
    let note = serde_json::json!(Note { version, manifest });
    Ok(store.write_note(NOTE, &note.to_string())?)
}

/// Makes the model, and returns the digest of its manifest.
fn write(store: &Store, name: &Name) -> Result<Digest, CreateError> {
    let lease = store.lease()?;
    let (reporter, _statuses, _guard) = Reporter::new();
    let mut draft = Draft::default();
    add_gguf(&mut draft, BUILTIN, &lease.put(WEIGHTS)?)?;
    parts::apply(&mut draft, &lease, said_around_it())?;
    finish(store, draft, &lease, name, &reporter)?;
    Ok(store.find(name)?.manifest.digest())
}

#[allow(clippy::expect_used, reason = "the Modelfile is a constant, and a test parses it")]
fn said_around_it() -> Parts {
    let Modelfile { mut instructions } = modelfile::parse(MODELFILE.as_bytes()).expect("it is one");
    // The weights are here already, and nothing else in it is a file.
    instructions.retain(|instruction| !matches!(instruction, Instruction::From(_)));
    let base = PathBase { folder: "".as_ref(), home: None };
    let recipe = Modelfile { instructions }.recipe(base).expect("its values are right");
    Parts {
        system: recipe.system,
        licenses: recipe.licenses,
        parameters: recipe.parameters,
        ..Parts::default()
    }
}

fn version() -> String {
    Digest::of(&[WEIGHTS, MODELFILE.as_bytes()].concat()).hex()
}

#[allow(clippy::expect_used, reason = "it is one")]
fn name() -> Name {
    BUILTIN.parse().expect("a name")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tempfile::TempDir;

    use super::*;
    use crate::store::{Location, Manifest, MediaType};

    fn new_store() -> (Arc<TempDir>, Store) {
        let folder = tempfile::tempdir().unwrap();
        let location = Location { models: folder.path().join("models"), read_only: Vec::new() };
        (Arc::new(folder), Store::open(&location).unwrap())
    }

    fn found(store: &Store) -> Option<Manifest> {
        store.find(&name()).ok().map(|model| model.manifest)
    }

    /// As if the store had got an older version, with a manifest of this digest.
    fn note_of_older(store: &Store, manifest: Option<String>) {
        let note = serde_json::json!(Note { version: "older".into(), manifest });
        store.write_note(NOTE, &note.to_string()).unwrap();
    }

    #[test]
    fn a_new_store_gets_it_once() {
        let (_folder, store) = new_store();
        install(&store).unwrap();
        let manifest = found(&store).unwrap();
        let weights = manifest.layers_of(&MediaType::Model).next().unwrap();
        assert_eq!(weights.digest, Digest::of(WEIGHTS));
        assert!(manifest.layers_of(&MediaType::Params).next().is_some(), "the Modelfile counts");
        store.delete(&name()).unwrap();
        install(&store).unwrap();
        assert!(found(&store).is_none(), "deleted is deleted");
        note_of_older(&store, Some(manifest.digest().hex()));
        install(&store).unwrap();
        assert!(found(&store).is_none(), "also when there is a newer version");
    }

    #[test]
    fn a_newer_version_replaces_only_an_older_one() {
        let (_folder, store) = new_store();
        install(&store).unwrap();
        let ours = found(&store).unwrap();
        // An older version is another manifest; with one layer less, it is.
        let lease = store.lease().unwrap();
        let older = Manifest::new(ours.config().clone(), ours.layers()[..1].to_vec());
        lease.write_manifest(&name(), &older).unwrap();
        note_of_older(&store, Some(older.digest().hex()));
        install(&store).unwrap();
        assert_eq!(found(&store).unwrap().digest(), ours.digest());
        lease.write_manifest(&name(), &older).unwrap();
        note_of_older(&store, Some(ours.digest().hex()));
        install(&store).unwrap();
        assert_eq!(found(&store).unwrap().digest(), older.digest(), "somebody changed it");
    }

    #[test]
    fn the_folders_of_others_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("models/manifests")).unwrap();
        std::fs::write(folder.path().join("models/hello"), "there").unwrap();
        let location = Location { models: folder.path().join("models"), read_only: Vec::new() };
        let store = Store::open(&location).unwrap();
        install(&store).unwrap();
        assert!(found(&store).is_none());
        assert!(!folder.path().join("models/.quipu").exists());
    }
}
