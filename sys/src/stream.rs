//! A C stream over a Rust reader: llama.cpp loads models from files by name, or from an open `FILE`.

use std::ffi::{c_int, c_void};
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// `quipu_stream` of `shim.cpp`.
#[repr(C)]
struct Stream {
    source: *mut c_void,
    read: unsafe extern "C" fn(*mut c_void, *mut u8, usize) -> i64,
    seek: unsafe extern "C" fn(*mut c_void, i64, c_int) -> i64,
}

unsafe extern "C" {
    fn quipu_open_stream(stream: *mut Stream) -> *mut c_void;
    fn quipu_close_stream(file: *mut c_void);
}

/// What is behind the callbacks.
struct Source<R> {
    reader: R,
    /// Why the last read or seek failed.
    error: Option<io::Error>,
}

/// Runs `work` with a `FILE` that reads from `reader`, and is null if there is no memory for it. Also returns the
/// last error of the reader: C sees only that there was one.
pub(crate) fn with<R: Read + Seek, T>(
    reader: R,
    work: impl FnOnce(*mut c_void) -> T,
) -> (T, Option<io::Error>) {
    let mut source = Source { reader, error: None };
    let mut stream = Stream { source: (&raw mut source).cast(), read: on_read::<R>, seek: on_seek::<R> };
    // SAFETY: `stream` and `source` outlive the file, which is closed below, and nothing else uses them meanwhile.
    let file = File(unsafe { quipu_open_stream(&raw mut stream) });
    let result = work(file.0);
    drop(file);
    (result, source.error)
}

/// Closes the file, also when `work` panics.
struct File(*mut c_void);

impl Drop for File {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: it was opened by `with`, and is closed once.
            unsafe { quipu_close_stream(self.0) };
        }
    }
}

/// Runs one of the reader's functions, and keeps its error.
///
/// # Safety
/// `source` points to the `Source<R>` of `with`, which nothing else uses during the call.
unsafe fn call<R>(source: *mut c_void, work: impl FnOnce(&mut R) -> io::Result<u64>) -> i64 {
    // SAFETY: by the caller's promise.
    let source = unsafe { &mut *source.cast::<Source<R>>() };
    let reader = &mut source.reader;
    let result = catch_unwind(AssertUnwindSafe(|| work(reader)));
    let result = result.unwrap_or_else(|_| Err(io::Error::other("reading panicked")));
    match result.and_then(|n| i64::try_from(n).map_err(io::Error::other)) {
        Ok(n) => n,
        Err(error) => {
            source.error = Some(error);
            -1
        }
    }
}

unsafe extern "C" fn on_read<R: Read>(source: *mut c_void, to: *mut u8, room: usize) -> i64 {
    // SAFETY: C passes room for that many bytes. They may never have been written, which bytes may not be in Rust:
    // so they are.
    let buffer = unsafe {
        to.write_bytes(0, room);
        std::slice::from_raw_parts_mut(to, room)
    };
    // SAFETY: the stream of `with` passes its own source.
    unsafe { call::<R>(source, |reader| read(reader, buffer)) }
}

fn read(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<u64> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return Ok(result?.min(buffer.len()) as u64),
        }
    }
}

unsafe extern "C" fn on_seek<R: Seek>(source: *mut c_void, offset: i64, whence: c_int) -> i64 {
    // `SEEK_SET`, `SEEK_CUR` and `SEEK_END`, which have the same numbers in all C libraries.
    let to = match whence {
        0 => u64::try_from(offset).map(SeekFrom::Start).map_err(io::Error::other),
        1 => Ok(SeekFrom::Current(offset)),
        2 => Ok(SeekFrom::End(offset)),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    };
    // SAFETY: the stream of `with` passes its own source.
    unsafe { call::<R>(source, |reader| reader.seek(to?)) }
}
