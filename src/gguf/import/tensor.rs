//! The tensors of the file that is written: where the weights of each come from, and what becomes of them.

use safetensors::tensor::Dtype;

use super::Weights;
use super::checkpoint::Stored;
use super::error::ImportError;
use crate::gguf::{TensorInfo, TensorType};

/// A tensor to write.
#[derive(Debug)]
pub(super) struct Tensor {
    pub info: TensorInfo,
    pub source: Source,
}

/// Where weights come from.
#[derive(Debug)]
pub(super) enum Source {
    /// They are computed from the configuration.
    Values(Vec<f32>),
    /// They are read.
    Stored { stored: Stored, dtype: TensorType, change: Change },
}

/// What happens to weights on their way, other than that their type changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    /// Gemma's norms multiply with 1 + weight, llama.cpp's with the weight.
    PlusOne,
    /// The rows of each head change their order. Rope rotates pairs of rows: in a checkpoint row `i` of a head
    /// goes with row `i + head / 2`, and for llama.cpp's llama with row `i + 1`.
    ///
    /// ```text
    ///  a0 a1 a2 b0 b1 b2   becomes   a0 b0 a1 b1 a2 b2
    /// ```
    Heads {
        /// Rows of a head: even, and divides the rows of the tensor.
        rows: u64,
    },
    /// Rows become columns.
    Transposed,
}

impl Tensor {
    /// A tensor whose values are known.
    pub(super) fn values(name: &str, values: Vec<f32>) -> Result<Self, ImportError> {
        let info = TensorInfo::new(name, vec![values.len() as u64], TensorType::F32)?;
        Ok(Self { info, source: Source::Values(values) })
    }

    /// A tensor of the checkpoint.
    pub(super) fn stored(
        name: String,
        stored: Stored,
        change: Change,
        weights: Weights,
    ) -> Result<Self, ImportError> {
        let fail = |problem: String| ImportError::tensor(&stored.file, &stored.name, problem);
        let Some(dtype) = float(stored.dtype) else {
            let problem = format!(
                "has type {}, only F32, F16 and BF16 are imported: use the checkpoint that is not quantised",
                stored.dtype
            );
            return Err(fail(problem));
        };
        let rows = stored.shape.first().copied().unwrap_or(1);
        if let Change::Heads { rows: head } = change
            && (head == 0 || !head.is_multiple_of(2) || !rows.is_multiple_of(head))
        {
            return Err(fail(format!("has {rows} rows, which are no heads of {head} rows, an even number")));
        }
        let mut dims: Vec<u64> = stored.shape.iter().rev().copied().collect();
        if change == Change::Transposed {
            dims.reverse();
        }
        let tensor_type = written_type(&name, dims.len(), weights);
        let info = TensorInfo::new(name, dims, tensor_type)?;
        Ok(Self { info, source: Source::Stored { stored, dtype, change } })
    }
}

/// The type to write a tensor in. llama.cpp adds and multiplies vectors in 32 bits only.
fn written_type(name: &str, dims: usize, weights: Weights) -> TensorType {
    let exact =
        ["position_embd.weight", "token_types.weight"].contains(&name) || name.ends_with("_norm.weight");
    if dims < 2 || exact { TensorType::F32 } else { weights.tensor_type() }
}

fn float(dtype: Dtype) -> Option<TensorType> {
    match dtype {
        Dtype::F32 => Some(TensorType::F32),
        Dtype::F16 => Some(TensorType::F16),
        Dtype::BF16 => Some(TensorType::BF16),
        _ => None,
    }
}
