//! What a pull does when things go wrong: it comes to the right bytes, or fails and leaves the store as it was.

use std::time::Duration;

use http::Method;
use quipu::registry::RegistryError;

use crate::servers::body::{Gate, Trouble};
use crate::servers::home::Home;
use crate::servers::noise;
use crate::servers::stub::{Auth, Fault, Stub};

/// Long enough for several pieces of a body.
const LEN: usize = 200_000;

/// Pulls a model whose only layer has this fault, once; it must come.
async fn survives(fault: Fault) {
    let (stub, home) = (Stub::start().await, Home::new());
    let (manifest, _) = stub.add_noise("tiny", LEN);
    stub.fail(Method::GET, &manifest.layers()[0].digest.hex(), 1, fault);
    home.pull_all(&stub.name("tiny")).await;
    home.check(&stub.name("tiny"), &manifest);
    assert_eq!(home.files().len(), 2, "nothing partial is left");
}

#[tokio::test]
async fn broken_connections_are_resumed() {
    survives(Fault::Body(Trouble::CutAfter(0))).await;
    survives(Fault::Body(Trouble::CutAfter(50_000))).await;
    survives(Fault::Body(Trouble::CutAfter(LEN - 1))).await;
}

#[tokio::test]
async fn what_came_before_a_break_is_not_asked_for_again() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (manifest, _) = stub.add_noise("tiny", LEN);
    let digest = manifest.layers()[0].digest;
    stub.fail(Method::GET, &digest.hex(), 1, Fault::Body(Trouble::CutAfter(98_304)));
    home.pull_all(&stub.name("tiny")).await;
    home.check(&stub.name("tiny"), &manifest);
    let ranges = stub.ranges(&digest);
    assert_eq!(ranges.len(), 2, "{ranges:?}");
    let start = ranges[1].as_deref().and_then(|r| r.strip_prefix("bytes=")?.split('-').next()?.parse().ok());
    assert!(start > Some(0), "{ranges:?}");
}

#[tokio::test]
async fn servers_in_trouble_are_asked_again() {
    survives(Fault::Answer(500, Vec::new(), "oops")).await;
    survives(Fault::Answer(503, vec![("Retry-After", "0".into())], "later")).await;
    survives(Fault::Answer(429, vec![("Retry-After", "0".into())], "slowly")).await;
}

#[tokio::test]
async fn ranges_that_are_ignored_or_wrong_do_no_harm() {
    survives(Fault::IgnoreRange).await;
    survives(Fault::WrongRange).await;
    survives(Fault::Lie(10)).await;
}

#[tokio::test]
async fn a_stalled_connection_is_replaced() {
    let stub = Stub::start().await;
    let home = Home::with(|settings| settings.patience.stall = Duration::from_millis(200));
    let (manifest, _) = stub.add_noise("tiny", LEN);
    let gate = Gate::closed();
    let stall = Fault::Body(Trouble::HoldAfter(100_000, gate.clone()));
    stub.fail(Method::GET, &manifest.layers()[0].digest.hex(), 1, stall);
    home.pull_all(&stub.name("tiny")).await;
    home.check(&stub.name("tiny"), &manifest);
    gate.open();
}

#[tokio::test]
async fn wrong_bytes_are_found_and_thrown_away() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (old, _) = stub.add_noise("tiny", 5000);
    let name = stub.name("tiny");
    home.pull_all(&name).await;
    let (new, _) = stub.add_noise("tiny", LEN);
    let digest = new.layers()[0].digest;
    stub.fail(Method::GET, &digest.hex(), 100, Fault::Corrupt);
    let error = home.pull_error(&name).await;
    assert!(
        error.to_string().starts_with("digest mismatch, file must be downloaded again: want "),
        "{error}"
    );
    // The old version works on, and nothing of the wrong one is left.
    home.check(&name, &old);
    assert!(home.store.blob(&digest).unwrap().is_none());
    assert!(home.noted_parts(&digest).is_empty());
    stub.heal();
    home.pull_all(&name).await;
    home.check(&name, &new);
}

