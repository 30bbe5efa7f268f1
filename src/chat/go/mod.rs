//! Go templates: how Ollama's models write their prompts.
//!
//! A model from Ollama's registry has a layer with a template in the language of Go's `text/template`. gotmpl
//! parses and runs it; this room makes it behave as in Ollama, and keeps it within a budget, as anyone may
//! publish a model.
//!
//! ```text
//!   text ── scan ──▶ gotmpl's parser ──▶ tree ──┬─ questions   names it uses, tags around calls and thoughts
//!           blocks,                    names    ├─ cut         the tree up to .Response
//!           comments                   checked  └─ meter       the trees that are run
//!                                                                  │
//!   messages ── collate ──▶ data ──▶ values, JSON ─────────────── run ──▶ prompt
//!   and tools                                                 within a budget
//! ```
//!
//! There are two kinds of templates. A *modern* one ranges over `.Messages` and is run once. A *legacy* one
//! writes one exchange, from `.System`, `.Prompt` and `.Response`; it is run for each exchange of the
//! conversation, and for the last one up to `.Response`, where the model goes on.
//!
//! [`detect`] knows the Go template of a model that comes without one, by the Jinja template in its file;
//! [`choose`] says which template of a model makes its prompts.

mod choice;
mod collate;
mod data;
mod error;
mod functions;
mod json;
mod known;
mod meter;
mod notes;
mod questions;
mod run;
mod scan;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::Message;
use data::text;
use notes::Notes;
use run::{Bodies, Run};
use tree::Tree;

pub use choice::{Capabilities, PromptSource, PromptSources, choose, is_harmony, jinja_capabilities};
pub use collate::mark_images;
pub use error::GoTemplateError;
pub use known::{KnownTemplate, detect, known_templates};

/// The template of a model that has none: the prompt as it is.
pub const DEFAULT_TEMPLATE: &str = "{{ .Prompt }}";

/// The bodies that are run, beside those that the template defines: what is outside of every `define`, and
/// the same up to `.Response`. A body of the second name that the template defines itself is not found.
const WHOLE: &str = "";
const OPEN: &str = "#open";

/// Whether the model shall think.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Think {
    /// Nobody said.
    #[default]
    Unset,
    /// It shall not.
    Off,
    /// It shall.
    On,
    /// It shall this much: `low`, `medium`, `high`, `max`.
    Level(String),
}

/// What a prompt is made from. A template sees what its kind knows.
#[derive(Clone, Debug, Default)]
pub struct Values<'a> {
    /// The conversation, images already marked in the text: see [`mark_images`].
    pub messages: &'a [Message],
    /// Tools as on the wire: `{"type":"function","function":{"name","description","parameters":{…}}}`.
    pub tools: &'a [Value],
    /// With `suffix`: the text before what is to be inserted. Then nothing else is looked at but `think`.
    pub prompt: &'a str,
    /// The text after it.
    pub suffix: &'a str,
    /// `.Think`, `.ThinkLevel`, `.IsThinkSet`.
    pub think: Think,
}

/// A Go template that parsed.
pub struct GoTemplate {
    source: String,
    names: BTreeSet<String>,
    tool_call_tag: String,
    thinking_tags: Option<(String, String)>,
    bodies: Bodies,
}

impl fmt::Debug for GoTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoTemplate").field("source", &self.source).finish_non_exhaustive()
    }
}

impl GoTemplate {
    /// Parses a template. One that mentions neither the messages nor the response ends with the response.
    ///
    /// # Errors
    /// [`GoTemplateError::Syntax`] if the text is no template, or names a function or variable that nothing
    /// defines.
    pub fn parse(text: &str) -> Result<Self, GoTemplateError> {
        let mut tree = Tree::parse(text)?;
        let mut names = questions::names(&tree);
        if !names.contains("messages") && !names.contains("response") {
            tree.append_response();
            names.insert("response".into());
        }
        let mut bodies = Bodies::new();
        for (name, body) in &tree.defined {
            bodies.insert(name.clone(), meter::metered(body));
        }
        bodies.insert(WHOLE.into(), meter::metered(&tree.main));
        bodies.insert(OPEN.into(), meter::metered(&questions::until_response(&tree.main)));
        Ok(Self {
            source: text.to_owned(),
            names,
            tool_call_tag: questions::tool_call_tag(&tree),
            thinking_tags: questions::thinking_tags(&tree),
            bodies,
        })
    }

