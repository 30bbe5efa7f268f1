//! What is kept of each request. Times are seconds after the start of the run.

use serde::{Deserialize, Serialize};

use crate::dialect::Finish;

/// A request and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Which session of the plan, from 0.
    pub session: usize,
    /// Which turn of the session, from 0.
    pub turn: usize,
    /// What kind of request it is within its workload: a long prompt, a chat.
    pub class: String,
    /// When it was due.
    pub scheduled: f64,
    /// How long the limit of requests at a time held it back, seconds.
    pub queued: f64,
    /// When it was sent.
    pub sent: f64,
    /// When its last byte came, or it failed.
    pub end: f64,
    /// When each piece of text came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<f64>,
    /// When the first piece of text came.
    pub first: Option<f64>,
    /// The prompt's tokens by the server's count.
    pub input_tokens: Option<u32>,
    /// What that count should have been; `None` if nobody knows.
    pub expected_input: Option<u32>,
    /// The reply's tokens by the server's count.
    pub output_tokens: Option<u32>,
    /// The limit of the reply.
    pub max_tokens: u32,
    /// Tokens of the prompt that were cached, if the server tells.
    pub cached_tokens: Option<u32>,
    /// Why the reply ended.
    pub finish: Option<Finish>,
    /// How it went.
    pub outcome: Outcome,
    /// The reply. Kept only where it is asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// How a request went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The stream came to its proper end.
    #[default]
    Complete,
    /// The client left, as planned.
    Left,
    /// The stream ended without a proper end.
    Cut,
    /// The server said no, or could not be reached; in words.
    Failed(String),
}

impl Record {
    /// Whether its stream came to its proper end.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.outcome == Outcome::Complete
    }

    /// Time to first token: from sending to the first text, seconds.
    #[must_use]
    pub fn ttft(&self) -> Option<f64> {
        Some(self.first? - self.sent)
    }

    /// End-to-end latency: from sending to the last byte, seconds.
    #[must_use]
    pub fn e2el(&self) -> f64 {
        self.end - self.sent
    }

    /// Time per output token after the first, seconds. `None` with fewer than two tokens.
    #[must_use]
    pub fn tpot(&self) -> Option<f64> {
        match self.output_tokens {
            Some(tokens @ 2..) => Some((self.e2el() - self.ttft()?) / f64::from(tokens - 1)),
            _ => None,
        }
    }

    /// Gaps between pieces of text that follow each other, seconds.
    pub fn gaps(&self) -> impl Iterator<Item = f64> + '_ {
        self.pieces.windows(2).map(|pair| pair[1] - pair[0])
    }

    /// How late the client was: from when the request could be sent to when it was, seconds.
    #[must_use]
    pub fn lateness(&self) -> f64 {
        (self.sent - self.scheduled - self.queued).max(0.0)
    }

    /// Tokens that a piece of its text stands for on average; 0 without text.
    #[must_use]
    pub fn tokens_per_piece(&self) -> f64 {
        match self.pieces.len() {
            0 => 0.0,
            pieces => f64::from(self.output_tokens.unwrap_or(0)) / pieces as f64,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A complete request of 4 tokens in 4 pieces: first after 1 s, then one every 0.5 s.
    pub(crate) fn complete(sent: f64) -> Record {
        Record {
            scheduled: sent,
            sent,
            end: sent + 2.5,
            pieces: vec![sent + 1.0, sent + 1.5, sent + 2.0, sent + 2.5],
            first: Some(sent + 1.0),
            input_tokens: Some(10),
            expected_input: Some(10),
            output_tokens: Some(4),
            max_tokens: 4,
            finish: Some(Finish::Length),
            class: "chat".into(),
            ..Record::default()
        }
    }

    #[test]
    fn figures_of_a_request() {
        let record = complete(3.0);
        assert_eq!((record.ttft(), record.tpot(), record.e2el()), (Some(1.0), Some(0.5), 2.5));
        assert_eq!(record.gaps().collect::<Vec<_>>(), [0.5; 3]);
        assert_eq!(record.tokens_per_piece(), 1.0);
        let late = Record { scheduled: 2.0, queued: 0.75, ..complete(3.0) };
        assert_eq!(late.lateness(), 0.25);
        let one = Record { output_tokens: Some(1), ..complete(3.0) };
        assert_eq!(one.tpot(), None);
    }
}
