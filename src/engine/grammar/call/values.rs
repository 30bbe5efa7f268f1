//! Values by their schema, as literals: of JSON, of Python, or with a text of its own around strings.
//!
//! Schemas come as [`super::super::schema`] rewrites them. What cannot be said here is left to llguidance where the
//! literals are JSON or close to it, and is an error elsewhere.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::merged::merged;
use super::rules::{Item, Rules, either, expression};
use super::text::{self, Text, unsupported};
use crate::engine::grammar::gbnf;
use crate::engine::grammar::schema::{self, Arguments, SchemaError};
use crate::engine::grammar::words::Words;
use crate::engine::typing::Type;

/// Numbers that readers hold without loss, more or less.
pub(super) const INTEGER: &str = "-?(?:0|[1-9][0-9]{0,17})";
pub(super) const NUMBER: &str = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?(?:[eE][+\-]?[0-9]{1,2})?";
/// A character in a string of JSON, the two halves of a surrogate pair together.
const CHARACTER: &str = concat!(
    r#"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u(?:[0-9a-ce-fA-CE-F][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}"#,
    r"|[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))"
);
/// Keywords that bound numbers.
pub(super) const BOUNDS: [&str; 5] =
    ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

/// The types of any value. Whole numbers are numbers.
pub(super) const KINDS: [Type; 6] =
    [Type::Null, Type::Boolean, Type::Number, Type::String, Type::Array, Type::Object];

/// The schema of anything.
static ANYTHING: Value = Value::Bool(true);

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Literals<'a> {
    Json,
    Python,
    /// With this text around strings, in which nothing is escaped, and no quotes around keys.
    Quoted(&'a str),
}

/// Writes the grammar of the values of one tool.
pub(super) struct Values<'a> {
    pub(super) rules: &'a mut Rules,
    pub(super) words: &'a Words,
    pub(super) arguments: &'a Arguments,
    literals: Literals<'a>,
    /// What no text may hold.
    never: &'a [String],
    /// A terminal: texts that hold such a thing.
    marks: Option<String>,
    /// Rules of what references refer to.
    referred: HashMap<String, String>,
    /// The rule of any value.
    any: Option<String>,
}

impl<'a> Values<'a> {
    /// `never`: what no text may hold.
    pub(super) fn new(
        (rules, words): (&'a mut Rules, &'a Words),
        arguments: &'a Arguments,
        literals: Literals<'a>,
        never: &'a [String],
    ) -> Self {
        let marks = match never {
            [] => None,
            marks => Some(rules.terminal(&expression(&text::holding(marks)))),
        };
        Self { rules, words, arguments, literals, never, marks, referred: HashMap::new(), any: None }
    }

    /// Whether a text may come.
    pub(super) fn allows(&self, text: &str) -> bool {
        !self.never.iter().any(|mark| text.contains(mark))
    }

    /// Values of a schema.
    ///
    /// # Errors
    /// With a keyword that cannot be enforced.
    pub(super) fn value(&mut self, schema: &Value) -> Result<String, SchemaError> {
        match (self.own(schema), self.literals, schema) {
            (Err(_), Literals::Json | Literals::Python, Value::Object(members)) => Ok(self.nested(members)),
            (own, ..) => own,
        }
    }

    /// Values of a schema, as llguidance has them.
    fn nested(&self, members: &Map<String, Value>) -> String {
        format!("%json {}", self.arguments.part(members))
    }

    fn own(&mut self, schema: &Value) -> Result<String, SchemaError> {
        let members = match schema {
            Value::Bool(true) => return self.any(),
            Value::Object(members) => merged(members)?,
            _ => return Err(unsupported("false")),
        };
        let members = members.as_ref();
        if members.is_empty() {
            return self.any();
        }
        if let Some(name) = reference(members)? {
            return self.referred(name);
        }
        if let Some(options) = options(members)? {
            let options = options.iter().filter(|option| **option != Value::Bool(false));
            let options: Vec<String> = options.map(|option| self.value(option)).collect::<Result<_, _>>()?;
            return if options.is_empty() { Err(unsupported("anyOf")) } else { Ok(either(&options)) };
        }
        if let Some(values) = values(members)? {
            let literals: Vec<String> = values.into_iter().filter_map(|value| self.literal(value)).collect();
            return if literals.is_empty() { Err(unsupported("enum")) } else { Ok(either(&literals)) };
        }
        let kinds = kinds(members).ok_or_else(|| unsupported("type"))?;
        let kinds: Vec<String> =
            kinds.into_iter().map(|kind| self.of_type(kind, members)).collect::<Result<_, _>>()?;
        Ok(either(&kinds))
    }

