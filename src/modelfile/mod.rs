//! The Modelfile language: what a model is made of, as text.
//!
//! ```text
//!   # A pirate.                                    comment: # is the first character of its line
//!   FROM ./model.gguf                              a file or folder, or the name of a model
//!   PARAMETER temperature 0.7                      PARAMETER name value
//!   PARAMETER stop "<|end|> "                      "…" keeps the spaces at its ends
//!   SYSTEM """
//!   You say "arr".                                 """…""" and "…" go over lines; nothing is escaped in them
//!   """
//!   MESSAGE user Who are you?                      MESSAGE role text
//! ```
//!
//! A line is blanks, a command word in any case, blanks, and a value: all up to the line's end, without the
//! blanks around it. A value that starts with a quote ends at the first line end (or the end of the file)
//! that has the closing quote before it, blanks aside.
//!
//! ```text
//!   bytes ──parse──▶ Modelfile ──recipe──▶ Recipe          `create`: files found, values checked
//!                      ▲    │
//!   ModelParts ──from──┘    └──Display──▶ text             `show --modelfile`: parses to the same again
//!   parameters ──parameters_text──▶ text                   `parameters` of `/api/show`
//! ```
//!
//! A [`Modelfile`] is only what the text says. [`Modelfile::recipe`] gives it its meaning: it looks at the
//! disk (is `FROM x` a file, a folder or a model?) and at the types of parameters. What it finds is sent to
//! `/api/create` by the caller, who also hashes the files.

mod error;
mod files;
mod folder;
mod go_format;
mod parameter;
mod parse;
mod print;
mod recipe;
mod show;
#[cfg(test)]
mod tests;
mod text;

pub use error::ModelfileError;
pub use files::{LocalFile, PathBase, Source, expand_from};
pub use parameter::{is_deprecated, parameter_value};
pub use parse::parse;
pub use recipe::Recipe;
pub use show::{ModelParts, parameters_text};

/// A parsed Modelfile: its instructions in the order of the file. [`parse()`] gives none without a `FROM`.
///
/// `Display` prints one instruction after the other, each with a line end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modelfile {
    /// In the order of the file.
    pub instructions: Vec<Instruction>,
}

/// One instruction, quotes removed. Nothing is checked yet beyond what the grammar says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// Where the weights come from: a path or the name of a model. Several add up (model and projector).
    From(String),
    /// A path to a LoRA adapter. Several add up.
    Adapter(String),
    /// A path to a model that drafts tokens for this one.
    Draft(String),
    /// The prompt template, in Go's template language. The last one counts.
    Template(String),
    /// The system message. The last one counts.
    System(String),
    /// The text of a license. Several add up.
    License(String),
    /// The built-in prompt renderer by name. The last one counts.
    Renderer(String),
    /// The built-in output parser by name. The last one counts.
    Parser(String),
    /// The oldest server version that runs the model. The last one counts.
    Requires(String),
    /// An option of the model. Of one name the last one counts, but `stop` adds up.
    Parameter {
        /// ASCII letters, digits and `_`; known names are in [`parameter_value`]'s table.
        name: String,
        /// The value as text.
        value: String,
    },
    /// A message that every conversation starts with. Several add up.
    Message(Message),
}

/// One message of the conversation that a model starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `system`, `user` or `assistant` in a parsed Modelfile; a stored model may have others.
    pub role: String,
    /// The text.
    pub content: String,
}
