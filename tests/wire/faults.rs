//! What goes wrong on our side: models that do not load.

use serde_json::{Value, json};

use crate::common::Server;
use crate::servers::stub::Stub;
use crate::stage::{file, make, of, tiny, user};
use crate::transcript::{Detail, Transcript};

/// Every route that a model answers, with a request that has a long answer.
fn requests(model: &str) -> [(&'static str, Value); 5] {
    let options = json!({"num_predict": 1_000_000, "temperature": 0});
    [
        ("/api/generate", json!({"model": model, "prompt": "open 1", "options": options})),
        ("/api/chat", json!({"model": model, "messages": user("open 1"), "options": options})),
        ("/api/embed", json!({"model": model, "input": "hi"})),
        ("/api/embeddings", json!({"model": model, "prompt": "hi"})),
        (
            "/v1/chat/completions",
            json!({"model": model, "messages": user("open 1"), "max_tokens": 1_000_000, "temperature": 0}),
        ),
    ]
}

/// Posts it both ways if it can be streamed.
async fn post(transcript: &mut Transcript<'_>, path: &str, request: Value) {
    if path.starts_with("/api/embed") {
        transcript.post(path, request).await;
    } else {
        transcript.post_both(path, request).await;
    }
}

#[tokio::test]
async fn models_that_do_not_load() {
    let (server, stub) = (Server::start(&["--memory", "16MB"], &[]), Stub::start().await);
    // From a registry comes what it has.
    stub.add_noise("noise", 1000);
    let half = file(&tiny());
    stub.add_model("half", &[half[..half.len() / 2].to_vec().into()]);
    stub.add_noise("gone", 2000);
    let name = |model: &str| format!("{}/library/{model}", stub.host());
    for model in ["noise", "half", "gone"] {
        let pull = json!({"model": format!("http://{}", name(model)), "insecure": true, "stream": false});
        server.post_json("/api/pull", &pull).await;
    }
    let layers = stub.manifest("gone").unwrap();
    let layers = quipu::store::Manifest::parse(layers.to_vec()).unwrap();
    let blob = layers.layers()[0].digest.to_string().replace(':', "-");
    std::fs::remove_file(server.home.path().join(".quipu/models/blobs").join(blob)).unwrap();
    make(&server, "martian", &tiny().architecture("llama", "martian"), json!({})).await;
    make(&server, "large", &tiny().more_rows("blk.1.ffn_down.weight", 100_000), json!({})).await;

    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.name(server.home.path().display().to_string(), "(home)");
    transcript.name(stub.host(), "(registry)");
    for (model, heading) in [
        (name("noise"), "A file that is no model"),
        (name("half"), "A file that is cut off"),
        ("martian".to_owned(), "An architecture that llama.cpp does not know"),
        ("large".to_owned(), "More than all the memory there is for models"),
        (name("gone"), "A model whose weights somebody removed"),
    ] {
        transcript.heading(heading);
        for (path, request) in requests(&model) {
            post(&mut transcript, path, request).await;
        }
        transcript.post_both("/api/generate", of(&model, json!({}))).await;
    }
    transcript.post("/api/show", json!({"model": name("gone")})).await;
    insta::assert_snapshot!(transcript.finish());
}