    /// Values of one type. Of what `members` says, the rest is about others.
    pub(super) fn of_type(
        &mut self,
        kind: Type,
        members: &Map<String, Value>,
    ) -> Result<String, SchemaError> {
        match kind {
            Type::Null => Ok(self.constant(&Value::Null)),
            Type::Boolean => {
                Ok(format!("({} | {})", self.constant(&true.into()), self.constant(&false.into())))
            }
            Type::Integer | Type::Number => Ok(self.number(kind, members)),
            Type::String => self.string(members),
            Type::Array => self.array(members),
            Type::Object => self.object(members),
        }
    }

    /// Any value.
    fn any(&mut self) -> Result<String, SchemaError> {
        if let Some(any) = &self.any {
            return Ok(any.clone());
        }
        let name = self.rules.reserved();
        self.any = Some(name.clone());
        let all: Vec<String> =
            KINDS.into_iter().map(|kind| self.of_type(kind, &Map::new())).collect::<Result<_, _>>()?;
        self.rules.define(&name, &all.join(" | "));
        Ok(name)
    }

    fn referred(&mut self, name: &str) -> Result<String, SchemaError> {
        if let Some(rule) = self.referred.get(name) {
            return Ok(rule.clone());
        }
        let target = self.arguments.definitions.get(name).ok_or_else(|| unsupported("$ref"))?;
        let rule = self.rules.reserved();
        self.referred.insert(name.to_owned(), rule.clone());
        match self.value(target) {
            Ok(body) => self.rules.define(&rule, &body),
            Err(error) => {
                self.referred.remove(name);
                return Err(error);
            }
        }
        Ok(rule)
    }

    fn constant(&self, value: &Value) -> String {
        let text = match (self.literals, value) {
            (Literals::Python, Value::Null) => "None".to_owned(),
            (Literals::Python, Value::Bool(true)) => "True".to_owned(),
            (Literals::Python, Value::Bool(false)) => "False".to_owned(),
            (_, value) => value.to_string(),
        };
        self.words.lark(&text)
    }

    /// A number. Bounds are llguidance's.
    pub(super) fn number(&mut self, kind: Type, members: &Map<String, Value>) -> String {
        let bounds = members.iter().filter(|(key, _)| BOUNDS.contains(&key.as_str()));
        let mut bounds: Map<String, Value> =
            bounds.map(|(key, value)| (key.clone(), value.clone())).collect();
        if bounds.is_empty() {
            let regex = if kind == Type::Integer { INTEGER } else { NUMBER };
            return self.rules.terminal(&expression(regex));
        }
        bounds.insert("type".into(), kind.name().into());
        format!("%json {}", self.arguments.part(&bounds))
    }

    fn string(&mut self, members: &Map<String, Value>) -> Result<String, SchemaError> {
        if let Literals::Quoted(quote) = self.literals {
            return Ok(self.quoted(&Text::of(members)?, quote));
        }
        if text::patterns(members).is_empty() {
            let times = text::length(members)?.unwrap_or_else(|| "*".into());
            let body = self.unmarked(&expression(&format!("\"{CHARACTER}{times}\"")));
            return Ok(self.rules.terminal(&body));
        }
        let text = Text::of(members)?.and(text::UNESCAPED.to_owned())?;
        Ok(self.unescaped(&text))
    }

    /// A string of JSON in which nothing is escaped.
    fn unescaped(&mut self, text: &Text) -> String {
        let body = self.text(text);
        self.rules.terminal(&format!("/\"/ ({body}) /\"/"))
    }

    /// A text between quotes in which nothing is escaped.
    fn quoted(&mut self, text: &Text, quote: &str) -> String {
        let open = self.words.lark(quote);
        let body = self.text(text);
        format!("{open} {}", self.ended(&body, quote))
    }

