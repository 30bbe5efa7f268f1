//! A row of logits in blocks.

use super::candidate::{Candidate, finite_or_lowest};
use super::changes::Change;
use super::mask::{self, Cover};
use super::math::{self, BLOCK, Block, NATURAL};
use crate::engine::protocol::Token;

/// Logits of a block that are looked at together when candidates are collected.
const PART: usize = 16;

/// A block without any logit.
const NOTHING: Block = [f32::NEG_INFINITY; BLOCK];

/// Sums over the tokens that make up probability 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    /// The sum of their weights.
    pub(super) total: f64,
    /// The mean of logit - max, each token counting with its probability. All tokens have the same sum of
    /// this difference and -ln p, so a token is as far from this mean as its -ln p is from the entropy.
    pub(super) mean: f64,
}

/// A row of logits, some of them changed or hidden, and the highest logit of each block.
///
/// This is the one place that knows of changes: what reads a row gets blocks that already hold them, and
/// the model's row is neither copied nor written to. A short last block is filled up with -∞, which changes
/// no maximum and no sum. Hidden logits are -∞.
pub(super) struct Row<'a> {
    logits: &'a [f32],
    changes: &'a [Change],
    /// The set of those that are not hidden; `None` hides none.
    shown: Option<&'a [u32]>,
    maxima: &'a [f32],
    max: f32,
}

impl<'a> Row<'a> {
    /// Reads a row once for the maxima, which it keeps in `maxima`. The changes are sorted by token.
    pub(super) fn new(
        logits: &'a [f32],
        changes: &'a [Change],
        shown: Option<&'a [u32]>,
        maxima: &'a mut Vec<f32>,
    ) -> Self {
        let blind = Row { logits, changes, shown, maxima: &[], max: f32::NEG_INFINITY };
        maxima.clear();
        maxima.extend(blind.map_blocks(|block| finite_or_lowest(math::max(block))));
        let max = maxima.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        Row { maxima, max, ..blind }
    }

    /// Tokens in the row.
    pub(super) fn len(&self) -> usize {
        self.logits.len()
    }

    /// The highest logit; -∞ if no token can be chosen.
    pub(super) fn max(&self) -> f32 {
        self.max
    }

    /// The highest logit of each block.
    pub(super) fn maxima(&self) -> &[f32] {
        self.maxima
    }

    /// The token with the highest logit, of equals the lowest; 0 if there is none that can be chosen.
    pub(super) fn argmax(&self) -> Token {
        let index = self.maxima.iter().position(|&max| max == self.max).unwrap_or(0);
        let block = self.block(index);
        let offset = block.iter().position(|&x| finite_or_lowest(x) == self.max).unwrap_or(0);
        (index * BLOCK + offset) as Token
    }

    /// For each block, the sum of its weights.
    pub(super) fn masses(&self, scale: f32) -> impl Iterator<Item = f32> {
        self.map_blocks(move |block| math::mass(block, self.max, scale))
    }

    /// The sums over all tokens that make up probability 1.
    pub(super) fn whole(&self) -> Whole {
        let total = self.masses(NATURAL).map(f64::from).sum();
        let moment: f64 = self.map_blocks(|block| math::moment(block, self.max)).map(f64::from).sum();
        Whole { total, mean: moment / total }
    }

    /// Adds the tokens of a block with logits of at least `lowest` to `candidates`, lower ids first.
    pub(super) fn collect(&self, index: usize, lowest: f32, candidates: &mut Vec<Candidate>) {
        // -∞ is never a candidate, even if everything is asked for.
        let lowest = lowest.max(f32::MIN);
        for (part, logits) in self.block(index).as_chunks::<PART>().0.iter().enumerate() {
            // Most parts hold none, which one comparison of vectors tells.
            if logits.iter().fold(false, |any, &logit| any | (logit >= lowest)) {
                let first = index * BLOCK + part * PART;
                let tokens = logits.iter().zip(first as Token..);
                let likely = tokens.filter(|&(&logit, _)| logit >= lowest);
                candidates.extend(likely.map(|(&logit, token)| Candidate::new(logit, token)));
            }
        }
    }

    /// A copy of one block.
    pub(super) fn block(&self, index: usize) -> Block {
        let mut block = NOTHING;
        let start = (index * BLOCK).min(self.logits.len());
        let raw = &self.logits[start..self.logits.len().min(start + BLOCK)];
        block[..raw.len()].copy_from_slice(raw);
        let first = self.changes.partition_point(|change| (change.token as usize) < start);
        apply(&self.changes[first..], start, &mut block);
        match self.shown.map(|shown| mask::cover(shown, index)) {
            None | Some(Cover::Open) => block,
            Some(Cover::Closed) => NOTHING,
            Some(Cover::Mixed(words)) => {
                mask::hide(words, &mut block);
                block
            }
        }
    }

