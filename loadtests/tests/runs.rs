//! Runs against the mock: what is asked for is what is counted.

mod common;

use common::{Mock, harness};
use serde_json::Value;

/// A short run with JSON results.
fn run(target: &str, arguments: &[&str]) -> common::Outcome {
    harness(&[&["run", target, "--json"], arguments].concat())
}

#[test]
fn all_dialects_count_the_same() {
    let mock = Mock::start(&[]);
    for dialect in ["ollama-chat", "ollama-generate", "openai-chat", "openai-completions"] {
        let target = mock.target(&format!("dialect={dialect}"));
        let outcome = run(&target, &["-w", "random:requests=12,input=64,output=9", "-c", "4"]);
        let result = outcome.result();
        assert_eq!(outcome.code, 0, "{dialect}: {}", outcome.err);
        assert_eq!(
            (result["completed"].as_u64(), result["failed"].as_u64()),
            (Some(12), Some(0)),
            "{dialect}"
        );
        assert_eq!(result["total_input_tokens"], 12 * 64, "{dialect}");
        assert_eq!(result["total_output_tokens"], 12 * 9, "{dialect}");
        assert_eq!(result["backend"], dialect);
        assert_eq!(result["quipu"]["server"]["calibration"]["exact"], true);
        assert!(result["output_throughput"].as_f64().unwrap() > 0.0);
        assert!(result["max_concurrent_requests"].as_u64().unwrap() <= 4);
    }
}

#[test]
fn faults_close_the_gate() {
    // Without calibration and warm-up, the numbers of requests are those of the run.
    for (fault, count) in [("cut", "cut"), ("empty", "empty"), ("stop", "wrong_length")] {
        let mock = Mock::start(&[&format!("--{fault}-every"), "3"]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.jsonl");
        std::fs::write(&path, "{\"prompt\": \"Hello there\"}\n".repeat(9)).unwrap();
        let spec = format!("file:path={},output=8", path.display());
        let outcome = run(&mock.target(""), &["-w", &spec, "--warmup", "0"]);
        let result = outcome.result();
        assert_eq!(outcome.code, 2, "{fault}");
        assert_eq!(result["quipu"]["gate"][count], 3, "{fault}: {}", result["quipu"]["gate"]);
        assert_eq!(result["output_throughput"], Value::Null, "{fault}");
        let allowed = run(&mock.target(""), &["-w", &spec, "--warmup", "0", "--allow-failures"]);
        assert!(allowed.result()["output_throughput"].is_number(), "{fault}");
        assert_eq!(allowed.code, 0, "{fault}");
    }
}

#[test]
fn failed_requests_are_told_in_the_words_of_the_server() {
    let mock = Mock::start(&["--fail-every", "20"]);
    let outcome = run(&mock.target(""), &["-w", "random:requests=40,input=32,output=4", "-c", "4"]);
    let result = outcome.result();
    let gate = &result["quipu"]["gate"];
    assert_eq!(gate["failed"], 2, "{gate}");
    assert_eq!(gate["errors"]["status 503: {\"error\":\"told to fail\"}"], 2);
    assert_eq!((outcome.code, result["completed"].as_u64()), (2, Some(38)));
}

#[test]
fn replies_go_on_where_the_server_can() {
    let mock = Mock::start(&["--stop-every", "2"]);
    let workload = ["-w", "random:requests=8,input=32,output=8"];
    assert_eq!(run(&mock.target("ignore-eos"), &workload).code, 0);
    assert_eq!(run(&mock.target(""), &workload).code, 2);
    let outcome = run(&mock.target(""), &[&workload[..], &["--any-length"]].concat());
    assert_eq!(outcome.code, 0);
    assert!(outcome.result()["total_output_tokens"].as_u64().unwrap() < 64);
}

#[test]
fn conversations_grow() {
    let mock = Mock::start(&[]);
    let workload = "sessions:sessions=6,turns=3,system=40,input=20,output=10,think=0.001";
    let outcome = run(&mock.target("dialect=ollama-chat"), &["-w", workload, "-c", "3", "--detailed"]);
    let result = outcome.result();
    assert_eq!((outcome.code, result["completed"].as_u64()), (0, Some(18)), "{}", outcome.err);
    let turns = result["quipu"]["turns"].as_array().unwrap();
    assert_eq!(turns.iter().map(|turn| turn["completed"].as_u64()).collect::<Vec<_>>(), [Some(6); 3]);
    // The first: 60. The next has the reply, a text of 20 words and its starter, and two more messages.
    let inputs: Vec<u64> =
        result["input_lens"].as_array().unwrap()[..3].iter().map(|n| n.as_u64().unwrap()).collect();
    assert_eq!(inputs, [60, 60 + 10 + 21 + 8, 60 + 2 * (10 + 21 + 8)]);
}

#[test]
fn open_loops_keep_their_times() {
    let mock = Mock::start(&[]);
    let arguments = ["-w", "random:requests=20,input=16,output=2", "--rate", "200", "--burstiness", "0.5"];
    let result = run(&mock.target(""), &arguments).result();
    assert_eq!((result["request_rate"].as_f64(), result["burstiness"].as_f64()), (Some(200.0), Some(0.5)));
    let requests = result["quipu"]["requests"].as_array().unwrap();
    let due: Vec<f64> = requests.iter().map(|request| request["scheduled"].as_f64().unwrap()).collect();
    assert!(due.is_sorted());
    assert!((due[19] - 0.1).abs() < 1e-9, "{due:?}");
    assert!(requests.iter().all(|request| request["sent"].as_f64() >= request["scheduled"].as_f64()));
}

#[test]
fn a_limit_holds_requests_back() {
    let mock = Mock::start(&[]);
    let arguments =
        ["-w", "random:requests=12,input=16,output=20", "--rate", "inf", "--max-concurrency", "2"];
    let result = run(&mock.target(""), &arguments).result();
    assert_eq!(result["request_rate"], "inf");
    assert!(result["max_concurrent_requests"].as_u64().unwrap() <= 2);
    let held_back = |summary: &str| result["quipu"][summary]["max"].as_f64().unwrap();
    assert!(held_back("client_queue_ms") > 0.0);
    assert!(held_back("due_to_first_token_ms") > result["p50_ttft_ms"].as_f64().unwrap());
}

#[test]
fn clients_leave() {
    let mock = Mock::start(&["--token-ms", "1"]);
    let arguments = ["-w", "cancel:requests=10,input=16,output=200,share=1,after=2", "-c", "10"];
    let outcome = run(&mock.target(""), &arguments);
    let result = outcome.result();
    assert_eq!(result["quipu"]["gate"]["left"], 10);
    assert_eq!(
        (outcome.code, result["completed"].as_u64(), result["failed"].as_u64()),
        (0, Some(0), Some(0))
    );
}

#[test]
fn kinds_of_requests_have_figures_of_their_own() {
    let mock = Mock::start(&[]);
    let workload = "long-prompt:requests=8,input=20,output=4,long=200,long_output=2,every=4";
    let result = run(&mock.target(""), &["-w", workload, "-c", "2", "--goodput", "ttft=60000"]).result();
    assert_eq!(result["quipu"]["classes"]["long"]["completed"], 2);
    assert_eq!(result["quipu"]["classes"]["chat"]["completed"], 6);
    assert_eq!(result["total_input_tokens"], 6 * 20 + 2 * 200);
    assert_eq!(result["quipu"]["goodput"]["share"], 1.0);
    assert_eq!(result["request_goodput"], result["request_throughput"]);
}

#[test]
fn traces_are_played() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    let line = |time: u32, input: u32| {
        format!(
            "{{\"timestamp\": {time}, \"input_length\": {input}, \"output_length\": 3, \"hash_ids\": [1]}}\n"
        )
    };
    std::fs::write(&path, line(5000, 40) + &line(5100, 600)).unwrap();
    let mock = Mock::start(&[]);
    let workload = format!("trace:path={},speed=10", path.display());
    let result = run(&mock.target(""), &["-w", &workload]).result();
    assert_eq!((result["completed"].as_u64(), result["total_input_tokens"].as_u64()), (Some(2), Some(640)));
    assert_eq!(result["quipu"]["requests"][1]["scheduled"], 0.01);
}

