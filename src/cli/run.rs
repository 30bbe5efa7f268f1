//! `quipu run NAME [PROMPT…]`: a streamed answer in the terminal.

use std::io::{BufRead, IsTerminal, Read, Write};

use bytes::{Buf, BytesMut};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::CliError;
use super::environment;
use crate::api::duration;
use crate::server::host::Host;

/// Arguments of `quipu run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The model's name
    model: String,
    /// What to say; what is piped in comes before it
    prompt: Vec<String>,
    /// Print the figures of each answer
    #[arg(long)]
    verbose: bool,
    /// How long the model stays loaded afterwards, `5m` or `-1m` for ever
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    keepalive: Option<String>,
}

/// A turn, as the server takes and gives it.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Message {
    role: String,
    content: String,
}

/// A line of the server's answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    response: String,
    message: Option<Message>,
    error: Option<String>,
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u64,
    prompt_eval_duration: u64,
    eval_count: u64,
    eval_duration: u64,
}

/// Asks once, or again and again if a person sits at the terminal and gave no prompt.
pub(super) fn run(args: &RunArgs) -> Result<(), CliError> {
    let stdin = std::io::stdin();
    let mut parts = Vec::new();
    let interactive = stdin.is_terminal();
    if !interactive {
        let mut piped = String::new();
        stdin.lock().read_to_string(&mut piped)?;
        parts.extend((!piped.is_empty()).then_some(piped));
    }
    parts.extend((!args.prompt.is_empty()).then(|| args.prompt.join(" ")));
    let client = Client::new(Host::parse(&environment::of_process().host()), args)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let talk = interactive && args.prompt.is_empty() && std::io::stdout().is_terminal();
    runtime.block_on(async {
        if talk { client.talk(stdin.lock()).await } else { client.ask(&parts.join(" ")).await }
    })
}

struct Client<'a> {
    http: reqwest::Client,
    base: String,
    args: &'a RunArgs,
}

impl<'a> Client<'a> {
    fn new(host: Host, args: &'a RunArgs) -> Result<Self, CliError> {
        let builder = reqwest::Client::builder();
        // A proxy for the web does not know this machine.
        let builder = if host.is_local() { builder.no_proxy() } else { builder };
        Ok(Self { http: builder.build()?, base: host.url(), args })
    }

    /// One question, one answer.
    async fn ask(&self, prompt: &str) -> Result<(), CliError> {
        let request = serde_json::json!({
            "model": self.args.model, "prompt": prompt, "keep_alive": self.args.keepalive,
        });
        self.answer("/api/generate", &request).await?;
        Ok(())
    }

    /// A conversation, line by line, until the input ends.
    async fn talk(&self, mut input: impl BufRead) -> Result<(), CliError> {
        let mut messages: Vec<Message> = Vec::new();
        loop {
            print(">>> ")?;
            let mut line = String::new();
            if input.read_line(&mut line)? == 0 {
                return Ok(print("\n")?);
            }
            match line.trim() {
                "" => continue,
                "/bye" | "/exit" => return Ok(()),
                text => messages.push(Message { role: "user".into(), content: text.into() }),
            }
            let request = serde_json::json!({
                "model": self.args.model, "messages": messages, "keep_alive": self.args.keepalive,
            });
            let content = self.answer("/api/chat", &request).await?;
            messages.push(Message { role: "assistant".into(), content });
        }
    }

    /// Prints an answer as it comes, and returns its text.
    async fn answer(&self, path: &str, request: &serde_json::Value) -> Result<String, CliError> {
        let sent = self.http.post(format!("{}{path}", self.base)).json(request).send().await;
        let mut response = match sent {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Err(CliError::Unreachable),
            Err(error) => return Err(error.into()),
        };
        let status = response.status();
        let (mut lines, mut text) = (Lines::default(), String::new());
        let mut last = Line::default();
        while let Some(chunk) = response.chunk().await? {
            lines.0.extend_from_slice(&chunk);
            while let Some(line) = lines.next() {
                last = self.line(&line, &mut text)?;
            }
        }
        if !lines.0.is_empty() {
            // An error in one piece has no newline at its end, and need not be JSON.
            let rest = lines.0.split();
            last = match self.line(&rest, &mut text) {
                Err(CliError::Json(_)) if !status.is_success() => {
                    return Err(CliError::Server(String::from_utf8_lossy(&rest).into_owned()));
                }
                line => line?,
            };
        }
        if !status.is_success() {
            return Err(CliError::Server(status.to_string()));
        }
        print("\n\n")?;
        if self.args.verbose {
            last.print_figures()?;
        }
        Ok(text)
    }

    fn line(&self, line: &[u8], text: &mut String) -> Result<Line, CliError> {
        let line: Line = serde_json::from_slice(line)?;
        if let Some(error) = line.error {
            return Err(CliError::Server(error));
        }
        let new = line.message.as_ref().map_or(&line.response, |message| &message.content);
        print(new)?;
        text.push_str(new);
        Ok(line)
    }
}

/// Cuts a stream into lines.
#[derive(Default)]
struct Lines(BytesMut);

impl Lines {
    /// The next whole line, without its newline.
    fn next(&mut self) -> Option<BytesMut> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let line = self.0.split_to(end);
        self.0.advance(1);
        Some(line)
    }
}

fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

impl Line {
    fn print_figures(&self) -> std::io::Result<()> {
        std::io::stderr().lock().write_all(self.figures().as_bytes())
    }

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
    fn lines_are_cut_wherever_the_chunks_end() {
        let mut lines = Lines::default();
        lines.0.extend_from_slice(b"{\"a\":1}\n{\"b\"");
        assert_eq!(lines.next().unwrap(), &b"{\"a\":1}"[..]);
        assert!(lines.next().is_none());
        lines.0.extend_from_slice(b":2}\n");
        assert_eq!(lines.next().unwrap(), &b"{\"b\":2}"[..]);
    }

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
