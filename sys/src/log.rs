//! llama.cpp's log goes to `tracing`, under the target `llama`.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::panic::catch_unwind;

use llama_cpp_sys_2 as ffi;

thread_local! {
    /// Lines come in pieces (`GGML_LOG_LEVEL_CONT`); a piece waits here for its end of line.
    static LINE: RefCell<(ffi::ggml_log_level, String)> = const { RefCell::new((0, String::new())) };
    /// The first and the last error of this thread, for error values: llama.cpp reports reasons in its log only.
    static ERRORS: RefCell<(String, String)> = const { RefCell::new((String::new(), String::new())) };
    /// Who reads what this thread logs, besides the log.
    static WATCHER: RefCell<Option<Watcher>> = const { RefCell::new(None) };
}

type Watcher = Box<dyn FnMut(&str)>;

/// Runs `work`, and shows each piece that it logs on this thread to `watcher`: llama.cpp says some things nowhere
/// else. A piece is mostly a line, but some lines come in several.
pub(crate) fn watch<T>(watcher: impl FnMut(&str) + 'static, work: impl FnOnce() -> T) -> T {
    WATCHER.replace(Some(Box::new(watcher)));
    let result = work();
    WATCHER.replace(None);
    result
}

pub(crate) fn route() {
    // SAFETY: the callback is a plain function that lives for ever and needs no user data.
    unsafe { ffi::llama_log_set(Some(on_log), std::ptr::null_mut()) };
}

/// Takes the last error line that llama.cpp logged on this thread.
pub(crate) fn take_error() -> String {
    or_see_log(ERRORS.take().1)
}

/// Takes the first error line since [`forget_errors`]: for what fails in steps, of which each tells that it failed.
pub(crate) fn take_first_error() -> String {
    or_see_log(ERRORS.take().0)
}

/// What was logged until now is no reason for what comes.
pub(crate) fn forget_errors() {
    ERRORS.take();
}

fn or_see_log(error: String) -> String {
    if error.is_empty() { "see the log for the reason".into() } else { error }
}

unsafe extern "C" fn on_log(level: ffi::ggml_log_level, text: *const c_char, _: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: ggml passes a NUL-terminated string that lives during the call.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    // A subscriber that panics must not unwind into C++.
    let _ = catch_unwind(|| collect(level, &text));
}

fn collect(level: ffi::ggml_log_level, text: &str) {
    WATCHER.with_borrow_mut(|watcher| watcher.iter_mut().for_each(|watcher| watcher(text)));
    LINE.with_borrow_mut(|(line_level, line)| {
        if level != ffi::GGML_LOG_LEVEL_CONT {
            *line_level = level;
            line.clear();
        }
        line.push_str(text);
        if line.ends_with('\n') {
            WATCHER
                .with_borrow_mut(|watcher| watcher.iter_mut().for_each(|watcher| watcher(line.trim_end())));
            emit(*line_level, line.trim_end());
            line.clear();
        }
    });
}

/// llama.cpp says much at its level `info`; only warnings and errors matter to somebody who runs a server.
fn emit(level: ffi::ggml_log_level, line: &str) {
    match level {
        ffi::GGML_LOG_LEVEL_ERROR => {
            ERRORS.with_borrow_mut(|(first, last)| {
                if first.is_empty() {
                    line.clone_into(first);
                }
                line.clone_into(last);
            });
            tracing::error!(target: "llama", "{line}");
        }
        ffi::GGML_LOG_LEVEL_WARN => tracing::warn!(target: "llama", "{line}"),
        ffi::GGML_LOG_LEVEL_INFO => tracing::debug!(target: "llama", "{line}"),
        _ => tracing::trace!(target: "llama", "{line}"),
    }
}
