//! Weights as ggml stores them: blocks of 32 with a scale, or plain numbers.

use half::f16;

/// Weights of a block.
const BLOCK: usize = 32;

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub enum WeightType {
    #[value(name = "f32")]
    F32,
    #[value(name = "f16")]
    F16,
    #[value(name = "q8_0")]
    Q8_0,
    #[value(name = "q4_0")]
    Q4_0,
}

impl WeightType {
    /// The number of the type of a tensor.
    pub(super) fn id(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q8_0 => 8,
        }
    }

    /// The number of the type of a file.
    pub(super) fn file_type(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q8_0 => 7,
        }
    }

    /// Bytes of so many weights, whole blocks.
    pub(super) fn bytes(self, elements: u64) -> u64 {
        match self {
            Self::F32 => elements * 4,
            Self::F16 => elements * 2,
            Self::Q8_0 => elements / BLOCK as u64 * 34,
            Self::Q4_0 => elements / BLOCK as u64 * 18,
        }
    }

    /// Stores weights, whole blocks.
    pub(super) fn store(self, weights: &[f32], out: &mut Vec<u8>) {
        match self {
            Self::F32 => weights.iter().for_each(|weight| out.extend(weight.to_le_bytes())),
            Self::F16 => weights.iter().for_each(|weight| out.extend(f16::from_f32(*weight).to_le_bytes())),
            Self::Q8_0 => weights.chunks_exact(BLOCK).for_each(|block| q8_0(block, out)),
            Self::Q4_0 => weights.chunks_exact(BLOCK).for_each(|block| q4_0(block, out)),
        }
    }
}

fn largest(block: &[f32]) -> f32 {
    block.iter().copied().fold(0.0, |most: f32, weight| if weight.abs() > most.abs() { weight } else { most })
}

fn q8_0(block: &[f32], out: &mut Vec<u8>) {
    let scale = largest(block).abs() / 127.0;
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    out.extend(f16::from_f32(scale).to_le_bytes());
    out.extend(block.iter().map(|weight| (weight * inverse).round() as i8 as u8));
}

/// The scale is such that the largest weight is -8 of 16 steps. The low halves of the bytes are the first 16 weights.
fn q4_0(block: &[f32], out: &mut Vec<u8>) {
    let scale = largest(block) / -8.0;
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let step = |weight: f32| ((weight * inverse + 8.5) as u8).min(15);
    out.extend(f16::from_f32(scale).to_le_bytes());
    let (first, second) = block.split_at(BLOCK / 2);
    out.extend(first.iter().zip(second).map(|(low, high)| step(*low) | step(*high) << 4));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As ggml reads a block.
    fn read(stored_as: WeightType, bytes: &[u8]) -> Vec<f32> {
        let scale = f16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
        let steps = &bytes[2..];
        match stored_as {
            WeightType::Q8_0 => steps.iter().map(|step| f32::from(*step as i8) * scale).collect(),
            _ => {
                let low = steps.iter().map(|step| step & 15);
                let high = steps.iter().map(|step| step >> 4);
                low.chain(high).map(|step| (f32::from(step) - 8.0) * scale).collect()
            }
        }
    }

    proptest! {
        #[test]
        fn blocks_are_near_what_was_stored(weights in prop::collection::vec(-3.0..3.0_f32, BLOCK)) {
            let largest = largest(&weights).abs();
            // Half a step, or a whole one where 4 bits have no room on the other side of zero.
            for (stored_as, step) in [(WeightType::Q8_0, largest / 127.0 * 0.6), (WeightType::Q4_0, largest / 8.0 * 1.01)] {
                let mut bytes = Vec::new();
                stored_as.store(&weights, &mut bytes);
                prop_assert_eq!(bytes.len() as u64, stored_as.bytes(BLOCK as u64));
                for (weight, back) in weights.iter().zip(read(stored_as, &bytes)) {
                    prop_assert!((weight - back).abs() <= step + 1e-3, "{} {}", weight, back);
                }
            }
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        for stored_as in [WeightType::Q8_0, WeightType::Q4_0] {
            let mut bytes = Vec::new();
            stored_as.store(&[0.0; BLOCK], &mut bytes);
            assert_eq!(read(stored_as, &bytes), [0.0; BLOCK]);
        }
    }

    #[test]
    fn plain_numbers() {
        let mut bytes = Vec::new();
        WeightType::F32.store(&[1.0], &mut bytes);
        WeightType::F16.store(&[1.0], &mut bytes);
        assert_eq!(bytes, [0, 0, 0x80, 0x3f, 0, 0x3c]);
    }
}
