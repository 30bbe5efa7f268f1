//! How a server is asked and how its stream is read. All dialects stream, and all end in the server's own counts.
//!
//! | dialect | route | prompt |
//! |---|---|---|
//! | `ollama-chat` | `/api/chat` | messages, through the model's template |
//! | `ollama-generate` | `/api/generate` | the texts of all messages, raw, without a template |
//! | `openai-chat` | `/v1/chat/completions` | messages, through the model's template |
//! | `openai-completions` | `/v1/completions` | the texts of all messages, without a template |

mod ollama;
mod openai;
mod scan;
mod schema;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use scan::{Framing, Scanner};

/// An API that servers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Dialect {
    OllamaGenerate,
    OllamaChat,
    OpenaiChat,
    OpenaiCompletions,
}

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Role {
    System,
    User,
    Assistant,
}

/// A part of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// As the server calls it.
    pub model: &'a str,
    /// The conversation so far.
    pub messages: &'a [Message],
    /// Tokens of the reply at most.
    pub max_tokens: u32,
    /// Whether to ask for a reply that goes on to that length.
    pub ignore_eos: bool,
    /// Ask for JSON by a schema of so many fields; 0 for text.
    pub schema: u32,
    /// How tokens are chosen.
    pub sampling: Sampling,
}

/// How tokens are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 always takes the likeliest token.
    pub temperature: f64,
    /// Seed of the server's sampler.
    pub seed: u32,
}

/// Why a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// The model ended it.
    Stop,
    /// It reached its limit.
    Length,
    /// Anything else.
    Other,
}

impl Finish {
    fn named(name: &str) -> Self {
        match name {
            "stop" => Self::Stop,
            "length" => Self::Length,
            _ => Self::Other,
        }
    }
}

/// The server's count of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Of the prompt, with what the template adds and what was cached.
    pub input: u32,
    /// Of the reply.
    pub output: u32,
    /// Of the prompt, those that were cached; `None` if the server does not tell.
    pub cached: Option<u32>,
}

/// What a piece of a stream says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// Text of the reply, thinking and tool calls included. Often empty.
    pub text: String,
    /// The reply is over.
    pub finish: Option<Finish>,
    /// Counts.
    pub usage: Option<Usage>,
    /// The server gave up in the middle.
    pub error: Option<String>,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::OllamaChat, Self::OllamaGenerate, Self::OpenaiChat, Self::OpenaiCompletions];

    /// As people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OllamaGenerate => "ollama-generate",
            Self::OllamaChat => "ollama-chat",
            Self::OpenaiChat => "openai-chat",
            Self::OpenaiCompletions => "openai-completions",
        }
    }

    /// The path of its route.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::OllamaGenerate => "/api/generate",
            Self::OllamaChat => "/api/chat",
            Self::OpenaiChat => "/v1/chat/completions",
            Self::OpenaiCompletions => "/v1/completions",
        }
    }

    /// How its streams are cut into pieces.
    #[must_use]
    pub fn framing(self) -> Framing {
        match self {
            Self::OllamaGenerate | Self::OllamaChat => Framing::Lines,
            Self::OpenaiChat | Self::OpenaiCompletions => Framing::Events,
        }
    }

    /// The body of a request.
    #[must_use]
    pub fn body(self, ask: &Ask<'_>) -> Value {
        match self {
            Self::OllamaGenerate => ollama::generate_body(ask),
            Self::OllamaChat => ollama::chat_body(ask),
            Self::OpenaiChat => openai::chat_body(ask),
            Self::OpenaiCompletions => openai::completions_body(ask),
        }
    }

    /// Reads a piece of a stream.
    ///
    /// # Errors
    /// If it is not what the dialect says, in words.
    pub fn read(self, payload: &[u8]) -> Result<Piece, String> {
        let piece = match self {
            Self::OllamaGenerate | Self::OllamaChat => ollama::read(payload),
            Self::OpenaiChat | Self::OpenaiCompletions => openai::read(payload),
        };
        piece.map_err(|error| {
            let start: String = String::from_utf8_lossy(payload).chars().take(120).collect();
            format!("the stream holds {start:?}: {error}")
        })
    }
}

