//! Pushing, to a stub and to the real registry.

use http::Method;
use quipu::store::Name;

use crate::servers::docker::Docker;
use crate::servers::home::Home;
use crate::servers::issuer::Guarded;
use crate::servers::noise;
use crate::servers::stub::{Fault, Stub};

fn name(host: &str, model: &str) -> Name {
    format!("http://{host}/library/{model}").parse().unwrap()
}

#[tokio::test]
async fn a_model_arrives_byte_for_byte() {
    let (stub, home) = (Stub::start().await, Home::new());
    let name = stub.name("mine");
    let manifest = home.make(&name, &[noise(300_000, 1), noise(10, 2)], None);
    let (statuses, result) = home.push(&name).await;
    result.unwrap();
    assert_eq!(statuses[0], "retrieving manifest");
    let n = statuses.len();
    assert_eq!(statuses[n - 2..], ["pushing manifest", "success"]);
    assert_eq!(stub.manifest("mine").unwrap(), manifest.bytes());
    for layer in manifest.blobs() {
        assert!(statuses.contains(&format!("pushing {}", layer.digest.short())));
        assert_eq!(stub.blob(&layer.digest).unwrap().len() as u64, layer.size);
    }
    // What is there is not sent again.
    stub.forget_seen();
    home.push(&name).await.1.unwrap();
    assert!(stub.seen_with(Method::PATCH, "").is_empty());
}

#[tokio::test]
async fn uploads_survive_faults() {
    for method in [Method::HEAD, Method::POST, Method::PATCH, Method::PUT] {
        let (stub, home) = (Stub::start().await, Home::new());
        let name = stub.name("mine");
        let manifest = home.make(&name, &[noise(300_000, 1)], None);
        stub.fail(method.clone(), "", 2, Fault::Answer(500, Vec::new(), "oops"));
        home.push(&name).await.1.unwrap_or_else(|error| panic!("{method}: {error}"));
        assert_eq!(stub.blob(&manifest.layers()[0].digest).unwrap().len(), 300_000);
        assert_eq!(stub.manifest("mine").unwrap(), manifest.bytes());
    }
}

#[tokio::test]
async fn layers_of_another_model_are_mounted() {
    let (stub, home) = (Stub::start().await, Home::new());
    stub.allow_mounts();
    let name = stub.name("mine");
    home.make(&name, &[noise(1000, 1)], Some("library/base"));
    home.push(&name).await.1.unwrap();
    let posts = stub.seen_with(Method::POST, "uploads");
    assert!(posts.iter().any(|seen| seen.uri.query().is_some_and(|query| query.contains("from=library"))));
    assert!(stub.seen_with(Method::PATCH, "").is_empty());
}

#[tokio::test]
async fn the_real_registry_gives_back_what_it_got() {
    let Some(docker) = Docker::start("") else { return };
    let (mine, yours) = (Home::new(), Home::new());
    let name = name(docker.host(), "mine");
    let manifest = mine.make(&name, &[noise(3_000_000, 1), noise(10, 2)], None);
    mine.push(&name).await.1.unwrap();
    yours.pull_all(&name).await;
    yours.check(&name, &manifest);
}

#[tokio::test]
async fn the_real_registry_lets_in_who_has_a_token() {
    let Some(guarded) = Guarded::start(vec!["pull", "push"]).await else { return };
    let (mine, yours) = (Home::new(), Home::new());
    let name = name(&guarded.host(), "mine");
    let manifest = mine.make(&name, &[noise(100_000, 1)], None);
    mine.push(&name).await.1.unwrap();
    yours.pull_all(&name).await;
    yours.check(&name, &manifest);
}

#[tokio::test]
async fn who_may_only_pull_cannot_push() {
    let Some(guarded) = Guarded::start(vec!["pull"]).await else { return };
    let home = Home::new();
    let name = name(&guarded.host(), "mine");
    home.make(&name, &[noise(1000, 1)], None);
    let error = home.push(&name).await.1.unwrap_err();
    assert!(error.to_string().ends_with("unauthorized: access denied"), "{error}");
}
