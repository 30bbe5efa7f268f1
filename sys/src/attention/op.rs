//! One attention operation: its tensors, its work, and the threads that share it.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use llama_cpp_sys_2 as ffi;
use parking_lot::Mutex;

use super::lanes::half_to_float;
use super::runs::{CLOSED, Mask, Run, Tile};
use super::unit::{Entry, Scratch, Unit};
use super::{parallel, runs};

/// Cells that are computed at a time.
pub(super) const BLOCK: usize = 64;

/// How the numbers of a tensor are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 16 bits.
    Half,
    /// 8 bits, with a scale for each 32 of them.
    Q8,
    /// 32 bits.
    Single,
}

impl Kind {
    pub(super) fn of(tensor: &ffi::ggml_tensor) -> Option<Self> {
        match tensor.type_ {
            ffi::GGML_TYPE_F16 => Some(Self::Half),
            ffi::GGML_TYPE_Q8_0 => Some(Self::Q8),
            ffi::GGML_TYPE_F32 => Some(Self::Single),
            _ => None,
        }
    }
}

/// Keys or values of one head: a row for each cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells {
    pub(super) start: *const u8,
    /// Bytes from one row to the next.
    pub(super) stride: usize,
    /// Numbers of a row.
    pub(super) width: usize,
    pub(super) kind: Kind,
}

impl Cells {
    #[inline(always)]
    pub(super) fn row(&self, cell: u32) -> *const u8 {
        self.start.wrapping_add(cell as usize * self.stride)
    }
}

/// What happens to scores.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scores {
    /// Factor on `q · k`, before the cap.
    pub(super) scale: f32,
    /// `cap * tanh(s)`, with the cap's inverse in `scale`; 0 for none.
    pub(super) soft_cap: f32,
}

/// Softmax and output of one head of one token, so far.
pub(super) struct State<'a> {
    pub(super) max: f32,
    pub(super) sum: f32,
    /// What the last block made of the weights before it.
    pub(super) shrink: f32,
    /// Weighted sum of values, not divided by `sum` yet.
    pub(super) out: &'a mut [f32],
}

/// Where the scores begin: less than all that matter, but no infinity, whose difference to itself is no number.
pub(super) const LOWEST: f32 = -1e30;

/// The tensors of an operation, checked by [`supported`].
#[derive(Clone, Copy)]
pub(super) struct Op<'a> {
    pub(super) q: &'a ffi::ggml_tensor,
    pub(super) k: &'a ffi::ggml_tensor,
    pub(super) v: &'a ffi::ggml_tensor,
    pub(super) mask: &'a ffi::ggml_tensor,
    pub(super) sinks: Option<&'a ffi::ggml_tensor>,
    pub(super) out: &'a ffi::ggml_tensor,
}

// SAFETY: the tensors are only read, and rows of the output have one writer each.
unsafe impl Sync for Op<'_> {}

impl<'a> Op<'a> {
    /// The operands of a `FLASH_ATTN_EXT`, if it has those that are needed.
    ///
    /// # Safety
    /// `out` and its operands are live tensors.
    pub(super) unsafe fn new(out: &'a ffi::ggml_tensor) -> Option<Self> {
        // SAFETY: by the caller's promise.
        unsafe {
            let [q, k, v, mask, sinks] = [0, 1, 2, 3, 4].map(|i| out.src[i].as_ref());
            Some(Self { q: q?, k: k?, v: v?, mask: mask?, sinks, out })
        }
    }

    pub(super) fn tokens(&self) -> u32 {
        self.q.ne[1] as u32
    }

    pub(super) fn cells(&self) -> u32 {
        self.k.ne[1] as u32
    }

    /// Heads of the queries for each head of keys and values.
    pub(super) fn group(&self) -> usize {
        (self.q.ne[2] / self.k.ne[2]) as usize
    }

