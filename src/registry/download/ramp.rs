//! How many streams a download uses.

/// Growth that shows that the last streams were worth it.
const WORTH_IT: f64 = 1.1;

/// After so many windows without growth, one more stream is tried: the network may have changed.
const QUIET: u32 = 10;

/// Starts with one stream, and doubles as long as that makes the download faster.
///
/// One stream is enough for a fast line, and best for everybody else: a household's line stays usable, and the
/// bytes come in order, so that they can be hashed as they come. Far or throttled servers need many.
#[derive(Debug)]
pub(super) struct Ramp {
    streams: usize,
    max: usize,
    /// Bytes in the best window so far.
    best: f64,
    quiet: u32,
}

impl Ramp {
    pub(super) fn new(max: usize) -> Self {
        Self { streams: 1, max: max.max(1), best: 0.0, quiet: 0 }
    }

    /// How many streams there may be now.
    pub(super) fn streams(&self) -> usize {
        self.streams
    }

    /// Takes note of how many bytes came in the last window of time.
    pub(super) fn observe(&mut self, bytes: u64) {
        #[allow(clippy::cast_precision_loss, reason = "fewer than 2^53 bytes come in half a second")]
        let bytes = bytes as f64;
        self.quiet += 1;
        if bytes > self.best * WORTH_IT {
            self.best = bytes;
            self.quiet = 0;
            self.streams = (self.streams * 2).min(self.max);
        } else if self.quiet == QUIET {
            self.quiet = 0;
            self.streams = (self.streams + 1).min(self.max);
        }
    }
}
