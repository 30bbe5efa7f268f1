//! `model`: a file with random weights.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::print;
use crate::error::LoadError;
use crate::synth::{Preset, Shape, Synth, WeightType};

#[derive(Debug, clap::Args)]
pub(super) struct ModelArgs {
    /// The shape, that of a known model
    #[arg(long, value_name = "NAME")]
    preset: Preset,
    /// Tokens of the vocabulary, if not as many as the model has
    #[arg(long, value_name = "N")]
    vocabulary: Option<u32>,
    /// Layers, if not as many as the model has
    #[arg(long, value_name = "N")]
    layers: Option<u32>,
    /// How weights are stored
    #[arg(long = "type", value_name = "TYPE", default_value = "q4_0")]
    weight_type: WeightType,
    /// How the embeddings are stored, which are the output matrix too in small models; for q4_0, q8_0
    #[arg(long, value_name = "TYPE")]
    embedding_type: Option<WeightType>,
    /// Of the weights
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The file to write
    #[arg(value_name = "OUT.gguf")]
    output: PathBuf,
}

impl ModelArgs {
    pub(super) fn execute(&self) -> Result<ExitCode, LoadError> {
        let known = self.preset.shape();
        let shape = Shape {
            vocabulary: self.vocabulary.unwrap_or(known.vocabulary),
            layers: self.layers.unwrap_or(known.layers),
            ..known
        };
        // As llama.cpp stores the output matrix with more bits than the rest.
        let wide = if self.weight_type == WeightType::Q4_0 { WeightType::Q8_0 } else { self.weight_type };
        let synth = Synth {
            name: self.preset.name().to_owned(),
            shape,
            weights: self.weight_type,
            embeddings: self.embedding_type.unwrap_or(wide),
            seed: self.seed,
        };
        synth.check()?;
        let bar = ProgressBar::new(synth.parameters());
        // It shows itself on terminals only.
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {percent}% {elapsed}") {
            bar.set_style(style);
        }
        let file = File::create(&self.output).map_err(LoadError::file(&self.output))?;
        let written = synth.write(BufWriter::new(file), |parameters| bar.inc(parameters));
        bar.finish_and_clear();
        written.map_err(LoadError::file(&self.output))?;
        let millions = synth.parameters() as f64 / 1e6;
        print(&format!("{}: {millions:.0} million parameters\n", self.output.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}
