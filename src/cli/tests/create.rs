//! `create`.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::super::create::read_modelfile;
use super::script::{Script, command, session};
use crate::store::Digest;

/// A folder with a file that begins as GGUF files do, one that does not, and a Modelfile.
fn folder(modelfile: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("tiny.gguf"), b"GGUF\x03\0\0\0 and so on").unwrap();
    fs::write(folder.path().join("notes.bin"), b"\0 something else").unwrap();
    fs::write(folder.path().join("Modelfile"), modelfile).unwrap();
    folder
}

fn digest_of(folder: &TempDir, name: &str) -> String {
    Digest::of(&fs::read(folder.path().join(name)).unwrap()).to_string()
}

/// Runs `quipu create tiny -f Modelfile …` in front of a script. The folder's name is left out of what it says.
async fn create(script: &Script, folder: &TempDir, arguments: &[&str]) -> String {
    let path = fs::canonicalize(folder.path()).unwrap();
    let file = path.join("Modelfile");
    let line = [&["create", "tiny", "-f", file.to_str().unwrap()], arguments].concat();
    script.quipu(&line).await.replace(path.to_str().unwrap(), "<folder>")
}

fn created(script: Script) -> Script {
    script.stream(
        "POST /api/create",
        &[
            json!({"status": "parsing GGUF"}),
            json!({"status": "quantizing F16 model to Q4_K_M", "digest": "0000000000000000000", "total": 9, "completed": 0}),
            json!({"status": "quantizing F16 model to Q4_K_M", "digest": "0000000000000000000", "total": 9, "completed": 9}),
            json!({"status": "using existing layer sha256:6a"}),
            json!({"status": "writing manifest"}),
            json!({"status": "success"}),
        ],
    )
}

