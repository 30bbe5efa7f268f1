//! The tensor table: types of weights, shapes and sizes.

use super::error::GgufError;

/// Most dimensions that a tensor can have (`GGML_MAX_DIMS`).
pub(super) const MAX_DIMS: u32 = 4;
/// Longest name of a tensor, in bytes (`GGML_MAX_NAME` less the final zero).
const MAX_NAME: usize = 63;

/// Makes [`TensorType`] from one table of `NAME = number in the file, weights per block, bytes per block`.
macro_rules! tensor_types {
    ($($name:ident = $id:literal, $weights:literal, $bytes:literal;)*) => {
        /// How the weights of a tensor are stored: `ggml_type` of llama.cpp.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, non_camel_case_types, reason = "these are the names used by everybody")]
        pub enum TensorType {
            $($name = $id,)*
        }

        impl TensorType {
            /// All types.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The type with this number; `None` for numbers that never were in use or no longer are.
            #[must_use]
            pub fn from_id(id: u32) -> Option<Self> {
                match id {
                    $($id => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Its name in capitals: `F32`, `Q4_K`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// Weights that are stored together, at least 1. Rows are whole blocks.
            #[must_use]
            pub fn block_weights(self) -> u64 {
                match self {
                    $(Self::$name => $weights,)*
                }
            }

            /// Bytes of a block.
            #[must_use]
            pub fn block_bytes(self) -> u64 {
                match self {
                    $(Self::$name => $bytes,)*
                }
            }
        }
    };
}

tensor_types! {
    F32     =  0,   1,   4;
    F16     =  1,   1,   2;
    Q4_0    =  2,  32,  18;
    Q4_1    =  3,  32,  20;
    Q5_0    =  6,  32,  22;
    Q5_1    =  7,  32,  24;
    Q8_0    =  8,  32,  34;
    Q8_1    =  9,  32,  36;
    Q2_K    = 10, 256,  84;
    Q3_K    = 11, 256, 110;
    Q4_K    = 12, 256, 144;
    Q5_K    = 13, 256, 176;
    Q6_K    = 14, 256, 210;
    Q8_K    = 15, 256, 292;
    IQ2_XXS = 16, 256,  66;
    IQ2_XS  = 17, 256,  74;
    IQ3_XXS = 18, 256,  98;
    IQ1_S   = 19, 256,  50;
    IQ4_NL  = 20,  32,  18;
    IQ3_S   = 21, 256, 110;
    IQ2_S   = 22, 256,  82;
    IQ4_XS  = 23, 256, 136;
    I8      = 24,   1,   1;
    I16     = 25,   1,   2;
    I32     = 26,   1,   4;
    I64     = 27,   1,   8;
    F64     = 28,   1,   8;
    IQ1_M   = 29, 256,  56;
    BF16    = 30,   1,   2;
    TQ1_0   = 34, 256,  54;
    TQ2_0   = 35, 256,  66;
    MXFP4   = 39,  32,  17;
    NVFP4   = 40,  64,  36;
    Q1_0    = 41, 128,  18;
    Q2_0    = 42,  64,  18;
}

impl TensorType {
    /// The number that stands for the type in a file.
    #[must_use]
    pub fn id(self) -> u32 {
        self as u32
    }

    /// The type with this number, or the end of a sentence that says why there is none.
    pub(super) fn known(id: u32) -> Result<Self, String> {
        Self::from_id(id).ok_or_else(|| match id {
            4 | 5 => format!(
                "has type {id} (Q4_2 or Q4_3), which llama.cpp dropped in 2023: convert the model again"
            ),
            31..=33 => {
                format!("has repacked type {id}, which llama.cpp dropped: use a Q4_0 file of the model")
            }
            36..=38 => {
                format!("has repacked type {id}, which llama.cpp dropped: use an IQ4_NL file of the model")
            }
            _ => format!("has unknown type {id}: the file is damaged, or newer than this program"),
        })
    }
}

/// A row of the tensor table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Name, unique in the file; 1 to 63 bytes.
    pub name: String,
    /// Size of each dimension, the one whose elements are neighbours first. At most 4, each at least 1; none at
    /// all for a single number.
    pub dims: Vec<u64>,
    /// How the weights are stored.
    pub tensor_type: TensorType,
    /// Where the data is, in bytes from [`GgufFile::data_offset`](super::GgufFile::data_offset).
    pub offset: u64,
    /// Bytes of the data, without what fills up to the alignment.
    pub bytes: u64,
}

impl TensorInfo {
    /// Describes a tensor at the beginning of the data.
    ///
    /// # Errors
    /// If the name or the shape is none that a GGUF tensor may have, or rows are no whole number of blocks.
    pub fn new(name: impl Into<String>, dims: Vec<u64>, tensor_type: TensorType) -> Result<Self, GgufError> {
        let name = name.into();
        match check_name(&name).and_then(|()| byte_size(&dims, tensor_type)) {
            Ok(bytes) => Ok(Self { name, dims, tensor_type, offset: 0, bytes }),
            Err(problem) => Err(GgufError::tensor(&name, problem)),
        }
    }

    /// Number of weights.
    #[must_use]
    pub fn elements(&self) -> u64 {
        self.dims.iter().fold(1, |product, n| product.saturating_mul(*n))
    }

    /// Where the data of the next tensor starts.
    pub(super) fn aligned_end(&self, alignment: u64) -> Result<u64, GgufError> {
        let end = self.offset.checked_add(self.bytes).and_then(|end| end.checked_next_multiple_of(alignment));
        let end = end.filter(|end| *end < 1 << 62);
        end.ok_or_else(|| GgufError::tensor(&self.name, "ends beyond 2^62 bytes: the file is damaged"))
    }
}

fn check_name(name: &str) -> Result<(), String> {
    match name {
        "" => Err("has no name: the file is damaged".into()),
        // llama.cpp would see only what comes before the zero.
        _ if name.contains('\0') => Err("has a zero byte in its name: the file is damaged".into()),
        _ if name.len() > MAX_NAME => Err(format!("has a name longer than {MAX_NAME} bytes")),
        _ => Ok(()),
    }
}

/// Bytes of a tensor's data. llama.cpp counts in `int64_t`.
fn byte_size(dims: &[u64], tensor_type: TensorType) -> Result<u64, String> {
    let shape = format!("has shape {dims:?}");
    if dims.len() > MAX_DIMS as usize {
        return Err(format!("{shape}: {MAX_DIMS} dimensions are the most"));
    }
    // llama.cpp reads empty tensors, and aborts when a model uses one.
    if dims.contains(&0) {
        return Err(format!("{shape}: it is empty"));
    }
    let signed = |n: &u64| i64::try_from(*n).is_ok();
    let elements = dims.iter().try_fold(1_u64, |product, n| product.checked_mul(*n)).filter(signed);
    let elements =
        elements.ok_or_else(|| format!("{shape}: that is more than 2^63 weights, the file is damaged"))?;
    let block = tensor_type.block_weights();
    if !dims.first().unwrap_or(&1).is_multiple_of(block) {
        return Err(format!("{shape}: rows of type {} are multiples of {block}", tensor_type.name()));
    }
    let bytes = (elements / block).checked_mul(tensor_type.block_bytes()).filter(signed);
    bytes.ok_or_else(|| format!("{shape}: that is more than 2^63 bytes, the file is damaged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(dims: &[u64], tensor_type: TensorType) -> Option<u64> {
        TensorInfo::new("t", dims.to_vec(), tensor_type).ok().map(|t| t.bytes)
    }

    #[test]
    fn type_numbers_agree_both_ways() {
        assert_eq!(TensorType::ALL.len(), 35);
        for id in 0..100 {
            assert!(TensorType::from_id(id).is_none_or(|t| t.id() == id && TensorType::known(id) == Ok(t)));
        }
        assert_eq!(TensorType::Q4_K.name(), "Q4_K");
    }

    #[test]
    fn dropped_and_unknown_types_are_told_apart() {
        for (id, word) in
            [(4, "Q4_2"), (5, "Q4_3"), (31, "Q4_0"), (33, "Q4_0"), (36, "IQ4_NL"), (43, "newer")]
        {
            let problem = TensorType::known(id).unwrap_err();
            assert!(problem.contains(word), "{id}: {problem}");
        }
    }

    #[test]
    fn sizes_are_counted_in_blocks() {
        assert_eq!(bytes(&[3, 5], TensorType::F32), Some(60));
        assert_eq!(bytes(&[64, 5], TensorType::Q4_0), Some(5 * 2 * 18));
        assert_eq!(bytes(&[256, 2, 3, 4], TensorType::Q6_K), Some(24 * 210));
        assert_eq!(bytes(&[], TensorType::F16), Some(2), "a single number");
        assert_eq!(bytes(&[], TensorType::Q8_0), None, "a single number is no block");
        assert_eq!(bytes(&[48, 2], TensorType::Q8_0), None, "the product is a multiple, the row is not");
    }

    #[test]
    fn shapes_are_limited() {
        assert_eq!(bytes(&[1; 4], TensorType::I8), Some(1));
        assert_eq!(bytes(&[1; 5], TensorType::I8), None);
        assert_eq!(bytes(&[4, 0], TensorType::I8), None);
        assert_eq!(bytes(&[i64::MAX as u64], TensorType::I8), Some(i64::MAX as u64));
        assert_eq!(bytes(&[1 << 63], TensorType::I8), None);
        assert_eq!(bytes(&[1 << 32, 1 << 32], TensorType::I8), None);
        assert_eq!(bytes(&[1 << 62], TensorType::F32), None);
    }

    #[test]
    fn names_are_limited() {
        let new = |name: &str| TensorInfo::new(name, vec![1], TensorType::F32).map_err(|e| e.to_string());
        assert!(new(&"n".repeat(63)).is_ok());
        assert!(new(&"n".repeat(64)).unwrap_err().contains("longer than 63 bytes"));
        assert!(new("").unwrap_err().contains("no name"));
        assert!(new("a\0b").unwrap_err().contains("zero byte"));
    }
}