    /// A terminal's body: a text without marks.
    pub(super) fn text(&self, text: &Text) -> String {
        let all = std::iter::once(text::ANY).chain(text.all.iter().map(String::as_str));
        self.unmarked(&all.map(expression).collect::<Vec<_>>().join(" & "))
    }

    fn unmarked(&self, body: &str) -> String {
        match &self.marks {
            Some(marks) => format!("{body} & ~{marks}"),
            None => body.to_owned(),
        }
    }

    /// A terminal and what ends it. Its end is a part of it: texts cannot end by themselves, as they take all that they
    /// can get.
    pub(super) fn ended(&mut self, body: &str, end: &str) -> String {
        let (head, tokens) = self.words.split(end);
        let whole = match head {
            "" => body.to_owned(),
            head => format!("({body}) /{}/", gbnf::literal(head)),
        };
        format!("{}{}", self.rules.terminal(&whole), self.words.lark(tokens))
    }

    /// This value; `None` if it cannot be written.
    pub(super) fn literal(&mut self, value: &Value) -> Option<String> {
        match (value, self.literals) {
            (Value::String(text), Literals::Quoted(quote)) => {
                self.allows(text).then(|| self.quoted(&Text::exactly(text), quote))
            }
            (Value::String(_), _) => Some(self.words.lark(&value.to_string())),
            (Value::Array(items), _) => {
                let items: Vec<String> =
                    items.iter().map(|item| self.literal(item)).collect::<Option<_>>()?;
                let space = self.space();
                let items = items.join(&format!(" {space} /,/ {space} "));
                Some(format!("/\\[/ {space} {items} {space} /\\]/"))
            }
            (Value::Object(members), _) => {
                let space = self.space();
                let members = members.iter().map(|(key, value)| {
                    let value = self.literal(value)?;
                    Some(format!("{} {space} /:/ {space} {value}", self.key(key)?))
                });
                let members: Vec<String> = members.collect::<Option<_>>()?;
                let members = members.join(&format!(" {space} /,/ {space} "));
                Some(format!("/\\{{/ {space} {members} {space} /\\}}/"))
            }
            (plain, _) => Some(self.constant(plain)),
        }
    }

    /// A name between quotes; `None` if names have none.
    pub(super) fn quoted_key(&mut self, name: &str) -> Option<String> {
        matches!(self.literals, Literals::Quoted(_)).then(|| self.literal(&name.into())).flatten()
    }

    /// The name of a property; `None` if it cannot be written.
    fn key(&mut self, name: &str) -> Option<String> {
        match self.literals {
            Literals::Quoted(_) if is_name(name) => Some(self.words.lark(name)),
            Literals::Quoted(_) => self.literal(&name.into()),
            Literals::Json | Literals::Python => Some(self.words.lark(&Value::from(name).to_string())),
        }
    }

    /// White space that may come between parts.
    pub(super) fn space(&mut self) -> String {
        self.rules.terminal(&expression(schema::SPACE)) + "?"
    }

    fn array(&mut self, members: &Map<String, Value>) -> Result<String, SchemaError> {
        let (low, high) = (count(members, "minItems").unwrap_or(0), count(members, "maxItems"));
        if high.is_some_and(|high| high < low) {
            return Err(unsupported("maxItems"));
        }
        let prefix =
            members.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let prefix = &prefix[..prefix.len().min(high.unwrap_or(usize::MAX))];
        let space = self.space();
        let comma = format!("{space} /,/ {space}");
        let (low_behind, high_behind) =
            (low.saturating_sub(prefix.len()), high.map(|high| high - prefix.len()));
        let others = members.get("items").unwrap_or(&ANYTHING);
        // What may come if something came before, and if nothing did.
        let (mut behind, mut first) = if *others == Value::Bool(false) || high_behind == Some(0) {
            if low_behind > 0 {
                return Err(unsupported("minItems"));
            }
            (String::new(), String::new())
        } else {
            let item = self.value(others)?;
            let again = |low: usize, high: Option<usize>| repeated(&format!("({comma} {item})"), low, high);
            let rest = again(low_behind.saturating_sub(1), high_behind.map(|high| high - 1));
            let first = if low_behind > 0 { format!("{item} {rest}") } else { format!("({item} {rest})?") };
            (again(low_behind, high_behind), first)
        };
        for (place, item) in prefix.iter().enumerate().rev() {
            let item = self.value(item)?;
            let rest = self.rules.rule(&behind);
            let [after, alone] = [format!("{comma} {item} {rest}"), format!("{item} {rest}")];
            let optional = |body: String| if place < low { body } else { format!("({body})?") };
            (behind, first) = (optional(after), optional(alone));
        }
        Ok(format!("/\\[/ {space} {first} {space} /\\]/"))
    }

