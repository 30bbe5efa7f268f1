//! Rotary position embeddings: how configurations describe them, and how llama.cpp wants them told.
//!
//! Checkpoints have `rope_theta` and `rope_scaling`, or since transformers 5 both in `rope_parameters`, which may
//! have one object for each kind of layer.

use std::f64::consts::TAU;

use super::error::ImportError;
use super::header::Header;
use super::object::Object;

/// The rotation of one kind of layer.
#[derive(Debug)]
pub(super) struct Rope {
    base: Option<f64>,
    /// The part of each head that is rotated.
    partial: f64,
    original_context: Option<u64>,
    scaling: Scaling,
}

/// How positions are stretched over more context than the model was first trained with.
#[derive(Debug)]
enum Scaling {
    None,
    Linear { factor: f64 },
    Yarn { factor: f64, attention: Option<f64> },
    Llama3 { factor: f64, low: f64, high: f64, original: f64 },
    Long { long: Vec<f32>, short: Vec<f32>, attention: Option<f64> },
}

/// The factors of LongRoPE.
#[derive(Debug)]
pub(super) struct Long {
    /// For prompts beyond the original context: one factor for each pair of rotated rows.
    pub long: Vec<f32>,
    /// For others.
    pub short: Vec<f32>,
    /// Scales the attention.
    pub attention: f64,
}

impl Rope {
    /// Reads what the configuration says of layers of a kind; `context` is the length of the model.
    pub(super) fn read(config: &Object, kind: &str, context: u64) -> Result<Self, ImportError> {
        let parameters = match config.object("rope_parameters")? {
            Some(parameters) => Some(parameters),
            None => config.object("rope_scaling")?,
        };
        let parameters = parameters.unwrap_or_else(|| Object::empty("config.json"));
        let parameters = parameters.object(kind)?.unwrap_or(parameters);
        let original = "original_max_position_embeddings";
        let original_context = parameters.size(original)?.or(config.size(original)?).filter(|n| *n > 0);
        let partial =
            parameters.positive("partial_rotary_factor")?.or(config.positive("partial_rotary_factor")?);
        let scaling = Scaling::read(&parameters, original_context, context)?;
        Ok(Self {
            base: parameters.positive("rope_theta")?.or(config.positive("rope_theta")?),
            partial: partial.unwrap_or(1.0),
            original_context: original_context.or(matches!(scaling, Scaling::Yarn { .. }).then_some(context)),
            scaling,
        })
    }

    /// Like [`read`](Self::read), for models of which llama.cpp rotates whole heads.
    pub(super) fn plain(config: &Object, kind: &str, context: u64) -> Result<Self, ImportError> {
        let rope = Self::read(config, kind, context)?;
        if rope.partial != 1.0 {
            return Err(config
                .error("partial_rotary_factor", "but llama.cpp rotates whole heads of this kind of model"));
        }
        if matches!(rope.scaling, Scaling::Long { .. }) {
            return Err(config.error("rope_scaling", "a LongRoPE, which is imported for Phi-3 only"));
        }
        Ok(rope)
    }

    pub(super) fn with_default_base(self, base: f64) -> Self {
        Self { base: self.base.or(Some(base)), ..self }
    }

    /// The base that the configuration gives.
    pub(super) fn own_base(&self) -> Option<f64> {
        self.base
    }

    pub(super) fn original_context(&self) -> Option<u64> {
        self.original_context
    }

    /// How many rows of a head are rotated, for a head with this many.
    pub(super) fn rotated(&self, head: u64) -> u64 {
        // Positive, and no more than the head.
        (head as f64 * self.partial.min(1.0)) as u64
    }

    /// Adds what llama.cpp reads from metadata.
    pub(super) fn describe(&self, header: &mut Header) {
        if let Some(base) = self.base {
            header.set_number("rope.freq_base", base);
        }
        match self.scaling {
            Scaling::Linear { factor } => {
                header.set_own("rope.scaling.type", "linear");
                header.set_number("rope.scaling.factor", factor);
            }
            Scaling::Yarn { factor, attention } => {
                header.set_own("rope.scaling.type", "yarn");
                header.set_number("rope.scaling.factor", factor);
                if let Some(original) = self.original_context {
                    header.set_size("rope.scaling.original_context_length", original);
                }
                // llama.cpp has the usual factor built in, and multiplies it with this.
                if let Some(attention) = attention {
                    header.set_number("rope.scaling.attn_factor", attention / yarn_attention(factor, 1.0));
                }
            }
            Scaling::None | Scaling::Llama3 { .. } | Scaling::Long { .. } => {}
        }
    }

