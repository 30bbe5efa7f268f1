//! What `quipu run` is told.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::create::builtin::BUILTIN;

/// Arguments of `quipu run`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RunArgs {
    /// The model's name
    #[arg(default_value = BUILTIN)]
    pub(super) model: String,
    /// What to say; what is piped in comes before it
    pub(super) prompt: Vec<String>,
    /// Print the figures of each answer
    #[arg(long)]
    pub(super) verbose: bool,
    /// Do not break lines at words
    #[arg(long)]
    pub(super) nowordwrap: bool,
    /// Answer in JSON: `json`, or a JSON schema
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Think before answering: true, false, high, medium, low or max
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) think: Option<Think>,
    /// Do not print thoughts
    #[arg(long)]
    pub(super) hidethinking: bool,
    /// How long the model stays loaded afterwards, `5m` or `-1m` for ever
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub(super) keepalive: Option<String>,
    /// If the model has to be pulled, speak plain HTTP with a registry that has no HTTPS
    #[arg(long)]
    pub(super) insecure: bool,
    /// Of an embedding model: cut a text that is too long, which is the default; `false` refuses it
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) truncate: Option<bool>,
    /// Of an embedding model: how many numbers a vector has
    #[arg(long, value_name = "N")]
    pub(super) dimensions: Option<u32>,
}

/// `format` of a request: `json`, or any JSON, which is a schema.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct Format(Value);

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            // Scripts pass on a variable that may be empty; servers know that as "none".
            "" | "json" => Ok(Self(text.into())),
            _ => serde_json::from_str(text)
                .map(Self)
                .map_err(|error| format!("expected `json` or a JSON schema: {error}")),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Value::String(name) => f.write_str(name),
            schema => schema.fmt(f),
        }
    }
}

/// `think` of a request: a switch or a level.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct Think(Value);

impl Think {
    pub(super) fn off() -> Self {
        Self(false.into())
    }
}

impl FromStr for Think {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(Self(true.into())),
            "false" => Ok(Self::off()),
            "high" | "medium" | "low" | "max" => Ok(Self(text.into())),
            _ => Err("must be true, false, high, medium, low, or max".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Run {
        #[command(flatten)]
        args: RunArgs,
    }

    fn parse(words: &[&str]) -> RunArgs {
        Run::parse_from(std::iter::once(&"run").chain(words)).args
    }

    #[test]
    fn thinking_is_a_switch_or_a_level() {
        let think = |words: &[&str]| parse(words).think.map(|Think(value)| value);
        assert_eq!(think(&["m"]), None);
        assert_eq!(think(&["m", "--think"]), Some(json!(true)));
        assert_eq!(think(&["m", "--think=false"]), Some(json!(false)));
        assert_eq!(think(&["m", "--think=max", "hello"]), Some(json!("max")));
        // A level needs its `=`: this one is the prompt.
        let args = parse(&["m", "--think", "high"]);
        assert_eq!((args.think, args.prompt), (Some(Think(json!(true))), vec!["high".to_owned()]));
        assert!(Run::try_parse_from(["run", "m", "--think=hard"]).is_err());
    }

    #[test]
    fn a_format_is_json_or_a_schema() {
        let format = |text| parse(&["m", "--format", text]).format.unwrap().0;
        assert_eq!(format("json"), json!("json"));
        assert_eq!(format(r#"{"type": "object"}"#), json!({"type": "object"}));
        assert_eq!(format(""), json!(""));
        assert!(Run::try_parse_from(["run", "m", "--format", "xml"]).is_err());
    }

    #[test]
    fn switches_of_embedding_models() {
        let args = parse(&["m", "--truncate", "--dimensions", "64", "text"]);
        assert_eq!(
            (args.truncate, args.dimensions, args.prompt),
            (Some(true), Some(64), vec!["text".to_owned()])
        );
        assert_eq!(parse(&["m", "--truncate=false"]).truncate, Some(false));
        assert_eq!(parse(&["m"]).truncate, None);
    }
}
