//! The kernels as a backend of ggml, of the kind "accelerator": it takes over single operations whose tensors lie in
//! the memory of the process, as ggml's BLAS backend does for matrix products.
//!
//! The structs are those of ggml's `ggml-backend-impl.h`, which has no bindings. The crate's version is pinned, and
//! ggml refuses a backend of another [`API_VERSION`].

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use llama_cpp_sys_2 as ffi;
use parking_lot::Mutex;

use super::op::{self, Op, Plan};
use super::unit::Entry;

const API_VERSION: c_int = 3;

#[repr(C)]
struct RegInterface {
    get_name: extern "C" fn(*mut Reg) -> *const c_char,
    get_device_count: extern "C" fn(*mut Reg) -> usize,
    get_device: extern "C" fn(*mut Reg, usize) -> *mut Device,
    get_proc_address: extern "C" fn(*mut Reg, *const c_char) -> *mut c_void,
}

#[repr(C)]
struct Reg {
    api_version: c_int,
    interface: RegInterface,
    context: *mut c_void,
}

type Missing = Option<extern "C" fn()>;

#[repr(C)]
struct DeviceInterface {
    get_name: extern "C" fn(*mut Device) -> *const c_char,
    get_description: extern "C" fn(*mut Device) -> *const c_char,
    get_memory: extern "C" fn(*mut Device, *mut usize, *mut usize),
    get_type: extern "C" fn(*mut Device) -> ffi::ggml_backend_dev_type,
    get_props: extern "C" fn(*mut Device, *mut ffi::ggml_backend_dev_props),
    init_backend: extern "C" fn(*mut Device, *const c_char) -> *mut Backend,
    get_buffer_type: extern "C" fn(*mut Device) -> ffi::ggml_backend_buffer_type_t,
    get_host_buffer_type: Missing,
    buffer_from_host_ptr: extern "C" fn(*mut Device, *mut c_void, usize, usize) -> ffi::ggml_backend_buffer_t,
    supports_op: extern "C" fn(*mut Device, *const ffi::ggml_tensor) -> bool,
    supports_buft: extern "C" fn(*mut Device, ffi::ggml_backend_buffer_type_t) -> bool,
    offload_op: Missing,
    event_new: Missing,
    event_free: Missing,
    event_synchronize: Missing,
}

#[repr(C)]
struct Device {
    interface: DeviceInterface,
    reg: *mut Reg,
    context: *mut c_void,
}

#[repr(C)]
struct BackendInterface {
    get_name: extern "C" fn(*mut Backend) -> *const c_char,
    free: extern "C" fn(*mut Backend),
    /// Asynchronous copies, and plans of graphs.
    absent: [Missing; 10],
    graph_compute: extern "C" fn(*mut Backend, *mut ffi::ggml_cgraph) -> ffi::ggml_status,
    event_record: Missing,
    event_wait: Missing,
    graph_optimize: Missing,
}

#[repr(C)]
struct Backend {
    guid: *const [u8; 16],
    interface: BackendInterface,
    device: *mut Device,
    context: *mut c_void,
}

/// What a context of llama.cpp has of this backend.
struct Context {
    threads: AtomicI32,
    plan: Mutex<Plan>,
}

/// A struct that ggml reads and never writes.
struct Shared<T>(T);

// SAFETY: nobody writes to it, and what it points to are statics.
unsafe impl<T> Sync for Shared<T> {}

const NAME: &CStr = c"Quipu";
static GUID: [u8; 16] = *b"quipu-attention!";

static REG: Shared<Reg> = Shared(Reg {
    api_version: API_VERSION,
    interface: RegInterface { get_name: reg_name, get_device_count, get_device, get_proc_address },
    context: ptr::null_mut(),
});

