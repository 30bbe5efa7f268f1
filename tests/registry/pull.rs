//! What a pull does when nothing goes wrong, and what it refuses.

use bytes::Bytes;
use http::Method;
use quipu::registry::{RegistryError, TransferOptions};

use crate::servers::home::{Home, events};
use crate::servers::noise;
use crate::servers::stub::{Fault, Stub};

#[tokio::test]
async fn a_model_comes_byte_for_byte() {
    let (stub, home) = (Stub::start().await, Home::new());
    let layers = [noise(100_000, 1), noise(10, 2)];
    let manifest = stub.add_model("tiny", &layers);
    let name = stub.name("tiny");

    let statuses = home.pull_all(&name).await;

    home.check(&name, &manifest);
    assert_eq!(statuses.first().map(String::as_str), Some("pulling manifest"));
    for layer in manifest.blobs() {
        assert!(statuses.contains(&format!("pulling {}", &layer.digest.hex()[..12])));
    }
    let n = statuses.len();
    assert_eq!(statuses[n - 3..], ["verifying sha256 digest", "writing manifest", "success"]);
    // Nothing is asked for that is not needed: the manifest, and each blob once.
    assert_eq!(stub.seen().len(), 4);
    let first = &stub.seen()[0];
    assert_eq!(first.uri.path(), "/v2/library/tiny/manifests/latest");
    assert!(first.header("user-agent").is_some_and(|agent| agent.starts_with("ollama/0.32.0 (")));
    assert!(stub.seen().iter().all(|seen| seen.header("authorization").is_none()));
    // No partial file is left.
    assert_eq!(home.files().len(), 3);
}

#[tokio::test]
async fn layers_are_reported_with_their_sizes() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (manifest, _) = stub.add_noise("tiny", 70_000);
    let layer = &manifest.layers()[0];
    let mut transfer = home.registry.pull(stub.name("tiny"), TransferOptions { insecure: true });
    let mut last = None;
    while let Some(progress) = transfer.next().await {
        let progress = progress.expect("no error");
        match progress.digest {
            Some(digest) if digest == layer.digest => last = Some(progress),
            Some(_) => {}
            None => assert_eq!((progress.total, progress.completed), (0, 0)),
        }
    }
    let last = last.expect("the layer is reported");
    assert_eq!((last.total, last.completed), (70_000, 70_000));
}

#[tokio::test]
async fn what_is_there_is_not_downloaded_again() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (manifest, _) = stub.add_noise("tiny", 1000);
    let name = stub.name("tiny");
    home.pull_all(&name).await;
    stub.forget_seen();

    let statuses = home.pull_all(&name).await;

    assert_eq!(stub.seen().len(), 1);
    assert!(!statuses.contains(&"removing unused layers".to_owned()));
    home.check(&name, &manifest);
}

#[tokio::test]
async fn a_new_version_replaces_the_old_one() {
    let (stub, home) = (Stub::start().await, Home::new());
    let shared = noise(500, 1);
    let old = stub.add_model("tiny", &[shared.clone(), noise(600, 2)]);
    let name = stub.name("tiny");
    home.pull_all(&name).await;
    let new = stub.add_model("tiny", &[shared, noise(700, 3)]);

    let statuses = home.pull_all(&name).await;

    let n = statuses.len();
    assert_eq!(statuses[n - 3..], ["writing manifest", "removing unused layers", "success"]);
    home.check(&name, &new);
    assert_eq!(home.files().len(), 3);
    assert!(home.store.blob(&old.layers()[1].digest).expect("no error").is_none());
}

#[tokio::test]
async fn unused_layers_stay_if_that_is_wanted() {
    let stub = Stub::start().await;
    let home = Home::with(|settings| settings.keep_unused = true);
    let name = stub.name("tiny");
    stub.add_model("tiny", &[noise(600, 2)]);
    home.pull_all(&name).await;
    stub.add_model("tiny", &[noise(700, 3)]);

    let statuses = home.pull_all(&name).await;

    assert!(!statuses.contains(&"removing unused layers".to_owned()));
    assert_eq!(home.files().len(), 3);
}

#[tokio::test]
async fn layers_of_the_same_bytes_come_once() {
    let (stub, home) = (Stub::start().await, Home::new());
    let license = Bytes::from_static(b"Do what you like.");
    let manifest = stub.add_model("tiny", &[license.clone(), noise(10, 1), license]);
    home.pull_all(&stub.name("tiny")).await;
    home.check(&stub.name("tiny"), &manifest);
    assert_eq!(stub.ranges(&manifest.layers()[0].digest).len(), 1);
}

#[tokio::test]
async fn an_empty_layer_needs_no_request() {
    let (stub, home) = (Stub::start().await, Home::new());
    let manifest = stub.add_model("tiny", &[Bytes::new()]);
    home.pull_all(&stub.name("tiny")).await;
    home.check(&stub.name("tiny"), &manifest);
    assert_eq!(stub.ranges(&manifest.layers()[0].digest).len(), 0);
}

#[tokio::test]
async fn an_unknown_model_is_not_found() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (statuses, result) = home.pull(&stub.name("nothing")).await;
    assert_eq!(statuses, ["pulling manifest"]);
    let error = result.expect_err("it is not there");
    assert_eq!(error.to_string(), "pull model manifest: file does not exist");
    assert!(matches!(error, RegistryError::Manifest(cause) if matches!(*cause, RegistryError::NotFound)));
}

#[tokio::test]
async fn http_must_be_allowed() {
    let (stub, home) = (Stub::start().await, Home::new());
    stub.add_noise("tiny", 10);
    for transfer in [
        home.registry.pull(stub.name("tiny"), TransferOptions::default()),
        home.registry.push(stub.name("tiny"), TransferOptions::default()),
    ] {
        let (statuses, result) = events(transfer).await;
        assert!(statuses.is_empty());
        assert_eq!(result.expect_err("it is refused").to_string(), "insecure protocol http");
    }
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn what_a_registry_explains_reaches_the_user() {
    let (stub, home) = (Stub::start().await, Home::new());
    let text = "The model you are pulling requires a newer version.\n\nUpdate your client.\n";
    stub.fail(Method::GET, "manifests", 1, Fault::Answer(412, vec![], text));
    let error = home.pull_error(&stub.name("tiny")).await;
    assert_eq!(error.to_string(), format!("pull model manifest: 412: {}", text.trim_end()));
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_not_asked_twice() {
    let home = Home::with(|settings| settings.patience.wait = std::time::Duration::from_secs(3600));
    // Bound, and dropped at once: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("one").port();
    let name = format!("http://127.0.0.1:{port}/library/tiny").parse().expect("a name");
    let error = home.pull_error(&name).await.to_string();
    assert!(error.starts_with(&format!("pull model manifest: cannot reach 127.0.0.1:{port}: ")), "{error}");
    assert!(error.contains("refused"), "{error}");
}

#[tokio::test]
async fn the_end_can_be_waited_for() {
    let (stub, home) = (Stub::start().await, Home::new());
    stub.add_noise("tiny", 10);
    let last = home.registry.pull(stub.name("tiny"), TransferOptions { insecure: true }).finish().await;
    assert_eq!(last.expect("it is pulled").status, "success");
    let none = home.registry.pull(stub.name("none"), TransferOptions { insecure: true }).finish().await;
    assert!(matches!(none, Err(RegistryError::Manifest(_))));
}
