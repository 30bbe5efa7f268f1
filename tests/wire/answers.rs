//! `POST /api/chat`.

use serde_json::{Value, json};

use crate::common::Server;
use crate::transcript::{Detail, Transcript};

/// A request to the mock engine with a short answer.
fn mock(fields: Value) -> Value {
    let mut request = json!({"model": "mock", "options": {"temperature": 0, "num_predict": 3}});
    request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    request
}

fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

fn tool() -> Value {
    json!({"type": "function", "function": {
        "name": "get_weather",
        "description": "Get the weather in a city.",
        "parameters": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string", "description": "The city"}}},
    }})
}

#[tokio::test]
async fn chat() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    for request in [
        json!({"messages": user("hi")}),
        json!({"messages": [{"role": "SYSTEM", "content": "be kind"}, {"role": "user", "content": "hi"}]}),
        json!({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "he"}]}),
        json!({"messages": user("hi"), "logprobs": true, "top_logprobs": 1}),
        json!({"messages": user("hi"), "tools": [], "format": null, "think": false, "keep_alive": -1}),
    ] {
        transcript.post_both("/api/chat", mock(request)).await;
    }
    for request in [json!({"messages": []}), json!({}), json!({"messages": [], "keep_alive": 0})] {
        transcript.post_both("/api/chat", mock(request)).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn chat_refuses() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    for request in [
        json!({"messages": user("hi")}),
        json!({"model": "no", "messages": user("hi")}),
        mock(json!({"messages": user("hi"), "tools": [tool()]})),
        mock(json!({"messages": user("hi"), "think": "low"})),
        mock(json!({"messages": user("hi"), "think": 5})),
        mock(json!({"messages": user("hi"), "format": ["json"]})),
        mock(json!({"messages": user("hi"), "top_logprobs": 21})),
        mock(json!({"messages": user("hi"), "options": {"stop": 5}})),
        mock(json!({"messages": [{"role": "user", "content": "hi", "images": ["aGk="]}]})),
        mock(json!({"messages": [{"role": "user", "content": 5}]})),
        mock(json!({"messages": "hi"})),
    ] {
        transcript.post("/api/chat", request).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

/// What the mock engine cannot do.
#[tokio::test]
async fn thoughts_calls_and_forms() {
    let server = Server::start(&[], &[("QUIPU_NO_BUILTIN", "false")]);
    let mut transcript = Transcript::of(&server, Detail::Shape);
    let weather = user("What is the weather in Cusco?");
    for request in [
        json!({"messages": user("What is 4 + 5?")}),
        json!({"messages": user("What is 4 + 5?"), "think": "low"}),
        json!({"messages": user("What is 4 + 5?"), "think": false}),
        json!({"messages": weather, "tools": [tool()], "think": false}),
        json!({"messages": [
            weather[0],
            {"role": "assistant", "content": "", "tool_calls": [{"id": "call_1", "function": {"index": 0, "name": "get_weather", "arguments": {"city": "Cusco"}}}]},
            {"role": "tool", "tool_name": "get_weather", "tool_call_id": "call_1", "content": "{\"temperature\": 17}"},
        ], "tools": [tool()], "think": false}),
        json!({"messages": user("Yes or no?"), "format": {"choice": ["yes", "no"]}, "think": false}),
        json!({"messages": user("Extract name and age as JSON: Ana is 31 years old."), "format": "json", "think": false}),
    ] {
        let mut request = request;
        request["model"] = "chasqui".into();
        request["options"] = json!({"temperature": 0});
        transcript.post_both("/api/chat", request).await;
    }
    insta::assert_snapshot!(transcript.finish());
}
