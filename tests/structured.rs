//! Answers of a given form, from the built-in model through the real server.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use common::Server;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

fn server() -> Server {
    Server::start(&[], &[("QUIPU_NO_BUILTIN", "false")])
}

fn person() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 20},
            "age": {"type": "integer", "minimum": 0, "maximum": 120},
            "pets": {"type": "array", "items": {"$ref": "#/$defs/pet"}, "maxItems": 2},
            "since": {"type": "string", "format": "date"},
        },
        "required": ["name", "age", "pets", "since"],
        "$defs": {"pet": {"type": "object", "properties": {"kind": {"enum": ["cat", "dog"]}}, "required": ["kind"]}},
    })
}

fn valid(schema: &Value, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let validator = jsonschema::options().should_validate_formats(true).build(schema).expect("a schema");
    assert!(validator.is_valid(&value), "{text}");
    value
}

/// A request of `/api/chat` that a weak model answers at length, and with a temperature that makes it err.
fn request(format: Value, seed: usize) -> Value {
    json!({
        "model": "chasqui", "stream": false, "think": false, "format": format,
        "messages": [{"role": "user", "content": "Tell me about Ana and her pets."}],
        "options": {"temperature": 1.2, "seed": seed, "num_predict": 400},
    })
}

async fn chat(server: &Server, request: &Value) -> String {
    let answer = server.post_json("/api/chat", request).await;
    assert_eq!(answer["done_reason"], "stop", "{answer}");
    answer["message"]["content"].as_str().expect("text").to_owned()
}

#[tokio::test]
async fn every_form_is_kept_to_in_every_dialect() {
    let server = server();
    for seed in 0..3 {
        let value = valid(&person(), &chat(&server, &request(person(), seed)).await);
        let keys: Vec<&String> = value.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["name", "age", "pets", "since"]);
        let said = chat(&server, &request(json!({"choice": ["yes", "no", "perhaps"]}), seed)).await;
        assert!(["yes", "no", "perhaps"].contains(&said.as_str()), "{said}");
        let said = chat(&server, &request(json!({"regex": "[A-Z][a-z]{2,8}, [0-9]{2}"}), seed)).await;
        let (name, number) = said.split_once(", ").expect("both parts");
        assert!((3..=9).contains(&name.len()) && number.parse::<u8>().is_ok(), "{said}");
        let grammar = json!({"grammar": "root ::= (\"la\" | \"lo\"){2,4} end\nend ::= \"!\" | \"(!)\"", "syntax": "gbnf"});
        let said = chat(&server, &request(grammar, seed)).await;
        assert!(said.starts_with('l') && said.contains('!'), "{said}");
    }
    let generated = server
        .post_json("/api/generate", &json!({"model": "chasqui", "prompt": "A person as JSON.", "stream": false, "format": person(), "think": false}))
        .await;
    valid(&person(), generated["response"].as_str().expect("text"));
    for strict in [true, false] {
        let format = json!({"type": "json_schema", "json_schema": {"name": "person", "strict": strict, "schema": person()}});
        let answer = server
            .post_json("/v1/chat/completions", &json!({
                "model": "chasqui", "messages": [{"role": "user", "content": "A person"}], "response_format": format,
                "reasoning_effort": "none",
            }))
            .await;
        valid(&person(), answer["choices"][0]["message"]["content"].as_str().expect("text"));
    }
}

#[tokio::test]
async fn json_mode_gives_an_object() {
    let server = server();
    let mut request = request(json!("json"), 1);
    // An object of its own may be of any length: what matters is that it is one as far as it goes.
    request["messages"][0]["content"] =
        r#"Answer in JSON with the keys "city" and "country": Cusco is in Peru."#.into();
    request["options"]["temperature"] = 0.into();
    let said = chat(&server, &request).await;
    assert!(serde_json::from_str::<Value>(&said).expect("JSON").is_object(), "{said}");
}