/// The prompt of dialects without messages.
fn joined(messages: &[Message]) -> String {
    let texts: Vec<&str> = messages.iter().map(|message| message.content.as_str()).collect();
    texts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_asked_for_in_each_dialects_words() {
        let messages = [Message { role: Role::User, content: "Hello".into() }];
        let sampling = Sampling { temperature: 0.0, seed: 3 };
        let ask =
            Ask { model: "m", messages: &messages, max_tokens: 7, ignore_eos: false, schema: 2, sampling };
        let schema = schema::of_fields(2);
        assert_eq!(schema["required"], serde_json::json!(["field_0", "field_1"]));
        for dialect in Dialect::ALL {
            let body = dialect.body(&ask);
            let asked = match dialect {
                Dialect::OllamaChat | Dialect::OllamaGenerate => &body["format"],
                Dialect::OpenaiChat | Dialect::OpenaiCompletions => {
                    &body["response_format"]["json_schema"]["schema"]
                }
            };
            assert_eq!(*asked, schema, "{body}");
        }
    }

    #[test]
    fn bodies() {
        let messages = [
            Message { role: Role::System, content: "Be brief.".into() },
            Message { role: Role::User, content: "Hello".into() },
        ];
        let ask = Ask {
            model: "m",
            messages: &messages,
            max_tokens: 7,
            ignore_eos: true,
            schema: 0,
            sampling: Sampling { temperature: 0.0, seed: 3 },
        };
        let plain = Ask { ignore_eos: false, ..ask };
        let bodies: Vec<String> = Dialect::ALL
            .iter()
            .flat_map(|dialect| [dialect.body(&ask), dialect.body(&plain)])
            .map(|body| body.to_string())
            .collect();
        insta::assert_snapshot!(bodies.join("\n"), @r#"
        {"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"}],"stream":true,"options":{"num_predict":7,"temperature":0.0,"seed":3,"ignore_eos":true}}
        {"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"}],"stream":true,"options":{"num_predict":7,"temperature":0.0,"seed":3}}
        {"model":"m","prompt":"Be brief.\n\nHello","raw":true,"stream":true,"options":{"num_predict":7,"temperature":0.0,"seed":3,"ignore_eos":true}}
        {"model":"m","prompt":"Be brief.\n\nHello","raw":true,"stream":true,"options":{"num_predict":7,"temperature":0.0,"seed":3}}
        {"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"}],"max_tokens":7,"temperature":0.0,"seed":3,"stream":true,"stream_options":{"include_usage":true},"ignore_eos":true}
        {"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"}],"max_tokens":7,"temperature":0.0,"seed":3,"stream":true,"stream_options":{"include_usage":true}}
        {"model":"m","prompt":"Be brief.\n\nHello","max_tokens":7,"temperature":0.0,"seed":3,"stream":true,"stream_options":{"include_usage":true},"ignore_eos":true}
        {"model":"m","prompt":"Be brief.\n\nHello","max_tokens":7,"temperature":0.0,"seed":3,"stream":true,"stream_options":{"include_usage":true}}
        "#);
    }

    fn read(dialect: Dialect, payload: &str) -> Piece {
        dialect.read(payload.as_bytes()).unwrap()
    }

    #[test]
    fn pieces_of_ollama() {
        let text = r#"{"model":"m","created_at":"x","message":{"role":"assistant","content":"Hi","thinking":"hm "},"done":false}"#;
        assert_eq!(read(Dialect::OllamaChat, text), Piece { text: "hm Hi".into(), ..Piece::default() });
        let text = r#"{"model":"m","response":"caf\u00e9","done":false}"#;
        assert_eq!(read(Dialect::OllamaGenerate, text).text, "café");
        let last =
            r#"{"response":"","done":true,"done_reason":"length","prompt_eval_count":5,"eval_count":9}"#;
        let last = read(Dialect::OllamaGenerate, last);
        assert_eq!(last.finish, Some(Finish::Length));
        assert_eq!(last.usage, Some(Usage { input: 5, output: 9, cached: None }));
        assert_eq!(read(Dialect::OllamaChat, r#"{"error":"broke"}"#).error.as_deref(), Some("broke"));
    }

    #[test]
    fn pieces_of_openai() {
        let first =
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}]}"#;
        assert_eq!(read(Dialect::OpenaiChat, first), Piece::default());
        let text = r#"{"choices":[{"delta":{"content":"Hi","reasoning_content":"hm "}}],"usage":null}"#;
        assert_eq!(read(Dialect::OpenaiChat, text).text, "hm Hi");
        let call =
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{"}}]}}]}"#;
        assert_eq!(read(Dialect::OpenaiChat, call).text, "f{");
        let text = r#"{"choices":[{"text":"Hi","finish_reason":"stop"}]}"#;
        let piece = read(Dialect::OpenaiCompletions, text);
        assert_eq!((piece.text.as_str(), piece.finish), ("Hi", Some(Finish::Stop)));
        let usage = r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":4}}}"#;
        assert_eq!(
            read(Dialect::OpenaiChat, usage).usage,
            Some(Usage { input: 5, output: 9, cached: Some(4) })
        );
        assert_eq!(
            read(Dialect::OpenaiChat, r#"{"error":{"message":"broke"}}"#).error.as_deref(),
            Some("broke")
        );
        assert_eq!(read(Dialect::OpenaiChat, "[DONE]"), Piece::default());
        assert!(Dialect::OpenaiChat.read(b"{").unwrap_err().contains("the stream holds \"{\""));
    }
}
