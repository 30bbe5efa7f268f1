//! A radix tree over tokens.
//!
//! ```text
//!                    root
//!                     │  "You are a helpful …"          edge = cells, each counted once
//!                     ●  inner node: no id of its own,
//!              ┌──────┴──────┐  its cells live through its descendants
//!              │             │
//!        leaf, holder 7   node, runners [3, 5]          leaves own a sequence id
//!        (cached, LRU)       │  (locked up to the root)
//!                         leaf, runner 4
//! ```
//!
//! Rules:
//! - a *runner* is a running sequence whose published tokens end at the node; it locks the path to the root;
//! - a *holder* is the id of a finished sequence; only leaves without runners have one, so a leaf with a
//!   holder is exactly what eviction may take;
//! - an edge's cells are owned by every sequence that ends below it. An inner node therefore needs no id: any
//!   descendant can be copied from;
//! - a finished sequence's own id becomes the holder, and a claim of a whole cached leaf takes the holder over:
//!   going on with a conversation copies nothing.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use super::{Anchor, CellOp, Claim, Lookup, PrefixCache};
use crate::engine::backend::SeqId;
use crate::engine::pages::PAGE;
use crate::engine::protocol::Token;

const ROOT: u32 = 0;

struct Node {
    parent: u32,
    /// Tokens between the parent and this node; empty for the root only.
    edge: Vec<Token>,
    /// Tokens between the root and the end of this node's edge.
    depth: u32,
    /// First token of the edge, and the node.
    children: SmallVec<[(Token, u32); 2]>,
    /// Runners at this node and below.
    locks: u32,
    runners: SmallVec<[SeqId; 2]>,
    holder: Option<SeqId>,
    /// When a sequence last began, grew or ended here or below, in ticks.
    last_used: u64,
}

/// The cache for memories whose sequences can be shared and cut at any token.
pub struct PrefixTree {
    nodes: Vec<Node>,
    /// Places in `nodes` that can be used again.
    vacant: Vec<u32>,
    /// Leaves with a holder, least recently used first.
    lru: BTreeSet<(u64, u32)>,
    tick: u64,
    locked: u32,
    evictable: u32,
}

impl Default for PrefixTree {
    fn default() -> Self {
        let root = Node::new(ROOT, Vec::new(), 0);
        Self { nodes: vec![root], vacant: Vec::new(), lru: BTreeSet::new(), tick: 0, locked: 0, evictable: 0 }
    }
}

impl Node {
    fn new(parent: u32, edge: Vec<Token>, depth: u32) -> Self {
        Self {
            parent,
            edge,
            depth,
            children: SmallVec::new(),
            locks: 0,
            runners: SmallVec::new(),
            holder: None,
            last_used: 0,
        }
    }

    fn len(&self) -> u32 {
        self.edge.len() as u32
    }
}

