//! How a run goes on, on standard error: a bar that moves on a terminal, some lines elsewhere.

use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;

use crate::record::{Outcome, Record};

/// Often enough for the eye.
const TICK: Duration = Duration::from_millis(200);

/// The view of one run.
#[derive(Debug)]
pub struct Live {
    label: String,
    total: usize,
    bar: Option<ProgressBar>,
    /// Touched twice for a request, never for a token.
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    in_flight: usize,
    done: usize,
    failed: usize,
    tokens: u64,
    /// Sum over those that had a first token, seconds.
    ttft: f64,
    with_ttft: usize,
}

impl Live {
    /// Shows a run of `total` requests.
    #[must_use]
    pub fn new(label: String, total: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
        let bar = (!bar.is_hidden()).then(|| {
            bar.enable_steady_tick(TICK);
            bar.with_style(style()).with_message(label.clone())
        });
        let live = Self { label, total, bar, counts: Mutex::default() };
        if live.bar.is_none() {
            live.line(&format!("{total} requests"));
        }
        live
    }

    /// Shows nothing.
    #[must_use]
    pub fn hidden() -> Self {
        Self { label: String::new(), total: 0, bar: Some(ProgressBar::hidden()), counts: Mutex::default() }
    }

    /// A request is sent.
    pub fn started(&self) {
        self.counts.lock().in_flight += 1;
    }

    /// A request is over, `now` seconds after the start.
    pub fn finished(&self, record: &Record, now: f64) {
        let mut counts = self.counts.lock();
        counts.in_flight = counts.in_flight.saturating_sub(1);
        counts.done += 1;
        counts.failed += usize::from(!matches!(record.outcome, Outcome::Complete | Outcome::Left));
        counts.tokens += u64::from(record.output_tokens.unwrap_or(0));
        if let Some(ttft) = record.ttft() {
            counts.ttft += ttft;
            counts.with_ttft += 1;
        }
        let text = counts.text(now);
        match &self.bar {
            Some(bar) => {
                bar.inc(1);
                bar.set_message(format!("{}: {text}", self.label));
            }
            None if is_quarter(counts.done, self.total) => {
                self.line(&format!("{} of {} done, {text}", counts.done, self.total));
            }
            None => {}
        }
    }

    fn line(&self, text: &str) {
        // Nobody is left to be told if this fails.
        let _ = writeln!(std::io::stderr(), "{}: {text}", self.label);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Counts {
    fn text(&self, now: f64) -> String {
        let rate = self.tokens as f64 / now.max(1e-9);
        let ttft = self.ttft / self.with_ttft.max(1) as f64 * 1000.0;
        let failed = if self.failed > 0 { format!(", {} FAILED", self.failed) } else { String::new() };
        format!("{} in flight, {rate:.0} tok/s, first token {ttft:.0} ms{failed}", self.in_flight)
    }
}

/// Whether a quarter of the whole was reached with the last one.
fn is_quarter(done: usize, total: usize) -> bool {
    done > 0 && done * 4 / total.max(1) > (done - 1) * 4 / total.max(1)
}

#[allow(clippy::expect_used, reason = "the template is a constant, and a test draws it")]
fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {msg}").expect("a valid template")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::complete;

    #[test]
    fn a_text_of_what_goes_on() {
        let live = Live::hidden();
        live.started();
        live.started();
        live.finished(&complete(0.0), 2.0);
        assert_eq!(live.counts.lock().text(2.0), "1 in flight, 2 tok/s, first token 1000 ms");
        live.finished(&Record { outcome: Outcome::Cut, ..complete(0.0) }, 2.0);
        assert!(live.counts.lock().text(2.0).ends_with("1 FAILED"));
        let _ = style();
    }

    #[test]
    fn four_lines_whatever_the_total() {
        for total in [4, 7, 64, 1000] {
            assert_eq!((1..=total).filter(|done| is_quarter(*done, total)).count(), 4, "{total}");
        }
    }
}
