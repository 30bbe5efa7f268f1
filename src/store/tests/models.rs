//! Models by name: made, listed, found, copied, deleted.

use std::fs::File;
use std::time::{Duration, SystemTime};

use super::*;

fn listed(store: &Store) -> Vec<String> {
    store.list().unwrap().iter().map(|model| model.name.to_string()).collect()
}

#[test]
fn an_empty_store_has_no_models() {
    let fixture = Fixture::new();
    assert!(fixture.store.list().unwrap().is_empty());
    assert_eq!(message(fixture.store.find(&name("m"))), "model 'm:latest' not found");
    assert_eq!(message(fixture.store.delete(&name("m"))), "model 'm:latest' not found");
    assert_eq!(message(fixture.store.copy(&name("m"), &name("n"))), "model 'm:latest' not found");
    assert_eq!(fixture.store.blob(&digest("x")).unwrap(), None);
}

#[test]
fn a_pulled_manifest_is_kept_byte_for_byte() {
    let fixture = Fixture::new();
    let lease = fixture.store.lease().unwrap();
    lease.put(b"weights").unwrap();
    lease.put(b"{}").unwrap();
    let spaced = String::from_utf8_lossy(manifest(&["weights"]).bytes()).replace(',', " ,\n\t") + "\n";
    let pulled = Manifest::parse(spaced.clone().into_bytes()).unwrap();
    assert!(lease.write_manifest(&name("hf.co/u/m:Q8_0"), &pulled).unwrap().is_none());
    assert_eq!(fs::read(fixture.path("manifests/hf.co/u/m/Q8_0")).unwrap(), spaced.as_bytes());
    let found = fixture.store.find(&name("hf.co/u/m:Q8_0")).unwrap();
    assert_eq!(found.manifest.digest(), digest(&spaced));
    assert_eq!((found.manifest.size(), found.read_only), (9, false));
    let age = SystemTime::now().duration_since(found.modified).unwrap_or_default();
    assert!(age < Duration::from_hours(1));
    let weights = fixture.store.path(&found.manifest.layers()[0]).unwrap();
    assert_eq!(fs::read(weights).unwrap(), b"weights");
    assert_eq!(fixture.store.read(&found.manifest.layers()[0]).unwrap(), b"weights");
    assert_eq!(fixture.store.config(&found.manifest).unwrap(), ModelConfig::default());
}

#[test]
fn the_list_starts_with_the_newest() {
    let fixture = Fixture::new();
    for (model, age) in [("old", 300), ("new", 100), ("middle", 200), ("b", 400), ("a", 400)] {
        make(&fixture.store, model, &[model]);
        let path = fixture.path("manifests/registry.ollama.ai/library").join(model).join("latest");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age);
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    assert_eq!(listed(&fixture.store), ["new", "middle", "old", "a", "b"].map(|m| format!("{m}:latest")));
}

#[test]
fn a_name_is_found_and_replaced_in_any_letter_case() {
    let fixture = Fixture::new();
    make(&fixture.store, "Hf.co/User/Model:Q4_K_M", &["a"]);
    assert_eq!(
        fixture.store.find(&name("HF.CO/user/MODEL:q4_k_m")).unwrap().name.to_string(),
        "Hf.co/User/Model:Q4_K_M"
    );
    make(&fixture.store, "hf.co/user/model:q4_k_m", &["b"]);
    assert_eq!(listed(&fixture.store), ["Hf.co/User/Model:Q4_K_M"]);
    make(&fixture.store, "hf.CO/uSer/model:Other", &["b"]);
    assert_eq!(file_names(&fixture.path("manifests")), ["Hf.co"]);
    assert_eq!(file_names(&fixture.path("manifests/Hf.co/User/Model")), ["Other", "Q4_K_M"]);
    fixture.store.delete(&name("HF.co/USER/model:OTHER")).unwrap();
    assert_eq!(listed(&fixture.store), ["Hf.co/User/Model:Q4_K_M"]);
}

