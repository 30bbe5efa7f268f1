//! Work on the threads that ggml computes with: a second pool would fight the first for the cores.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

unsafe extern "C" {
    /// Calls `body(data)` on so many threads of OpenMP's pool, this one among them; on this one alone where there is no
    /// OpenMP.
    fn quipu_parallel(threads: i32, body: extern "C" fn(*mut c_void), data: *mut c_void);
}

struct Work<'a> {
    body: &'a (dyn Fn() + Sync),
    failed: AtomicBool,
}

extern "C" fn call(data: *mut c_void) {
    // SAFETY: `run` passes a `Work` that outlives the call, and shares it.
    let work = unsafe { &*data.cast::<Work<'_>>() };
    // No panic may cross into C.
    if catch_unwind(AssertUnwindSafe(work.body)).is_err() {
        work.failed.store(true, Ordering::Relaxed);
    }
}

/// Calls `body` on so many threads at the same time, and waits for all. Says whether none of them panicked.
pub(super) fn run(threads: usize, body: &(dyn Fn() + Sync)) -> bool {
    let mut work = Work { body, failed: AtomicBool::new(false) };
    // SAFETY: the work lives until all calls have returned, and is `Sync`.
    unsafe { quipu_parallel(threads as i32, call, (&raw mut work).cast()) };
    !work.failed.load(Ordering::Relaxed)
}