    fn object(&mut self, members: &Map<String, Value>) -> Result<String, SchemaError> {
        let required: Vec<&str> = members
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let others = members.get("additionalProperties").unwrap_or(&ANYTHING);
        let named = members.get("properties").and_then(Value::as_object);
        let unnamed = required.iter().filter(|name| !named.is_some_and(|named| named.contains_key(**name)));
        let named = named.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema));
        let all: Vec<(&str, &Value)> = named.chain(unnamed.map(|name| (*name, others))).collect();
        let space = self.space();
        let mut items = Vec::new();
        for (name, schema) in &all {
            let required = required.contains(name);
            if *schema == &Value::Bool(false) && !required {
                continue;
            }
            let key = self.key(name).ok_or_else(|| unsupported("properties"))?;
            let value = self.value(schema)?;
            items.push(Item { lark: format!("{key} {space} /:/ {space} {value}"), required });
        }
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        let others = self.other_properties(members, &names)?;
        let comma = format!("{space} /,/ {space}");
        let inner = match self.counted(members, &items, others.as_deref(), &comma)? {
            Some(counted) => counted,
            None => self.rules.sequence(&items, others.as_deref(), &comma),
        };
        Ok(format!("/\\{{/ {space} {inner} {space} /\\}}/"))
    }

    /// Properties without a name of their own: by patterns of their names, and all others.
    fn other_properties(
        &mut self,
        members: &Map<String, Value>,
        taken: &[&str],
    ) -> Result<Option<String>, SchemaError> {
        let patterns = members.get("patternProperties").and_then(Value::as_object);
        let patterns: Vec<(String, &Value)> =
            patterns.into_iter().flatten().map(|(pattern, schema)| (text::whole(pattern), schema)).collect();
        for (pattern, _) in &patterns {
            if taken.iter().any(|name| Text::exactly(name).and(pattern.clone()).is_ok()) {
                return Err(unsupported("patternProperties"));
            }
        }
        let mut excluded: Vec<String> = taken.iter().map(|name| gbnf::literal(name)).collect();
        let mut options = Vec::new();
        for (pattern, schema) in &patterns {
            options.extend(self.other_property(Some(pattern), &excluded, schema)?);
            excluded.push(pattern.clone());
        }
        let others = members.get("additionalProperties").unwrap_or(&ANYTHING);
        options.extend(self.other_property(None, &excluded, others)?);
        Ok(if options.is_empty() { None } else { Some(self.rules.rule(&options.join(" | "))) })
    }

    /// A property whose name is none of the excluded.
    fn other_property(
        &mut self,
        pattern: Option<&String>,
        excluded: &[String],
        schema: &Value,
    ) -> Result<Option<String>, SchemaError> {
        if *schema == Value::Bool(false) {
            return Ok(None);
        }
        let plain =
            if matches!(self.literals, Literals::Quoted(_)) { OTHER_PARAMETER } else { text::UNESCAPED };
        let mut name = Text::like(plain);
        if let Some(pattern) = pattern {
            let Ok(fitting) = name.and(pattern.clone()) else { return Ok(None) };
            name = fitting;
        }
        let mut body = self.text(&name);
        if !excluded.is_empty() {
            body += &format!(" & ~{}", expression(&excluded.join("|")));
        }
        let name = match self.literals {
            Literals::Quoted(_) => self.rules.terminal(&body),
            Literals::Json | Literals::Python => self.rules.terminal(&format!("/\"/ ({body}) /\"/")),
        };
        let space = self.space();
        Ok(Some(format!("{name} {space} /:/ {space} {}", self.value(schema)?)))
    }

    /// The properties of an object whose number is bounded, where names do not matter; `None` if it is not.
    fn counted(
        &mut self,
        members: &Map<String, Value>,
        items: &[Item],
        others: Option<&str>,
        comma: &str,
    ) -> Result<Option<String>, SchemaError> {
        let (low, high) = (count(members, "minProperties").unwrap_or(0), count(members, "maxProperties"));
        if high.is_none() && low <= items.iter().filter(|item| item.required).count() {
            return Ok(None);
        }
        let one = others.filter(|_| items.is_empty() && high.is_none_or(|high| high >= low));
        let one = one.ok_or_else(|| unsupported("minProperties"))?;
        let rest = repeated(
            &format!("({comma} {one})"),
            low.saturating_sub(1),
            high.map(|high| high.saturating_sub(1)),
        );
        Ok(Some(match (low, high) {
            (_, Some(0)) => String::new(),
            (0, _) => format!("({one} {rest})?"),
            _ => format!("{one} {rest}"),
        }))
    }
}

