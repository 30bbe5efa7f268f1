//! What clients ask a server for that has accounts and a cloud.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::common::Server;
use crate::transcript::{Detail, Transcript};

fn server() -> Server {
    Server::start(&[], &[("QUIPU_NO_BUILTIN", "false")])
}

/// Puts a model into the store that another server runs, as Ollama keeps it.
fn add_remote(home: &Path, model: &str) {
    let config = json!({
        "model_format": "", "model_family": "gptoss", "model_families": null, "model_type": "20.9B", "file_type": "MXFP4",
        "remote_host": "https://ollama.com:443", "remote_model": "gpt-oss:20b", "capabilities": ["completion", "tools"],
        "architecture": "amd64", "os": "linux",
    })
    .to_string();
    let hex: String = Sha256::digest(&config).iter().map(|byte| format!("{byte:02x}")).collect();
    let models = home.join(".quipu/models");
    std::fs::create_dir_all(models.join("blobs")).unwrap();
    std::fs::write(models.join("blobs").join(format!("sha256-{hex}")), &config).unwrap();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": format!("sha256:{hex}"), "size": config.len()},
        "layers": [],
    });
    let (model, tag) = model.split_once(':').unwrap();
    let folder = models.join("manifests/registry.ollama.ai/library").join(model);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(tag), manifest.to_string()).unwrap();
}

#[tokio::test]
async fn there_are_no_accounts_and_no_cloud() {
    let server = server();
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.get("/api/status").await;
    for path in ["/api/me", "/api/signout"] {
        transcript.send(Method::POST, path, String::new()).await;
    }
    transcript.send(Method::DELETE, "/api/user/keys/c3NoLWVkMjU1MTk", String::new()).await;
    transcript.post("/api/experimental/web_search", json!({"query": "quipu", "max_results": 3})).await;
    transcript.post("/api/experimental/web_fetch", json!({"url": "https://example.org"})).await;
    transcript.get("/api/experimental/model-recommendations").await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn names_may_say_where_a_model_runs() {
    let server = server();
    let mut transcript = Transcript::of(&server, Detail::Shape);
    for model in
        ["gpt-oss:cloud", "gpt-oss:20b-cloud", "gpt-oss:20b:cloud", "gpt-oss:cloud:local", "nothing:local"]
    {
        transcript.post("/api/generate", json!({"model": model, "prompt": "hi"})).await;
    }
    let messages = json!([{"role": "user", "content": "hi"}]);
    let cloud = "gpt-oss:20b-cloud";
    transcript.post("/api/chat", json!({"model": cloud, "messages": messages})).await;
    transcript.post("/v1/chat/completions", json!({"model": cloud, "messages": messages})).await;
    transcript.post("/api/embed", json!({"model": cloud, "input": "hi"})).await;
    transcript.post("/api/show", json!({"model": cloud})).await;
    transcript.post("/api/pull", json!({"model": cloud})).await;
    transcript.post("/api/create", json!({"model": "mine", "from": cloud})).await;
    // What is here has the first claim to a name.
    transcript.post("/api/copy", json!({"source": "chasqui", "destination": "mine:cloud"})).await;
    for model in ["chasqui:local", "CHASQUI:latest:local", "mine:cloud"] {
        transcript.post("/api/generate", json!({"model": model})).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn a_model_that_runs_elsewhere_is_listed_and_not_used() {
    let server = Server::start(&[], &[]);
    add_remote(server.home.path(), "gpt-oss:20b-cloud");
    add_remote(server.home.path(), "mine:latest");
    let tags: Value = server.get("/api/tags").await.json().await.unwrap();
    for tag in tags["models"].as_array().unwrap() {
        assert_eq!(
            (&tag["remote_host"], &tag["remote_model"]),
            (&json!("https://ollama.com:443"), &json!("gpt-oss:20b"))
        );
    }
    assert_eq!(tags["models"].as_array().unwrap().len(), 2);
    let shown = server.post_json("/api/show", &json!({"model": "mine"})).await;
    assert_eq!(shown["remote_host"], "https://ollama.com:443");
    for model in ["gpt-oss:20b-cloud", "mine"] {
        for (path, request) in [
            ("/api/generate", json!({"model": model, "prompt": "hi"})),
            ("/api/chat", json!({"model": model, "messages": []})),
            ("/api/embed", json!({"model": model, "input": "hi"})),
        ] {
            let error = json!({"error": "ollama cloud is disabled: remote model is unavailable"});
            assert_eq!(server.post_any(path, &request).await, (403, error), "{path} {model}");
        }
    }
    let recommended = server.get("/api/experimental/model-recommendations").await;
    assert_eq!(recommended.text().await.unwrap(), r#"{"recommendations":[]}"#);
}
