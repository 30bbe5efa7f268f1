//! Which memory a model gets, decided before its weights are read.
//!
//! ```text
//!   the file without its weights ──▶ how many layers fit the GPUs ──▶ how many cells fit what is left
//!                     └── llama.cpp counts for each device: weights, pool, buffers of a pass ──┘
//! ```

use quipu_llama::{Context, ContextParams, Device, DeviceUse, Model};
use tracing::info;

use super::load::LoadError;
use super::warm_up;
use crate::engine::protocol::{EngineSettings, Expected};

/// More cells are of no use, and each costs time when sequences are copied.
const MOST_CELLS: u64 = 1 << 18;

/// Left free on each GPU, for its driver and for what is allocated later.
const MARGIN: u64 = 512 << 20;

/// What a model gets.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Cap on the context of a sequence when a request names none.
    pub(super) context: u32,
    pub(super) cells: u32,
    pub(super) max_running: u32,
    pub(super) max_cached: u32,
    pub(super) batch_tokens: u32,
    pub(super) gpu_layers: Option<u32>,
    pub(super) on_gpu: bool,
    /// Of weights, pool and buffers of a pass, on all devices.
    bytes: u64,
    /// The part of them on GPUs.
    gpu_bytes: u64,
}

impl Plan {
    /// Plans for a machine. `count` reads the file without its weights, with so many layers on GPUs.
    ///
    /// The pool holds the full context of every running sequence if what is left of the memory allows it, and at
    /// least one context.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn of(
        count: impl Fn(Option<u32>) -> Result<Model, LoadError>,
        settings: &EngineSettings,
        devices: &[Device],
    ) -> Result<Self, LoadError> {
        let on_gpu = settings.gpu_layers != Some(0) && devices.iter().any(|d| d.kind.is_gpu());
        let model = count(settings.gpu_layers)?;
        let mut plan = Self::wished(&model, settings, devices, on_gpu);
        let least = plan.context.min(plan.cells);
        let uses =
            |model: &Model, plan: &Self, cells: u32| match Context::new(model, &plan.params(cells, settings))
            {
                Ok(context) => Some(context.memory_use()),
                // An encoder, which has no pool; or what the real attempt will say better.
                Err(_) => None,
            };
        let Some(mut used) = uses(&model, &plan, least) else { return Ok(plan) };
        let rooms = Rooms { devices, settings };
        if on_gpu && settings.gpu_layers.is_none() && !rooms.fit(&used) {
            let layers = most_layers(model.layers(), |layers| {
                let model = count(Some(layers))?;
                Ok(uses(&model, &plan, least).is_some_and(|used| rooms.fit(&used)))
            })?;
            info!(layers, of = model.layers(), "not all layers fit the GPU");
            plan.gpu_layers = Some(layers);
        }
        let model = if plan.gpu_layers == settings.gpu_layers { model } else { count(plan.gpu_layers)? };
        let wanted = plan.cells;
        // The buffers of a pass grow with the pool: after a change, what fits is counted again, and changed twice at most.
        for changes in 0..3 {
            let Some(counted) = uses(&model, &plan, plan.cells) else { break };
            used = counted;
            let cells = rooms.cells(&used, plan.cells).clamp(least, wanted);
            if settings.pool_tokens.is_some() || changes == 2 || cells == plan.cells {
                break;
            }
            plan.cells = cells;
        }
        plan.bytes = used.iter().map(DeviceUse::total).sum();
        plan.gpu_bytes = used.iter().filter(|used| used.kind.is_gpu()).map(DeviceUse::total).sum();
        Ok(plan)
    }

    /// What the front is told of it.
    pub(super) fn expected(&self) -> Expected {
        let context = self.context.min(self.cells);
        Expected { bytes: self.bytes, gpu_bytes: self.gpu_bytes, context }
    }

    /// What would be best, were there no end of memory.
    fn wished(model: &Model, settings: &EngineSettings, devices: &[Device], on_gpu: bool) -> Self {
        let of_pool = |device: &&Device| device.kind.is_gpu() == on_gpu;
        let free: u64 = devices.iter().filter(of_pool).map(|d| d.free).sum();
        let trained = model.context_train().max(1);
        let context = settings.context.unwrap_or_else(|| default_context(free, on_gpu).min(trained)).max(4);
        // Recurrent states cost as much per sequence as a long context.
        let (running, cached) = match (model.is_recurrent(), on_gpu) {
            (true, _) => (16, 16),
            (false, false) => (32, 64),
            (false, true) => (64, 128),
        };
        let max_running = settings.max_running.unwrap_or(running).clamp(1, quipu_llama::MAX_SEQUENCES);
        let max_cached = settings.max_cached.unwrap_or(cached).min(quipu_llama::MAX_SEQUENCES - max_running);
        let useful = u64::from(context) * u64::from(max_running);
        let cells = useful.min(MOST_CELLS).max(u64::from(context)) as u32;
        Self {
            context,
            cells: settings.pool_tokens.unwrap_or(cells).max(32),
            max_running,
            max_cached,
            batch_tokens: settings.batch_tokens.unwrap_or(512).clamp(32, 8192).max(max_running * 2),
            gpu_layers: settings.gpu_layers,
            on_gpu,
            bytes: model.size(),
            gpu_bytes: 0,
        }
    }

    /// The context that it is about, with so many cells.
    pub(super) fn params(&self, cells: u32, settings: &EngineSettings) -> ContextParams {
        ContextParams {
            cells,
            batch_tokens: self.batch_tokens,
            sequences: self.max_running + self.max_cached,
            threads: settings.threads.unwrap_or_else(warm_up::cores),
            keys: settings.cache_keys.unwrap_or_default(),
            values: settings.cache_values.unwrap_or_default(),
            precise: settings.deterministic,
        }
    }
}

