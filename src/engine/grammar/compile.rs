//! From a constraint to a guide.

use std::collections::VecDeque;
use std::sync::Arc;

use llguidance::Matcher;
use llguidance::api::TopLevelGrammar;
use serde_json::Value;

use super::guide::{Calls, Compiled, Form, Guide, Next, Opening, Plan, cleaned};
use super::watch::Text;
use super::words::Words;
use super::{GrammarError, gbnf, schema};
use crate::engine::protocol::{self, Constraint, Preamble, Required, Token, ToolForm, ToolSchema};

/// Plans that are kept: programs send the same schema again and again.
const KEPT: usize = 32;

/// Compiles constraints for one vocabulary, and keeps what it compiled last.
pub struct Grammars {
    words: Arc<Words>,
    /// The last used at the end.
    kept: VecDeque<(Constraint, Arc<Plan>)>,
}

impl Grammars {
    /// With nothing compiled yet.
    #[must_use]
    pub fn new(words: Arc<Words>) -> Self {
        Self { words, kept: VecDeque::new() }
    }

    /// A guide for a request, and what its answer may begin with.
    ///
    /// # Errors
    /// See [`GrammarError`].
    pub fn guide(&mut self, constraint: &Constraint) -> Result<(Guide, Next), GrammarError> {
        let plan = match self.kept.iter().position(|(kept, _)| kept == constraint) {
            Some(place) => {
                let (kept, plan) = self.kept.remove(place).ok_or(GrammarError::Nothing)?;
                self.kept.push_back((kept, Arc::clone(&plan)));
                plan
            }
            None => {
                let plan = Arc::new(self.plan(constraint)?);
                self.kept.push_back((constraint.clone(), Arc::clone(&plan)));
                if self.kept.len() > KEPT {
                    self.kept.pop_front();
                }
                plan
            }
        };
        Ok(Guide::new(Arc::clone(&self.words), plan))
    }

    fn plan(&self, constraint: &Constraint) -> Result<Plan, GrammarError> {
        let words = &self.words;
        let form = match &constraint.form {
            protocol::Form::Tools(tools) => Form::Calls(self.calls(tools)?),
            value => Form::Value(self.compile(source(value)?)?),
        };
        let Some(Preamble { open, close }) = &constraint.preamble else {
            return Ok(Plan { opening: None, closing: None, form });
        };
        if close.is_empty() {
            return Err(GrammarError::EmptyMark("ends the preamble"));
        }
        let opening = open.as_deref().filter(|open| !open.is_empty()).map(|open| opening(open, words));
        // An answer that ends inside of the preamble would lack the form.
        let closing = Arc::new(Text::new(close, words, words.end_tokens()));
        Ok(Plan { opening, closing: Some(closing), form })
    }

    fn calls(&self, tools: &ToolForm) -> Result<Calls, GrammarError> {
        if tools.open.is_empty() {
            return Err(GrammarError::EmptyMark("opens a call"));
        }
        let all: Vec<&ToolSchema> = tools.calls.iter().collect();
        let first = match &tools.required {
            None => None,
            Some(Required::Any) => Some(all.clone()),
            Some(Required::Named(name)) => Some(vec![
                *all.iter()
                    .find(|tool| tool.name == *name)
                    .ok_or_else(|| GrammarError::NoSuchTool(name.clone()))?,
            ]),
        };
        let first = first.map(|choice| self.compile(call(tools, &choice, true)?)).transpose()?;
        Ok(Calls {
            open: Arc::new(Text::new(&tools.open, &self.words, &[])),
            call: self.compile(call(tools, &all, false)?)?,
            first,
            once: matches!(tools.required, Some(Required::Named(_))),
        })
    }

    fn compile(&self, source: Source) -> Result<Compiled, GrammarError> {
        let refused = |reason: String| GrammarError::Refused { what: source.what, reason: cleaned(&reason) };
        let parser = self.words.factory.create_parser(source.grammar).map_err(|e| refused(e.to_string()))?;
        let mut matcher = Matcher::new(Ok(parser));
        let first: Vec<u32> = matcher.compute_mask().map_err(|_| GrammarError::Nothing)?.into();
        Ok(Compiled { matcher: Box::new(matcher), first: first.into(), trims: source.trims })
    }
}

