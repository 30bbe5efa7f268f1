//! Whom to ask: `URL[,key=value]...`, or `llama-server=PATH,key=value...` for a server that the harness starts.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dialect::Dialect;
use crate::error::LoadError;
use crate::llama_server::Settings;

/// A server that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Target {
    /// Base of its routes, without a slash at the end.
    pub url: String,
    /// In tables; the URL if not given.
    #[serde(default)]
    pub name: String,
    /// The API that is measured.
    #[serde(default = "default_dialect")]
    pub dialect: Dialect,
    /// As the server calls it; the first one that it lists if not given.
    #[serde(default)]
    pub model: Option<String>,
    /// Ask for replies that go on to their limit. llama-server and vLLM know the option; others ignore or refuse it.
    #[serde(default)]
    pub ignore_eos: bool,
    /// Ask for JSON by a schema of so many fields; 0 for text.
    #[serde(default)]
    pub schema: u32,
    /// The server's process on this machine: its memory and CPU time, and those of its children, are measured.
    #[serde(default)]
    pub pid: Option<u32>,
    /// The environment variable that holds the API key.
    #[serde(default)]
    pub key_env: Option<String>,
}

fn default_dialect() -> Dialect {
    Dialect::OpenaiChat
}

/// A target as the command line names it.
#[derive(Clone, Debug, PartialEq)]
pub enum TargetSpec {
    /// It runs.
    Running(Target),
    /// The harness starts it.
    LlamaServer(Settings),
}

impl FromStr for TargetSpec {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        let (first, rest) = text.split_once(',').unwrap_or((text, ""));
        let mut fields = pairs(rest)?;
        if let Some(path) = first.strip_prefix("llama-server=") {
            let program = PathBuf::from(path);
            return Settings::read(program, fields).map(Self::LlamaServer);
        }
        if !(first.starts_with("http://") || first.starts_with("https://")) {
            return Err(LoadError::usage(format!("{first:?} is neither a URL nor llama-server=PATH")));
        }
        fields.insert("url".to_owned(), first.trim_end_matches('/').into());
        let mut target: Target = serde_json::from_value(Value::Object(fields))
            .map_err(|error| LoadError::usage(format!("target {first}: {error}")))?;
        if target.name.is_empty() {
            target.name = target.url.trim_start_matches("http://").to_owned();
        }
        Ok(Self::Running(target))
    }
}

/// Reads `key=value,key=value,flag`. Values that are JSON numbers or booleans count as such, all else as text; a key
/// alone is true.
pub(crate) fn pairs(text: &str) -> Result<Map<String, Value>, LoadError> {
    let mut fields = Map::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, "true"));
        let value = match serde_json::from_str(value) {
            Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
            _ => Value::from(value),
        };
        if fields.insert(key.trim().to_owned(), value).is_some() {
            return Err(LoadError::usage(format!("{key:?} is given twice")));
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(text: &str) -> Target {
        match text.parse() {
            Ok(TargetSpec::Running(target)) => target,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn urls() {
        let target = running("http://127.0.0.1:11434/");
        assert_eq!(
            (target.url.as_str(), target.name.as_str()),
            ("http://127.0.0.1:11434", "127.0.0.1:11434")
        );
        assert_eq!((target.dialect, target.ignore_eos), (Dialect::OpenaiChat, false));
        let target =
            running("http://h:1,name=ours,dialect=ollama-chat,model=m:latest,ignore-eos,pid=12,key-env=KEY");
        assert_eq!((target.name.as_str(), target.model.as_deref()), ("ours", Some("m:latest")));
        assert_eq!((target.dialect, target.ignore_eos, target.pid), (Dialect::OllamaChat, true, Some(12)));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, problem) in [
            ("127.0.0.1:11434", "neither a URL"),
            ("http://h,modle=m", "modle"),
            ("http://h,name=a,name=b", "twice"),
            ("http://h,dialect=smtp", "smtp"),
        ] {
            let error = text.parse::<TargetSpec>().unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
