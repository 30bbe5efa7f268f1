//! `POST /api/generate`.

use serde_json::{Value, json};

use crate::common::Server;
use crate::stage::{make, make_encoder, mock, of, tiny, with_chasqui};
use crate::transcript::{Detail, Transcript};

const PATH: &str = "/api/generate";

#[tokio::test]
async fn generate() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.heading("An answer, as one object and line by line");
    transcript.post_both(PATH, mock(json!({"prompt": "hi"}))).await;
    transcript.heading("It comes line by line unless told otherwise");
    transcript.post(PATH, mock(json!({"prompt": "hi"}))).await;
    transcript.heading("A prompt that is taken as it is, and one with a system message");
    let requests = [json!({"prompt": "hi", "raw": true}), json!({"prompt": "hi", "system": "be kind"})];
    transcript.post_all_both(PATH, requests.map(mock)).await;
    transcript.heading("The context of the first answer is gone on from");
    let context = json!([256, 104, 105, 116, 122, 101]);
    transcript.post_both(PATH, mock(json!({"prompt": "and", "context": context, "system": "be kind"}))).await;
    transcript.heading("Log-probabilities, without and with alternatives");
    transcript.post(PATH, mock(json!({"prompt": "hi", "logprobs": true, "stream": false}))).await;
    transcript.post_both(PATH, mock(json!({"prompt": "hi", "logprobs": true, "top_logprobs": 2}))).await;
    transcript.heading("A template of its own");
    transcript.post_both(PATH, mock(json!({"prompt": "hi", "template": "<{{ .Prompt }}>"}))).await;
    transcript.heading("Fields that say nothing, and options that nobody has any more");
    for request in [
        json!({"prompt": "hi", "images": [], "suffix": "", "template": "", "format": "", "keep_alive": "5m"}),
        json!({"prompt": "hi", "system": null, "format": null, "think": null, "context": null, "keep_alive": null}),
        json!({"prompt": "hi", "options": {"num_predict": 2, "mirostat": null, "tfs_z": 1, "unknown": true}}),
        json!({"prompt": "hi", "think": false, "raw": true, "suffix": "there"}),
    ] {
        transcript.post_both(PATH, mock(request)).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn ends_of_answers() {
    let server = Server::mock(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    let request =
        |prompt: &str, options: Value| json!({"model": "mock", "prompt": prompt, "options": options});
    transcript.heading("At a text that is to end it, and is no part of it");
    let stop = json!({"temperature": 0, "num_predict": 9, "stop": ["e", "q"]});
    transcript.post_both(PATH, request("hi", stop)).await;
    transcript.heading("At the limit of its tokens, of which fractions are cut off");
    transcript.post_both(PATH, request("hi", json!({"temperature": 0, "num_predict": 2.9}))).await;
    transcript.heading("Where the context is full, if it may not be shifted");
    let mut full = request("hi", json!({"temperature": 0, "num_ctx": 8}));
    full["shift"] = false.into();
    transcript.post_both(PATH, full).await;
    transcript.heading("A prompt that is too long for its context loses its middle");
    let long = request("once upon a time", json!({"temperature": 0, "num_ctx": 10, "num_predict": 1}));
    transcript.post_both(PATH, long.clone()).await;
    transcript.heading("Or is refused");
    for field in ["truncate", "shift"] {
        let mut refused = long.clone();
        refused["truncate"] = false.into();
        refused[field] = false.into();
        transcript.post_both(PATH, refused).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn models_loaded_and_unloaded() {
    let server = Server::mock(&[]).await;
    make(&server, "tiny", &tiny(), json!({})).await;
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.heading("No prompt, whatever else there is: the model is loaded");
    let requests = [
        json!({}),
        json!({"prompt": ""}),
        json!({"prompt": "", "system": "be kind", "raw": false}),
        json!({"prompt": "", "images": ["aGk="]}),
    ];
    transcript.post_all_both(PATH, requests.map(mock)).await;
    transcript.heading("With `keep_alive` 0, it is unloaded; one that is not loaded is not loaded for that");
    for keep_alive in [json!(0), json!("0"), json!("0s")] {
        transcript.post_both(PATH, of("tiny", json!({"keep_alive": keep_alive}))).await;
    }
    transcript.post_both(PATH, of("mock", json!({"prompt": "", "keep_alive": 0}))).await;
    transcript.get("/api/ps").await;
    transcript.heading("How long it stays: seconds, or a duration; for ever, if negative");
    for keep_alive in [json!(null), json!(300), json!(90.5), json!("5m"), json!("1.5h"), json!("1h30m")] {
        transcript.post(PATH, of("mock", json!({"keep_alive": keep_alive}))).await;
    }
    transcript.get("/api/ps").await;
    for keep_alive in [json!("-1m"), json!(-1)] {
        transcript.post(PATH, of("mock", json!({"keep_alive": keep_alive}))).await;
        transcript.get("/api/ps").await;
    }
    transcript.heading("What is no duration");
    for keep_alive in
        [json!("300"), json!("-1"), json!("soon"), json!(""), json!(true), json!([5]), json!({})]
    {
        transcript.post(PATH, of("mock", json!({"keep_alive": keep_alive}))).await;
    }
    transcript.heading("What would be refused with a prompt is refused without one");
    let requests = [
        json!({"model": "no"}),
        json!({"model": "no", "keep_alive": 0}),
        json!({}),
        json!({"model": "mock", "format": "yaml"}),
        json!({"model": "mock", "raw": true, "system": "be kind"}),
        json!({"model": "mock", "top_logprobs": 21}),
    ];
    transcript.post_all(PATH, requests).await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn generate_refuses() {
    let server = Server::mock(&[]).await;
    make(&server, "mine/tiny:1", &tiny(), json!({})).await;
    make_encoder(&server).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.heading("Models that are not there");
    for model in [json!(null), json!(""), json!("no"), json!("not/a/valid/name/at/all"), json!("no:tag")] {
        transcript.post_both(PATH, json!({"model": model, "prompt": "hi"})).await;
    }
    transcript.heading("What the model cannot do");
    for request in [
        of("encoder", json!({"prompt": "hi"})),
        of("encoder", json!({})),
        mock(json!({"prompt": "hi", "think": true})),
        mock(json!({"prompt": "hi", "think": "high"})),
        mock(json!({"prompt": "hi", "suffix": "there"})),
        of("mine/tiny:1", json!({"prompt": "hi", "suffix": "there"})),
        of("mine/tiny:1", json!({"prompt": "hi", "think": true})),
        mock(json!({"prompt": "hi", "images": ["aGk="]})),
    ] {
        transcript.post_both(PATH, request).await;
    }
    transcript.heading("What does not go together");
    for request in [
        json!({"prompt": "hi", "raw": true, "system": "be kind"}),
        json!({"prompt": "hi", "raw": true, "template": "x"}),
        json!({"prompt": "hi", "raw": true, "context": [104]}),
        json!({"prompt": "hi", "template": "a\n{{ .Prompt"}),
        json!({"prompt": "hi", "template": "a\n\n{{ index .Messages 9 }}"}),
    ] {
        transcript.post_both(PATH, mock(request)).await;
    }
    transcript.heading("Values that have no meaning");
    for request in [
        json!({"prompt": "hi", "top_logprobs": 21}),
        json!({"prompt": "hi", "top_logprobs": -1, "logprobs": true}),
        json!({"prompt": "hi", "think": "hard"}),
        json!({"prompt": "hi", "think": 1}),
        json!({"prompt": "hi", "format": "yaml"}),
        json!({"prompt": "hi", "format": 5}),
        json!({"prompt": "hi", "format": ["json"]}),
        json!({"prompt": "hi", "format": {"type": "object", "not": {}}}),
        json!({"prompt": "hi", "context": [999_999]}),
        json!({"prompt": "hi", "keep_alive": "300"}),
        json!({"prompt": "hi", "keep_alive": true}),
        json!({"prompt": "hi", "options": {"top_k": "many"}}),
        json!({"prompt": "hi", "options": {"stop": 5}}),
        json!({"prompt": "hi", "options": {"temperature": true}}),
        json!({"prompt": "hi", "options": {"temperature": -1}}),
        json!({"prompt": "hi", "options": {"num_ctx": 1}}),
    ] {
        transcript.post_both(PATH, mock(request)).await;
    }
    transcript.heading("Values of the wrong type");
    for request in [
        json!({"prompt": 5}),
        json!({"prompt": "hi", "system": ["be kind"]}),
        json!({"prompt": "hi", "stream": "no"}),
        json!({"prompt": "hi", "raw": 1}),
        json!({"prompt": "hi", "context": "all"}),
        json!({"prompt": "hi", "context": [-1]}),
        json!({"prompt": "hi", "options": "none"}),
        json!({"prompt": "hi", "logprobs": "all"}),
    ] {
        transcript.post(PATH, mock(request)).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

/// What the mock engine cannot do.
#[tokio::test]
async fn generate_with_thoughts_and_forms() {
    let server = with_chasqui();
    let mut transcript = Transcript::of(&server, Detail::Shape);
    let sum = |fields: Value| {
        let mut request = of("chasqui", json!({"prompt": "What is 4 + 5?", "options": {"temperature": 0}}));
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        request
    };
    transcript.heading("A model that can think does so, unless told not to");
    let requests = [json!({}), json!({"think": true}), json!({"think": "low"}), json!({"think": false})];
    transcript.post_all_both(PATH, requests.map(sum)).await;
    transcript.heading("An answer as the model writes it");
    transcript
        .post_both(PATH, sum(json!({"raw": true, "options": {"temperature": 0, "num_predict": 5}})))
        .await;
    transcript.heading("An answer of a given form: an object, what a schema allows, and Quipu's own forms");
    let bounded = json!({"type": "integer", "minimum": 0, "maximum": 99});
    for format in [
        json!("json"),
        json!({"type": "object", "properties": {"sum": bounded}, "required": ["sum"]}),
        json!({"choice": ["8", "9"]}),
        json!({"regex": "[0-9]{1,2}"}),
        json!({"grammar": "root ::= [0-9]+", "syntax": "gbnf"}),
    ] {
        let request =
            json!({"think": false, "format": format, "options": {"temperature": 0, "num_predict": 100}});
        transcript.post_both(PATH, sum(request)).await;
    }
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn insertions() {
    let server = Server::start(&[], &[]);
    make(&server, "plain", &tiny(), json!({})).await;
    let marks = [("fim_pre_token_id", 257_u32), ("fim_suf_token_id", 258), ("fim_mid_token_id", 259)];
    let inserter = marks
        .into_iter()
        .fold(tiny(), |model, (name, token)| model.set(&format!("tokenizer.ggml.{name}"), token));
    make(&server, "inserter", &inserter, json!({})).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    // The answer is certain: random weights would say anything.
    let options = json!({"num_predict": 2, "temperature": 0, "logit_bias": {"64": 100}});
    let request = |fields: Value| {
        let mut request = json!({"model": "inserter", "prompt": "f(", "suffix": ")", "options": options});
        request.as_object_mut().unwrap().append(&mut fields.as_object().unwrap().clone());
        request
    };
    transcript.heading("Text between two others, with the vocabulary's tokens (257, 258, 259) around them");
    transcript.post_both(PATH, request(json!({}))).await;
    transcript.heading("No suffix, and a raw prompt, which leaves it out");
    transcript.post(PATH, request(json!({"suffix": "", "stream": false}))).await;
    transcript.post(PATH, request(json!({"raw": true, "stream": false}))).await;
    transcript.heading("A model whose vocabulary has no such tokens");
    transcript.post_both(PATH, request(json!({"model": "plain"}))).await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn prompts_of_generate() {
    let server = Server::mock(&[]).await;
    let template =
        "{{ if .System }}[{{ .System }}] {{ end }}{{ if .Prompt }}<{{ .Prompt }}> {{ end }}{{ .Response }}";
    let fields = json!({
        "template": template, "system": "Be brief.",
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}],
    });
    make(&server, "bard", &tiny(), fields).await;
    let inserts = "{{ if .Suffix }}<{{ .Prompt }}|{{ .Suffix }}>{{ else }}{{ .Prompt }}{{ end }}";
    make(&server, "inserter", &tiny(), json!({"template": inserts})).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    let seen = |fields: Value| {
        let mut request = of("bard", json!({"_debug_render_only": true}));
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        request
    };
    transcript.heading("The model's system message and messages come first, by its template");
    transcript.post_both(PATH, seen(json!({"prompt": "Who are you?"}))).await;
    transcript.heading("The request's system message comes in place of the model's");
    transcript.post(PATH, seen(json!({"prompt": "Who are you?", "system": "Be kind."}))).await;
    transcript.heading("What goes on from a context has had both");
    transcript
        .post(PATH, seen(json!({"prompt": "Who are you?", "context": [5, 6], "system": "Be kind."})))
        .await;
    transcript.heading("A raw prompt has no template");
    transcript.post(PATH, seen(json!({"prompt": "Who are you?", "raw": true}))).await;
    transcript.heading("A suffix is for templates that use it; a raw prompt leaves it out");
    let suffix = json!({"model": "inserter", "prompt": "def f(", "suffix": "return x"});
    transcript.post_both(PATH, seen(suffix.clone())).await;
    let mut raw = suffix;
    raw["raw"] = true.into();
    transcript.post(PATH, seen(raw)).await;
    transcript.heading("A model without a template has the contents one a line");
    transcript.post(PATH, seen(json!({"model": "mock", "prompt": "hi", "system": "be kind"}))).await;
    insta::assert_snapshot!(transcript.finish());
}
