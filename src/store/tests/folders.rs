//! Where the folders are, who made them, and those that are only read.

use std::os::unix::fs::{MetadataExt, symlink};

use super::*;

/// A store over two folders: its own, and one that is only read.
fn two() -> (Fixture, Store, Fixture) {
    let theirs = Fixture::new();
    let ours = Fixture::new();
    let location = Location { models: ours.path(""), read_only: vec![theirs.path("")] };
    let both = Store::open(&location).unwrap();
    (ours, both, theirs)
}

#[test]
fn settings_choose_the_folders() {
    let choose = |quipu: Option<&str>, ollama: Option<&str>, home: Option<&str>| {
        let found = Location::choose(quipu.map(Into::into), ollama.map(Into::into), home.map(Path::new))?;
        let also = found.read_only.iter().map(|path| format!(" {}", path.display())).collect::<String>();
        Ok::<_, StoreError>(format!("{}{also}", found.models.display()))
    };
    let home = Some("/home/u");
    assert_eq!(choose(None, None, home).unwrap(), "/home/u/.quipu/models /home/u/.ollama/models");
    assert_eq!(choose(Some("/q"), None, home).unwrap(), "/q /home/u/.ollama/models");
    assert_eq!(choose(Some("/q"), Some("/o"), home).unwrap(), "/q /o");
    assert_eq!(choose(None, Some("/o"), home).unwrap(), "/o");
    assert_eq!(choose(Some("/q"), None, None).unwrap(), "/q");
    assert!(message(choose(None, None, None)).contains("set QUIPU_MODELS"));
}

#[test]
fn only_a_folder_that_was_created_is_marked() {
    let fixture = Fixture::new();
    assert!(fixture.store.is_own());
    assert!(open(&fixture.path("")).is_own());
    fs::create_dir(fixture.folder.path().join("empty")).unwrap();
    assert!(open(&fixture.folder.path().join("empty")).is_own());
    let theirs = fixture.folder.path().join("theirs");
    fs::create_dir_all(theirs.join("blobs")).unwrap();
    let store = open(&theirs);
    assert!(!store.is_own());
    assert_eq!(file_names(&theirs), ["blobs"], "opening and listing leave it as it is");
    assert!(store.list().unwrap().is_empty());
    make(&store, "m", &["x"]);
    assert!(!open(&theirs).is_own());
}

#[test]
fn a_crash_while_the_folder_is_created_does_not_disown_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".quipu")).unwrap();
    assert!(open(folder.path()).is_own());
}

#[test]
fn the_folder_that_is_written_is_not_read_twice() {
    let fixture = Fixture::new();
    make(&fixture.store, "m", &["x"]);
    let link = fixture.folder.path().join("link");
    symlink(fixture.path(""), &link).unwrap();
    let store = Store::open(&Location { models: fixture.path(""), read_only: vec![link] }).unwrap();
    assert_eq!(store.read_only().count(), 0);
}

#[test]
fn lists_are_merged_and_the_own_folder_wins() {
    let (ours, both, theirs) = two();
    make(&theirs.store, "Shared", &["theirs"]);
    make(&theirs.store, "only-theirs", &["theirs"]);
    make(&ours.store, "shared", &["ours"]);
    let mut list: Vec<_> = both.list().unwrap().iter().map(|m| (m.name.to_string(), m.read_only)).collect();
    list.sort();
    assert_eq!(list, [("only-theirs:latest".into(), true), ("shared:latest".into(), false)]);
    let found = both.find(&name("SHARED")).unwrap();
    assert_eq!(both.read(&found.manifest.layers()[0]).unwrap(), b"ours");
    let found = both.find(&name("only-theirs")).unwrap();
    assert_eq!(both.read(&found.manifest.layers()[0]).unwrap(), b"theirs");
}

