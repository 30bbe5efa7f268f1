//! Sixteen sessions at the same time on one model, each of which wants something else.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::Server;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};

/// What a session asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Plain,
    Tools,
    Schema,
    Thinking,
}

/// One session's request, and how it is sent.
#[derive(Debug)]
struct Session {
    kind: Kind,
    request: Value,
    streams: bool,
}

/// What came back, the same whether it was streamed or not.
#[derive(Debug, PartialEq)]
struct Said {
    content: String,
    thinking: String,
    /// Names and arguments.
    calls: Vec<(String, Value)>,
    tokens: u64,
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "city": {"type": "string", "minLength": 2, "maxLength": 20},
            "people": {"type": "integer", "minimum": 0, "maximum": 9_999_999},
            "near": {"enum": ["sea", "mountains"]},
        },
        "required": ["city", "people", "near"],
        "additionalProperties": false,
    })
}

fn tools() -> Value {
    json!([{"type": "function", "function": {
        "name": "get_weather",
        "description": "Get the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "The city"}},
            "required": ["city"],
        },
    }}])
}

/// Four of each kind, half of them streamed, no two of them alike.
fn sessions() -> Vec<Session> {
    let cities = ["Cusco", "Lima", "Puno", "Quito"];
    let session = |index: usize| {
        let (kind, number) = ([Kind::Plain, Kind::Tools, Kind::Schema, Kind::Thinking][index % 4], index / 4);
        let (text, more) = match kind {
            Kind::Plain => {
                let texts = ["Who are you?", "What is 2 + 3?", "Say hello in Spanish.", "What is Quipu?"];
                (texts[number].to_owned(), json!({}))
            }
            Kind::Tools => (format!("What is the weather in {}?", cities[number]), json!({"tools": tools()})),
            Kind::Schema => (format!("Tell me about {}.", cities[number]), json!({"format": schema()})),
            Kind::Thinking => (format!("What is {} + 5?", number + 2), json!({})),
        };
        let mut request = json!({
            "model": "chasqui", "messages": [{"role": "user", "content": text}], "think": kind == Kind::Thinking,
            "stream": number % 2 == 1, "options": {"temperature": 0, "num_predict": 400},
        });
        let more: Map<String, Value> = serde_json::from_value(more).expect("an object");
        request.as_object_mut().expect("an object").extend(more);
        Session { kind, request, streams: number % 2 == 1 }
    };
    (0..16).map(session).collect()
}

async fn ask(server: &Server, session: &Session) -> Said {
    let answers = if session.streams {
        server.post_lines("/api/chat", &session.request).await
    } else {
        vec![server.post_json("/api/chat", &session.request).await]
    };
    let last = answers.last().expect("an answer");
    assert_eq!((&last["done"], &last["done_reason"]), (&json!(true), &json!("stop")), "{last}");
    let text = |field: &str| {
        answers.iter().filter_map(|answer| answer["message"][field].as_str()).collect::<String>()
    };
    let calls = answers.iter().filter_map(|answer| answer["message"]["tool_calls"].as_array()).flatten();
    let call = |call: &Value| {
        let function = &call["function"];
        (function["name"].as_str().expect("a name").to_owned(), function["arguments"].clone())
    };
    Said {
        content: text("content"),
        thinking: text("thinking"),
        calls: calls.map(call).collect(),
        tokens: last["eval_count"].as_u64().expect("a count"),
    }
}

/// What must hold of an answer, whatever the model has learned.
fn check(kind: Kind, said: &Said) {
    let Said { content, thinking, calls, .. } = said;
    assert!(!format!("{content}{thinking}").contains("think>"), "{said:?}");
    assert_eq!(!thinking.is_empty(), kind == Kind::Thinking, "{said:?}");
    assert_eq!(!calls.is_empty(), kind == Kind::Tools, "{said:?}");
    match kind {
        Kind::Plain | Kind::Thinking => assert!(!content.is_empty(), "{said:?}"),
        Kind::Tools => {
            assert_eq!(content, "", "{said:?}");
            for (name, arguments) in calls {
                assert_eq!(name, "get_weather", "{said:?}");
                assert!(arguments["city"].is_string(), "{said:?}");
            }
        }
        Kind::Schema => {
            let value: Value = serde_json::from_str(content).expect("JSON");
            assert!(jsonschema::is_valid(&schema(), &value), "{content}");
        }
    }
}

#[tokio::test]
async fn sixteen_sessions_that_want_different_things_get_what_each_gets_alone() {
    let sessions = sessions();
    // Company changes the last bits of what is computed; this leaves no more than those.
    let start = || Server::start(&["--deterministic"], &[("QUIPU_NO_BUILTIN", "false")]);
    let (first, second) = (start(), start());
    let mut alone = Vec::new();
    for session in &sessions {
        alone.push(ask(&first, session).await);
    }
    // On a server that has seen none of them.
    let together = join_all(sessions.iter().map(|session| ask(&second, session))).await;
    // And on one that has seen them all.
    let again = join_all(sessions.iter().map(|session| ask(&first, session))).await;
    for (index, session) in sessions.iter().enumerate() {
        check(session.kind, &alone[index]);
        assert_eq!(together[index], alone[index], "{session:?}");
        assert_eq!(again[index], alone[index], "{session:?}");
    }
}
