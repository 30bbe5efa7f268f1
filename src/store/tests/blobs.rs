//! Blobs that are written piece by piece.

use std::io::Write;

use super::*;

#[test]
fn pieces_make_one_blob() {
    let fixture = Fixture::new();
    let lease = fixture.store.lease().unwrap();
    let mut writer = lease.writer().unwrap();
    assert!(writer.is_empty());
    writer.append(b"one ").unwrap();
    writer.write_all(b"two").unwrap();
    writer.append(b"").unwrap();
    assert_eq!(writer.len(), 7);
    let blob = writer.commit_as(&digest("one two")).unwrap();
    assert_eq!((blob.digest, blob.size), (digest("one two"), 7));
    assert_eq!(fs::read(&blob.path).unwrap(), b"one two");
    assert_eq!(fixture.blobs(), blob_files(&["one two"]));
    assert_eq!(fixture.store.blob(&blob.digest).unwrap(), Some(blob));
}

#[test]
fn other_content_than_announced_leaves_nothing() {
    let fixture = Fixture::new();
    let mut writer = fixture.store.lease().unwrap().writer().unwrap();
    writer.append(b"truncat").unwrap();
    let (want, got) = (digest("truncated"), digest("truncat"));
    assert_eq!(
        message(writer.commit_as(&want)),
        format!("digest mismatch, expected \"{want}\", got \"{got}\"")
    );
    assert_eq!(fixture.blobs(), Vec::<String>::new());
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let fixture = Fixture::new();
    let mut writer = fixture.store.lease().unwrap().writer().unwrap();
    writer.append(&[7; 100_000]).unwrap();
    assert_eq!(fixture.blobs().len(), 1);
    drop(writer);
    assert_eq!(fixture.blobs(), Vec::<String>::new());
}

#[test]
fn a_writer_can_move_between_threads_and_outlive_its_lease() {
    let fixture = Fixture::new();
    let lease = fixture.store.lease().unwrap();
    let mut writer = lease.writer().unwrap();
    drop(lease);
    for piece in [b"a", b"b"] {
        writer = std::thread::spawn(move || {
            writer.append(piece).unwrap();
            writer
        })
        .join()
        .unwrap();
    }
    assert_eq!(writer.commit().unwrap().digest, digest("ab"));
}

#[test]
fn the_same_blob_twice_is_one() {
    let fixture = Fixture::new();
    let lease = fixture.store.lease().unwrap();
    assert_eq!(lease.put(b"x").unwrap(), lease.put(b"x").unwrap());
    assert_eq!(fixture.blobs(), blob_files(&["x"]));
}

#[test]
fn blobs_can_be_read_by_other_users_as_far_as_the_umask_allows() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let plain = fixture.folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    make(&fixture.store, "m", &["x"]);
    assert_eq!(mode(&fixture.path("blobs").join(blob_file("x"))), mode(&plain));
    let manifest = fixture.path("manifests/registry.ollama.ai/library/m/latest");
    assert_eq!(mode(&manifest), mode(&plain));
}

#[test]
fn the_names_of_old_stores_are_read_too() {
    let fixture = Fixture::new();
    fs::create_dir_all(fixture.path("blobs")).unwrap();
    let path = fixture.path("blobs").join(digest("old").to_string());
    fs::write(&path, "old").unwrap();
    let blob = fixture.store.blob(&digest("old")).unwrap().unwrap();
    assert_eq!((blob.path, blob.size), (path, 3));
    assert!(fixture.store.lease().unwrap().have(&layer(MediaType::Model, "old")).unwrap());
}

#[test]
fn a_blob_of_another_size_is_not_there_for_a_pull() {
    let fixture = Fixture::new();
    make(&fixture.store, "m", &["whole"]);
    let path = fixture.path("blobs").join(blob_file("whole"));
    fs::write(&path, "who").unwrap();
    let lease = fixture.store.lease().unwrap();
    let layer = layer(MediaType::Model, "whole");
    assert!(!lease.have(&layer).unwrap());
    let problem = message(lease.write_manifest(&name("n"), &manifest(&["whole"])));
    assert!(problem.contains("has 3 bytes where its manifest says 5"), "{problem}");
    lease.put(b"whole").unwrap();
    assert!(lease.have(&layer).unwrap());
    assert_eq!(fs::read(path).unwrap(), b"whole");
}
