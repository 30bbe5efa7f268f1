//! Options of requests and models, through the real server: what becomes of the tokens.

// For clippy, helpers of tests are no tests.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use common::Server;
use serde_json::{Value, json};

fn server() -> Server {
    Server::start(&[], &[("QUIPU_NO_BUILTIN", "false")])
}

/// An answer of the built-in model, as tokens, and why it ended.
async fn answer(server: &Server, model: &str, options: Value, format: Value) -> (Vec<u64>, String) {
    let request = json!({
        "model": model, "prompt": "Say hello.", "stream": false, "think": false, "options": options, "format": format,
    });
    let answer = server.post_json("/api/generate", &request).await;
    let tokens = answer["context"].as_array().expect("tokens");
    let prompt = answer["prompt_eval_count"].as_u64().expect("a number") as usize;
    let tokens = tokens[prompt..].iter().map(|token| token.as_u64().expect("a token")).collect();
    (tokens, answer["done_reason"].as_str().expect("a reason").to_owned())
}

#[tokio::test]
async fn a_bias_makes_a_token_certain_or_impossible_in_both_dialects() {
    let server = server();
    let greedy =
        |bias: Value| json!({"temperature": 0, "num_predict": 6, "logit_bias": bias, "ignore_eos": true});
    let (usual, reason) = answer(&server, "chasqui", greedy(json!({})), Value::Null).await;
    assert_eq!((usual.len(), reason.as_str()), (6, "length"));
    let (certain, _) = answer(&server, "chasqui", greedy(json!({"300": 100})), Value::Null).await;
    assert_eq!(certain, [300; 6]);
    let (others, _) =
        answer(&server, "chasqui", greedy(json!({usual[0].to_string(): -100})), Value::Null).await;
    assert!(!others.contains(&usual[0]), "{others:?}");

    let first = |path: &'static str, text: &'static str, extra: Value| {
        let server = &server;
        async move {
            let mut request = json!({"model": "chasqui", "max_tokens": 4, "reasoning_effort": "none"});
            request.as_object_mut().unwrap().append(&mut extra.as_object().unwrap().clone());
            server.post_json(path, &request).await.pointer(text).expect("text").as_str().unwrap().to_owned()
        }
    };
    let prompt = json!({"prompt": "Hi", "logit_bias": {"300": 100}, "ignore_eos": true});
    let text = first("/v1/completions", "/choices/0/text", prompt).await;
    let messages = [json!({"role": "user", "content": "Hi"})];
    let chat = json!({"messages": messages, "logit_bias": {"300": 100}, "min_tokens": 4});
    assert_eq!(first("/v1/chat/completions", "/choices/0/message/content", chat).await, text);
    assert!(!text.is_empty());
}

#[tokio::test]
async fn an_answer_does_not_end_before_it_may_but_keeps_its_form() {
    let server = server();
    let brief = json!({"temperature": 0, "num_predict": 60});
    let (usual, reason) = answer(&server, "chasqui", brief, Value::Null).await;
    assert_eq!(reason, "stop");
    let least = usual.len() + 5;
    let longer = json!({"temperature": 0, "num_predict": 60, "min_tokens": least});
    let (tokens, _) = answer(&server, "chasqui", longer, Value::Null).await;
    assert!(tokens.len() >= least, "{} of {least}", tokens.len());
    assert_eq!(tokens[..usual.len()], usual, "it goes on where it would have ended");
    let endless = json!({"temperature": 0, "num_predict": 60, "ignore_eos": true});
    let (tokens, reason) = answer(&server, "chasqui", endless, Value::Null).await;
    assert_eq!((tokens.len(), reason.as_str()), (60, "length"));
    for options in
        [json!({"ignore_eos": true}), json!({"min_tokens": 50, "mirostat": 2}), json!({"xtc_probability": 1})]
    {
        let (_, reason) = answer(&server, "chasqui", options, json!({"choice": ["yes", "no"]})).await;
        assert_eq!(reason, "stop", "where only the end is allowed, it ends");
    }
}

#[tokio::test]
async fn parameters_of_a_model_are_options_and_a_request_wins() {
    let server = server();
    let parameters =
        json!({"logit_bias": {"300": 100}, "num_predict": 3, "ignore_eos": true, "temperature": 0});
    let made = json!({"model": "biased", "from": "chasqui", "parameters": parameters, "stream": false});
    server.post_json("/api/create", &made).await;
    assert_eq!(answer(&server, "biased", json!({}), Value::Null).await.0, [300; 3]);
    let other = json!({"logit_bias": {"301": 100}, "num_predict": 2});
    assert_eq!(answer(&server, "biased", other, Value::Null).await.0, [301; 2]);
    let shown = server.post_json("/api/show", &json!({"model": "biased"})).await;
    let modelfile = shown["modelfile"].as_str().expect("text");
    assert!(modelfile.contains("PARAMETER logit_bias {\"300\":100}"), "{modelfile}");
}

#[tokio::test]
async fn a_context_that_is_full_ends_the_answer_or_is_shifted() {
    let server = server();
    let options = |num_predict: i64| json!({"temperature": 0, "num_ctx": 64, "num_predict": num_predict, "ignore_eos": true});
    let (_, reason) = answer(&server, "chasqui", options(-2), Value::Null).await;
    assert_eq!(reason, "length");
    let counted = |num_predict: i64| {
        let request =
            json!({"model": "chasqui", "prompt": "Hi", "stream": false, "options": options(num_predict)});
        let server = &server;
        async move {
            let answer = server.post_json("/api/generate", &request).await;
            let count = |name: &str| answer[name].as_u64().expect("a number");
            (count("prompt_eval_count"), count("eval_count"))
        }
    };
    let (prompt, generated) = counted(-2).await;
    assert_eq!(prompt + generated, 64, "up to the context");
    let (_, generated) = counted(-1).await;
    assert_eq!(generated, 640, "ten contexts");
    assert_eq!(counted(5000).await.1, 640);
}

#[tokio::test]
async fn options_are_checked_and_unknown_ones_are_told_of_once() {
    let server = server();
    for (options, status, error) in [
        (json!({"mirostat": "on"}), 500, "option \"mirostat\" must be of type integer"),
        (json!({"ignore_eos": 1}), 500, "option \"ignore_eos\" must be of type boolean"),
        (
            json!({"dry_sequence_breakers": "x"}),
            500,
            "option \"dry_sequence_breakers\" must be of type array",
        ),
        (json!({"xtc_probability": 1.5}), 400, "option \"xtc_probability\" must be between 0 and 1, not 1.5"),
    ] {
        let request = json!({"model": "chasqui", "prompt": "Hi", "options": options});
        let (found, answer) = server.post_any("/api/generate", &request).await;
        assert_eq!((found, answer["error"].as_str()), (status, Some(error)));
    }
    let ignored = json!({"frobnicate": 1, "num_gpu": 0, "tfs_z": 1, "min_p": null, "num_predict": 1});
    answer(&server, "chasqui", ignored.clone(), Value::Null).await;
    answer(&server, "chasqui", ignored, Value::Null).await;
    answer(&server, "chasqui", json!({"the_last": 1, "num_predict": 1}), Value::Null).await;
    let mut told = Vec::new();
    while !told.last().is_some_and(|line: &String| line.contains("the_last")) {
        told.push(server.wait_for_log("option ignored"));
    }
    let count = |name: &str| told.iter().filter(|line| line.contains(name)).count();
    assert_eq!((count("frobnicate"), count("num_gpu"), told.len()), (1, 1, 3), "{told:?}");
}
