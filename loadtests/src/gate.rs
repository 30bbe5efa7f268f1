//! Whether a run may be called fast: a server that fails, cuts or shortens replies has less to do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::{Outcome, Record};

/// What is let pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Replies may end before their limit, as those of real models do.
    pub any_length: bool,
    /// Throughput is told whatever happened.
    pub allow_failures: bool,
}

/// What went wrong, in numbers of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Whether throughput is told.
    pub passed: bool,
    /// What was let pass.
    pub rules: Rules,
    /// The server said no, broke, or took too long.
    pub failed: usize,
    /// Streams without a proper end.
    pub cut: usize,
    /// Not sent, since a turn before failed.
    pub not_sent: usize,
    /// Complete replies without text.
    pub empty: usize,
    /// Complete replies without the server's count of tokens.
    pub uncounted: usize,
    /// Complete replies that are not as long as asked for.
    pub wrong_length: usize,
    /// Prompts that the server counts otherwise than foretold: cut, or with another template.
    pub wrong_input: usize,
    /// Clients that left, as planned. No fault.
    pub left: usize,
    /// What servers said of failures, with how often.
    pub errors: BTreeMap<String, usize>,
}

impl Gate {
    /// Judges the requests of a run of which `planned` were to be sent.
    #[must_use]
    pub fn judge(records: &[Record], planned: usize, rules: Rules) -> Self {
        let mut gate = Self { rules, not_sent: planned.saturating_sub(records.len()), ..Self::default() };
        for record in records {
            match &record.outcome {
                Outcome::Complete => gate.complete(record),
                Outcome::Left => gate.left += 1,
                Outcome::Cut => gate.cut += 1,
                Outcome::Failed(error) => {
                    gate.failed += 1;
                    *gate.errors.entry(error.clone()).or_default() += 1;
                }
            }
        }
        gate.passed = rules.allow_failures || gate.faults().iter().all(|(_, count)| *count == 0);
        gate
    }

    fn complete(&mut self, record: &Record) {
        self.empty += usize::from(record.first.is_none());
        self.uncounted += usize::from(record.output_tokens.is_none());
        let short = record.output_tokens.is_some_and(|tokens| tokens != record.max_tokens);
        self.wrong_length += usize::from(short && !self.rules.any_length);
        let other = record.expected_input.is_some() && record.input_tokens != record.expected_input;
        self.wrong_input += usize::from(other && record.input_tokens.is_some());
    }

    /// What went wrong, in words and numbers of requests.
    #[must_use]
    pub fn faults(&self) -> [(&'static str, usize); 7] {
        [
            ("failed", self.failed),
            ("cut", self.cut),
            ("not sent", self.not_sent),
            ("empty", self.empty),
            ("without counts", self.uncounted),
            ("of wrong length", self.wrong_length),
            ("with another prompt length", self.wrong_input),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::complete;

    fn judge(record: Record, rules: Rules) -> Gate {
        Gate::judge(&[complete(0.0), record], 2, rules)
    }

    #[test]
    fn each_fault_closes_the_gate() {
        let faults = [
            Record { outcome: Outcome::Failed("busy".into()), ..complete(1.0) },
            Record { outcome: Outcome::Cut, ..complete(1.0) },
            Record { first: None, ..complete(1.0) },
            Record { output_tokens: None, ..complete(1.0) },
            Record { output_tokens: Some(3), ..complete(1.0) },
            Record { input_tokens: Some(9), ..complete(1.0) },
        ];
        for record in faults {
            let gate = judge(record.clone(), Rules::default());
            assert!(!gate.passed, "{record:?}");
            assert_eq!(gate.faults().iter().map(|(_, count)| count).sum::<usize>(), 1, "{gate:?}");
            let allowed = Rules { allow_failures: true, ..Rules::default() };
            assert!(judge(record, allowed).passed);
        }
        assert_eq!(Gate::judge(&[complete(0.0)], 3, Rules::default()).not_sent, 2);
    }

    #[test]
    fn what_is_no_fault() {
        let left = Record { outcome: Outcome::Left, output_tokens: None, ..complete(1.0) };
        assert!(judge(left, Rules::default()).passed);
        let short = Record { output_tokens: Some(3), ..complete(1.0) };
        assert!(judge(short, Rules { any_length: true, ..Rules::default() }).passed);
        assert!(judge(Record { expected_input: None, ..complete(1.0) }, Rules::default()).passed);
    }

    #[test]
    fn errors_are_counted_by_their_words() {
        let failed = Record { outcome: Outcome::Failed("busy".into()), ..complete(1.0) };
        let gate = Gate::judge(&[failed.clone(), failed], 2, Rules::default());
        assert_eq!(gate.errors, BTreeMap::from([("busy".to_owned(), 2)]));
    }
}
