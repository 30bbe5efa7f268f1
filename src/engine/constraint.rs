//! What an answer must look like, as the front says it. [`super::grammar`] makes it come true.

use serde::{Deserialize, Serialize};

/// What an answer must look like. Compiled before the request is queued; one that cannot be compiled refuses the
/// request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Free text that may or must come first.
    pub preamble: Option<Preamble>,
    /// What comes then.
    pub form: Form,
}

impl Constraint {
    /// A form from the first token on.
    #[must_use]
    pub fn new(form: Form) -> Self {
        Self { preamble: None, form }
    }
}

/// Free text before what is constrained, such as thoughts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preamble {
    /// The text that opens it. If the answer does not begin with that, there is no preamble. `None`: the prompt has
    /// opened it.
    pub open: Option<String>,
    /// The text that ends it, such as `</think>`.
    pub close: String,
}

/// A form of text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Form {
    /// Any JSON object.
    Json,
    /// JSON by this JSON Schema.
    JsonSchema(String),
    /// Text that matches this regular expression as a whole, in the syntax of Rust's `regex`.
    Regex(String),
    /// One of these texts.
    Choice(Vec<String>),
    /// Text of this grammar, in llguidance's dialect of Lark.
    Lark(String),
    /// Text of this grammar, in llama.cpp's GBNF.
    Gbnf(String),
    /// Free text with calls of tools in it.
    Tools(ToolForm),
}

/// Free text in which each call, once it is opened, is well-formed and has valid arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ToolForm {
    /// How the model writes calls.
    pub marks: CallMarks,
    /// The tools.
    pub calls: Vec<ToolSchema>,
    /// What must be called; the answer then begins with the call.
    pub required: Option<Required>,
}

/// How a model writes a call: `open body close`, with white space between the parts as the model likes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallMarks {
    /// The text that stands before the first call of an answer that must begin with one; may be empty.
    pub lead: String,
    /// The text that opens a call, such as `<tool_call>`. If it is empty, calls can only be required: nothing tells
    /// them from other text.
    pub open: String,
    /// The text that ends it, such as `</tool_call>`; may be empty.
    pub close: String,
    /// What stands between them.
    pub body: CallBody,
}

/// What a call consists of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CallBody {
    /// `{"name": …, "arguments": …}`.
    Object {
        /// The key of a text that stands first and names the call, if there is one.
        id: Option<String>,
        /// The key of a tool's name, usually `name`.
        name: String,
        /// The key of its arguments, usually `arguments` or `parameters`.
        arguments: String,
        /// Whether it is a list of such objects, of one or more.
        listed: bool,
    },
    /// The name as it is, then the arguments as JSON.
    Named {
        /// What stands before the name.
        before: String,
        /// What stands behind it.
        behind: String,
        /// What stands behind the arguments.
        end: String,
    },
    /// The name as it is, then the arguments one by one.
    Parameters(Box<Parameters>),
}

impl Default for CallBody {
    fn default() -> Self {
        Self::Parameters(Box::default())
    }
}

/// How a call is written whose arguments come one by one: `before NAME behind KEY VALUE separator KEY VALUE end`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parameters {
    /// What stands before the name.
    pub before: String,
    /// What stands behind it.
    pub behind: String,
    /// What stands before and behind the name of a parameter.
    pub key: (String, String),
    /// What stands before and behind its value.
    pub value: (String, String),
    /// What stands between two parameters; may be empty.
    pub separator: String,
    /// What ends the call.
    pub end: String,
    /// How values are written.
    pub notation: Notation,
    /// Texts that no text among the arguments may hold, since whoever reads the call would take them for its end.
    pub never: Vec<String>,
    /// What stands around and between several calls. `None`: each has its own marks.
    pub several: Option<Several>,
}

/// How the values of arguments are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Notation {
    /// Text as it is; what else it can be is told by the type of the parameter, see [`super::typing`]. Arrays and objects
    /// are JSON.
    Text {
        /// Whether values stand on lines of their own: a newline before and behind is none of theirs.
        lines: bool,
    },
    /// Literals of Python.
    Python,
    /// JSON without quotes around keys, and with this text around strings, in which nothing is escaped.
    Quoted(String),
}

impl Default for Notation {
    fn default() -> Self {
        Self::Text { lines: false }
    }
}

/// What stands around and between several calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Several {
    /// Before the first.
    pub open: String,
    /// Between two.
    pub separator: String,
    /// Behind the last.
    pub close: String,
}

/// A tool that may be called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ToolSchema {
    /// Its name.
    pub name: String,
    /// The JSON Schema of its arguments.
    pub parameters: String,
}

/// What must be called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Required {
    /// At least one tool, whichever.
    Any,
    /// The one of this name, once and nothing else.
    Named(String),
}
