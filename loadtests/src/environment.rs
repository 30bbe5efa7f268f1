//! Where and how a measurement was made, so that it can be made again.

use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// The client's machine and command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Operating system.
    pub os: String,
    /// Version of its kernel.
    pub kernel: String,
    /// Model of the CPU.
    pub cpu: String,
    /// Logical cores.
    pub cores: usize,
    /// Main memory, bytes.
    pub memory: u64,
    /// The command line of the harness.
    pub command: Vec<String>,
}

impl Environment {
    /// Of this process.
    pub(crate) fn of_process() -> Self {
        let kind = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(kind);
        Self {
            os: System::long_os_version().unwrap_or_default(),
            kernel: System::kernel_version().unwrap_or_default(),
            cpu: system.cpus().first().map(|cpu| cpu.brand().trim().to_owned()).unwrap_or_default(),
            cores: system.cpus().len(),
            memory: system.total_memory(),
            // A key is named by its variable, so that none is here.
            command: std::env::args().collect(),
        }
    }
}
