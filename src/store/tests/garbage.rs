//! What is removed, and what is not.

use std::fs::File;
use std::time::{Duration, SystemTime};

use super::super::garbage::Ages;
use super::*;

/// As if everything were old.
const ANY_AGE: Ages = Ages { unused: Duration::ZERO, temporary: Duration::ZERO };

fn age(path: &Path, hours: u64) {
    let time = SystemTime::now() - Duration::from_hours(hours);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn what_a_lease_needs_stays_until_it_ends() {
    let fixture = Fixture::new();
    make(&fixture.store, "m", &["x"]);
    // Asked for, before and after the deletion; and of another process.
    let other = open(&fixture.path(""));
    let lease = other.lease().unwrap();
    assert!(lease.have(&layer(MediaType::Model, "x")).unwrap());
    assert_eq!(fixture.store.delete(&name("m")).unwrap(), Freed { files: 1, bytes: 2 });
    lease.put(b"y").unwrap();
    fixture.store.tidy_older(ANY_AGE).unwrap();
    assert_eq!(fixture.blobs(), blob_files(&["x", "y"]));
    let second = lease.clone();
    drop(lease);
    fixture.store.tidy_older(ANY_AGE).unwrap();
    assert_eq!(fixture.blobs(), blob_files(&["x", "y"]));
    drop(second);
    assert_eq!(fixture.store.tidy_older(ANY_AGE).unwrap(), Freed { files: 2, bytes: 2 });
    assert_eq!(fixture.blobs(), Vec::<String>::new());
    assert_eq!(file_names(&fixture.path(".quipu/leases")), Vec::<String>::new());
}

#[test]
fn a_blob_that_is_asked_for_before_it_is_there_is_protected() {
    let fixture = Fixture::new();
    let lease = fixture.store.lease().unwrap();
    assert_eq!(lease.blob(&digest("x")).unwrap(), None);
    let upload = fixture.store.lease().unwrap();
    upload.put(b"x").unwrap();
    drop(upload);
    fixture.store.tidy_older(ANY_AGE).unwrap();
    assert_eq!(fixture.blobs(), blob_files(&["x"]));
}

#[test]
fn the_lease_of_a_crashed_process_protects_nothing() {
    let fixture = Fixture::new();
    let lease = fixture.store.lease().unwrap();
    lease.put(b"x").unwrap();
    let leases = fixture.path(".quipu/leases");
    let [file] = file_names(&leases).try_into().unwrap();
    // What a crash leaves is the file without the lock.
    let text = fs::read(leases.join(&file)).unwrap();
    drop(lease);
    fs::write(leases.join(&file), text).unwrap();
    fixture.store.tidy_older(ANY_AGE).unwrap();
    assert_eq!((fixture.blobs(), file_names(&leases)), (vec![], vec![]));
}

#[test]
fn young_garbage_stays() {
    let fixture = Fixture::new();
    make(&fixture.store, "m", &["x"]);
    let lease = fixture.store.lease().unwrap();
    for text in ["young", "old"] {
        lease.put(text.as_bytes()).unwrap();
        drop(lease.partial(&digest(text)).unwrap());
    }
    drop(lease);
    let blobs = fixture.path("blobs");
    let old = [blob_file("old"), format!("{}-partial", blob_file("old"))].map(|file| blobs.join(file));
    old.iter().for_each(|path| age(path, 6 * 24));
    fixture.store.tidy().unwrap();
    assert_eq!(fixture.blobs().len(), 6);
    old.iter().for_each(|path| age(path, 8 * 24));
    age(&blobs.join(blob_file("x")), 8 * 24);
    assert_eq!(fixture.store.tidy().unwrap(), Freed { files: 2, bytes: 3 });
    let young = blob_file("young");
    let mut left = [blob_files(&["young", "x", "{}"]), vec![format!("{young}-partial")]].concat();
    left.sort();
    assert_eq!(fixture.blobs(), left);
    make(&fixture.store, "m", &["x"]);
}

#[test]
fn a_download_that_runs_stays_however_old() {
    let fixture = Fixture::new();
    let lease = fixture.store.lease().unwrap();
    let download = lease.partial(&digest("x")).unwrap();
    download.save(&Part { n: 0, offset: 0, size: 1, completed: 0 }).unwrap();
    let writer = lease.writer().unwrap();
    for file in fixture.blobs() {
        age(&fixture.path("blobs").join(file), 1000);
    }
    assert_eq!(fixture.store.tidy().unwrap(), Freed::default());
    assert_eq!(fixture.blobs().len(), 3);
    drop((lease, download, writer));
    assert_eq!(fixture.store.tidy().unwrap(), Freed { files: 2, bytes: 41 });
    assert_eq!(fixture.blobs(), Vec::<String>::new());
}

#[test]
fn what_crashes_leave_is_removed() {
    let fixture = Fixture::new();
    make(&fixture.store, "m", &["x"]);
    let blobs = fixture.path("blobs");
    for (file, hours) in
        [("quipu-abc.tmp", 2), ("quipu-new.tmp", 0), ("notes.txt", 1000), ("sha256-abc", 1000)]
    {
        fs::write(blobs.join(file), "x").unwrap();
        age(&blobs.join(file), hours);
    }
    let manifest = fixture.path("manifests/registry.ollama.ai/library/n");
    fs::create_dir_all(&manifest).unwrap();
    fs::write(manifest.join(".quipu-abc"), "{").unwrap();
    fixture.store.tidy().unwrap();
    let mut left = blob_files(&["x", "{}"]);
    left.extend(["notes.txt", "quipu-new.tmp", "sha256-abc"].map(str::to_owned));
    left.sort();
    assert_eq!(fixture.blobs(), left);
    assert!(!manifest.exists());
}

#[test]
fn a_link_that_a_crash_left_is_removed_and_not_its_file() {
    let fixture = Fixture::new();
    let file = fixture.folder.path().join("file");
    fs::write(&file, "").unwrap();
    fs::create_dir(fixture.path("blobs")).unwrap();
    std::os::unix::fs::symlink(&file, fixture.path("blobs/quipu-a.tmp")).unwrap();
    std::os::unix::fs::symlink("nowhere", fixture.path("blobs/quipu-b.tmp")).unwrap();
    assert_eq!(fixture.store.tidy_older(ANY_AGE).unwrap(), Freed { files: 2, bytes: 0 });
    assert!(file.exists());
}

#[test]
fn a_folder_of_somebody_else_is_not_tidied() {
    let fixture = Fixture::new();
    make(&fixture.store, "m", &["x"]);
    fixture.store.lease().unwrap().put(b"unused").unwrap();
    fs::remove_file(fixture.path(".quipu/created")).unwrap();
    age(&fixture.path("blobs").join(blob_file("unused")), 1000);
    assert_eq!(fixture.store.tidy().unwrap(), Freed::default());
    assert_eq!(fixture.blobs().len(), 3);
    // What was in a model that is deleted is known to be garbage.
    fixture.store.delete(&name("m")).unwrap();
    assert_eq!(fixture.blobs(), blob_files(&["unused"]));
}

#[test]
fn with_a_damaged_manifest_nothing_is_removed() {
    let fixture = Fixture::new();
    make(&fixture.store, "m", &["x"]);
    let bad = fixture.path("manifests/registry.ollama.ai/library/bad/latest");
    fs::create_dir_all(bad.parent().unwrap()).unwrap();
    fs::write(&bad, "{").unwrap();
    assert_eq!(fixture.store.delete(&name("m")).unwrap(), Freed::default());
    assert!(message(fixture.store.tidy_older(ANY_AGE)).contains(bad.to_str().unwrap()));
    assert_eq!(fixture.blobs(), blob_files(&["x", "{}"]));
    fixture.store.delete(&name("bad")).unwrap();
    assert_eq!(fixture.store.tidy_older(ANY_AGE).unwrap().files, 2);
}

#[test]
fn what_file_managers_leave_is_no_damaged_manifest() {
    let fixture = Fixture::new();
    make(&fixture.store, "m", &["x"]);
    let library = fixture.path("manifests/registry.ollama.ai/library");
    fs::write(library.join(".DS_Store"), "\0").unwrap();
    fs::write(library.join("m/.DS_Store"), "\0").unwrap();
    assert_eq!(fixture.store.delete(&name("m")).unwrap().files, 2);
    // But one under a name that is none may be somebody's model.
    make(&fixture.store, "m", &["x"]);
    let odd = library.join("a b");
    fs::create_dir(&odd).unwrap();
    fs::copy(library.join("m/latest"), odd.join("latest")).unwrap();
    assert_eq!(fixture.store.delete(&name("m")).unwrap(), Freed::default());
}

#[test]
fn the_files_of_old_stores_are_garbage_too() {
    let fixture = Fixture::new();
    fs::create_dir_all(fixture.path("blobs")).unwrap();
    for text in ["old", "{}"] {
        fs::write(fixture.path("blobs").join(digest(text).to_string()), text).unwrap();
    }
    let lease = fixture.store.lease().unwrap();
    lease.write_manifest(&name("m"), &manifest(&["old"])).unwrap();
    drop(lease);
    fixture.store.tidy_older(ANY_AGE).unwrap();
    assert_eq!(fixture.store.delete(&name("m")).unwrap(), Freed { files: 2, bytes: 5 });
}

#[test]
fn what_other_programs_left_half_made_is_removed() {
    let fixture = Fixture::new();
    let scratch = fixture.store.scratch().unwrap();
    let file = |folder: &str| scratch.join(folder).join("model.gguf");
    for folder in ["crashed", "runs"] {
        fs::create_dir(scratch.join(folder)).unwrap();
        fs::write(file(folder), "x").unwrap();
    }
    fs::write(scratch.join("runs/older"), "x").unwrap();
    age(&scratch.join("runs/older"), 2);
    // The time of a folder says nothing of who writes to the files in it.
    age(&file("crashed"), 2);
    let time = SystemTime::now() - Duration::from_hours(2);
    for folder in ["crashed", "runs"] {
        File::open(scratch.join(folder)).unwrap().set_modified(time).unwrap();
    }
    fixture.store.tidy().unwrap();
    assert_eq!(file_names(&scratch), ["runs"]);
    age(&file("runs"), 2);
    fixture.store.tidy().unwrap();
    assert_eq!(file_names(&scratch), Vec::<String>::new());
}