    fn parameter(&self, i: usize) -> f32 {
        f32::from_bits(self.out.op_params[i].cast_unsigned())
    }

    pub(super) fn scores(&self) -> Scores {
        let (scale, soft_cap) = (self.parameter(0), self.parameter(2));
        let scale = if soft_cap > 0.0 { scale / soft_cap } else { scale };
        Scores { scale, soft_cap }
    }

    /// The mask.
    ///
    /// # Safety
    /// The tensor has its data, and nobody writes to it meanwhile.
    pub(super) unsafe fn mask(&self) -> Mask<'a> {
        let cells = self.mask.ne[0] as usize;
        // SAFETY: by the caller's promise; `supported` has checked that rows are contiguous.
        let values = unsafe {
            std::slice::from_raw_parts(self.mask.data.cast::<u16>(), cells * self.mask.ne[1] as usize)
        };
        Mask::new(values, cells)
    }

    pub(super) fn keys(&self, head: usize) -> Option<Cells> {
        of_head(self.k, head)
    }

    pub(super) fn values(&self, head: usize) -> Option<Cells> {
        of_head(self.v, head)
    }

    pub(super) fn sink(&self, head: usize) -> Option<f32> {
        // SAFETY: `supported` has checked that there is one 32-bit number for each head.
        self.sinks.map(|sinks| unsafe { *sinks.data.cast::<f32>().add(head) })
    }

    /// The query of a head of a token.
    ///
    /// # Safety
    /// The tensor has its data.
    pub(super) unsafe fn query(&self, token: usize, head: usize) -> &'a [f32] {
        let offset = token * self.q.nb[1] + head * self.q.nb[2];
        // SAFETY: `supported` has checked that rows are contiguous; by the caller's promise.
        unsafe {
            std::slice::from_raw_parts(
                self.q.data.cast::<u8>().add(offset).cast::<f32>(),
                self.q.ne[0] as usize,
            )
        }
    }

    /// The output of a head of a token.
    ///
    /// # Safety
    /// The tensor has its data, and each row is asked for by one thread at a time.
    #[allow(clippy::mut_from_ref, reason = "rows do not overlap, and each has one writer")]
    pub(super) unsafe fn output(&self, token: usize, head: usize) -> &'a mut [f32] {
        let offset = token * self.out.nb[2] + head * self.out.nb[1];
        // SAFETY: by the caller's promise.
        unsafe {
            let start = self.out.data.cast::<u8>().add(offset).cast::<f32>();
            std::slice::from_raw_parts_mut(start, self.v.ne[0] as usize)
        }
    }
}

fn of_head(tensor: &ffi::ggml_tensor, head: usize) -> Option<Cells> {
    let start = tensor.data.cast::<u8>().cast_const().wrapping_add(head * tensor.nb[2]);
    Some(Cells { start, stride: tensor.nb[1], width: tensor.ne[0] as usize, kind: Kind::of(tensor)? })
}

/// Whether the kernels compute an operation. What they decline, ggml computes.
pub(super) fn supported(op: &Op<'_>, entry: &Entry) -> bool {
    let Op { q, k, v, mask, sinks, out } = op;
    let single_stream = q.ne[3] == 1 && k.ne[3] == 1 && v.ne[3] == 1 && mask.ne[2] == 1 && mask.ne[3] == 1;
    let heads = k.ne[2] > 0 && k.ne[2] == v.ne[2] && q.ne[2] % k.ne[2] == 0;
    let kinds = Kind::of(k).is_some() && Kind::of(v).is_some() && q.type_ == ffi::GGML_TYPE_F32;
    // ALiBi adds another number to every score, by the distance.
    let no_bias = op.parameter(1) == 0.0;
    let widths = [k.ne[0], v.ne[0]].iter().all(|width| *width % entry.lanes as i64 == 0 && *width % 32 == 0);
    let contiguous =
        q.nb[0] == 4 && out.nb[0] == 4 && mask.nb[0] == 2 && mask.nb[1] == 2 * mask.ne[0] as usize;
    let masked = mask.type_ == ffi::GGML_TYPE_F16 && mask.ne[0] >= k.ne[1] && mask.ne[1] >= q.ne[1];
    let sunk = sinks.is_none_or(|sinks| sinks.type_ == ffi::GGML_TYPE_F32 && sinks.ne[0] == q.ne[2]);
    single_stream
        && heads
        && kinds
        && no_bias
        && widths
        && contiguous
        && masked
        && sunk
        && op.group() <= entry.rows
        && q.ne[0] == k.ne[0]
}

