//! How far an import is, and whether it should go on.

use std::ops::ControlFlow;

/// Is told how many bytes of weights are written, and how many there will be. It is called again and
/// again, after every megabyte or so; if it breaks, the work ends.
pub type Progress<'a> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'a;

/// Counts bytes for a [`Progress`].
pub(in crate::gguf) struct Meter<'a, 'b> {
    progress: &'a mut Progress<'b>,
    done: u64,
    total: u64,
}

impl<'a, 'b> Meter<'a, 'b> {
    pub(in crate::gguf) fn new(total: u64, progress: &'a mut Progress<'b>) -> Self {
        Self { progress, done: 0, total }
    }

    /// Counts bytes that were written.
    pub(in crate::gguf) fn advance(&mut self, bytes: usize) -> ControlFlow<()> {
        self.done += bytes as u64;
        (self.progress)(self.done, self.total)
    }
}
