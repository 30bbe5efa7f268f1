//! Answers of a given form: which tokens may come next.
//!
//! ```text
//!   Constraint ─▶ schema, gbnf ─▶ llguidance ─▶ Guide ──token──▶ Guide ─▶ Mask ─▶ sampler
//!                 what it can     compiles      of one request,  on a thread of `ahead`,
//!                 enforce         off the step  knows its state  beside the forward pass
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`schema`] | JSON Schema: what cannot be enforced is refused, the rest becomes what llguidance enforces in full |
//! | [`gbnf`] | llama.cpp's grammars, as Lark |
//! | `call` | calls of tools, as Lark |
//! | [`words`] | the vocabulary, as llguidance and the guides need it |
//! | [`compile`] | from a constraint to a guide |
//! | [`watch`] | finds a text in tokens as they come |
//! | [`guide`] | the state of one request: free text, thoughts, the form itself, calls of tools |
//! | [`ahead`] | computes the next mask while the forward pass runs |

pub mod ahead;
mod call;
pub mod compile;
pub mod gbnf;
pub mod guide;
pub mod schema;
#[cfg(test)]
mod tests;
pub mod watch;
pub mod words;

pub use ahead::{Ahead, Guided};
pub use compile::Grammars;
pub use guide::{Guide, Next};
pub use words::Words;

/// Why a constraint cannot be enforced. `Display` is what a client reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrammarError {
    /// The schema is not one, or asks for what cannot be enforced.
    #[error(transparent)]
    Schema(#[from] schema::SchemaError),
    /// The grammar is no GBNF.
    #[error("invalid GBNF grammar: {0}")]
    Gbnf(#[from] gbnf::GbnfError),
    /// llguidance refuses it.
    #[error("{what}: {reason}")]
    Refused {
        /// What was to be compiled, and how that went.
        what: &'static str,
        /// llguidance's words.
        reason: String,
    },
    /// There is nothing to choose from.
    #[error("a choice needs one text at least, and none of them empty")]
    EmptyChoice,
    /// A text that marks a place is empty.
    #[error("the text that {0} must not be empty")]
    EmptyMark(&'static str),
    /// A call is required of a tool that is not there.
    #[error("no tool is called {0:?}")]
    NoSuchTool(String),
    /// Nothing can be written.
    #[error("nothing matches it: its first character cannot be chosen")]
    Nothing,
    /// While an answer was generated, the grammar met a limit.
    #[error("{0}")]
    Broke(String),
}