/// What is kept from operation to operation.
#[derive(Default)]
pub(super) struct Plan {
    masks: Masks,
    /// One for each thread.
    scratch: Vec<Mutex<Scratch>>,
}

/// What is known of the masks of a pass: most models have one, those with a sliding window two.
#[derive(Default)]
struct Masks {
    known: [Known; 2],
    /// The one to forget when a third mask comes.
    oldest: usize,
}

/// The tiles of a mask.
#[derive(Default)]
struct Known {
    tiles: Vec<Tile>,
    /// Where the mask lies, and its shape.
    mask: (usize, [i64; 4], u32),
    /// The last operation that used them; `None` if there is nothing to use.
    last: Option<u32>,
}

impl Masks {
    /// The tiles of an operation. The layers of a pass share a mask, which is looked at once: operations come in the
    /// order of the graph, so one that is not behind the last belongs to another pass.
    ///
    /// # Safety
    /// As [`Op::mask`].
    unsafe fn tiles(&mut self, op: &Op<'_>, most: u32) -> &[Tile] {
        let number = number(op.out);
        let mask = (op.mask.data as usize, op.mask.ne, op.tokens());
        let slot = self.known.iter().position(|known| known.mask == mask).unwrap_or(self.oldest);
        self.oldest = 1 - slot;
        let known = &mut self.known[slot];
        let still = known.mask == mask && known.last.zip(number).is_some_and(|(last, number)| number > last);
        if !still {
            // SAFETY: by the caller's promise.
            runs::tiles(unsafe { op.mask() }, op.tokens(), most, &mut known.tiles);
        }
        (known.mask, known.last) = (mask, number);
        &known.tiles
    }
}

/// The number of an operation in its graph, which ggml makes its name of: `node_57`.
fn number(tensor: &ffi::ggml_tensor) -> Option<u32> {
    let name = tensor.name.map(|c| c as u8);
    let name = std::str::from_utf8(name.split(|byte| *byte == 0).next()?).ok()?;
    name.strip_prefix("node_")?.parse().ok()
}

/// Computes an operation.
///
/// # Safety
/// All tensors have their data in memory of this process, and `op` is [`supported`] by `entry`.
pub(super) unsafe fn compute(op: &Op<'_>, plan: &mut Plan, entry: &Entry, threads: usize) -> bool {
    let most = (entry.rows / op.group()).max(1) as u32;
    // SAFETY: by the caller's promise.
    let tiles = unsafe { plan.masks.tiles(op, most) };
    let threads = threads.max(1);
    plan.scratch.resize_with(threads.max(plan.scratch.len()), Mutex::default);
    let heads = op.k.ne[2] as usize;
    let segments = segments(tiles, heads, threads);
    let units: Vec<Unit<'_>> =
        segments.iter().flat_map(|s| (0..heads).map(|head| Unit::new(s, head))).collect();
    let parts = Parts::new(op, &segments, heads);
    let (thread, next) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let done = parallel::run(threads, &|| {
        // Nobody else has the same.
        let mut scratch = plan.scratch[thread.fetch_add(1, Ordering::Relaxed)].lock();
        scratch.fit(op, entry);
        while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
            // SAFETY: by the caller's promise; every unit writes rows of its own.
            unsafe { (entry.compute)(op, unit, &mut scratch, &parts) };
        }
    });
    done && (parts.is_empty() || {
        let next = AtomicUsize::new(0);
        let rows = op.q.ne[2] as usize * op.tokens() as usize;
        parallel::run(threads, &|| {
            loop {
                let first = next.fetch_add(64, Ordering::Relaxed);
                if first >= rows {
                    break;
                }
                for row in first..rows.min(first + 64) {
                    // SAFETY: as above.
                    unsafe { parts.merge(op, row) };
                }
            }
        })
    })
}

