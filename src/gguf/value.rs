//! Metadata values: their types, their numbers in the file, and how to read and write them.

use std::io::{self, Read, Write};

use super::error::GgufError;
use super::read::{Element, Reader};
use super::text::Text;

/// Makes [`ValueType`], [`Value`] and [`Array`] from one table of `Name(type) = number in the file`. Arrays
/// have number 9, and stand outside: their elements are never arrays.
macro_rules! value_types {
    ($($name:ident($type:ty) = $id:literal,)*) => {
        /// The type of a metadata value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum ValueType {
            $($name = $id,)*
            Array = 9,
        }

        /// A metadata value.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum Value {
            $($name($type),)*
            Array(Array),
        }

        /// A metadata array: all its elements have one type.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum Array {
            $($name(Vec<$type>),)*
        }

        impl ValueType {
            /// The type with this number.
            #[must_use]
            pub fn from_id(id: u32) -> Option<Self> {
                match id {
                    $($id => Some(Self::$name),)*
                    9 => Some(Self::Array),
                    _ => None,
                }
            }
        }

        impl Value {
            /// Its type.
            #[must_use]
            pub fn value_type(&self) -> ValueType {
                match self {
                    $(Self::$name(_) => ValueType::$name,)*
                    Self::Array(_) => ValueType::Array,
                }
            }

            /// Reads the value of entry `key`, with its type in front.
            pub(super) fn read(from: &mut Reader<impl Read>, key: &str) -> Result<Self, GgufError> {
                Ok(match read_type(from, key)? {
                    $(ValueType::$name => Self::$name(from.element(key)?),)*
                    ValueType::Array => Self::Array(Array::read(from, key)?),
                })
            }

            /// Writes the type and the value.
            pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
                self.value_type().id().write(to)?;
                match self {
                    $(Self::$name(element) => element.write(to),)*
                    Self::Array(array) => array.write(to),
                }
            }
        }

        impl Array {
            /// The type of its elements.
            #[must_use]
            pub fn element_type(&self) -> ValueType {
                match self {
                    $(Self::$name(_) => ValueType::$name,)*
                }
            }

            /// Number of elements.
            #[must_use]
            pub fn len(&self) -> usize {
                match self {
                    $(Self::$name(elements) => elements.len(),)*
                }
            }

            /// One element; a string is copied.
            #[must_use]
            pub fn get(&self, index: usize) -> Option<Value> {
                match self {
                    $(Self::$name(elements) => elements.get(index).cloned().map(Value::$name),)*
                }
            }

            /// Drops all elements but the first `len`.
            pub(super) fn truncate(&mut self, len: usize) {
                match self {
                    $(Self::$name(elements) => elements.truncate(len),)*
                }
            }

            fn read(from: &mut Reader<impl Read>, key: &str) -> Result<Self, GgufError> {
                match read_type(from, key)? {
                    $(ValueType::$name => from.elements(key).map(Self::$name),)*
                    // The format knows arrays of arrays; llama.cpp refuses them, and no model has any.
                    ValueType::Array => Err(GgufError::metadata(key, "is an array of arrays: that is not supported")),
                }
            }

            fn write(&self, to: &mut impl Write) -> io::Result<()> {
                self.element_type().id().write(to)?;
                (self.len() as u64).write(to)?;
                match self {
                    $(Self::$name(elements) => elements.iter().try_for_each(|element| element.write(to)),)*
                }
            }
        }

        $(
            impl From<$type> for Value {
                fn from(element: $type) -> Self {
                    Self::$name(element)
                }
            }

            impl From<Vec<$type>> for Value {
                fn from(elements: Vec<$type>) -> Self {
                    Self::Array(Array::$name(elements))
                }
            }
        )*
    };
}

value_types! {
    U8(u8) = 0,
    I8(i8) = 1,
    U16(u16) = 2,
    I16(i16) = 3,
    U32(u32) = 4,
    I32(i32) = 5,
    F32(f32) = 6,
    Bool(bool) = 7,
    String(Text) = 8,
    U64(u64) = 10,
    I64(i64) = 11,
    F64(f64) = 12,
}

