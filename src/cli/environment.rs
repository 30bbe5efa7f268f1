//! Settings from the environment. `QUIPU_X` is strict and belongs to the command line's own arguments; here
//! are the rules for `OLLAMA_X`, which are Ollama's: they never refuse.

use std::str::FromStr;

use tracing::warn;

/// Reads variables; a function, so that tests bring their own.
pub(super) struct Environment<'a>(pub &'a dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    /// A variable without the spaces and quotes around it; `None` if nothing is left.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = (self.0)(name)?;
        let value = value.trim().trim_matches(['"', '\'']).trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// A number; what is none counts as absent.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        let number = text.parse().ok();
        if number.is_none() {
            warn!(name, value = text, "no number, using the default");
        }
        number
    }

    /// Yes or no. What is neither counts as yes.
    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        let text = self.text(name)?;
        Some(!["0", "f", "F", "false", "FALSE", "False"].contains(&&*text))
    }

    /// `OLLAMA_X` for the setting `X`.
    pub(super) fn ollama(&self, setting: &str) -> Option<String> {
        self.text(&format!("OLLAMA_{setting}"))
    }

    /// The address of the server, for commands that take none of their own.
    pub(super) fn host(&self) -> String {
        self.text("QUIPU_HOST").or_else(|| self.ollama("HOST")).unwrap_or_default()
    }
}

/// The environment of this process.
pub(super) fn of_process() -> Environment<'static> {
    Environment(&|name| std::env::var(name).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_trimmed_and_bad_numbers_are_absent() {
        let read = |name: &str| match name {
            "A" => Some(" \" 12 \" ".to_owned()),
            "B" => Some("twelve".to_owned()),
            "C" => Some("''".to_owned()),
            "N" => Some("False".to_owned()),
            _ => None,
        };
        let environment = Environment(&read);
        assert_eq!(environment.text("A").as_deref(), Some("12"));
        assert_eq!(environment.number::<u32>("A"), Some(12));
        assert_eq!(environment.number::<u32>("B"), None);
        assert_eq!(environment.boolean("A"), Some(true));
        assert_eq!(environment.boolean("N"), Some(false));
        assert_eq!(environment.boolean("C"), None);
        assert_eq!(environment.text("C"), None);
        assert_eq!(environment.text("D"), None);
    }
}
