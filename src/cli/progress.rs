//! How something goes on, on standard error. A terminal shows a spinner for what has no measure and a bar for what
//! has one:
//!
//! ```text
//! pulling manifest
//! pulling 6a0746a1ec1a:  42% ▕████      ▏ 2.0 GB/4.7 GB   25 MB/s   1m48s
//! pulling 4fa551d4f938: 100% ▕██████████▏  12 KB
//! verifying sha256 digest ⠹
//! ```
//!
//! Files and pipes get a line for each status when it begins, and nothing more.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::Write;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde::{Deserialize, Serialize};

use super::CliError;
use super::client::Client;
use super::human;

/// One object of a stream of `/api/pull`, `/api/push` or `/api/create`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    status: String,
    /// Of what has a measure, else empty.
    digest: String,
    /// Bytes.
    total: u64,
    /// Bytes.
    completed: u64,
}

/// Posts a request and shows the events of the answer. The last event must be `success`: a server that ends its
/// answer before has not done what it was asked for.
pub(super) async fn follow(
    client: &Client,
    path: &str,
    request: &impl Serialize,
    progress: &mut Progress<'_>,
) -> Result<(), CliError> {
    let mut succeeded = false;
    let shown = client.stream(path, request, |event: Event| {
        succeeded = event.status == "success";
        progress.event(&event)
    });
    shown.await?;
    if succeeded { Ok(()) } else { Err(CliError::Unfinished) }
}

/// What goes on. When it is dropped, what is shown stays, but for the spinner.
pub(super) struct Progress<'a> {
    view: Box<dyn View + 'a>,
    /// The last text of [`Progress::status`].
    status: String,
}

impl<'a> Progress<'a> {
    /// Spinners and bars on standard error.
    pub(super) fn on_terminal() -> Self {
        Self::new(Terminal::new(ProgressDrawTarget::stderr()))
    }

    /// Lines.
    pub(super) fn in_lines(err: &'a mut dyn Write) -> Self {
        Self::new(Lines { err, shown: HashSet::new() })
    }

    fn new(view: impl View + 'a) -> Self {
        Self { view: Box::new(view), status: String::new() }
    }

    /// Something without a measure begins. Telling the same again changes nothing.
    pub(super) fn status(&mut self, text: &str) -> Result<(), CliError> {
        if self.status == text {
            return Ok(());
        }
        text.clone_into(&mut self.status);
        Ok(self.view.status(text)?)
    }

    /// `what` has come so far. It begins with the first call, and ends when `completed` is `total`; of a `total` of 0
    /// nothing is left to do. Lines tell of the end only.
    pub(super) fn percent(&mut self, what: &str, completed: u64, total: u64) -> Result<(), CliError> {
        let percent = (completed.min(total) * 100).checked_div(total).unwrap_or(100);
        what.clone_into(&mut self.status);
        Ok(self.view.percent(what, percent)?)
    }

    /// A bar for what has come `completed` of `total` bytes. `key` tells bars from each other. There is none before
    /// anything is completed: it would look as if everything were at work at once.
    pub(super) fn bar(&mut self, key: &str, text: &str, completed: u64, total: u64) -> Result<(), CliError> {
        if completed == 0 { Ok(()) } else { Ok(self.view.bar(key, text, completed, total)?) }
    }

    /// Shows what a server tells.
    pub(super) fn event(&mut self, event: &Event) -> Result<(), CliError> {
        if event.digest.is_empty() {
            self.status(&event.status)
        } else {
            self.bar(&event.digest, &event.status, event.completed, event.total)
        }
    }
}

/// Turns on standard error. When it is dropped, nothing of it is left.
pub(super) struct Spinner(ProgressBar);

impl Spinner {
    pub(super) fn new() -> Self {
        let spinner = ProgressBar::new_spinner().with_style(spinner_style());
        spinner.enable_steady_tick(SPINNER_TICK);
        Self(spinner)
    }