    /// The text that was parsed.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the template looks up a name anywhere, as in `.Messages` or `.Function.Name`. `name` is in
    /// lower case.
    #[must_use]
    pub fn uses(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// What the template can express.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        Capabilities {
            tools: self.uses("tools"),
            insert: self.uses("suffix"),
            thinking: self.thinking_tags.is_some(),
        }
    }

    /// What stands before a tool call, such as `<tool_call>` or `[TOOL_CALLS] [`; `{` if calls are bare JSON.
    #[must_use]
    pub fn tool_call_tag(&self) -> &str {
        &self.tool_call_tag
    }

    /// What stands before and after thoughts, such as `<think>` and `</think>`.
    #[must_use]
    pub fn thinking_tags(&self) -> Option<(&str, &str)> {
        self.thinking_tags.as_ref().map(|(open, close)| (open.as_str(), close.as_str()))
    }

    /// Writes the prompt. Takes microseconds for each message, and seconds until a hostile template
    /// is stopped: not for a thread that others wait for.
    ///
    /// # Errors
    /// [`GoTemplateError::Execution`] and [`GoTemplateError::Endless`].
    pub fn render(&self, values: &Values<'_>) -> Result<String, GoTemplateError> {
        if !values.prompt.is_empty() && !values.suffix.is_empty() {
            return self.render_insert(values);
        }
        let (system, messages) = collate::collate(values.messages);
        if self.uses("messages") {
            return self.render_modern(values, &system, &messages);
        }
        self.render_legacy(values, &messages)
    }

    fn render_insert(&self, values: &Values<'_>) -> Result<String, GoTemplateError> {
        let mut run = Run::new(&self.bodies, Notes::default());
        let [think, level, is_set] = thinking(&values.think);
        let dot = [
            ("Prompt", text(values.prompt)),
            ("Suffix", text(values.suffix)),
            ("Response", text("")),
            think,
            level,
            is_set,
        ];
        run.execute(WHOLE, &data::fields(dot))?;
        Ok(run.finish())
    }

    fn render_modern(
        &self,
        values: &Values<'_>,
        system: &str,
        messages: &[Message],
    ) -> Result<String, GoTemplateError> {
        let mut notes = Notes::default();
        let [think, level, is_set] = thinking(&values.think);
        let dot = [
            ("System", text(system)),
            ("Messages", data::messages(messages, &mut notes)),
            ("Tools", data::tools(values.tools, &mut notes)),
            ("Response", text("")),
            think,
            level,
            is_set,
        ];
        let mut run = Run::new(&self.bodies, notes);
        run.execute(WHOLE, &data::fields(dot))?;
        Ok(run.finish())
    }

    /// One exchange after the other. A system message begins a new one where something was said already, a
    /// user's where there is an answer.
    fn render_legacy(&self, values: &Values<'_>, messages: &[Message]) -> Result<String, GoTemplateError> {
        let mut run = Run::new(&self.bodies, Notes::default());
        let mut exchange = Exchange::default();
        for message in messages {
            let content = message.content.as_str();
            match message.role.as_str() {
                "system" => {
                    if !exchange.prompt.is_empty() || !exchange.response.is_empty() {
                        run.execute(WHOLE, &exchange.take(&values.think))?;
                    }
                    exchange.system = content;
                }
                "user" => {
                    if !exchange.response.is_empty() {
                        run.execute(WHOLE, &exchange.take(&values.think))?;
                    }
                    exchange.prompt = content;
                }
                "assistant" => exchange.response = content,
                _ => {}
            }
        }
        run.execute(OPEN, &exchange.take(&values.think))?;
        Ok(run.finish())
    }
}

/// What a legacy template writes at a time.
#[derive(Default)]
struct Exchange<'a> {
    system: &'a str,
    prompt: &'a str,
    response: &'a str,
}

impl Exchange<'_> {
    /// The values of this exchange, which is over then.
    fn take(&mut self, think: &Think) -> gotmpl::Value {
        let Self { system, prompt, response } = std::mem::take(self);
        let [think, level, is_set] = thinking(think);
        data::fields([
            ("System", text(system)),
            ("Prompt", text(prompt)),
            ("Response", text(response)),
            think,
            level,
            is_set,
        ])
    }
}

/// `.Think`, `.ThinkLevel` and `.IsThinkSet`. A switch that is on without a level is the medium one.
fn thinking(think: &Think) -> [(&'static str, gotmpl::Value); 3] {
    let (on, level) = match think {
        Think::Unset | Think::Off => (false, ""),
        Think::On => (true, "medium"),
        Think::Level(level) => (true, level.as_str()),
    };
    [
        ("Think", gotmpl::Value::Bool(on)),
        ("ThinkLevel", text(level)),
        ("IsThinkSet", gotmpl::Value::Bool(*think != Think::Unset)),
    ]
}
