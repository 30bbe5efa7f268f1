//! Commands: lines that begin with a slash.

use serde_json::Value;

use super::help;
use crate::cli::run::arguments::{Format, Think};
use crate::modelfile::parameter_value;

/// What to do.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    Set(Setting),
    Show(Part),
    Load(String),
    Save(String),
    List,
    Clear,
    /// Tell this.
    Help(String),
    Exit,
}

/// What to set.
#[derive(Debug, PartialEq)]
pub(super) enum Setting {
    Parameter {
        name: String,
        value: Value,
        /// As it was given.
        text: String,
    },
    System(String),
    History(bool),
    WordWrap(bool),
    Verbose(bool),
    /// `None` for free text.
    Format(Option<Format>),
    Think {
        think: Think,
        /// `true` for the level of a switch.
        level: Option<String>,
    },
    NoThink,
}

/// What to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Info,
    License,
    Modelfile,
    Parameters,
    System,
    Template,
}

/// Understands a command.
///
/// # Errors
/// What to tell the user, with a line end.
pub(super) fn parse(line: &str) -> Result<Command, String> {
    let (name, rest) = word(line);
    let arguments: Vec<&str> = rest.split_whitespace().collect();
    match (name, &arguments[..]) {
        ("/bye" | "/exit", _) => Ok(Command::Exit),
        ("/?" | "/help", topic) => Ok(Command::Help(help::about(topic).to_owned())),
        ("/clear", _) => Ok(Command::Clear),
        ("/list", _) => Ok(Command::List),
        ("/load", [model]) => Ok(Command::Load((*model).to_owned())),
        ("/save", [model]) => Ok(Command::Save((*model).to_owned())),
        ("/load", _) => Err(help::LOAD.to_owned()),
        ("/save", _) => Err(help::SAVE.to_owned()),
        ("/show", [part]) => part.parse().map(Command::Show).map_err(|()| unknown(line)),
        ("/show", _) => Err(help::SHOW.to_owned()),
        ("/set", _) => set(rest, line).map(Command::Set),
        _ => Err(unknown(name)),
    }
}