#[test]
fn what_is_only_read_is_not_deleted() {
    let (ours, both, theirs) = two();
    make(&theirs.store, "m", &["x"]);
    let problem = message(both.delete(&name("M")));
    let folder = theirs.path("");
    assert!(problem.contains(&format!("model 'M:latest' is in {}", folder.display())), "{problem}");
    make(&ours.store, "m", &["y"]);
    both.delete(&name("m")).unwrap();
    assert_eq!(ours.blobs(), Vec::<String>::new());
    assert_eq!(theirs.blobs(), blob_files(&["x", "{}"]));
    assert!(both.find(&name("m")).unwrap().read_only);
}

#[test]
fn a_model_made_from_one_that_is_only_read_survives_the_other() {
    let (ours, both, theirs) = two();
    make(&theirs.store, "m", &["weights"]);
    let before = fs::metadata(theirs.path("blobs").join(blob_file("weights"))).unwrap();
    both.copy(&name("m"), &name("mine")).unwrap();
    let after = fs::metadata(ours.path("blobs").join(blob_file("weights"))).unwrap();
    assert_eq!((before.dev(), before.ino()), (after.dev(), after.ino()), "linked, not copied");
    theirs.store.delete(&name("m")).unwrap();
    assert_eq!(theirs.blobs(), Vec::<String>::new());
    let model = both.find(&name("mine")).unwrap();
    assert_eq!(both.read(&model.manifest.layers()[0]).unwrap(), b"weights");
    assert_eq!(ours.blobs(), blob_files(&["weights", "{}"]));
}

#[test]
fn a_link_in_a_folder_that_is_only_read_is_copied_and_checked() {
    let (ours, both, theirs) = two();
    make(&theirs.store, "m", &["weights"]);
    let blob = theirs.path("blobs").join(blob_file("weights"));
    let moved = theirs.path("moved");
    fs::rename(&blob, &moved).unwrap();
    symlink(&moved, &blob).unwrap();
    both.copy(&name("m"), &name("mine")).unwrap();
    let copy = ours.path("blobs").join(blob_file("weights"));
    assert!(fs::symlink_metadata(&copy).unwrap().is_file());
    assert_ne!(fs::metadata(&copy).unwrap().ino(), fs::metadata(&moved).unwrap().ino());
    // Same size, other content: whoever the file belongs to has written to it.
    ours.store.delete(&name("mine")).unwrap();
    fs::write(&moved, "WEIGHTS").unwrap();
    assert!(message(both.copy(&name("m"), &name("mine"))).starts_with("digest mismatch"));
    assert_eq!(ours.blobs().iter().filter(|name| **name != blob_file("{}")).count(), 0);
}

#[test]
fn a_folder_that_is_only_read_is_never_written() {
    let (_ours, both, theirs) = two();
    let store = theirs.path("");
    make(&theirs.store, "m", &["x"]);
    fs::remove_dir_all(theirs.path(".quipu")).unwrap();
    both.copy(&name("m"), &name("n")).unwrap();
    both.list().unwrap();
    both.tidy().unwrap();
    assert_eq!(file_names(&store), ["blobs", "manifests"]);
}

#[test]
fn a_folder_that_cannot_be_read_is_like_none() {
    let fixture = Fixture::new();
    let file = fixture.folder.path().join("file");
    fs::write(&file, "").unwrap();
    // A link to itself: neither absent nor readable, also for root.
    let endless = fixture.folder.path().join("endless");
    symlink(&endless, &endless).unwrap();
    let absent = fixture.folder.path().join("absent");
    let location = Location { models: fixture.path(""), read_only: vec![file, endless, absent] };
    let store = Store::open(&location).unwrap();
    make(&store, "m", &["x"]);
    assert_eq!(store.list().unwrap().len(), 1);
    assert_eq!(message(store.find(&name("n"))), "model 'n:latest' not found");
    assert_eq!(store.blob(&digest("y")).unwrap(), None);
    assert!(!store.lease().unwrap().have(&layer(MediaType::Model, "y")).unwrap());
}
