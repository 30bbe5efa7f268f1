//! Starts the real binary, as harness and as mock.

// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]
// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The binary.
pub(crate) const HARNESS: &str = env!("CARGO_BIN_EXE_quipu-loadtests");

/// A running mock. Dropping it kills it.
pub(crate) struct Mock {
    child: Child,
    /// Base of its routes.
    pub(crate) url: String,
}

impl Mock {
    /// Starts it on a port of its own, and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(HARNESS)
            .args(["mock", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the mock starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening on ").expect("an address").to_owned();
        Self { child, url }
    }

    /// It as a target, with more of `key=value`.
    pub(crate) fn target(&self, more: &str) -> String {
        format!("{},{more}", self.url)
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command of the harness came to.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// The results of `--json`.
    pub(crate) fn results(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The only result of `--json`.
    pub(crate) fn result(&self) -> Value {
        let mut results = self.results();
        assert_eq!(results.len(), 1, "{}{}", self.out, self.err);
        results.remove(0)
    }
}

/// Runs the harness to its end.
pub(crate) fn harness(arguments: &[&str]) -> Outcome {
    let output: Output =
        Command::new(HARNESS).args(arguments).stdin(Stdio::null()).output().expect("the harness starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Outcome {
        code: output.status.code().expect("an exit code"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}
