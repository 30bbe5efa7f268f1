//! `quipu run` in a terminal, against the real server.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;
#[path = "common/terminal.rs"]
mod terminal;

use std::fs;

use common::{HeldEngine, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use terminal::{CTRL_C, CTRL_D, CTRL_G, PROMPT, Terminal, UP};

/// A server with the built-in model, which measures little when it loads.
fn server() -> Server {
    Server::start(&["--threads", "1", "--pool-tokens", "8192"], &[("QUIPU_NO_BUILTIN", "false")])
}

/// A server, a home, and a conversation that takes its first message.
struct Talk {
    server: Server,
    home: TempDir,
    terminal: Terminal,
}

impl Talk {
    fn begin(arguments: &[&str]) -> Self {
        Self::with(server(), 80, &[&["run"], arguments].concat(), &[])
    }

    fn with(server: Server, columns: u16, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let mut terminal = Terminal::start(columns, home.path(), &server.base, arguments, variables);
        terminal.until_prompt();
        Self { server, home, terminal }
    }

    fn leave(&mut self) {
        self.terminal.press(CTRL_D);
        assert!(self.terminal.end().success());
    }

    /// What was typed, as it is kept.
    fn history(&self) -> Vec<String> {
        let text = fs::read_to_string(self.home.path().join(".quipu/history")).expect("a history");
        text.lines().skip(1).map(str::to_owned).collect()
    }
}

/// The answer of the server to these messages, greedily.
async fn answer(server: &Server, messages: Value) -> String {
    let request = json!({"model": "chasqui", "messages": messages, "stream": false, "think": false, "options": {"temperature": 0}});
    let answer = server.post_json("/api/chat", &request).await;
    answer["message"]["content"].as_str().expect("text").to_owned()
}

/// The words of a text, however it is broken into lines.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[tokio::test]
async fn a_conversation_in_a_narrow_terminal() {
    let question = "What is Quipu?";
    let server = server();
    let first = answer(&server, json!([{"role": "user", "content": question}])).await;
    let turns = json!([
        {"role": "user", "content": question},
        {"role": "assistant", "content": first},
        {"role": "user", "content": "Who are you?"},
    ]);
    let second = answer(&server, turns).await;
    let mut talk = Talk::with(server, 40, &["run", "--think=false"], &[]);
    assert_eq!(talk.terminal.rows(), [PROMPT]);
    talk.terminal.enter("/set parameter temperature 0");
    talk.terminal.enter(question);
    talk.terminal.enter("Who are you?");
    talk.terminal.enter("/set verbose");
    let shown = talk.terminal.text();
    // A word that were cut would be two.
    let expected = format!(
        ">>> /set parameter temperature 0\nSet parameter 'temperature' to '0'\n>>> {question}\n{first}\n\
         >>> Who are you?\n{second}\n>>> /set verbose\nSet 'verbose' mode.\n{PROMPT}"
    );
    assert_eq!(words(&shown), words(&expected), "{shown}");
    talk.terminal.enter("Hello");
    assert!(talk.terminal.text().contains("\neval rate:            "), "{}", talk.terminal.text());
    talk.terminal.write("/bye");
    talk.terminal.press("\r");
    assert!(talk.terminal.end().success());
}

#[test]
fn messages_of_several_lines() {
    let mut talk = Talk::begin(&[]);
    talk.terminal.write("\"\"\"Say");
    talk.terminal.press("\r");
    talk.terminal.until_last("... Use \"\"\" to end the message");
    talk.terminal.write("hello");
    talk.terminal.press("\r");
    talk.terminal.until_last("... Use \"\"\" to end the message");
    talk.terminal.enter("\"\"\"");
    // What is pasted is one message, whatever it has of lines.
    talk.terminal.press("\x1b[200~one\ntwo\x1b[201~");
    talk.terminal.until_last("two");
    talk.terminal.press("\r");
    talk.terminal.until_prompt();
    talk.terminal.enter("/save talk");
    talk.leave();
    assert_eq!(talk.history(), ["\"\"\"Say\\nhello\\n\"\"\"", "one\\ntwo", "/save talk"]);
    let mut shown = Talk::with(talk.server, 80, &["run", "talk"], &[]);
    let text = shown.terminal.text();
    assert!(text.starts_with(">>> Say\nhello\n") && text.contains(">>> one\ntwo\n"), "{text}");
    shown.leave();
}

#[tokio::test]
async fn a_saved_conversation_goes_on() {
    let mut talk = Talk::begin(&["chasqui"]);
    talk.terminal.enter("/set system You are a pirate.");
    talk.terminal.enter("/set parameter seed 7");
    talk.terminal.enter("Hello");
    talk.terminal.enter("/save pirate");
    assert!(talk.terminal.text().contains("\nCreated new model 'pirate'\n"), "{}", talk.terminal.text());
    talk.terminal.enter("/load pirate");
    let text = talk.terminal.text();
    assert!(text.contains("\nLoading model 'pirate'\n>>> Hello\n"), "{text}");
    talk.terminal.enter("/show system");
    talk.terminal.enter("/show parameters");
    let text = talk.terminal.text();
    assert!(text.contains("\n>>> /show system\nYou are a pirate.\n"), "{text}");
    let parameters = text.split("Model defined parameters:").nth(1).expect("parameters");
    assert!(parameters.contains("seed                           7\n"), "{text}");
    talk.terminal.enter("And now?");
    talk.leave();
    let shown = talk.server.post_json("/api/show", &json!({"model": "pirate"})).await;
    assert_eq!(shown["messages"][0], json!({"role": "user", "content": "Hello"}));
    assert_eq!(shown["messages"].as_array().map(Vec::len), Some(2));
}

#[test]
fn commands_show_and_help() {
    let mut talk = Talk::begin(&[]);
    for (command, answer) in [
        ("/show info", "    architecture        qwen3\n"),
        ("/show license", "MIT"),
        ("/list", "NAME              ID              SIZE"),
        ("/? shortcuts", "  Ctrl + g "),
        ("/set think", "Set 'think' mode.\n"),
        ("/frobnicate", "Unknown command '/frobnicate'. Type /? for help\n"),
        ("/load nothing", "Couldn't find model 'nothing'\n"),
        ("/clear", "Cleared session context\n"),
    ] {
        talk.terminal.enter(command);
        let shown = talk.terminal.text();
        let shown = shown.rsplit(&format!(">>> {command}\n")).next().unwrap_or_default();
        assert!(shown.contains(answer), "{command}: {shown}");
    }
    talk.leave();
}

#[test]
fn ctrl_c_leaves_an_empty_line_alone_and_clears_another() {
    let mut talk = Talk::begin(&[]);
    talk.terminal.press(CTRL_C);
    talk.terminal.until("a hint", |rows| rows == [">>>", "", "Use Ctrl + d or /bye to exit.", PROMPT]);
    talk.terminal.write("not this");
    talk.terminal.press(CTRL_C);
    talk.terminal.until_prompt();
    talk.leave();
    assert!(!talk.home.path().join(".quipu/history").exists(), "nothing was entered");
}

#[tokio::test]
async fn ctrl_c_ends_an_answer_and_the_conversation_goes_on() {
    // Ten of these contexts take minutes.
    let server = Server::mock(&["--context", "100000", "--pool-tokens", "200000"]).await;
    let mut talk = Talk::with(server, 80, &["run", "mock"], &[]);
    talk.terminal.write("go on for ever");
    talk.terminal.press("\r");
    talk.terminal.until("an answer", |rows| rows.len() > 10);
    talk.terminal.press(CTRL_C);
    talk.terminal.until_prompt();
    talk.terminal.enter("/set parameter num_predict 5");
    talk.terminal.enter("and now briefly");
    talk.leave();
    let aborted = "quipu_request_success_total{model=\"mock:latest\",finished_reason=\"abort\"}";
    while talk.server.metric(aborted).await < 1.0 {}
}

#[test]
fn ctrl_c_ends_the_waiting_for_an_answer() {
    let mut talk = Talk::begin(&[]);
    let held = HeldEngine::of(&talk.server);
    talk.terminal.write("Hello?");
    talk.terminal.press("\r");
    // A spinner turns.
    talk.terminal.until("a spinner", |rows| rows.len() == 2);
    talk.terminal.press(CTRL_C);
    talk.terminal.until_prompt();
    assert!(!talk.terminal.text().contains('⠋'), "{}", talk.terminal.text());
    drop(held);
    talk.terminal.enter("Hello!");
    talk.leave();
}

#[test]
fn an_answer_without_a_conversation_can_be_interrupted() {
    let server = server();
    let home = tempfile::tempdir().expect("a folder");
    let mut terminal = Terminal::start(80, home.path(), &server.base, &["run", "chasqui", "Hi"], &[]);
    assert!(terminal.end().success());
    let held = HeldEngine::of(&server);
    let mut terminal = Terminal::start(80, home.path(), &server.base, &["run", "chasqui", "Hi"], &[]);
    terminal.until("a spinner", |rows| rows.len() == 1);
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().code(), Some(130));
    drop(held);
}

