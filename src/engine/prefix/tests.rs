//! Random histories of the radix tree, against a simple model of who owns which cell.

use proptest::prelude::*;

use super::*;

/// Who owns what: for each sequence the identities of its cells by position. Applies the operations that the
/// tree orders, as a backend would.
#[derive(Default)]
struct Owners {
    sequences: Vec<Vec<u64>>,
    next_cell: u64,
}

impl Owners {
    fn new(sequences: usize) -> Self {
        Self { sequences: vec![Vec::new(); sequences], next_cell: 0 }
    }

    fn compute(&mut self, sequence: SeqId, count: usize) {
        for _ in 0..count {
            self.next_cell += 1;
            self.sequences[sequence as usize].push(self.next_cell);
        }
    }

    /// Returns the ids that became free.
    fn apply(&mut self, ops: &mut Vec<CellOp>) -> Vec<SeqId> {
        let mut retired = Vec::new();
        for op in ops.drain(..) {
            match op {
                CellOp::Copy { from, to, positions } => {
                    assert!(self.sequences[to as usize].is_empty(), "copies go to fresh ids");
                    let range = positions.start as usize..positions.end as usize;
                    self.sequences[to as usize] = self.sequences[from as usize][range].to_vec();
                }
                CellOp::Replace { from, to, positions } => {
                    for p in positions {
                        let kept = self.sequences[from as usize][p as usize];
                        self.sequences[to as usize][p as usize] = kept;
                    }
                }
                CellOp::Remove { sequence, positions } => {
                    let held = &mut self.sequences[sequence as usize];
                    assert_eq!(held.len(), positions.end as usize, "only tails are removed");
                    held.truncate(positions.start as usize);
                }
                CellOp::Retire(sequence) => {
                    self.sequences[sequence as usize].clear();
                    retired.push(sequence);
                }
            }
        }
        retired
    }

    fn distinct(&self) -> u32 {
        let mut cells: Vec<u64> = self.sequences.concat();
        cells.sort_unstable();
        cells.dedup();
        cells.len() as u32
    }
}

struct Runner {
    tokens: Vec<Token>,
    sequence: SeqId,
    anchor: Anchor,
}

/// A tree, its runners, and the model of its cells.
struct World {
    tree: PrefixTree,
    owners: Owners,
    runners: Vec<Runner>,
    ids: Vec<SeqId>,
    /// Cells in use by the tree's own account, private ones included.
    used: u32,
    /// Everything ever published and not evicted, for the expected length of hits; only kept while nothing is
    /// evicted.
    published: Option<Vec<Vec<Token>>>,
}

const IDS: u32 = 24;

impl World {
    fn new() -> Self {
        Self {
            tree: PrefixTree::default(),
            owners: Owners::new(IDS as usize),
            runners: Vec::new(),
            ids: (0..IDS).rev().collect(),
            used: 0,
            published: Some(Vec::new()),
        }
    }

    fn settle(&mut self, ops: &mut Vec<CellOp>) {
        let retired = self.owners.apply(ops);
        self.ids.extend(retired);
        self.tree.check();
        let private: u32 = self.runners.iter().map(|r| r.tokens.len() as u32 - r.anchor.len).sum();
        assert_eq!(self.tree.locked() + self.tree.evictable() + private, self.used, "accounting");
        assert_eq!(self.owners.distinct(), self.used, "cells that exist are cells that are counted");
        for r in &self.runners {
            let held = self.owners.sequences[r.sequence as usize].len();
            assert_eq!(held, r.tokens.len(), "a runner keeps its cells");
        }
    }

    fn admit(&mut self, prompt: &[Token]) {
        let Some(fresh) = self.ids.pop() else { return };
        let hit = self.tree.lookup(prompt);
        if let Some(published) = &self.published {
            let longest = published.iter().map(|p| p.iter().zip(prompt).take_while(|(a, b)| a == b).count());
            assert_eq!(hit.len as usize, longest.max().unwrap_or(0), "everything published is found");
        }
        let evictable = self.tree.evictable();
        let mut ops = Vec::new();
        let claim = self.tree.claim(prompt, hit.len, fresh, &mut ops);
        assert_eq!(self.tree.evictable(), evictable - hit.evictable, "the lookup said what a claim locks");
        if claim.sequence != fresh {
            self.ids.push(fresh);
        }
        let tokens = prompt[..hit.len as usize].to_vec();
        self.runners.push(Runner { tokens, sequence: claim.sequence, anchor: claim.anchor });
        self.settle(&mut ops);
    }

    fn grow(&mut self, index: usize, more: &[Token], publish: bool) {
        let r = &mut self.runners[index];
        self.owners.compute(r.sequence, more.len());
        self.used += more.len() as u32;
        r.tokens.extend_from_slice(more);
        let mut ops = Vec::new();
        if publish {
            self.used -= self.tree.publish(&mut r.anchor, r.sequence, &r.tokens, &mut ops);
            if let Some(published) = &mut self.published {
                published.push(r.tokens.clone());
            }
        }
        self.settle(&mut ops);
    }

