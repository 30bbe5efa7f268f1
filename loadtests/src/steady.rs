//! The steady state: the longest part of a run in which nearly as many requests were in flight as at most. Before it
//! the load builds up, after it the last requests have the server for themselves; both flatter the figures.

use serde::{Deserialize, Serialize};

use crate::record::Record;
use crate::stats::Summary;

/// Share of the highest number of requests in flight that counts as full.
const FULL: f64 = 0.95;
/// Dips up to this share of the run do not end the window: one request ends, the next is sent.
const DIP: f64 = 0.01;
/// A window of fewer seconds says little.
const SHORTEST: f64 = 10.0;

/// Figures of the steady state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Steady {
    /// Start of the window, seconds after the start of the run.
    pub start: f64,
    /// Length of the window, seconds.
    pub duration: f64,
    /// Whether the window is shorter than 10 s or than a tenth of the run: then it says little.
    pub short: bool,
    /// Complete requests that ended in the window.
    pub completed: usize,
    /// Those, a second.
    pub request_throughput: f64,
    /// Tokens that came in the window, a second.
    pub output_throughput: f64,
    /// Of requests that were sent in the window, milliseconds.
    pub ttft_ms: Summary,
    /// Gaps that ended in the window, milliseconds.
    pub itl_ms: Summary,
}

impl Steady {
    /// Finds the window of a run of `duration` seconds. `None` if nothing was sent.
    #[must_use]
    pub fn find(records: &[Record], duration: f64) -> Option<Self> {
        let (start, end) = window(&levels(records), duration * DIP)?;
        let length = end - start;
        if length <= 0.0 {
            return None;
        }
        let within = |time: f64| start <= time && time <= end;
        let complete = || records.iter().filter(|record| record.is_complete());
        let completed = complete().filter(|record| within(record.end)).count();
        let tokens: f64 = complete()
            .map(|record| {
                let pieces = record.pieces.iter().filter(|time| within(**time)).count();
                pieces as f64 * record.tokens_per_piece()
            })
            .sum();
        let ttfts = complete().filter(|record| within(record.sent)).filter_map(Record::ttft);
        let gaps = complete().flat_map(|record| record.pieces.windows(2));
        let gaps = gaps.filter(|pair| within(pair[1])).map(|pair| (pair[1] - pair[0]) * 1000.0);
        Some(Self {
            start,
            duration: length,
            short: length < SHORTEST.max(duration / 10.0),
            completed,
            request_throughput: completed as f64 / length,
            output_throughput: tokens / length,
            ttft_ms: Summary::of(ttfts.map(|ttft| ttft * 1000.0)),
            itl_ms: Summary::of(gaps),
        })
    }
}

/// The number of requests in flight from each time on, in order of time.
#[must_use]
pub fn levels(records: &[Record]) -> Vec<(f64, usize)> {
    let mut changes: Vec<(f64, bool)> =
        records.iter().flat_map(|record| [(record.sent, true), (record.end, false)]).collect();
    // Of what happens at the same time, ends come first.
    changes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut level = 0_usize;
    let steps = changes.into_iter().map(|(time, begins)| {
        level = if begins { level + 1 } else { level.saturating_sub(1) };
        (time, level)
    });
    steps.collect()
}

/// The longest time at full level, dips of up to `dip` seconds included.
fn window(levels: &[(f64, usize)], dip: f64) -> Option<(f64, f64)> {
    let highest = levels.iter().map(|(_, level)| *level).max()?;
    let full = |level: usize| level as f64 >= highest as f64 * FULL;
    let mut windows: Vec<(f64, f64)> = Vec::new();
    for pair in levels.windows(2) {
        let ((start, level), (end, _)) = (pair[0], pair[1]);
        if !full(level) {
            continue;
        }
        match windows.last_mut() {
            Some(last) if start - last.1 <= dip => last.1 = end,
            _ => windows.push((start, end)),
        }
    }
    windows.into_iter().max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::complete;

    /// In flight from `sent` to `end`, with a piece each second.
    fn request(sent: u32, end: u32) -> Record {
        let pieces: Vec<f64> = (sent + 1..=end).map(f64::from).collect();
        Record {
            first: pieces.first().copied(),
            end: f64::from(end),
            output_tokens: Some(pieces.len() as u32),
            pieces,
            ..complete(f64::from(sent))
        }
    }

    #[test]
    fn the_ends_are_left_out() {
        // Two in flight from 5 to 40 with a dip of none; one before and after.
        let records = [request(0, 20), request(5, 40), request(20, 60)];
        let steady = Steady::find(&records, 60.0).unwrap();
        assert_eq!((steady.start, steady.duration, steady.short), (5.0, 35.0, false));
        assert_eq!((steady.completed, steady.ttft_ms.count), (2, 2));
        // 5..=20 and 21..=40 of the first two, 21..=40 of the third and 6..=20 of the second.
        assert_eq!(steady.output_throughput, 71.0 / 35.0);
        assert_eq!(steady.itl_ms.mean, 1000.0);
    }

    #[test]
    fn short_dips_do_not_end_it() {
        let mut records = vec![request(0, 50), request(0, 20), request(20, 50)];
        records[2].sent = 20.2;
        assert_eq!(Steady::find(&records, 50.0).unwrap().duration, 50.0);
        records[2].sent = 22.0;
        assert_eq!(Steady::find(&records, 50.0).unwrap().duration, 28.0);
        assert_eq!(Steady::find(&[], 1.0), None);
    }
}
