//! JSON as Go reads it into a struct: the name of a field counts in any letter case, the last of two with the same name
//! wins, and `null` is nothing. Clients in C# write `Model` where others write `model`.
//!
//! Keys of maps stay as they are: options have exact names.

use std::fmt::Display;

use serde::de::value::SeqDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value, map};

/// Makes a request of a JSON value.
///
/// # Errors
/// If a field has a value of the wrong type: the message names it.
pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    T::deserialize(Tolerant(value))
}

struct Tolerant(Value);

impl<'de> Deserializer<'de> for Tolerant {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Tolerant));
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Value::Object(fields) => visitor.visit_map(Fields { rest: fields.into_iter(), next: None }),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(given) => {
                let mut fields = Map::with_capacity(given.len());
                for (key, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
                    fields.insert(name_of(&key, names).map_or(key, ToOwned::to_owned), value);
                }
                Self(Value::Object(fields)).deserialize_any(visitor)
            }
            // Serde would take the items of an array for the fields.
            Value::Array(_) => Err(de::Error::invalid_type(de::Unexpected::Seq, &visitor)),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Tolerant {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The field that a key means. One that is written exactly so comes first.
fn name_of(key: &str, names: &'static [&'static str]) -> Option<&'static str> {
    let exact = names.iter().find(|name| **name == key);
    exact.or_else(|| names.iter().find(|name| name.eq_ignore_ascii_case(key))).copied()
}

/// The fields of an object that are still to come.
struct Fields {
    rest: map::IntoIter,
    next: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.next = self.rest.next();
        let key = self.next.as_ref().map(|(key, _)| seed.deserialize(key.as_str().into_deserializer()));
        key.transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, value)) = self.next.take() else {
            return Err(de::Error::custom("a value was read before its key"));
        };
        seed.deserialize(Tolerant(value)).map_err(|error| in_field(&key, error))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// An error with the field in which it is.
fn in_field(key: &str, error: impl Display) -> Error {
    de::Error::custom(format_args!("{key}: {error}"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Request {
        model: Option<String>,
        #[serde(rename = "_debug")]
        debug: Option<bool>,
        #[serde(default)]
        messages: Vec<Message>,
        options: Option<Map<String, Value>>,
        limit: Option<f64>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Message {
        #[serde(default)]
        role: String,
    }

    fn read(text: &str) -> Result<Request, String> {
        from_value(serde_json::from_str(text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn names_of_fields_count_in_any_letter_case_and_keys_of_maps_as_they_are() {
        let text = r#"{"Model": "m", "_DEBUG": true, "MESSAGES": [{"Role": "user"}], "Options": {"Top_K": 1}, "Limit": 2}"#;
        let request = read(text).unwrap();
        assert_eq!(request.model.as_deref(), Some("m"));
        assert_eq!((request.debug, request.limit), (Some(true), Some(2.0)));
        assert_eq!(request.messages, [Message { role: "user".into() }]);
        assert_eq!(Value::Object(request.options.unwrap()), json!({"Top_K": 1}));
    }

    #[test]
    fn the_last_of_two_wins_and_null_is_nothing() {
        assert_eq!(read(r#"{"model": "a", "model": "b"}"#).unwrap().model.as_deref(), Some("b"));
        assert_eq!(read(r#"{"model": "a", "MODEL": "b"}"#).unwrap().model.as_deref(), Some("b"));
        assert_eq!(read(r#"{"model": null, "messages": null, "other": 5}"#).unwrap(), Request::default());
        assert_eq!(read(r#"{"messages": [{"role": null}]}"#).unwrap().messages[0].role, "");
    }

    #[test]
    fn errors_name_the_field() {
        for (text, error) in [
            (r#"{"model": 5}"#, "model: invalid type: integer `5`, expected a string"),
            (
                r#"{"Messages": [{"Role": 5}]}"#,
                "messages: role: invalid type: integer `5`, expected a string",
            ),
            (r#"{"messages": "hi"}"#, "messages: invalid type: string \"hi\", expected a sequence"),
            (r#"{"messages": [["user"]]}"#, "messages: invalid type: sequence, expected struct Message"),
            (r#"{"messages": [5]}"#, "messages: invalid type: integer `5`, expected struct Message"),
        ] {
            assert_eq!(read(text).unwrap_err(), error);
        }
    }
}