    fn finish(&mut self, index: usize) {
        let r = self.runners.swap_remove(index);
        let mut ops = Vec::new();
        self.used -= self.tree.release(r.anchor, r.sequence, &r.tokens, &mut ops);
        if let Some(published) = &mut self.published {
            published.push(r.tokens);
        }
        self.settle(&mut ops);
    }

    fn evict(&mut self, need: u32) {
        let before = self.tree.evictable();
        let mut ops = Vec::new();
        let freed = self.tree.evict(need, &mut ops);
        assert!(freed >= need.min(before), "what is evictable can be evicted");
        self.used -= freed;
        self.published = None;
        self.settle(&mut ops);
    }

    fn drop_holder(&mut self) {
        let ids = self.ids.len();
        let mut ops = Vec::new();
        if let Some(freed) = self.tree.drop_holder(&mut ops) {
            self.used -= freed;
            self.published = None;
            self.settle(&mut ops);
            assert_eq!(self.ids.len(), ids + 1, "an id came back");
        }
    }
}

#[derive(Clone, Debug)]
enum Move {
    Admit(Vec<Token>),
    Grow(usize, Vec<Token>, bool),
    Finish(usize),
    Evict(u32),
    DropHolder,
}

/// Two tokens make sharing, splits and duplicates as likely as can be.
fn tokens(most: usize) -> impl Strategy<Value = Vec<Token>> {
    prop::collection::vec(0_u32..2, 1..most)
}

fn moves(evicting: bool) -> impl Strategy<Value = Move> {
    let rare = u32::from(evicting);
    prop_oneof![
        6 => tokens(12).prop_map(Move::Admit),
        6 => (any::<usize>(), tokens(6), any::<bool>()).prop_map(|(i, t, p)| Move::Grow(i, t, p)),
        5 => any::<usize>().prop_map(Move::Finish),
        2 * rare => (1_u32..40).prop_map(Move::Evict),
        rare => Just(Move::DropHolder),
    ]
}

fn play(history: Vec<Move>) {
    let mut world = World::new();
    for step in history {
        let some = |i: usize, w: &World| (!w.runners.is_empty()).then(|| i % w.runners.len());
        match step {
            Move::Admit(prompt) => world.admit(&prompt),
            Move::Grow(i, more, publish) => {
                if let Some(i) = some(i, &world) {
                    world.grow(i, &more, publish);
                }
            }
            Move::Finish(i) => {
                if let Some(i) = some(i, &world) {
                    world.finish(i);
                }
            }
            Move::Evict(need) => world.evict(need),
            Move::DropHolder => world.drop_holder(),
        }
    }
    while !world.runners.is_empty() {
        world.finish(0);
    }
    world.evict(u32::MAX / 2);
    assert_eq!(world.used, 0, "nothing leaks");
    assert_eq!(world.ids.len(), IDS as usize, "every id comes back");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_histories_keep_the_tree_sound(history in prop::collection::vec(moves(true), 1..120)) {
        play(history);
    }

    #[test]
    fn without_eviction_every_published_prefix_is_found(history in prop::collection::vec(moves(false), 1..80)) {
        play(history);
    }
}

#[test]
fn going_on_with_a_conversation_moves_no_cell() {
    let mut tree = PrefixTree::default();
    let mut ops = Vec::new();
    let mut first = tree.claim(&[1, 2, 3], 0, 5, &mut ops).anchor;
    tree.publish(&mut first, 5, &[1, 2, 3], &mut ops);
    tree.release(first, 5, &[1, 2, 3, 4], &mut ops);
    assert_eq!((tree.holders(), tree.evictable()), (1, 4));
    let next = [1, 2, 3, 4, 5, 6];
    let hit = tree.lookup(&next);
    assert_eq!(hit, Lookup { len: 4, evictable: 4 });
    let claim = tree.claim(&next, 4, 9, &mut ops);
    assert_eq!(claim.sequence, 5, "the cached sequence itself goes on");
    assert_eq!(ops, []);
}

#[test]
fn a_running_prompt_is_shared_while_it_is_computed() {
    let mut tree = PrefixTree::default();
    let mut ops = Vec::new();
    let mut first = tree.claim(&[1, 2, 3, 4], 0, 0, &mut ops).anchor;
    tree.publish(&mut first, 0, &[1, 2, 3], &mut ops);
    let hit = tree.lookup(&[1, 2, 9]);
    assert_eq!(hit, Lookup { len: 2, evictable: 0 });
    tree.claim(&[1, 2, 9], 2, 1, &mut ops);
    assert_eq!(ops, [CellOp::Copy { from: 0, to: 1, positions: 0..2 }]);
    tree.check();
}

#[test]
fn the_least_recently_used_goes_first_and_tails_before_heads() {
    let mut tree = PrefixTree::default();
    let mut ops = Vec::new();
    for (id, tokens) in [(0, vec![1; 100]), (1, vec![2; 100])] {
        let anchor = tree.claim(&tokens, 0, id, &mut ops).anchor;
        tree.release(anchor, id, &tokens, &mut ops);
    }
    assert_eq!(tree.evict(10, &mut ops), 32, "whole pages");
    assert_eq!(ops, [CellOp::Remove { sequence: 0, positions: 68..100 }]);
    assert_eq!(tree.lookup(&[1; 100]).len, 68);
    assert_eq!(tree.lookup(&[2; 100]).len, 100);
}
