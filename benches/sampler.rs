//! Time to sample a token from a vocabulary of 151,936.
//!
//! Rows alternate among 32, 19 MB together, so that they come from where the rows of a real step do: not
//! from the first-level caches.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quipu::engine::backend::mock::MockVocabulary;
use quipu::engine::protocol::{Dry, Mirostat, Sampling, Token};
use quipu::engine::sampler::{Job, Sampler, Scratch, sample_rows};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

const VOCAB: usize = 151_936;
const ROWS: usize = 32;
const HISTORY: usize = 512;

/// Logits as a language model gives them: normal noise, and a few dozen tokens that stand out of it.
fn logits(rng: &mut Pcg64) -> Vec<f32> {
    let mut unit = || (rng.next_u64() >> 11) as f32 / (1_u64 << 53) as f32;
    let mut normal = || (-2.0 * (1.0 - unit()).ln()).sqrt() * (std::f32::consts::TAU * unit()).cos();
    let mut row: Vec<f32> = (0..VOCAB).map(|_| 2.5 * normal()).collect();
    for rank in 0..48 {
        let token = (normal().abs() * 30_000.0) as usize % VOCAB;
        row[token] = 22.0 - 2.5 * (rank as f32).sqrt() + normal();
    }
    row
}

fn rows() -> Vec<Vec<f32>> {
    let mut rng = Pcg64::seed_from_u64(1);
    (0..ROWS).map(|_| logits(&mut rng)).collect()
}

fn history() -> Vec<Token> {
    let mut rng = Pcg64::seed_from_u64(2);
    (0..HISTORY).map(|_| rng.next_u32() % VOCAB as u32).collect()
}

fn one_row(c: &mut Criterion) {
    let defaults = Sampling::default();
    let all = Sampling { top_k: 0, top_p: 1.0, ..defaults.clone() };
    let dry = Dry { multiplier: 0.8, penalty_last_n: -1, ..Dry::default() };
    let mirostat = Mirostat { version: 2, ..Mirostat::default() };
    let cases = [
        ("greedy", Sampling { temperature: 0.0, ..defaults.clone() }, None),
        ("default", defaults.clone(), None),
        ("default, repeat_penalty 1.1", Sampling { repeat_penalty: 1.1, ..defaults.clone() }, None),
        ("top_p 0.9", Sampling { top_p: 0.9, ..all.clone() }, None),
        ("min_p 0.05", Sampling { min_p: 0.05, ..all.clone() }, None),
        ("typical_p 0.9", Sampling { typical_p: 0.9, ..all.clone() }, None),
        ("top_n_sigma 1", Sampling { top_n_sigma: 1.0, ..all.clone() }, None),
        ("default, XTC", Sampling { xtc_probability: 0.5, ..defaults.clone() }, None),
        ("default, DRY", Sampling { dry, ..defaults.clone() }, None),
        ("mirostat 2", Sampling { mirostat, ..defaults.clone() }, None),
        ("temperature 0.8", all, None),
        ("default, logprobs 5", defaults, Some(5)),
    ];

    let (rows, history) = (rows(), history());
    let mut group = c.benchmark_group("sampler");
    for (name, options, logprobs) in cases {
        let mut sampler = Sampler::new(&options, &MockVocabulary::default(), 3);
        let mut scratch = Scratch::default();
        let mut rows = rows.iter().cycle();
        group.bench_function(name, |b| {
            b.iter(|| {
                let row = rows.next().map_or(&[][..], Vec::as_slice);
                sampler.sample(&mut scratch, black_box(row), &history, logprobs, None)
            });
        });
    }
    group.finish();
}

fn many_rows(c: &mut Criterion) {
    let (rows, history) = (rows(), history());
    let sampler = |seed| Sampler::new(&Sampling::default(), &MockVocabulary::default(), seed);
    let mut samplers: Vec<Sampler> = (0..).map(sampler).take(ROWS).collect();
    let mut workers = Vec::new();
    let mut group = c.benchmark_group("sampler");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("default, 32 rows in parallel", |b| {
        b.iter(|| {
            let pairs = samplers.iter_mut().zip(&rows);
            let mut jobs: Vec<Job<'_>> = pairs
                .map(|(sampler, row)| Job {
                    sampler,
                    logits: row,
                    history: &history,
                    logprobs: None,
                    mask: None,
                })
                .collect();
            sample_rows(&mut workers, black_box(&mut jobs))
        });
    });
    group.finish();
}

criterion_group!(benches, one_row, many_rows);
criterion_main!(benches);
