//! Partial downloads.

use super::super::partial::is_at;
use super::*;

const TEXT: &str = "0123456789";

fn part(n: usize, offset: u64, size: u64, completed: u64) -> Part {
    Part { n, offset, size, completed }
}

/// A download of [`TEXT`] that was interrupted.
fn interrupted() -> Fixture {
    let fixture = Fixture::new();
    let download = fixture.store.lease().unwrap().partial(&digest(TEXT)).unwrap();
    assert_eq!(download.parts(10).unwrap(), None);
    download.write_at(6, b"678").unwrap();
    download.write_at(0, b"01").unwrap();
    download.save(&part(0, 0, 6, 2)).unwrap();
    download.save(&part(1, 6, 4, 3)).unwrap();
    fixture
}

#[test]
fn files_are_named_and_written_as_ollama_does() {
    let fixture = interrupted();
    let file = blob_file(TEXT);
    let names = ["", "-0", "-1"].map(|n| format!("{file}-partial{n}"));
    assert_eq!(fixture.blobs(), names);
    let json = fs::read_to_string(fixture.path("blobs").join(&names[1])).unwrap();
    assert_eq!(json, r#"{"N":0,"Offset":0,"Size":6,"Completed":2}"#);
}

#[test]
fn an_interrupted_download_goes_on() {
    let fixture = interrupted();
    let lease = fixture.store.lease().unwrap();
    let download = lease.partial(&digest(TEXT)).unwrap();
    assert_eq!(download.parts(10).unwrap().unwrap(), [part(0, 0, 6, 2), part(1, 6, 4, 3)]);
    download.write_at(2, b"2345").unwrap();
    download.write_at(9, b"9").unwrap();
    download.save(&part(1, 6, 4, 4)).unwrap();
    let blob = download.commit().unwrap();
    assert_eq!((blob.digest, blob.size), (digest(TEXT), 10));
    assert_eq!(fixture.blobs(), blob_files(&[TEXT]));
    assert!(lease.have(&layer(MediaType::Model, TEXT)).unwrap());
}

#[test]
fn what_is_hashed_early_is_not_read_again() {
    let fixture = interrupted();
    let download = fixture.store.lease().unwrap().partial(&digest(TEXT)).unwrap();
    download.write_at(2, b"2345").unwrap();
    download.hash_to(2).unwrap();
    download.hash_to(1).unwrap();
    download.hash_to(6).unwrap();
    // Against the rules, and only to see it.
    download.write_at(0, b"XXXXXX").unwrap();
    download.write_at(9, b"9").unwrap();
    assert_eq!(download.commit().unwrap().size, 10);
}

#[test]
fn bytes_at_hand_are_hashed_where_hashing_has_come_to_and_nowhere_else() {
    let fixture = interrupted();
    let download = fixture.store.lease().unwrap().partial(&digest(TEXT)).unwrap();
    download.write_at(0, TEXT.as_bytes()).unwrap();
    download.hash_next(3, b"345");
    assert_eq!(download.hashed(), 0);
    download.hash_next(0, b"012");
    download.hash_next(3, b"345");
    assert_eq!(download.hashed(), 6);
    assert_eq!(download.commit().unwrap().digest, digest(TEXT));
}

#[test]
fn what_was_hashed_before_a_restart_is_forgotten() {
    let fixture = interrupted();
    let download = fixture.store.lease().unwrap().partial(&digest(TEXT)).unwrap();
    download.hash_to(u64::MAX).unwrap();
    download.restart().unwrap();
    download.write_at(0, TEXT.as_bytes()).unwrap();
    assert_eq!(download.commit().unwrap().digest, digest(TEXT));
}

#[test]
fn a_wrong_download_is_deleted() {
    let fixture = interrupted();
    let download = fixture.store.lease().unwrap().partial(&digest(TEXT)).unwrap();
    let got = Digest::of(b"01\x00\x00\x00\x00678");
    assert_eq!(
        message(download.commit()),
        format!("digest mismatch, file must be downloaded again: want {}, got {got}", digest(TEXT))
    );
    assert_eq!(fixture.blobs(), Vec::<String>::new());
}

#[test]
fn parts_that_do_not_fit_are_not_resumed() {
    let fixture = interrupted();
    let lease = fixture.store.lease().unwrap();
    let download = lease.partial(&digest(TEXT)).unwrap();
    assert!(download.parts(10).unwrap().is_some());
    for total in [0, 9, 11] {
        assert_eq!(download.parts(total).unwrap(), None, "{total}");
    }
    for bad in [
        part(1, 5, 4, 3),
        part(1, 6, 4, 5),
        part(1, 6, 0, 0),
        part(1, 6, u64::MAX, 0),
        part(1, u64::MAX, u64::MAX, u64::MAX),
    ] {
        download.save(&bad).unwrap();
        assert_eq!(download.parts(10).unwrap(), None, "{bad:?}");
    }
    // More than the file has: a power failure lost it.
    download.save(&part(1, 6, 4, 4)).unwrap();
    assert_eq!(download.parts(10).unwrap(), None);
    download.write_at(9, b"9").unwrap();
    assert!(download.parts(10).unwrap().is_some());
    let second = fixture.path("blobs").join(format!("{}-partial-1", blob_file(TEXT)));
    fs::write(&second, "{\"N\":1,\"Off").unwrap();
    assert_eq!(download.parts(10).unwrap(), None);
    fs::remove_file(&second).unwrap();
    assert_eq!(download.parts(10).unwrap(), None);
}

#[test]
fn a_download_can_start_anew_or_be_dropped() {
    let fixture = interrupted();
    let lease = fixture.store.lease().unwrap();
    let download = lease.partial(&digest(TEXT)).unwrap();
    download.restart().unwrap();
    assert_eq!(fixture.blobs(), [format!("{}-partial", blob_file(TEXT))]);
    download.write_at(0, TEXT.as_bytes()).unwrap();
    download.save(&part(0, 0, 10, 10)).unwrap();
    assert!(download.parts(10).unwrap().is_some());
    download.discard().unwrap();
    assert_eq!(fixture.blobs(), Vec::<String>::new());
}

#[test]
fn one_download_of_a_blob_at_a_time() {
    let fixture = interrupted();
    let lease = fixture.store.lease().unwrap();
    let download = lease.partial(&digest(TEXT)).unwrap();
    let other = open(&fixture.path("")).lease().unwrap();
    assert!(message(other.partial(&digest(TEXT))).contains("is being downloaded already"));
    other.partial(&digest("another")).unwrap();
    download.restart().unwrap();
    download.write_at(0, TEXT.as_bytes()).unwrap();
    download.commit().unwrap();
    // The name is free again, and the blob is not written to.
    other.partial(&digest(TEXT)).unwrap().write_at(0, b"X").unwrap();
    assert_eq!(fixture.store.read(&layer(MediaType::Model, TEXT)).unwrap(), TEXT.as_bytes());
}

#[test]
fn a_download_that_ended_between_opening_and_locking_is_noticed() {
    let fixture = Fixture::new();
    let (path, renamed) = (fixture.path("a"), fixture.path("b"));
    let file = fs::File::create(&path).unwrap();
    assert!(is_at(&file, &path).unwrap());
    fs::rename(&path, &renamed).unwrap();
    assert!(!is_at(&file, &path).unwrap());
    fs::write(&path, "").unwrap();
    assert!(!is_at(&file, &path).unwrap());
    assert!(is_at(&file, &renamed).unwrap());
}
