//! Models on disk, through the real server: made from files and from each other, listed, shown, used, copied, deleted.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::{Path, PathBuf};

use common::{Server, response_text, stories};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Uploads a file, and returns its digest.
async fn upload(server: &Server, path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let digest = digest_of(&bytes);
    let url = server.url(&format!("/api/blobs/{digest}"));
    assert_eq!(server.client.head(&url).send().await.unwrap().status(), 404);
    assert_eq!(server.client.post(&url).body(bytes.clone()).send().await.unwrap().status(), 201);
    assert_eq!(server.client.head(&url).send().await.unwrap().status(), 200);
    assert_eq!(server.client.post(&url).body(bytes).send().await.unwrap().status(), 200);
    digest
}

fn statuses(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["status"].as_str().unwrap_or_else(|| panic!("{line}"))).collect()
}

/// A server whose store has the tiny model as `tiny`.
async fn with_tiny(path: &Path) -> Server {
    let server = Server::start(&[], &[]);
    let digest = upload(&server, path).await;
    let request = json!({
        "model": "tiny", "files": {"stories.gguf": digest}, "license": ["MIT"],
        "parameters": {"temperature": 0, "num_predict": 8, "stop": ["\n"]},
    });
    let lines = server.post_lines("/api/create", &request).await;
    let said = statuses(&lines);
    assert_eq!(said[0], "parsing GGUF");
    assert_eq!(said[1], format!("using existing layer {digest}"));
    assert_eq!(&said[said.len() - 2..], ["writing manifest", "success"]);
    server
}

