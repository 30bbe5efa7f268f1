//! Long prompts that arrive among chats: do the chats stall? Figures of both kinds stand apart, as classes `chat` and
//! `long`.

use serde::{Deserialize, Serialize};

use super::Session;
use super::draw::{Draw, single};
use crate::error::LoadError;

/// Parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LongPrompt {
    /// Number of requests, long ones included.
    pub requests: u32,
    /// Tokens of a chat's prompt.
    pub input: u32,
    /// Tokens of a chat's reply.
    pub output: u32,
    /// Tokens of a long prompt.
    pub long: u32,
    /// Tokens of the reply to a long prompt.
    pub long_output: u32,
    /// Every so many requests one is long, the last of them.
    pub every: u32,
}

impl Default for LongPrompt {
    fn default() -> Self {
        Self { requests: 64, input: 64, output: 128, long: 4000, long_output: 16, every: 16 }
    }
}

impl LongPrompt {
    pub(super) fn sessions(&self, draw: &mut Draw<'_>) -> Result<Vec<Session>, LoadError> {
        if self.every == 0 {
            return Err(LoadError::usage("every must be at least 1"));
        }
        let request = |i: u32| {
            let mut turn = if i % self.every == self.every - 1 {
                draw.prompt(self.long, self.long_output)
            } else {
                return single(draw.prompt(self.input, self.output));
            };
            turn.class = "long";
            single(turn)
        };
        Ok((0..self.requests).map(request).collect())
    }
}
