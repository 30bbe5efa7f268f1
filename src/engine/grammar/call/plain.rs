//! Values as plain text. Whoever reads them tells by the types of their parameter what they are, see
//! [`crate::engine::typing`]: so a text that would be read as something else is not allowed where that is not valid, and
//! what may come is one expression for texts, numbers and constants together.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::merged::merged;
use super::rules::{either, expression};
use super::text::{self, Text, unsupported};
use super::values::{self, Values};
use crate::engine::grammar::gbnf;
use crate::engine::grammar::schema::SchemaError;
use crate::engine::typing::{DEEP, Type, Types};

/// What is read as `null`, and as a boolean.
const NULL: &str = "null|None";
const BOOLEAN: &str = "true|True|false|False";

/// What a text would be read as, if the types allow it.
const READ_AS: [(Type, &str); 5] = [
    (Type::Boolean, BOOLEAN),
    (Type::Integer, "-?[0-9]+"),
    (Type::Number, r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+\-]?[0-9]+)?"),
    (Type::Array, r"\[(?s:.*)"),
    (Type::Object, r"\{(?s:.*)"),
];

/// A parameter's value as plain text.
pub(super) struct Plain<'v, 'a> {
    values: &'v mut Values<'a>,
    types: Types,
    /// What is read as text.
    texts: Vec<Text>,
    /// Expressions of what is read as something else.
    words: Vec<String>,
    /// Numbers within bounds: rules.
    numbers: Vec<String>,
    /// Arrays and objects: rules.
    rules: Vec<String>,
}

impl<'v, 'a> Plain<'v, 'a> {
    /// Values of a schema, of which the reader knows these types.
    ///
    /// # Errors
    /// With a keyword that cannot be enforced.
    pub(super) fn of(values: &'v mut Values<'a>, types: Types, schema: &Value) -> Result<Self, SchemaError> {
        let (texts, words, numbers, rules) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut plain = Self { values, types, texts, words, numbers, rules };
        plain.add(schema, DEEP)?;
        // Where a text could go on behind a number, nothing would tell them apart.
        if !plain.texts.iter().any(Text::begins_like_number) {
            plain.rules.append(&mut plain.numbers);
        }
        let is_empty = plain.texts.is_empty() && plain.words.is_empty() && plain.rules.is_empty();
        if is_empty { Err(unsupported("type")) } else { Ok(plain) }
    }

    fn add(&mut self, schema: &Value, deep: usize) -> Result<(), SchemaError> {
        let deep = deep.checked_sub(1).ok_or_else(|| unsupported("$ref"))?;
        let members = match schema {
            Value::Bool(true) => Cow::Owned(Map::new()),
            Value::Object(members) => merged(members)?,
            _ => return Ok(()),
        };
        let members = members.as_ref();
        if let Some(name) = values::reference(members)? {
            let arguments = self.values.arguments;
            let target = arguments.definitions.get(name).ok_or_else(|| unsupported("$ref"))?;
            return self.add(target, deep);
        }
        if let Some(options) = values::options(members)? {
            return options.iter().try_for_each(|option| self.add(option, deep));
        }
        if let Some(values) = values::values(members)? {
            values.into_iter().for_each(|value| self.add_value(value));
            return Ok(());
        }
        for kind in values::kinds(members).unwrap_or_else(|| values::KINDS.to_vec()) {
            self.add_type(kind, members)?;
        }
        Ok(())
    }

    fn add_type(&mut self, kind: Type, members: &Map<String, Value>) -> Result<(), SchemaError> {
        let is_bounded = || members.keys().any(|key| values::BOUNDS.contains(&key.as_str()));
        match kind {
            Type::String => self.texts.push(Text::of(members)?),
            kind if !self.types.has(kind) => {}
            Type::Null => self.words.push(NULL.into()),
            Type::Boolean => self.words.push(BOOLEAN.into()),
            Type::Integer | Type::Number if is_bounded() => {
                let number = self.values.number(kind, members);
                self.numbers.push(number);
            }
            Type::Integer => self.words.push(values::INTEGER.into()),
            Type::Number => self.words.push(values::NUMBER.into()),
            Type::Array | Type::Object => {
                let mut members = members.clone();
                members.insert("type".into(), kind.name().into());
                let rule = self.values.value(&Value::Object(members))?;
                self.rules.push(rule);
            }
        }
        Ok(())
    }

    /// A value, unless it would be read as another one.
    fn add_value(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                let word = text.trim();
                if self.types.plain(word).is_none() && !self.types.opens(word) && self.values.allows(text) {
                    self.texts.push(Text::exactly(text));
                }
            }
            Value::Array(_) | Value::Object(_) => {
                if self.types.opens(&value.to_string()) {
                    let literal = self.values.literal(value);
                    self.rules.extend(literal);
                }
            }
            plain => {
                let text = plain.to_string();
                let same =
                    |read: Value| read == *plain || (read.is_number() && read.as_f64() == plain.as_f64());
                if self.types.plain(&text).is_some_and(same) {
                    self.words.push(gbnf::literal(&text));
                }
            }
        }
    }

    /// The value and what ends it. `lines`: whether a newline may stand before and behind it.
    pub(super) fn ended(mut self, end: &str, lines: bool) -> String {
        let newline = self.values.rules.terminal("/\\n/");
        let mut options: Vec<String> =
            self.core().into_iter().map(|core| self.framed(&core, end, lines)).collect();
        if !self.rules.is_empty() {
            let newline = if lines { format!("{newline}?") } else { String::new() };
            let end = self.values.words.lark(end);
            options.push(format!("{newline} {} {newline} {end}", either(&self.rules)));
        }
        either(&options)
    }

    /// Texts, numbers and constants, as a terminal.
    fn core(&mut self) -> Option<String> {
        let others = self.others();
        let mut options: Vec<String> = Vec::new();
        for text in std::mem::take(&mut self.texts) {
            options.push(format!("({}{others})", self.values.text(&text)));
        }
        if !self.words.is_empty() {
            options.push(expression(&self.words.join("|")));
        }
        (!options.is_empty()).then(|| self.values.rules.terminal(&options.join(" | ")))
    }

    /// What texts must not look like.
    fn others(&mut self) -> String {
        if !self.types.has_others() {
            return String::new();
        }
        let all = READ_AS.iter().filter(|(kind, _)| self.types.has(*kind)).map(|(_, regex)| *regex);
        let all: Vec<&str> = std::iter::once(NULL).chain(all).collect();
        let all = expression(&format!(r"\s*(?:{})\s*", all.join("|")));
        format!(" & ~{}", self.values.rules.terminal(&all))
    }

    /// A newline on both sides is not the value's own; without it, the value must have none there.
    fn framed(&mut self, core: &str, end: &str, lines: bool) -> String {
        if !lines {
            return self.values.ended(core, end);
        }
        let rules = &mut self.values.rules;
        let edged = rules.terminal(&expression(&format!(r"\n{}|{}\n", text::ANY, text::ANY)));
        self.values.ended(&format!("/\\n/ {core} /\\n/ | ({core} & ~{edged})"), end)
    }
}
