//! Several targets, loads and rounds; what is written of them; servers that the harness starts.

// For clippy, helpers of tests are no tests.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use common::{HARNESS, Mock, harness};
use serde_json::Value;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The results in a folder, in the order in which they were made.
fn runs(folder: &Path) -> Vec<Value> {
    let mut paths: Vec<_> =
        fs::read_dir(folder.join("runs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| json(path)).collect()
}

#[test]
fn one_server_under_two_names_has_no_prompts_in_its_cache() {
    let mock = Mock::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let workload = "random:requests=3,input=32,output=4";
    let (plain, native) = (mock.target("name=plain"), mock.target("name=native,dialect=ollama-chat"));
    let outcome = harness(&["run", &plain, &native, "-w", workload, "--out", out]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(outcome.out.contains("both are one server"), "{}", outcome.out);
    let runs = runs(folder.path());
    let plans: std::collections::HashSet<_> =
        runs.iter().map(|run| run["quipu"]["plan_sha256"].as_str().unwrap()).collect();
    assert_eq!(plans.len(), runs.len());
    assert!(runs.iter().all(|run| run["total_input_tokens"] == 96));
}

#[test]
fn targets_take_turns() {
    let (ours, theirs) = (Mock::start(&[]), Mock::start(&[]));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let outcome = harness(&[
        "run",
        &ours.target("name=ours,dialect=ollama-chat"),
        &theirs.target("name=theirs"),
        "-w",
        "random:requests=6,input=32,output=4",
        "-c",
        "2",
        "--out",
        out,
    ]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(outcome.out.contains("ours beside theirs"), "{}", outcome.out);
    assert!(outcome.out.contains("100 % of the replies are the same"), "{}", outcome.out);

    let runs = runs(folder.path());
    let order: Vec<&str> = runs.iter().map(|run| run["label"].as_str().unwrap()).collect();
    assert_eq!(order, ["ours", "theirs", "ours", "theirs", "ours", "theirs"]);
    let plan = |i: usize| runs[i]["quipu"]["plan_sha256"].as_str().unwrap();
    assert_eq!(plan(0), plan(1));
    assert_ne!(plan(0), plan(2));

    let compared = json(&folder.path().join("comparison.json"));
    let row = &compared[0]["rows"][0];
    assert_eq!((row["name"].as_str(), row["first"]["runs"].as_u64()), (Some("output_throughput"), Some(3)));
    let ratio = |end: &str| row["ratio"][end].as_f64().unwrap();
    assert!(ratio("low") <= ratio("value") && ratio("value") <= ratio("high"));
    let html = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(html.contains("ours beside theirs") && html.contains("KV pages over time"));
}

#[test]
fn a_sweep_has_a_point_for_each_load() {
    let mock = Mock::start(&["--slots", "2"]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let arguments = ["-w", "random:requests=8,input=16,output=4", "-c", "1,2,4", "--goodput", "ttft=60000"];
    let outcome = harness(&[&["sweep", &mock.target("name=mock"), "--out", out], &arguments[..]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(outcome.out.contains("mock under load"), "{}", outcome.out);
    assert!(outcome.out.contains("the limits are met up to 4.00"), "{}", outcome.out);
    let csv = fs::read_to_string(folder.path().join("runs.csv")).unwrap();
    assert_eq!(csv.lines().count(), 4);
    let html = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(html.contains("Throughput over load"));

    // The same again, from the files.
    let page = folder.path().join("again.html");
    let mut files: Vec<_> =
        fs::read_dir(folder.path().join("runs")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut arguments = vec!["report", "--html", page.to_str().unwrap()];
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    let outcome = harness(&arguments);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(outcome.out.contains("mock under load"));
    assert!(fs::read_to_string(page).unwrap().contains("Throughput over load"));
}

#[test]
fn a_dry_run_asks_nobody() {
    let arguments =
        ["run", "http://127.0.0.1:9", "--dry-run", "--rate", "2", "-w", "random:requests=10,output=5"];
    let outcome = harness(&arguments);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(outcome.out.contains("requests  10 in 10 sessions"), "{}", outcome.out);
    assert!(outcome.out.contains("load      2/s, the last after 5.0 s"), "{}", outcome.out);
}

#[test]
fn the_harness_measures_itself() {
    let outcome = harness(&["self-check", "--requests", "16", "--concurrency", "4", "--tokens", "8"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(outcome.out.contains("tokens/s went through"), "{}", outcome.out);
}

#[test]
fn workloads_can_be_listed() {
    insta::assert_snapshot!(harness(&["workloads"]).out);
}

/// A `llama-server` that writes down how it was started and is a mock then.
#[cfg(unix)]
fn fake_llama_server(folder: &Path) -> String {
    use std::os::unix::fs::PermissionsExt;

    let path = folder.join("llama-server");
    let script = format!(
        "#!/bin/sh\n\
         echo \"$@\" >> {log}\n\
         while [ \"$1\" != --port ]; do shift; done\n\
         exec {HARNESS} mock --listen 127.0.0.1:$2\n",
        log = folder.join("log").display(),
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn the_best_setting_of_llama_server_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let program = fake_llama_server(folder.path());
    let target = format!("llama-server={program},gguf=m.gguf,np=2+4,unified=on+off");
    let outcome =
        harness(&["run", &target, "--json", "-w", "random:requests=4,input=32,output=4", "-c", "2"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let server = &outcome.result()["quipu"]["server"];
    let tried = server["tried"].as_object().unwrap();
    assert_eq!(tried.len(), 4, "{tried:?}");
    let most = tried.values().map(|value| value.as_f64().unwrap()).fold(0.0, f64::max);
    let (best, _) = tried.iter().find(|(_, value)| value.as_f64() == Some(most)).unwrap();
    assert!(server["settings"].as_str().unwrap().ends_with(best.as_str()), "{server}");
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log.lines().count(), 5);
    assert!(
        log.lines().all(|line| line.contains("--flash-attn on") && line.contains("--host 127.0.0.1")),
        "{log}"
    );
}

#[cfg(unix)]
#[test]
fn a_llama_server_that_ends_is_no_riddle() {
    let outcome = harness(&["run", "llama-server=/bin/false,gguf=m.gguf,np=1,unified=on"]);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.err.contains("it ended with exit status: 1; run it by hand to see why"),
        "{}",
        outcome.err
    );
}
