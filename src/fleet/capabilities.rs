//! What a model can do, as clients ask before they offer it tools or images.

use super::{Content, Model};
use crate::chat::go::{Capabilities, GoTemplate, PromptSource, PromptSources, choose, jinja_capabilities};

impl Model {
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
        found.extend(of_template(content));
        found.into_iter().map(ToOwned::to_owned).collect()
    }
}

/// What the template that will be used can express.
fn of_template(content: &Content) -> Vec<&'static str> {
    // One that does not parse is found when it is used.
    let go = content.template.as_deref().and_then(|text| GoTemplate::parse(text).ok());
    let jinja = content.facts.as_ref().and_then(|facts| facts.chat_template.as_deref());
    let sources = PromptSources { renderer: false, go: go.as_ref(), jinja };
    let can = match (choose(&sources, None), &go, jinja) {
        (PromptSource::Go, Some(go), _) => go.capabilities(),
        (PromptSource::Jinja, _, Some(jinja)) => jinja_capabilities(jinja),
        _ => Capabilities::default(),
    };
    let named = [(can.tools, "tools"), (can.insert, "insert"), (can.thinking, "thinking")];
    named.into_iter().filter_map(|(can, name)| can.then_some(name)).collect()
}