fn common_prefix(a: &[Token], b: &[Token]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Where a walk down the tree ended: `into` tokens into the edge of `node`, `len` tokens from the root.
struct Spot {
    node: u32,
    into: u32,
    len: u32,
}

impl PrefixTree {
    fn node(&self, id: u32) -> &Node {
        &self.nodes[id as usize]
    }

    fn node_mut(&mut self, id: u32) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    fn child(&self, id: u32, first: Token) -> Option<u32> {
        self.node(id).children.iter().find(|(token, _)| *token == first).map(|&(_, child)| child)
    }

    /// Node ids from `id` up to the root, both included.
    fn path(&self, mut id: u32) -> impl Iterator<Item = u32> + use<'_> {
        let mut done = false;
        std::iter::from_fn(move || {
            if done {
                return None;
            }
            let here = id;
            done = here == ROOT;
            id = self.node(here).parent;
            Some(here)
        })
    }

    fn walk(&self, tokens: &[Token]) -> Spot {
        let mut spot = Spot { node: ROOT, into: 0, len: 0 };
        while let Some(&first) = tokens.get(spot.len as usize)
            && let Some(child) = self.child(spot.node, first)
        {
            let edge = &self.node(child).edge;
            let common = common_prefix(edge, &tokens[spot.len as usize..]) as u32;
            spot = Spot { node: child, into: common, len: spot.len + common };
            if (common as usize) < edge.len() {
                break;
            }
        }
        spot
    }

    /// A sequence that owns the cells of the path to `id`.
    fn owner(&self, mut id: u32) -> SeqId {
        loop {
            let node = self.node(id);
            if let Some(owner) = node.holder.or_else(|| node.runners.first().copied()) {
                return owner;
            }
            // Every node but an empty root has an owner at it or below it; `check` proves it.
            id = node.children[0].1;
        }
    }

    fn allocate(&mut self, node: Node) -> u32 {
        if let Some(id) = self.vacant.pop() {
            self.nodes[id as usize] = node;
            return id;
        }
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }

    /// Cuts the edge of `id` after `at` tokens, and returns the new node above. `id` keeps its place below,
    /// so anchors stay valid.
    ///
    /// ```text
    ///   parent ──abcdef── id      =>      parent ──abc── upper ──def── id
    /// ```
    fn split(&mut self, id: u32, at: u32) -> u32 {
        let node = self.node_mut(id);
        let lower_edge = node.edge.split_off(at as usize);
        let upper_edge = std::mem::replace(&mut node.edge, lower_edge);
        let (parent, first, below) = (node.parent, upper_edge[0], node.edge[0]);
        let mut upper = Node::new(parent, upper_edge, node.depth - node.len());
        upper.locks = node.locks;
        upper.last_used = node.last_used;
        upper.children.push((below, id));
        let upper = self.allocate(upper);
        self.node_mut(id).parent = upper;
        if let Some(entry) = self.node_mut(parent).children.iter_mut().find(|(token, _)| *token == first) {
            entry.1 = upper;
        }
        upper
    }

    /// Joins `id` with its only child if nothing ends at it. The child keeps its place.
    fn join(&mut self, id: u32) {
        let node = self.node(id);
        if id == ROOT || node.children.len() != 1 || !node.runners.is_empty() {
            return;
        }
        let (parent, child) = (node.parent, node.children[0].1);
        let mut edge = std::mem::take(&mut self.node_mut(id).edge);
        let first = edge[0];
        let below = self.node_mut(child);
        edge.append(&mut below.edge);
        below.edge = edge;
        below.parent = parent;
        if let Some(entry) = self.node_mut(parent).children.iter_mut().find(|(token, _)| *token == first) {
            entry.1 = child;
        }
        self.vacant.push(id);
    }

    fn lock(&mut self, id: u32) {
        let node = &mut self.nodes[id as usize];
        if node.locks == 0 {
            self.evictable -= node.len();
            self.locked += node.len();
        }
        node.locks += 1;
    }

    fn unlock(&mut self, id: u32) {
        let node = &mut self.nodes[id as usize];
        node.locks -= 1;
        if node.locks == 0 {
            self.locked -= node.len();
            self.evictable += node.len();
        }
    }

    /// Marks the path to `id` as just used.
    fn touch(&mut self, id: u32) {
        self.tick += 1;
        let path: SmallVec<[u32; 16]> = self.path(id).collect();
        for id in path {
            self.nodes[id as usize].last_used = self.tick;
        }
    }

    fn set_holder(&mut self, id: u32, sequence: SeqId) {
        self.node_mut(id).holder = Some(sequence);
        self.lru.insert((self.node(id).last_used, id));
    }

    fn take_holder(&mut self, id: u32) -> Option<SeqId> {
        let holder = self.node_mut(id).holder.take()?;
        self.lru.remove(&(self.node(id).last_used, id));
        Some(holder)
    }

    /// Removes a leaf with its holder. The id is retired if the cells above live on without it; otherwise it
    /// moves up to become their holder. Returns the freed cells, and whether the id was retired.
    fn remove_leaf(&mut self, id: u32, ops: &mut Vec<CellOp>) -> (u32, bool) {
        let Some(holder) = self.take_holder(id) else { return (0, false) };
        let node = self.node(id);
        let (parent, depth, freed) = (node.parent, node.depth, node.len());
        self.node_mut(parent).children.retain(|&mut (_, child)| child != id);
        self.evictable -= freed;
        self.vacant.push(id);
        let above = self.node(parent);
        let lives_on = parent == ROOT || !above.children.is_empty() || !above.runners.is_empty();
        if lives_on {
            ops.push(CellOp::Retire(holder));
            self.join(parent);
        } else {
            ops.push(CellOp::Remove { sequence: holder, positions: depth - freed..depth });
            self.set_holder(parent, holder);
        }
        (freed, lives_on)
    }

    /// Cuts `tokens` from the tail of a cached leaf, which stays.
    fn cut_leaf(&mut self, id: u32, tokens: u32, ops: &mut Vec<CellOp>) {
        let node = &mut self.nodes[id as usize];
        node.edge.truncate((node.len() - tokens) as usize);
        if let Some(sequence) = node.holder {
            ops.push(CellOp::Remove { sequence, positions: node.depth - tokens..node.depth });
        }
        node.depth -= tokens;
        self.evictable -= tokens;
    }

    /// Walks from `from` down along what others have computed already, letting `sequence` share their cells
    /// instead of its own. Returns the last node and how many of `tokens` it covers.
    fn merge(
        &mut self,
        from: Anchor,
        sequence: SeqId,
        tokens: &[Token],
        ops: &mut Vec<CellOp>,
    ) -> (u32, u32) {
        let (mut id, mut len) = (from.node, from.len);
        while let Some(&first) = tokens.get(len as usize)
            && let Some(mut child) = self.child(id, first)
        {
            let common = common_prefix(&self.node(child).edge, &tokens[len as usize..]) as u32;
            if common < self.node(child).len() {
                child = self.split(child, common);
            }
            ops.push(CellOp::Replace { from: self.owner(child), to: sequence, positions: len..len + common });
            self.lock(child);
            (id, len) = (child, len + common);
        }
        (id, len)
    }
}

