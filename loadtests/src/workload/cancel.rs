//! Clients that leave in the middle of a reply. What a server computes for them is lost to the others. Figures are of
//! those who stay.

use serde::{Deserialize, Serialize};

use super::Session;
use super::draw::{Draw, single};
use crate::error::LoadError;

/// Parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cancel {
    /// Number of requests.
    pub requests: u32,
    /// Tokens of a prompt.
    pub input: u32,
    /// Tokens of a reply.
    pub output: u32,
    /// Share of clients that leave, 0 to 1.
    pub share: f64,
    /// They leave after so many pieces of text, usually tokens; at least 1.
    pub after: u32,
}

impl Default for Cancel {
    fn default() -> Self {
        Self { requests: 128, input: 128, output: 256, share: 0.5, after: 8 }
    }
}

impl Cancel {
    pub(super) fn sessions(&self, draw: &mut Draw<'_>) -> Result<Vec<Session>, LoadError> {
        if !(0.0..=1.0).contains(&self.share) || self.after == 0 {
            return Err(LoadError::usage("share must be from 0 to 1, and after at least 1"));
        }
        let request = |_| {
            let mut turn = draw.prompt(self.input, self.output);
            if draw.chance(self.share) {
                turn.leave_after = Some(self.after);
                turn.class = "leaving";
            }
            single(turn)
        };
        Ok((0..self.requests).map(request).collect())
    }
}
