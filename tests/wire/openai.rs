//! OpenAI's routes.

use serde_json::{Value, json};

use crate::common::Server;
use crate::transcript::{Detail, Transcript};

fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

/// A request to the mock engine with a short answer.
fn mock(fields: Value) -> Value {
    let mut request = json!({"model": "mock", "temperature": 0, "max_tokens": 3});
    request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    request
}

#[tokio::test]
async fn openais_models() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    for path in ["/v1/models", "/v1/models/mock", "/v1/models/mock:latest", "/v1/models/nothing"] {
        transcript.get(path).await;
    }
    insta::assert_snapshot!(transcript.finish());
    let empty = Server::start(&[], &[]);
    let mut transcript = Transcript::of(&empty, Detail::Exact);
    transcript.get("/v1/models").await;
    insta::assert_snapshot!("openais_models_when_there_are_none", transcript.finish());
}

#[tokio::test]
async fn chat_completions() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    for request in [
        json!({"messages": user("hi")}),
        json!({"messages": user("hi"), "stream_options": {"include_usage": true}}),
        json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "ho"}]}]}),
        json!({"messages": user("hi"), "logprobs": true, "top_logprobs": 1}),
        json!({"messages": user("hi"), "n": 1, "user": "x", "parallel_tool_calls": true, "tools": [], "response_format": {"type": "text"}}),
    ] {
        transcript.post_both("/v1/chat/completions", mock(request)).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn chat_completions_refuses() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    let with_image =
        |url: &str| json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]);
    for request in [
        json!({"messages": user("hi")}),
        json!({"model": "no", "messages": user("hi")}),
        json!({"model": "no", "messages": user("hi"), "stream": true}),
        mock(json!({})),
        mock(json!({"messages": []})),
        mock(json!({"messages": [{"role": "user", "content": null}]})),
        mock(json!({"messages": [{"role": "user", "content": 5}]})),
        mock(json!({"messages": [{"role": "user", "content": [{"type": "song"}]}]})),
        mock(json!({"messages": with_image("https://example.com/a.png")})),
        mock(json!({"messages": with_image("data:image/png;base64,aGk=")})),
        mock(json!({"messages": with_image("hello")})),
        mock(
            json!({"messages": [{"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]}),
        ),
        mock(json!({"messages": user("hi"), "reasoning_effort": "hard"})),
        mock(json!({"messages": user("hi"), "reasoning_effort": "low"})),
        mock(json!({"messages": user("hi"), "temperature": -1})),
        mock(json!({"messages": user("hi"), "stop": 5})),
        mock(json!({"messages": user("hi"), "n": 2})),
        mock(json!({"messages": user("hi"), "top_logprobs": 21, "logprobs": true})),
        mock(json!({"messages": user("hi"), "tool_choice": "required"})),
        mock(json!({"messages": user("hi"), "tools": [{"type": "function", "function": {"name": "f"}}]})),
        mock(
            json!({"messages": user("hi"), "response_format": {"type": "json_schema", "json_schema": {"schema": {"not": {}}}}}),
        ),
    ] {
        transcript.post("/v1/chat/completions", request).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

/// What the mock engine cannot do.
#[tokio::test]
async fn chat_completions_with_thoughts_calls_and_forms() {
    let server = Server::start(&[], &[("QUIPU_NO_BUILTIN", "false")]);
    let mut transcript = Transcript::of(&server, Detail::Shape);
    let tool = json!({"type": "function", "function": {
        "name": "get_weather",
        "description": "Get the weather in a city.",
        "parameters": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string", "description": "The city"}}},
    }});
    let weather = user("What is the weather in Cusco?");
    for request in [
        json!({"messages": user("What is 4 + 5?"), "reasoning_effort": "low"}),
        json!({"messages": user("What is 4 + 5?"), "reasoning_effort": "none"}),
        json!({"messages": weather, "tools": [tool], "reasoning_effort": "none", "stream_options": {"include_usage": true}}),
        json!({"messages": user("Yes or no?"), "reasoning_effort": "none", "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"enum": ["yes", "no"]}}}}),
    ] {
        let mut request = request;
        request["model"] = "chasqui".into();
        request["temperature"] = 0.into();
        transcript.post_both("/v1/chat/completions", request).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn completions() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    for request in [
        json!({"prompt": "hi"}),
        json!({"prompt": "hi", "stream_options": {"include_usage": true}}),
        json!({"prompt": "hi", "logprobs": 1}),
        json!({"prompt": "hi", "stop": ["x", "y"], "seed": 1}),
    ] {
        transcript.post_both("/v1/completions", mock(request)).await;
    }
    for request in [
        json!({"prompt": "hi"}),
        json!({"model": "no", "prompt": "hi"}),
        mock(json!({"prompt": 5})),
        mock(json!({"prompt": "hi", "stop": [5]})),
        mock(json!({"prompt": "hi", "top_p": 7})),
    ] {
        transcript.post("/v1/completions", request).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn embeddings() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    for request in [
        json!({"model": "mock", "input": "hi"}),
        json!({"model": "mock", "input": ["hi", "there"], "dimensions": 2}),
        json!({"model": "mock", "input": "hi", "encoding_format": "base64", "user": "x"}),
        json!({"model": "mock", "input": ""}),
    ] {
        transcript.post("/v1/embeddings", request).await;
    }
    for request in [
        json!({"model": "no", "input": "hi"}),
        json!({"model": "mock"}),
        json!({"model": "mock", "input": []}),
        json!({"model": "mock", "input": [1, 2]}),
        json!({"model": "mock", "input": "hi", "encoding_format": "hex"}),
    ] {
        transcript.post("/v1/embeddings", request).await;
    }
    insta::assert_snapshot!(transcript.finish());
}
