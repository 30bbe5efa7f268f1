//! From instructions to text.

use std::borrow::Cow;
use std::fmt;

use super::parse::{is_blank, is_line_end};
use super::{Instruction, Modelfile};

/// Text that [`parse`](super::parse()) reads as the same Modelfile. The language has no escapes, so a few
/// things cannot be written and come out as near as they can be:
///
/// - a value in which a line other than the last ends with `"""`,
/// - characters that the parser drops, such as control characters,
/// - names, roles and a missing `FROM` that the grammar does not allow.
impl fmt::Display for Modelfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.instructions.iter().try_for_each(|instruction| writeln!(f, "{instruction}"))
    }
}

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (command, value) = match self {
            Self::From(value) => ("FROM", value),
            Self::Adapter(value) => ("ADAPTER", value),
            Self::Draft(value) => ("DRAFT", value),
            Self::Template(value) => ("TEMPLATE", value),
            Self::System(value) => ("SYSTEM", value),
            Self::License(value) => ("LICENSE", value),
            Self::Renderer(value) => ("RENDERER", value),
            Self::Parser(value) => ("PARSER", value),
            Self::Requires(value) => ("REQUIRES", value),
            Self::Parameter { name, value } => return write!(f, "PARAMETER {name} {}", quoted(value)),
            Self::Message(message) => {
                return write!(f, "MESSAGE {} {}", message.role, quoted(&message.content));
            }
        };
        write!(f, "{command} {}", quoted(value))
    }
}

/// A value with the quotes it needs. Ollama quotes values with a newline, or a space at one end. It prints
/// what starts with a quote, has a tab at one end or a lone CR in it as it is, and then cannot read it back;
/// here these are quoted too.
fn quoted(value: &str) -> Cow<'_, str> {
    let bare = !value.contains(is_line_end)
        && !value.starts_with(is_blank)
        && !value.ends_with(is_blank)
        && !value.starts_with('"');
    if bare {
        Cow::Borrowed(value)
    } else if value.contains('"') {
        Cow::Owned(format!("\"\"\"{value}\"\"\""))
    } else {
        Cow::Owned(format!("\"{value}\""))
    }
}
