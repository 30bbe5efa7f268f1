//! The scheduler on the mock backend, which asserts every rule of the memory and whose text shows every
//! mistake in it.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::engine::backend::DecodeError;
use crate::engine::backend::mock::{MockBackend, mock_next};
use crate::engine::sequence::Sequence;

const VOCAB: u32 = 3;

/// A scheduler and its backend, driven as the step loop drives them, greedily.
struct World {
    scheduler: Scheduler<Vec<Token>>,
    backend: MockBackend,
    next_id: u64,
    /// Answers of finished requests.
    answers: HashMap<RequestId, Vec<Token>>,
    /// Tokens computed in all passes.
    computed: u64,
    /// Which requests got a token in the last step.
    served: Vec<RequestId>,
}

#[derive(Clone, Copy)]
struct Shape {
    cells: u32,
    running: u32,
    cached: u32,
    batch: u32,
    partial: bool,
    deterministic: bool,
    keep_rows: Option<u32>,
}

const ROOMY: Shape = Shape {
    cells: 1 << 16,
    running: 8,
    cached: 64,
    batch: 128,
    partial: true,
    deterministic: false,
    keep_rows: None,
};

impl World {
    fn new(shape: Shape) -> Self {
        let capabilities = Capabilities {
            cells: shape.cells,
            batch_tokens: shape.batch,
            sequences: shape.running + shape.cached,
            vocab: VOCAB,
            partial: shape.partial,
            mixed: shape.partial,
            keep_rows: shape.keep_rows,
        };
        let config = SchedulerConfig {
            max_running: shape.running,
            max_cached: shape.cached,
            latency_target: Duration::from_millis(100),
            deterministic: shape.deterministic,
        };
        Self {
            scheduler: Scheduler::new(capabilities, config),
            backend: MockBackend::new(capabilities),
            next_id: 0,
            answers: HashMap::new(),
            computed: 0,
            served: Vec::new(),
        }
    }

    /// Submits a prompt; the payload keeps it for the comparison.
    fn submit(&mut self, prompt: &[Token], max_new: u32) -> RequestId {
        self.submit_with(prompt, max_new, u32::MAX)
    }

    fn submit_with(&mut self, prompt: &[Token], max_new: u32, credit: u32) -> RequestId {
        self.next_id += 1;
        let id = RequestId(self.next_id);
        let mut sequence = Sequence::new(id, prompt.to_vec(), prompt.to_vec());
        sequence.max_new = max_new;
        sequence.credit = credit;
        self.scheduler.submit(sequence);
        id
    }

    /// One step. Returns whether there was anything to compute.
    fn step(&mut self) -> bool {
        self.served.clear();
        let plan = self.scheduler.plan(&mut self.backend);
        if plan.batch.is_empty() {
            self.check();
            return false;
        }
        match self.backend.decode(&plan.batch) {
            Ok(()) => {
                self.computed += plan.batch.len() as u64;
                self.scheduler.commit(&plan, Duration::from_millis(1), &mut self.backend);
                self.choose(&plan);
            }
            Err(DecodeError::NoSlot) => {
                self.scheduler.shed(&mut self.backend);
            }
            Err(DecodeError::Failed(_)) => {
                let mut indices: Vec<usize> = plan.chunks.iter().map(|c| c.index()).collect();
                indices.sort_unstable();
                for index in indices.into_iter().rev() {
                    self.scheduler.discard(index, &mut self.backend);
                }
            }
        }
        self.check();
        true
    }

    fn choose(&mut self, plan: &Plan) {
        let mut ended = Vec::new();
        for (index, row, sequence) in self.scheduler.outputs(plan) {
            let logits = self.backend.logits(row);
            let best = (0..VOCAB).max_by(|a, b| logits[*a as usize].total_cmp(&logits[*b as usize]));
            sequence.push(best.unwrap());
            self.served.push(sequence.id);
            if sequence.remaining() == 0 {
                ended.push(index);
            }
        }
        for index in ended.into_iter().rev() {
            let sequence = self.scheduler.finish(index, &mut self.backend);
            let answer = sequence.tokens[sequence.payload.len()..].to_vec();
            assert_eq!(answer, alone(&sequence.payload, answer.len()), "the same text as alone");
            self.answers.insert(sequence.id, answer);
        }
    }

    fn check(&mut self) {
        self.scheduler.check(&mut self.backend);
        let stats = self.scheduler.stats();
        let used = self.scheduler.pool.total() - self.scheduler.pool.free();
        assert_eq!(self.backend.used(), used, "the mirror is the pool");
        assert_eq!(
            stats.pages_free + stats.pages_held + stats.pages_cached,
            pages(self.scheduler.pool.total()),
            "pages add up"
        );
    }