    /// Maps every block in order.
    pub(super) fn map_blocks<T>(&self, mut map: impl FnMut(&Block) -> T) -> impl Iterator<Item = T> {
        let mut changes = self.changes;
        self.logits.chunks(BLOCK).enumerate().map(move |(index, raw)| {
            let start = index * BLOCK;
            let words = match self.shown.map(|shown| mask::cover(shown, index)) {
                None | Some(Cover::Open) => None,
                // Where nothing is shown, nothing is read.
                Some(Cover::Closed) => return map(&NOTHING),
                Some(Cover::Mixed(words)) => Some(words),
            };
            let changed = changes.first().is_some_and(|c| (c.token as usize) < start + BLOCK);
            match raw.try_into() {
                Ok(block) if !changed && words.is_none() => map(block),
                _ => {
                    let mut block = NOTHING;
                    block[..raw.len()].copy_from_slice(raw);
                    changes = &changes[apply(changes, start, &mut block)..];
                    if let Some(words) = words {
                        mask::hide(words, &mut block);
                    }
                    map(&block)
                }
            }
        })
    }
}

/// Writes the leading changes that fall into the block at `start`, and skips those before it; returns how many.
fn apply(changes: &[Change], start: usize, block: &mut Block) -> usize {
    let inside = changes.iter().take_while(|change| (change.token as usize) < start + BLOCK);
    inside
        .map(|change| {
            // Before it are those of blocks of which nothing is shown.
            if let Some(place) = (change.token as usize).checked_sub(start) {
                block[place] = change.logit;
            }
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_the_changes() {
        let mut expected: Vec<f32> = (0..1000).map(|i| i as f32).collect();
        let logits = expected.clone();
        let tokens = [0, 1, 127, 128, 400, 511, 895, 896, 999];
        let changes = tokens.map(|token| Change { token, logit: -1.0 });
        for token in tokens {
            expected[token as usize] = -1.0;
        }
        expected.resize(1024, f32::NEG_INFINITY);
        let mut maxima = Vec::new();
        let row = Row::new(&logits, &changes, None, &mut maxima);
        let streamed: Vec<Block> = row.map_blocks(|block| *block).collect();
        let single: Vec<Block> = (0..8).map(|index| row.block(index)).collect();
        assert_eq!(streamed.as_flattened(), expected);
        assert_eq!(single.as_flattened(), expected);
        assert_eq!(row.maxima(), [126.0, 255.0, 383.0, 510.0, 639.0, 767.0, 894.0, 998.0]);
        assert_eq!(row.argmax(), 998);
    }

    #[test]
    fn hidden_logits_are_not_there() {
        let logits: Vec<f32> = (0..1000).map(|i| i as f32).collect();
        let changes = [5, 300, 600, 990].map(|token| Change { token, logit: 5000.0 });
        let mut shown = vec![0_u32; 1000_usize.div_ceil(32)];
        let tokens = [0, 130, 131, 600, 990];
        for token in tokens {
            shown[token / 32] |= 1 << (token % 32);
        }
        shown[8..12].fill(u32::MAX);
        let visible = |token: usize| tokens.contains(&token) || (256..384).contains(&token);
        let changed = |token: usize| changes.iter().any(|change| change.token as usize == token);
        let expected: Vec<f32> = (0..1024)
            .map(|token| match (visible(token), changed(token)) {
                (false, _) => f32::NEG_INFINITY,
                (true, true) => 5000.0,
                (true, false) => token as f32,
            })
            .collect();
        let mut maxima = Vec::new();
        let row = Row::new(&logits, &changes, Some(&shown), &mut maxima);
        let streamed: Vec<Block> = row.map_blocks(|block| *block).collect();
        let single: Vec<Block> = (0..8).map(|index| row.block(index)).collect();
        assert_eq!(streamed.as_flattened(), expected);
        assert_eq!(single.as_flattened(), expected);
        assert_eq!(row.argmax(), 300);
    }

    #[test]
    fn candidates_are_collected_in_order() {
        let mut logits = vec![0.0; 300];
        logits[130] = 2.0;
        logits[131] = f32::NAN;
        logits[140] = 1.0;
        logits[200] = f32::INFINITY;
        let mut maxima = Vec::new();
        let row = Row::new(&logits, &[Change { token: 140, logit: 3.0 }], None, &mut maxima);
        let mut candidates = Vec::new();
        row.collect(1, 1.5, &mut candidates);
        row.collect(2, 1.5, &mut candidates);
        let found: Vec<(Token, f32)> = candidates.iter().map(|c| (c.token(), c.logit())).collect();
        assert_eq!(found, [(130, 2.0), (140, 3.0), (200, f32::MAX)]);
    }
}