#[test]
fn the_server_is_heard_too() {
    let mock = Mock::start(&[]);
    let pid = std::process::id();
    let workload = "random:requests=6,input=32,output=5";
    let result = run(&mock.target(&format!("pid={pid}")), &["-w", workload]).result();
    let side = &result["quipu"]["server_side"];
    // What calibration and warm-up asked for is not counted.
    assert_eq!(side["counters"]["quipu_generation_tokens_total"], 30.0);
    assert_eq!(side["counters"]["quipu_prompt_tokens_total"], 192.0);
    let times = side["times"].as_array().unwrap().len();
    assert!(times >= 1);
    assert_eq!(side["gauges"]["quipu_kv_pages{state=\"held\"}"].as_array().unwrap().len(), times);
    assert!(side["process"]["rss_peak"].as_u64().unwrap() > 0);
    assert_eq!(result["quipu"]["server"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(result["quipu"]["server"]["model"]["id"], "mock");
}

#[test]
fn what_cannot_be_done_is_said() {
    let outcome = harness(&["run", "http://127.0.0.1:9"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("cannot reach http://127.0.0.1:9"), "{}", outcome.err);
    let mock = Mock::start(&[]);
    let outcome = harness(&["run", &mock.url, &mock.url]);
    assert!(outcome.err.contains("two targets are called"), "{}", outcome.err);
    let outcome = harness(&["run", &mock.target("key-env=QUIPU_NO_SUCH_VARIABLE")]);
    assert!(outcome.err.contains("QUIPU_NO_SUCH_VARIABLE is not set"), "{}", outcome.err);
}
