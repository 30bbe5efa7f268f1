//! A few long prefixes, such as documents, each with many questions.

use serde::{Deserialize, Serialize};

use super::Session;
use super::draw::{Draw, single};
use crate::error::LoadError;

/// Parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prefix {
    /// Number of requests.
    pub requests: u32,
    /// Number of prefixes; requests take them in turns.
    pub prefixes: u32,
    /// Tokens of a prefix.
    pub prefix: u32,
    /// Tokens of a question and of the template.
    pub input: u32,
    /// Tokens of a reply.
    pub output: u32,
}

impl Default for Prefix {
    fn default() -> Self {
        Self { requests: 64, prefixes: 8, prefix: 512, input: 64, output: 64 }
    }
}

impl Prefix {
    pub(super) fn sessions(&self, draw: &mut Draw<'_>) -> Result<Vec<Session>, LoadError> {
        if self.prefixes == 0 {
            return Err(LoadError::usage("prefixes must be at least 1"));
        }
        let prefixes: Vec<_> = (0..self.prefixes).map(|_| draw.system(self.prefix)).collect();
        let request = |prefix| single(draw.prompt_after(prefix, self.prefix + self.input, self.output));
        Ok(prefixes.iter().cycle().take(self.requests as usize).map(request).collect())
    }
}
