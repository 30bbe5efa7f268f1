//! `quipu run [NAME [PROMPT…]]`: a streamed answer in the terminal.

use std::io::{BufRead, IsTerminal, Read, Write};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::CliError;
use super::pull::pull_if_missing;
use super::session::Session;
use crate::api::duration;
use crate::create::builtin::BUILTIN;

/// Arguments of `quipu run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The model's name
    #[arg(default_value = BUILTIN)]
    model: String,
    /// What to say; what is piped in comes before it
    prompt: Vec<String>,
    /// Print the figures of each answer
    #[arg(long)]
    verbose: bool,
    /// How long the model stays loaded afterwards, `5m` or `-1m` for ever
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    keepalive: Option<String>,
    /// Whether the model thinks before it answers: true, false, low, medium, high or max. Models that can do by default
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = ["true", "false", "low", "medium", "high", "max"])]
    think: Option<String>,
    /// Do not print what the model thinks
    #[arg(long)]
    hidethinking: bool,
    /// If the model has to be pulled, speak plain HTTP with a registry that has no HTTPS
    #[arg(long)]
    insecure: bool,
}

impl RunArgs {
    /// What every request says of how to answer.
    fn complete(&self, mut request: Value) -> Value {
        request["keep_alive"] = self.keepalive.clone().into();
        match self.think.as_deref() {
            None => {}
            Some("true") => request["think"] = true.into(),
            Some("false") => request["think"] = false.into(),
            Some(level) => request["think"] = level.into(),
        }
        request
    }
}

/// A turn, as the server takes and gives it.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Message {
    role: String,
    content: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    thinking: String,
}

impl Message {
    fn new(role: &str, content: &str) -> Self {
        Self { role: role.into(), content: content.into(), thinking: String::new() }
    }
}

/// A line of the server's answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    response: String,
    thinking: String,
    message: Option<Message>,
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u64,
    prompt_eval_duration: u64,
    eval_count: u64,
    eval_duration: u64,
}

/// Asks once, or again and again if a person sits at the terminal and gave no prompt.
pub(super) async fn run(args: &RunArgs, session: &mut Session) -> Result<(), CliError> {
    let stdin = std::io::stdin();
    let mut parts = Vec::new();
    let interactive = stdin.is_terminal();
    if !interactive {
        let mut piped = String::new();
        stdin.lock().read_to_string(&mut piped)?;
        parts.extend((!piped.is_empty()).then_some(piped));
    }
    parts.extend((!args.prompt.is_empty()).then(|| args.prompt.join(" ")));
    pull_if_missing(&args.model, args.insecure, session).await?;
    if interactive && args.prompt.is_empty() && std::io::stdout().is_terminal() {
        talk(args, session, stdin.lock()).await
    } else {
        ask(args, session, &parts.join(" ")).await
    }
}

/// One question, one answer.
pub(super) async fn ask(args: &RunArgs, session: &mut Session, prompt: &str) -> Result<(), CliError> {
    let request = json!({"model": args.model, "prompt": prompt});
    answer(args, session, "/api/generate", &args.complete(request)).await?;
    Ok(())
}

/// A conversation, line by line, until the input ends.
pub(super) async fn talk(
    args: &RunArgs,
    session: &mut Session,
    mut input: impl BufRead,
) -> Result<(), CliError> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        session.output.print(">>> ")?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return session.output.print("\n");
        }
        match line.trim() {
            "" => continue,
            "/bye" | "/exit" => return Ok(()),
            text => messages.push(Message::new("user", text)),
        }
        let request = json!({"model": args.model, "messages": messages});
        messages.push(answer(args, session, "/api/chat", &args.complete(request)).await?);
    }
}

/// Prints an answer as it comes, and returns it.
async fn answer(
    args: &RunArgs,
    session: &mut Session,
    path: &str,
    request: &Value,
) -> Result<Message, CliError> {
    let Session { client, output, .. } = session;
    let (mut said, mut last) = (Message::new("assistant", ""), Line::default());
    let mut thinks = false;
    let printed = client.stream(path, request, |line: Line| {
        let (content, thinking) = match &line.message {
            Some(message) => (&message.content, &message.thinking),
            None => (&line.response, &line.thinking),
        };
        if !args.hidethinking && thinks == thinking.is_empty() {
            output.print(if thinks { "\n...done thinking.\n\n" } else { "Thinking...\n" })?;
            thinks = !thinks;
        }
        if thinks {
            output.print(thinking)?;
        }
        output.print(content)?;
        said.content.push_str(content);
        said.thinking.push_str(thinking);
        last = line;
        Ok(())
    });
    let outcome = printed.await;
    if outcome.is_err() && !(said.content.is_empty() && said.thinking.is_empty()) {
        // The error gets a line of its own.
        output.print("\n")?;
    }
    outcome?;
    output.print("\n\n")?;
    if args.verbose {
        output.err.write_all(last.figures().as_bytes())?;
    }
    Ok(said)
}

impl Line {
    fn figures(&self) -> String {
        let rate = |count: u64, nanoseconds: u64| {
            format!("{:.2} tokens/s", count as f64 / (nanoseconds.max(1) as f64 / 1e9))
        };
        let tokens = |count: u64| format!("{count} token(s)");
        [
            ("total duration:", duration::format(self.total_duration)),
            ("load duration:", duration::format(self.load_duration)),
            ("prompt eval count:", tokens(self.prompt_eval_count)),
            ("prompt eval duration:", duration::format(self.prompt_eval_duration)),
            ("prompt eval rate:", rate(self.prompt_eval_count, self.prompt_eval_duration)),
            ("eval count:", tokens(self.eval_count)),
            ("eval duration:", duration::format(self.eval_duration)),
            ("eval rate:", rate(self.eval_count, self.eval_duration)),
        ]
        .map(|(label, value)| format!("{label:<22}{value}\n"))
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_look_like_ollamas() {
        let line = Line {
            total_duration: 1_500_000_000,
            load_duration: 1_000_000,
            prompt_eval_count: 10,
            prompt_eval_duration: 100_000_000,
            eval_count: 30,
            eval_duration: 1_000_000_000,
            ..Line::default()
        };
        insta::assert_snapshot!(line.figures(), @r"
        total duration:       1.5s
        load duration:        1ms
        prompt eval count:    10 token(s)
        prompt eval duration: 100ms
        prompt eval rate:     100.00 tokens/s
        eval count:           30 token(s)
        eval duration:        1s
        eval rate:            30.00 tokens/s
        ");
    }
}
