//! One step of the scheduler on the mock backend, without the forward pass that it decides on.

// The mock never refuses.
#![allow(clippy::expect_used)]

use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use quipu::engine::backend::mock::MockBackend;
use quipu::engine::backend::{Backend, Capabilities};
use quipu::engine::protocol::{RequestId, Token};
use quipu::engine::scheduler::{Scheduler, SchedulerConfig};
use quipu::engine::sequence::Sequence;

const RUNNING: u32 = 64;

fn prompt(number: u64, len: u64) -> Vec<Token> {
    (0..len).map(|i| ((i * 31 + number * 7919) % 250) as Token).collect()
}

/// 64 sequences of 500 tokens that decode, and `waiting` more in the queue.
fn busy(waiting: u64) -> (Scheduler<()>, MockBackend) {
    let capabilities = Capabilities {
        cells: 1 << 17,
        batch_tokens: 2048,
        sequences: 192,
        vocab: 258,
        partial: true,
        mixed: true,
        keep_rows: None,
    };
    let config = SchedulerConfig {
        max_running: RUNNING,
        max_cached: 128,
        latency_target: Duration::from_millis(50),
        deterministic: false,
    };
    let mut scheduler = Scheduler::new(capabilities, config);
    let mut backend = MockBackend::new(capabilities);
    for i in 0..u64::from(RUNNING) + waiting {
        let mut sequence = Sequence::new(RequestId(i), prompt(i, 500), ());
        sequence.max_new = 400;
        scheduler.submit(sequence);
    }
    for _ in 0..40 {
        step(&mut scheduler, &mut backend);
    }
    (scheduler, backend)
}

fn step(scheduler: &mut Scheduler<()>, backend: &mut MockBackend) {
    let plan = scheduler.plan(backend);
    backend.decode(&plan.batch).expect("the mock decodes");
    scheduler.commit(&plan, Duration::from_millis(1), backend);
    for (_, _, sequence) in scheduler.outputs(&plan) {
        sequence.push(97);
    }
}

fn benches(c: &mut Criterion) {
    for waiting in [0, 128] {
        c.bench_function(&format!("scheduler/plan_64_running_{waiting}_waiting"), |b| {
            b.iter_batched_ref(
                || busy(waiting),
                |(scheduler, backend)| scheduler.plan(backend),
                BatchSize::LargeInput,
            );
        });
    }
    c.bench_function("scheduler/whole_step_64_running_with_mock", |b| {
        b.iter_batched_ref(
            || busy(0),
            |(scheduler, backend)| step(scheduler, backend),
            BatchSize::LargeInput,
        );
    });
}

criterion_group! {
    name = all;
    config = Criterion::default().sample_size(20);
    targets = benches
}
criterion_main!(all);
