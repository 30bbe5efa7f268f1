//! Chats of one turn that all have the same system prompt, as an application gives it.

use serde::{Deserialize, Serialize};

use super::Session;
use super::draw::{Draw, single};
use crate::error::LoadError;

/// Parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chat {
    /// Number of requests.
    pub requests: u32,
    /// Tokens of the system prompt.
    pub system: u32,
    /// Tokens of a user's text and of the template.
    pub input: u32,
    /// Tokens of a reply.
    pub output: u32,
    /// How far the lengths of users' texts and replies differ: 0.25 draws from 75 % to 125 %.
    pub spread: f64,
}

impl Default for Chat {
    fn default() -> Self {
        Self { requests: 64, system: 1000, input: 64, output: 128, spread: 0.0 }
    }
}

impl Chat {
    pub(super) fn sessions(&self, draw: &mut Draw<'_>) -> Result<Vec<Session>, LoadError> {
        let system = draw.system(self.system);
        let request = |_| {
            let input = self.system + draw.length(self.input, self.spread)?;
            let output = draw.length(self.output, self.spread)?;
            Ok(single(draw.prompt_after(&system, input, output)))
        };
        (0..self.requests).map(request).collect()
    }
}
