//! The commands for models, as a user types them, against the real server.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use common::{Server, stories};
use serde_json::{Value, json};

/// Runs `quipu` against a server, with nothing on standard input. Gives exit code, output and errors.
fn quipu(server: &Server, folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quipu"))
        .args(arguments)
        .current_dir(folder)
        .env("QUIPU_HOST", &server.base)
        .env("HOME", server.home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// As [`quipu`], for what must succeed.
fn done(server: &Server, folder: &Path, arguments: &[&str]) -> String {
    let (code, out, err) = quipu(server, folder, arguments);
    assert_eq!(code, 0, "{arguments:?}: {err}");
    out
}

/// The columns of a table's rows.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table
        .lines()
        .skip(1)
        .map(|line| line.split("  ").map(str::trim).filter(|c| !c.is_empty()).collect())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_lives_from_its_modelfile_to_its_end() {
    let Some(path) = stories() else { return };
    let server = Server::start(&[], &[]);
    let folder = tempfile::tempdir().unwrap();
    let weights = path.canonicalize().unwrap();
    let modelfile = format!(
        "FROM {}\nPARAMETER temperature 0\nPARAMETER num_predict 8\nSYSTEM Tell stories.\nLICENSE MIT\n",
        weights.display()
    );
    std::fs::write(folder.path().join("Modelfile"), modelfile).unwrap();
    let run = |arguments: &[&str]| done(&server, folder.path(), arguments);

    run(&["create", "teller"]);
    let list = run(&["list"]);
    let rows = rows(&list);
    assert_eq!((rows.len(), rows[0][0], rows[0][2]), (1, "teller:latest", "1.2 MB"), "{list}");
    assert_eq!(run(&["show", "teller", "--system"]), "Tell stories.");
    assert!(run(&["show", "teller"]).contains("quantization        F32"));
    let printed = run(&["show", "teller", "--modelfile"]);
    assert!(printed.contains("PARAMETER num_predict 8") && printed.contains("LICENSE MIT"), "{printed}");

    // What show prints makes the same model again.
    std::fs::write(folder.path().join("again"), &printed).unwrap();
    run(&["create", "again", "-f", "again"]);
    let first = server.post_json("/api/show", &json!({"model": "teller"})).await;
    let second = server.post_json("/api/show", &json!({"model": "again"})).await;
    for part in ["system", "parameters", "license", "details"] {
        assert_eq!(first[part], second[part], "{part}");
    }

    assert_eq!(run(&["run", "teller", "Once upon a time"]).lines().count(), 2);
    assert!(run(&["ps"]).contains("teller:latest"));
    run(&["stop", "teller"]);
    let ps: Value = server.get("/api/ps").await.json().await.unwrap();
    assert_eq!(ps, json!({"models": []}));

    assert_eq!(run(&["cp", "teller", "mine/teller:2"]), "copied 'teller' to 'mine/teller:2'\n");
    assert_eq!(run(&["rm", "teller", "again"]), "deleted 'teller'\ndeleted 'again'\n");
    assert_eq!(run(&["ls"]).lines().count(), 2);
    let (code, _, error) = quipu(&server, folder.path(), &["rm", "teller"]);
    assert_eq!((code, error.as_str()), (1, "Error: model 'teller' not found\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_models_than_memory_take_turns() {
    let Some(path) = stories() else { return };
    let server = Server::start(&["--max-loaded", "2"], &[]);
    let folder = tempfile::tempdir().unwrap();
    let modelfile = format!("FROM {}\nPARAMETER num_predict 3\n", path.canonicalize().unwrap().display());
    std::fs::write(folder.path().join("Modelfile"), modelfile).unwrap();
    let models = ["f32", "f16", "q8_0"];
    done(&server, folder.path(), &["create", "f32"]);
    for kind in &models[1..] {
        done(&server, folder.path(), &["create", kind, "-q", kind]);
    }
    for _ in 0..3 {
        // All three at once: one waits until another is idle, and none fails.
        let requests = models.map(|model| {
            let request = json!({"model": model, "prompt": "Once", "stream": false});
            let server = &server;
            async move { server.post_json("/api/generate", &request).await }
        });
        for answer in futures_util::future::join_all(requests).await {
            assert_eq!(answer["eval_count"], 3);
        }
        let ps: Value = server.get("/api/ps").await.json().await.unwrap();
        assert_eq!(ps["models"].as_array().unwrap().len(), 2, "{ps}");
    }
    let error = Server::start(
        &["--memory", "1MB", "--models", server.home.path().join(".quipu/models").to_str().unwrap()],
        &[],
    );
    let (status, answer) = error.post_any("/api/generate", &json!({"model": "f32", "prompt": "Once"})).await;
    assert_eq!(status, 500);
    assert!(answer["error"].as_str().unwrap().starts_with("model requires more system memory ("), "{answer}");
}

/// The engines of a server, and the bytes that lie in memory for them alone.
fn engines(server: &Server) -> (usize, u64) {
    let mut system = sysinfo::System::new();
    system.refresh_processes(sysinfo::ProcessesToUpdate::All, true);
    let parent = Some(sysinfo::Pid::from_u32(server.pid()));
    // Threads are listed with the processes.
    let engines = system.processes().values().filter(|p| p.parent() == parent && p.thread_kind().is_none());
    engines.fold((0, 0), |(count, bytes), engine| (count + 1, bytes + engine.memory()))
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_for_two_models_serves_three_and_comes_back() {
    let Some(path) = stories() else { return };
    // Each takes some 1.2 MB of weights, 10 MB of pool and 20 MB for a pass.
    let server = Server::start(&["--memory", "80MB", "--max-loaded", "9", "--pool-tokens", "16384"], &[]);
    let folder = tempfile::tempdir().unwrap();
    let modelfile = format!("FROM {}\nPARAMETER num_predict 3\n", path.canonicalize().unwrap().display());
    std::fs::write(folder.path().join("Modelfile"), modelfile).unwrap();
    done(&server, folder.path(), &["create", "f32"]);
    for kind in ["f16", "q8_0"] {
        done(&server, folder.path(), &["create", kind, "-q", kind]);
    }
    let mut most = 0;
    for model in ["f32", "f16", "q8_0", "f32", "q8_0", "f16"] {
        let answer = server
            .post_json("/api/generate", &json!({"model": model, "prompt": "Once", "stream": false}))
            .await;
        assert_eq!(answer["eval_count"], 3, "{answer}");
        let ps: Value = server.get("/api/ps").await.json().await.unwrap();
        let loaded = ps["models"].as_array().unwrap();
        let counted: u64 = loaded.iter().map(|model| model["size"].as_u64().unwrap()).sum();
        assert!(loaded.len() <= 2 && counted <= 80_000_000, "{ps}");
        let (count, bytes) = engines(&server);
        assert!(count <= 2, "{count} engines");
        most = most.max(bytes);
    }
    for model in ["f32", "f16", "q8_0"] {
        server.post_json("/api/generate", &json!({"model": model, "keep_alive": 0})).await;
    }
    // Their processes end, and with them all that they held.
    for _ in 0..1000 {
        if engines(&server) == (0, 0) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("engines are still there: {:?} of {most} bytes", engines(&server));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_waits_for_room_is_shown_as_loading() {
    let server = Server::start(&["--mock", "--max-loaded", "1"], &[("QUIPU_NO_BUILTIN", "false")]);
    // Nobody reads this on: the model stays in use.
    let endless = json!({"model": "mock", "prompt": "open", "options": {"num_predict": 1_000_000}});
    let held = server.post("/api/generate", &endless).await;
    let request = server.client.post(server.url("/api/generate"));
    let request = request.json(&json!({"model": "chasqui", "prompt": "Hi", "options": {"num_predict": 1}}));
    let waiting = tokio::spawn(async move { request.send().await.unwrap().status() });
    let loading = loop {
        let ps: Value = server.get("/api/ps").await.json().await.unwrap();
        let find = |model: &&Value| model["name"] == "chasqui:latest";
        if let Some(loading) = ps["models"].as_array().unwrap().iter().find(find) {
            break loading.clone();
        }
    };
    assert_eq!((&loading["state"], &loading["progress"]), (&json!("loading"), &json!(0.0)), "{loading}");
    assert!(loading["size"].as_u64().unwrap() > 1_000_000, "{loading}");
    assert_eq!(loading.get("placement"), None);
    let expires: jiff::Timestamp = loading["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(expires > jiff::Timestamp::now(), "{loading}");
    let folder = tempfile::tempdir().unwrap();
    assert!(done(&server, folder.path(), &["ps"]).contains("    Loading 0%    "));
    drop(held);
    assert_eq!(waiting.await.unwrap(), 200);
    let ps: Value = server.get("/api/ps").await.json().await.unwrap();
    let models = ps["models"].as_array().unwrap();
    assert_eq!((models.len(), &models[0]["name"]), (1, &json!("chasqui:latest")), "{ps}");
    assert!(models[0].get("state").is_none() && models[0]["placement"].is_object(), "{ps}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_says_how_its_cache_is_kept() {
    let Some(path) = stories() else { return };
    let server = Server::start(&["--cache-type-v", "bf16"], &[]);
    let folder = tempfile::tempdir().unwrap();
    let modelfile = format!("FROM {}\nPARAMETER num_predict 3\n", path.canonicalize().unwrap().display());
    std::fs::write(folder.path().join("plain"), &modelfile).unwrap();
    std::fs::write(folder.path().join("exact"), modelfile + "PARAMETER cache_type_k F32\n").unwrap();
    let mut pools = Vec::new();
    for (model, keys) in [("plain", "f16"), ("exact", "f32")] {
        done(&server, folder.path(), &["create", model, "-f", model]);
        let answer = server
            .post_json("/api/generate", &json!({"model": model, "prompt": "Once", "stream": false}))
            .await;
        assert_eq!(answer["eval_count"], 3, "{answer}");
        let ps: Value = server.get("/api/ps").await.json().await.unwrap();
        // Over the same weights, and still an engine of its own.
        let loaded = ps["models"].as_array().unwrap().iter().find(|l| l["name"] == format!("{model}:latest"));
        let placed = &loaded.unwrap()["placement"];
        assert_eq!(
            (&placed["cache_type_k"], &placed["cache_type_v"]),
            (&json!(keys), &json!("bf16")),
            "{ps}"
        );
        pools.push(placed["memory"][0]["pool"].as_u64().unwrap() / placed["pool_tokens"].as_u64().unwrap());
    }
    assert_eq!(pools[1], pools[0] / 2 * 3);
    assert!(done(&server, folder.path(), &["show", "exact", "--parameters"]).contains("cache_type_k"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_the_queue_full_is_told_so() {
    let Some(path) = stories() else { return };
    let server = Server::start(&["--max-queue", "2", "--keep-alive", "5m"], &[]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("Modelfile"),
        format!("FROM {}\n", path.canonicalize().unwrap().display()),
    )
    .unwrap();
    done(&server, folder.path(), &["create", "tiny"]);
    let request = json!({"model": "tiny", "prompt": "Once", "stream": false, "options": {"num_predict": 2}});
    let answers =
        futures_util::future::join_all((0..24).map(|_| server.post_any("/api/generate", &request))).await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|(status, _)| *status == 200);
    assert!(served.len() >= 3 && !refused.is_empty(), "{} served", served.len());
    for (status, answer) in refused {
        assert_eq!(*status, 503);
        assert_eq!(answer["error"], "server busy, please try again.  maximum pending requests exceeded");
    }
}