/// A part of a tile's cells.
pub(super) struct Segment<'a> {
    pub(super) tile: &'a Tile,
    /// Of the cells of the tile's runs, counted through.
    pub(super) cells: std::ops::Range<u32>,
    /// Which part of the tile it is, and of how many.
    pub(super) part: (usize, usize),
}

/// Cuts tiles where there would be too few pieces of work for the threads, or one that all wait for. The longest come
/// first.
fn segments(tiles: &[Tile], heads: usize, threads: usize) -> Vec<Segment<'_>> {
    /// Cells below which a part costs more than it gains.
    const LEAST: u64 = 512;
    let cost = |tile: &Tile| u64::from(tile.cells) * tile.tokens.len() as u64;
    let total: u64 = tiles.iter().map(cost).sum::<u64>() * heads as u64;
    // Three pieces for each thread even out well enough.
    let fair = (total / (threads as u64 * 3)).max(1);
    let mut out: Vec<Segment<'_>> = Vec::new();
    for tile in tiles {
        let wanted = if threads == 1 { 1 } else { cost(tile).div_ceil(fair) };
        let count = wanted.clamp(1, (u64::from(tile.cells) / LEAST).max(1)) as u32;
        let each = tile.cells.div_ceil(count).next_multiple_of(BLOCK as u32).max(1);
        let parts = tile.cells.div_ceil(each).max(1) as usize;
        out.extend((0..parts).map(|part| {
            let start = part as u32 * each;
            Segment { tile, cells: start..(start + each).min(tile.cells), part: (part, parts) }
        }));
    }
    out.sort_by_key(|s| {
        std::cmp::Reverse(u64::from(s.cells.end - s.cells.start) * s.tile.tokens.len() as u64)
    });
    out
}

/// Results of tiles that were cut: for every row of such a tile, largest score, sum and output of each part.
pub(super) struct Parts {
    /// For each token, the first number of its parts and how many there are; 1 for a token whose tile was not cut.
    tokens: Vec<(usize, usize)>,
    heads: usize,
    width: usize,
    /// Numbers of 32 bits. Each has one writer, and is read when all have ended.
    numbers: Vec<AtomicU32>,
}

