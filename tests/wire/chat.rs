//! `POST /api/chat`.

use serde_json::{Value, json};

use crate::common::Server;
use crate::stage::{make, make_encoder, mock, of, tiny, tool, user, with_chasqui};
use crate::transcript::{Detail, Transcript};

const PATH: &str = "/api/chat";

#[tokio::test]
async fn chat() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.heading("An answer, as one object and line by line");
    transcript.post_both(PATH, mock(json!({"messages": user("hi")}))).await;
    transcript.heading("It comes line by line unless told otherwise");
    transcript.post(PATH, mock(json!({"messages": user("hi")}))).await;
    transcript.heading("Several messages; a last one of the assistant is gone on with");
    for messages in [
        json!([{"role": "SYSTEM", "content": "be kind"}, {"role": "user", "content": "hi"}]),
        json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "he"}]),
    ] {
        transcript.post_both(PATH, mock(json!({"messages": messages}))).await;
    }
    transcript.heading("Log-probabilities");
    transcript
        .post_both(PATH, mock(json!({"messages": user("hi"), "logprobs": true, "top_logprobs": 1})))
        .await;
    transcript.heading("Fields that say nothing");
    for request in [
        json!({"messages": user("hi"), "tools": [], "format": null, "think": false, "keep_alive": -1}),
        json!({"messages": [{"role": "user", "content": "hi", "images": null, "tool_calls": null, "name": "ana"}]}),
    ] {
        transcript.post_both(PATH, mock(request)).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn ends_of_chats() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    let request =
        |options: Value| json!({"model": "mock", "messages": user("once upon a time"), "options": options});
    transcript.heading("At a text that is to end it; at the limit; where the context is full");
    let stop = json!({"temperature": 0, "num_predict": 9, "stop": ["m", " "]});
    transcript.post_both(PATH, request(stop)).await;
    transcript.post_both(PATH, request(json!({"temperature": 0, "num_predict": 2}))).await;
    let mut full = request(json!({"temperature": 0, "num_ctx": 20}));
    full["shift"] = false.into();
    transcript.post_both(PATH, full).await;
    transcript.heading(
        "A conversation that is too long loses its oldest messages, and then the middle of the last one",
    );
    let messages = json!([
        {"role": "system", "content": "be kind"}, {"role": "user", "content": "once upon"},
        {"role": "assistant", "content": "a time"}, {"role": "user", "content": "go on"},
    ]);
    let mut long = json!({"model": "mock", "messages": messages, "options": {"temperature": 0, "num_ctx": 20, "num_predict": 1}});
    transcript.post_both(PATH, long.clone()).await;
    transcript.post_both(PATH, request(json!({"temperature": 0, "num_ctx": 10, "num_predict": 1}))).await;
    transcript.heading("Or is refused");
    long["truncate"] = false.into();
    transcript.post_both(PATH, long).await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn models_loaded_and_unloaded_by_chats() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.heading("No messages: the model is loaded");
    let requests = [json!({}), json!({"messages": []}), json!({"messages": null, "tools": [tool()]})];
    transcript.post_all_both(PATH, requests.map(|fields| of("mock", fields))).await;
    transcript.heading("With `keep_alive` 0, it is unloaded");
    transcript.post_both(PATH, of("mock", json!({"messages": [], "keep_alive": 0}))).await;
    transcript.get("/api/ps").await;
    transcript.heading("What is refused");
    let requests = [
        json!({"model": "no", "messages": []}),
        json!({"model": "no", "messages": [], "keep_alive": 0}),
        json!({"messages": []}),
        json!({"model": "mock", "keep_alive": "300"}),
        json!({"model": "mock", "top_logprobs": 21}),
    ];
    transcript.post_all(PATH, requests).await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn chat_refuses() {
    let server = Server::mock(&[]).await;
    make_encoder(&server).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.heading("Models that are not there");
    for model in [json!(null), json!(""), json!("no"), json!("not/a/valid/name/at/all")] {
        transcript.post_both(PATH, json!({"model": model, "messages": user("hi")})).await;
    }
    transcript.heading("What the model cannot do");
    for request in [
        of("encoder", json!({"messages": user("hi")})),
        of("encoder", json!({"messages": []})),
        mock(json!({"messages": user("hi"), "tools": [tool()]})),
        mock(json!({"messages": user("hi"), "think": true})),
        mock(json!({"messages": user("hi"), "think": "low"})),
        mock(json!({"messages": [{"role": "user", "content": "hi", "images": ["aGk="]}]})),
    ] {
        transcript.post_both(PATH, request).await;
    }
    transcript.heading("Values that have no meaning");
    for request in [
        json!({"messages": user("hi"), "think": 5}),
        json!({"messages": user("hi"), "think": "hard"}),
        json!({"messages": user("hi"), "format": ["json"]}),
        json!({"messages": user("hi"), "format": "yaml"}),
        json!({"messages": user("hi"), "top_logprobs": 21}),
        json!({"messages": user("hi"), "keep_alive": {}}),
        json!({"messages": user("hi"), "options": {"stop": 5}}),
        json!({"messages": user("hi"), "options": {"top_p": 2}}),
    ] {
        transcript.post_both(PATH, mock(request)).await;
    }
    transcript.heading("Values of the wrong type");
    for request in [
        json!({"messages": [{"role": "user", "content": 5}]}),
        json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}),
        json!({"messages": [{"role": "user", "content": "hi", "images": "aGk="}]}),
        json!({"messages": [{"role": "assistant", "tool_calls": ["f"]}]}),
        json!({"messages": ["hi"]}),
        json!({"messages": "hi"}),
        json!({"messages": user("hi"), "tools": {}}),
        json!({"messages": user("hi"), "stream": 1}),
    ] {
        transcript.post(PATH, mock(request)).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

/// What the mock engine cannot do.
#[tokio::test]
async fn thoughts_calls_and_forms() {
    let server = with_chasqui();
    let mut transcript = Transcript::of(&server, Detail::Shape);
    let chasqui = |fields: Value| {
        let mut request = of("chasqui", fields);
        request["options"] = json!({"temperature": 0});
        request
    };
    transcript.heading("A model that can think does so, unless told not to");
    let sum = user("What is 4 + 5?");
    let thinks =
        [json!(null), json!(true), json!("low"), json!("medium"), json!("high"), json!("max"), json!(false)];
    for think in thinks {
        transcript.post_both(PATH, chasqui(json!({"messages": sum, "think": think}))).await;
    }
    transcript.heading("A call of a tool, and what follows on its result");
    let weather = user("What is the weather in Cusco?");
    let called = json!({"id": "call_1", "function": {"index": 0, "name": "get_weather", "arguments": {"city": "Cusco"}}});
    for messages in [
        weather.clone(),
        json!([
            weather[0],
            {"role": "assistant", "content": "", "tool_calls": [called]},
            {"role": "tool", "tool_name": "get_weather", "tool_call_id": "call_1", "content": "{\"temperature\": 17}"},
        ]),
    ] {
        let request = json!({"messages": messages, "tools": [tool()], "think": false});
        transcript.post_both(PATH, chasqui(request)).await;
    }
    transcript.heading("An answer of a given form");
    for (text, format) in [
        ("Yes or no?", json!({"choice": ["yes", "no"]})),
        ("Extract name and age as JSON: Ana is 31 years old.", json!("json")),
        (
            "Extract name and age as JSON: Ana is 31 years old.",
            json!({"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}),
        ),
    ] {
        let request = json!({"messages": user(text), "format": format, "think": false});
        transcript.post_both(PATH, chasqui(request)).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn prompts_of_chats() {
    let server = with_chasqui();
    let fields = json!({
        "model": "bard", "from": "chasqui", "system": "Be brief.", "stream": false,
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}],
    });
    server.post_json("/api/create", &fields).await;
    let template = "{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}";
    make(&server, "plain", &tiny(), json!({"template": template})).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    let seen = |model: &str, messages: Value, fields: Value| {
        let mut request =
            json!({"model": model, "messages": messages, "_debug_render_only": true, "think": false});
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        request
    };
    transcript.heading("The model's system message and messages come first");
    transcript.post_both(PATH, seen("bard", user("Who are you?"), json!({}))).await;
    transcript.heading("A conversation that brings a system message has that in place of the model's");
    let messages =
        json!([{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Who are you?"}]);
    transcript.post(PATH, seen("bard", messages, json!({}))).await;
    transcript.heading("Roles are written small; others than the usual ones go to the template as they are");
    let messages = json!([{"role": "Developer", "content": "a"}, {"role": "USER", "content": "b"}, {"role": "critic", "content": "c"}]);
    transcript.post(PATH, seen("plain", messages, json!({}))).await;
    transcript.heading("A last message of the assistant stays open");
    let messages =
        json!([{"role": "user", "content": "Count."}, {"role": "assistant", "content": "One, two,"}]);
    transcript.post(PATH, seen("chasqui", messages, json!({}))).await;
    transcript.heading("Thoughts of earlier turns are left out");
    let messages = json!([
        {"role": "user", "content": "What is 1 + 1?"},
        {"role": "assistant", "content": "<think>One more than 1.</think>2"},
        {"role": "user", "content": "And one more?"},
    ]);
    transcript.post(PATH, seen("chasqui", messages, json!({"think": true}))).await;
    transcript.heading("Tools, calls and results");
    let called = json!({"function": {"name": "get_weather", "arguments": {"unit": "C", "city": "Cusco"}}});
    let messages = json!([
        {"role": "user", "content": "What is the weather in Cusco?"},
        {"role": "assistant", "content": "", "tool_calls": [called]},
        {"role": "tool", "tool_name": "get_weather", "content": "17"},
    ]);
    transcript.post(PATH, seen("chasqui", messages, json!({"tools": [tool()]}))).await;
    insta::assert_snapshot!(transcript.finish());
}
