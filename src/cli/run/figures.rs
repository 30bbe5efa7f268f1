//! The figures of an answer.

use serde::Deserialize;

use crate::api::duration;

/// Durations in nanoseconds, counts in tokens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Figures {
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u64,
    prompt_eval_duration: u64,
    eval_count: u64,
    eval_duration: u64,
}

impl Figures {
    /// One a line, each with its end.
    pub(super) fn text(&self) -> String {
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
        let figures = Figures {
            total_duration: 1_500_000_000,
            load_duration: 1_000_000,
            prompt_eval_count: 10,
            prompt_eval_duration: 100_000_000,
            eval_count: 30,
            eval_duration: 1_000_000_000,
        };
        insta::assert_snapshot!(figures.text(), @r"
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
