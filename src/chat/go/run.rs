//! One rendering: gotmpl runs the tree, the budget watches it.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::Arc;

use gotmpl::parse::{ListNode, SmolStr};
use gotmpl::{MissingKey, Template, TemplateError, Value};
use parking_lot::Mutex;

use super::notes::Notes;
use super::{GoTemplateError, functions};

/// What one rendering may do: about one step for each expression that is evaluated and for each 64 bytes that
/// a function looks at. A conversation that fills a context of a million tokens needs a small part of it; a
/// template that loops for ever is stopped within a second or two.
const STEPS: u64 = 10_000_000;

/// What one rendering may print or build, in bytes.
const BYTES: u64 = 64 << 20;

/// What gotmpl counts by itself: rounds of `range`, empty ones too.
const ROUNDS: u64 = 1_000_000;

/// What is left of a rendering's budget, and where it is.
#[derive(Debug)]
pub(super) struct Budget {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    line: usize,
    steps: u64,
    bytes: u64,
    /// Something was asked for that was not left.
    exceeded: bool,
}

impl Budget {
    fn new() -> Self {
        Self { state: Mutex::new(State { line: 1, steps: STEPS, bytes: BYTES, exceeded: false }) }
    }

    /// An action begins at `line`, with `weight` expressions.
    pub(super) fn enter(&self, line: usize, weight: u64) -> Result<(), TemplateError> {
        self.state.lock().line = line;
        self.steps(weight)
    }

    /// # Errors
    /// If not as many steps are left. The text of the error does not matter: [`Run`] asks the budget.
    pub(super) fn steps(&self, steps: u64) -> Result<(), TemplateError> {
        let mut state = self.state.lock();
        let left = state.steps.checked_sub(steps);
        state.exceeded |= left.is_none();
        state.steps = left.unwrap_or(0);
        left.map_or(Err(TemplateError::Write), |_| Ok(()))
    }

    /// # Errors
    /// If not as many bytes are left.
    pub(super) fn bytes(&self, bytes: u64) -> Result<(), TemplateError> {
        let mut state = self.state.lock();
        let left = state.bytes.checked_sub(bytes);
        state.exceeded |= left.is_none();
        state.bytes = left.unwrap_or(0);
        left.map_or(Err(TemplateError::Write), |_| Ok(()))
    }

    /// What an error of gotmpl means.
    fn explain(&self, error: TemplateError) -> GoTemplateError {
        let State { line, exceeded, .. } = *self.state.lock();
        match error {
            _ if exceeded => GoTemplateError::Endless { line },
            TemplateError::RangeIterLimit | TemplateError::RecursionLimit => {
                GoTemplateError::Endless { line }
            }
            TemplateError::Exec(message) => GoTemplateError::Execution { line, message },
            other => GoTemplateError::Execution { line, message: other.to_string() },
        }
    }
}

/// Trees that are ready to be run, by name.
pub(super) type Bodies = BTreeMap<SmolStr, ListNode>;

/// A rendering that may take several executions, which share one budget and one output.
pub(super) struct Run {
    template: Template,
    budget: Arc<Budget>,
    out: String,
}

impl Run {
    pub(super) fn new(bodies: &Bodies, notes: Notes) -> Self {
        let budget = Arc::new(Budget::new());
        let functions = functions::all(&budget, notes);
        let template = Template::new("").missing_key(MissingKey::ZeroValue).max_range_iters(ROUNDS);
        let template = bodies.iter().fold(template.funcs(functions), |template, (name, body)| {
            template.add_parse_tree(name, body.clone())
        });
        Self { template, budget, out: String::new() }
    }

    /// Renders the body with this name, after what was rendered before.
    pub(super) fn execute(&mut self, name: &str, dot: &Value) -> Result<(), GoTemplateError> {
        let mut out = Output { text: &mut self.out, budget: &self.budget };
        self.template.execute_template_fmt(&mut out, name, dot).map_err(|error| self.budget.explain(error))
    }

    /// Everything that was printed.
    pub(super) fn finish(self) -> String {
        self.out
    }
}

struct Output<'a> {
    text: &'a mut String,
    budget: &'a Budget,
}

impl Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.budget.bytes(text.len() as u64).map_err(|_| fmt::Error)?;
        self.text.push_str(text);
        Ok(())
    }
}
