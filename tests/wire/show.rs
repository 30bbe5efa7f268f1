//! `POST /api/show`.

use reqwest::Method;
use serde_json::json;

use crate::common::Server;
use crate::stage::{eyes, file, make, make_encoder, of, tiny, upload};
use crate::transcript::{Detail, Transcript};

const PATH: &str = "/api/show";

#[tokio::test]
async fn show() {
    let server = Server::mock(&[]).await;
    make(&server, "plain", &tiny(), json!({})).await;
    let fields = json!({
        "system": "Be brief.", "template": "{{ .System }} {{ .Prompt }}", "license": ["MIT", "BSD\nof three clauses"],
        "parameters": {"stop": ["a", "b\n"], "top_p": 0.5, "num_ctx": 64, "use_mmap": true},
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}],
        "requires": "0.14.0",
    });
    make(&server, "mine/bard:1", &tiny(), fields).await;
    let files = json!({"model.gguf": upload(&server, file(&tiny())).await, "eyes.gguf": upload(&server, file(&eyes())).await});
    server.post_json("/api/create", &json!({"model": "seer", "files": files, "stream": false})).await;
    let jinja =
        "{% for m in messages %}{{ m.role }}: {{ m.content }}<tool_call></tool_call>{% endfor %}{{ tools }}";
    make(&server, "talker", &tiny().set("tokenizer.chat_template", jinja), json!({})).await;
    make_encoder(&server).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.name(server.home.path().display().to_string(), "(home)");
    transcript.heading("A model that is made of a file and nothing else");
    transcript.post(PATH, json!({"model": "plain"})).await;
    transcript.heading("With all that its file says");
    transcript.post(PATH, json!({"model": "plain", "verbose": true})).await;
    transcript.heading("A model that says much, by the older name of the field");
    transcript.post(PATH, json!({"name": "MINE/bard:1"})).await;
    transcript.heading("As it would be with other parts");
    let others =
        json!({"system": "Be long.", "template": "{{ .Prompt }}", "options": {"top_p": 0.9, "seed": 1}});
    transcript.post(PATH, of("mine/bard:1", others)).await;
    transcript.heading("A model that sees");
    transcript.post(PATH, json!({"model": "seer"})).await;
    transcript.heading("One whose file has a template that knows of tools");
    transcript.post(PATH, json!({"model": "talker"})).await;
    transcript.heading("A model that makes vectors");
    transcript.post(PATH, json!({"model": "encoder"})).await;
    transcript.heading("The mock model has no file");
    transcript.post(PATH, json!({"model": "mock"})).await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test]
async fn show_for_copilot_and_refusals() {
    let server = Server::start(&[], &[]);
    make(&server, "plain", &tiny().set("general.basename", "tiny"), json!({})).await;
    let mut transcript = Transcript::of(&server, Detail::Exact);
    transcript.name(server.home.path().display().to_string(), "(home)");
    transcript.heading("For GitHub Copilot, the base name is the one that was asked for");
    for agent in ["GitHubCopilotChat/0.26.7", "curl/8.5.0"] {
        let body = json!({"model": "plain:latest"}).to_string();
        transcript.send_with(Method::POST, PATH, body, &[("user-agent", agent)]).await;
    }
    transcript.heading("What is not there, and what is no name");
    for request in [
        json!({}),
        json!({"model": ""}),
        json!({"model": "", "name": ""}),
        json!({"model": "nothing"}),
        json!({"model": "nothing:1"}),
        json!({"model": "nothing:local"}),
        json!({"model": "not/a/valid/name/at/all"}),
        json!({"model": "two words"}),
        json!({"model": ["plain"]}),
        json!({"model": "plain", "verbose": "yes"}),
        json!({"model": "plain", "options": [1]}),
    ] {
        transcript.post(PATH, request).await;
    }
    insta::assert_snapshot!(transcript.finish());
}
