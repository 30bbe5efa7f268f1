//! Finds the tensors of a model in its checkpoint.

use std::collections::{BTreeMap, BTreeSet};

use super::Weights;
use super::checkpoint::{Checkpoint, Stored};
use super::error::ImportError;
use super::families::{Blueprint, Naming};
use super::rows::{Dim, Row, Sizes};
use super::tensor::Tensor;

/// The tensors of a checkpoint by the names that the tables use.
#[derive(Debug)]
pub(super) struct Stock {
    tensors: BTreeMap<String, Stored>,
    /// Where a tensor that is missing should be, for messages.
    place: String,
}

impl Stock {
    /// Brings the names into the form of the tables, and drops what is no part of the model.
    pub(super) fn new(checkpoint: Checkpoint, naming: &Naming) -> Result<Self, ImportError> {
        let mut tensors = BTreeMap::new();
        let files: BTreeSet<&str> = checkpoint.tensors.values().map(|stored| stored.file.as_str()).collect();
        let place = files.into_iter().collect::<Vec<_>>().join(", ");
        for stored in checkpoint.tensors.into_values() {
            let Some(name) = naming.plain(&stored.name) else { continue };
            if let Some(other) = tensors.insert(name, stored) {
                return Err(ImportError::tensor(&other.file, &other.name, "is there under two names"));
            }
        }
        Ok(Self { tensors, place })
    }

    /// Rows of a matrix that must be there.
    pub(super) fn rows_of(&self, name: &str) -> Result<u64, ImportError> {
        let stored = self.tensors.get(name).ok_or_else(|| self.missing(name))?;
        match stored.shape[..] {
            [rows, _] => Ok(rows),
            _ => {
                let problem = format!("has shape {:?}, not two dimensions", stored.shape);
                Err(ImportError::tensor(&stored.file, &stored.name, problem))
            }
        }
    }

    /// Takes a tensor out, if it is there.
    pub(super) fn take(&mut self, name: &str) -> Option<Stored> {
        self.tensors.remove(name)
    }

    fn missing(&self, name: &str) -> ImportError {
        ImportError::tensor(&self.place, name, "is missing: the model is not complete, download it again")
    }

    /// The tensor of a row of a table; `None` if it is optional and not there.
    fn find(&mut self, layer: &str, row: &Row, sizes: &Sizes) -> Result<Option<Stored>, ImportError> {
        let name = format!("{layer}{}", row.theirs);
        let Some(stored) = self.take(&name) else {
            return if row.optional { Ok(None) } else { Err(self.missing(&name)) };
        };
        let shape: Vec<u64> = row.shape.iter().map(|dim| sizes.of(*dim)).collect();
        if stored.shape != shape {
            let problem = format!("has shape {:?}, but config.json makes it {shape:?}", stored.shape);
            return Err(ImportError::tensor(&stored.file, &stored.name, problem));
        }
        Ok(Some(stored))
    }

    /// Nothing may be left: what is not imported would be missing in the model without a word.
    fn finish(self, architecture: &str) -> Result<(), ImportError> {
        let Some(stored) = self.tensors.into_values().next() else { return Ok(()) };
        let problem = format!(
            "is none that llama.cpp's {architecture} has: this variant of the model cannot be imported"
        );
        Err(ImportError::tensor(&stored.file, &stored.name, problem))
    }
}

/// Lays out all tensors of a model: those without a layer first, then layer by layer.
pub(super) fn plan(
    mut stock: Stock,
    blueprint: &Blueprint,
    weights: Weights,
) -> Result<Vec<Tensor>, ImportError> {
    let sizes = &blueprint.sizes;
    let mut tensors = Vec::new();
    for (name, values) in &blueprint.values {
        tensors.push(Tensor::values(name, values.clone())?);
    }
    for row in blueprint.whole {
        if let Some(stored) = find_whole(&mut stock, row, blueprint)? {
            tensors.push(Tensor::stored(row.ours.to_owned(), stored, row.change(sizes), weights)?);
        }
    }
    for layer in 0..blueprint.layers {
        let theirs = format!("{}{layer}.", blueprint.naming.layer);
        for row in blueprint.layer.iter().copied().flatten() {
            if let Some(stored) = stock.find(&theirs, row, sizes)? {
                let ours = format!("blk.{layer}.{}", row.ours);
                tensors.push(Tensor::stored(ours, stored, row.change(sizes), weights)?);
            }
        }
    }
    stock.finish(blueprint.header.architecture())?;
    Ok(tensors)
}

/// A tensor outside the layers. Of the embeddings of positions, the first may be of no use.
fn find_whole(stock: &mut Stock, row: &Row, blueprint: &Blueprint) -> Result<Option<Stored>, ImportError> {
    let skipped = blueprint.skipped_positions;
    if skipped == 0 || !matches!(row.shape, [Dim::Positions, _]) {
        return stock.find("", row, &blueprint.sizes);
    }
    let with_skipped = Sizes { positions: blueprint.sizes.positions + skipped, ..blueprint.sizes };
    let found = stock.find("", row, &with_skipped)?;
    Ok(found.map(|mut stored| {
        let row_bytes = stored.shape[1] * stored.dtype.bitsize() as u64 / 8;
        stored.offset += skipped * row_bytes;
        stored.shape[0] -= skipped;
        stored
    }))
}

/// The row of a tensor of a layer, by its name in checkpoints.
pub(super) fn find_row<'a>(layer: &[&'a [Row]], theirs: &str) -> Option<&'a Row> {
    layer.iter().copied().flatten().find(|row| row.theirs == theirs)
}
