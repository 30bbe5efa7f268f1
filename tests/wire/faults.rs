//! What goes wrong on our side: models that do not load, engines that die, queues that are full, a server that stops, and
//! clients that leave.

use serde_json::{Value, json};

use crate::common::{HeldEngine, Server, signal, stop};
use crate::first_lines;
use crate::servers::stub::Stub;
use crate::stage::{file, make, of, tiny, user};
use crate::transcript::{Detail, Transcript};

/// Every route that a model answers, with a request that has a long answer.
fn requests(model: &str) -> [(&'static str, Value); 5] {
    let options = json!({"num_predict": 1_000_000, "temperature": 0});
    [
        ("/api/generate", json!({"model": model, "prompt": "open 1", "options": options})),
        ("/api/chat", json!({"model": model, "messages": user("open 1"), "options": options})),
        ("/api/embed", json!({"model": model, "input": "hi"})),
        ("/api/embeddings", json!({"model": model, "prompt": "hi"})),
        (
            "/v1/chat/completions",
            json!({"model": model, "messages": user("open 1"), "max_tokens": 1_000_000, "temperature": 0}),
        ),
    ]
}

/// Posts it both ways if it can be streamed.
async fn post(transcript: &mut Transcript<'_>, path: &str, request: Value) {
    if path.starts_with("/api/embed") {
        transcript.post(path, request).await;
    } else {
        transcript.post_both(path, request).await;
    }
}

#[tokio::test]
async fn models_that_do_not_load() {
    let (server, stub) = (Server::start(&["--memory", "16MB"], &[]), Stub::start().await);
    // From a registry comes what it has.
    stub.add_noise("noise", 1000);
    let half = file(&tiny());
    stub.add_model("half", &[half[..half.len() / 2].to_vec().into()]);
    stub.add_noise("gone", 2000);
    let name = |model: &str| format!("{}/library/{model}", stub.host());
    for model in ["noise", "half", "gone"] {
        let pull = json!({"model": format!("http://{}", name(model)), "insecure": true, "stream": false});
        server.post_json("/api/pull", &pull).await;
    }
    let layers = stub.manifest("gone").unwrap();
    let layers = quipu::store::Manifest::parse(layers.to_vec()).unwrap();
    let blob = layers.layers()[0].digest.to_string().replace(':', "-");
    std::fs::remove_file(server.home.path().join(".quipu/models/blobs").join(blob)).unwrap();
    make(&server, "martian", &tiny().architecture("llama", "martian"), json!({})).await;
    make(&server, "large", &tiny().more_rows("blk.1.ffn_down.weight", 100_000), json!({})).await;

    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.name(server.home.path().display().to_string(), "(home)");
    transcript.name(stub.host(), "(registry)");
    for (model, heading) in [
        (name("noise"), "A file that is no model"),
        (name("half"), "A file that is cut off"),
        ("martian".to_owned(), "An architecture that llama.cpp does not know"),
        ("large".to_owned(), "More than all the memory there is for models"),
        (name("gone"), "A model whose weights somebody removed"),
    ] {
        transcript.heading(heading);
        for (path, request) in requests(&model) {
            post(&mut transcript, path, request).await;
        }
        transcript.post_both("/api/generate", of(&model, json!({}))).await;
    }
    transcript.post("/api/show", json!({"model": name("gone")})).await;
    insta::assert_snapshot!(transcript.finish());
}

/// The process of the mock engine that was loaded last, by the next line of the log that tells of one.
fn engine(server: &Server) -> u32 {
    let line = server.wait_for_log("model loaded model=mock:latest");
    let pid = line.split("pid=").nth(1).and_then(|rest| rest.split_whitespace().next());
    pid.expect("a process id").parse().expect("a number")
}

/// Starts a server whose mock engine answers at great length.
async fn long_winded(arguments: &[&str]) -> Server {
    let arguments = [&["--mock", "--context", "100000"], arguments].concat();
    let server = Server::start(&arguments, &[("OLLAMA_DEBUG", "1")]);
    server.post_json("/api/generate", &json!({"model": "mock"})).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_that_die() {
    let server = long_winded(&[]).await;
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.heading("Before anything is sent: an error with its status");
    for (path, request) in requests("mock") {
        let (streams, begun): (&[Option<bool>], _) = if path.starts_with("/api/embed") {
            (&[None], "texts to be embedded")
        } else {
            (&[Some(false), Some(true)], "prompt rendered")
        };
        for stream in streams {
            let mut request = request.clone();
            if let Some(stream) = *stream {
                request["stream"] = stream.into();
            }
            // Whoever died before is alive again, and held still.
            server.post_json("/api/generate", &json!({"model": "mock"})).await;
            let engine = engine(&server);
            stop(engine);
            let answer = transcript.begin(path, &request);
            server.wait_for_log(begun);
            signal(engine, "KILL");
            transcript.answer(Vec::new(), answer.await.unwrap()).await;
        }
    }
    transcript.heading("In the middle of a stream: an error as its last line");
    for (path, request) in requests("mock") {
        if path.starts_with("/api/embed") {
            continue;
        }
        let mut request = request.clone();
        request["stream"] = true.into();
        server.post_json("/api/generate", &json!({"model": "mock"})).await;
        let mut answer = transcript.begin(path, &request).await.unwrap();
        // The first piece may look unlike the others: it names the role.
        let begun = first_lines(&mut answer, 2).await;
        signal(engine(&server), "KILL");
        transcript.answer(begun, answer).await;
    }
    transcript.heading("The next request starts the engine again");
    transcript.post("/api/generate", json!({"model": "mock"})).await;
    insta::assert_snapshot!(transcript.finish());
    // Eight before their first piece, and three in the middle.
    let failed = "quipu_request_failures_total{model=\"mock:latest\",cause=\"engine_died\"}";
    assert_eq!(server.metric(failed).await, 11.0);
    assert_eq!(server.metric("quipu_engine_crashes_total{model=\"mock:latest\"}").await, 11.0);
}

/// `mock` is in use, and there is room for one model only: requests for `tiny` wait.
#[tokio::test(flavor = "multi_thread")]
async fn queues_that_are_full_and_clients_that_leave() {
    let server = long_winded(&["--max-loaded", "1", "--max-queue", "1"]).await;
    make(&server, "tiny", &tiny(), json!({})).await;
    let mut transcript = Transcript::of(&server, Detail::Shape);
    let mut open = server.post("/api/generate", &requests("mock")[0].1).await;
    open.chunk().await.unwrap().expect("a first piece");

    transcript
        .heading("A client that leaves while its model waits for room hears nothing; log and metrics tell");
    let short = of("tiny", json!({"prompt": "hi", "stream": false, "options": {"num_predict": 1}}));
    let waiting = transcript.begin("/api/generate", &short);
    server.wait_for_log("waits until other models are idle or gone");
    waiting.abort();
    let logged = server.wait_for_log("status=499");
    let fields = logged
        .split_whitespace()
        .filter(|field| ["method=", "path=", "status="].iter().any(|name| field.starts_with(name)));
    transcript.note(&format!("log: {}", fields.collect::<Vec<_>>().join(" ")));
    let counted = "quipu_http_requests_total{method=\"POST\",route=\"/api/generate\",status=\"499\"}";
    transcript.note(&format!("metrics: {counted} {}", server.metric(counted).await));

    transcript.heading("The next one waits in its place; of two that come then, one is too many");
    // The first still holds the actor, since room may come any moment; the queue behind it has one place.
    let load = of("tiny", json!({}));
    let (mut one, mut two) =
        (transcript.begin("/api/generate", &load), transcript.begin("/api/generate", &load));
    let (refused, accepted) = tokio::select! {
        refused = &mut one => (refused, two),
        refused = &mut two => (refused, one),
    };
    transcript.answer(Vec::new(), refused.unwrap()).await;
    transcript.heading("From then on all are, whatever they want of it");
    for (path, request) in requests("tiny") {
        post(&mut transcript, path, request).await;
    }
    transcript.post("/api/generate", load).await;
    transcript.heading("The one that was accepted has its answer when there is room");
    drop(open);
    transcript.answer(Vec::new(), accepted.await.unwrap()).await;
    insta::assert_snapshot!(transcript.finish());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops() {
    let mut texts = Vec::new();
    for (heading, stream) in [("Before anything is sent", false), ("The same, of a stream", true)] {
        let server = long_winded(&["--drain-timeout", "0s"]).await;
        let mut transcript = Transcript::of(&server, Detail::Shape);
        transcript.heading(heading);
        let engine = HeldEngine::of(&server);
        let mut request = requests("mock")[0].1.clone();
        request["stream"] = stream.into();
        let answer = transcript.begin("/api/generate", &request);
        server.wait_for_log("prompt rendered");
        server.signal("TERM");
        transcript.answer(Vec::new(), answer.await.unwrap()).await;
        // An engine that is held cannot see that its server is gone.
        drop(engine);
        texts.push(transcript.finish());
    }
    let server = long_winded(&["--drain-timeout", "0s"]).await;
    let mut transcript = Transcript::of(&server, Detail::Shape);
    transcript.heading("In the middle of a stream");
    let mut answer = transcript.begin("/api/generate", &requests("mock")[0].1).await.unwrap();
    let begun = answer.chunk().await.unwrap().expect("a first piece").to_vec();
    server.signal("TERM");
    transcript.answer(begun, answer).await;
    texts.push(transcript.finish());
    insta::assert_snapshot!(texts.concat());
}
