//! What a model can do, as clients ask before they offer it tools or images.

use super::{Content, Model};

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

/// What the file's own template speaks of.
fn of_template(content: &Content) -> Vec<&'static str> {
    let template =
        content.facts.as_ref().and_then(|facts| facts.chat_template.as_deref()).unwrap_or_default();
    let mut found = Vec::new();
    if template.contains("tools") || template.contains("tool_call") {
        found.push("tools");
    }
    if template.contains("<think>") && template.contains("</think>") {
        found.push("thinking");
    }
    found
}
