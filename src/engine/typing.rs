//! What a value is that a model writes as plain text: `5` is a number where the schema of its parameter allows numbers, and
//! text where it does not. Who reads calls and who writes grammars for them must agree on that, so it is said here, once.

use serde_json::{Number, Value};

use super::grammar::schema;

/// How deep alternatives and references are looked into.
pub(crate) const DEEP: usize = 8;

/// A type of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `null`.
    Null = 1,
    /// `true` and `false`.
    Boolean = 2,
    /// Whole numbers.
    Integer = 4,
    /// All numbers.
    Number = 8,
    /// Text.
    String = 16,
    /// `[…]`.
    Array = 32,
    /// `{…}`.
    Object = 64,
}

impl Type {
    /// All of them.
    const ALL: [Self; 7] =
        [Self::Null, Self::Boolean, Self::Integer, Self::Number, Self::String, Self::Array, Self::Object];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name in schemas.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }

    /// That of a value.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }
}

/// The types that a schema allows, as far as it says. None: it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Types(u8);

impl Types {
    /// The types of a parameter. `parameters` is the schema of all arguments of its tool.
    #[must_use]
    pub fn of_parameter(parameters: &Value, name: &str) -> Self {
        let others = || parameters.get("additionalProperties");
        let schema = parameters["properties"].get(name).or_else(others);
        schema.map_or(Self::default(), |schema| Self::of(parameters, schema))
    }

    /// The types that a schema within `root` allows, also by its alternatives, by what it refers to and by its values.
    #[must_use]
    pub fn of(root: &Value, schema: &Value) -> Self {
        let mut types = Self::default();
        types.collect(root, schema, 0);
        types
    }

    fn collect(&mut self, root: &Value, schema: &Value, depth: usize) {
        if depth > DEEP {
            return;
        }
        match &schema["type"] {
            Value::String(one) => self.add(Type::named(one)),
            Value::Array(several) => {
                several.iter().filter_map(Value::as_str).for_each(|name| self.add(Type::named(name)));
            }
            _ if schema.get("properties").is_some() => self.add(Some(Type::Object)),
            _ if schema.get("items").or(schema.get("prefixItems")).is_some() => self.add(Some(Type::Array)),
            _ => {}
        }
        if let Some(target) = schema["$ref"].as_str().and_then(|reference| schema::referred(root, reference))
        {
            self.collect(root, target, depth + 1);
        }
        for list in ["anyOf", "oneOf", "allOf"] {
            for schema in schema[list].as_array().into_iter().flatten() {
                self.collect(root, schema, depth + 1);
            }
        }
        if *self == Self::default() {
            let values = schema["enum"].as_array().into_iter().flatten().chain(schema.get("const"));
            values.for_each(|value| self.add(Some(Type::of(value))));
        }
    }

    fn add(&mut self, kind: Option<Type>) {
        self.0 |= kind.map_or(0, |kind| kind as u8);
    }

    /// Whether values of a type are allowed. Whole numbers are numbers.
    #[must_use]
    pub fn has(self, kind: Type) -> bool {
        let whole = if kind == Type::Integer { Type::Number as u8 } else { 0 };
        self.0 & (kind as u8 | whole) != 0
    }

    /// Whether anything but text is allowed: then `null` is no text.
    #[must_use]
    pub fn has_others(self) -> bool {
        self.0 & !(Type::String as u8) != 0
    }

    /// The value of a word that is a constant or a number of one of these types. `None`: it is text, or JSON.
    #[must_use]
    pub fn plain(self, word: &str) -> Option<Value> {
        match constant(word)? {
            Value::Null => self.has_others().then_some(Value::Null),
            Value::Bool(on) => self.has(Type::Boolean).then_some(on.into()),
            Value::Number(number) => {
                let digits = word.strip_prefix('-').unwrap_or(word).bytes().all(|b| b.is_ascii_digit());
                let fits = self.has(Type::Number) || (self.has(Type::Integer) && digits);
                fits.then(|| whole(number))
            }
            _ => None,
        }
    }

    /// Whether a word is JSON of one of these types, if it is JSON: by its bracket.
    #[must_use]
    pub fn opens(self, word: &str) -> bool {
        (word.starts_with('[') && self.has(Type::Array)) || (word.starts_with('{') && self.has(Type::Object))
    }
}

/// A whole number is written as one.
fn whole(number: Number) -> Value {
    match number.as_f64() {
        Some(n) if number.is_f64() && n.fract() == 0.0 && n.abs() < 9e15 => (n as i64).into(),
        _ => number.into(),
    }
}

/// `true`, `None`, `1.5` and the like.
#[must_use]
pub fn constant(word: &str) -> Option<Value> {
    match word {
        "true" | "True" => Some(true.into()),
        "false" | "False" => Some(false.into()),
        "null" | "None" => Some(Value::Null),
        number => number.parse::<Number>().ok().map(Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_found_wherever_a_schema_says_them() {
        let root = json!({"$defs": {"color": {"enum": ["red", 5]}, "loop": {"$ref": "#/$defs/loop"}}});
        for (schema, types) in [
            (json!({"type": ["integer", "null"]}), vec![Type::Integer, Type::Null]),
            (json!({"$ref": "#/$defs/color"}), vec![Type::String, Type::Integer]),
            (json!({"allOf": [{"$ref": "#/$defs/color"}]}), vec![Type::String, Type::Integer]),
            (json!({"$ref": "#/$defs/loop"}), vec![]),
            (json!({"const": [1]}), vec![Type::Array]),
            (json!({"items": {}}), vec![Type::Array]),
            (json!({"oneOf": [{"properties": {}}, {"type": "boolean"}]}), vec![Type::Object, Type::Boolean]),
            (json!({}), vec![]),
            (json!(true), vec![]),
        ] {
            let mut expected = Types::default();
            types.into_iter().for_each(|kind| expected.add(Some(kind)));
            assert_eq!(Types::of(&root, &schema), expected, "{schema}");
        }
    }

    #[test]
    fn parameters_without_a_name_are_as_the_others() {
        let parameters =
            json!({"properties": {"a": {"type": "null"}}, "additionalProperties": {"type": "array"}});
        assert!(Types::of_parameter(&parameters, "a").has(Type::Null));
        assert!(Types::of_parameter(&parameters, "b").has(Type::Array));
        assert_eq!(Types::of_parameter(&json!({"type": "object"}), "b"), Types::default());
    }

    #[test]
    fn whole_numbers_are_numbers_and_not_the_other_way_round() {
        let of = |kind: &str| Types::of(&Value::Null, &json!({ "type": kind }));
        assert!(of("number").has(Type::Integer) && !of("integer").has(Type::Number));
        assert_eq!(of("integer").plain("-0"), Some(json!(0)));
        assert_eq!(of("integer").plain("5.0"), None);
        assert_eq!(of("number").plain("5.0"), Some(json!(5)));
        assert_eq!(of("integer").plain("99999999999999999999"), Some(json!(1e20)));
    }
}
