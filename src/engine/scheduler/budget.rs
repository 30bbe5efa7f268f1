//! How many tokens fit into one step.
//!
//! A long prompt in the batch makes every running sequence wait for it. The budget is steered by what steps
//! really take: up a little while the inter-token latency is below its target, down to half when it is not.

use std::time::Duration;

/// Prompts get at least this many tokens of each step, so that they always go on.
pub(super) const LEAST_PREFILL: u32 = 64;
/// Added after a good step.
const INCREASE: u32 = 32;

/// The controller of the step's size.
#[derive(Debug)]
pub(super) struct StepBudget {
    tokens: u32,
    most: u32,
    target: Duration,
}

impl StepBudget {
    /// `most` is what one forward pass holds; `target` is the inter-token latency to aim at.
    pub(super) fn new(most: u32, target: Duration) -> Self {
        Self { tokens: most, most, target }
    }

    /// Tokens of prompts that may join `decodes` decode tokens.
    pub(super) fn prefill(&self, decodes: u32) -> u32 {
        let most = self.most.saturating_sub(decodes);
        // Nobody waits for the next token: only the pass limits the chunk.
        if decodes == 0 {
            return most;
        }
        self.tokens.saturating_sub(decodes).max(LEAST_PREFILL).min(most)
    }

    /// Learns from a step. Only steps that made somebody wait for a prompt say anything.
    pub(super) fn observe(&mut self, took: Duration, decodes: u32, prefill: u32) {
        if decodes == 0 || prefill == 0 {
            return;
        }
        self.tokens = if took > self.target {
            (self.tokens.min(decodes + prefill) / 2).max(LEAST_PREFILL)
        } else {
            (self.tokens + INCREASE).min(self.most)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Duration = Duration::from_millis(100);

    #[test]
    fn slow_steps_halve_and_quick_ones_add() {
        let mut budget = StepBudget::new(512, TARGET);
        assert_eq!(budget.prefill(8), 504);
        budget.observe(TARGET * 2, 8, 504);
        assert_eq!(budget.prefill(8), 248);
        budget.observe(TARGET / 2, 8, 248);
        assert_eq!(budget.prefill(8), 280);
    }

    #[test]
    fn prompts_always_get_something() {
        let mut budget = StepBudget::new(512, TARGET);
        for _ in 0..20 {
            budget.observe(TARGET * 2, 100, 64);
        }
        assert_eq!(budget.prefill(100), LEAST_PREFILL);
    }

    #[test]
    fn without_decodes_nobody_waits() {
        let mut budget = StepBudget::new(512, TARGET);
        budget.observe(TARGET * 2, 0, 512);
        budget.observe(TARGET * 2, 8, 504);
        assert_eq!(budget.prefill(0), 512);
    }
}
