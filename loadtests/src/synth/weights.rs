//! The tensors of a model, and random numbers of the right size for each.
//!
//! With inputs of size 1, a matrix of `n` inputs with weights of size `1 / sqrt(n)` gives outputs of size 1. What
//! layers add up to is much more than what embeddings bring, so that a token does not simply repeat itself, and logits
//! differ by about 3, so that sampling has something to choose from.

use std::io::{self, Write};

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;

use super::preset::Architecture;
use super::vocabulary::Vocabulary;
use super::{Shape, WeightType};

/// Weights that one task makes at a time.
const TASK: usize = 1 << 16;
/// Tasks whose weights are held in memory.
const TASKS: usize = 64;
/// Size of logits.
const LOGITS: f32 = 3.0;
/// Size of what all layers add up to.
const LAYERS: f32 = 6.0;
/// The first number of each embedding. It must not be negative for any token: as input, the token would then turn
/// around what may be said.
const MAY_BE_SAID: f32 = 6.0;
const NOT_TO_BE_SAID: f32 = 0.0;
/// How much of its input the activation lets through.
const ACTIVATION: f32 = 0.4;

/// What a tensor is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Embedding,
    /// The output matrix, where it is not the embeddings.
    Output,
    /// All ones.
    Norm,
    Bias,
    /// Its outputs are of size `gain` for inputs of size 1. Either it reads what goes through all layers, or it `adds`
    /// to it; both but for the first number.
    Matrix {
        gain: f32,
        adds: bool,
    },
}

/// A tensor of the file.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub(super) name: String,
    /// Inputs, outputs; or just a length.
    pub(super) dims: Vec<u32>,
    pub(super) kind: Kind,
}

impl Tensor {
    pub(super) fn elements(&self) -> u64 {
        self.dims.iter().map(|size| u64::from(*size)).product()
    }

    /// Makes the weights in parts, many at a time; each part has its own seed, so that the number of cores does not
    /// matter.
    pub(super) fn write(
        &self,
        stored_as: WeightType,
        seed: u64,
        vocabulary: &Vocabulary,
        out: &mut impl Write,
        progress: &mut impl FnMut(u64),
    ) -> io::Result<()> {
        let length = self.dims[0] as usize;
        let rows = self.elements() as usize / length;
        let rows_of_task = (TASK / length).max(1);
        let tasks: Vec<usize> = (0..rows).step_by(rows_of_task).collect();
        for tasks in tasks.chunks(TASKS) {
            let parts: Vec<Vec<u8>> = tasks
                .par_iter()
                .map(|first| {
                    let mut rng = Pcg64::seed_from_u64(seed ^ ((*first as u64) << 32));
                    let mut bytes = Vec::new();
                    let mut row = vec![0.0; length];
                    for i in *first..rows.min(first + rows_of_task) {
                        self.row(i, vocabulary, &mut rng, &mut row);
                        stored_as.store(&row, &mut bytes);
                    }
                    bytes
                })
                .collect();
            parts.iter().try_for_each(|part| out.write_all(part))?;
            progress((tasks.len() * rows_of_task * length) as u64);
        }
        Ok(())
    }

    /// The weights of one output, or of one token.
    fn row(&self, i: usize, vocabulary: &Vocabulary, rng: &mut Pcg64, row: &mut [f32]) {
        let inputs = (self.dims[0] as f32).sqrt();
        match self.kind {
            Kind::Norm => row.fill(1.0),
            Kind::Bias => fill(row, 0.1, rng),
            Kind::Matrix { adds: true, .. } if i == 0 => row.fill(0.0),
            Kind::Matrix { gain, adds } => {
                fill(row, gain / inputs, rng);
                if !adds {
                    row[0] = 0.0;
                }
            }
            Kind::Embedding | Kind::Output => {
                fill(row, LOGITS / inputs, rng);
                row[0] = if vocabulary.may_be_said(i) { MAY_BE_SAID } else { NOT_TO_BE_SAID };
            }
        }
    }
}

/// Random numbers of this size (root of the mean square), evenly spread: which distribution does not matter to speed.
fn fill(row: &mut [f32], size: f32, rng: &mut Pcg64) {
    let reach = size * 3.0_f32.sqrt();
    for pair in row.chunks_mut(2) {
        let bits = rng.next_u64();
        for (weight, bits) in pair.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
            // 24 bits are what a float holds.
            *weight = ((bits >> 8) as f32 / (1 << 23) as f32 - 1.0) * reach;
        }
    }
}

/// All tensors of a model, in the order of the file.
pub(super) fn tensors(shape: &Shape) -> Vec<Tensor> {
    let mut all = Vec::new();
    let mut add = |name: String, dims: &[u32], kind| all.push(Tensor { name, dims: dims.to_vec(), kind });
    let (width, inner) = (shape.width, shape.feed_forward);
    let (queries, keys) = (shape.heads * shape.head_size, shape.kv_heads * shape.head_size);
    let plain = Kind::Matrix { gain: 1.0, adds: false };
    // Each layer adds twice.
    let share = LAYERS / (2.0 * shape.layers as f32).sqrt();
    add("token_embd.weight".into(), &[width, shape.vocabulary], Kind::Embedding);
    for i in 0..shape.layers {
        let mut part = |name: &str, dims: &[u32], kind| add(format!("blk.{i}.{name}"), dims, kind);
        part("attn_norm.weight", &[width], Kind::Norm);
        part("attn_q.weight", &[width, queries], plain);
        part("attn_k.weight", &[width, keys], plain);
        part("attn_v.weight", &[width, keys], plain);
        if shape.architecture == Architecture::Qwen2 {
            part("attn_q.bias", &[queries], Kind::Bias);
            part("attn_k.bias", &[keys], Kind::Bias);
            part("attn_v.bias", &[keys], Kind::Bias);
        }
        part("attn_output.weight", &[queries, width], Kind::Matrix { gain: share, adds: true });
        part("ffn_norm.weight", &[width], Kind::Norm);
        part("ffn_gate.weight", &[width, inner], plain);
        part("ffn_up.weight", &[width, inner], plain);
        part("ffn_down.weight", &[inner, width], Kind::Matrix { gain: share / ACTIVATION, adds: true });
    }
    add("output_norm.weight".into(), &[width], Kind::Norm);
    if !shape.tied {
        add("output.weight".into(), &[width, shape.vocabulary], Kind::Output);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::Preset;

    #[test]
    fn numbers_of_parameters_are_those_of_the_models() {
        let millions = |preset: Preset| {
            let elements: u64 = tensors(&preset.shape()).iter().map(Tensor::elements).sum();
            elements / 1_000_000
        };
        assert_eq!(millions(Preset::Smollm2x135m), 134);
        assert_eq!(millions(Preset::Llama180m), 177);
        assert_eq!(millions(Preset::Qwen25x05b), 494);
        assert_eq!(millions(Preset::Llama32x1b), 1235);
        assert_eq!(millions(Preset::Qwen25x15b), 1543);
        assert_eq!(millions(Preset::Llama31x8b), 8030);
    }

    #[test]
    fn random_numbers_have_their_size() {
        let mut row = vec![0.0; 10_000];
        fill(&mut row, 0.5, &mut Pcg64::seed_from_u64(1));
        let size = (row.iter().map(|weight| weight * weight).sum::<f32>() / row.len() as f32).sqrt();
        assert!((size - 0.5).abs() < 0.01, "{size}");
        assert!(row.iter().sum::<f32>().abs() < 150.0);
    }
}