    /// Steps until nothing is left to compute, with a bound that only a livelock exceeds.
    fn run(&mut self) {
        for _ in 0..200_000 {
            if !self.step() && self.scheduler.is_idle() {
                return;
            }
        }
        panic!("the scheduler does not come to an end");
    }
}

/// What the mock model writes after a prompt when it is alone.
fn alone(prompt: &[Token], count: usize) -> Vec<Token> {
    let mut tokens = prompt.to_vec();
    for _ in 0..count {
        tokens.push(mock_next(&tokens, VOCAB));
    }
    tokens.split_off(prompt.len())
}

fn prompt(seed: u32, len: u32) -> Vec<Token> {
    (0..len)
        .map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(seed.wrapping_mul(40_503)) >> 7) % VOCAB)
        .collect()
}

#[test]
fn a_request_is_answered() {
    let mut world = World::new(ROOMY);
    let id = world.submit(&[0, 1, 2], 5);
    world.run();
    assert_eq!(world.answers[&id].len(), 5);
}

#[test]
fn a_finished_prompt_is_not_computed_again() {
    let mut world = World::new(ROOMY);
    world.submit(&prompt(1, 500), 4);
    world.run();
    let cold = world.computed;
    world.submit(&prompt(1, 500), 4);
    world.run();
    // Four tokens: the last of the prompt, and three of the answer.
    assert_eq!(world.computed - cold, 4);
    assert_eq!(world.scheduler.stats().prefix_hit_tokens, 499);
}

#[test]
fn a_prompt_that_is_being_computed_is_computed_once() {
    let mut world = World::new(ROOMY);
    for _ in 0..8 {
        world.submit(&prompt(1, 1000), 3);
    }
    world.run();
    assert_eq!(world.computed, 1000 + 7 + 8 * 2, "one prompt, a last token for each other, and the answers");
}

#[test]
fn conversations_find_their_past() {
    let mut world = World::new(ROOMY);
    let mut history = prompt(3, 40);
    for turn in 0..6 {
        let id = world.submit(&history, 10);
        world.run();
        history.extend(&world.answers[&id]);
        history.extend(prompt(turn, 7));
    }
    let stats = world.scheduler.stats();
    // All but the new words, and the last token of each answer, which was never fed back.
    assert_eq!(stats.prefix_hit_tokens, stats.prefix_query_tokens - 40 - 5 * 8);
}

#[test]
fn a_pool_far_too_small_fails_nobody() {
    let shape = Shape { cells: 512, running: 8, cached: 8, batch: 64, ..ROOMY };
    let mut world = World::new(shape);
    for i in 0..20 {
        world.submit(&prompt(i, 60), 100);
    }
    while world.answers.len() < 20 {
        let ran: Vec<_> = world.scheduler.running.iter().map(|r| r.seq.id).collect();
        let preemptions = world.scheduler.stats().preemptions;
        assert!(world.step());
        if world.scheduler.stats().preemptions > preemptions {
            let run = |r: &Running<_>| ran.contains(&r.seq.id);
            assert!(world.scheduler.running.iter().all(run), "nobody is admitted where somebody had to go");
        }
    }
    assert!(world.scheduler.stats().preemptions > 0, "the load needed preemption");
    assert_eq!(world.scheduler.stats().decode_no_slot, 0);
}

#[test]
fn one_sequence_may_have_the_whole_pool() {
    let shape = Shape { cells: 256, running: 4, cached: 4, batch: 64, ..ROOMY };
    let mut world = World::new(shape);
    let first = world.submit(&prompt(1, 100), 1000);
    let second = world.submit(&prompt(2, 250), 1000);
    world.run();
    assert_eq!(world.answers[&first].len(), 156, "up to the size of the pool");
    assert_eq!(world.answers[&second].len(), 6);
}

#[test]
fn a_long_prompt_and_short_chats_do_not_starve_each_other() {
    let mut world = World::new(Shape { cells: 1 << 14, batch: 64, ..ROOMY });
    for i in 0..4 {
        world.submit(&prompt(i, 8), 300);
    }
    for _ in 0..4 {
        world.step();
    }
    let long = world.submit(&prompt(99, 4000), 2);
    let mut steps = 0;
    while !world.answers.contains_key(&long) {
        world.step();
        steps += 1;
        let chats = world.served.iter().filter(|id| id.0 <= 4).count();
        assert_eq!(chats, 4, "every step serves the chats");
        assert!(steps < 100, "4000 tokens at 60 a step are 67 steps");
    }
}

#[test]
fn a_large_request_is_bypassed_but_not_for_ever() {
    let mut world = World::new(Shape { cells: 2048, running: 4, cached: 0, ..ROOMY });
    for i in 0..3 {
        world.submit(&prompt(i, 100), 400);
    }
    world.step();
    let large = world.submit(&prompt(50, 1500), 10);
    // A stream of small ones that would keep the pool busy for ever.
    for i in 0..4000 {
        world.submit(&prompt(100 + i, 20), 4);
        world.step();
        if world.answers.contains_key(&large) {
            return;
        }
    }
    panic!("the large request starved");
}