    /// Llama 3.1's scaling as factors, which the frequencies are divided by: one for each pair of rows of a head.
    pub(super) fn factors(&self, head: u64) -> Option<Vec<f32>> {
        let Scaling::Llama3 { factor, low, high, original } = self.scaling else { return None };
        let base = self.base.unwrap_or(10_000.0);
        let factor_of = |row: u64| {
            let wave = TAU * base.powf(row as f64 / head as f64);
            let turns = original / wave;
            if turns > high {
                1.0
            } else if turns < low {
                factor
            } else {
                let smooth = (turns - low) / (high - low);
                1.0 / ((1.0 - smooth) / factor + smooth)
            }
        };
        Some((0..head).step_by(2).map(|row| factor_of(row) as f32).collect())
    }

    /// The factors of LongRoPE, if the model has it, for `rotated` rows of each head.
    pub(super) fn long(&self, context: u64, rotated: u64) -> Result<Option<Long>, ImportError> {
        let Scaling::Long { long, short, attention } = &self.scaling else { return Ok(None) };
        if long.len() as u64 != rotated / 2 || short.len() != long.len() {
            let problem = format!(
                "has {} long and {} short factors for rope, but needs {} of each",
                long.len(),
                short.len(),
                rotated / 2
            );
            return Err(ImportError::file("config.json", problem));
        }
        let original = self.original_context.unwrap_or(context) as f64;
        let stretch = context as f64 / original;
        let usual =
            if stretch > 1.0 && original > 1.0 { (1.0 + stretch.ln() / original.ln()).sqrt() } else { 1.0 };
        Ok(Some(Long { long: long.clone(), short: short.clone(), attention: attention.unwrap_or(usual) }))
    }
}

impl Scaling {
    /// `original` is the context that the model was first trained with, `context` that which it has.
    fn read(parameters: &Object, original: Option<u64>, context: u64) -> Result<Self, ImportError> {
        let key = if parameters.get("rope_type").is_some() { "rope_type" } else { "type" };
        Ok(match parameters.text(key)?.unwrap_or("default") {
            // Dynamic scaling begins where the context ends: within it, nothing is scaled.
            "default" | "dynamic" => Self::None,
            "linear" => Self::Linear { factor: parameters.required_positive("factor")? },
            "yarn" => Self::yarn(parameters, context as f64 / original.unwrap_or(context) as f64)?,
            "llama3" => Self::llama3(parameters, original)?,
            "longrope" | "su" => Self::Long {
                long: parameters.numbers("long_factor")?.unwrap_or_default(),
                short: parameters.numbers("short_factor")?.unwrap_or_default(),
                attention: parameters.positive("attention_factor")?,
            },
            _ => {
                return Err(
                    parameters.error(key, "but only linear, dynamic, yarn, llama3 and longrope are imported")
                );
            }
        })
    }

    fn yarn(parameters: &Object, stretch: f64) -> Result<Self, ImportError> {
        // The limits of the blend are parameters of YaRN, but for most models llama.cpp has them built in.
        for (key, built_in) in [("beta_fast", 32.0), ("beta_slow", 1.0)] {
            if parameters.positive(key)?.unwrap_or(built_in) != built_in {
                return Err(parameters.error(key, &format!("but llama.cpp computes with {built_in}")));
            }
        }
        if parameters.bool("truncate")? == Some(false) {
            return Err(parameters.error("truncate", "but llama.cpp rounds the limits of the blend"));
        }
        let factor = parameters.positive("factor")?.unwrap_or(stretch);
        let scales = (parameters.positive("mscale")?, parameters.positive("mscale_all_dim")?);
        let attention = match (parameters.positive("attention_factor")?, scales) {
            (Some(attention), _) => Some(attention),
            (None, (Some(one), Some(all))) => Some(yarn_attention(factor, one) / yarn_attention(factor, all)),
            (None, _) => None,
        };
        Ok(Self::Yarn { factor, attention })
    }

    fn llama3(parameters: &Object, original: Option<u64>) -> Result<Self, ImportError> {
        let or = |key, default: f64| Ok::<_, ImportError>(parameters.positive(key)?.unwrap_or(default));
        let (low, high) = (or("low_freq_factor", 1.0)?, or("high_freq_factor", 4.0)?);
        if low >= high {
            return Err(parameters
                .error("low_freq_factor", &format!("which must be below high_freq_factor = {high}")));
        }
        // The length of Llama 3.
        let original = original.unwrap_or(8192) as f64;
        Ok(Self::Llama3 { factor: or("factor", 8.0)?, low, high, original })
    }
}

/// YaRN's scale of the attention.
fn yarn_attention(factor: f64, scale: f64) -> f64 {
    if factor <= 1.0 { 1.0 } else { 0.1 * scale * factor.ln() + 1.0 }
}
