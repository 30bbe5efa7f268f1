//! How long it takes to put one streamed token on the wire of each dialect.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use quipu::api::piece::{Part, Piece};
use quipu::api::stream::Encode;
use quipu::api::{ollama, openai};

fn piece() -> Piece {
    let parts = vec![Part::Content(" once".into())];
    Piece { at: Timestamp::now(), parts, logprobs: Vec::new(), end: None }
}

fn head() -> openai::shared::Head {
    openai::shared::Head {
        id: "chatcmpl-0123456789abcdef".into(),
        created: 1_738_367_999,
        model: "stories".into(),
    }
}

fn encode<E: Encode>(c: &mut Criterion, name: &str, mut encoder: E) {
    let mut group = c.benchmark_group("encode");
    group.throughput(Throughput::Elements(1));
    group.bench_function(name, |bencher| {
        bencher.iter_batched(
            || (piece(), Vec::with_capacity(512)),
            |(piece, mut out)| {
                encoder.piece(black_box(piece), &mut out);
                out
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn benches(c: &mut Criterion) {
    use ollama::encode::{Encoder, Shape};
    encode(c, "ollama_generate", Encoder::new("stories".into(), Shape::Generate));
    encode(c, "ollama_chat", Encoder::new("stories".into(), Shape::Chat));
    encode(c, "openai_chat", openai::encode_chat::Encoder::new(head(), true));
    encode(c, "openai_completions", openai::encode_completions::Encoder::new(head(), true));
}

criterion_group!(all, benches);
criterion_main!(all);
