//! Which cells each token attends to, and which tokens are computed together.
//!
//! ```text
//!   mask, one row for each token          runs                 tiles
//!   ..####......                          2..6                 ┐ tokens of one prompt: their runs grow one out of
//!   ..#####.....                          2..7                 ┘ the other, so each cell is read once for all
//!   ##......###.                          0..2  8..11          a token that has company by nobody
//! ```

use std::ops::Range;

/// What the mask says of a cell that is not attended to: minus infinity, in 16 bits.
pub(super) const CLOSED: u16 = 0xfc00;

/// Neighbouring cells, `start..end`.
pub(super) type Run = Range<u32>;

/// Tokens that are computed together, and the cells that at least one of them attends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    /// Rows of the mask.
    pub tokens: Range<u32>,
    /// Ascending, apart from each other.
    pub runs: Vec<Run>,
    /// Cells in the runs.
    pub cells: u32,
    /// How many of them, from the first on, all of the tokens attend to: nearly all cells of a prompt.
    pub shared: u32,
}

/// A tile may look at so many cells for each that a token of it attends to. What is too much is computed and then
/// masked.
const WASTE: f32 = 1.25;

/// A mask as ggml has it: rows of 16-bit numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mask<'a> {
    values: &'a [u16],
    /// Cells of a row.
    cells: usize,
}

impl<'a> Mask<'a> {
    /// `values` are whole rows of so many cells.
    pub(super) fn new(values: &'a [u16], cells: usize) -> Self {
        Self { values, cells }
    }

    pub(super) fn row(&self, token: u32) -> &'a [u16] {
        let start = token as usize * self.cells;
        &self.values[start..start + self.cells]
    }
}

/// The tiles of a batch, each of at most `most` tokens, appended to `out`, which is emptied first.
pub(super) fn tiles(mask: Mask<'_>, tokens: u32, most: u32, out: &mut Vec<Tile>) {
    out.clear();
    let mut attended = 0;
    for token in 0..tokens {
        let runs = runs(mask.row(token));
        let cells = length(&runs);
        if let Some(tile) = out.last_mut()
            && tile.tokens.len() < most as usize
        {
            let both = union(&tile.runs, &runs);
            let looked_at = length(&both) * (tile.tokens.len() as u32 + 1);
            if looked_at as f32 <= WASTE * (attended + cells) as f32 {
                attended += cells;
                tile.tokens.end += 1;
                tile.cells = length(&both);
                tile.shared = tile.shared.min(shared(&tile.runs, &runs));
                tile.runs = both;
                continue;
            }
        }
        attended = cells;
        out.push(Tile { tokens: token..token + 1, cells, shared: cells, runs });
    }
}

fn length(runs: &[Run]) -> u32 {
    runs.iter().map(|run| run.end - run.start).sum()
}

/// Cells from the start that both have, up to the first difference.
fn shared(a: &[Run], b: &[Run]) -> u32 {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let next = a.get(same).zip(b.get(same)).filter(|(a, b)| a.start == b.start);
    length(&a[..same]) + next.map_or(0, |(a, b)| a.end.min(b.end) - a.start)
}

/// The runs of open cells in a row.
pub(super) fn runs(row: &[u16]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let (words, rest) = row.as_chunks::<64>();
    let last = (!rest.is_empty()).then(|| {
        let mut padded = [CLOSED; 64];
        padded[..rest.len()].copy_from_slice(rest);
        padded
    });
    for (word, values) in words.iter().chain(&last).enumerate() {
        let (first, mut bits) = (word as u32 * 64, open(values));
        let mut at = 0;
        while bits != 0 {
            let start = bits.trailing_zeros();
            let length = (bits >> start).trailing_ones();
            at += start;
            match runs.last_mut() {
                Some(run) if run.end == first + at => run.end += length,
                _ => runs.push(first + at..first + at + length),
            }
            at += length;
            bits = bits.checked_shr(start + length).unwrap_or(0);
        }
    }
    runs
}

