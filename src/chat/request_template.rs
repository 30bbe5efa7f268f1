//! A template that comes with a request, and makes its prompt in the place of the model's own.

use super::go::{GoTemplate, GoTemplateError};
use super::{Around, ChatError, Conversation, insert_go, render_go};

/// A Go template of one request. It parses, but is kept as text: a tree takes a hundred times the memory, and many
/// requests may wait for a model to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestTemplate {
    text: String,
}

impl RequestTemplate {
    /// Takes a text that is a template.
    ///
    /// # Errors
    /// [`ChatError::OfRequest`], which tells the line, if it is none.
    pub fn parse(text: String) -> Result<Self, ChatError> {
        GoTemplate::parse(&text).map_err(ChatError::OfRequest)?;
        Ok(Self { text })
    }

    /// Writes the prompt of a conversation.
    ///
    /// # Errors
    /// [`ChatError::OfRequest`] if the template cannot do with this conversation, or does not end.
    pub async fn render(&self, conversation: Conversation) -> Result<String, ChatError> {
        self.run(move |template| render_go(template, &conversation)).await
    }

    /// Writes the prompt for text that is to be inserted between two others. `None` if the template has no place for the
    /// text behind it, or one of them is empty.
    ///
    /// # Errors
    /// As of [`render`](Self::render).
    pub async fn insert(&self, around: Around) -> Result<Option<String>, ChatError> {
        self.run(move |template| insert_go(template, &around)).await
    }

    /// Anybody may send a template that runs until its budget is over: it is run where it hinders nobody.
    async fn run<T: Send + 'static>(
        &self,
        render: impl FnOnce(&GoTemplate) -> Result<T, GoTemplateError> + Send + 'static,
    ) -> Result<T, ChatError> {
        let text = self.text.clone();
        let rendering = tokio::task::spawn_blocking(move || render(&GoTemplate::parse(&text)?));
        match rendering.await {
            Ok(rendered) => rendered.map_err(ChatError::OfRequest),
            Err(panic) => Err(ChatError::Template(panic.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Message, Think};

    async fn render(template: &str) -> Result<String, String> {
        let messages = vec![Message::new("system", "Be kind."), Message::new("user", "Hi")];
        let conversation = Conversation { messages, ..Conversation::default() };
        let template = RequestTemplate::parse(template.into()).map_err(|error| error.to_string())?;
        template.render(conversation).await.map_err(|error| error.to_string())
    }

    async fn insert(template: &str, prompt: &str) -> Option<String> {
        let around = Around { prompt: prompt.into(), suffix: "y".into(), think: Think::Unset };
        RequestTemplate::parse(template.into()).unwrap().insert(around).await.unwrap()
    }

    #[tokio::test]
    async fn both_kinds_of_templates_make_prompts() {
        assert_eq!(render("[{{ .System }}|{{ .Prompt }}]").await.unwrap(), "[Be kind.|Hi]");
        let modern = "{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}";
        assert_eq!(render(modern).await.unwrap(), "<system>Be kind.<user>Hi");
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_with_its_line() {
        for (template, error) in [
            ("\n{{ .Prompt", "template error: template: :2: unclosed action"),
            ("{{ Prompt }}", "template error: template: :1: function \"Prompt\" not defined"),
            (
                "\n\n{{ index .Messages 9 }}",
                "template error: template: :3: executing the template: index out of range: 9",
            ),
            (
                "{{ range 1000000000000 }}{{ end }}",
                "template error: template: :1: the template takes too long or prints too much; it was stopped",
            ),
        ] {
            assert_eq!(render(template).await.unwrap_err(), error);
        }
    }

    #[tokio::test]
    async fn a_suffix_needs_a_place() {
        let template = "<{{ .Prompt }}|{{ .Suffix }}>";
        assert_eq!(insert(template, "x").await.as_deref(), Some("<x|y>"));
        assert_eq!(insert(template, "").await, None);
        assert_eq!(insert("{{ .Prompt }}", "x").await, None);
    }
}