static DEVICE: Shared<Device> = Shared(Device {
    interface: DeviceInterface {
        get_name: device_name,
        get_description: device_description,
        get_memory,
        get_type,
        get_props,
        init_backend,
        get_buffer_type,
        get_host_buffer_type: None,
        buffer_from_host_ptr,
        supports_op,
        supports_buft,
        offload_op: None,
        event_new: None,
        event_free: None,
        event_synchronize: None,
    },
    reg: (&raw const REG.0).cast_mut(),
    context: ptr::null_mut(),
});

/// From how many tokens and cells on operations are taken over: tokens in the upper half. See [`super::use_attention_from`].
static LEAST: AtomicU64 = AtomicU64::new(0);

pub(super) fn set_least(tokens: u32, cells: u32) {
    LEAST.store(u64::from(tokens) << 32 | u64::from(cells), Ordering::Relaxed);
}

thread_local! {
    /// Whether this thread makes a context. llama.cpp asks for operations on the thread that it was called on, so
    /// others, which compute meanwhile, are not concerned.
    static MAKES_CONTEXT: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, no operation of this thread is taken over. When a context is made, llama.cpp looks which device would
/// compute flash attention, and does without it if that is not the device of the layer: ours never is.
pub(crate) struct Abstain(PhantomData<*const ()>);

impl Abstain {
    pub(crate) fn begin() -> Self {
        MAKES_CONTEXT.set(true);
        Self(PhantomData)
    }
}

impl Drop for Abstain {
    fn drop(&mut self) {
        MAKES_CONTEXT.set(false);
    }
}

fn is_wanted(op: &Op<'_>) -> bool {
    if MAKES_CONTEXT.get() {
        return false;
    }
    let least = LEAST.load(Ordering::Relaxed);
    u64::from(op.tokens()) >= least >> 32 && u64::from(op.cells()) >= least & u64::from(u32::MAX)
}

/// Makes the backend known to ggml. To be called once.
pub(crate) fn register() {
    tracing::debug!(kernels = Entry::best().name, "attention over a shared pool");
    // SAFETY: the structs are as ggml of this version has them, and live for ever.
    unsafe { ffi::ggml_backend_register((&raw const REG.0).cast_mut().cast()) };
}

fn device() -> *mut Device {
    (&raw const DEVICE.0).cast_mut()
}

extern "C" fn reg_name(_: *mut Reg) -> *const c_char {
    NAME.as_ptr()
}

extern "C" fn get_device_count(_: *mut Reg) -> usize {
    1
}

extern "C" fn get_device(_: *mut Reg, _: usize) -> *mut Device {
    device()
}

extern "C" fn get_proc_address(_: *mut Reg, name: *const c_char) -> *mut c_void {
    // SAFETY: ggml passes a C string.
    if unsafe { CStr::from_ptr(name) } == c"ggml_backend_set_n_threads" {
        return set_threads as extern "C" fn(*mut Backend, c_int) as *mut c_void;
    }
    ptr::null_mut()
}

extern "C" fn device_name(_: *mut Device) -> *const c_char {
    NAME.as_ptr()
}

extern "C" fn device_description(_: *mut Device) -> *const c_char {
    c"attention over a shared pool of cells".as_ptr()
}

extern "C" fn get_memory(_: *mut Device, free: *mut usize, total: *mut usize) {
    // SAFETY: ggml passes two places to write to. It has no memory of its own.
    unsafe {
        *free = 0;
        *total = 0;
    }
}

extern "C" fn get_type(_: *mut Device) -> ffi::ggml_backend_dev_type {
    ffi::GGML_BACKEND_DEVICE_TYPE_ACCEL
}

extern "C" fn get_props(device: *mut Device, props: *mut ffi::ggml_backend_dev_props) {
    let properties = ffi::ggml_backend_dev_props {
        name: device_name(device),
        description: device_description(device),
        memory_free: 0,
        memory_total: 0,
        type_: get_type(device),
        device_id: ptr::null(),
        caps: ffi::ggml_backend_dev_caps {
            async_: false,
            host_buffer: false,
            buffer_from_host_ptr: true,
            events: false,
            mmap_support: true,
        },
    };
    // SAFETY: ggml passes a place to write to.
    unsafe { props.write(properties) };
}

extern "C" fn init_backend(device: *mut Device, _: *const c_char) -> *mut Backend {
    let context = Context { threads: AtomicI32::new(1), plan: Mutex::default() };
    Box::into_raw(Box::new(Backend {
        guid: &raw const GUID,
        interface: BackendInterface {
            get_name: backend_name,
            free,
            absent: [None; 10],
            graph_compute,
            event_record: None,
            event_wait: None,
            graph_optimize: None,
        },
        device,
        context: Box::into_raw(Box::new(context)).cast(),
    }))
}

extern "C" fn get_buffer_type(_: *mut Device) -> ffi::ggml_backend_buffer_type_t {
    // SAFETY: a function without arguments.
    unsafe { ffi::ggml_backend_cpu_buffer_type() }
}

extern "C" fn buffer_from_host_ptr(
    _: *mut Device,
    start: *mut c_void,
    size: usize,
    _: usize,
) -> ffi::ggml_backend_buffer_t {
    // SAFETY: ggml passes memory that outlives the buffer.
    unsafe { ffi::ggml_backend_cpu_buffer_from_ptr(start, size) }
}

extern "C" fn supports_buft(_: *mut Device, kind: ffi::ggml_backend_buffer_type_t) -> bool {
    // SAFETY: ggml passes a live buffer type.
    unsafe { ffi::ggml_backend_buft_is_host(kind) }
}

extern "C" fn supports_op(_: *mut Device, tensor: *const ffi::ggml_tensor) -> bool {
    // SAFETY: ggml passes a live tensor with live operands.
    unsafe {
        match (*tensor).op {
            ffi::GGML_OP_NONE
            | ffi::GGML_OP_RESHAPE
            | ffi::GGML_OP_VIEW
            | ffi::GGML_OP_PERMUTE
            | ffi::GGML_OP_TRANSPOSE => true,
            ffi::GGML_OP_FLASH_ATTN_EXT => {
                Op::new(&*tensor).is_some_and(|op| is_wanted(&op) && op::supported(&op, Entry::best()))
            }
            _ => false,
        }
    }
}

extern "C" fn backend_name(_: *mut Backend) -> *const c_char {
    NAME.as_ptr()
}

extern "C" fn free(backend: *mut Backend) {
    // SAFETY: both were made by `init_backend`, and ggml frees a backend once.
    unsafe {
        let backend = Box::from_raw(backend);
        drop(Box::from_raw(backend.context.cast::<Context>()));
    }
}

extern "C" fn set_threads(backend: *mut Backend, threads: c_int) {
    // SAFETY: a live backend of ours.
    unsafe { context(backend) }.threads.store(threads.max(1), Ordering::Relaxed);
}

unsafe fn context<'a>(backend: *mut Backend) -> &'a Context {
    // SAFETY: by the caller's promise, `init_backend` made it.
    unsafe { &*(*backend).context.cast::<Context>() }
}

extern "C" fn graph_compute(backend: *mut Backend, graph: *mut ffi::ggml_cgraph) -> ffi::ggml_status {
    // SAFETY: ggml passes a live backend of ours and a live graph, whose tensors have their data; `supports_op` has
    // let them pass.
    unsafe {
        let context = context(backend);
        let threads = context.threads.load(Ordering::Relaxed).unsigned_abs() as usize;
        let mut plan = context.plan.lock();
        for i in 0..ffi::ggml_graph_n_nodes(graph) {
            let node = &*ffi::ggml_graph_node(graph, i);
            if node.flags & ffi::GGML_TENSOR_FLAG_COMPUTE as i32 == 0
                || node.op != ffi::GGML_OP_FLASH_ATTN_EXT
            {
                continue;
            }
            let done = Op::new(node).is_some_and(|op| op::compute(&op, &mut plan, Entry::best(), threads));
            if !done {
                return ffi::GGML_STATUS_FAILED;
            }
        }
        ffi::GGML_STATUS_SUCCESS
    }
}
