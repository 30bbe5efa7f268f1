//! Why a Go template is no template, or does not render.

/// What goes wrong with a Go template. Lines count from 1. The texts begin as Ollama's do, which clients
/// show as they are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoTemplateError {
    /// The text is no template: its author's fault.
    #[error("template error: template: :{line}: {message}")]
    Syntax {
        /// Where the parser stopped.
        line: usize,
        /// What it found there.
        message: String,
    },
    /// The template does something that these values do not allow, such as `index` beyond the end of a list.
    #[error("template error: template: :{line}: executing the template: {message}")]
    Execution {
        /// The action that failed.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// The template loops without end, or prints without end.
    #[error(
        "template error: template: :{line}: the template takes too long or prints too much; it was stopped"
    )]
    Endless {
        /// The action at which it was stopped.
        line: usize,
    },
}
