//! How conversations become prompts, seen from outside, with the built-in model.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod common;

use common::{Server, stories};
use serde_json::{Value, json};

fn server() -> Server {
    Server::start(&[], &[("QUIPU_NO_BUILTIN", "false")])
}

#[tokio::test]
async fn a_prompt_can_be_seen_without_an_answer() {
    let server = server();
    let messages = json!([{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]);
    let request =
        json!({"model": "chasqui", "messages": messages, "think": false, "_debug_render_only": true});
    let seen = server.post_json("/api/chat", &request).await;
    let prompt =
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
    let rendered = seen["_debug_info"]["rendered_template"].as_str().unwrap();
    assert!(rendered.starts_with(prompt), "{rendered}");
    assert_eq!((&seen["done"], &seen["message"]["content"]), (&json!(false), &json!("")), "{seen}");
    assert!(seen.get("eval_count").is_none() && seen.get("done_reason").is_none(), "{seen}");
    let request = json!({"model": "chasqui", "prompt": "Hi", "system": "Be kind.", "think": false, "_debug_render_only": true});
    let generate = server.post_json("/api/generate", &request).await;
    assert_eq!(generate["_debug_info"], seen["_debug_info"]);
    assert_eq!(generate["response"], "");
    let raw = json!({"model": "chasqui", "prompt": "Hi", "raw": true, "_debug_render_only": true});
    assert_eq!(server.post_json("/api/generate", &raw).await["_debug_info"]["rendered_template"], "Hi");
}

#[tokio::test]
async fn a_request_brings_its_own_template() {
    let server = server();
    let made = json!({
        "model": "told", "from": "chasqui", "system": "Be brief.", "stream": false,
        "messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Me."}],
    });
    server.post_json("/api/create", &made).await;
    let prompt = |request: Value| {
        let (server, mut request) = (&server, request);
        request["_debug_render_only"] = true.into();
        async move {
            let seen = server.post_json("/api/generate", &request).await;
            seen["_debug_info"]["rendered_template"].as_str().unwrap().to_owned()
        }
    };
    let exchange = "{{ if .System }}({{ .System }}){{ end }}[{{ .Prompt }}]{{ .Response }};";
    let turns =
        "{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}{{ if .IsThinkSet }}{{ .Think }}{{ end }}";
    let ask = |template: &str| json!({"model": "told", "prompt": "Hi", "think": false, "template": template});
    assert_eq!(prompt(ask(exchange)).await, "(Be brief.)[Who?]Me.;[Hi]");
    assert_eq!(prompt(ask(turns)).await, "<system>Be brief.<user>Who?<assistant>Me.<user>Hifalse");
    let mut going_on = ask(exchange);
    going_on["context"] = json!([1, 2]);
    assert_eq!(prompt(going_on).await, "[Hi]");
    let mut other = ask(exchange);
    other["system"] = "Be long.".into();
    assert_eq!(prompt(other).await, "(Be long.)[Who?]Me.;[Hi]");
    let own = prompt(json!({"model": "told", "prompt": "Hi", "think": false, "template": ""})).await;
    assert!(own.starts_with("<|im_start|>system\nBe brief.<|im_end|>"), "{own}");
    // What is prompted is what is answered.
    let asked = |request: &Value| {
        let (server, mut request) = (&server, request.clone());
        request["options"] = json!({"num_predict": 4, "temperature": 0});
        request["stream"] = false.into();
        async move { server.post_json("/api/generate", &request).await }
    };
    let by_template = asked(&ask(exchange)).await;
    let by_hand = json!({"model": "told", "prompt": "(Be brief.)[Who?]Me.;[Hi]", "raw": true});
    let by_hand = asked(&by_hand).await;
    assert_eq!(by_template["prompt_eval_count"], by_hand["prompt_eval_count"]);
}

#[tokio::test]
async fn a_model_whose_template_is_the_prompt_alone_completes_and_chats() {
    let Some(path) = stories() else { return };
    let server = Server::start(&[], &[]);
    let path = path.canonicalize().unwrap();
    let made = json!({"model": "bare", "in_place": {"stories.gguf": path}, "template": "{{ .Prompt }}", "stream": false});
    server.post_json("/api/create", &made).await;
    let shown = server.post_json("/api/show", &json!({"model": "bare"})).await;
    assert_eq!(
        (&shown["template"], &shown["capabilities"]),
        (&json!("{{ .Prompt }}"), &json!(["completion"]))
    );
    let messages = json!([
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Once"},
        {"role": "assistant", "content": " upon"},
        {"role": "user", "content": " a time"},
    ]);
    let mut chat = json!({"model": "bare", "messages": messages, "_debug_render_only": true});
    let seen = server.post_json("/api/chat", &chat).await;
    assert_eq!(seen["_debug_info"]["rendered_template"], "Once upon a time");
    chat["_debug_render_only"] = false.into();
    chat["stream"] = false.into();
    chat["options"] = json!({"num_predict": 4, "temperature": 0});
    let answer = server.post_json("/api/chat", &chat).await;
    assert_eq!(answer["message"]["content"], ", there was a", "{answer}");
    chat["tools"] = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]);
    let (status, refused) = server.post_any("/api/chat", &chat).await;
    let error = json!({"error": "registry.ollama.ai/library/bare:latest does not support tools"});
    assert_eq!((status, refused), (400, error));
}

#[tokio::test]
async fn a_conversation_that_is_too_long_loses_its_oldest_messages() {
    const CONTEXT: u64 = 256;
    let server = server();
    let mut messages = vec![json!({"role": "system", "content": "Be kind."})];
    for turn in 0..30 {
        messages.push(json!({"role": "user", "content": format!("What is {turn} + 1?")}));
        messages.push(json!({"role": "assistant", "content": format!("{turn} + 1 = {}.", turn + 1)}));
    }
    messages.push(json!({"role": "user", "content": "What is 2 + 3?"}));
    let ask = |messages: Value, context: u64| {
        let request = json!({
            "model": "chasqui", "messages": messages, "think": false, "stream": false,
            "options": {"num_ctx": context, "temperature": 0, "num_predict": 12},
        });
        let server = &server;
        async move { server.post_json("/api/chat", &request).await }
    };
    let cut = ask(json!(messages), CONTEXT).await;
    // The same, cut by hand: the most of the last messages that fit, behind the system message.
    let mut by_hand = Value::Null;
    for gone in 0..messages.len() - 1 {
        let kept: Vec<_> = messages[..1].iter().chain(&messages[1 + gone..]).collect();
        by_hand = ask(json!(kept), 4096).await;
        if by_hand["prompt_eval_count"].as_u64().unwrap() < CONTEXT {
            break;
        }
    }
    assert_eq!(cut["prompt_eval_count"], by_hand["prompt_eval_count"], "{cut}");
    assert_eq!(cut["message"], by_hand["message"]);
    let mut request = json!({
        "model": "chasqui", "messages": messages, "think": false, "truncate": false, "options": {"num_ctx": CONTEXT},
    });
    let (status, refused) = server.post_any("/api/chat", &request).await;
    assert_eq!(status, 400);
    let error = refused["error"].as_str().unwrap();
    assert!(error.starts_with("the prompt is longer than the context length currently available"), "{error}");
    // A single message that is too long is cut inside.
    request["truncate"] = true.into();
    request["stream"] = false.into();
    request["messages"] = json!([{"role": "user", "content": "All work and no play. ".repeat(100)}]);
    let answer = server.post_json("/api/chat", &request).await;
    assert!(answer["prompt_eval_count"].as_u64().unwrap() < CONTEXT, "{answer}");
}
