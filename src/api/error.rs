//! Why a request gets no answer. Each dialect has one mapping of [`Failure`] to its wire.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::chat::ChatError;
use crate::create::CreateError;
use crate::engine::protocol::RequestError;
use crate::fleet::FleetError;
use crate::registry::RegistryError;
use crate::store::StoreError;

/// What Ollama says when a prompt does not fit; clients look for it.
const PROMPT_TOO_LONG: &str = "the prompt is longer than the context length currently available to the model; \
     shorten the prompt, adjust the context length in settings, or use a model with a longer context length";

/// Why a request gets no answer, or no more of it. `Display` is what the client reads.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request has no body.
    #[error("missing request body")]
    MissingBody,
    /// The body is not the JSON that the endpoint takes.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// The body is larger than the server takes.
    #[error("request body too large: at most {limit} bytes are accepted")]
    BodyTooLarge {
        /// Bytes that would have been accepted.
        limit: usize,
    },
    /// The body could not be read to its end.
    #[error("cannot read the request body: {0}")]
    BodyBroken(String),
    /// The body is packed in a way that the server does not unpack.
    #[error("content encoding {0:?} is not supported")]
    Encoding(String),
    /// The request asks for something that cannot be.
    #[error("{0}")]
    Invalid(String),
    /// An option has a value of the wrong type.
    #[error("option {name:?} must be of type {expected}")]
    OptionType {
        /// The option.
        name: String,
        /// The type, as Ollama calls it.
        expected: &'static str,
    },
    /// The request asks for something that would change the answer and is not built yet.
    #[error("{0} is not supported yet")]
    NotSupported(&'static str),
    /// The request asks a model to think that cannot.
    #[error("{0:?} does not support thinking")]
    NoThinking(String),
    /// The request shows images to a model that cannot see. Clients look for these words.
    #[error("this model is missing data required for image input")]
    NoVision,
    /// The request offers tools to a model that cannot call any.
    #[error("{0} does not support tools")]
    NoTools(String),
    /// The request wants text inserted by a model that cannot.
    #[error("{0} does not support insert")]
    NoInsert(String),
    /// The request asks a model to write that cannot.
    #[error("{model:?} does not support {purpose}")]
    NoGeneration {
        /// The model, as the request names it.
        model: String,
        /// `generate` or `chat`.
        purpose: &'static str,
    },
    /// What the endpoint answers with status 500, whatever it was.
    #[error("{0}")]
    Internal(String),
    /// No such model.
    #[error("model '{0}' not found")]
    NoSuchModel(String),
    /// The model is there, but not its weights.
    #[error("model {0:?} not found, try pulling it first")]
    Incomplete(String),
    /// No such thing, in the words of the endpoint.
    #[error("{0}")]
    NotFound(String),
    /// The model, or whatever else was asked for, is in Ollama's cloud.
    #[error("ollama cloud is disabled: {0}")]
    NoCloud(&'static str),
    /// Something was asked for that only accounts have.
    #[error("you are not currently signed in")]
    NotSignedIn,
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A model cannot be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// A model cannot be pulled or pushed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The model cannot be used now.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The conversation cannot be rendered.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The engine refused the request, or broke.
    #[error("{}", request_error(.0))]
    Engine(#[from] RequestError),
    /// The engine ended a request that nobody cancelled.
    #[error("the engine gave up this request")]
    Dropped,
}

fn request_error(error: &RequestError) -> String {
    match error {
        // Without the counts, which go to the log: clients compare the sentence.
        RequestError::PromptTooLong { .. } => PROMPT_TOO_LONG.into(),
        other => other.to_string(),
    }
}

impl Failure {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MissingBody
            | Self::Json(_)
            | Self::BodyBroken(_)
            | Self::Invalid(_)
            | Self::NotSupported(_)
            | Self::NoThinking(_)
            | Self::NoVision
            | Self::NoTools(_)
            | Self::NoInsert(_)
            | Self::NoGeneration { .. }
            | Self::Chat(ChatError::Refused(_) | ChatError::TooLong | ChatError::OfRequest(_))
            | Self::Engine(
                RequestError::PromptTooLong { .. }
                | RequestError::EmptyPrompt
                | RequestError::NoInfill
                | RequestError::Tokenize(_)
                | RequestError::InputTooLong
                | RequestError::NoRoom
                | RequestError::TooManyInputs { .. }
                | RequestError::NoGeneration
                | RequestError::Constraint(_),
            ) => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoSuchModel(_) | Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Registry(RegistryError::Store(error))
                if matches!(**error, StoreError::ModelNotFound(_)) =>
            {
                StatusCode::NOT_FOUND
            }
            Self::Incomplete(_) => StatusCode::NOT_FOUND,
            Self::NoCloud(_) => StatusCode::FORBIDDEN,
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::Fleet(FleetError::NoWeights) => StatusCode::BAD_REQUEST,
            Self::Create(error) if error.is_bad_request() => StatusCode::BAD_REQUEST,
            Self::Store(StoreError::ReadOnly { .. }) => StatusCode::BAD_REQUEST,
            Self::Fleet(FleetError::Busy | FleetError::ShuttingDown) => StatusCode::SERVICE_UNAVAILABLE,
            // The client's fault, but Ollama finds it where it starts the model, and answers 500.
            Self::OptionType { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Internal(_)
            | Self::Store(_)
            | Self::Create(_)
            | Self::Registry(_)
            | Self::Fleet(
                FleetError::Start(_)
                | FleetError::NotEnoughMemory { .. }
                | FleetError::Store(_)
                | FleetError::NoSuchModel,
            )
            | Self::Chat(ChatError::Template(_))
            | Self::Engine(
                RequestError::Backend(_)
                | RequestError::EngineDied(_)
                | RequestError::ConstraintBroke(_)
                | RequestError::Cancelled,
            )
            | Self::Dropped => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The response with a dialect's body: its status, and when to try again where that helps.
    pub(crate) fn respond(&self, body: impl IntoResponse) -> Response {
        let mut response = (self.status(), body).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// Seconds after which the same request may succeed, where that is so.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Fleet(FleetError::Busy) => Some(1),
            // Time for a restart.
            Self::Fleet(FleetError::ShuttingDown) => Some(5),
            _ => None,
        }
    }

    /// What the metrics call it; few and fixed.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fleet(FleetError::Busy) => "busy",
            Self::Fleet(FleetError::ShuttingDown) => "shutting_down",
            Self::Fleet(FleetError::Start(_) | FleetError::NotEnoughMemory { .. }) => "load",
            Self::Engine(RequestError::EngineDied(_)) | Self::Dropped => "engine_died",
            Self::Engine(RequestError::Backend(_)) => "backend",
            _ => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_does_not_fit_is_refused_with_ollamas_sentence() {
        let failure = Failure::from(RequestError::PromptTooLong { tokens: 600, limit: 511 });
        assert_eq!(failure.status(), StatusCode::BAD_REQUEST);
        assert_eq!(failure.to_string(), PROMPT_TOO_LONG);
    }

    #[test]
    fn busy_and_shutting_down_say_when_to_come_back() {
        for failure in [FleetError::Busy, FleetError::ShuttingDown].map(Failure::from) {
            assert_eq!(failure.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(failure.retry_after().is_some());
        }
        assert_eq!(
            Failure::from(FleetError::Busy).to_string(),
            "server busy, please try again.  maximum pending requests exceeded"
        );
    }
}
