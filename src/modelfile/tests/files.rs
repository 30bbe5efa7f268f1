//! `FROM`, `ADAPTER` and `DRAFT` against real folders.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

const DATA: &[u8] = b"GGUF\x03\0\0\0";
const ZIP: &[u8] = b"PK\x03\x04 and so on";
const TEXT: &[u8] = b"{\"a\": 1}\n";

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        write(folder.path(), name, content);
    }
    folder
}

fn write(folder: &Path, name: &str, content: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn base(folder: &TempDir) -> PathBase<'_> {
    PathBase { folder: folder.path(), home: None }
}

/// The names of the files that a `FROM` in this folder means.
fn names(value: &str, folder: &TempDir) -> Vec<String> {
    match expand_from(value, base(folder)).unwrap() {
        Source::Files(files) => files.into_iter().map(|file| file.name).collect(),
        Source::Name(name) => panic!("a name: {name}"),
    }
}

fn refused_from(value: &str, folder: &TempDir) -> String {
    expand_from(value, base(folder)).unwrap_err().to_string()
}

#[test]
fn one_file() {
    let folder = folder(&[("model.gguf", DATA), ("sub/other name", TEXT)]);
    assert_eq!(names("model.gguf", &folder), ["model.gguf"]);
    assert_eq!(names("./sub/other name", &folder), ["other name"]);
    let path = fs::canonicalize(folder.path()).unwrap().join("model.gguf");
    for value in [path.to_str().unwrap(), "sub/../model.gguf"] {
        let expected = LocalFile { name: "model.gguf".to_owned(), path: path.clone() };
        assert_eq!(expand_from(value, base(&folder)).unwrap(), Source::Files(vec![expected]));
    }
}

#[test]
fn names_of_models() {
    let folder = folder(&[("library", TEXT)]);
    let long = "x".repeat(5000);
    for value in ["llama3.2", "llama3.2:1b", "hf.co/some/repo:Q4_K_M", "library/llama3", "a\0b", &long] {
        assert_eq!(expand_from(value, base(&folder)).unwrap(), Source::Name(value.to_owned()));
    }
}

#[test]
fn paths_that_are_not_there() {
    let folder = folder(&[]);
    for value in ["./model.gguf", "../nowhere/model.gguf", "/nowhere/model.gguf", "model-*.gguf", ".hidden"] {
        let error = refused_from(value, &folder);
        let expected =
            format!("FROM {value}: there is no such file or folder: {}", folder.path().join(value).display());
        assert_eq!(error, expected);
    }
}

#[test]
fn the_home_folder() {
    let home = folder(&[("m/model.gguf", DATA), ("model.gguf", DATA)]);
    let here = folder(&[]);
    let with_home = PathBase { folder: here.path(), home: Some(home.path()) };
    for value in ["~/m/model.gguf", "~//m/model.gguf", "~/m", "~", "~/m/*.gguf"] {
        let Source::Files(files) = expand_from(value, with_home).unwrap() else { panic!("{value}") };
        assert_eq!(files.len(), 1, "{value}");
        assert_eq!(files[0].name, "model.gguf", "{value}");
    }
    assert!(
        expand_from("~/absent", with_home).unwrap_err().to_string().starts_with("FROM ~/absent: there is no")
    );
    assert!(refused_from("~/m", &here).starts_with("failed to get current user: "));
    assert!(refused_from("~bob/m", &here).starts_with("failed to find user 'bob': "));
}

