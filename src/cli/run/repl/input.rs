//! Lines to inputs, and what an input is.
//!
//! ```text
//!   """                        opens a message of several lines; what follows on the line belongs to it
//!   second line"""             closes it, at the end of a line
//!   /set system """            a command may have such a text, too
//! ```

/// Opens and closes a text of several lines.
const QUOTES: &str = "\"\"\"";

/// The command that may have a text of several lines.
const SET_SYSTEM: [&str; 2] = ["/set", "system"];

/// Lines of an input that is not whole yet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    text: Option<String>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_none()
    }

    /// Takes a line, or several that were pasted; returns the input when it is whole.
    pub(super) fn push(&mut self, line: &str) -> Option<String> {
        let text = match self.text.take() {
            Some(before) => format!("{before}\n{line}"),
            None => line.to_owned(),
        };
        match quoted(&text) {
            Some(Quoted { closed: false, .. }) => {
                self.text = Some(text);
                None
            }
            _ => Some(text),
        }
    }
}

/// What an input is.
#[derive(Debug, PartialEq)]
pub(super) enum Input {
    Nothing,
    /// A line that begins with a slash; a text in triple quotes behind it is without them.
    Command(String),
    Message(String),
}

/// Understands a whole input. One that begins with a slash may also be the name of a file.
pub(super) fn understand(text: &str, is_file: bool) -> Input {
    let text = text.trim();
    if let Some(Quoted { before, inside, .. }) = quoted(text) {
        return match (before, inside) {
            ("", inside) if inside.trim().is_empty() => Input::Nothing,
            ("", inside) => Input::Message(inside.to_owned()),
            (before, inside) => Input::Command(format!("{before}{inside}")),
        };
    }
    match text {
        "" => Input::Nothing,
        // What was pasted is no command, even if its first line looks like one.
        text if text.starts_with('/') && !is_file && !text.contains('\n') => Input::Command(text.to_owned()),
        text => Input::Message(text.to_owned()),
    }
}

/// A text in triple quotes.
struct Quoted<'a> {
    /// The command before it.
    before: &'a str,
    /// Without line ends next to the quotes.
    inside: &'a str,
    closed: bool,
}

fn quoted(text: &str) -> Option<Quoted<'_>> {
    let text = text.trim();
    let (before, rest) = text.split_once(QUOTES)?;
    let words: Vec<&str> = before.split_whitespace().collect();
    if !words.is_empty() && words != SET_SYSTEM {
        return None;
    }
    let (inside, closed) = match rest.strip_suffix(QUOTES) {
        Some(inside) => (inside, true),
        None => (rest, false),
    };
    let inside = inside.strip_prefix('\n').unwrap_or(inside);
    Some(Quoted { before, inside: inside.strip_suffix('\n').unwrap_or(inside), closed })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(text: &str) -> Input {
        Input::Message(text.into())
    }

    fn command(text: &str) -> Input {
        Input::Command(text.into())
    }

    /// All inputs that lines make.
    fn inputs(lines: &[&str]) -> Vec<Input> {
        let mut pending = Pending::default();
        let whole =
            lines.iter().filter_map(|line| pending.push(line)).map(|text| understand(&text, false)).collect();
        assert!(pending.is_empty());
        whole
    }

    #[test]
    fn a_line_is_an_input() {
        assert_eq!(
            inputs(&["hello ", "", "  ", " /bye"]),
            [message("hello"), Input::Nothing, Input::Nothing, command("/bye")]
        );
    }

    #[test]
    fn triple_quotes_go_over_lines() {
        assert_eq!(inputs(&["\"\"\"", "one", "  two", "\"\"\""]), [message("one\n  two")]);
        assert_eq!(inputs(&["\"\"\"one", "", "two \"\"\" "]), [message("one\n\ntwo ")]);
        assert_eq!(inputs(&["\"\"\"one\"\"\"", "two"]), [message("one"), message("two")]);
        assert_eq!(inputs(&["\"\"\"\"\"\""]), [Input::Nothing]);
        assert_eq!(inputs(&["\"\"\"", "/bye", "\"\"\""]), [message("/bye")]);
    }

    #[test]
    fn quotes_within_a_message_open_nothing() {
        assert_eq!(inputs(&["say \"\"\" to me"]), [message("say \"\"\" to me")]);
        assert_eq!(inputs(&["/show \"\"\""]), [command("/show \"\"\"")]);
    }

    #[test]
    fn a_system_message_may_have_several_lines() {
        assert_eq!(inputs(&["/set system \"\"\"Be", "kind.\"\"\""]), [command("/set system Be\nkind.")]);
        assert_eq!(inputs(&["/set  system \"\"\"Be kind.\"\"\""]), [command("/set  system Be kind.")]);
    }

    #[test]
    fn what_is_pasted_is_one_input() {
        assert_eq!(inputs(&["one\ntwo\n"]), [message("one\ntwo")]);
        assert_eq!(inputs(&["/usr/bin/x\nfailed"]), [message("/usr/bin/x\nfailed")]);
        assert_eq!(inputs(&["\"\"\"one\ntwo", "three\"\"\""]), [message("one\ntwo\nthree")]);
    }

    #[test]
    fn the_name_of_a_file_is_no_command() {
        assert_eq!(understand("/tmp/cat.png", true), message("/tmp/cat.png"));
    }

    proptest! {
        #[test]
        fn whatever_is_in_quotes_arrives(lines in prop::collection::vec("[a-z /]{0,8}", 1..6)) {
            let text = lines.join("\n");
            let typed = format!("\"\"\"\n{text}\n\"\"\"");
            let typed: Vec<&str> = typed.split('\n').collect();
            let expected = if text.trim().is_empty() { Input::Nothing } else { message(&text) };
            prop_assert_eq!(inputs(&typed), [expected]);
        }
    }
}