    /// Says what goes on.
    pub(super) fn say(&self, text: &str) {
        self.0.set_message(text.to_owned());
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// How it is shown.
trait View {
    fn status(&mut self, text: &str) -> std::io::Result<()>;
    fn percent(&mut self, what: &str, percent: u64) -> std::io::Result<()>;
    fn bar(&mut self, key: &str, text: &str, completed: u64, total: u64) -> std::io::Result<()>;
}

struct Lines<'a> {
    err: &'a mut dyn Write,
    /// The bars that have their line.
    shown: HashSet<String>,
}

impl View for Lines<'_> {
    fn status(&mut self, text: &str) -> std::io::Result<()> {
        writeln!(self.err, "{text}")
    }

    fn percent(&mut self, what: &str, percent: u64) -> std::io::Result<()> {
        if percent == 100 { writeln!(self.err, "{what} 100%") } else { Ok(()) }
    }

    fn bar(&mut self, key: &str, text: &str, _completed: u64, _total: u64) -> std::io::Result<()> {
        if self.shown.insert(key.to_owned()) { writeln!(self.err, "{text}") } else { Ok(()) }
    }
}

struct Terminal {
    all: MultiProgress,
    /// What was begun last and has no measure.
    spinner: Option<ProgressBar>,
    bars: HashMap<String, ProgressBar>,
}

impl Terminal {
    fn new(target: ProgressDrawTarget) -> Self {
        Self { all: MultiProgress::with_draw_target(target), spinner: None, bars: HashMap::new() }
    }

    fn stop_spinner(&mut self) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish();
        }
    }
}

impl View for Terminal {
    fn status(&mut self, text: &str) -> std::io::Result<()> {
        self.stop_spinner();
        let spinner = self.all.add(ProgressBar::new_spinner().with_style(spinner_style()));
        spinner.set_message(text.to_owned());
        spinner.enable_steady_tick(SPINNER_TICK);
        self.spinner = Some(spinner);
        Ok(())
    }

    fn percent(&mut self, what: &str, percent: u64) -> std::io::Result<()> {
        let text = format!("{what} {percent}%");
        match &self.spinner {
            Some(spinner) if spinner.message().starts_with(what) => spinner.set_message(text),
            _ => self.status(&text)?,
        }
        if percent == 100 {
            self.stop_spinner();
        }
        Ok(())
    }

    fn bar(&mut self, key: &str, text: &str, completed: u64, total: u64) -> std::io::Result<()> {
        self.stop_spinner();
        if let Some(bar) = self.bars.get(key) {
            bar.set_position(completed);
            return Ok(());
        }
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        // What was there before we began says nothing about the rate.
        bar.set_position(completed);
        bar.reset_eta();
        let bar = self.all.add(bar.with_style(bar_style()).with_message(text.to_owned()));
        bar.tick();
        self.bars.insert(key.to_owned(), bar);
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.stop_spinner();
        self.bars.values().for_each(ProgressBar::abandon);
    }
}

const SPINNER_TICK: Duration = Duration::from_millis(100);

/// The last one is shown when it is over.
const SPINNER: [&str; 11] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "];

fn spinner_style() -> ProgressStyle {
    style("{msg} {spinner}").tick_strings(&SPINNER)
}

fn bar_style() -> ProgressStyle {
    style("{msg}: {percent:>3}% ▕{wide_bar}▏ {figures}").progress_chars("█ ").with_key(
        "figures",
        |state: &ProgressState, out: &mut dyn fmt::Write| {
            // What is over has no rate any more.
            let rate = if state.is_finished() { 0.0 } else { state.per_sec() };
            // Writing to a string cannot fail.
            let _ = out.write_str(&figures(state.pos(), state.len().unwrap_or_default(), rate));
        },
    )
}

#[allow(clippy::expect_used, reason = "templates are constants, and tests draw each")]
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a valid template")
}

