//! What a form costs: masks for a vocabulary of 151,936 and a schema of 40 fields.
//!
//! A mask is computed beside the forward pass, so it costs nothing until all masks of a step take longer than the
//! pass; 16 sequences are 16 masks. `a decode step, at least` reads the weights of an output layer for this vocabulary
//! and a width of 896 at 8 bits once, which any step of such a model does, however many sequences it has.

#![allow(clippy::expect_used)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use quipu::engine::backend::Vocabulary;
use quipu::engine::grammar::{Grammars, Next, Words};
use quipu::engine::protocol::{Constraint, Form, Sampling, Token};
use quipu::engine::sampler::{Mask, Sampler, Scratch};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::{Value, json};

const VOCAB: usize = 151_936;
const FIELDS: usize = 40;
const WIDTH: usize = 896;

/// Bytes, pieces of JSON, and made-up words with and without a space before them.
struct Synthetic(Vec<Vec<u8>>);

impl Synthetic {
    fn new() -> Self {
        let mut rng = Pcg64::seed_from_u64(1);
        let mut tokens: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
        let pieces =
            ["{\"", "\":", "\": \"", "\",", "\", \"", "\"}", "},", "],", "[\"", " \"", ":\"", "\n  ", "true"];
        tokens.extend(pieces.map(|piece| piece.as_bytes().to_vec()));
        let mut syllable = || {
            let letters = rng.next_u64() as usize;
            [b"bcdfghjklmnpqrst"[letters % 16], b"aeiou"[letters / 16 % 5]]
        };
        while tokens.len() < VOCAB - 1 {
            let word: Vec<u8> = (0..2 + tokens.len() % 4).flat_map(|_| syllable()).collect();
            let spaced = tokens.len().is_multiple_of(2).then_some(b' ');
            tokens.push(spaced.into_iter().chain(word).collect());
        }
        tokens.push(b"<|end|>".to_vec());
        Self(tokens)
    }

    /// The longest token that a text begins with.
    fn first(&self, text: &[u8]) -> Token {
        let fits = (0..self.0.len()).filter(|&token| text.starts_with(&self.0[token]));
        fits.max_by_key(|&token| self.0[token].len()).unwrap_or(0) as Token
    }
}

impl Vocabulary for Synthetic {
    fn tokenize(&self, text: &str) -> Result<Vec<Token>, String> {
        let (mut tokens, mut rest) = (Vec::new(), text.as_bytes());
        while !rest.is_empty() {
            let token = self.first(rest);
            rest = &rest[self.0[token as usize].len()..];
            tokens.push(token);
        }
        Ok(tokens)
    }

    fn plain(&self, _: &str) -> Result<Vec<Token>, String> {
        Err("not needed".into())
    }

    fn detokenize(&self, _: &[Token]) -> Result<String, String> {
        Err("not needed".into())
    }

    fn len(&self) -> u32 {
        VOCAB as u32
    }

    fn piece(&self, token: Token) -> &[u8] {
        if self.is_end(token) { &[] } else { &self.0[token as usize] }
    }

    fn spelled(&self, token: Token) -> Vec<u8> {
        self.0[token as usize].clone()
    }

    fn special(&self, _: &str) -> Vec<(Token, Vec<u8>)> {
        Vec::new()
    }

    fn is_end(&self, token: Token) -> bool {
        token as usize == VOCAB - 1
    }

    fn trailing(&self) -> Option<Token> {
        None
    }

    fn leading(&self) -> Option<Token> {
        None
    }
}

