//! What a context takes of each device's memory, by llama.cpp's own count.

use std::ffi::{c_char, c_void};
use std::ptr::NonNull;

use llama_cpp_sys_2 as ffi;

use crate::DeviceKind;

/// Memory of one device, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceUse {
    /// ggml's name of the device, such as `CPU` or `CUDA0`.
    pub device: String,
    /// What kind of device.
    pub kind: DeviceKind,
    /// Weights, those that are mapped from the file included.
    pub weights: u64,
    /// Keys and values, and recurrent states.
    pub pool: u64,
    /// Buffers of a forward pass.
    pub compute: u64,
}

impl DeviceUse {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.weights + self.pool + self.compute
    }
}

unsafe extern "C" {
    /// Calls `report` for each buffer type that a context uses; of the shim.
    fn quipu_memory_use(
        context: *const ffi::llama_context,
        counted: bool,
        report: extern "C" fn(*mut c_void, *const c_char, ffi::ggml_backend_dev_type, usize, usize, usize),
        data: *mut c_void,
    );
}

/// What a live context takes, the model's weights included. Several kinds of memory of one device are one. `counted`: its
/// model has no weights, and nothing was allocated.
pub(crate) fn of_context(native: NonNull<ffi::llama_context>, counted: bool) -> Vec<DeviceUse> {
    let mut uses: Vec<DeviceUse> = Vec::new();
    // SAFETY: a live context; `report` uses `uses` during the call only.
    unsafe { quipu_memory_use(native.as_ptr(), counted, report, (&raw mut uses).cast()) };
    uses
}

extern "C" fn report(
    data: *mut c_void,
    device: *const c_char,
    kind: ffi::ggml_backend_dev_type,
    weights: usize,
    pool: usize,
    compute: usize,
) {
    // SAFETY: `of_context` passes its vector, which nothing else uses during the call, and a C string or null.
    let (uses, device) = unsafe { (&mut *data.cast::<Vec<DeviceUse>>(), crate::text(device)) };
    let kind = DeviceKind::of_native(kind);
    let found = match uses.iter().position(|u| u.device == device) {
        Some(place) => &mut uses[place],
        None => {
            uses.push(DeviceUse { device, kind, weights: 0, pool: 0, compute: 0 });
            let last = uses.len() - 1;
            &mut uses[last]
        }
    };
    found.weights += weights as u64;
    found.pool += pool as u64;
    found.compute += compute as u64;
}