/// What stands behind a bar, in columns that do not move: `2.0 GB/4.7 GB   25 MB/s   1m48s`. Bytes, and bytes a second.
/// Of a full bar only the total is left; what is left to do is known once there is a rate.
fn figures(completed: u64, total: u64, rate: f64) -> String {
    let total_text = human::bytes(total);
    if completed >= total {
        return format!("{total_text:>6}{:25}", "");
    }
    let sizes = format!("{:>6}/{total_text:>6}", human::bytes(completed));
    if rate < 1.0 {
        return format!("{sizes}{:18}", "");
    }
    let left = ((total - completed) as f64 / rate) as u64;
    format!("{sizes}  {:>6}/s  {:>6}", human::bytes(rate as u64), human::remaining(left))
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    const GB: u64 = 1_000_000_000;

    #[test]
    fn figures_keep_their_columns() {
        let lines = [
            figures(12_000, 4_700_000_000, 0.0),
            figures(2_000_000_001, 4_700_000_000, 25_000_000.0),
            figures(999_000_000, 4_700_000_000, 9_900.0),
            figures(4_700_000_000, 4_700_000_000, 25_000_000.0),
            figures(0, 0, f64::NAN),
        ];
        assert!(lines.iter().all(|line| line.len() == 31), "{lines:?}");
        insta::assert_snapshot!(lines.map(|line| format!("|{line}|")).join("\n"), @r"
        | 12 KB/4.7 GB                  |
        |2.0 GB/4.7 GB   25 MB/s   1m47s|
        |999 MB/4.7 GB  9.9 KB/s    99h+|
        |4.7 GB                         |
        |   0 B                         |
        ");
    }

    /// A terminal of 72 columns, and what goes on in it.
    fn terminal() -> (InMemoryTerm, Progress<'static>) {
        let term = InMemoryTerm::new(10, 72);
        let target = ProgressDrawTarget::term_like(Box::new(term.clone()));
        (term, Progress::new(Terminal::new(target)))
    }

    fn event(status: &str, digest: &str, completed: u64, total: u64) -> Event {
        Event { status: status.into(), digest: digest.into(), total, completed }
    }

    #[test]
    fn a_pull_on_a_terminal() {
        let (term, mut progress) = terminal();
        let events = [
            event("pulling manifest", "", 0, 0),
            event("pulling manifest", "", 0, 0),
            event("pulling 6a0746a1ec1a", "sha256:6a", 0, 4 * GB),
            event("pulling 6a0746a1ec1a", "sha256:6a", GB, 4 * GB),
            event("pulling 4fa551d4f938", "sha256:4f", 12_345, 12_345),
            event("verifying sha256 digest", "", 0, 0),
        ];
        for event in &events {
            progress.event(event).unwrap();
        }
        drop(progress);
        insta::assert_snapshot!(term.contents(), @r"
        pulling manifest
        pulling 6a0746a1ec1a:  25% ▕██         ▏   1 GB/  4 GB
        pulling 4fa551d4f938: 100% ▕███████████▏  12 KB
        verifying sha256 digest
        ");
    }

    #[test]
    fn a_spinner_turns_behind_the_last_status_only() {
        let (term, mut progress) = terminal();
        progress.status("first").unwrap();
        progress.status("second").unwrap();
        let frame =
            |line: &str| line.chars().last().is_some_and(|c| SPINNER.contains(&c.to_string().as_str()));
        let shown = term.contents();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "first");
        assert!(lines[1].starts_with("second ") && frame(lines[1]), "{shown}");
        drop(progress);
        assert_eq!(term.contents(), "first\nsecond");
    }

    #[test]
    fn what_is_counted_has_one_line() {
        let (term, mut progress) = terminal();
        for completed in [0, 50, 199, 200] {
            progress.percent("copying file", completed, 200).unwrap();
        }
        progress.percent("copying nothing", 0, 0).unwrap();
        drop(progress);
        assert_eq!(term.contents(), "copying file 100%\ncopying nothing 100%");
    }

    #[test]
    fn lines_tell_each_thing_once() {
        let mut text = Vec::new();
        let mut progress = Progress::in_lines(&mut text);
        for _ in 0..2 {
            progress.event(&event("pulling manifest", "", 0, 0)).unwrap();
        }
        for completed in [0, 1, 2] {
            progress.event(&event("pulling a", "sha256:a", completed, 2)).unwrap();
            progress.event(&event("pulling b", "sha256:b", 0, 2)).unwrap();
        }
        for completed in [0, 1, 2] {
            progress.percent("copying c", completed, 2).unwrap();
        }
        drop(progress);
        assert_eq!(String::from_utf8(text).unwrap(), "pulling manifest\npulling a\ncopying c 100%\n");
    }
}
