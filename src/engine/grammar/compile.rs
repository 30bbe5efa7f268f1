//! From a constraint to a guide.

use std::collections::VecDeque;
use std::sync::Arc;

use llguidance::Matcher;
use llguidance::api::TopLevelGrammar;
use serde_json::Value;

use super::call::{self, Place};
use super::guide::{Again, Calls, Compiled, Form, Guide, Next, Opening, Plan, cleaned};
use super::watch::Text;
use super::words::Words;
use super::{GrammarError, gbnf, schema};
use crate::engine::protocol::{self, CallMarks, Constraint, Preamble, Required, Token, ToolForm, ToolSchema};

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
        let form = self.form(&constraint.form)?;
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

    fn form(&self, form: &protocol::Form) -> Result<Form, GrammarError> {
        let lark = |grammar: String, what| Source::lark(grammar, what);
        let source = match form {
            protocol::Form::Tools(tools) => return Ok(Form::Calls(self.calls(tools)?)),
            protocol::Form::Json => Source::json(schema::any_object()),
            protocol::Form::JsonSchema(text) => Source::json(schema::enforceable(text)?),
            protocol::Form::Regex(regex) => Source {
                grammar: TopLevelGrammar::from_regex(regex),
                what: "invalid regular expression",
                trims: false,
            },
            protocol::Form::Choice(texts) => lark(choice(texts)?, "the choice cannot be enforced"),
            protocol::Form::Lark(grammar) => lark(grammar.clone(), "invalid Lark grammar"),
            protocol::Form::Gbnf(grammar) => {
                lark(gbnf::to_lark(grammar)?, "the GBNF grammar cannot be enforced")
            }
        };
        Ok(Form::Value(self.compile(source)?))
    }

    fn calls(&self, tools: &ToolForm) -> Result<Calls, GrammarError> {
        let ToolForm { marks, calls, required } = tools;
        if marks.open.is_empty() && required.is_none() {
            return Err(GrammarError::EmptyMark("opens a call"));
        }
        let all: Vec<&ToolSchema> = calls.iter().collect();
        let named = |name: &String| {
            let tool = calls.iter().find(|tool| tool.name == *name);
            tool.map(|tool| vec![tool]).ok_or_else(|| GrammarError::NoSuchTool(name.clone()))
        };
        // Calls that nothing opens cannot be found: the first is the last.
        let once = marks.open.is_empty() || matches!(required, Some(Required::Named(_)));
        let first = match required {
            None => None,
            Some(Required::Any) => Some(self.call(marks, &all, Place::First)?),
            Some(Required::Named(name)) => Some(self.call(marks, &named(name)?, Place::Only)?),
        };
        let again = match once {
            true => None,
            false => {
                let open = Arc::new(Text::new(&marks.open, &self.words, &[]));
                Some(Again { open, call: self.call(marks, &all, Place::Opened)? })
            }
        };
        Ok(Calls { first, again })
    }

    /// A call of one of some tools. Those that llguidance refuses get any arguments, if it is they alone.
    fn call(
        &self,
        marks: &CallMarks,
        choice: &[&ToolSchema],
        place: Place,
    ) -> Result<Compiled, GrammarError> {
        let one = |choice: &[&ToolSchema]| {
            self.compile(Source::of_call(call::lark(marks, choice, place, &self.words)?, marks))
        };
        one(choice).or_else(|error| {
            let refused = |tool: &&&ToolSchema| one(&[**tool]).is_err();
            let loose: Vec<ToolSchema> =
                choice.iter().filter(refused).map(|tool| call::loose(tool)).collect();
            let loosened = |tool: &&ToolSchema| loose.iter().find(|loose| loose.name == tool.name);
            let all: Vec<&ToolSchema> = choice.iter().map(|tool| loosened(tool).unwrap_or(*tool)).collect();
            if loose.is_empty() { Err(error) } else { one(&all) }
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

impl Source {
    fn json(schema: Value) -> Self {
        Self { grammar: TopLevelGrammar::from_json_schema(schema), what: SCHEMA, trims: true }
    }

    fn lark(grammar: String, what: &'static str) -> Self {
        Self { grammar: TopLevelGrammar::from_lark(grammar), what, trims: false }
    }

    /// White space behind a call that nothing closes is not worth waiting for.
    fn of_call(grammar: String, marks: &CallMarks) -> Self {
        Self { trims: marks.close.is_empty(), ..Self::lark(grammar, "the tools cannot be enforced") }
    }
}

fn choice(texts: &[String]) -> Result<String, GrammarError> {
    if texts.is_empty() || texts.iter().any(String::is_empty) {
        return Err(GrammarError::EmptyChoice);
    }
    let texts: Vec<String> = texts.iter().map(|text| gbnf::literal(text)).collect();
    Ok(format!("start: /{}/", texts.join("|")))
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
