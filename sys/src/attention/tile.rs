//! Attention of several tokens at once: the lanes of a vector are rows, a row being one head of one token.
//!
//! ```text
//!             R rows (tokens x heads that share a head of K and V), R a multiple of the lanes
//!            ┌────────────┐
//!   q   D x R│            │   transposed and scaled once for the tile
//!            └────────────┘
//!   s   C x R  = K (C x D) · q        K and V: a block of C cells, as 32-bit numbers
//!   p   C x R  = e^(s - m)            m, l: one number for each row, so all of this is lane by lane
//!   o  DV x R += Vᵀ (DV x C) · p
//! ```
//!
//! Elements of K and V are broadcast, so neither is transposed.

use super::lanes::Lanes;
use super::op::Scores;

/// A tile's numbers between blocks.
pub(super) struct TileState<'a> {
    /// `[width of a key][R]`.
    pub q: &'a [f32],
    /// `[width of a value][R]`.
    pub out: &'a mut [f32],
    /// `[R]`, the largest score of each row.
    pub max: &'a mut [f32],
    /// `[R]`, the sum of its weights.
    pub sum: &'a mut [f32],
    /// `[R]`, scratch.
    pub shrink: &'a mut [f32],
    /// `[BLOCK][R]`, scratch.
    pub scores: &'a mut [f32],
}

/// A block of cells as 32-bit numbers, `[count][width]`.
#[derive(Clone, Copy)]
pub(super) struct Dense<'a> {
    pub keys: &'a [f32],
    pub values: &'a [f32],
    pub key_width: usize,
    pub value_width: usize,
    pub count: usize,
}

/// Which rows attend to which of the block's cells; `None` if all do.
pub(super) type Open<'a> = Option<&'a dyn Fn(usize, usize) -> bool>;

/// Adds a block of cells to a tile of `R = W * L::N` rows.
///
/// # Safety
/// The processor must have the feature of `L`; sizes are as the fields say, `count` is at most [`BLOCK`](super::op::BLOCK), and
/// `value_width` is a multiple of 4.
#[inline(always)]
pub(super) unsafe fn add_block<L: Lanes, const W: usize>(
    state: &mut TileState<'_>,
    block: Dense<'_>,
    scores: &Scores,
    open: Open<'_>,
) {
    // SAFETY: by the caller's promise.
    unsafe {
        multiply::<L, W>(state, block, scores);
        if let Some(open) = open {
            let rows = W * L::N;
            for c in 0..block.count {
                for row in 0..rows {
                    if !open(row, c) {
                        state.scores[c * rows + row] = f32::NEG_INFINITY;
                    }
                }
            }
        }
        soften::<L, W>(state, block.count);
        weigh::<L, W>(state, block);
    }
}

/// `s = K · q`, four cells at a time.
#[inline(always)]
unsafe fn multiply<L: Lanes, const W: usize>(state: &mut TileState<'_>, block: Dense<'_>, scores: &Scores) {
    let rows = W * L::N;
    let width = block.key_width;
    // SAFETY: by the caller's promise. Blocks have room for a multiple of four cells; what is computed of those behind
    // `count` is not looked at.
    unsafe {
        let mut c = 0;
        while c < block.count {
            let mut sums = [[L::splat(0.0); W]; 4];
            let keys = block.keys.as_ptr().add(c * width);
            for d in 0..width {
                let mut x = [L::splat(0.0); W];
                for (i, x) in x.iter_mut().enumerate() {
                    *x = L::load(state.q.as_ptr().add(d * rows + i * L::N));
                }
                for (n, sums) in sums.iter_mut().enumerate() {
                    let k = L::splat(*keys.add(n * width + d));
                    for i in 0..W {
                        sums[i] = k.fma(x[i], sums[i]);
                    }
                }
            }
            for (n, sums) in sums.iter().enumerate() {
                for (i, sum) in sums.iter().enumerate() {
                    let mut s = *sum;
                    if scores.soft_cap > 0.0 {
                        s = s.tanh().mul(L::splat(scores.soft_cap));
                    }
                    s.store(state.scores.as_mut_ptr().add((c + n) * rows + i * L::N));
                }
            }
            c += 4;
        }
    }
}

/// Scores to weights, and what that does to the sums so far.
#[inline(always)]
unsafe fn soften<L: Lanes, const W: usize>(state: &mut TileState<'_>, count: usize) {
    let rows = W * L::N;
    // SAFETY: by the caller's promise.
    unsafe {
        for i in 0..W {
            let at = i * L::N;
            let scores = state.scores.as_mut_ptr().add(at);
            let before = L::load(state.max.as_ptr().add(at));
            let mut max = before;
            for c in 0..count {
                max = max.max(L::load(scores.add(c * rows)));
            }
            let mut sum = L::splat(0.0);
            for c in 0..count {
                let p = L::load(scores.add(c * rows)).sub(max).exp();
                p.store(scores.add(c * rows));
                sum = sum.add(p);
            }
            let shrink = before.sub(max).exp();
            let so_far = L::load(state.sum.as_ptr().add(at));
            so_far.fma(shrink, sum).store(state.sum.as_mut_ptr().add(at));
            max.store(state.max.as_mut_ptr().add(at));
            shrink.store(state.shrink.as_mut_ptr().add(at));
        }
    }
}

/// `o = o * shrink + Vᵀ · p`, four dimensions at a time.
#[inline(always)]
unsafe fn weigh<L: Lanes, const W: usize>(state: &mut TileState<'_>, block: Dense<'_>) {
    let rows = W * L::N;
    // SAFETY: by the caller's promise.
    unsafe {
        for d in (0..block.value_width).step_by(4) {
            let mut sums = [[L::splat(0.0); W]; 4];
            for (n, sums) in sums.iter_mut().enumerate() {
                for (i, sum) in sums.iter_mut().enumerate() {
                    let shrink = L::load(state.shrink.as_ptr().add(i * L::N));
                    *sum = L::load(state.out.as_ptr().add((d + n) * rows + i * L::N)).mul(shrink);
                }
            }
            for c in 0..block.count {
                let mut p = [L::splat(0.0); W];
                for (i, p) in p.iter_mut().enumerate() {
                    *p = L::load(state.scores.as_ptr().add(c * rows + i * L::N));
                }
                let values = block.values.as_ptr().add(c * block.value_width + d);
                for (n, sums) in sums.iter_mut().enumerate() {
                    let v = L::splat(*values.add(n));
                    for i in 0..W {
                        sums[i] = v.fma(p[i], sums[i]);
                    }
                }
            }
            for (n, sums) in sums.iter().enumerate() {
                for (i, sum) in sums.iter().enumerate() {
                    sum.store(state.out.as_mut_ptr().add((d + n) * rows + i * L::N));
                }
            }
        }
    }
}
