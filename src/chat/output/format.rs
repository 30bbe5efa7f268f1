//! Which format a model's answers have: by its config, or by what its template shows.

use crate::engine::protocol::{CallBody, CallMarks};

use super::channels::{Dialect, GLIMMER, HARMONY};
use super::syntax::{CallSyntax, Tags, cohere, deepseek, gemma, glm, hermes, ministral, python, xml};

/// How a model marks its thoughts and calls.
#[derive(Clone, Debug)]
pub struct Format {
    kind: Kind,
}

/// What stands before the answer itself, such as thoughts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoughts<'a> {
    /// Nothing.
    None,
    /// Text between these marks, if the model or the prompt opens it.
    Marked {
        /// What opens them.
        open: &'a str,
        /// What ends them.
        close: &'a str,
    },
    /// Text that this mark ends, whether anything opens it or not.
    Always(&'a str),
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Tagged(Tags),
    Channels(&'static Dialect),
}

/// The names of all parsers that a model's config may ask for.
#[cfg(test)]
pub(super) const NAMES: [&str; 27] = [
    "passthrough",
    "qwen3",
    "qwen3-thinking",
    "qwen3-vl-instruct",
    "qwen3-vl-thinking",
    "qwen3-coder",
    "qwen3.5",
    "ornith",
    "nemotron-3-nano",
    "nemotron-3.5-nano",
    "glm-4.7",
    "glm-ocr",
    "laguna",
    "poolside-v1",
    "deepseek3",
    "cogito",
    "ministral",
    "olmo3",
    "olmo3-think",
    "lfm2",
    "lfm2-thinking",
    "functiongemma",
    "gemma4",
    "gemma4-no-thinking",
    "cohere",
    "harmony",
    "glimmer",
];

/// Marks in templates, and the format that they tell of. The first whose marks are all there counts.
const KNOWN: [(&[&str], &str); 15] = [
    (&["<|channel|>", "<|message|>", "<|start|>"], "harmony"),
    (&["<atem:function_calls>"], "glimmer"),
    (&["<|START_ACTION|>"], "cohere"),
    (&["<|tool_call>", "<|channel>"], "gemma4"),
    (&["<|tool_call>", "<tool_call|>"], "gemma4-no-thinking"),
    (&["<start_function_call>"], "functiongemma"),
    (&["<｜tool▁call▁begin｜>", "```json"], "cogito"),
    (&["<｜tool▁call▁begin｜>"], "deepseek3"),
    (&["<|tool_call_start|>"], "lfm2-thinking"),
    (&["<|tool_list_start|>"], "lfm2-thinking"),
    (&["<arg_key>", "<tool_call>"], "glm-4.7"),
    (&["<function=", "<tool_call>", "<think>"], "qwen3.5"),
    (&["<function=", "<tool_call>"], "qwen3-coder"),
    (&["<function_calls>", "<functions>"], "olmo3"),
    (&["[TOOL_CALLS]", "[ARGS]"], "ministral"),
];

impl Format {
    /// No marks at all.
    #[must_use]
    pub fn plain() -> Self {
        Self::tagged(Tags::default())
    }

    fn tagged(tags: Tags) -> Self {
        Self { kind: Kind::Tagged(tags) }
    }

    /// Harmony, the format of gpt-oss.
    #[must_use]
    pub fn harmony() -> Self {
        Self { kind: Kind::Channels(&HARMONY) }
    }

    /// The format that a model's config names; `None` for a name that is not known.
    #[must_use]
    pub fn named(parser: &str) -> Option<Self> {
        let think = || Tags { think: Some(("<think>".into(), "</think>".into())), ..Tags::default() };
        let tags = match parser {
            "passthrough" => Tags::default(),
            "qwen3" | "qwen3-vl-instruct" => Tags { calls: Some(hermes::tool_call()), ..Tags::default() },
            "qwen3-thinking" | "qwen3-vl-thinking" => {
                Tags { calls: Some(hermes::tool_call()), thinks_first: true, ..think() }
            }
            "qwen3-coder" => Tags { calls: Some(xml::function()), ..Tags::default() },
            "qwen3.5" | "ornith" | "nemotron-3-nano" | "nemotron-3.5-nano" => {
                Tags { calls: Some(xml::function()), ..think() }
            }
            "glm-4.7" | "glm-ocr" | "laguna" | "poolside-v1" => {
                Tags { calls: Some(glm::arguments()), ..think() }
            }
            "deepseek3" => Tags { calls: Some(deepseek::calls()), skipped: deepseek::AROUND, ..think() },
            "cogito" => Tags { calls: Some(deepseek::fenced()), skipped: deepseek::AROUND, ..think() },
            "ministral" => Tags {
                think: Some(("[THINK]".into(), "[/THINK]".into())),
                thinks_anywhere: true,
                calls: Some(ministral::calls()),
                ..Tags::default()
            },
            "olmo3" => Tags { calls: Some(python::olmo3()), ..Tags::default() },
            "olmo3-think" => Tags { calls: Some(python::olmo3()), thinks_first: true, ..think() },
            "lfm2" => Tags { calls: Some(python::lfm2()), ..Tags::default() },
            "lfm2-thinking" => Tags { calls: Some(python::lfm2()), ..think() },
            "functiongemma" => Tags { calls: Some(gemma::function_gemma()), ..Tags::default() },
            "gemma4" => Tags {
                think: Some(("<|channel>thought\n".into(), "<channel|>".into())),
                thinks_anywhere: true,
                calls: Some(gemma::gemma4()),
                ..Tags::default()
            },
            "gemma4-no-thinking" => Tags { calls: Some(gemma::gemma4()), ..Tags::default() },
            "cohere" => cohere::tags(),
            "harmony" => return Some(Self::harmony()),
            "glimmer" => return Some(Self { kind: Kind::Channels(&GLIMMER) }),
            _ => return None,
        };
        Some(Self::tagged(tags))
    }

    /// What a Go template shows: the marks of thoughts, and, if it lists tools, the text before calls. The marks of
    /// well-known families tell more.
    #[must_use]
    pub fn of_go(template: &str, thinking: Option<(&str, &str)>, call_mark: Option<&str>) -> Self {
        let think = thinking.map(|(open, close)| (open.to_owned().into(), close.to_owned().into()));
        match Self::known(template) {
            Some(Self { kind: Kind::Tagged(tags) }) if call_mark.is_some() => {
                Self::tagged(Tags { think, ..tags })
            }
            Some(channels @ Self { kind: Kind::Channels(_) }) => channels,
            _ => Self::tagged(Tags {
                think,
                calls: call_mark.map(|mark| as_in(template, hermes::after(mark.to_owned().into()))),
                ..Tags::default()
            }),
        }
    }

    /// The format of the family whose marks a template has.
    fn known(template: &str) -> Option<Self> {
        let has_all = |marks: &[&str]| marks.iter().all(|mark| template.contains(mark));
        let (_, name) = KNOWN.iter().find(|(marks, _)| has_all(marks))?;
        Self::named(name)
    }

    /// What a Jinja template shows: the marks of well-known families, wherever they stand in its text.
    #[must_use]
    pub fn of_jinja(template: &str) -> Self {
        let has = |mark: &str| template.contains(mark);
        let think = [("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("<seed:think>", "</seed:think>")];
        let think = think.into_iter().find(|(open, close)| has(open) && has(close));
        match Self::known(template) {
            Some(Self { kind: Kind::Tagged(tags) }) => Self::tagged(Tags {
                // Thinking and plain models of a family share the way they call.
                think: match think {
                    None if !tags.thinks_anywhere => None,
                    None => tags.think,
                    Some((open, close)) => Some((open.into(), close.into())),
                },
                ..tags
            }),
            Some(channels) => channels,
            None => Self::tagged(Tags {
                think: think.map(|(open, close)| (open.into(), close.into())),
                calls: (has("tools") || has("tool_call")).then(|| as_in(template, calls_of_jinja(template))),
                ..Tags::default()
            }),
        }
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Whether thoughts are told from content.
    #[must_use]
    pub fn can_think(&self) -> bool {
        match &self.kind {
            Kind::Tagged(tags) => tags.think.is_some(),
            Kind::Channels(_) => true,
        }
    }

    /// What stands before the answer itself.
    #[must_use]
    pub fn thoughts(&self) -> Thoughts<'_> {
        match &self.kind {
            Kind::Tagged(Tags { think: None, .. }) => Thoughts::None,
            Kind::Tagged(Tags { think: Some((_, close)), thinks_first: true, .. }) => Thoughts::Always(close),
            Kind::Tagged(Tags { think: Some((open, close)), .. }) => Thoughts::Marked { open, close },
            Kind::Channels(dialect) => Thoughts::Always(dialect.answer),
        }
    }

    /// Whether calls are told from content.
    #[must_use]
    pub fn can_call(&self) -> bool {
        match &self.kind {
            Kind::Tagged(tags) => tags.calls.is_some(),
            Kind::Channels(_) => true,
        }
    }

    /// Whether an answer is messages with headers.
    #[must_use]
    pub fn has_channels(&self) -> bool {
        matches!(self.kind, Kind::Channels(_))
    }

    /// How calls must be written where they are enforced; `None` where they cannot be.
    #[must_use]
    pub fn enforced_calls(&self) -> Option<CallMarks> {
        match &self.kind {
            Kind::Tagged(tags) => tags.calls.as_ref()?.enforced.as_deref().cloned(),
            Kind::Channels(dialect) => (dialect.enforced)().map(|marks| *marks),
        }
    }

    /// Whether the model knows tools only by identifiers: see [`super::Names`].
    #[must_use]
    pub fn wants_identifiers(&self) -> bool {
        matches!(self.kind, Kind::Channels(dialect) if dialect.wants_identifiers)
    }

    /// Marks that must come as text, also where they are special tokens, which otherwise have none.
    #[must_use]
    pub fn visible(&self, with_tools: bool) -> Vec<String> {
        match &self.kind {
            Kind::Tagged(tags) => {
                let think = tags.think.iter().flat_map(|(open, close)| [open, close]).map(|mark| &**mark);
                let calls = tags.calls.iter().filter(|_| with_tools).flat_map(|calls| {
                    let marks = calls.opens.iter().chain(&calls.closes).map(|mark| &**mark);
                    marks.chain(calls.inner.iter().copied())
                });
                think.chain(calls).map(ToOwned::to_owned).collect()
            }
            Kind::Channels(dialect) => {
                let marks = [dialect.start, dialect.message].into_iter();
                let marks =
                    marks.chain(dialect.ends.iter().copied()).chain(dialect.in_header.iter().copied());
                marks.map(ToOwned::to_owned).collect()
            }
        }
    }
}

/// Calls with the keys that the template shows: Llama's have `parameters`.
fn as_in(template: &str, mut calls: CallSyntax) -> CallSyntax {
    let shows = [r#""parameters": {{"#, r#""parameters": ' }}"#, r#""parameters": dictionary"#];
    let Some(CallMarks { body: CallBody::Object { arguments, .. }, .. }) = calls.enforced.as_deref_mut()
    else {
        return calls;
    };
    if shows.iter().any(|text| template.contains(text)) {
        *arguments = "parameters".to_owned();
    }
    calls
}

/// What stands before calls, where the template is of no family that has a parser by name.
fn calls_of_jinja(template: &str) -> CallSyntax {
    let marks =
        ["<tool_call>", "[TOOL_CALLS]", "<|tool_call|>", "<|python_tag|>", "<tool_calls>", "<function_call>"];
    match marks.into_iter().find(|mark| template.contains(mark)) {
        Some("<tool_call>") => hermes::tool_call(),
        // Llama calls its own tools behind this mark, and others with bare JSON.
        Some(mark @ "<|python_tag|>") => {
            let bare = hermes::after("{".into());
            CallSyntax { opens: vec![mark.into()], ..bare }
        }
        Some(mark) => hermes::after(mark.into()),
        None => hermes::after("{".into()),
    }
}
