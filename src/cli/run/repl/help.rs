//! What the conversation tells about itself.

/// Help on nothing in particular.
const COMMANDS: &str = "\
Available Commands:
  /set            Change how the conversation goes
  /show           Show what the model is made of
  /load <model>   Talk with another model, or go on with a saved conversation
  /save <model>   Save this conversation as a model
  /list           List the models that are there
  /clear          Forget what was said
  /bye            Leave (also /exit)
  /?, /help       Help, also on a command: /? /set
  /? shortcuts    Help on the keyboard

Begin a message with \"\"\" to write several lines, and end it with \"\"\".
Models that see or hear take files: write a path such as ./cat.png into the message.

";

pub(super) const SET: &str = "\
Available Commands:
  /set parameter <name> <value>   Set a parameter of the model
  /set system <text>              Set the system message
  /set history                    Remember what is typed
  /set nohistory                  Do not remember it
  /set wordwrap                   Break lines at words
  /set nowordwrap                 Leave lines to the terminal
  /set format json                Answer in JSON; a JSON schema may stand for json
  /set noformat                   Answer in free text
  /set verbose                    Print the figures of each answer
  /set quiet                      Do not print them
  /set think [level]              Think before answering: high, medium, low or max
  /set nothink                    Answer at once

";

pub(super) const SET_PARAMETER: &str = "\
Available Parameters:
  /set parameter num_predict <int>            Most tokens of an answer; -1 for no limit
  /set parameter num_ctx <int>                Tokens that the model can look back on
  /set parameter num_keep <int>               Tokens at the beginning that are never forgotten
  /set parameter temperature <float>          How freely tokens are chosen; 0 takes the likeliest
  /set parameter top_k <int>                  Choose among this many tokens
  /set parameter top_p <float>                Choose among the likeliest that have this probability together
  /set parameter min_p <float>                Leave out what is less likely than this part of the likeliest
  /set parameter typical_p <float>            Choose among the most typical that have this probability together
  /set parameter seed <int>                   The same seed gives the same answer
  /set parameter repeat_penalty <float>       Make what was said less likely
  /set parameter repeat_last_n <int>          What was said: this many tokens; -1 for all
  /set parameter presence_penalty <float>     Lower what was said once
  /set parameter frequency_penalty <float>    Lower what was said, each time again
  /set parameter stop <text> <text> ...       End the answer at one of these
  /set parameter min_tokens <int>             Do not end before so many tokens
  /set parameter xtc_probability <float>      How often the obvious is left out (XTC)
  /set parameter dry_multiplier <float>       Make repetitions less likely, the longer the less (DRY)
  /set parameter mirostat <int>               Steer the surprise: 1 or 2

docs/api.md lists all.

";

pub(super) const SET_SYSTEM: &str = "\
Usage:
  /set system <text>
  /set system \"\"\"<text of several lines>\"\"\"

";

pub(super) const SET_FORMAT: &str = "\
Usage:
  /set format json
  /set format <JSON schema>

";

pub(super) const SHOW: &str = "\
Available Commands:
  /show info         Show what the model is
  /show license      Show its license
  /show modelfile    Show its Modelfile
  /show parameters   Show its parameters, and those that were set
  /show system       Show the system message
  /show template     Show its prompt template

";

pub(super) const LOAD: &str = "\
Usage:
  /load <model>   Talk with another model, or go on with a saved conversation

";

pub(super) const SAVE: &str = "\
Usage:
  /save <model>   Save system message, parameters and what was said as a model

";

/// The keys of the line editor.
const SHORTCUTS: &str = "\
Available keyboard shortcuts:
  Ctrl + a            Move to the beginning of the line (Home)
  Ctrl + e            Move to the end of the line (End)
  Alt + b             Move back one word (Left)
  Alt + f             Move forward one word (Right)
  Ctrl + k            Delete what is behind the cursor
  Ctrl + u            Delete what is before the cursor
  Ctrl + w            Delete the word before the cursor
  Ctrl + y            Bring back what was deleted
  Ctrl + r            Search what was typed before

  Ctrl + l            Clear the screen
  Ctrl + g            Edit the message in $QUIPU_EDITOR, $VISUAL or $EDITOR
  Ctrl + c            Stop the answer
  Ctrl + d            Leave (/bye)

";

/// Help on a topic, given as words.
pub(super) fn about(topic: &[&str]) -> &'static str {
    match topic {
        ["shortcuts" | "shortcut", ..] => SHORTCUTS,
        ["/set" | "set", "parameter", ..] => SET_PARAMETER,
        ["/set" | "set", ..] => SET,
        ["/show" | "show", ..] => SHOW,
        ["/load" | "load", ..] => LOAD,
        ["/save" | "save", ..] => SAVE,
        _ => COMMANDS,
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::{Command, parse};
    use super::*;

    #[test]
    fn topics_are_found_with_and_without_slash() {
        for (line, text) in [
            ("/?", COMMANDS),
            ("/help", COMMANDS),
            ("/? nothing", COMMANDS),
            ("/? shortcuts", SHORTCUTS),
            ("/help /set", SET),
            ("/? set", SET),
            ("/? set parameter", SET_PARAMETER),
            ("/? /show", SHOW),
            ("/help load", LOAD),
            ("/? /save", SAVE),
        ] {
            assert_eq!(parse(line), Ok(Command::Help(text.to_owned())), "{line}");
        }
    }

    /// Each line of help that shows a command shows one that exists.
    #[test]
    fn what_help_names_is_there() {
        for text in [COMMANDS, SET, SET_PARAMETER, SHOW, LOAD, SAVE] {
            let shown = text.lines().filter_map(|line| line.strip_prefix("  /"));
            for line in shown {
                let example = line.split("  ").next().unwrap_or_default();
                let example = example.replace("<int>", "1").replace("<float>", "0.5").replace(" [level]", "");
                let example = example.replace("?, /", "");
                let example = format!("/{}", example.replace("<value>", "1").replace("<name>", "seed"));
                let takes_more = ["/set", "/show"].contains(&example.as_str());
                assert!(takes_more || parse(&example).is_ok(), "{example}");
            }
        }
    }
}
