//! From instructions to what `/api/create` is asked for.

use semver::Version;
use serde_json::{Map, Value};

use super::files::{LocalFile, PathBase, Source, expand_adapter, expand_draft, expand_from};
use super::parameter::{is_deprecated, parameter_value};
use super::{Instruction, Message, Modelfile, ModelfileError};

/// What a Modelfile asks for. Each field is the field of `/api/create`'s request with the same meaning,
/// except that files are not hashed yet. What the command line adds (the name, `quantize`) is not here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipe {
    /// `from`: the model to build on.
    pub from: Option<String>,
    /// `files`: weights and what belongs to them. Names are unique.
    pub files: Vec<LocalFile>,
    /// `draft_files`: the model that drafts. Names are unique.
    pub draft_files: Vec<LocalFile>,
    /// `adapters`: names are unique. Servers take one adapter.
    pub adapters: Vec<LocalFile>,
    /// `template`.
    pub template: Option<String>,
    /// `system`.
    pub system: Option<String>,
    /// `license`.
    pub licenses: Vec<String>,
    /// `parameters`: numbers, booleans, and lists of strings.
    pub parameters: Map<String, Value>,
    /// `messages`.
    pub messages: Vec<Message>,
    /// `renderer`.
    pub renderer: Option<String>,
    /// `parser`.
    pub parser: Option<String>,
    /// `requires`: a version without `v`.
    pub requires: Option<String>,
    /// For the user, one line each.
    pub warnings: Vec<String>,
}

impl Modelfile {
    /// Finds the files and checks the values. This reads folders, and the first bytes of files in them.
    ///
    /// # Errors
    /// If files are missing or cannot be used, a parameter is unknown or not of its type, or `REQUIRES` is no
    /// version.
    pub fn recipe(&self, base: PathBase<'_>) -> Result<Recipe, ModelfileError> {
        let mut recipe = Recipe::default();
        for instruction in &self.instructions {
            recipe.add(instruction, base)?;
        }
        match recipe.draft_files.iter().find(|draft| recipe.files.iter().any(|file| file.path == draft.path))
        {
            Some(both) => Err(ModelfileError::DraftIsModel(both.path.clone())),
            None => Ok(recipe),
        }
    }
}

impl Recipe {
    fn add(&mut self, instruction: &Instruction, base: PathBase<'_>) -> Result<(), ModelfileError> {
        match instruction {
            Instruction::From(value) => match expand_from(value, base)? {
                Source::Name(name) => self.from = Some(name),
                Source::Files(files) => add_files(&mut self.files, files)?,
            },
            Instruction::Adapter(value) => add_files(&mut self.adapters, expand_adapter(value, base)?)?,
            Instruction::Draft(value) => add_files(&mut self.draft_files, expand_draft(value, base)?)?,
            Instruction::Template(value) => self.template = Some(value.clone()),
            Instruction::System(value) => self.system = Some(value.clone()),
            Instruction::License(value) => self.licenses.push(value.clone()),
            Instruction::Renderer(value) => self.renderer = Some(value.clone()),
            Instruction::Parser(value) => self.parser = Some(value.clone()),
            Instruction::Requires(value) => self.requires = Some(version(value)?),
            Instruction::Parameter { name, value } => self.add_parameter(name, value)?,
            Instruction::Message(message) => self.messages.push(message.clone()),
        }
        Ok(())
    }

    fn add_parameter(&mut self, name: &str, value: &str) -> Result<(), ModelfileError> {
        if is_deprecated(name) {
            self.warnings.push(format!("warning: parameter {name} is deprecated"));
            return Ok(());
        }
        match (self.parameters.get_mut(name), parameter_value(name, &[value])?) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (_, value) => {
                self.parameters.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }
}

/// Adds files, each once. The request has them by name, so two of one name would become one.
fn add_files(files: &mut Vec<LocalFile>, more: Vec<LocalFile>) -> Result<(), ModelfileError> {
    for file in more {
        match files.iter().find(|known| known.name == file.name) {
            None => files.push(file),
            Some(known) if known.path == file.path => {}
            Some(known) => {
                let first = known.path.clone();
                return Err(ModelfileError::SameName { name: file.name, first, second: file.path });
            }
        }
    }
    Ok(())
}

/// A semantic version with or without `v`. As in Go's module versions, the minor and patch numbers may be
/// left out if nothing follows.
fn version(text: &str) -> Result<String, ModelfileError> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let full = match text.split('.').count() {
        1 => format!("{text}.0.0"),
        2 => format!("{text}.0"),
        _ => text.to_owned(),
    };
    match Version::parse(&full) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(ModelfileError::Requires),
    }
}