#[test]
fn weights_by_preference() {
    let all: &[(&str, &[u8])] = &[
        ("z.bin", DATA),
        ("a.gguf", DATA),
        ("b.gguf", DATA),
        ("consolidated.00.pth", ZIP),
        ("pytorch_model-00001-of-00002.bin", ZIP),
        ("pytorch_model-00002-of-00002.bin", ZIP),
        ("consolidated.safetensors", TEXT),
        ("model-00002-of-00002.safetensors", TEXT),
        ("model-00001-of-00002.safetensors", TEXT),
        ("README.md", TEXT),
    ];
    let folder = folder(all);
    let expected: [&[&str]; 6] = [
        &["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
        &["consolidated.safetensors"],
        &["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"],
        &["consolidated.00.pth"],
        &["a.gguf", "b.gguf"],
        &["z.bin"],
    ];
    for expected in expected {
        assert_eq!(names(".", &folder), expected);
        for name in expected {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
    }
    let error = refused_from(".", &folder);
    assert!(error.starts_with("no Modelfile or safetensors files found in /"), "{error}");
    assert!(error.contains("model*.safetensors, consolidated*.safetensors, pytorch_model*.bin"), "{error}");
}

#[test]
fn what_belongs_to_the_weights() {
    let folder = folder(&[
        ("model.safetensors", DATA),
        ("2_Dense/model.safetensors", DATA),
        ("2_Dense/config.json", TEXT),
        ("2_Dense/deeper/config.json", TEXT),
        (".cache/state.json", TEXT),
        ("tokenizer.json", TEXT),
        ("config.json", TEXT),
        ("chat_template.jinja", TEXT),
        ("tokenizer.model", DATA),
        ("training.log", TEXT),
    ]);
    let expected = [
        "model.safetensors",
        "2_Dense/model.safetensors",
        "config.json",
        "tokenizer.json",
        "2_Dense/config.json",
        "chat_template.jinja",
        "tokenizer.model",
    ];
    assert_eq!(names("", &folder), expected);
    fs::create_dir(folder.path().join("original")).unwrap();
    fs::rename(folder.path().join("tokenizer.model"), folder.path().join("original/tokenizer.model"))
        .unwrap();
    assert_eq!(names(".", &folder).last().unwrap(), "original/tokenizer.model");
    write(folder.path(), "tokenizer.model", DATA);
    assert_eq!(names(".", &folder), expected);
}

#[test]
fn files_that_are_not_what_they_are_called() {
    // What git leaves where git-lfs is missing.
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    let pointers = folder(&[("model.gguf", pointer), ("config.json", TEXT)]);
    assert!(refused_from(".", &pointers).contains("git lfs pull"));
    let mixed =
        folder(&[("a.gguf", DATA), ("b.gguf", pointer), ("c.bin", DATA), ("tokenizer.model", pointer)]);
    assert_eq!(names(".", &mixed), ["c.bin"]);
    let pytorch = folder(&[("pytorch_model.bin", b"text"), ("config.json", TEXT)]);
    assert!(refused_from(".", &pytorch).starts_with("no Modelfile or safetensors files found"));

    let config = folder(&[("model.gguf", DATA), ("config.json", DATA)]);
    let path = fs::canonicalize(config.path()).unwrap().join("config.json");
    assert_eq!(
        refused_from(".", &config),
        format!(
            "invalid content type: expected text/plain but got application/octet-stream for {}",
            path.display()
        )
    );
}

#[test]
fn patterns() {
    let folder = folder(&[
        ("[odd]/model-00002-of-00002.gguf", DATA),
        ("[odd]/model-00001-of-00002.gguf", DATA),
        ("[odd]/projector.gguf", DATA),
        ("[odd]/model-folder.gguf/x", DATA),
    ]);
    let odd = folder.path().join("[odd]");
    let base = PathBase { folder: &odd, home: None };
    for pattern in ["./model-*.gguf", "model-?????-of-*", "*-of-00002.gguf"] {
        let Source::Files(files) = expand_from(pattern, base).unwrap() else { panic!("{pattern}") };
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["model-00001-of-00002.gguf", "model-00002-of-00002.gguf"], "{pattern}");
    }
    let error = expand_from("[", base).unwrap_err().to_string();
    assert!(error.starts_with("syntax error in pattern [: "), "{error}");
    // A file that is there is meant as it is.
    assert!(matches!(expand_from("[odd]/projector.gguf", self::base(&folder)).unwrap(), Source::Files(_)));
}

#[cfg(unix)]
#[test]
fn links_stay_in_their_folder() {
    use std::os::unix::fs::symlink;

    let outside = folder(&[("secret.json", TEXT), (".cache/model.gguf", DATA)]);
    let inside = folder(&[("model.safetensors", DATA), ("blobs/config", TEXT)]);
    symlink(inside.path().join("blobs/config"), inside.path().join("config.json")).unwrap();
    assert_eq!(names(".", &inside), ["model.safetensors", "config.json"]);

    symlink(outside.path().join("secret.json"), inside.path().join("extra.json")).unwrap();
    let error = refused_from(".", &inside);
    assert!(error.starts_with("insecure path: extra.json is a link to /"), "{error}");
    assert!(!error.contains("--local-dir"), "{error}");

    let cached = folder(&[]);
    symlink(outside.path().join(".cache/model.gguf"), cached.path().join("model.gguf")).unwrap();
    assert!(
        refused_from(".", &cached)
            .ends_with("Use --local-dir <dir> when downloading model to disable caching")
    );
    // The user named it.
    assert_eq!(names("model.gguf", &cached), ["model.gguf"]);

    let broken = folder(&[("model-1.safetensors", DATA)]);
    symlink(broken.path().join("absent"), broken.path().join("model-2.safetensors")).unwrap();
    assert!(refused_from(".", &broken).starts_with("cannot read /"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_reached_by_a_link() {
    let real = folder(&[("model.gguf", DATA)]);
    let here = folder(&[]);
    std::os::unix::fs::symlink(real.path(), here.path().join("link")).unwrap();
    assert_eq!(names("link", &here), ["model.gguf"]);
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_read() {
    let folder = folder(&[("model.gguf", DATA)]);
    assert!(refused_from("/dev/zero", &folder).ends_with("this is neither a file nor a folder"));
    let socket = std::os::unix::net::UnixListener::bind(folder.path().join("a.json")).unwrap();
    assert_eq!(names(".", &folder), ["model.gguf"]);
    drop(socket);
}

#[test]
fn adapters_and_drafts() {
    let folder = folder(&[
        ("lora/adapter_model.safetensors", DATA),
        ("lora/adapter_config.json", TEXT),
        ("mlx/adapters.safetensors", DATA),
        ("lora.gguf", DATA),
        ("draft/model.gguf", DATA),
    ]);
    let recipe = |text: &str| parse(format!("FROM base\n{text}").as_bytes()).unwrap().recipe(base(&folder));
    let names = |files: &[LocalFile]| files.iter().map(|file| file.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        names(&recipe("ADAPTER lora").unwrap().adapters),
        ["adapter_model.safetensors", "adapter_config.json"]
    );
    assert_eq!(names(&recipe("ADAPTER ./mlx").unwrap().adapters), ["adapters.safetensors"]);
    assert_eq!(
        names(&recipe("ADAPTER lora.gguf\nADAPTER mlx").unwrap().adapters),
        ["lora.gguf", "adapters.safetensors"]
    );
    assert_eq!(names(&recipe("DRAFT draft").unwrap().draft_files), ["model.gguf"]);
    for (text, command) in [("ADAPTER absent", "ADAPTER absent"), ("DRAFT llama3.2:1b", "DRAFT llama3.2:1b")]
    {
        let error = recipe(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{command}: there is no such file or folder: /")), "{error}");
    }
}

#[test]
fn a_model_does_not_draft_for_itself() {
    let folder = folder(&[("model.gguf", DATA)]);
    let path = fs::canonicalize(folder.path()).unwrap().join("model.gguf");
    for text in ["FROM .\nDRAFT .", "DRAFT ./model.gguf\nFROM model.gguf", "FROM .\nDRAFT model.gguf"] {
        let error = parse(text.as_bytes()).unwrap().recipe(base(&folder)).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("DRAFT must not reference the same local path as FROM: {}", path.display())
        );
    }
}

#[test]
fn several_from_lines() {
    let folder = folder(&[("model.gguf", DATA), ("mmproj.gguf", DATA), ("other/model.gguf", DATA)]);
    let recipe = |text: &str| parse(text.as_bytes()).unwrap().recipe(base(&folder));
    let both = recipe("FROM model.gguf\nFROM mmproj.gguf\nFROM ./model.gguf").unwrap();
    assert_eq!(
        both.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["model.gguf", "mmproj.gguf"]
    );
    assert_eq!(both.from, None);
    let once = recipe("FROM other/model.gguf\nFROM other").unwrap();
    assert_eq!(once.files.len(), 1);
    let folder_too = recipe("FROM mmproj.gguf\nFROM .").unwrap();
    assert_eq!(folder_too.files.len(), 2);
    let projector = recipe("FROM llama3\nFROM ./mmproj.gguf").unwrap();
    assert_eq!((projector.from.as_deref(), projector.files.len()), (Some("llama3"), 1));
    let error = recipe("FROM model.gguf\nFROM other/model.gguf").unwrap_err().to_string();
    assert!(error.ends_with("would both be named \"model.gguf\": rename one of them"), "{error}");
}