#[tokio::test]
async fn a_registry_that_never_recovers_is_given_up_and_the_rest_is_resumed_later() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (manifest, _) = stub.add_noise("tiny", LEN);
    let digest = manifest.layers()[0].digest;
    stub.fail(Method::GET, &digest.hex(), 1, Fault::Body(Trouble::CutAfter(98_304)));
    stub.fail(Method::GET, &digest.hex(), 100, Fault::Answer(500, Vec::new(), "down"));
    let error = home.pull_error(&stub.name("tiny")).await;
    assert_eq!(error.to_string(), "max retries exceeded: 500: down");
    assert!(matches!(error, RegistryError::GaveUp(_)));
    assert!(home.store.list().unwrap().is_empty());
    stub.heal();
    stub.forget_seen();
    home.pull_all(&stub.name("tiny")).await;
    home.check(&stub.name("tiny"), &manifest);
    assert!(stub.ranges(&digest)[0].as_deref().is_some_and(|range| !range.starts_with("bytes=0-")));
}

#[tokio::test]
async fn a_download_of_ollama_is_gone_on_with() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (manifest, bytes) = stub.add_noise("tiny", LEN);
    let digest = manifest.layers()[0].digest;
    home.leave_partial(&bytes, &[100_000, 100_000], &[100_000, 40_000]);
    home.pull_all(&stub.name("tiny")).await;
    home.check(&stub.name("tiny"), &manifest);
    assert_eq!(stub.ranges(&digest), [Some(format!("bytes=140000-{}", LEN - 1))]);
}

#[tokio::test]
async fn credentials_stay_with_the_registry_that_asked_for_them() {
    let (mut stub, home) = (Stub::start().await, Home::new());
    stub.redirect().await;
    stub.require(Auth { admit: true, realm: None });
    let (manifest, _) = stub.add_noise("tiny", LEN);
    home.pull_all(&stub.name("tiny")).await;
    home.check(&stub.name("tiny"), &manifest);
    let storage = stub.storage_host();
    let at_storage = |seen: &&crate::servers::stub::Seen| seen.header("host") == Some(storage.as_str());
    let seen = stub.seen();
    assert!(seen.iter().filter(at_storage).count() > 0);
    assert!(seen.iter().filter(at_storage).all(|seen| seen.header("authorization").is_none()));
    assert!(seen.iter().any(|seen| seen.header("authorization").is_some_and(|a| a.starts_with("Bearer "))));
}

#[tokio::test]
async fn tokens_of_another_host_are_not_asked_for() {
    let (stub, home) = (Stub::start().await, Home::new());
    stub.require(Auth { admit: true, realm: Some("http://127.0.0.1:1/token".into()) });
    stub.add_noise("tiny", 10);
    let error = home.pull_error(&stub.name("tiny")).await;
    assert!(error.to_string().contains("wants tokens from another host"), "{error}");
}

#[tokio::test]
async fn who_is_not_let_in_hears_so() {
    let (stub, home) = (Stub::start().await, Home::new());
    stub.require(Auth { admit: false, realm: None });
    stub.add_noise("tiny", 10);
    let error = home.pull_error(&stub.name("tiny")).await;
    assert!(error.to_string().ends_with("unauthorized: access denied"), "{error}");
}

#[tokio::test]
async fn manifests_that_are_none_make_no_model() {
    let (stub, home) = (Stub::start().await, Home::new());
    for bytes in
        ["", "{}", "no JSON", r#"{"config":{"digest":"sha256:12","size":1,"mediaType":"x"},"layers":[]}"#]
    {
        stub.set_manifest("tiny", bytes.into());
        let error = home.pull_error(&stub.name("tiny")).await;
        assert!(error.to_string().contains("damaged"), "{bytes:?}: {error}");
    }
    assert!(home.store.list().unwrap().is_empty() && home.files().is_empty());
}

#[tokio::test]
async fn a_blob_that_is_missing_or_of_another_size_fails_the_pull() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (manifest, _) = stub.add_noise("tiny", 1000);
    let digest = manifest.layers()[0].digest;
    stub.replace_blob(&digest, Some(noise(900, 1)));
    home.pull_error(&stub.name("tiny")).await;
    stub.replace_blob(&digest, None);
    home.pull_error(&stub.name("tiny")).await;
    assert!(home.store.list().unwrap().is_empty());
    assert!(home.store.blob(&digest).unwrap().is_none());
}