impl PrefixCache for PrefixTree {
    fn lookup(&self, tokens: &[Token]) -> Lookup {
        let spot = self.walk(tokens);
        let unlocked = |id: u32| match self.node(id).locks {
            0 if id == spot.node => spot.into,
            0 => self.node(id).len(),
            _ => 0,
        };
        Lookup { len: spot.len, evictable: self.path(spot.node).map(unlocked).sum() }
    }

    fn claim(&mut self, tokens: &[Token], len: u32, fresh: SeqId, ops: &mut Vec<CellOp>) -> Claim {
        let spot = self.walk(&tokens[..len as usize]);
        debug_assert_eq!(spot.len, len, "a claim follows its lookup");
        let node = match spot.into {
            into if into < self.node(spot.node).len() => self.split(spot.node, into),
            _ => spot.node,
        };
        let sequence = match self.take_holder(node) {
            Some(holder) => holder,
            None => {
                if spot.len > 0 {
                    ops.push(CellOp::Copy { from: self.owner(node), to: fresh, positions: 0..spot.len });
                }
                fresh
            }
        };
        let path: SmallVec<[u32; 16]> = self.path(node).collect();
        for id in path {
            self.lock(id);
        }
        self.touch(node);
        self.node_mut(node).runners.push(sequence);
        Claim { anchor: Anchor { node, len: spot.len }, sequence }
    }

    fn publish(
        &mut self,
        anchor: &mut Anchor,
        sequence: SeqId,
        tokens: &[Token],
        ops: &mut Vec<CellOp>,
    ) -> u32 {
        if tokens.len() as u32 <= anchor.len {
            return 0;
        }
        self.node_mut(anchor.node).runners.retain(|s| *s != sequence);
        let (mut id, len) = self.merge(*anchor, sequence, tokens, ops);
        let freed = len - anchor.len;
        // What ended here is now the beginning of something longer: a cached sequence needs no id any more.
        if let Some(holder) = self.take_holder(id) {
            ops.push(CellOp::Retire(holder));
        }
        let rest = &tokens[len as usize..];
        if let Some(&first) = rest.first() {
            let mut leaf = Node::new(id, rest.to_vec(), tokens.len() as u32);
            leaf.locks = 1;
            self.locked += leaf.len();
            let leaf = self.allocate(leaf);
            self.node_mut(id).children.push((first, leaf));
            id = leaf;
        }
        self.node_mut(id).runners.push(sequence);
        self.touch(id);
        // The sequence moved on from where it was anchored; nothing may end there now.
        if anchor.node != id {
            self.join(anchor.node);
        }
        *anchor = Anchor { node: id, len: tokens.len() as u32 };
        freed
    }

