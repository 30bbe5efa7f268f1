//! A recorded trace played again: times, lengths and what prompts share, in Mooncake's format. A line is
//!
//! ```json
//! {"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47, 48]}
//! ```
//!
//! with milliseconds, tokens, and an id for each block of 512 tokens of the prompt, the same for the same content.
//! Without `hash_ids` prompts share nothing.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Session;
use super::draw::{Draw, user};
use crate::error::LoadError;

/// Tokens of a block.
const BLOCK: u32 = 512;

/// Parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trace {
    /// The file, one JSON object a line.
    pub path: PathBuf,
    /// How much faster than recorded it is played, above 0.
    pub speed: f64,
    /// Lines that are played, from the first.
    pub requests: u32,
}

impl Default for Trace {
    fn default() -> Self {
        Self { path: PathBuf::new(), speed: 1.0, requests: 1000 }
    }
}

#[derive(Deserialize)]
struct Line {
    /// Milliseconds.
    timestamp: f64,
    input_length: u32,
    output_length: u32,
    #[serde(default)]
    hash_ids: Vec<u64>,
}

impl Trace {
    pub(super) fn sessions(&self, draw: &mut Draw<'_>) -> Result<Vec<Session>, LoadError> {
        if !(self.speed.is_finite() && self.speed > 0.0) {
            return Err(LoadError::usage("speed must be above 0"));
        }
        let lines: Vec<Line> = lines(&self.path, self.requests as usize)?;
        let start = lines.iter().map(|line| line.timestamp).fold(f64::INFINITY, f64::min);
        let mut sessions: Vec<Session> = lines
            .iter()
            .map(|line| {
                let at = (line.timestamp - start) / 1000.0 / self.speed;
                Session { turns: vec![turn(line, draw)], at: Some(at) }
            })
            .collect();
        sessions.sort_by(|a, b| a.at.unwrap_or_default().total_cmp(&b.at.unwrap_or_default()));
        Ok(sessions)
    }
}

fn turn(line: &Line, draw: &mut Draw<'_>) -> super::Turn {
    let mut turn = draw.prompt(line.input_length, line.output_length.max(1));
    let words = turn.words.unwrap_or_default();
    let mut left = words;
    let mut blocks = Vec::new();
    for id in &line.hash_ids {
        let block = left.min(BLOCK);
        if block > 0 {
            // Blocks stand within the text: what starts texts has been counted once.
            let text = draw.fixed_text(*id, block);
            blocks.push(text.split_once(' ').map(|(_, rest)| rest.to_owned()).unwrap_or_default());
            left -= block;
        }
    }
    if !blocks.is_empty() {
        let rest = draw.text(left);
        let (starter, rest) = rest.split_once(' ').unwrap_or((&rest, ""));
        let parts = [starter].into_iter().chain(blocks.iter().map(String::as_str)).chain([rest]);
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        turn = user(parts.join(" "), words, turn.output);
    }
    turn
}

/// Reads the first lines of a file as JSON.
pub(super) fn lines<T: serde::de::DeserializeOwned>(path: &Path, count: usize) -> Result<Vec<T>, LoadError> {
    if path.as_os_str().is_empty() {
        return Err(LoadError::usage("this workload needs path=FILE"));
    }
    let text = fs::read_to_string(path).map_err(LoadError::file(path))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).take(count);
    let read = |(i, line): (usize, &str)| {
        serde_json::from_str(line)
            .map_err(|error| LoadError::usage(format!("{}, line {}: {error}", path.display(), i + 1)))
    };
    lines.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::Calibration;
    use crate::workload::Workload;

    #[test]
    fn blocks_with_the_same_id_are_the_same_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        let trace = r#"{"timestamp": 3000, "input_length": 700, "output_length": 5, "hash_ids": [1, 2]}
            {"timestamp": 1000, "input_length": 600, "output_length": 9, "hash_ids": [1, 3]}

            {"timestamp": 2000, "input_length": 10, "output_length": 0}"#;
        fs::write(&path, trace).unwrap();
        let spec = format!("trace:path={},speed=2", path.display());
        let plan = spec.parse::<Workload>().unwrap().plan(&Calibration::unknown(), 1).unwrap();
        let times: Vec<_> = plan.sessions.iter().map(|session| session.at.unwrap()).collect();
        assert_eq!(times, [0.0, 0.5, 1.0]);
        let texts: Vec<Vec<&str>> = plan
            .sessions
            .iter()
            .map(|session| session.turns[0].messages[0].content.split(' ').collect())
            .collect();
        assert_eq!(texts.iter().map(Vec::len).collect::<Vec<_>>(), [601, 11, 701]);
        assert_eq!(texts[0][..513], texts[2][..513]);
        assert_ne!(texts[0][513..600], texts[2][513..600]);
        assert_eq!(plan.sessions[1].turns[0].output, 1);
    }
}