/// The memory of a machine's devices.
struct Rooms<'a> {
    devices: &'a [Device],
    settings: &'a EngineSettings,
}

impl Rooms<'_> {
    /// Bytes that a device has for the pool, given what else it must hold.
    fn left(&self, used: &DeviceUse) -> u64 {
        let free = self.devices.iter().find(|d| d.name == used.device).map_or(u64::MAX, |d| d.free);
        let (free, besides) = if used.kind.is_gpu() {
            (free.saturating_sub(MARGIN + self.settings.gpu_overhead), used.weights + used.compute)
        } else {
            // Weights are mapped, and give way. Other programs and other models want memory, too.
            ((free / 2).min(self.settings.pool_bytes.unwrap_or(u64::MAX)), used.compute)
        };
        free.saturating_sub(besides)
    }

    /// Whether GPUs can hold what they should.
    fn fit(&self, used: &[DeviceUse]) -> bool {
        used.iter().filter(|used| used.kind.is_gpu()).all(|used| used.pool <= self.left(used))
    }

    /// Cells that all devices have room for, when a pool of `cells` takes what `used` says.
    fn cells(&self, used: &[DeviceUse], cells: u32) -> u32 {
        let most = |room: u64, pool: u64| (u128::from(room) * u128::from(cells) / u128::from(pool)) as u64;
        let pool: u64 = used.iter().map(|used| used.pool).sum();
        let of_all = self.settings.pool_bytes.filter(|_| pool > 0).map(|room| most(room, pool));
        let of_each = used.iter().filter(|used| used.pool > 0).map(|used| most(self.left(used), used.pool));
        of_each.chain(of_all).min().map_or(cells, |most| most.min(u64::from(u32::MAX)) as u32)
    }
}

/// The most layers of `most` that fit, when fewer always need less.
fn most_layers(most: u32, mut fit: impl FnMut(u32) -> Result<bool, LoadError>) -> Result<u32, LoadError> {
    // All below `least` fit; nothing from `beyond` on does, as far as is known.
    let (mut least, mut beyond) = (0, most + 1);
    while least + 1 < beyond {
        let middle = least + (beyond - least) / 2;
        if fit(middle)? {
            least = middle;
        } else {
            beyond = middle;
        }
    }
    Ok(least)
}

/// Ollama's rule for a context that nobody chose: by GPU memory.
fn default_context(free: u64, on_gpu: bool) -> u32 {
    const GIB: u64 = 1 << 30;
    match free {
        free if on_gpu && free >= 47 * GIB => 262_144,
        free if on_gpu && free >= 23 * GIB => 32_768,
        _ => 4096,
    }
}

#[cfg(test)]
mod tests {
    use quipu_llama::DeviceKind;

    use super::*;

    const GIB: u64 = 1 << 30;

    fn device(name: &str, kind: DeviceKind, free: u64) -> Device {
        Device { name: name.into(), description: String::new(), kind, free, total: free }
    }

    fn used(device: &str, kind: DeviceKind, weights: u64, pool: u64, compute: u64) -> DeviceUse {
        DeviceUse { device: device.into(), kind, weights, pool, compute }
    }

    #[test]
    fn the_most_layers_that_fit_are_found() {
        for most in [1, 2, 33, 80] {
            for limit in 0..=most {
                let mut tries = 0;
                let found = most_layers(most, |layers| {
                    tries += 1;
                    Ok(layers <= limit)
                });
                assert_eq!(found.unwrap(), limit);
                assert!(tries <= 7, "{tries}");
            }
        }
    }

    #[test]
    fn a_pool_gets_what_weights_and_passes_leave_of_a_gpu() {
        let devices =
            [device("CPU", DeviceKind::Cpu, 64 * GIB), device("CUDA0", DeviceKind::Gpu, 8 * GIB + MARGIN)];
        let settings = EngineSettings { gpu_overhead: GIB, ..EngineSettings::default() };
        let rooms = Rooms { devices: &devices, settings: &settings };
        let of = |weights| {
            [used("CUDA0", DeviceKind::Gpu, weights, GIB, GIB), used("CPU", DeviceKind::Cpu, GIB, 0, GIB)]
        };
        assert!(rooms.fit(&of(5 * GIB)) && !rooms.fit(&of(5 * GIB + 1)));
        assert_eq!(rooms.cells(&of(3 * GIB), 1000), 3000);
        let least = EngineSettings { pool_bytes: Some(GIB / 2), ..settings.clone() };
        assert_eq!(Rooms { devices: &devices, settings: &least }.cells(&of(3 * GIB), 1000), 500);
    }

    #[test]
    fn without_a_gpu_half_of_what_is_free_is_the_limit() {
        let devices = [device("CPU", DeviceKind::Cpu, 8 * GIB)];
        let settings = EngineSettings::default();
        let rooms = Rooms { devices: &devices, settings: &settings };
        let used = [used("CPU", DeviceKind::Cpu, 100 * GIB, 2 * GIB, GIB)];
        assert_eq!(rooms.cells(&used, 1000), 1500);
        assert!(rooms.fit(&used));
    }
}
