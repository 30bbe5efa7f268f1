//! Moves weights from a checkpoint to a GGUF file, piece by piece.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use super::checkpoint::Stored;
use super::error::ImportError;
use super::progress::Meter;
use super::tensor::{Change, Source, Tensor};
use crate::gguf::{TensorInfo, TensorType, TensorWriter};

/// Weights that are converted at once. A head of a tensor is never split, and a transposed tensor is one piece;
/// those are small.
const CHUNK: u64 = 1 << 18;

/// Numbers from here on round to infinity in F16.
const F16_LIMIT: f32 = 65520.0;

/// Writes the data of one tensor.
pub(super) fn write<W: Write>(
    tensor: &Tensor,
    out: &mut TensorWriter<W>,
    meter: &mut Meter<'_, '_>,
) -> Result<(), ImportError> {
    let mut put = |data: &[u8]| {
        out.write_part(data)?;
        if meter.advance(data.len()).is_break() { Err(ImportError::Cancelled) } else { Ok(()) }
    };
    match &tensor.source {
        Source::Values(values) => put(&encode(values, TensorType::F32)),
        Source::Stored { stored, dtype, change } => {
            let copies = *dtype == tensor.info.tensor_type && *change == Change::None;
            for_each_chunk(stored, &tensor.info, *dtype, *change, |bytes| {
                if copies { put(bytes) } else { put(&converted(bytes, *dtype, *change, tensor, stored)?) }
            })
        }
    }
}

/// Reads the data of a tensor piece by piece.
fn for_each_chunk(
    stored: &Stored,
    info: &TensorInfo,
    dtype: TensorType,
    change: Change,
    mut visit: impl FnMut(&[u8]) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let read = |source| ImportError::read(&stored.file, source);
    let mut file = File::open(&stored.path).map_err(read)?;
    file.seek(SeekFrom::Start(stored.offset)).map_err(read)?;
    let chunk = chunk_weights(stored, info, change);
    let mut left = info.elements();
    let mut bytes = Vec::new();
    while left > 0 {
        let weights = left.min(chunk);
        bytes.resize((weights * dtype.block_bytes()) as usize, 0);
        file.read_exact(&mut bytes).map_err(read)?;
        visit(&bytes)?;
        left -= weights;
    }
    Ok(())
}

/// How many weights to read at once. What changes together stays together.
fn chunk_weights(stored: &Stored, info: &TensorInfo, change: Change) -> u64 {
    match change {
        Change::None | Change::PlusOne => CHUNK,
        Change::Heads { rows } => {
            let head = rows * columns(stored);
            head * (CHUNK / head).max(1)
        }
        Change::Transposed => info.elements(),
    }
}

/// Weights of a row; a vector has rows of one.
fn columns(stored: &Stored) -> u64 {
    stored.shape.iter().skip(1).product()
}

fn converted(
    bytes: &[u8],
    dtype: TensorType,
    change: Change,
    tensor: &Tensor,
    stored: &Stored,
) -> Result<Vec<u8>, ImportError> {
    let columns = columns(stored) as usize;
    let values = match change {
        Change::None => decode(bytes, dtype),
        Change::PlusOne => decode(bytes, dtype).into_iter().map(|x| x + 1.0).collect(),
        Change::Heads { rows } => order_heads(&decode(bytes, dtype), rows as usize, columns),
        Change::Transposed => transpose(&decode(bytes, dtype), columns),
    };
    let to = tensor.info.tensor_type;
    let is_lost = |x: &&f32| x.is_finite() && x.abs() >= F16_LIMIT;
    if let Some(lost) = values.iter().find(is_lost).filter(|_| to == TensorType::F16) {
        let problem = format!("has the weight {lost}, which F16 cannot hold: import as BF16 or F32");
        return Err(ImportError::tensor(&stored.file, &stored.name, problem));
    }
    Ok(encode(&values, to))
}

/// Brings the two rows that rope rotates together side by side, in each head.
fn order_heads(values: &[f32], head: usize, columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(values.len());
    for head in values.chunks_exact(head * columns) {
        let (first, second) = head.split_at(head.len() / 2);
        for (a, b) in first.chunks_exact(columns).zip(second.chunks_exact(columns)) {
            out.extend_from_slice(a);
            out.extend_from_slice(b);
        }
    }
    out
}

fn transpose(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns)).copied().collect()
}

fn decode(bytes: &[u8], dtype: TensorType) -> Vec<f32> {
    let pairs = || bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    match dtype {
        TensorType::F16 => pairs().map(f16::from_bits).collect::<Vec<_>>().to_f32_vec(),
        TensorType::BF16 => pairs().map(bf16::from_bits).collect::<Vec<_>>().to_f32_vec(),
        _ => bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect(),
    }
}

fn encode(values: &[f32], to: TensorType) -> Vec<u8> {
    match to {
        TensorType::F16 => {
            let mut halves = vec![f16::ZERO; values.len()];
            halves.convert_from_f32_slice(values);
            halves.iter().flat_map(|x| x.to_le_bytes()).collect()
        }
        TensorType::BF16 => {
            let mut halves = vec![bf16::ZERO; values.len()];
            halves.convert_from_f32_slice(values);
            halves.iter().flat_map(|x| x.to_le_bytes()).collect()
        }
        _ => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
    }
}