/// A grammar for llguidance.
struct Source {
    grammar: TopLevelGrammar,
    /// For messages.
    what: &'static str,
    trims: bool,
}

const SCHEMA: &str = "the JSON schema cannot be enforced";

fn source(form: &protocol::Form) -> Result<Source, GrammarError> {
    let lark =
        |grammar: String, what| Source { grammar: TopLevelGrammar::from_lark(grammar), what, trims: false };
    Ok(match form {
        protocol::Form::Json => json(schema::any_object()),
        protocol::Form::JsonSchema(text) => json(schema::enforceable(text)?),
        protocol::Form::Regex(regex) => Source {
            grammar: TopLevelGrammar::from_regex(regex),
            what: "invalid regular expression",
            trims: false,
        },
        protocol::Form::Choice(texts) => lark(choice(texts)?, "the choice cannot be enforced"),
        protocol::Form::Lark(grammar) => lark(grammar.clone(), "invalid Lark grammar"),
        protocol::Form::Gbnf(grammar) => lark(gbnf::to_lark(grammar)?, "the GBNF grammar cannot be enforced"),
        protocol::Form::Tools(tools) => call(tools, &tools.calls.iter().collect::<Vec<_>>(), true)?,
    })
}

fn json(schema: Value) -> Source {
    Source { grammar: TopLevelGrammar::from_json_schema(schema), what: SCHEMA, trims: true }
}

fn choice(texts: &[String]) -> Result<String, GrammarError> {
    if texts.is_empty() || texts.iter().any(String::is_empty) {
        return Err(GrammarError::EmptyChoice);
    }
    let texts: Vec<String> = texts.iter().map(|text| gbnf::literal(text)).collect();
    Ok(format!("start: /{}/", texts.join("|")))
}

/// A call: `{"name": …, "arguments": …}` of one of some tools, and what ends it; `opened`: what opens it comes first.
fn call(tools: &ToolForm, choice: &[&ToolSchema], opened: bool) -> Result<Source, GrammarError> {
    let mark =
        |text: &str| if text.is_empty() { String::new() } else { format!("/{}/", gbnf::literal(text)) };
    let open = if opened { mark(&tools.open) } else { String::new() };
    let names: Vec<String> = (0..choice.len()).map(|place| format!("call_{place}")).collect();
    let mut lark = format!("start: {open} SPACE? ({}) SPACE? {}\n", names.join(" | "), mark(&tools.close));
    lark += "SPACE: /[ \\n]{1,2}/\n";
    for (name, tool) in names.iter().zip(choice) {
        let schema = schema::call(&tools.name_key, &tool.name, &tools.arguments_key, &tool.parameters)?;
        lark += &format!("{name}: %json {schema}\n");
    }
    if choice.is_empty() {
        return Err(GrammarError::EmptyChoice);
    }
    Ok(Source { grammar: TopLevelGrammar::from_lark(lark), what: SCHEMA, trims: tools.close.is_empty() })
}

fn opening(text: &str, words: &Words) -> Opening {
    let bytes = text.as_bytes();
    let sets = (0..bytes.len()).map(|written| {
        let rest = &bytes[written..];
        let mut set = vec![0_u32; (words.len() as usize).div_ceil(32)];
        let goes_on = |token: &Token| {
            let spelled = words.spelled(*token);
            let behind = spelled.strip_prefix(rest);
            (!spelled.is_empty() && rest.starts_with(spelled))
                || behind.is_some_and(|behind| behind.iter().all(u8::is_ascii_whitespace))
        };
        for token in (0..words.len()).filter(goes_on) {
            set[token as usize / 32] |= 1 << (token % 32);
        }
        Arc::from(set)
    });
    Opening { sets: sets.collect(), text: bytes.to_vec() }
}