#[tokio::test]
async fn files_are_uploaded_once() {
    let folder =
        folder("FROM ./tiny.gguf\nADAPTER ./notes.bin\nDRAFT ./draft\nSYSTEM Say arr.\nPARAMETER tfs_z 1\n");
    fs::write(folder.path().join("draft"), b"GGUF and a draft").unwrap();
    let script = created(Script::default())
        .answer(&format!("HEAD /api/blobs/{}", digest_of(&folder, "tiny.gguf")), 404, "")
        .answer(&format!("POST /api/blobs/{}", digest_of(&folder, "tiny.gguf")), 201, "")
        .answer(&format!("HEAD /api/blobs/{}", digest_of(&folder, "draft")), 404, "")
        .answer(&format!("POST /api/blobs/{}", digest_of(&folder, "draft")), 201, "")
        .answer(&format!("HEAD /api/blobs/{}", digest_of(&folder, "notes.bin")), 200, "");
    insta::assert_snapshot!(create(&script, &folder, &["-q", "q4_k_m", "--draft-quantize", "Q8_0"]).await, @r#"
    exit 0
    -- out --
    -- err --
    warning: parameter tfs_z is deprecated
    gathering model components
    hashing files
    copying file sha256:9a5574b241f78be44ce1ff86e215c2a7fc451e208abf66587a74b473a727d9ac 100%
    copying file sha256:19f13d9354fd32ba5648ff9eabef8801378199bdc4a7a267a6aecb9be2be95f5 100%
    parsing GGUF
    quantizing F16 model to Q4_K_M
    using existing layer sha256:6a
    writing manifest
    success
    -- asked --
    HEAD /api/blobs/sha256:9a5574b241f78be44ce1ff86e215c2a7fc451e208abf66587a74b473a727d9ac
    POST /api/blobs/sha256:9a5574b241f78be44ce1ff86e215c2a7fc451e208abf66587a74b473a727d9ac (16 bytes)
    HEAD /api/blobs/sha256:b72554b3825b012fa472e0fd442214056b13a7718427e192cc730346d1c25e29
    HEAD /api/blobs/sha256:19f13d9354fd32ba5648ff9eabef8801378199bdc4a7a267a6aecb9be2be95f5
    POST /api/blobs/sha256:19f13d9354fd32ba5648ff9eabef8801378199bdc4a7a267a6aecb9be2be95f5 (18 bytes)
    POST /api/create {"model":"tiny","files":{"tiny.gguf":"sha256:19f13d9354fd32ba5648ff9eabef8801378199bdc4a7a267a6aecb9be2be95f5"},"draft_files":{"draft":"sha256:9a5574b241f78be44ce1ff86e215c2a7fc451e208abf66587a74b473a727d9ac"},"adapters":{"notes.bin":"sha256:b72554b3825b012fa472e0fd442214056b13a7718427e192cc730346d1c25e29"},"quantize":"Q4_K_M","draft_quantize":"Q8_0","system":"Say arr."}
    "#);
}

#[tokio::test]
async fn a_model_may_build_on_another() {
    let modelfile = "from llama3.2\nTEMPLATE {{ .Prompt }}\nSYSTEM Say arr.\nPARAMETER temperature 0.7\n\
                     PARAMETER stop a\nPARAMETER stop b\nLICENSE MIT\nLICENSE more\nMESSAGE user Who?\n\
                     MESSAGE assistant Me.\nRENDERER r\nPARSER p\nREQUIRES v0.14.0\n";
    let script = created(Script::default());
    insta::assert_snapshot!(create(&script, &folder(modelfile), &[]).await, @r#"
    exit 0
    -- out --
    -- err --
    gathering model components
    parsing GGUF
    quantizing F16 model to Q4_K_M
    using existing layer sha256:6a
    writing manifest
    success
    -- asked --
    POST /api/create {"model":"tiny","from":"llama3.2","template":"{{ .Prompt }}","system":"Say arr.","license":["MIT","more"],"parameters":{"temperature":0.7,"stop":["a","b"]},"messages":[{"role":"user","content":"Who?"},{"role":"assistant","content":"Me."}],"renderer":"r","parser":"p","requires":"0.14.0"}
    "#);
}

#[tokio::test]
async fn in_place_sends_the_path() {
    let script = created(Script::default());
    insta::assert_snapshot!(create(&script, &folder("FROM tiny.gguf\n"), &["--in-place"]).await, @r#"
    exit 0
    -- out --
    -- err --
    gathering model components
    parsing GGUF
    quantizing F16 model to Q4_K_M
    using existing layer sha256:6a
    writing manifest
    success
    -- asked --
    POST /api/create {"model":"tiny","in_place":{"tiny.gguf":"<folder>/tiny.gguf"}}
    "#);
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_is_sent() {
    for (modelfile, arguments, error) in [
        (
            "FROM notes.bin",
            &["--in-place"][..],
            "--in-place: notes.bin is no GGUF file, others cannot be used in place",
        ),
        ("FROM llama3.2", &["--in-place"], "--in-place: FROM names a model, not a file"),
        ("FROM tiny.gguf", &["--draft-quantize", "Q8_0"], "--draft-quantize requires a DRAFT model"),
        ("FROM tiny.gguf\nPARAMETER x 1", &[], "unknown parameter 'x'"),
        ("SYSTEM arr", &[], "no FROM line"),
    ] {
        let golden = create(&Script::default(), &folder(modelfile), arguments).await;
        assert_eq!(golden, format!("exit 1\n-- out --\n-- err --\nError: {error}\n-- asked --\n"));
    }
}

#[tokio::test]
async fn names_are_checked_first() {
    let golden = Script::default().quipu(&["create", "a b"]).await;
    assert_eq!(golden, "exit 1\n-- out --\n-- err --\nError: invalid model name: a b\n-- asked --\n");
}

#[tokio::test]
async fn in_place_needs_the_server_on_this_machine() {
    let folder = folder("FROM tiny.gguf");
    let (mut session, streams) = session("192.0.2.1");
    let file = folder.path().join("Modelfile");
    let outcome =
        command(&["create", "tiny", "--in-place", "-f", file.to_str().unwrap()], &mut session).await;
    let error = "Error: --in-place: the server is on another machine and cannot read files here";
    assert_eq!(streams.golden(outcome), format!("exit 1\n-- out --\n-- err --\n{error}\n"));
}

#[tokio::test]
async fn a_refused_upload_ends_it() {
    let folder = folder("FROM tiny.gguf");
    let digest = digest_of(&folder, "tiny.gguf");
    let refusal = json!({"error": format!("digest mismatch, expected \"{digest}\", got \"sha256:0\"")});
    let script = Script::default().answer(&format!("HEAD /api/blobs/{digest}"), 404, "").answer(
        &format!("POST /api/blobs/{digest}"),
        400,
        refusal,
    );
    insta::assert_snapshot!(create(&script, &folder, &[]).await, @r#"
    exit 1
    -- out --
    -- err --
    gathering model components
    hashing files
    Error: digest mismatch, expected "sha256:19f13d9354fd32ba5648ff9eabef8801378199bdc4a7a267a6aecb9be2be95f5", got "sha256:0"
    -- asked --
    HEAD /api/blobs/sha256:19f13d9354fd32ba5648ff9eabef8801378199bdc4a7a267a6aecb9be2be95f5
    POST /api/blobs/sha256:19f13d9354fd32ba5648ff9eabef8801378199bdc4a7a267a6aecb9be2be95f5 (18 bytes)
    "#);
    let script = Script::default().answer(&format!("HEAD /api/blobs/{digest}"), 500, "");
    insta::assert_snapshot!(create(&script, &folder, &[]).await, @r"
    exit 1
    -- out --
    -- err --
    gathering model components
    hashing files
    Error: 500 Internal Server Error
    -- asked --
    HEAD /api/blobs/sha256:19f13d9354fd32ba5648ff9eabef8801378199bdc4a7a267a6aecb9be2be95f5
    ");
}

#[tokio::test]
async fn an_error_of_the_server_ends_it() {
    let lines = [json!({"status": "parsing GGUF"}), json!({"error": "supplied file was not in GGUF format"})];
    let script = Script::default().stream("POST /api/create", &lines);
    insta::assert_snapshot!(create(&script, &folder("FROM tiny.gguf"), &["--in-place"]).await, @r#"
    exit 1
    -- out --
    -- err --
    gathering model components
    parsing GGUF
    Error: supplied file was not in GGUF format
    -- asked --
    POST /api/create {"model":"tiny","in_place":{"tiny.gguf":"<folder>/tiny.gguf"}}
    "#);
}

#[tokio::test]
async fn a_large_file_is_sent_whole() {
    let folder = folder("FROM large.gguf");
    let bytes: Vec<u8> = b"GGUF".iter().copied().chain((0..3_000_000_u32).map(|i| (i % 251) as u8)).collect();
    fs::write(folder.path().join("large.gguf"), &bytes).unwrap();
    let digest = digest_of(&folder, "large.gguf");
    let script = created(Script::default()).answer(&format!("HEAD /api/blobs/{digest}"), 404, "").answer(
        &format!("POST /api/blobs/{digest}"),
        201,
        "",
    );
    let golden = create(&script, &folder, &[]).await;
    assert!(golden.contains(&format!("POST /api/blobs/{digest} ({} bytes)\n", bytes.len())), "{golden}");
    assert!(golden.contains(&format!("copying file {digest} 100%\n")), "{golden}");
}

#[test]
fn without_a_modelfile_the_folder_is_the_model() {
    let empty = TempDir::new().unwrap();
    let (modelfile, folder) = read_modelfile(None, empty.path()).unwrap();
    assert_eq!((modelfile.to_string().as_str(), folder.as_path()), ("FROM .\n", empty.path()));
}

#[test]
fn a_modelfile_is_looked_for_where_it_should_be() {
    let folder = folder("FROM a");
    let text = |file: Option<&Path>, start: &Path| {
        read_modelfile(file, start).map(|(modelfile, folder)| (modelfile.to_string(), folder))
    };
    let expected = ("FROM a\n".to_owned(), folder.path().to_owned());
    assert_eq!(text(None, folder.path()).unwrap(), expected);
    assert_eq!(text(Some(&folder.path().join("Modelfile")), Path::new("/")).unwrap(), expected);
    assert_eq!(text(Some(Path::new("Modelfile")), folder.path()).unwrap(), expected);
    let missing = text(Some(Path::new("other")), folder.path()).unwrap_err();
    assert_eq!(missing.to_string(), "specified Modelfile wasn't found");
    let unreadable = text(Some(folder.path()), Path::new("/")).unwrap_err();
    assert!(unreadable.to_string().starts_with("cannot read "), "{unreadable}");
}