#[test]
fn of_names_that_differ_in_letter_case_only_the_exact_one_is_meant() {
    let fixture = Fixture::new();
    make(&fixture.store, "m:t", &["a"]);
    // As Ollama on a file system that knows letter case may have left them.
    let library = fixture.path("manifests/registry.ollama.ai/library");
    for path in ["M/T", "M/x", "l/T"] {
        fs::create_dir_all(library.join(path).parent().unwrap()).unwrap();
        fs::copy(library.join("m/t"), library.join(path)).unwrap();
    }
    let found = |text: &str| {
        let found = fixture.store.find(&name(text)).unwrap().name;
        format!("{}:{}", found.model(), found.tag())
    };
    assert_eq!((found("m:t"), found("M:T"), found("L:t")), ("m:t".into(), "M:T".into(), "l:T".into()));
    // The folder of the same spelling comes first, even if the tag is spelled differently in it; but not if it is
    // not in there.
    assert_eq!((found("m:T"), found("M:t"), found("m:X")), ("m:t".into(), "M:T".into(), "M:x".into()));
}

#[test]
fn a_copy_needs_no_blobs_of_its_own() {
    let fixture = Fixture::new();
    let made = make(&fixture.store, "a", &["x"]);
    fixture.store.copy(&name("a"), &name("me/b:t")).unwrap();
    assert_eq!(fixture.store.find(&name("me/b:t")).unwrap().manifest.digest(), made.digest());
    assert_eq!(fixture.store.delete(&name("a")).unwrap(), Freed::default());
    assert_eq!(fixture.blobs(), blob_files(&["x", "{}"]));
    assert_eq!(fixture.store.delete(&name("me/b:t")).unwrap(), Freed { files: 2, bytes: 3 });
    assert_eq!(fixture.blobs(), Vec::<String>::new());
}

#[test]
fn a_copy_onto_itself_changes_nothing() {
    let fixture = Fixture::new();
    make(&fixture.store, "a", &["x"]);
    let before = fixture.store.find(&name("a")).unwrap().modified;
    fixture.store.copy(&name("a"), &name("A")).unwrap();
    assert_eq!(fixture.store.find(&name("a")).unwrap().modified, before);
}

#[test]
fn replacing_a_model_removes_what_only_the_old_one_needed() {
    let fixture = Fixture::new();
    make(&fixture.store, "a", &["old", "shared"]);
    make(&fixture.store, "b", &["other"]);
    make(&fixture.store, "a", &["new", "shared"]);
    assert_eq!(fixture.blobs(), blob_files(&["new", "shared", "other", "{}"]));
    fixture.store.copy(&name("b"), &name("a")).unwrap();
    assert_eq!(fixture.blobs(), blob_files(&["other", "{}"]));
}

#[test]
fn deleting_leaves_no_empty_folders() {
    let fixture = Fixture::new();
    make(&fixture.store, "h/n/m:a", &["x"]);
    make(&fixture.store, "h/n/m:b", &["x"]);
    fixture.store.delete(&name("h/n/m:a")).unwrap();
    assert_eq!(file_names(&fixture.path("manifests/h/n/m")), ["b"]);
    fixture.store.delete(&name("h/n/m:b")).unwrap();
    assert_eq!(file_names(&fixture.path("manifests")), Vec::<String>::new());
    make(&fixture.store, "h/n/m:a", &["x"]);
}

#[test]
fn a_manifest_without_its_blobs_is_not_written() {
    let fixture = Fixture::new();
    let lease = fixture.store.lease().unwrap();
    lease.put(b"{}").unwrap();
    let problem = message(lease.write_manifest(&name("m"), &manifest(&["x"])));
    assert_eq!(problem, format!("blob \"{}\" not found", digest("x")));
    assert!(fixture.store.list().unwrap().is_empty());
}
