//! One piece of work: some cells of a tile, for one head of keys and values. And the kernels for this processor.

use super::lanes::{Lanes, Portable};
use super::op::{
    BLOCK, Cells, Kind, LOWEST, Op, Parts, Q8_BYTES, Row, Segment, State, blocks, is_open, q8_scale,
};
use super::tile::{Dense, TileState};
use super::{row, tile};

/// One piece of work.
pub(super) struct Unit<'a> {
    segment: &'a Segment<'a>,
    /// Head of keys and values.
    head: usize,
}

impl<'a> Unit<'a> {
    pub(super) fn new(segment: &'a Segment<'a>, head: usize) -> Self {
        Self { segment, head }
    }
}

/// Memory of a thread, large enough for the operations so far.
#[derive(Default)]
pub(super) struct Scratch {
    q: Vec<f32>,
    out: Vec<f32>,
    max: Vec<f32>,
    sum: Vec<f32>,
    shrink: Vec<f32>,
    scores: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
}

/// The kernels, compiled for one kind of vector.
pub(super) struct Entry {
    /// What the processor must have.
    pub(super) name: &'static str,
    /// Numbers of a vector.
    pub(super) lanes: usize,
    /// Most rows of a tile.
    pub(super) rows: usize,
    /// Computes a unit.
    ///
    /// # Safety
    /// See [`super::op::compute`]; the processor has the feature.
    pub(super) compute: unsafe fn(&Op<'_>, &Unit<'_>, &mut Scratch, &Parts),
}

impl Entry {
    /// The best kernels for this processor.
    pub(super) fn best() -> &'static Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return &AVX512;
            }
            if is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("f16c")
            {
                return &AVX2;
            }
        }
        #[cfg(target_arch = "aarch64")]
        return &NEON;
        #[cfg(not(target_arch = "aarch64"))]
        &PORTABLE
    }

    /// All kernels that this processor can run.
    #[cfg(test)]
    pub(super) fn all() -> Vec<&'static Self> {
        let mut all = vec![Self::best(), &PORTABLE];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
        {
            all.push(&AVX2);
        }
        all.sort_by_key(|entry| entry.name);
        all.dedup_by_key(|entry| entry.name);
        all
    }
}

impl Scratch {
    /// Grows to what the kernels need for an operation.
    pub(super) fn fit(&mut self, op: &Op<'_>, entry: &Entry) {
        let (keys, values, rows) = (op.k.ne[0] as usize, op.v.ne[0] as usize, entry.rows);
        let grow = |buffer: &mut Vec<f32>, wanted: usize| buffer.resize(wanted.max(buffer.len()), 0.0);
        grow(&mut self.q, keys * rows);
        grow(&mut self.out, values * rows);
        grow(&mut self.max, rows);
        grow(&mut self.sum, rows);
        grow(&mut self.shrink, rows);
        grow(&mut self.scores, BLOCK * rows);
        grow(&mut self.keys, BLOCK * keys);
        grow(&mut self.values, BLOCK * values);
    }
}

