//! How blobs are cut for a transfer, which is the same in both directions and, since interrupted downloads are
//! resumed by either, the same as Ollama's.

use crate::store::Part;

/// Parts of a blob, unless they would become too small or too large.
const PARTS: u64 = 16;

/// Least and greatest bytes of a part; the last one may be smaller.
const SIZES: (u64, u64) = (100_000_000, 1_000_000_000);

/// No blob is larger: 16 TiB, more than file systems allow for a file.
pub(super) const MAX_BLOB: u64 = 1 << 44;

/// Cuts a blob of this many bytes, at most [`MAX_BLOB`], into parts.
pub(super) fn split(total: u64) -> Vec<Part> {
    let size = (total / PARTS).clamp(SIZES.0, SIZES.1);
    let starts = (0..total).step_by(usize::try_from(size).unwrap_or(usize::MAX));
    starts
        .enumerate()
        .map(|(n, offset)| Part { n, offset, size: size.min(total - offset), completed: 0 })
        .collect()
}
