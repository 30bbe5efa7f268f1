//! Damaged stores and refusing disks.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// A store with one sound model, and a manifest of the given content under `bad`.
fn with_bad(content: &[u8]) -> Fixture {
    let fixture = Fixture::new();
    make(&fixture.store, "good", &["x"]);
    let folder = fixture.path("manifests/registry.ollama.ai/library/bad");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("latest"), content).unwrap();
    fixture
}

#[test]
fn damaged_manifests_are_left_out_of_lists_and_named_when_used() {
    let sound = manifest(&["y"]);
    let bad_digest = String::from_utf8_lossy(sound.bytes()).replace("sha256:", "sha256:../");
    for content in
        [b"".as_slice(), b"no json", b"\xff\0", b"[]", &sound.bytes()[..100], bad_digest.as_bytes()]
    {
        let fixture = with_bad(content);
        let list = fixture.store.list().unwrap();
        assert_eq!(list.iter().map(|m| m.name.to_string()).collect::<Vec<_>>(), ["good:latest"]);
        let problem = message(fixture.store.find(&name("bad")));
        assert!(problem.contains("library/bad/latest is damaged ("), "{problem}");
        assert!(problem.contains("pull or create the model again, or delete it"), "{problem}");
        // Both of what it says help.
        make(&fixture.store, "bad", &["x"]);
        assert_eq!(fixture.store.list().unwrap().len(), 2);
        fs::write(fixture.path("manifests/registry.ollama.ai/library/bad/latest"), content).unwrap();
        fixture.store.delete(&name("BAD")).unwrap();
        assert_eq!(file_names(&fixture.path("manifests/registry.ollama.ai/library")), ["good"]);
    }
}

#[test]
fn a_huge_file_is_no_manifest() {
    let fixture = with_bad(b"");
    let path = fixture.path("manifests/registry.ollama.ai/library/bad/latest");
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(message(fixture.store.find(&name("bad"))).contains("larger than 16 MiB"));
}

#[test]
fn what_lies_around_is_no_model() {
    let fixture = with_bad(b"");
    let manifests = fixture.path("manifests");
    let library = manifests.join("registry.ollama.ai/library");
    fs::write(manifests.join("file"), "").unwrap();
    fs::write(library.join("good/.quipu-abc"), manifest(&["x"]).bytes()).unwrap();
    fs::create_dir_all(library.join("deep/er/and/deeper")).unwrap();
    symlink("nowhere", library.join("deep/dangling")).unwrap();
    assert_eq!(fixture.store.list().unwrap().len(), 1);
    for text in ["deep:er", "deep:dangling"] {
        assert!(message(fixture.store.find(&name(text))).ends_with("not found"));
    }
    let long = format!("{}/n/m", "h".repeat(350));
    assert!(
        message(fixture.store.find(&name(&long))).ends_with("not found"),
        "no file system has such a name"
    );
}

#[test]
fn missing_and_damaged_blobs_are_named() {
    let fixture = Fixture::new();
    let manifest = make(&fixture.store, "m", &["x"]);
    fs::write(fixture.path("blobs").join(blob_file("{}")), "{").unwrap();
    let problem = message(fixture.store.config(&manifest));
    assert!(problem.contains(&digest("{}").to_string()) && problem.contains("is damaged"), "{problem}");
    fs::remove_dir_all(fixture.path("blobs")).unwrap();
    assert_eq!(fixture.store.list().unwrap().len(), 1);
    let gone = format!("blob \"{}\" not found", digest("x"));
    assert_eq!(message(fixture.store.path(&manifest.layers()[0])), gone);
    assert_eq!(message(fixture.store.read(&manifest.layers()[0])), gone);
    assert_eq!(message(fixture.store.copy(&name("m"), &name("n"))), gone);
    fixture.store.delete(&name("m")).unwrap();
}

#[test]
fn weights_are_not_read_as_text() {
    let fixture = Fixture::new();
    let mut text = layer(MediaType::System, "x");
    fs::create_dir_all(fixture.path("blobs")).unwrap();
    let file = fs::File::create(fixture.path("blobs").join(blob_file("x"))).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    text.size = 1;
    assert!(message(fixture.store.read(&text)).contains("67108865 bytes, more than any such text"));
}

#[test]
fn a_file_where_a_folder_should_be_is_named() {
    for (blocked, needed) in [("blobs", "blobs"), (".quipu", ".quipu"), ("manifests", "manifests")] {
        let fixture = Fixture::new();
        let _ = fs::remove_dir_all(fixture.path(blocked));
        fs::write(fixture.path(blocked), "").unwrap();
        let attempt = || {
            let lease = fixture.store.lease()?;
            lease.put(b"x")?;
            lease.put(b"{}")?;
            lease.write_manifest(&name("m"), &manifest(&["x"]))
        };
        let problem = message(attempt());
        let path = fixture.path(needed);
        assert!(problem.starts_with("cannot ") && problem.contains(path.to_str().unwrap()), "{problem}");
    }
    let fixture = Fixture::new();
    let file = fixture.folder.path().join("file");
    fs::write(&file, "").unwrap();
    let opened = Store::open(&Location { models: file.clone(), read_only: Vec::new() });
    assert!(message(opened).contains(file.to_str().unwrap()));
}

#[test]
fn a_folder_without_rights_is_named_with_what_to_do() {
    let fixture = Fixture::new();
    make(&fixture.store, "m", &["x"]);
    let set = |mode| {
        for folder in ["blobs", "manifests/registry.ollama.ai/library/m"] {
            fs::set_permissions(fixture.path(folder), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    set(0o555);
    // Root may write anyway; then there is nothing to see.
    if fs::write(fixture.path("blobs/probe"), "").is_err() {
        let lease = fixture.store.lease().unwrap();
        for problem in [message(lease.put(b"y")), message(fixture.store.delete(&name("m")))] {
            assert!(problem.contains("change the rights of the folder"), "{problem}");
        }
        assert_eq!(fixture.store.list().unwrap().len(), 1);
        assert_eq!(fixture.blobs(), blob_files(&["x", "{}"]));
    }
    set(0o755);
}

#[test]
fn a_full_disk_is_named_with_what_to_do() {
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let error = StoreError::Io { action: "write", path: "/m".into(), source: full };
    assert!(error.to_string().starts_with("cannot write /m: "));
    assert!(error.to_string().ends_with("; delete models or free other space"));
}
