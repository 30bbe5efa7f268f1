//! What a model can do, as clients ask before they offer it tools or images.

use super::{Content, Model};
use crate::chat::format_of;
use crate::chat::go::{GoTemplate, PromptSource, PromptSources, choose};

impl Model {
    /// Whether it writes, as far as can be said before it is loaded: a model that says how to pool is made for vectors.
    #[must_use]
    pub fn completes(&self) -> bool {
        let declared = &self.content.config.capabilities;
        let says = |word: &str| declared.iter().any(|capability| capability == word);
        if declared.is_empty() {
            return !self.content.facts.as_ref().is_some_and(|facts| facts.pooling);
        }
        says("completion") || !says("embedding")
    }

    /// `completion`, `tools`, `insert`, `vision`, `embedding`, `thinking`: by the config if it says so, else by what
    /// the weights and the template are.
    #[must_use]
    pub fn capabilities(&self) -> Vec<String> {
        let content = &*self.content;
        if !content.config.capabilities.is_empty() {
            return content.config.capabilities.clone();
        }
        let embeds = content.facts.as_ref().is_some_and(|facts| facts.pooling);
        let mut found = vec![if embeds { "embedding" } else { "completion" }];
        let sees = content.projector || content.facts.as_ref().is_some_and(|facts| facts.vision);
        found.extend(sees.then_some("vision"));
        found.extend(content.of_template());
        found.into_iter().map(ToOwned::to_owned).collect()
    }
}

impl Content {
    /// What the template that will be used can express, and what can be read of the answers.
    fn of_template(&self) -> Vec<&'static str> {
        // One that does not parse is found when it is used.
        let go = self.template.as_deref().and_then(|text| GoTemplate::parse(text).ok());
        let jinja = self.facts.as_ref().and_then(|facts| facts.chat_template.as_deref());
        let sources = PromptSources { renderer: false, go: go.as_ref(), jinja };
        let (go, jinja) = match choose(&sources, None) {
            PromptSource::Go => (go.as_ref(), None),
            _ => (None, jinja),
        };
        // Tokens of the vocabulary serve where no template says how; a model for vectors writes nothing.
        let infill = self.facts.as_ref().is_some_and(|facts| facts.infill && !facts.pooling);
        let inserts = infill || sources.go.is_some_and(|go| go.capabilities().insert);
        let format = format_of(&self.config.parser, self.family(), go, jinja);
        let named = [(format.can_call(), "tools"), (inserts, "insert"), (format.can_think(), "thinking")];
        named.into_iter().filter_map(|(can, name)| can.then_some(name)).collect()
    }

    /// Whether the model has a capability: by the config if it lists any, else as was `found`.
    #[must_use]
    pub fn can(&self, capability: &str, found: bool) -> bool {
        let listed = &self.config.capabilities;
        if listed.is_empty() { found } else { listed.iter().any(|one| one == capability) }
    }

    /// The architecture of the weights.
    #[must_use]
    pub fn family(&self) -> &str {
        self.facts.as_ref().map_or(&self.config.model_family, |facts| &facts.family)
    }
}
