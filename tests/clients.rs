//! The clients that people use, with the real server and the built-in model: Ollama's own in Python and JavaScript, OpenAI's, and
//! LangChain's standard tests.
//!
//! `scripts/clients.sh` gets them; where they are missing, these tests say so and pass.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::panic)]

mod common;
// Other tests use more of it. For clippy, helpers of tests are no tests.
#[allow(dead_code, clippy::print_stdout)]
#[path = "common/registry/docker.rs"]
mod docker;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::Server;
use docker::Docker;

/// A path in this repository.
fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// Says something even if the test passes, which `eprintln!` would not.
fn say(text: &str) {
    // What cannot be said is no failure.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Something that `scripts/clients.sh` makes.
fn made(relative: &str) -> Option<PathBuf> {
    let path = path("target/clients").join(relative);
    if path.exists() {
        return Some(path);
    }
    say("skipped: the client libraries are not there; scripts/clients.sh gets them");
    None
}

/// Runs a suite with a server of its own, and a registry if one is installed.
fn run(program: PathBuf, arguments: &[OsString], folder: &str, variables: &[(&str, PathBuf)]) {
    let server = Server::start(&[], &[("QUIPU_NO_BUILTIN", "false")]);
    let registry = Docker::start("");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(path(folder))
        .env("QUIPU_URL", &server.base)
        .env("QUIPU_GGUF", path("models/chasqui/chasqui.gguf"))
        .env("HOME", server.home.path())
        .env("NO_PROXY", "*")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("PYTHONPATH")
        .env_remove("PYTEST_ADDOPTS")
        .env_remove("NODE_OPTIONS")
        .env_remove("LANGSMITH_TRACING")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    if let Some(registry) = &registry {
        command.env("QUIPU_REGISTRY", registry.host());
    }
    let output = command.output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}:\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr));
    text.lines().filter(|line| line.starts_with("PASSES, TOO")).for_each(say);
}

fn pytest(file: &str) {
    if let (Some(python), Some(_)) = (made("python/bin/python"), made("python/requirements.txt")) {
        run(python, &["-m", "pytest", file].map(OsString::from), "tests/clients/python", &[]);
    }
}

#[test]
fn ollamas_client_for_python() {
    pytest("test_ollama.py");
}

#[test]
fn openais_client_for_python() {
    pytest("test_openai.py");
}

#[test]
fn langchain_with_ollamas_api() {
    pytest("test_langchain_ollama.py");
}

#[test]
fn langchain_with_openais_api() {
    pytest("test_langchain_openai.py");
}

#[test]
fn ollamas_client_for_javascript() {
    // `createRequire` looks beside a file, and this is one.
    if let Some(beside) = made("node/package.json") {
        let arguments = ["--test", "ollama.test.mjs"].map(OsString::from);
        run("node".into(), &arguments, "tests/clients/node", &[("QUIPU_NODE_PACKAGES", beside)]);
    }
}
