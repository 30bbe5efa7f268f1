//! Attention of one token: the lanes of a vector are the dimensions of a head.
//!
//! ```text
//!   for every block of up to 64 cells:
//!     scores   s[h][c] = q[h] · k[c]              a row of K is read once for all heads that share it
//!     softmax  p = e^(s - m), online              m, l: largest score and sum of p so far
//!     values   o[h] += Σ p[h][c] v[c]             in registers over the block, a few vectors of o at a time
//! ```

use super::lanes::Lanes;
use super::op::{BLOCK, Cells, Scores, State};

/// Adds a block of cells to the states of `H` heads that share keys and values.
///
/// `q` holds the scaled queries, `H` rows of `keys.width` numbers. `states` are one behind the other.
///
/// # Safety
/// The processor must have the feature of `L`; `keys` and `values` must hold the cells, at most [`BLOCK`]; widths are
/// multiples of `L::N`; `V` vectors of `H` heads fit into the registers.
#[inline(always)]
pub(super) unsafe fn add_block<L: Lanes, const H: usize, const V: usize, const HALF: bool>(
    q: &[f32],
    (keys, values, cells): (Cells, Cells, &[u32]),
    scores: &Scores,
    states: &mut [State<'_>],
) {
    let mut s = [[f32::NEG_INFINITY; BLOCK]; H];
    let count = cells.len();
    // SAFETY: by the caller's promise.
    unsafe {
        dot::<L, H, HALF>(q, keys, cells, &mut s);
        let padded = count.next_multiple_of(L::N);
        for h in 0..H {
            if scores.soft_cap > 0.0 {
                for i in (0..padded).step_by(L::N) {
                    let x = L::load(s[h].as_ptr().add(i)).tanh().mul(L::splat(scores.soft_cap));
                    x.store(s[h].as_mut_ptr().add(i));
                }
                s[h][count..padded].fill(f32::NEG_INFINITY);
            }
            let state = &mut states[h];
            let mut top = L::splat(state.max);
            for i in (0..padded).step_by(L::N) {
                top = top.max(L::load(s[h].as_ptr().add(i)));
            }
            let max = top.top();
            let shrink = (state.max - max).exp();
            let mut sum = L::splat(0.0);
            for i in (0..padded).step_by(L::N) {
                let p = L::load(s[h].as_ptr().add(i)).sub(L::splat(max)).exp();
                p.store(s[h].as_mut_ptr().add(i));
                sum = sum.add(p);
            }
            state.max = max;
            state.sum = state.sum * shrink + sum.sum();
            state.shrink = shrink;
        }
        let mut at = 0;
        while at < values.width {
            if values.width - at >= V * L::N {
                weigh::<L, H, V, HALF>(values, cells, at, &s, states);
                at += V * L::N;
            } else {
                weigh::<L, H, 1, HALF>(values, cells, at, &s, states);
                at += L::N;
            }
        }
    }
}

#[inline(always)]
unsafe fn load<L: Lanes, const HALF: bool>(row: *const u8, at: usize) -> L {
    // SAFETY: by the caller's promise.
    unsafe { if HALF { L::load_half(row.cast::<u16>().add(at)) } else { L::load(row.cast::<f32>().add(at)) } }
}

/// `s[h][c] = q[h] · k[c]`.
#[inline(always)]
unsafe fn dot<L: Lanes, const H: usize, const HALF: bool>(
    q: &[f32],
    keys: Cells,
    cells: &[u32],
    s: &mut [[f32; BLOCK]; H],
) {
    // SAFETY: by the caller's promise.
    unsafe {
        let mut c = 0;
        // Four cells at a time hide the latency of the sums.
        while c + 4 <= cells.len() {
            let mut sums = [[L::splat(0.0); H]; 4];
            let rows = [0, 1, 2, 3].map(|i| keys.row(cells[c + i]));
            let mut at = 0;
            while at < keys.width {
                for h in 0..H {
                    let x = L::load(q.as_ptr().add(h * keys.width + at));
                    for (sums, row) in sums.iter_mut().zip(rows) {
                        sums[h] = load::<L, HALF>(row, at).fma(x, sums[h]);
                    }
                }
                at += L::N;
            }
            for (i, sums) in sums.iter().enumerate() {
                for h in 0..H {
                    s[h][c + i] = sums[h].sum();
                }
            }
            c += 4;
        }
        while c < cells.len() {
            let row = keys.row(cells[c]);
            for (h, s) in s.iter_mut().enumerate() {
                let (mut sum, mut at) = (L::splat(0.0), 0);
                while at < keys.width {
                    let x = L::load(q.as_ptr().add(h * keys.width + at));
                    sum = load::<L, HALF>(row, at).fma(x, sum);
                    at += L::N;
                }
                s[c] = sum.sum();
            }
            c += 1;
        }
    }
}

/// `V` vectors of each head's output, from `at` on.
#[inline(always)]
unsafe fn weigh<L: Lanes, const H: usize, const V: usize, const HALF: bool>(
    values: Cells,
    cells: &[u32],
    at: usize,
    p: &[[f32; BLOCK]; H],
    states: &mut [State<'_>],
) {
    // SAFETY: by the caller's promise.
    unsafe {
        let mut out = [[L::splat(0.0); V]; H];
        for h in 0..H {
            let shrink = L::splat(states[h].shrink);
            for (i, out) in out[h].iter_mut().enumerate() {
                *out = L::load(states[h].out.as_ptr().add(at + i * L::N)).mul(shrink);
            }
        }
        for (c, &cell) in cells.iter().enumerate() {
            let row = values.row(cell);
            let mut v = [L::splat(0.0); V];
            for (i, v) in v.iter_mut().enumerate() {
                *v = load::<L, HALF>(row, at + i * L::N);
            }
            for h in 0..H {
                let weight = L::splat(p[h][c]);
                for i in 0..V {
                    out[h][i] = v[i].fma(weight, out[h][i]);
                }
            }
        }
        for h in 0..H {
            for (i, out) in out[h].iter().enumerate() {
                out.store(states[h].out.as_mut_ptr().add(at + i * L::N));
            }
        }
    }
}