fn unknown(command: &str) -> String {
    format!("Unknown command '{command}'. Type /? for help\n")
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

fn set(rest: &str, line: &str) -> Result<Setting, String> {
    let (what, rest) = word(rest);
    match (what, rest) {
        ("", _) => Err(help::SET.to_owned()),
        ("parameter", rest) => parameter(rest),
        ("system", "") => Err(help::SET_SYSTEM.to_owned()),
        ("system", text) => Ok(Setting::System(without_quotes(text).to_owned())),
        ("format", "") => Err(help::SET_FORMAT.to_owned()),
        ("format", format) => {
            let format = format.parse().map_err(|_| help::SET_FORMAT.to_owned())?;
            Ok(Setting::Format(Some(format)))
        }
        ("think", level) => {
            let level = Some(level).filter(|level| !level.is_empty());
            let think =
                level.unwrap_or("true").parse().map_err(|problem| format!("/set think: {problem}\n"))?;
            Ok(Setting::Think { think, level: level.map(str::to_owned) })
        }
        ("history", "") => Ok(Setting::History(true)),
        ("nohistory", "") => Ok(Setting::History(false)),
        ("wordwrap", "") => Ok(Setting::WordWrap(true)),
        ("nowordwrap", "") => Ok(Setting::WordWrap(false)),
        ("verbose", "") => Ok(Setting::Verbose(true)),
        ("quiet", "") => Ok(Setting::Verbose(false)),
        ("noformat", "") => Ok(Setting::Format(None)),
        ("nothink", "") => Ok(Setting::NoThink),
        _ => Err(unknown(line)),
    }
}

/// `NAME VALUE…`; of a list, every value is an element.
fn parameter(text: &str) -> Result<Setting, String> {
    let (name, values) = word(text);
    if values.is_empty() {
        return Err(help::SET_PARAMETER.to_owned());
    }
    let values: Vec<&str> = values.split_whitespace().map(without_quotes).collect();
    let value =
        parameter_value(name, &values).map_err(|error| format!("Couldn't set parameter: {error}\n"))?;
    Ok(Setting::Parameter { name: name.to_owned(), value, text: values.join(", ") })
}

fn without_quotes(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

impl std::str::FromStr for Part {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "info" => Ok(Self::Info),
            "license" => Ok(Self::License),
            "modelfile" => Ok(Self::Modelfile),
            "parameters" => Ok(Self::Parameters),
            "system" => Ok(Self::System),
            "template" => Ok(Self::Template),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn setting(line: &str) -> Setting {
        match parse(line) {
            Ok(Command::Set(setting)) => setting,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_command_has_its_name() {
        for (line, command) in [
            ("/bye", Command::Exit),
            ("/exit", Command::Exit),
            (" /clear ", Command::Clear),
            ("/list", Command::List),
            ("/load  tiny", Command::Load("tiny".into())),
            ("/save me/mine", Command::Save("me/mine".into())),
            ("/show info", Command::Show(Part::Info)),
            ("/show license", Command::Show(Part::License)),
            ("/show modelfile", Command::Show(Part::Modelfile)),
            ("/show parameters", Command::Show(Part::Parameters)),
            ("/show system", Command::Show(Part::System)),
            ("/show template", Command::Show(Part::Template)),
        ] {
            assert_eq!(parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn every_setting_has_its_name() {
        let think = |level: &str| Setting::Think { think: level.parse().unwrap(), level: Some(level.into()) };
        for (line, expected) in [
            ("/set history", Setting::History(true)),
            ("/set nohistory", Setting::History(false)),
            ("/set wordwrap", Setting::WordWrap(true)),
            ("/set nowordwrap", Setting::WordWrap(false)),
            ("/set verbose", Setting::Verbose(true)),
            ("/set quiet", Setting::Verbose(false)),
            ("/set format json", Setting::Format(Some("json".parse().unwrap()))),
            (
                r#"/set format {"type": "object"}"#,
                Setting::Format(Some(r#"{"type":"object"}"#.parse().unwrap())),
            ),
            ("/set noformat", Setting::Format(None)),
            ("/set think", Setting::Think { think: "true".parse().unwrap(), level: None }),
            ("/set think high", think("high")),
            ("/set nothink", Setting::NoThink),
            ("/set system Be \"kind\".", Setting::System("Be \"kind\".".into())),
            ("/set system \"Be kind.\"", Setting::System("Be kind.".into())),
            ("/set system Be\n  kind.", Setting::System("Be\n  kind.".into())),
        ] {
            assert_eq!(setting(line), expected, "{line}");
        }
    }

    #[test]
    fn parameters_have_types() {
        let parameter = |line| match setting(line) {
            Setting::Parameter { name, value, text } => (name, value, text),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            parameter("/set parameter temperature 0.7"),
            ("temperature".into(), json!(0.7), "0.7".into())
        );
        assert_eq!(parameter("/set parameter seed 42").1, json!(42));
        assert_eq!(
            parameter("/set parameter stop \"<|end|>\" END"),
            ("stop".into(), json!(["<|end|>", "END"]), "<|end|>, END".into())
        );
        for (line, answer) in [
            ("/set parameter seed many", "Couldn't set parameter: "),
            ("/set parameter speed 1", "Couldn't set parameter: "),
            ("/set parameter seed", help::SET_PARAMETER),
            ("/set parameter", help::SET_PARAMETER),
        ] {
            let told = parse(line).unwrap_err();
            assert!(told.starts_with(answer) && told.ends_with('\n'), "{line}: {told}");
        }
    }

    #[test]
    fn what_is_unknown_or_incomplete_is_told() {
        for (line, answer) in [
            ("/frobnicate now", "Unknown command '/frobnicate'. Type /? for help\n"),
            ("/", "Unknown command '/'. Type /? for help\n"),
            ("/set fire", "Unknown command '/set fire'. Type /? for help\n"),
            ("/set verbose now", "Unknown command '/set verbose now'. Type /? for help\n"),
            ("/show all", "Unknown command '/show all'. Type /? for help\n"),
            ("/set", help::SET),
            ("/show", help::SHOW),
            ("/load", help::LOAD),
            ("/load a b", help::LOAD),
            ("/save", help::SAVE),
            ("/set system", help::SET_SYSTEM),
            ("/set format", help::SET_FORMAT),
            ("/set format xml", help::SET_FORMAT),
            ("/set think hard", "/set think: must be true, false, high, medium, low, or max\n"),
        ] {
            assert_eq!(parse(line).unwrap_err(), answer, "{line}");
        }
    }

    proptest! {
        #[test]
        fn every_line_means_something(line in "/[a-z?]{0,6}( [a-z\"'{]{0,9}){0,4}") {
            if let Err(answer) = parse(&line) {
                prop_assert!(answer.ends_with('\n'));
            }
        }
    }
}
