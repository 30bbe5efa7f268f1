//! Memory and CPU time of a process and all that it started: servers run their models in processes of their own.

use std::collections::HashSet;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// At one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usage {
    /// Resident memory, bytes.
    pub(crate) rss: u64,
    /// CPU time since the start, seconds.
    pub(crate) cpu_seconds: f64,
}

impl Usage {
    /// Of a process and its descendants; `None` if there is no such process.
    pub(crate) fn of_tree(pid: u32) -> Option<Self> {
        let mut system = System::new();
        let kind = ProcessRefreshKind::nothing().with_memory().with_cpu().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        let mut tree = HashSet::from([Pid::from_u32(pid)]);
        system.process(Pid::from_u32(pid))?;
        // Children may be listed before their parents.
        loop {
            let children: Vec<Pid> = system
                .processes()
                .iter()
                .filter(|(child, process)| {
                    process.parent().is_some_and(|parent| tree.contains(&parent)) && !tree.contains(child)
                })
                .map(|(child, _)| *child)
                .collect();
            if children.is_empty() {
                break;
            }
            tree.extend(children);
        }
        let processes = || tree.iter().filter_map(|pid| system.process(*pid));
        Some(Self {
            rss: processes().map(sysinfo::Process::memory).sum(),
            cpu_seconds: processes().map(|process| process.accumulated_cpu_time() as f64 / 1000.0).sum(),
        })
    }

    /// Of this process alone.
    pub(crate) fn of_self() -> Option<Self> {
        let pid = sysinfo::get_current_pid().ok()?;
        let mut system = System::new();
        let kind = ProcessRefreshKind::nothing().with_memory().with_cpu().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, kind);
        let process = system.process(pid)?;
        Some(Self { rss: process.memory(), cpu_seconds: process.accumulated_cpu_time() as f64 / 1000.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory() {
        let own = Usage::of_self().unwrap();
        assert!(own.rss > 0);
        assert!(Usage::of_tree(std::process::id()).unwrap().rss >= own.rss / 2);
        assert_eq!(Usage::of_tree(u32::MAX - 1), None);
    }
}