#[cfg(target_arch = "x86_64")]
static AVX512: Entry = Entry { name: "avx512f", lanes: 16, rows: 64, compute: avx512 };
#[cfg(target_arch = "x86_64")]
static AVX2: Entry = Entry { name: "avx2", lanes: 8, rows: 16, compute: avx2 };
#[cfg(target_arch = "aarch64")]
static NEON: Entry = Entry { name: "neon", lanes: 4, rows: 16, compute: neon };
#[allow(dead_code, reason = "some processors always have something better")]
static PORTABLE: Entry = Entry { name: "none", lanes: 8, rows: 16, compute: portable };

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512(op: &Op<'_>, unit: &Unit<'_>, scratch: &mut Scratch, parts: &Parts) {
    // SAFETY: by the caller's promise.
    unsafe { compute::<super::lanes::Avx512, 4>(op, unit, scratch, parts) };
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn avx2(op: &Op<'_>, unit: &Unit<'_>, scratch: &mut Scratch, parts: &Parts) {
    // SAFETY: by the caller's promise.
    unsafe { compute::<super::lanes::Avx2, 2>(op, unit, scratch, parts) };
}

#[cfg(target_arch = "aarch64")]
unsafe fn neon(op: &Op<'_>, unit: &Unit<'_>, scratch: &mut Scratch, parts: &Parts) {
    // SAFETY: by the caller's promise.
    unsafe { compute::<super::lanes::Neon, 4>(op, unit, scratch, parts) };
}

unsafe fn portable(op: &Op<'_>, unit: &Unit<'_>, scratch: &mut Scratch, parts: &Parts) {
    // SAFETY: by the caller's promise.
    unsafe { compute::<Portable, 2>(op, unit, scratch, parts) };
}

/// Computes a unit with vectors of a kind, `V` of which are a fair part of the registers.
#[inline(always)]
unsafe fn compute<L: Lanes, const V: usize>(
    op: &Op<'_>,
    unit: &Unit<'_>,
    scratch: &mut Scratch,
    parts: &Parts,
) {
    let rows = unit.segment.tile.tokens.len() * op.group();
    let (Some(keys), Some(values)) = (op.keys(unit.head), op.values(unit.head)) else { return };
    // SAFETY: by the caller's promise.
    unsafe {
        if unit.segment.tile.tokens.len() == 1 {
            let first = unit.head * op.group();
            let mut done = 0;
            // As many heads at a time as the registers hold beside the values.
            while done < op.group() {
                let head = first + done;
                done += match op.group() - done {
                    1 => one_token::<L, 1, V>(op, unit, head, (keys, values), scratch, parts),
                    2 => one_token::<L, 2, V>(op, unit, head, (keys, values), scratch, parts),
                    3 => one_token::<L, 3, V>(op, unit, head, (keys, values), scratch, parts),
                    _ => one_token::<L, 4, V>(op, unit, head, (keys, values), scratch, parts),
                };
            }
        } else {
            match rows.div_ceil(L::N) {
                1 => many_tokens::<L, 1>(op, unit, (keys, values), scratch, parts),
                2 => many_tokens::<L, 2>(op, unit, (keys, values), scratch, parts),
                3 => many_tokens::<L, 3>(op, unit, (keys, values), scratch, parts),
                _ => many_tokens::<L, 4>(op, unit, (keys, values), scratch, parts),
            }
        }
    }
}

/// One token, `H` of its heads. Returns `H`.
#[inline(always)]
unsafe fn one_token<L: Lanes, const H: usize, const V: usize>(
    op: &Op<'_>,
    unit: &Unit<'_>,
    head: usize,
    (keys, values): (Cells, Cells),
    scratch: &mut Scratch,
    parts: &Parts,
) -> usize {
    let token = unit.segment.tile.tokens.start as usize;
    let scores = op.scores();
    for h in 0..H {
        // SAFETY: by the caller's promise.
        let query = unsafe { op.query(token, head + h) };
        for (x, q) in scratch.q[h * keys.width..].iter_mut().zip(query) {
            *x = q * scores.scale;
        }
    }
    let out = &mut scratch.out[..H * values.width];
    out.fill(0.0);
    let mut outs = out.chunks_exact_mut(values.width);
    let empty = |out| State { max: LOWEST, sum: 0.0, shrink: 1.0, out };
    let mut states: [State<'_>; H] = std::array::from_fn(|_| empty(outs.next().unwrap_or_default()));
    let half = keys.kind == Kind::Half && values.kind == Kind::Half;
    let (dense_keys, dense_values) = (&mut scratch.keys, &mut scratch.values);
    blocks(&unit.segment.tile.runs, &unit.segment.cells, |cells| {
        // SAFETY: by the caller's promise. What is not of 16 bits is made dense first, as 32-bit numbers.
        unsafe {
            if half {
                row::add_block::<L, H, V, true>(&scratch.q, (keys, values, cells), &scores, &mut states);
            } else {
                expand::<L>(keys, cells, dense_keys);
                expand::<L>(values, cells, dense_values);
                let dense = (
                    single(dense_keys, keys.width),
                    single(dense_values, values.width),
                    &FIRST[..cells.len()],
                );
                row::add_block::<L, H, V, false>(&scratch.q, dense, &scores, &mut states);
            }
        }
    });
    for (h, state) in states.iter().enumerate() {
        let row = Row { max: state.max, sum: state.sum, out: state.out, step: 1 };
        // SAFETY: by the caller's promise.
        unsafe { parts.put(op, (token, head + h), unit.segment.part, row) };
    }
    H
}

/// The cells of a dense block.
static FIRST: [u32; BLOCK] = {
    let (mut cells, mut i) = ([0; BLOCK], 0);
    while i < BLOCK {
        cells[i] = i as u32;
        i += 1;
    }
    cells
};

fn single(numbers: &[f32], width: usize) -> Cells {
    Cells { start: numbers.as_ptr().cast(), stride: width * 4, width, kind: Kind::Single }
}

/// Several tokens, all heads that share this one of keys and values, in `W` vectors of rows.
#[inline(always)]
unsafe fn many_tokens<L: Lanes, const W: usize>(
    op: &Op<'_>,
    unit: &Unit<'_>,
    (keys, values): (Cells, Cells),
    scratch: &mut Scratch,
    parts: &Parts,
) {
    let (group, rows) = (op.group(), W * L::N);
    let tokens = unit.segment.tile.tokens.clone();
    let used = tokens.len() * group;
    // Row `r` is head `r % group` of token `r / group`.
    let place = |row: usize| (tokens.start as usize + row / group, unit.head * group + row % group);
    let scores = op.scores();
    let q = &mut scratch.q[..keys.width * rows];
    q.fill(0.0);
    for row in 0..used {
        let (token, head) = place(row);
        // SAFETY: by the caller's promise.
        for (d, x) in unsafe { op.query(token, head) }.iter().enumerate() {
            q[d * rows + row] = x * scores.scale;
        }
    }
    let out = &mut scratch.out[..values.width * rows];
    out.fill(0.0);
    scratch.max.fill(LOWEST);
    scratch.sum.fill(0.0);
    let mut state = TileState {
        q,
        out,
        max: &mut scratch.max,
        sum: &mut scratch.sum,
        shrink: &mut scratch.shrink,
        scores: &mut scratch.scores,
    };
    // SAFETY: by the caller's promise.
    let mask = unsafe { op.mask() };
    let (dense_keys, dense_values) = (&mut scratch.keys, &mut scratch.values);
    let mut end = unit.segment.cells.start;
    blocks(&unit.segment.tile.runs, &unit.segment.cells, |cells| {
        end += cells.len() as u32;
        // SAFETY: by the caller's promise.
        unsafe {
            expand::<L>(keys, cells, dense_keys);
            expand::<L>(values, cells, dense_values);
            let is_open = |token: u32, c: usize| is_open(mask.row(token)[cells[c] as usize]);
            let all_open = end <= unit.segment.tile.shared
                || tokens.clone().all(|token| (0..cells.len()).all(|c| is_open(token, c)));
            let by_row = |row: usize, c: usize| row < used && is_open(tokens.start + (row / group) as u32, c);
            let block = Dense {
                keys: dense_keys,
                values: dense_values,
                key_width: keys.width,
                value_width: values.width,
                count: cells.len(),
            };
            tile::add_block::<L, W>(&mut state, block, &scores, (!all_open).then_some(&by_row));
        }
    });
    for row in 0..used {
        let found = Row { max: state.max[row], sum: state.sum[row], out: &state.out[row..], step: rows };
        // SAFETY: by the caller's promise.
        unsafe { parts.put(op, place(row), unit.segment.part, found) };
    }
}

/// Copies the rows of cells, as 32-bit numbers.
#[inline(always)]
unsafe fn expand<L: Lanes>(from: Cells, cells: &[u32], to: &mut [f32]) {
    for (row, &cell) in to.chunks_exact_mut(from.width).zip(cells) {
        let source = from.row(cell);
        for at in (0..from.width).step_by(L::N) {
            // SAFETY: by the caller's promise: rows are as wide as they say.
            unsafe {
                let numbers = match from.kind {
                    Kind::Half => L::load_half(source.cast::<u16>().add(at)),
                    Kind::Single => L::load(source.cast::<f32>().add(at)),
                    Kind::Q8 => {
                        let block = source.add(at / 32 * Q8_BYTES);
                        L::load_byte(block.add(2 + at % 32).cast()).mul(L::splat(q8_scale(block)))
                    }
                };
                numbers.store(row.as_mut_ptr().add(at));
            }
        }
    }
}
