//! Pieces of tokens become text: whole characters only, and nothing of a stop string.
//!
//! ```text
//!   bytes of all tokens   ├──────── sent ────────┼── held ──┤
//!                                                 ▲ half a character, or the beginning of a stop string
//! ```

use std::collections::VecDeque;

use super::protocol::TokenLogprob;

/// Text on its way out.
#[derive(Debug, Default)]
pub struct TextStream {
    stops: Vec<String>,
    /// Bytes that are not sent yet.
    held: Vec<u8>,
    /// Bytes sent before them.
    sent: usize,
    /// Log-probabilities of tokens, each with the place of its first byte, until that byte is sent.
    logprobs: VecDeque<(usize, TokenLogprob)>,
    stopped: bool,
}

impl TextStream {
    /// Text that ends before the first of `stops`. Empty ones are ignored.
    #[must_use]
    pub fn new(stops: Vec<String>) -> Self {
        let stops = stops.into_iter().filter(|s| !s.is_empty()).collect();
        Self { stops, ..Self::default() }
    }

    /// Adds a token. Returns whether a stop string is complete; nothing may be added then.
    pub fn push(&mut self, piece: &[u8], logprob: Option<TokenLogprob>) -> bool {
        let start = self.held.len();
        if let Some(logprob) = logprob {
            self.logprobs.push_back((self.sent + start, logprob));
        }
        self.held.extend_from_slice(piece);
        let found = self.stops.iter().filter_map(|stop| {
            // A match ends in the new piece, so it begins less than its own length before it.
            let from = start.saturating_sub(stop.len() - 1);
            find(&self.held[from..], stop.as_bytes()).map(|at| from + at)
        });
        if let Some(at) = found.min() {
            self.held.truncate(at);
            self.stopped = true;
        }
        self.stopped
    }

    /// Takes what can be sent now, with the log-probabilities of the tokens that begin there.
    pub fn take(&mut self) -> (String, Vec<TokenLogprob>) {
        let undecided = if self.stopped { 0 } else { self.stop_prefix() };
        let (text, bytes) = decode(&self.held[..self.held.len() - undecided]);
        self.held.drain(..bytes);
        self.sent += bytes;
        (text, self.take_logprobs(self.sent))
    }

    /// Takes the rest, at the end. Half a character is dropped.
    pub fn finish(&mut self) -> (String, Vec<TokenLogprob>) {
        let (text, _) = decode(&self.held);
        let end = self.sent + self.held.len();
        self.sent = end;
        self.held.clear();
        (text, self.take_logprobs(if self.stopped { end } else { usize::MAX }))
    }

    fn take_logprobs(&mut self, before: usize) -> Vec<TokenLogprob> {
        let count = self.logprobs.iter().take_while(|(start, _)| *start < before).count();
        self.logprobs.drain(..count).map(|(_, logprob)| logprob).collect()
    }

    /// Length of the longest end of `held` with which a stop string may begin.
    fn stop_prefix(&self) -> usize {
        let of = |stop: &String| {
            let most = (stop.len() - 1).min(self.held.len());
            (1..=most).rev().find(|&n| self.held.ends_with(&stop.as_bytes()[..n])).unwrap_or(0)
        };
        self.stops.iter().map(of).max().unwrap_or(0)
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Whole characters of `bytes`, and how many bytes they took. Bytes that can be part of no character become
/// U+FFFD; an unfinished character at the end is left.
fn decode(bytes: &[u8]) -> (String, usize) {
    let mut text = String::with_capacity(bytes.len());
    let mut used = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        used += chunk.valid().len();
        let invalid = chunk.invalid();
        let unfinished = used + invalid.len() == bytes.len()
            && std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
        if !invalid.is_empty() && !unfinished {
            text.push(char::REPLACEMENT_CHARACTER);
            used += invalid.len();
        }
    }
    (text, used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::protocol::TokenChance;
    use proptest::prelude::*;

    fn logprob(i: usize) -> TokenLogprob {
        let chosen = TokenChance { bytes: vec![], logprob: -(i as f32) };
        TokenLogprob { chosen, top: vec![] }
    }

    /// Feeds pieces as the engine does, and returns all text and the number of log-probabilities.
    fn run(stops: &[&str], pieces: &[&[u8]]) -> (String, Vec<f32>) {
        let mut stream = TextStream::new(stops.iter().map(ToString::to_string).collect());
        let (mut text, mut probs) = (String::new(), Vec::new());
        for (i, piece) in pieces.iter().enumerate() {
            let stop = stream.push(piece, Some(logprob(i)));
            let (more, p) = if stop { stream.finish() } else { stream.take() };
            text += &more;
            probs.extend(p);
            if stop {
                break;
            }
        }
        let (more, p) = stream.finish();
        text += &more;
        probs.extend(p);
        (text, probs.iter().map(|p| -p.chosen.logprob).collect())
    }

    #[test]
    fn a_character_split_over_tokens_is_held_back() {
        let mut stream = TextStream::new(vec![]);
        let bytes = "é€".as_bytes();
        stream.push(&bytes[..1], None);
        assert_eq!(stream.take().0, "");
        stream.push(&bytes[1..4], None);
        assert_eq!(stream.take().0, "é");
        stream.push(&bytes[4..], None);
        assert_eq!(stream.take().0, "€");
    }

    #[test]
    fn bytes_of_no_character_are_replaced_and_half_ones_at_the_end_dropped() {
        assert_eq!(run(&[], &[b"a\xff", b"b\xe2\x82"]).0, "a\u{fffd}b");
    }

    #[test]
    fn stop_strings_work_across_tokens() {
        assert_eq!(run(&["END"], &[b"go E", b"N", b"D more", b"x"]).0, "go ");
        assert_eq!(run(&["END"], &[b"go E", b"N", b"O"]).0, "go ENO");
        assert_eq!(run(&["aab"], &[b"a", b"a", b"a", b"b"]).0, "a");
        assert_eq!(run(&["\n\n", "\n"], &[b"x\n", b"\n"]).0, "x");
    }

    #[test]
    fn log_probabilities_come_with_their_text_and_stop_with_it() {
        assert_eq!(run(&[], &[b"a", b"\xc3", b"\xa9"]).1, [0.0, 1.0, 2.0]);
        assert_eq!(run(&["END"], &[b"a", b"bE", b"N", b"D"]).1, [0.0, 1.0]);
        assert_eq!(run(&["END"], &[b"a", b"E", b"N"]).1, [0.0, 1.0, 2.0], "not a stop after all");
    }

    proptest! {
        /// However a text is cut into tokens, the same comes out, and it ends before the first stop.
        #[test]
        fn cuts_do_not_matter(text in "[ab€]{0,24}", stops in prop::collection::vec("[ab€]{1,4}", 0..3),
                              cuts in prop::collection::vec(1_usize..5, 0..30)) {
            let mut bytes = text.as_bytes();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, rest) = bytes.split_at(cut.min(bytes.len()));
                pieces.push(piece);
                bytes = rest;
            }
            pieces.push(bytes);
            let end = stops.iter().filter_map(|s| {
                // The match that completes first ends generation; of several, the one that begins first.
                text.find(s.as_str()).map(|at| (at + s.len(), at))
            }).min();
            let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
            let got = run(&stops, &pieces).0;
            match end {
                None => prop_assert_eq!(got, text),
                Some(_) => {
                    prop_assert!(text.starts_with(&got));
                    prop_assert!(stops.iter().all(|s| !got.contains(s)));
                    prop_assert!(stops.iter().any(|s| text[got.len()..].starts_with(s)));
                }
            }
        }
    }
}