#[test]
fn cancelling_works_in_every_state() {
    let mut world = World::new(Shape { running: 2, batch: 64, ..ROOMY });
    let decoding = world.submit(&prompt(1, 5), 50);
    world.step();
    let prefilling = world.submit(&prompt(2, 500), 50);
    let waiting = world.submit(&prompt(3, 5), 50);
    world.step();
    for id in [waiting, prefilling, decoding] {
        assert!(world.scheduler.cancel(id, &mut world.backend).is_some());
        world.check();
        assert!(world.scheduler.cancel(id, &mut world.backend).is_none(), "once");
    }
    assert!(world.scheduler.is_idle());
    assert_eq!(world.scheduler.stats().running, 0);
}

#[test]
fn a_client_that_does_not_read_gives_its_place_up_and_gets_it_back() {
    let mut world = World::new(Shape { running: 1, ..ROOMY });
    let slow = world.submit_with(&prompt(1, 50), 20, 5);
    world.run();
    assert!(!world.answers.contains_key(&slow), "it stalls after five tokens");
    let other = world.submit(&prompt(2, 50), 20);
    world.run();
    assert_eq!(world.answers[&other].len(), 20);
    world.scheduler.credit(slow, 100);
    world.run();
    assert_eq!(world.answers[&slow].len(), 20);
}

#[test]
fn shifting_keeps_head_and_tail() {
    let mut world = World::new(ROOMY);
    world.submit(&prompt(1, 20), 100);
    for _ in 0..5 {
        world.step();
    }
    let before = world.scheduler.running(0).tokens.clone();
    world.scheduler.shift(0, 4, 8, &mut world.backend);
    world.check();
    let plan = world.scheduler.plan(&mut world.backend);
    assert!(!plan.batch.is_empty());
    let now = world.scheduler.running(0).tokens.clone();
    assert_eq!(now[..4], before[..4]);
    assert_eq!(now[4..], before[12..]);
    let same = now.iter().zip(&before).take_while(|(a, b)| a == b).count() as u32;
    assert!(same >= 4);
    assert_eq!(world.scheduler.running(0).computed, same, "the head is a prefix hit");
}

#[test]
fn a_backend_without_cells_is_a_counted_bug_and_fails_nobody() {
    let mut world = World::new(ROOMY);
    for i in 0..6 {
        world.submit(&prompt(i, 30), 20);
    }
    world.step();
    world.backend.fail_next(DecodeError::NoSlot);
    world.run();
    assert_eq!(world.answers.len(), 6);
    assert_eq!(world.scheduler.stats().decode_no_slot, 1);
}

#[test]
fn a_failed_pass_takes_its_sequences_and_leaves_no_cell() {
    for partial in [true, false] {
        let mut world = World::new(Shape { partial, ..ROOMY });
        for i in 0..4 {
            world.submit(&prompt(i, 30), 20);
        }
        for _ in 0..6 {
            world.step();
        }
        world.backend.fail_next(DecodeError::Failed("test".into()));
        world.run();
        assert_eq!(world.scheduler.stats().running, 0);
        let after = world.submit(&prompt(0, 30), 5);
        world.run();
        assert_eq!(world.answers[&after].len(), 5);
    }
}

#[test]
fn what_costs_more_to_keep_than_to_compute_is_dropped() {
    for partial in [true, false] {
        let mut world = World::new(Shape { keep_rows: Some(500), partial, ..ROOMY });
        world.submit(&prompt(1, 100), 5);
        world.run();
        world.submit(&prompt(2, 100), 300);
        world.run();
        let after = |world: &World| world.scheduler.stats().prefix_hit_tokens;
        // 399 rows later the first is still there, and being used makes it young again.
        let mut again = prompt(1, 100);
        again.extend(alone(&again, 5));
        world.submit(&again, 5);
        world.run();
        let hits = after(&world);
        assert!(hits >= 100, "kept while it is cheap");
        world.submit(&prompt(3, 100), 700);
        world.run();
        world.submit(&again, 5);
        world.run();
        assert!(after(&world) < hits + 100, "dropped when it has cost more than it is worth");
    }
}

#[test]
fn recurrent_memories_go_on_with_whole_sequences() {
    let mut world = World::new(Shape { partial: false, ..ROOMY });
    let mut history = prompt(3, 40);
    for turn in 0..4 {
        let id = world.submit(&history, 10);
        world.run();
        history.extend(&world.answers[&id]);
        history.extend(prompt(turn, 7));
    }
    let stats = world.scheduler.stats();
    assert_eq!(stats.prefix_hit_tokens, stats.prefix_query_tokens - 40 - 3 * 8);
    // Sharing only a part is not possible, and not attempted.
    let half = world.submit(&prompt(3, 20), 3);
    world.run();
    assert_eq!(world.answers[&half].len(), 3);
}