    fn release(
        &mut self,
        mut anchor: Anchor,
        sequence: SeqId,
        tokens: &[Token],
        ops: &mut Vec<CellOp>,
    ) -> u32 {
        let freed = self.publish(&mut anchor, sequence, tokens, ops);
        let id = anchor.node;
        self.touch(id);
        self.node_mut(id).runners.retain(|s| *s != sequence);
        let path: SmallVec<[u32; 16]> = self.path(id).collect();
        for id in path {
            self.unlock(id);
        }
        let node = self.node(id);
        if id != ROOT && node.children.is_empty() && node.runners.is_empty() {
            self.set_holder(id, sequence);
        } else {
            ops.push(CellOp::Retire(sequence));
            self.join(id);
        }
        freed
    }

    fn evict(&mut self, need: u32, ops: &mut Vec<CellOp>) -> u32 {
        let mut freed = 0;
        while freed < need
            && let Some(&(_, id)) = self.lru.first()
        {
            // Whole pages: an operation on cells costs a scan of the pool, whatever its size.
            let want = (need - freed).next_multiple_of(PAGE);
            if self.node(id).len() > want {
                self.cut_leaf(id, want, ops);
                freed += want;
            } else {
                freed += self.remove_leaf(id, ops).0;
            }
        }
        freed
    }

    fn now(&self) -> u64 {
        self.tick
    }

    fn expire(&mut self, before: u64, ops: &mut Vec<CellOp>) -> u32 {
        let mut freed = 0;
        while let Some(&(last_used, id)) = self.lru.first()
            && last_used < before
        {
            freed += self.remove_leaf(id, ops).0;
        }
        freed
    }

    fn drop_holder(&mut self, ops: &mut Vec<CellOp>) -> Option<u32> {
        let older = self.lru.len().div_ceil(2);
        let (_, mut id) = *self.lru.iter().take(older).min_by_key(|(_, id)| self.node(*id).len())?;
        let mut total = 0;
        loop {
            let parent = self.node(id).parent;
            let (freed, retired) = self.remove_leaf(id, ops);
            total += freed;
            if retired {
                return Some(total);
            }
            id = parent;
        }
    }

    fn holders(&self) -> u32 {
        self.lru.len() as u32
    }

    fn locked(&self) -> u32 {
        self.locked
    }

    fn evictable(&self) -> u32 {
        self.evictable
    }

    fn check(&self) {
        let (mut locked, mut evictable, mut holders) = (0, 0, 0);
        let mut open = vec![ROOT];
        while let Some(id) = open.pop() {
            let node = self.node(id);
            let mut locks = node.runners.len() as u32;
            for &(first, child) in &node.children {
                let below = self.node(child);
                assert_eq!(below.parent, id, "child knows its parent");
                assert_eq!(below.edge.first(), Some(&first), "edges begin with the token they are found by");
                assert_eq!(below.depth, node.depth + below.len(), "depth counts tokens");
                locks += below.locks;
                open.push(child);
            }
            let firsts: BTreeSet<Token> = node.children.iter().map(|c| c.0).collect();
            assert_eq!(firsts.len(), node.children.len(), "no two edges begin alike");
            assert_eq!(node.locks, locks, "locks count the runners below");
            if node.locks > 0 {
                locked += node.len();
            } else {
                evictable += node.len();
            }
            if let Some(_holder) = node.holder {
                holders += 1;
                assert!(node.children.is_empty() && node.runners.is_empty(), "only idle leaves have holders");
                assert!(self.lru.contains(&(node.last_used, id)), "holders are in the list");
            }
            let owned = node.holder.is_some() || !node.runners.is_empty() || !node.children.is_empty();
            assert!(id == ROOT || owned, "cells have an owner");
        }
        assert_eq!((locked, evictable), (self.locked, self.evictable), "counters");
        assert_eq!(holders, self.lru.len(), "the list holds nothing else");
    }
}
