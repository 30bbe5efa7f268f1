//! Texts and lengths at random.

use rand_core::SeedableRng;
use rand_pcg::Pcg64;

use super::{Session, Turn};
use crate::calibrate::{Calibration, text};
use crate::dialect::{Message, Role};
use crate::error::LoadError;
use crate::stats::{below, unit};

/// Where workloads draw from.
pub(super) struct Draw<'a> {
    calibration: &'a Calibration,
    rng: Pcg64,
}

impl<'a> Draw<'a> {
    pub(super) fn new(calibration: &'a Calibration, seed: u64) -> Self {
        Self { calibration, rng: Pcg64::seed_from_u64(seed) }
    }

    /// From `mean - spread * mean` to `mean + spread * mean`, all equally likely; at least 1.
    pub(super) fn length(&mut self, mean: u32, spread: f64) -> Result<u32, LoadError> {
        if !(0.0..=1.0).contains(&spread) {
            return Err(LoadError::usage("spread must be from 0 to 1"));
        }
        let reach = (f64::from(mean) * spread) as u32;
        let length = mean - reach + below(&mut self.rng, 2 * reach as usize + 1) as u32;
        Ok(length.max(1))
    }

    /// True in a share (0 to 1) of the cases.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        unit(&mut self.rng) < share
    }

    /// A text of so many words.
    pub(super) fn text(&mut self, words: u32) -> String {
        words_from(self.calibration, &mut self.rng, words)
    }

    /// A text that is the same for the same `id`.
    pub(super) fn fixed_text(&self, id: u64, words: u32) -> String {
        words_from(self.calibration, &mut Pcg64::seed_from_u64(id), words)
    }

    /// A prompt of so many tokens, template included.
    pub(super) fn prompt(&mut self, tokens: u32, output: u32) -> Turn {
        let words = self.calibration.words_for(tokens, false);
        user(self.text(words), words, output)
    }

    /// A prompt of so many tokens that starts with `system`, a text of so many words.
    pub(super) fn prompt_after(&mut self, system: &(String, u32), tokens: u32, output: u32) -> Turn {
        let words = self.calibration.words_for(tokens, true).saturating_sub(system.1).max(1);
        let mut turn = user(self.text(words), words + system.1, output);
        turn.messages.insert(0, Message { role: Role::System, content: system.0.clone() });
        turn
    }

    /// A text for [`Draw::prompt_after`], of so many tokens.
    pub(super) fn system(&mut self, tokens: u32) -> (String, u32) {
        let words = ((f64::from(tokens) / self.calibration.tokens_per_word).round() as u32).max(1);
        (self.text(words), words)
    }
}

fn words_from(calibration: &Calibration, rng: &mut Pcg64, words: u32) -> String {
    let known = &calibration.words;
    text((0..words).map(|_| known[below(rng, known.len())].as_str()))
}

/// A turn of one message.
pub(super) fn user(content: String, words: u32, output: u32) -> Turn {
    Turn {
        messages: vec![Message { role: Role::User, content }],
        words: Some(words),
        output,
        think: 0.0,
        leave_after: None,
        class: "chat",
    }
}

/// A session of one turn.
pub(super) fn single(turn: Turn) -> Session {
    Session { turns: vec![turn], at: None }
}
