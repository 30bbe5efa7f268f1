//! The types in which keys and values are kept.

use std::fmt;
use std::str::FromStr;

use llama_cpp_sys_2 as ffi;

/// A type of keys or values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum CacheType {
    /// 32 bits.
    F32,
    /// 16 bits, as usual.
    #[default]
    F16,
    /// 16 bits with the range of 32.
    Bf16,
    /// 8.5 bits.
    Q8_0,
    /// 6 bits.
    Q5_1,
    /// 5.5 bits.
    Q5_0,
    /// 5 bits.
    Q4_1,
    /// 4.5 bits.
    Q4_0,
    /// 4.5 bits, unevenly spaced.
    Iq4Nl,
}

impl CacheType {
    /// All of them, by llama.cpp's names.
    pub const ALL: [(&'static str, Self); 9] = [
        ("f32", Self::F32),
        ("f16", Self::F16),
        ("bf16", Self::Bf16),
        ("q8_0", Self::Q8_0),
        ("q5_1", Self::Q5_1),
        ("q5_0", Self::Q5_0),
        ("q4_1", Self::Q4_1),
        ("q4_0", Self::Q4_0),
        ("iq4_nl", Self::Iq4Nl),
    ];

    pub(crate) fn native(self) -> ffi::ggml_type {
        match self {
            Self::F32 => ffi::GGML_TYPE_F32,
            Self::F16 => ffi::GGML_TYPE_F16,
            Self::Bf16 => ffi::GGML_TYPE_BF16,
            Self::Q8_0 => ffi::GGML_TYPE_Q8_0,
            Self::Q5_1 => ffi::GGML_TYPE_Q5_1,
            Self::Q5_0 => ffi::GGML_TYPE_Q5_0,
            Self::Q4_1 => ffi::GGML_TYPE_Q4_1,
            Self::Q4_0 => ffi::GGML_TYPE_Q4_0,
            Self::Iq4Nl => ffi::GGML_TYPE_IQ4_NL,
        }
    }

    /// Whether numbers are kept in blocks with a common scale.
    #[must_use]
    pub fn is_quantized(self) -> bool {
        !matches!(self, Self::F32 | Self::F16 | Self::Bf16)
    }
}

impl fmt::Display for CacheType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, kind)| kind == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// A name that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no type of a cache: use f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0 or iq4_nl")]
pub struct NoCacheType(String);

impl FromStr for CacheType {
    type Err = NoCacheType;

    fn from_str(name: &str) -> Result<Self, NoCacheType> {
        let known = Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
        known.map(|(_, kind)| *kind).ok_or_else(|| NoCacheType(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_in_any_letter_case() {
        for (name, kind) in CacheType::ALL {
            assert_eq!(kind.to_string(), name);
            assert_eq!(name.to_uppercase().parse(), Ok(kind));
        }
        assert!("q2_k".parse::<CacheType>().is_err());
    }
}