fn read_type(from: &mut Reader<impl Read>, key: &str) -> Result<ValueType, GgufError> {
    let offset = from.offset();
    let id = from.element(key)?;
    ValueType::from_id(id).ok_or_else(|| {
        GgufError::metadata(key, format!("has unknown value type {id} at byte {offset}: the file is damaged"))
    })
}

impl ValueType {
    /// The number that stands for the type in a file.
    #[must_use]
    pub fn id(self) -> u32 {
        self as u32
    }
}

impl Value {
    /// An integer of any width that is not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::U8(n) => Some(n.into()),
            Self::U16(n) => Some(n.into()),
            Self::U32(n) => Some(n.into()),
            Self::U64(n) => Some(n),
            Self::I8(n) => n.try_into().ok(),
            Self::I16(n) => n.try_into().ok(),
            Self::I32(n) => n.try_into().ok(),
            Self::I64(n) => n.try_into().ok(),
            _ => None,
        }
    }

    /// A number of any type; integers beyond 2^53 are rounded.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Self::F32(x) => Some(x.into()),
            Self::F64(x) => Some(x),
            Self::I8(n) => Some(n.into()),
            Self::I16(n) => Some(n.into()),
            Self::I32(n) => Some(n.into()),
            Self::I64(n) => Some(n as f64),
            _ => self.as_u64().map(|n| n as f64),
        }
    }

    /// A truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// A string, if it is UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => text.as_str(),
            _ => None,
        }
    }

    /// An array.
    #[must_use]
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }
}

impl Array {
    /// Whether it has no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements, one after the other; strings are copied.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The elements of an array of strings.
    #[must_use]
    pub fn as_strings(&self) -> Option<&[Text]> {
        match self {
            Self::String(strings) => Some(strings),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<&[&str]> for Value {
    fn from(strings: &[&str]) -> Self {
        Self::Array(Array::String(strings.iter().map(|text| Text::from(*text)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_width_are_read_alike() {
        let seven: [Value; 8] = [
            7_u8.into(),
            7_i8.into(),
            7_u16.into(),
            7_i16.into(),
            7_u32.into(),
            7_i32.into(),
            7_u64.into(),
            7_i64.into(),
        ];
        for value in seven {
            assert_eq!(value.as_u64(), Some(7), "{value:?}");
            assert_eq!(value.as_f64(), Some(7.0), "{value:?}");
        }
    }

    #[test]
    fn numbers_are_not_taken_for_what_they_are_not() {
        assert_eq!(Value::I32(-1).as_u64(), None);
        assert_eq!(Value::I64(-1).as_f64(), Some(-1.0));
        assert_eq!(Value::F32(7.0).as_u64(), None);
        assert_eq!(Value::Bool(true).as_u64(), None);
        assert_eq!(Value::U8(1).as_bool(), None);
        assert_eq!(Value::from("7").as_f64(), None);
    }

    #[test]
    fn type_numbers_agree_both_ways() {
        for id in 0..13 {
            assert_eq!(ValueType::from_id(id).map(ValueType::id), Some(id));
        }
        assert_eq!(ValueType::from_id(13), None);
        assert_eq!(ValueType::from_id(u32::MAX), None);
    }

    #[test]
    fn an_array_yields_its_elements() {
        let value = Value::from(vec![1_u16, 2]);
        let array = value.as_array().unwrap();
        assert_eq!((array.element_type(), array.len(), array.is_empty()), (ValueType::U16, 2, false));
        assert_eq!(array.iter().collect::<Vec<_>>(), [Value::U16(1), Value::U16(2)]);
        assert_eq!(array.get(2), None);
        assert_eq!(array.as_strings(), None);
    }

    #[test]
    fn a_string_that_is_no_text_keeps_its_bytes() {
        let text = Text::from(vec![b'a', 0xff]);
        assert_eq!((text.as_str(), text.as_bytes()), (None, [b'a', 0xff].as_slice()));
        assert_eq!(text.to_string_lossy(), "a\u{fffd}");
        assert_eq!(Value::String(text).as_str(), None);
    }
}