/// A bit for each of 64 values, set if it is open.
#[cfg(target_arch = "x86_64")]
fn open(values: &[u16; 64]) -> u64 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi16, _mm_loadu_si128, _mm_movemask_epi8, _mm_packs_epi16, _mm_set1_epi16,
    };
    let mut closed = 0;
    // SAFETY: every processor of this kind has SSE2, and all loads are within the array.
    unsafe {
        let wanted = _mm_set1_epi16(CLOSED.cast_signed());
        for i in 0..4 {
            let at = values.as_ptr().add(i * 16).cast::<__m128i>();
            let low = _mm_cmpeq_epi16(_mm_loadu_si128(at), wanted);
            let high = _mm_cmpeq_epi16(_mm_loadu_si128(at.add(1)), wanted);
            let bits = _mm_movemask_epi8(_mm_packs_epi16(low, high)).cast_unsigned();
            closed |= u64::from(bits) << (i * 16);
        }
    }
    !closed
}

/// A bit for each of 64 values, set if it is open.
#[cfg(not(target_arch = "x86_64"))]
fn open(values: &[u16; 64]) -> u64 {
    values.iter().enumerate().fold(0, |bits, (i, &value)| bits | u64::from(value != CLOSED) << i)
}

/// The cells of either.
fn union(a: &[Run], b: &[Run]) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::with_capacity(a.len().max(b.len()) + 1);
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (None, None) => return out,
            (Some(one), Some(other)) if one.start <= other.start => a.next(),
            (Some(_), None) => a.next(),
            _ => b.next(),
        };
        let Some(next) = next else { return out };
        match out.last_mut() {
            Some(last) if last.end >= next.start => last.end = last.end.max(next.end),
            _ => out.push(next.clone()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of runs may have one")]
mod tests {
    use super::*;

    /// A mask from a picture.
    fn mask(rows: &[&str]) -> Vec<u16> {
        rows.iter().flat_map(|row| row.bytes().map(|b| if b == b'#' { 0 } else { CLOSED })).collect()
    }

    #[test]
    fn runs_are_what_the_row_shows() {
        for row in ["", "....", "####", "..##.#...###", "#.#.#"] {
            let mut rebuilt = vec![b'.'; row.len()];
            for run in runs(&mask(&[row])) {
                rebuilt[run.start as usize..run.end as usize].fill(b'#');
            }
            assert_eq!(String::from_utf8_lossy(&rebuilt), row);
        }
        // Across blocks.
        let mut long = vec![CLOSED; 500];
        long[60..260].fill(0);
        long[499] = 0;
        assert_eq!(runs(&long), [60..260, 499..500]);
    }

    #[test]
    fn tokens_of_a_prompt_go_together_and_strangers_do_not() {
        let rows = ["..####......", "..#####.....", "..######....", "##......###.", "##......####"];
        let values = mask(&rows);
        let mut out = Vec::new();
        tiles(Mask::new(&values, 12), 5, 8, &mut out);
        let found: Vec<_> = out
            .iter()
            .map(|tile| (tile.tokens.clone(), tile.runs.clone(), tile.cells, tile.shared))
            .collect();
        assert_eq!(found, [(0..3, vec![2..8], 6, 4), (3..5, vec![0..2, 8..12], 6, 5)]);
        tiles(Mask::new(&values, 12), 5, 2, &mut out);
        assert_eq!(out.iter().map(|tile| tile.tokens.clone()).collect::<Vec<_>>(), [0..2, 2..3, 3..5]);
    }

    #[test]
    fn what_all_have_ends_at_the_first_difference() {
        assert_eq!(shared(&[2..6], &[2..9]), 4);
        assert_eq!(shared(&[0..2, 8..11], &[0..2, 8..9, 10..11]), 3);
        assert_eq!(shared(&[0..2, 8..11], &[0..2, 9..11]), 2);
        assert_eq!(shared(&[1..2], &[0..2]), 0);
        assert_eq!(shared(&[0..2], &[0..2]), 2);
        assert_eq!(shared(&[], &[0..2]), 0);
    }

    #[test]
    fn a_union_has_the_cells_of_both() {
        let a: Vec<Run> = vec![0..2, 5..9, 20..21];
        let b: Vec<Run> = vec![2..3, 8..12, 30..40];
        assert_eq!(union(&a, &b), [0..3, 5..12, 20..21, 30..40]);
        assert_eq!(union(&b, &a), union(&a, &b));
        assert_eq!(union(&a, &[]), a);
    }
}
