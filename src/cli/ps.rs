//! `quipu ps [PREFIX]`: the models that are loaded, or load.

use clap::Args;
use jiff::Timestamp;
use serde::Deserialize;

use super::CliError;
use super::human;
use super::list::{has_prefix, short_id};
use super::session::Session;
use super::table::table;
use crate::store::Name;

/// Arguments of `quipu ps`.
#[derive(Debug, Args)]
pub(super) struct PsArgs {
    /// Only models whose names begin with this, in any letter case
    prefix: Option<String>,
    /// Also print what each device holds, and the KV pool
    #[arg(short, long)]
    verbose: bool,
}

/// The answer of `/api/ps`.
#[derive(Debug, Deserialize)]
pub(super) struct Running {
    models: Vec<Model>,
}

impl Running {
    /// How far a model is loaded, in percent; `None` if it is not loading.
    pub(super) fn loading(&self, name: &Name) -> Option<u64> {
        let is_it = |model: &&Model| model.name.parse::<Name>().is_ok_and(|other| other == *name);
        self.models.iter().find(is_it)?.loading()
    }
}

/// A model that is loaded, or loads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Model {
    name: String,
    digest: String,
    /// Bytes of memory, GPUs' included.
    size: u64,
    /// Bytes on GPUs.
    size_vram: u64,
    context_length: u64,
    expires_at: String,
    /// `loading`, or nothing. Of Quipu only.
    state: String,
    /// Of Quipu only, while it loads: 0 to 1.
    progress: f64,
    /// Of Quipu only.
    placement: Option<Placement>,
}

/// Where a model's memory is, and what for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Placement {
    gpu_layers: u64,
    layers: u64,
    pool_tokens: u64,
    sequences: u64,
    cache_type_k: String,
    cache_type_v: String,
    memory: Vec<DeviceMemory>,
}

/// What a device holds, in bytes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DeviceMemory {
    device: String,
    weights: u64,
    pool: u64,
    compute: u64,
}

/// Prints the table, in the server's order: who stays longest is first.
pub(super) async fn ps(args: &PsArgs, session: &mut Session) -> Result<(), CliError> {
    let answer: Running = session.client.get("/api/ps").await?;
    let models: Vec<_> =
        answer.models.iter().filter(|model| has_prefix(&model.name, args.prefix.as_deref())).collect();
    let header = ["NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"].map(str::to_owned);
    let rows: Vec<_> =
        std::iter::once(header).chain(models.iter().map(|model| model.row(session.now))).collect();
    session.output.print(&table(&rows))?;
    if args.verbose {
        let texts: Vec<_> = models.iter().filter_map(|model| model.placement_text()).collect();
        session.output.print(&texts.concat())?;
    }
    Ok(())
}

impl Model {
    fn row(&self, now: Timestamp) -> [String; 6] {
        let context = self.context_length.to_string();
        let size = human::bytes(self.size);
        [self.name.clone(), short_id(&self.digest), size, self.processor(), context, self.until(now)]
    }

    /// What the memory plan gave it: a line on the pool, and one for each device.
    fn placement_text(&self) -> Option<String> {
        let placed = self.placement.as_ref()?;
        let mut text = format!(
            "\n{}\n  pool     {} tokens for {} sequences, keys {}, values {}\n  layers   {} of {} on GPUs\n",
            self.name,
            placed.pool_tokens,
            placed.sequences,
            placed.cache_type_k,
            placed.cache_type_v,
            placed.gpu_layers,
            placed.layers
        );
        for device in &placed.memory {
            let [weights, pool, compute] = [device.weights, device.pool, device.compute].map(human::bytes);
            text += &format!("  {:<8} weights {weights}, pool {pool}, passes {compute}\n", device.device);
        }
        Some(text)
    }

    /// How far it is loaded, in percent; `None` if it is not loading.
    fn loading(&self) -> Option<u64> {
        (self.state == "loading").then(|| (self.progress.clamp(0.0, 1.0) * 100.0).round() as u64)
    }

    /// Where its memory is, or will be.
    fn processor(&self) -> String {
        if let Some(percent) = self.loading() {
            return format!("Loading {percent}%");
        }
        match (self.size, self.size_vram) {
            (_, 0) => "100% CPU".to_owned(),
            (size, vram) if vram == size => "100% GPU".to_owned(),
            (size, vram) if vram > size => "Unknown".to_owned(),
            (size, vram) => {
                let cpu = ((size - vram) as f64 / size as f64 * 100.0).round();
                format!("{cpu}%/{}% CPU/GPU", 100.0 - cpu)
            }
        }
    }

    /// When it goes if nobody uses it.
    fn until(&self, now: Timestamp) -> String {
        match human::parse_time(&self.expires_at) {
            Some(time) if time < now => "Stopping...".to_owned(),
            time => human::time(time, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_where_the_memory_is() {
        for (size, size_vram, expected) in [
            (0, 0, "100% CPU"),
            (100, 0, "100% CPU"),
            (100, 100, "100% GPU"),
            (100, 101, "Unknown"),
            (0, 1, "Unknown"),
            (1000, 750, "25%/75% CPU/GPU"),
            (1000, 995, "1%/99% CPU/GPU"),
            (1000, 999, "0%/100% CPU/GPU"),
            (1000, 1, "100%/0% CPU/GPU"),
        ] {
            assert_eq!(
                Model { size, size_vram, ..Model::default() }.processor(),
                expected,
                "{size} {size_vram}"
            );
        }
    }
}