#[tokio::test]
async fn thoughts_come_before_the_form_in_one_answer() {
    let server = server();
    let mut request = request(person(), 5);
    request["think"] = true.into();
    request["options"] = json!({"temperature": 0, "num_predict": 600});
    request["messages"][0]["content"] = "What is 17 + 25? Think first.".into();
    let answer = server.post_json("/api/chat", &request).await;
    let message = &answer["message"];
    assert!(!message["thinking"].as_str().expect("thoughts").is_empty(), "{answer}");
    if answer["done_reason"] == "stop" {
        valid(&person(), message["content"].as_str().expect("text"));
    } else {
        // It never stopped thinking.
        assert_eq!(message["content"], "", "{answer}");
    }
}

#[tokio::test]
async fn what_cannot_be_enforced_is_refused_before_anything_is_sent() {
    let server = server();
    for (format, error) in [
        (
            json!({"type": "object", "not": {}}),
            "the format cannot be enforced: the schema keyword \"not\" at # is not supported",
        ),
        (json!({"regex": "("}), "the format cannot be enforced: invalid regular expression: "),
        (
            json!({"grammar": "root ::=", "syntax": "ebnf"}),
            "invalid format: \"syntax\" must be \"lark\" or \"gbnf\"",
        ),
        (json!({"choice": []}), "the format cannot be enforced: a choice needs one text at least"),
        (json!("yaml"), "invalid format: \"yaml\"; expected \"json\" or a valid JSON Schema object"),
    ] {
        for stream in [true, false] {
            let mut request = request(format.clone(), 0);
            request["stream"] = stream.into();
            let response = server.post("/api/chat", &request).await;
            assert_eq!(response.status(), 400, "{format}");
            let body: Value = response.json().await.expect("JSON");
            assert!(body["error"].as_str().expect("text").starts_with(error), "{body}");
        }
    }
    let response_format =
        json!({"type": "json_schema", "json_schema": {"schema": {"type": "array", "uniqueItems": true}}});
    let request = json!({"model": "chasqui", "messages": [{"role": "user", "content": "Hi"}], "response_format": response_format});
    let response = server.post("/v1/chat/completions", &request).await;
    assert_eq!(response.status(), 400);
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["error"]["type"], "invalid_request_error", "{body}");
    assert!(body["error"]["message"].as_str().expect("text").contains("\"uniqueItems\" at #"), "{body}");
}

#[tokio::test]
async fn sixteen_streams_of_all_kinds_keep_to_their_forms() {
    let server = server();
    let answers = stream::iter(0..16)
        .map(|index| {
            let server = &server;
            async move {
                let format = match index % 4 {
                    0 => person(),
                    1 => json!({"choice": ["one", "two", "twenty-two"]}),
                    2 => json!({"regex": "(ab|cd){3,9}\\."}),
                    _ => Value::Null,
                };
                let mut request = request(format, index);
                request["stream"] = true.into();
                if index % 4 == 3 {
                    request["options"]["num_predict"] = 60.into();
                }
                let text = server.post("/api/chat", &request).await.text().await.expect("a stream");
                let lines: Vec<Value> =
                    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
                let said: String =
                    lines.iter().filter_map(|line| line["message"]["content"].as_str()).collect();
                let last = lines.last().expect("a line").clone();
                assert_eq!(last["done"], true, "{last}");
                assert!(index % 4 == 3 || last["done_reason"] == "stop", "{last}");
                (index, said)
            }
        })
        .buffer_unordered(16)
        .collect::<Vec<_>>()
        .await;
    for (index, said) in answers {
        match index % 4 {
            0 => drop(valid(&person(), &said)),
            1 => assert!(["one", "two", "twenty-two"].contains(&said.as_str()), "{said}"),
            2 => {
                let pairs = said.strip_suffix('.').expect("a full stop");
                assert!(
                    (6..=18).contains(&pairs.len()) && pairs.replace("ab", "").replace("cd", "").is_empty(),
                    "{said}"
                );
            }
            _ => assert!(!said.is_empty()),
        }
    }
}

fn tools() -> Value {
    let tool = |name: &str, parameters: Value| json!({"type": "function", "function": {"name": name, "description": "A tool.", "parameters": parameters}});
    json!([
        tool(
            "set_lamp",
            json!({
                "type": "object", "required": ["room", "level"],
                "properties": {"room": {"enum": ["hall", "kitchen"]}, "level": {"type": "integer", "minimum": 0, "maximum": 10}},
            })
        ),
        tool("find_person", person()),
    ])
}

