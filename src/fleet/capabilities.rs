//! What a model can do, as clients ask before they offer it tools or images.

use super::{Content, Model};
use crate::chat::format_of;
use crate::chat::go::{DEFAULT_TEMPLATE, GoTemplate, PromptSource, PromptSources, choose};

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

    /// Whether it can be shown images.
    #[must_use]
    pub fn sees(&self) -> bool {
        let content = &*self.content;
        content.can("vision", content.projector || content.facts.as_ref().is_some_and(|facts| facts.vision))
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
        found.extend(self.sees().then_some("vision"));
        found.extend(content.of_template());
        found.into_iter().map(ToOwned::to_owned).collect()
    }
}

impl Content {
    /// What the template that will be used can express, and what can be read of the answers.
    fn of_template(&self) -> Vec<&'static str> {
        let go = self.go_template();
        let (used, jinja) = match self.prompt_source(go.as_ref()) {
            PromptSource::Go => (go.as_ref(), None),
            _ => (None, self.jinja()),
        };
        // Tokens of the vocabulary serve where no template says how; a model for vectors writes nothing.
        let infill = self.facts.as_ref().is_some_and(|facts| facts.infill && !facts.pooling);
        let inserts = infill || go.as_ref().is_some_and(|go| go.capabilities().insert);
        let format = format_of(&self.config.parser, self.family(), used, jinja);
        let named = [(format.can_call(), "tools"), (inserts, "insert"), (format.can_think(), "thinking")];
        named.into_iter().filter_map(|(can, name)| can.then_some(name)).collect()
    }

    /// The text of the template that will be used. A model without any has Ollama's for such models: the prompt as it is.
    #[must_use]
    pub fn template_text(&self) -> &str {
        match self.prompt_source(self.go_template().as_ref()) {
            PromptSource::Jinja => self.jinja(),
            // One that does not parse is what its user looks for.
            _ => self.template.as_deref(),
        }
        .unwrap_or(DEFAULT_TEMPLATE)
    }

    fn prompt_source(&self, go: Option<&GoTemplate>) -> PromptSource {
        choose(&PromptSources { renderer: false, go, jinja: self.jinja() }, None)
    }

    /// The template of the stored model. One that does not parse is found when it is used.
    fn go_template(&self) -> Option<GoTemplate> {
        self.template.as_deref().and_then(|text| GoTemplate::parse(text).ok())
    }

    /// The template of the weights.
    fn jinja(&self) -> Option<&str> {
        self.facts.as_ref()?.chat_template.as_deref()
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fleet::{FileFacts, SourcePath, Weights};

    const JINJA: &str = "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}<think></think>";
    const GO_TOOLS: &str =
        "{{ range .Messages }}{{ .Content }}{{ if .ToolCalls }}<call>{{ end }}{{ end }}{{ .Tools }}";

    fn model(template: Option<&str>, jinja: Option<&str>) -> Model {
        let facts = FileFacts {
            family: "llama".into(),
            parameter_size: String::new(),
            quantization: String::new(),
            context_length: None,
            embedding_length: None,
            pooling: false,
            vision: false,
            infill: false,
            chat_template: jinja.map(Into::into),
        };
        let template = template.map(Into::into);
        Model {
            name: "m".parse().unwrap(),
            weights: Weights::new(SourcePath::Mock),
            digest: String::new(),
            size: 0,
            modified: jiff::Timestamp::UNIX_EPOCH,
            content: Arc::new(Content { template, facts: Some(Arc::new(facts)), ..Content::default() }),
        }
    }

    #[test]
    fn a_model_is_what_the_template_makes_it_that_will_be_used() {
        for (template, jinja, capabilities, shown) in [
            (None, None, "completion", "{{ .Prompt }}"),
            (Some("{{ .Prompt }}"), None, "completion", "{{ .Prompt }}"),
            (Some("{{ .Prompt }}"), Some("{{ messages }}"), "completion", "{{ .Prompt }}"),
            (None, Some(JINJA), "completion tools thinking", JINJA),
            (Some("{{ .Prompt }}"), Some(JINJA), "completion tools thinking", JINJA),
            (Some(GO_TOOLS), None, "completion tools", GO_TOOLS),
            (Some("{{ .Prompt }}{{ .Suffix }}"), None, "completion insert", "{{ .Prompt }}{{ .Suffix }}"),
            (Some("{{ .Prompt"), None, "completion", "{{ .Prompt"),
        ] {
            let model = model(template, jinja);
            assert_eq!(model.capabilities().join(" "), capabilities, "{template:?} {jinja:?}");
            assert_eq!(model.content.template_text(), shown, "{template:?} {jinja:?}");
        }
    }
}
