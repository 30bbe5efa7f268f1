//! Conversations: each turn is sent with all that was said before, the server's replies included. With more sessions
//! than a server has slots, it must keep, drop or compute anew what it had cached.

use serde::{Deserialize, Serialize};

use super::Session;
use super::draw::{Draw, user};
use crate::error::LoadError;

/// Parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Number of conversations.
    pub sessions: u32,
    /// Turns of each.
    pub turns: u32,
    /// Tokens of the system prompt that all share; 0 is none.
    pub system: u32,
    /// Tokens of a user's text; of the first with the template.
    pub input: u32,
    /// Tokens of a reply.
    pub output: u32,
    /// How far the lengths of users' texts and replies differ: 0.25 draws from 75 % to 125 %.
    pub spread: f64,
    /// How long a user thinks between two turns, seconds.
    pub think: f64,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { sessions: 32, turns: 6, system: 200, input: 64, output: 64, spread: 0.0, think: 0.0 }
    }
}

impl Sessions {
    pub(super) fn sessions(&self, draw: &mut Draw<'_>) -> Result<Vec<Session>, LoadError> {
        if !(self.think.is_finite() && self.think >= 0.0) {
            return Err(LoadError::usage("think must be 0 or more seconds"));
        }
        let system = (self.system > 0).then(|| draw.system(self.system));
        let mut session = || {
            let turns = (0..self.turns).map(|turn| {
                let input = draw.length(self.input, self.spread)?;
                let output = draw.length(self.output, self.spread)?;
                let mut drawn = match (&system, turn) {
                    (Some(system), 0) => draw.prompt_after(system, self.system + input, output),
                    (None, 0) => draw.prompt(input, output),
                    _ => user(draw.text(input), input, output),
                };
                drawn.think = if turn == 0 { 0.0 } else { self.think };
                Ok(drawn)
            });
            let turns: Result<_, LoadError> = turns.collect();
            Ok(Session { turns: turns?, at: None })
        };
        (0..self.sessions).map(|_| session()).collect()
    }
}