/// The calls of an answer of `/v1/chat/completions`, each valid.
fn valid_calls(answer: &Value) -> Vec<String> {
    let message = &answer["choices"][0]["message"];
    let calls = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let valid_call = |call: &Value| {
        let name = call["function"]["name"].as_str().expect("a name").to_owned();
        let tools = tools();
        let tool = tools.as_array().expect("tools").iter().find(|tool| tool["function"]["name"] == *name);
        let schema = &tool.unwrap_or_else(|| panic!("{name} was not offered"))["function"]["parameters"];
        valid(schema, call["function"]["arguments"].as_str().expect("arguments"));
        name
    };
    calls.iter().map(valid_call).collect()
}

#[tokio::test]
async fn calls_that_are_required_come_and_are_valid() {
    let server = server();
    // Nothing that it would call a tool for, at a temperature that makes it err, with thoughts and without.
    let request = |choice: Value, seed: usize| {
        json!({
            "model": "chasqui", "messages": [{"role": "user", "content": "Good morning!"}], "tools": tools(),
            "tool_choice": choice, "temperature": 1.5, "seed": seed, "max_tokens": 600,
            "reasoning_effort": if seed.is_multiple_of(2) { "none" } else { "low" },
        })
    };
    let named = json!({"type": "function", "function": {"name": "find_person"}});
    for seed in 0..6 {
        let answer = server.post_json("/v1/chat/completions", &request(json!("required"), seed)).await;
        // It may call again and again, until it has no more tokens.
        assert!(!valid_calls(&answer).is_empty(), "{answer}");
        let answer = server.post_json("/v1/chat/completions", &request(named.clone(), seed)).await;
        assert_eq!(valid_calls(&answer), ["find_person"], "{answer}");
        assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls", "{answer}");
        valid_calls(&server.post_json("/v1/chat/completions", &request(json!("auto"), seed)).await);
    }
    let unknown = json!({"type": "function", "function": {"name": "sing"}});
    let mut nothing = request(json!("required"), 0);
    nothing["tools"] = json!([]);
    for (request, error) in [
        (request(unknown, 0), "tool_choice names \"sing\", which is none of the tools"),
        (nothing, "tool_choice \"required\" needs tools to choose from"),
    ] {
        let (status, answer) = server.post_any("/v1/chat/completions", &request).await;
        assert_eq!((status, answer["error"]["message"].as_str()), (400, Some(error)), "{answer}");
    }
}

#[tokio::test]
async fn calls_are_enforced_in_every_form_that_models_write() {
    let server = server();
    // The model has never seen any of these forms.
    for parser in [
        "qwen3-coder",
        "glm-4.7",
        "gemma4-no-thinking",
        "functiongemma",
        "olmo3",
        "lfm2",
        "cohere",
        "deepseek3",
        "ministral",
        "glimmer",
        "harmony",
    ] {
        let created = server
            .post_json(
                "/api/create",
                &json!({"model": parser, "from": "chasqui", "parser": parser, "stream": false}),
            )
            .await;
        assert_eq!(created["status"], "success", "{created}");
        let ask = async |choice: Value, seed: usize| {
            let request = json!({
                "model": parser, "messages": [{"role": "user", "content": "Good morning!"}], "tools": tools(),
                "tool_choice": choice, "temperature": 1, "seed": seed, "max_tokens": 500, "reasoning_effort": "none",
            });
            server.post_json("/v1/chat/completions", &request).await
        };
        let cut = |answer: &Value| answer["choices"][0]["finish_reason"] == "length";
        for name in ["set_lamp", "find_person"] {
            let named = json!({"type": "function", "function": {"name": name}});
            // A model that writes what it has not learned may not come to an end; not each time, though.
            let mut answer = ask(named.clone(), 0).await;
            for seed in 1..6 {
                if cut(&answer) {
                    answer = ask(named.clone(), seed).await;
                }
            }
            assert_eq!(valid_calls(&answer), [name], "{parser}: {answer}");
            assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls", "{parser}: {answer}");
        }
        let answer = ask(json!("required"), 2).await;
        assert!(cut(&answer) || !valid_calls(&answer).is_empty(), "{parser}: {answer}");
        valid_calls(&ask(json!("auto"), 3).await);
    }
}
