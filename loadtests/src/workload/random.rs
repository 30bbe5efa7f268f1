//! Prompts that share nothing, of given lengths: what a server does without any cache.

use serde::{Deserialize, Serialize};

use super::Session;
use super::draw::{Draw, single};
use crate::error::LoadError;

/// Parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Random {
    /// Number of requests.
    pub requests: u32,
    /// Tokens of a prompt, template included.
    pub input: u32,
    /// Tokens of a reply.
    pub output: u32,
    /// How far lengths differ: 0.25 draws from 75 % to 125 %.
    pub spread: f64,
}

impl Default for Random {
    fn default() -> Self {
        Self { requests: 64, input: 256, output: 128, spread: 0.0 }
    }
}

impl Random {
    pub(super) fn sessions(&self, draw: &mut Draw<'_>) -> Result<Vec<Session>, LoadError> {
        let request = |_| {
            let input = draw.length(self.input, self.spread)?;
            let output = draw.length(self.output, self.spread)?;
            Ok(single(draw.prompt(input, output)))
        };
        (0..self.requests).map(request).collect()
    }
}
