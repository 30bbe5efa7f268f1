//! Files of the user.

use std::os::unix::fs::{MetadataExt, symlink};

use super::*;

fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

fn with_file() -> (Fixture, PathBuf) {
    let fixture = Fixture::new();
    let file = fixture.folder.path().join("model.gguf");
    fs::write(&file, "weights").unwrap();
    (fixture, file)
}

#[test]
fn a_copy_is_independent() {
    let (fixture, file) = with_file();
    let blob = fixture.store.lease().unwrap().import(&file, Import::Copy).unwrap();
    assert_eq!((blob.digest, blob.size), (digest("weights"), 7));
    fs::write(&file, "changed").unwrap();
    assert_eq!(fs::read(&blob.path).unwrap(), b"weights");
    assert_eq!(fixture.blobs(), blob_files(&["weights"]));
}

#[test]
fn a_hard_link_is_the_same_file() {
    let (fixture, file) = with_file();
    let blob = fixture.store.lease().unwrap().import(&file, Import::HardLink).unwrap();
    assert_eq!(inode(&blob.path), inode(&file));
    fs::remove_file(&file).unwrap();
    assert_eq!(fs::read(&blob.path).unwrap(), b"weights");
    assert_eq!(fixture.blobs(), blob_files(&["weights"]));
}

#[test]
fn a_symlink_leaves_the_file_where_it_is() {
    let (fixture, file) = with_file();
    let link = fixture.folder.path().join("link.gguf");
    symlink(&file, &link).unwrap();
    let lease = fixture.store.lease().unwrap();
    let blob = lease.import(&link, Import::Symlink).unwrap();
    assert_eq!(fs::read_link(&blob.path).unwrap(), file.canonicalize().unwrap());
    lease.put(b"{}").unwrap();
    lease.write_manifest(&name("m"), &manifest(&["weights"])).unwrap();
    assert_eq!(fixture.store.blob(&blob.digest).unwrap().unwrap().size, 7);
    drop(lease);
    assert_eq!(fixture.store.delete(&name("m")).unwrap(), Freed { files: 2, bytes: 2 });
    assert_eq!(fs::read(&file).unwrap(), b"weights");
}

#[test]
fn a_file_that_is_gone_is_named() {
    let (fixture, file) = with_file();
    let lease = fixture.store.lease().unwrap();
    let blob = lease.import(&file, Import::Symlink).unwrap();
    let target = file.canonicalize().unwrap();
    fs::remove_file(&file).unwrap();
    let problem = message(fixture.store.path(&Layer::new(MediaType::Model, &blob)));
    assert!(problem.contains("not found") && problem.contains(target.to_str().unwrap()), "{problem}");
    // A pull of the same blob repairs it.
    assert!(!lease.have(&layer(MediaType::Model, "weights")).unwrap());
    lease.put(b"weights").unwrap();
    assert!(fs::symlink_metadata(&blob.path).unwrap().is_file());
}

#[test]
fn what_is_there_already_is_taken() {
    for how in [Import::HardLink, Import::Symlink] {
        let (fixture, file) = with_file();
        let lease = fixture.store.lease().unwrap();
        let first = lease.put(b"weights").unwrap();
        let before = inode(&first.path);
        assert_eq!(lease.import(&file, how).unwrap(), first);
        assert_eq!(inode(&first.path), before);
        assert_eq!(lease.import(&file, how).unwrap(), first);
        assert_eq!(fixture.blobs(), blob_files(&["weights"]));
    }
}

#[test]
fn a_blob_of_the_store_is_not_read_again() {
    let (ours, theirs) = (Fixture::new(), Fixture::new());
    let location = Location { models: ours.path(""), read_only: vec![theirs.path("")] };
    let store = Store::open(&location).unwrap();
    make(&ours.store, "a", &["ours"]);
    make(&theirs.store, "b", &["theirs"]);
    let lease = store.lease().unwrap();
    // Other content than its name says: taken by its name.
    let path = ours.path("blobs").join(blob_file("ours"));
    fs::write(&path, "OURS").unwrap();
    assert_eq!(lease.import(&path, Import::Copy).unwrap().digest, digest("ours"));
    let path = theirs.path("blobs").join(blob_file("theirs"));
    let blob = lease.import(&path, Import::Symlink).unwrap();
    assert_eq!(inode(&blob.path), inode(&path));
    assert!(fs::symlink_metadata(&blob.path).unwrap().is_file(), "not a link into somebody else's store");
    // A file elsewhere with such a name is a file like any other.
    let elsewhere = ours.folder.path().join(blob_file("x"));
    fs::write(&elsewhere, "y").unwrap();
    assert_eq!(lease.import(&elsewhere, Import::Copy).unwrap().digest, digest("y"));
}

#[test]
fn what_is_no_file_is_refused() {
    let fixture = Fixture::new();
    let lease = fixture.store.lease().unwrap();
    for how in [Import::Copy, Import::HardLink, Import::Symlink] {
        assert!(message(lease.import(fixture.folder.path(), how)).contains("this is not a file"));
        assert!(message(lease.import(&fixture.path("absent"), how)).contains("No such file"));
    }
    assert_eq!(fixture.blobs(), Vec::<String>::new());
}

#[test]
fn a_file_that_changes_while_it_is_hashed_is_refused() {
    let (fixture, file) = with_file();
    let lease = fixture.store.lease().unwrap();
    let linked = lease.link(&file, |from, to| {
        fs::remove_file(from)?;
        fs::write(from, "another")?;
        fs::hard_link(from, to)
    });
    assert!(message(linked).contains("changed while it was read"));
    assert_eq!(fixture.blobs(), Vec::<String>::new());
}
