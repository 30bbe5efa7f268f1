//! llama.cpp's log goes to `tracing`, under the target `llama`.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::panic::catch_unwind;

use llama_cpp_sys_2 as ffi;

thread_local! {
    /// Lines come in pieces (`GGML_LOG_LEVEL_CONT`); a piece waits here for its end of line.
    static LINE: RefCell<(ffi::ggml_log_level, String)> = const { RefCell::new((0, String::new())) };
    /// The last error of this thread, for error values: llama.cpp reports reasons in its log only.
    static LAST_ERROR: RefCell<String> = const { RefCell::new(String::new()) };
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
    let text = LAST_ERROR.take();
    if text.is_empty() { "see the log for the reason".into() } else { text }
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
            LAST_ERROR.replace(line.to_owned());
            tracing::error!(target: "llama", "{line}");
        }
        ffi::GGML_LOG_LEVEL_WARN => tracing::warn!(target: "llama", "{line}"),
        ffi::GGML_LOG_LEVEL_INFO => tracing::debug!(target: "llama", "{line}"),
        _ => tracing::trace!(target: "llama", "{line}"),
    }
}