impl Parts {
    fn new(op: &Op<'_>, segments: &[Segment<'_>], heads: usize) -> Self {
        let (heads, width) = (heads * op.group(), op.v.ne[0] as usize);
        let mut tokens = vec![(0, 1); op.tokens() as usize];
        let mut size = 0;
        for segment in segments.iter().filter(|segment| segment.part.0 == 0 && segment.part.1 > 1) {
            for token in segment.tile.tokens.clone() {
                tokens[token as usize] = (size, segment.part.1);
                size += segment.part.1 * heads * (width + 2);
            }
        }
        let numbers = std::iter::repeat_with(AtomicU32::default).take(size).collect();
        Self { tokens, heads, width, numbers }
    }

    fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    fn place(&self, token: usize, head: usize, part: usize) -> usize {
        let (first, count) = self.tokens[token];
        first + (head * count + part) * (self.width + 2)
    }

    /// Gives up the result of a row: the output if it is whole, else a part of it.
    ///
    /// # Safety
    /// As [`Op::output`].
    pub(super) unsafe fn put(
        &self,
        op: &Op<'_>,
        (token, head): (usize, usize),
        part: (usize, usize),
        row: Row<'_>,
    ) {
        if part.1 == 1 {
            // SAFETY: by the caller's promise.
            unsafe { finish(op, token, head, (row.max, row.sum), row.out, row.step) };
            return;
        }
        let at = self.place(token, head, part.0);
        let values = row.out.iter().step_by(row.step).take(self.width);
        for (place, x) in self.numbers[at..].iter().zip([row.max, row.sum].iter().chain(values)) {
            place.store(x.to_bits(), Ordering::Relaxed);
        }
    }

    /// Puts the parts of a row together.
    ///
    /// # Safety
    /// As [`Op::output`]; all parts are there.
    unsafe fn merge(&self, op: &Op<'_>, row: usize) {
        let (token, head) = (row / self.heads, row % self.heads);
        let count = self.tokens[token].1;
        if count == 1 {
            return;
        }
        let number = |at: usize| f32::from_bits(self.numbers[at].load(Ordering::Relaxed));
        let parts = (0..count).map(|part| self.place(token, head, part));
        let max = parts.clone().map(number).fold(LOWEST, f32::max);
        let (mut sum, mut out) = (0.0, vec![0.0; self.width]);
        for at in parts {
            let weight = (number(at) - max).exp();
            sum += number(at + 1) * weight;
            for (d, out) in out.iter_mut().enumerate() {
                *out += number(at + 2 + d) * weight;
            }
        }
        // SAFETY: by the caller's promise.
        unsafe { finish(op, token, head, (max, sum), &out, 1) };
    }
}

/// The result of one row, its output every `step` numbers.
pub(super) struct Row<'a> {
    pub(super) max: f32,
    pub(super) sum: f32,
    pub(super) out: &'a [f32],
    pub(super) step: usize,
}

/// Writes an output, the sink counted in.
unsafe fn finish(op: &Op<'_>, token: usize, head: usize, (max, sum): (f32, f32), out: &[f32], step: usize) {
    // A sink is a score that has no value.
    let (sum, weight) = op.sink(head).map_or((sum, 1.0), |sink| {
        let top = max.max(sink);
        let weight = (max - top).exp();
        (sum * weight + (sink - top).exp(), weight)
    });
    // A row that attends to nothing is zero.
    let factor = if max <= LOWEST { 0.0 } else { weight / sum };
    // SAFETY: by the caller's promise.
    let target = unsafe { op.output(token, head) };
    for (d, target) in target.iter_mut().enumerate() {
        *target = out[d * step] * factor;
    }
}

/// Calls `f` with up to [`BLOCK`] cells at a time, of the cells `range` of some runs. Sequences that decode side by side
/// take turns in the pool, so that a run is often one cell, and a block many runs.
#[inline(always)]
pub(super) fn blocks(all: &[Run], range: &std::ops::Range<u32>, mut f: impl FnMut(&[u32])) {
    let (mut block, mut count) = ([0; BLOCK], 0);
    let mut before = 0;
    for run in all {
        let length = run.end - run.start;
        let (from, to) = (range.start.max(before), range.end.min(before + length));
        for at in from..to {
            block[count] = run.start + at - before;
            count += 1;
            if count == BLOCK {
                f(&block);
                count = 0;
            }
        }
        before += length;
        if before >= range.end {
            break;
        }
    }
    if count > 0 {
        f(&block[..count]);
    }
}

/// Numbers of 8 bits, 32 to a scale: a block of ggml's `Q8_0`.
pub(super) const Q8_BYTES: usize = 34;

/// The scale of such a block.
///
/// # Safety
/// `block` points to one.
#[inline(always)]
pub(super) unsafe fn q8_scale(block: *const u8) -> f32 {
    // SAFETY: by the caller's promise.
    half_to_float(unsafe { block.cast::<u16>().read_unaligned() })
}

/// Whether a value of the mask opens a cell.
#[inline(always)]
pub(super) fn is_open(value: u16) -> bool {
    value != CLOSED
}