/// Fields of every kind; `variant` makes it another schema.
fn schema(variant: usize) -> Value {
    let fields = (0..FIELDS).map(|index| {
        let field = match index % 8 {
            0 => json!({"type": "string"}),
            1 => json!({"type": "integer", "minimum": 0, "maximum": 1000 + variant}),
            2 => json!({"type": "string", "enum": ["low", "middle", "high"]}),
            3 => json!({"type": "array", "items": {"type": "string", "maxLength": 30}, "maxItems": 5}),
            4 => json!({"type": "number"}),
            5 => json!({"type": "string", "format": "date-time"}),
            6 => json!({"type": ["boolean", "null"]}),
            _ => json!({"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "string"}}, "required": ["x", "y"]}),
        };
        (format!("field_{index}"), field)
    });
    let fields: serde_json::Map<String, Value> = fields.collect();
    let names: Vec<String> = fields.keys().cloned().collect();
    json!({"type": "object", "properties": fields, "required": names, "additionalProperties": false})
}

fn document() -> String {
    let values = (0..FIELDS).map(|index| match index % 8 {
        0 => json!("bada gore mipa sutoki, fele"),
        1 => json!(417),
        2 => json!("middle"),
        3 => json!(["bada gore", "mi"]),
        4 => json!(-12.75),
        5 => json!("2024-02-29T12:30:00Z"),
        6 => json!(true),
        _ => json!({"x": 1.5, "y": "rimo da"}),
    });
    let members = values.enumerate().map(|(index, value)| (format!("field_{index}"), value));
    Value::Object(members.collect()).to_string()
}

fn constraint(variant: usize) -> Constraint {
    Constraint::new(Form::JsonSchema(schema(variant).to_string()))
}

fn masks(c: &mut Criterion) {
    let vocabulary = Synthetic::new();
    let words = Arc::new(Words::new(&vocabulary).expect("a vocabulary"));
    let mut grammars = Grammars::new(Arc::clone(&words));
    let tokens = vocabulary.tokenize(&document()).expect("tokens");
    let mut group = c.benchmark_group("grammar");
    group.sample_size(20);

    group.bench_function("vocabulary, once for a model", |b| b.iter(|| Words::new(black_box(&vocabulary))));
    let mut variant = 0;
    group.bench_function("a new schema", |b| {
        b.iter(|| {
            variant += 1;
            grammars.guide(&constraint(variant)).map(drop)
        });
    });
    group.bench_function("a known schema", |b| b.iter(|| grammars.guide(&constraint(0)).map(drop)));
    group.bench_function(format!("a mask, mean of {} tokens", tokens.len()), |b| {
        b.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                let (mut guide, _) = grammars.guide(&constraint(0)).expect("a guide");
                let began = Instant::now();
                for &token in &tokens {
                    black_box(guide.advance(token).expect("allowed"));
                }
                spent += began.elapsed() / tokens.len() as u32;
            }
            spent
        });
    });
    let weights: Vec<u64> = (0..(VOCAB * WIDTH / 8) as u64).collect();
    group.bench_function("a decode step, at least", |b| {
        b.iter(|| black_box(&weights).iter().fold(0_u64, |sum, &word| sum.wrapping_add(word)));
    });
    group.finish();
}

/// The default sampler on a row with and without a mask of a string's inside, which is the widest, and of a key.
fn sampling(c: &mut Criterion) {
    let vocabulary = Synthetic::new();
    let words = Arc::new(Words::new(&vocabulary).expect("a vocabulary"));
    let mut grammars = Grammars::new(words);
    let mut mask_after = |text: &str| -> Option<Mask> {
        let (mut guide, mut next) = grammars.guide(&constraint(0)).expect("a guide");
        for token in vocabulary.tokenize(text).expect("tokens") {
            next = guide.advance(token).expect("allowed");
        }
        match next {
            Next::Token(mask) => Some(mask),
            Next::End => None,
        }
    };
    let cases =
        [("none", None), ("of a key", mask_after("{")), ("of a string", mask_after("{\"field_0\":\"bada"))];
    let mut rng = Pcg64::seed_from_u64(2);
    let row: Vec<f32> =
        (0..VOCAB).map(|_| (rng.next_u32() >> 8) as f32 / f32::from(u16::MAX) / 12.0).collect();
    let mut group = c.benchmark_group("grammar");
    for (name, mask) in cases {
        let mut sampler = Sampler::new(&Sampling::default(), &vocabulary, 3);
        let mut scratch = Scratch::default();
        group.bench_function(format!("sampling, mask {name}"), |b| {
            b.iter(|| sampler.sample(&mut scratch, black_box(&row), &[], None, mask.as_ref()));
        });
    }
    group.finish();
}

criterion_group!(benches, masks, sampling);
criterion_main!(benches);