#[test]
fn fixed_cuts_do_not_depend_on_hits() {
    let cuts = |warm: bool| {
        let mut world = World::new(Shape { deterministic: true, batch: 128, ..ROOMY });
        if warm {
            world.submit(&prompt(1, 150), 2);
            world.run();
        }
        world.submit(&prompt(1, 200), 1);
        let mut ends = Vec::new();
        loop {
            let plan = world.scheduler.plan(&mut world.backend);
            let Some(last) = plan.batch.last() else { return ends };
            ends.push(last.position + 1);
            world.backend.decode(&plan.batch).unwrap();
            world.scheduler.commit(&plan, Duration::ZERO, &mut world.backend);
            world.choose(&plan);
        }
    };
    let (cold, warm) = (cuts(false), cuts(true));
    assert_eq!(cold, [128, 192, 200]);
    assert_eq!(warm, [192, 200]);
}

/// What happens to a server, in the order of a test.
#[derive(Clone, Debug)]
enum Move {
    /// Prompt family, its length, a tail of its own, tokens to write, credit.
    Submit(u32, u32, u32, u32, bool),
    Cancel(usize),
    Credit(usize),
    Steps(u32),
    Fault,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        8 => (0_u32..4, 1_u32..150, 0_u32..20, 1_u32..60, prop::bool::weighted(0.2))
            .prop_map(|(f, l, t, n, slow)| Move::Submit(f, l, t, n, slow)),
        2 => any::<usize>().prop_map(Move::Cancel),
        3 => any::<usize>().prop_map(Move::Credit),
        8 => (1_u32..12).prop_map(Move::Steps),
        1 => Just(Move::Fault),
    ]
}

fn play(shape: Shape, history: Vec<Move>) {
    let mut world = World::new(shape);
    let mut open = Vec::new();
    let mut cancelled = 0;
    for step in history {
        match step {
            Move::Submit(family, len, tail, new, slow) => {
                let mut tokens = prompt(family, len);
                tokens.extend(prompt(world.next_id as u32, tail));
                tokens.truncate(shape.cells as usize - 1);
                let credit = if slow { 3 } else { u32::MAX / 2 };
                open.push(world.submit_with(&tokens, new, credit));
            }
            Move::Cancel(i) if !open.is_empty() => {
                let id = open.swap_remove(i % open.len());
                cancelled += usize::from(world.scheduler.cancel(id, &mut world.backend).is_some());
                world.check();
            }
            Move::Credit(i) if !open.is_empty() => world.scheduler.credit(open[i % open.len()], 5),
            Move::Steps(n) => {
                for _ in 0..n {
                    world.step();
                }
            }
            Move::Fault => world.backend.fail_next(DecodeError::NoSlot),
            Move::Cancel(_) | Move::Credit(_) => {}
        }
    }
    for id in open {
        world.scheduler.credit(id, 1000);
    }
    world.run();
    assert_eq!(world.answers.len() + cancelled, world.next_id as usize, "every request is answered");
    let stats = world.scheduler.stats();
    assert_eq!((stats.running, stats.waiting), (0, 0));
    world.scheduler.evict(shape.cells, &mut world.backend);
    assert_eq!(world.backend.used(), 0, "no cell leaks");
    assert_eq!(world.scheduler.ids.len(), (shape.running + shape.cached) as usize, "no id leaks");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// Submit, cancel, finish, evict, preempt, stall and fail in any order: every text is the one that its
    /// request would have got alone, and the accounting is exact after every step.
    #[test]
    fn random_loads_on_a_small_pool(history in prop::collection::vec(moves(), 1..60)) {
        play(Shape { cells: 320, running: 5, cached: 6, batch: 48, ..ROOMY }, history);
    }

    #[test]
    fn random_loads_that_keep_little(history in prop::collection::vec(moves(), 1..60)) {
        play(Shape { cells: 2048, running: 5, cached: 6, keep_rows: Some(100), ..ROOMY }, history);
    }

    #[test]
    fn random_loads_with_few_ids(history in prop::collection::vec(moves(), 1..60)) {
        play(Shape { cells: 4096, running: 3, cached: 1, batch: 128, ..ROOMY }, history);
    }

    #[test]
    fn random_loads_with_fixed_cuts(history in prop::collection::vec(moves(), 1..40)) {
        play(Shape { cells: 640, running: 5, cached: 6, batch: 128, deterministic: true, ..ROOMY }, history);
    }

    #[test]
    fn random_loads_on_recurrent_memory(history in prop::collection::vec(moves(), 1..40)) {
        play(Shape { cells: 400, running: 4, cached: 4, batch: 64, partial: false, ..ROOMY }, history);
    }
}
