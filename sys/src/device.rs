//! The devices that ggml can compute on.

use llama_cpp_sys_2 as ffi;

/// What kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// The processor, on system memory.
    Cpu,
    /// A GPU with memory of its own.
    Gpu,
    /// A GPU that shares system memory.
    IntegratedGpu,
    /// Something that helps the processor, like a BLAS library.
    Accelerator,
}

impl DeviceKind {
    pub(crate) fn of_native(native: ffi::ggml_backend_dev_type) -> Self {
        match native {
            ffi::GGML_BACKEND_DEVICE_TYPE_GPU => Self::Gpu,
            ffi::GGML_BACKEND_DEVICE_TYPE_IGPU => Self::IntegratedGpu,
            ffi::GGML_BACKEND_DEVICE_TYPE_CPU => Self::Cpu,
            _ => Self::Accelerator,
        }
    }

    /// Whether it is a GPU, of either kind.
    #[must_use]
    pub fn is_gpu(self) -> bool {
        matches!(self, Self::Gpu | Self::IntegratedGpu)
    }
}

/// A device and its memory.
#[derive(Clone, Debug)]
pub struct Device {
    /// ggml's name, such as `CPU` or `CUDA0`.
    pub name: String,
    /// The product's name.
    pub description: String,
    /// What kind.
    pub kind: DeviceKind,
    /// Free bytes now.
    pub free: u64,
    /// All bytes.
    pub total: u64,
}

/// All devices that ggml has found.
#[must_use]
pub fn devices() -> Vec<Device> {
    crate::init();
    // SAFETY: `ggml_backend_dev_get` is called with indices below the count; its devices live for ever, and
    // so do their names.
    unsafe {
        (0..ffi::ggml_backend_dev_count())
            .map(|i| {
                let device = ffi::ggml_backend_dev_get(i);
                let (mut free, mut total) = (0, 0);
                ffi::ggml_backend_dev_memory(device, &raw mut free, &raw mut total);
                let kind = DeviceKind::of_native(ffi::ggml_backend_dev_type(device));
                Device {
                    name: crate::text(ffi::ggml_backend_dev_name(device)),
                    description: crate::text(ffi::ggml_backend_dev_description(device)),
                    kind,
                    free: free as u64,
                    total: total as u64,
                }
            })
            .collect()
    }
}