/// Names of parameters that a schema does not name.
pub(super) const OTHER_PARAMETER: &str = "[a-zA-Z_][a-zA-Z0-9_]*";

/// Whether a name needs no quotes.
pub(super) fn is_name(name: &str) -> bool {
    name.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || ['_', '-', '.'].contains(&c))
}

/// A keyword that bounds a number of parts.
fn count(members: &Map<String, Value>, keyword: &str) -> Option<usize> {
    members.get(keyword).and_then(Value::as_u64).map(|count| count as usize)
}

fn repeated(item: &str, low: usize, high: Option<usize>) -> String {
    match (low, high) {
        (_, Some(0)) => String::new(),
        (low, Some(high)) => format!("{item}{{{low},{high}}}"),
        (0, None) => format!("{item}*"),
        (low, None) => format!("{item}{{{low},}}"),
    }
}

/// The name of the definition that a schema is.
pub(super) fn reference(members: &Map<String, Value>) -> Result<Option<&str>, SchemaError> {
    let Some(reference) = members.get("$ref") else { return Ok(None) };
    alone(members, "$ref")?;
    Ok(reference.as_str().and_then(|reference| reference.strip_prefix("#/$defs/")))
}

/// The alternatives that a schema is.
pub(super) fn options(members: &Map<String, Value>) -> Result<Option<&[Value]>, SchemaError> {
    let Some(options) = members.get("anyOf") else { return Ok(None) };
    alone(members, "anyOf")?;
    Ok(options.as_array().map(Vec::as_slice))
}

fn alone(members: &Map<String, Value>, keyword: &'static str) -> Result<(), SchemaError> {
    if members.len() == 1 { Ok(()) } else { Err(unsupported(keyword)) }
}

/// The values that a schema names.
pub(super) fn values(members: &Map<String, Value>) -> Result<Option<Vec<&Value>>, SchemaError> {
    let values = match (members.get("const"), members.get("enum").and_then(Value::as_array)) {
        (Some(_), Some(_)) => return Err(unsupported("const")),
        (Some(one), None) => vec![one],
        (None, Some(several)) => several.iter().collect(),
        (None, None) => return Ok(None),
    };
    if let Some(keyword) = members.keys().find(|key| !["const", "enum", "type"].contains(&key.as_str())) {
        return Err(unsupported(keyword));
    }
    let kinds = kinds(members);
    let fits =
        |value: &&Value| kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| is_of(value, *kind)));
    Ok(Some(values.into_iter().filter(fits).collect()))
}

fn is_of(value: &Value, kind: Type) -> bool {
    match (kind, value) {
        (Type::Integer, Value::Number(number)) => number.as_f64().is_some_and(|number| number.fract() == 0.0),
        (Type::Number, value) => value.is_number(),
        (kind, value) => kind == Type::of(value),
    }
}

/// The types that a schema names.
pub(super) fn kinds(members: &Map<String, Value>) -> Option<Vec<Type>> {
    match members.get("type")? {
        Value::String(one) => Some(vec![Type::named(one)?]),
        Value::Array(several) => several.iter().map(|name| Type::named(name.as_str()?)).collect(),
        _ => None,
    }
}
