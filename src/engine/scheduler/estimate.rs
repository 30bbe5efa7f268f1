//! How much of their allowed output do requests really write?
//!
//! Reserving all of `num_predict` wastes the pool; reserving nothing overfills it. The estimate starts
//! careful, gets bolder with every step that goes well, and is put right by each preemption (SGLang's rule).

/// At start, and at most by decay.
const INITIAL: f32 = 0.7;
/// Where decay ends.
const FLOOR: f32 = INITIAL * 0.14;
/// Steps from [`INITIAL`] to [`FLOOR`].
const DECAY_STEPS: f32 = 600.0;
/// After a preemption, demand room for that many steps, so that the next one is not at once.
const MARGIN_STEPS: u32 = 20;
/// What a request is expected to write at most, in tokens: a limit of a million says nothing.
pub(super) const LONGEST_ANSWER: u32 = 4096;

/// The expected fraction of the allowed output.
#[derive(Debug)]
pub(super) struct OutputEstimate {
    ratio: f32,
}

impl Default for OutputEstimate {
    fn default() -> Self {
        Self { ratio: INITIAL }
    }
}

impl OutputEstimate {
    /// Tokens to reserve for an output of at most `remaining` tokens.
    pub(super) fn reserve(&self, remaining: u32) -> u32 {
        (remaining.min(LONGEST_ANSWER) as f32 * self.ratio).ceil() as u32
    }

    /// A step went well.
    pub(super) fn relax(&mut self) {
        self.ratio = (self.ratio - (INITIAL - FLOOR) / DECAY_STEPS).max(FLOOR);
    }

    /// A preemption showed that the estimate was too bold. `running` is what is left: tokens generated and
    /// allowed for each.
    pub(super) fn correct(&mut self, running: impl Iterator<Item = (u32, u32)>) {
        let (mut written, mut allowed) = (0_u64, 0_u64);
        for (generated, max_new) in running {
            written += u64::from(generated + MARGIN_STEPS);
            allowed += u64::from(max_new.clamp(1, LONGEST_ANSWER));
        }
        if allowed > 0 {
            self.ratio = (written as f32 / allowed as f32).clamp(self.ratio, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_makes_it_bolder_down_to_a_floor() {
        let mut estimate = OutputEstimate::default();
        assert_eq!(estimate.reserve(100), 70);
        for _ in 0..1000 {
            estimate.relax();
        }
        assert_eq!(estimate.reserve(100), 10);
    }

    #[test]
    fn a_preemption_makes_it_careful_again() {
        let mut estimate = OutputEstimate::default();
        for _ in 0..1000 {
            estimate.relax();
        }
        estimate.correct([(30, 100), (40, 100)].into_iter());
        assert_eq!(estimate.reserve(100), 55);
        estimate.correct([(1000, 100)].into_iter());
        assert_eq!(estimate.reserve(100), 100, "never more than all");
    }

    #[test]
    fn absurd_limits_count_as_a_long_answer() {
        assert!(OutputEstimate::default().reserve(u32::MAX) <= LONGEST_ANSWER);
    }
}