async fn names(server: &Server) -> Vec<String> {
    let tags: Value = server.get("/api/tags").await.json().await.unwrap();
    tags["models"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
}

async fn delete(server: &Server, model: &str) -> (u16, String) {
    let request = server.client.delete(server.url("/api/delete")).json(&json!({"model": model}));
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn blobs(server: &Server) -> Vec<PathBuf> {
    let folder = server.home.path().join(".quipu/models/blobs");
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn a_model_is_made_from_a_file_and_used_by_its_name() {
    let Some(path) = stories() else { return };
    let server = with_tiny(&path).await;
    assert_eq!(names(&server).await, ["tiny:latest"]);
    let request = json!({"model": "tiny", "prompt": "Once upon a time", "stream": false});
    let answer = server.post_json("/api/generate", &request).await;
    assert_eq!(answer["response"], ", there was a little girl", "{answer}");
    assert_eq!(answer["eval_count"], 8, "the model's own parameters count");
    // The request's come first.
    let request = json!({
        "model": "TINY:latest", "prompt": "Once upon a time", "stream": false, "options": {"num_predict": 3},
    });
    assert_eq!(server.post_json("/api/generate", &request).await["eval_count"], 3);
    let ps: Value = server.get("/api/ps").await.json().await.unwrap();
    assert_eq!(ps["models"][0]["name"], "tiny:latest");
    assert!(ps["models"][0]["size"].as_u64().unwrap() > 1_000_000);
    assert_eq!(ps["models"][0]["size_vram"], 0);
}

#[tokio::test]
async fn everything_about_a_model_is_shown() {
    let Some(path) = stories() else { return };
    let server = with_tiny(&path).await;
    let shown = server.post_json("/api/show", &json!({"model": "tiny"})).await;
    assert_eq!(shown["license"], "MIT");
    assert_eq!(shown["details"]["family"], "llama");
    assert_eq!(shown["details"]["quantization_level"], "F32");
    assert_eq!(shown["capabilities"], json!(["completion"]));
    assert_eq!(shown["model_info"]["llama.block_count"], 5);
    assert_eq!(shown["model_info"]["llama.attention.layer_norm_rms_epsilon"], 1e-5);
    assert_eq!(shown["model_info"]["tokenizer.ggml.tokens"], Value::Null);
    assert!(shown["tensors"].as_array().unwrap().iter().any(|tensor| tensor["name"] == "token_embd.weight"));
    let expected = [
        "temperature                    0",
        "num_predict                    8",
        "stop                           \"\\n\"",
    ];
    let parameters: Vec<_> = shown["parameters"].as_str().unwrap().lines().collect();
    assert_eq!(parameters, expected);
    let modelfile = shown["modelfile"].as_str().unwrap();
    assert!(
        modelfile.contains("# FROM tiny:latest\n") && modelfile.contains("\nLICENSE MIT\n"),
        "{modelfile}"
    );
    let verbose = server.post_json("/api/show", &json!({"name": "tiny", "verbose": true})).await;
    assert_eq!(verbose["model_info"]["tokenizer.ggml.tokens"].as_array().unwrap().len(), 512);
    let (status, error) = server.post_any("/api/show", &json!({"model": "nothing"})).await;
    assert_eq!((status, error), (404, json!({"error": "model 'nothing' not found"})));
}

#[tokio::test]
async fn models_made_from_one_share_its_weights_and_engine() {
    let Some(path) = stories() else { return };
    let server = with_tiny(&path).await;
    let before = blobs(&server).len();
    let request =
        json!({"model": "other", "from": "tiny", "system": "Be brief.", "parameters": {"num_predict": 2}});
    let lines = server.post_lines("/api/create", &request).await;
    assert_eq!(statuses(&lines).last(), Some(&"success"));
    // Config, parameters, system message; the weights are there.
    assert_eq!(blobs(&server).len(), before + 3);
    let shown = server.post_json("/api/show", &json!({"model": "other"})).await;
    assert_eq!(shown["system"], "Be brief.");
    assert_eq!(shown["details"]["parent_model"], "tiny:latest");
    assert!(shown["parameters"].as_str().unwrap().contains("temperature"), "inherited");
    for (model, tokens) in [("tiny", 8), ("other", 2)] {
        let request = json!({"model": model, "prompt": "Once upon a time", "raw": true, "stream": false});
        assert_eq!(server.post_json("/api/generate", &request).await["eval_count"], tokens);
    }
    let ps: Value = server.get("/api/ps").await.json().await.unwrap();
    assert_eq!(ps["models"].as_array().unwrap().len(), 1, "{ps}");
}

#[tokio::test]
async fn copies_and_deletions_touch_only_what_nobody_else_needs() {
    let Some(path) = stories() else { return };
    let server = with_tiny(&path).await;
    let copied = server.post("/api/copy", &json!({"source": "tiny", "destination": "mine/copy:1"})).await;
    assert_eq!((copied.status().as_u16(), copied.text().await.unwrap().as_str()), (200, ""));
    let count = blobs(&server).len();
    assert_eq!(delete(&server, "tiny").await, (200, String::new()));
    assert_eq!(names(&server).await, ["mine/copy:1"]);
    assert_eq!(blobs(&server).len(), count, "the copy needs them all");
    let request = json!({"model": "mine/copy:1", "prompt": "Once upon a time", "stream": false});
    let lines = [server.post_json("/api/generate", &request).await];
    assert_eq!(response_text(&lines), ", there was a little girl");
    assert_eq!(delete(&server, "mine/copy:1").await.0, 200);
    assert!(blobs(&server).is_empty());
    let missing = (404, r#"{"error":"model 'tiny' not found"}"#.to_owned());
    assert_eq!(delete(&server, "tiny").await, missing);
    let invalid = (400, r#"{"error":"name \"../x\" is invalid"}"#.to_owned());
    assert_eq!(delete(&server, "../x").await, invalid);
    for (request, error) in [
        (json!({"source": "tiny", "destination": "x"}), "model \"tiny\" not found"),
        (json!({"source": "no/a/b/c/d", "destination": "x"}), "source \"no/a/b/c/d\" is invalid"),
        (json!({"source": "tiny", "destination": ""}), "destination \"\" is invalid"),
    ] {
        assert_eq!(server.post_any("/api/copy", &request).await.1["error"], error);
    }
}

#[tokio::test]
async fn bad_files_make_no_model() {
    let Some(path) = stories() else { return };
    let server = with_tiny(&path).await;
    let junk = server.home.path().join("junk");
    std::fs::write(&junk, "no model at all").unwrap();
    let junk = upload(&server, &junk).await;
    let absent = format!("sha256:{}", "0".repeat(64));
    for (request, error) in [
        (json!({"model": "bad"}), "neither 'from' or 'files' was specified".to_owned()),
        (json!({"model": "bad", "files": {"x.gguf": absent}}), format!("blob \"{absent}\" not found")),
        (
            json!({"model": "bad", "files": {"x.gguf": junk}}),
            "x.gguf: supplied file was not in GGUF format".to_owned(),
        ),
    ] {
        let lines = server.post("/api/create", &request).await.text().await.unwrap();
        let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!(last["error"], error);
        let mut whole = request.clone();
        whole["stream"] = json!(false);
        let (status, answer) = server.post_any("/api/create", &whole).await;
        assert_eq!((status, answer), (400, json!({"error": error})));
    }
    let wrong = server.url(&format!("/api/blobs/{absent}"));
    let response = server.client.post(wrong).body("abc").send().await.unwrap();
    assert_eq!(response.status(), 400);
    let error = format!("digest mismatch, expected \"{absent}\", got \"{}\"", digest_of(b"abc"));
    assert_eq!(response.json::<Value>().await.unwrap(), json!({"error": error}));
    assert_eq!(names(&server).await, ["tiny:latest"]);
}

#[tokio::test]
async fn a_file_can_be_used_where_it_is() {
    let Some(path) = stories() else { return };
    let server = Server::start(&[], &[]);
    let path = path.canonicalize().unwrap();
    let request = json!({"model": "linked", "in_place": {"stories.gguf": path}});
    let lines = server.post_lines("/api/create", &request).await;
    assert_eq!(statuses(&lines).last(), Some(&"success"));
    let link = blobs(&server).into_iter().find(|blob| blob.is_symlink()).unwrap();
    assert_eq!(std::fs::read_link(link).unwrap(), path);
    let request = json!({
        "model": "linked", "prompt": "Once upon a time", "stream": false,
        "options": {"num_predict": 8, "temperature": 0},
    });
    let answer = server.post_json("/api/generate", &request).await;
    assert_eq!(answer["response"], ", there was a little girl");
}

#[tokio::test]
async fn weights_are_quantized() {
    let Some(path) = stories() else { return };
    let server = with_tiny(&path).await;
    let request = json!({"model": "small", "from": "tiny", "quantize": "q8_0"});
    let lines = server.post_lines("/api/create", &request).await;
    let counted = lines.iter().rfind(|line| line["status"] == "quantizing F32 model to Q8_0").unwrap();
    assert_eq!(counted["completed"], counted["total"]);
    let shown = server.post_json("/api/show", &json!({"model": "small"})).await;
    assert_eq!(shown["details"]["quantization_level"], "Q8_0");
    let request = json!({"model": "small", "prompt": "Once upon a time", "stream": false});
    let answer = server.post_json("/api/generate", &request).await;
    assert_eq!(answer["response"], ", there was a little girl");
    for (request, error) in [
        (
            json!({"model": "x", "from": "small", "quantize": "q4_0"}),
            "quantization is only supported for F16, BF16 and F32 models",
        ),
        (json!({"model": "x", "from": "tiny", "quantize": "q9"}), "unsupported quantization type q9"),
    ] {
        let answer = server.post("/api/create", &request).await.text().await.unwrap();
        assert!(answer.contains(error), "{answer}");
    }
}

#[tokio::test]
async fn the_folder_of_ollama_is_used_and_not_written() {
    let Some(path) = stories() else { return };
    let maker = with_tiny(&path).await;
    let home = tempfile::tempdir().unwrap();
    let theirs = home.path().join(".ollama/models");
    std::fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([maker.home.path().join(".quipu/models"), theirs.clone()])
        .status()
        .unwrap();
    assert!(copied.success());
    std::fs::remove_dir_all(theirs.join(".quipu")).unwrap();
    let server = Server::start_in(home.into(), &[], &[]);
    assert_eq!(names(&server).await, ["tiny:latest"]);
    let request = json!({"model": "tiny", "prompt": "Once upon a time", "stream": false});
    assert_eq!(server.post_json("/api/generate", &request).await["eval_count"], 8);
    let (status, error) = delete(&server, "tiny").await;
    assert_eq!(status, 400, "{error}");
    assert!(error.contains("which is only read here"), "{error}");
    let request = json!({"model": "mine", "from": "tiny", "parameters": {"num_predict": 1}});
    server.post_lines("/api/create", &request).await;
    std::fs::remove_dir_all(theirs).unwrap();
    let request = json!({"model": "mine", "prompt": "Once upon a time", "stream": false});
    assert_eq!(server.post_json("/api/generate", &request).await["eval_count"], 1, "it depends on nobody");
}

#[tokio::test]
async fn a_model_that_lost_its_weights_can_be_pulled_again() {
    let Some(path) = stories() else { return };
    let server = with_tiny(&path).await;
    let largest = blobs(&server).into_iter().max_by_key(|path| std::fs::metadata(path).unwrap().len());
    std::fs::remove_file(largest.unwrap()).unwrap();
    let error = json!({"error": "model \"tiny\" not found, try pulling it first"});
    let messages = json!([{"role": "user", "content": "Once"}]);
    for (path, request) in [
        ("/api/generate", json!({"model": "tiny", "prompt": "Once"})),
        ("/api/chat", json!({"model": "tiny", "messages": messages})),
        ("/api/show", json!({"model": "tiny"})),
    ] {
        assert_eq!(server.post_any(path, &request).await, (404, error.clone()), "{path}");
    }
}

#[tokio::test]
async fn a_go_template_writes_the_prompts() {
    let Some(path) = stories() else { return };
    let server = with_tiny(&path).await;
    let request = json!({"model": "teller", "from": "tiny", "template": "Once {{ .Prompt }}{{ .Response }}"});
    server.post_lines("/api/create", &request).await;
    let request = json!({"model": "teller", "prompt": "upon a time", "stream": false});
    let answer = server.post_json("/api/generate", &request).await;
    assert_eq!(answer["response"], ", there was a little girl");
    let messages = json!([{"role": "user", "content": "upon a time"}]);
    let request = json!({"model": "teller", "messages": messages, "stream": false});
    let answer = server.post_json("/api/chat", &request).await;
    assert_eq!(answer["message"]["content"], ", there was a little girl");
    let request = json!({"model": "bad", "from": "tiny", "template": "{{ .Prompt", "stream": false});
    let (status, answer) = server.post_any("/api/create", &request).await;
    assert_eq!(status, 400);
    assert!(answer["error"].as_str().unwrap().starts_with("template error: template: :1:"), "{answer}");
}