#[test]
fn what_was_typed_is_remembered_and_edited() {
    let mut talk = Talk::begin(&[]);
    talk.terminal.enter("/set nowordwrap");
    talk.terminal.enter("/set nohistory");
    talk.terminal.enter("/set quiet");
    talk.leave();
    assert_eq!(talk.history(), ["/set nowordwrap", "/set nohistory"]);
    let editor = [("QUIPU_EDITOR", "sed -i s/wrap/wrap\\ or\\ so/")];
    let home = talk.home.path();
    let mut terminal = Terminal::start(80, home, &talk.server.base, &["run"], &editor);
    terminal.until_prompt();
    terminal.press(UP);
    terminal.until_last(">>> /set nohistory");
    terminal.press(UP);
    terminal.until_last(">>> /set nowordwrap");
    terminal.press(CTRL_G);
    terminal.until_last(">>> /set nowordwrap or so");
    terminal.press("\r");
    terminal.until("an answer", |rows| {
        rows.iter().any(|row| row.starts_with("Unknown command '/set nowordwrap or so'"))
    });
    terminal.until_prompt();
    terminal.press(CTRL_D);
    assert!(terminal.end().success());
}

#[test]
fn a_server_that_is_gone_does_not_end_the_conversation() {
    let mut talk = Talk::begin(&[]);
    talk.server.signal("KILL");
    talk.server.wait();
    talk.terminal.enter("Hello?");
    assert!(
        talk.terminal.text().contains("Error: could not connect to quipu server"),
        "{}",
        talk.terminal.text()
    );
    talk.leave();
}

#[test]
fn the_version_is_that_of_the_server() {
    let server = server();
    let home = tempfile::tempdir().expect("a folder");
    for flag in ["-v", "--version"] {
        let mut terminal = Terminal::start(80, home.path(), &server.base, &[flag], &[]);
        assert!(terminal.end().success());
        assert_eq!(terminal.text(), format!("quipu version is {}", env!("CARGO_PKG_VERSION")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_loads_says_how_far_it_is() {
    let arguments = ["--mock", "--max-loaded", "1", "--threads", "1", "--pool-tokens", "8192"];
    let server = Server::start(&arguments, &[("QUIPU_NO_BUILTIN", "false")]);
    // Nobody reads this on: there is no room for another model.
    let endless = json!({"model": "mock", "prompt": "open", "options": {"num_predict": 1_000_000}});
    let held = server.post("/api/generate", &endless).await;
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(80, home.path(), &server.base, &["run"], &[]);
    let shown = |rows: &[String]| rows.last().is_some_and(|row| row.starts_with("loading 0%"));
    terminal.until("loading 0%", shown);
    drop(held);
    terminal.until_prompt();
    assert_eq!(terminal.rows(), [PROMPT]);
    terminal.press(CTRL_D);
    assert!(terminal.end().success());
}
