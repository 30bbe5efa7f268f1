//! Several who want the same model at once.

use futures_util::future::join_all;
use http::Method;

use crate::servers::body::{Gate, Trouble};
use crate::servers::home::{Home, INSECURE, events};
use crate::servers::stub::{Fault, Stub};

const LEN: usize = 200_000;

#[tokio::test]
async fn they_share_one_download() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (manifest, _) = stub.add_noise("tiny", LEN);
    let digest = manifest.layers()[0].digest;
    let gate = Gate::closed();
    stub.fail(Method::GET, &digest.hex(), 1, Fault::Body(Trouble::HoldAfter(50_000, gate.clone())));
    let pulls = (0..8).map(|_| events(home.registry.pull(stub.name("tiny"), INSECURE)));
    let pulls = tokio::spawn(join_all(pulls.collect::<Vec<_>>()));
    gate.arrived(1).await;
    gate.open();
    for (_, result) in pulls.await.unwrap() {
        result.unwrap();
    }
    home.check(&stub.name("tiny"), &manifest);
    assert_eq!(stub.ranges(&digest).len(), 1);
}

#[tokio::test]
async fn it_goes_on_until_the_last_one_leaves() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (manifest, _) = stub.add_noise("tiny", LEN);
    let digest = manifest.layers()[0].digest;
    let gate = Gate::closed();
    stub.fail(Method::GET, &digest.hex(), 1, Fault::Body(Trouble::HoldAfter(98_304, gate.clone())));
    let mut pulls: Vec<_> = (0..8).map(|_| home.registry.pull(stub.name("tiny"), INSECURE)).collect();
    gate.arrived(1).await;
    let mut last = pulls.pop().unwrap();
    // It takes part when it tells of the layer's bytes; if the others left before, it would begin anew.
    while !matches!(last.next().await, Some(Ok(p)) if p.digest == Some(digest) && p.completed > 0) {}
    drop(pulls);
    gate.open();
    events(last).await.1.unwrap();
    home.check(&stub.name("tiny"), &manifest);
    assert_eq!(stub.ranges(&digest).len(), 1);
}

#[tokio::test]
async fn when_the_last_one_leaves_it_stops_and_what_came_stays() {
    let (stub, home) = (Stub::start().await, Home::new());
    let (manifest, _) = stub.add_noise("tiny", LEN);
    let digest = manifest.layers()[0].digest;
    let gate = Gate::closed();
    stub.fail(Method::GET, &digest.hex(), 1, Fault::Body(Trouble::HoldAfter(98_304, gate.clone())));
    let pull = home.registry.pull(stub.name("tiny"), INSECURE);
    gate.arrived(1).await;
    drop(pull);
    gate.left(1).await;
    assert!(home.store.list().unwrap().is_empty());
    stub.forget_seen();
    home.pull_all(&stub.name("tiny")).await;
    home.check(&stub.name("tiny"), &manifest);
}
