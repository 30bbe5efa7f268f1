//! The prefix tree: what a step may cost for each request that waits, starts, grows or ends.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use quipu::engine::pages::{Pool, pages};
use quipu::engine::prefix::{CellOp, PrefixCache, PrefixTree};
use quipu::engine::protocol::Token;

/// A conversation: a system prompt that all share, then words of its own.
fn conversation(number: u32, len: u32) -> Vec<Token> {
    let own = (0..len).map(|i| (i * 31 + number * 7919) % 50_000);
    (0..1000).chain(own).collect()
}

/// A tree with as many cached conversations as there are ids.
fn full_tree() -> PrefixTree {
    let mut tree = PrefixTree::default();
    let mut ops = Vec::new();
    for id in 0..128 {
        let tokens = conversation(id, 1000);
        let hit = tree.lookup(&tokens);
        let claim = tree.claim(&tokens, hit.len, id, &mut ops);
        tree.release(claim.anchor, id, &tokens, &mut ops);
    }
    tree
}

fn benches(c: &mut Criterion) {
    let tree = full_tree();
    let known = conversation(77, 1000);
    let fresh = conversation(500, 1000);
    c.bench_function("prefix/lookup_hit_2000", |b| b.iter(|| tree.lookup(black_box(&known))));
    c.bench_function("prefix/lookup_shared_1000", |b| b.iter(|| tree.lookup(black_box(&fresh))));
    c.bench_function("prefix/claim_publish_release", |b| {
        b.iter_batched_ref(
            || (full_tree(), Vec::<CellOp>::new()),
            |(tree, ops)| {
                let hit = tree.lookup(&fresh);
                let claim = tree.claim(&fresh, hit.len, 200, ops);
                let mut anchor = claim.anchor;
                tree.publish(&mut anchor, 200, &fresh[..1500], ops);
                tree.release(anchor, 200, &fresh, ops)
            },
            BatchSize::SmallInput,
        );
    });
    c.bench_function("prefix/evict_all", |b| {
        b.iter_batched_ref(
            || (full_tree(), Vec::<CellOp>::new()),
            |(tree, ops)| tree.evict(u32::MAX / 2, ops),
            BatchSize::SmallInput,
        );
    });
    c.bench_function("pages/take_and_give", |b| {
        let mut pool = Pool::new(1 << 18);
        b.iter(|| {
            pool.take(black_box(97));
            pool.give(black_box(97));
            pages(pool.free())
        });
    });
}

criterion_group!(all, benches);
criterion_main!(all);
