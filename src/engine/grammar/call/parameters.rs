//! Calls whose arguments come one by one.

use serde_json::Value;

use super::plain::Plain;
use super::rules::{Item, Rules, expression};
use super::text::unsupported;
use super::values::{self, Literals, Values};
use crate::engine::grammar::gbnf;
use crate::engine::grammar::schema::{Arguments, SchemaError};
use crate::engine::grammar::words::Words;
use crate::engine::protocol::{Notation, Parameters, ToolSchema};
use crate::engine::typing::Types;

/// White space as models write it between the parts of a call.
const SPACE: &str = "SPACE?";

/// A call of a tool. Parameters come in the order of the schema, others behind them.
///
/// # Errors
/// With a keyword of the schema that cannot be enforced.
pub(super) fn call(
    form: &Parameters,
    tool: &ToolSchema,
    (rules, words): (&mut Rules, &Words),
) -> Result<String, SchemaError> {
    let arguments = Arguments::of(&tool.parameters)?;
    let literals = match &form.notation {
        Notation::Text { .. } => Literals::Json,
        Notation::Python => Literals::Python,
        Notation::Quoted(quote) => Literals::Quoted(quote),
    };
    let mut one = One { form, values: Values::new((rules, words), &arguments, literals, &form.never) };
    let mut items = Vec::new();
    for (name, schema) in &arguments.properties {
        let required = arguments.required.contains(name);
        match one.key(name) {
            Some(key) => {
                let value = one.value(arguments.types(name), schema)?;
                items.push(Item { lark: format!("{key} {value}"), required });
            }
            None if required => return Err(unsupported("required")),
            None => {}
        }
    }
    let others = match &arguments.others {
        None => None,
        Some(schema) => {
            let key = one.other_key(arguments.properties.keys());
            let value = one.value(arguments.other_types(), schema)?;
            Some(one.values.rules.rule(&format!("{key} {value}")))
        }
    };
    let separator = match form.separator.as_str() {
        "" => SPACE.to_owned(),
        separator => format!("{SPACE} {} {SPACE}", words.lark(separator)),
    };
    let inner = one.values.rules.sequence(&items, others.as_deref(), &separator);
    let [before, name, behind, end] =
        [&form.before, &tool.name, &form.behind, &form.end].map(|text| words.lark(text));
    Ok(format!("{before} {name} {behind} {SPACE} {inner} {SPACE} {end}"))
}

/// Writes the parameters of one tool.
struct One<'a> {
    form: &'a Parameters,
    values: Values<'a>,
}

impl One<'_> {
    /// The name of a parameter and what stands around it; `None` if it cannot be written.
    fn key(&mut self, name: &str) -> Option<String> {
        let fits = match self.form.notation {
            Notation::Text { .. } => {
                let ends = name.contains(['<', '\n']) || name.contains(&self.form.key.1);
                name == name.trim() && !name.is_empty() && !ends
            }
            Notation::Python | Notation::Quoted(_) => values::is_name(name),
        };
        let (before, behind) = &self.form.key;
        match fits {
            true => Some(self.values.words.lark(&format!("{before}{name}{behind}"))),
            false => {
                let quoted = self.values.quoted_key(name)?;
                let words = self.values.words;
                Some(format!("{} {quoted} {}", words.lark(before), words.lark(behind)))
            }
        }
    }

    /// The name of a parameter that is none of some.
    fn other_key<'n>(&mut self, taken: impl Iterator<Item = &'n String>) -> String {
        let taken: Vec<String> = taken.map(|name| gbnf::literal(name)).collect();
        let name = expression(values::OTHER_PARAMETER);
        let name = match taken.is_empty() {
            true => name,
            false => format!("{name} & ~{}", expression(&taken.join("|"))),
        };
        let name = self.values.rules.terminal(&name);
        let (before, behind) = &self.form.key;
        let words = self.values.words;
        format!("{} {name} {}", words.lark(before), words.lark(behind))
    }

    /// A value and what stands around it.
    fn value(&mut self, types: Types, schema: &Value) -> Result<String, SchemaError> {
        let (before, behind) = &self.form.value;
        let words = self.values.words;
        let before = match before.as_str() {
            "" => String::new(),
            before => format!("{SPACE} {}", words.lark(before)),
        };
        let value = match self.form.notation {
            Notation::Text { lines } => Plain::of(&mut self.values, types, schema)?.ended(behind, lines),
            Notation::Python | Notation::Quoted(_) => {
                format!("{SPACE} {} {}", self.values.value(schema)?, words.lark(behind))
            }
        };
        Ok(format!("{before} {value}"))
    }
}
