//! Names and digests: what parses, what does not, and where it leads.

use std::collections::HashSet;
use std::path::Component;

use proptest::prelude::*;

use super::*;

fn problem(text: &str) -> String {
    text.parse::<Name>().unwrap_err().to_string()
}

#[test]
fn defaults_are_filled_in() {
    let parts = |text: &str| {
        let name = name(text);
        format!("{} {} {} {}", name.host(), name.namespace(), name.model(), name.tag())
    };
    assert_eq!(parts("llama3.2"), "registry.ollama.ai library llama3.2 latest");
    assert_eq!(parts("llama3.2:1b"), "registry.ollama.ai library llama3.2 1b");
    assert_eq!(parts("me/m"), "registry.ollama.ai me m latest");
    assert_eq!(parts("hf.co/user/repo:Q4_K_M"), "hf.co user repo Q4_K_M");
    assert_eq!(parts("localhost:5000/a/b"), "localhost:5000 a b latest");
    assert_eq!(parts("https://h/n/m:t"), "h n m t");
    assert_eq!(parts("_/_/_:_"), "_ _ _ _");
}

#[test]
fn the_scheme_is_kept_but_names_nothing() {
    assert_eq!(name("HTTP://h:80/n/m").scheme(), Scheme::Http);
    assert_eq!(name("https://h/n/m").scheme(), Scheme::Https);
    assert_eq!(name("m").scheme(), Scheme::Https);
    assert_eq!(name("http://h/n/m"), name("h/n/m"));
    assert_eq!(name("http://h/n/m").to_string(), "h/n/m:latest");
}

#[test]
fn display_is_short() {
    let shown = |text: &str| name(text).to_string();
    assert_eq!(shown("registry.ollama.ai/library/m"), "m:latest");
    assert_eq!(shown("Registry.Ollama.ai/Library/M:T"), "M:T");
    assert_eq!(shown("registry.ollama.ai/me/m:t"), "me/m:t");
    assert_eq!(shown("hf.co/library/m"), "hf.co/library/m:latest");
}

#[test]
fn letter_case_makes_no_other_name() {
    let names: HashSet<_> = ["m", "M", "library/m:LATEST", "REGISTRY.ollama.AI/library/m"].map(name).into();
    assert_eq!(names.len(), 1);
    assert_ne!(name("m"), name("n"));
    assert_ne!(name("a/bc"), name("ab/c"));
    assert!(name("B") > name("a"));
}

#[test]
fn bad_names_are_refused_with_the_reason() {
    let too_long = "a".repeat(81);
    let cases = [
        ("", "the model is empty"),
        (":", "the model is empty"),
        ("m:", "the tag is empty"),
        ("/m", "the namespace is empty"),
        ("n/", "the model is empty"),
        ("//m", "the host is empty"),
        ("h//m", "the namespace is empty"),
        (" m", "the model starts with ' '"),
        ("m ", "the model may not contain ' '"),
        ("-m", "the model starts with '-'"),
        (".m", "the model starts with '.'"),
        ("..", "the model starts with '.'"),
        ("../m", "the namespace starts with '.'"),
        ("../../m", "the host starts with '.'"),
        ("a/../m", "the namespace starts with '.'"),
        ("m:..", "the tag starts with '.'"),
        ("m:../x", "the namespace may not contain ':'"),
        ("a/b/c/d", "the host may not contain '/'"),
        ("/etc/passwd", "the host is empty"),
        ("a.b/m", "the namespace may not contain '.'"),
        ("a:b/m", "the namespace may not contain ':'"),
        ("m:a:b", "the model may not contain ':'"),
        ("m@sha256:abc", "the model may not contain '@'"),
        ("a\\b", "the model may not contain '\\\\'"),
        ("a\0b", "the model may not contain '\\0'"),
        ("a\nb", "the model may not contain '\\n'"),
        ("modèle", "the model may not contain 'è'"),
        ("ftp://h/n/m", "the scheme must be https or http"),
        ("http://m", "host, namespace and model are needed"),
        ("http://n/m", "host, namespace and model are needed"),
        (too_long.as_str(), "the model is longer than 80 characters"),
    ];
    for (text, reason) in cases {
        let problem = problem(text);
        assert!(
            problem.starts_with("invalid model name ") && problem.contains(reason),
            "{text:?}: {problem}"
        );
    }
}

#[test]
fn lengths_are_limited() {
    let (long, longest) = ("a".repeat(80), "a".repeat(350));
    assert!(format!("{longest}/{long}/{long}:{long}").parse::<Name>().is_ok());
    for text in [format!("{longest}a/n/m"), format!("{long}a/m"), format!("m:{long}a")] {
        assert!(problem(&text).contains("longer than"));
    }
    assert!(problem(&"é".repeat(1_000_000)).len() < 1000);
}

#[test]
fn only_four_parts_make_a_name_of_a_path() {
    let from = |path: &str| Name::from_path(Path::new(path));
    assert_eq!(from("h/n/m/t"), Some(name("h/n/m:t")));
    for path in ["", "h/n/m", "h/n/m/t/u", "h/n/../t", "/h/n/m/t", "h/n/m/.DS_Store", "h/n.n/m/t"] {
        assert_eq!(from(path), None, "{path}");
    }
}

#[test]
fn digests_are_read_in_both_spellings_and_cases() {
    let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let digest = Digest::of(b"test");
    assert_eq!(digest.to_string(), format!("sha256:{hex}"));
    assert_eq!(digest.file_name(), format!("sha256-{hex}"));
    assert_eq!((digest.hex().as_str(), digest.short().as_str()), (hex, &hex[..12]));
    for text in [format!("sha256:{hex}"), format!("sha256-{hex}"), format!("sha256:{}", hex.to_uppercase())] {
        assert_eq!(text.parse::<Digest>().unwrap(), digest);
    }
}

#[test]
fn bad_digests_are_refused() {
    let hex = "0".repeat(64);
    for text in [
        String::new(),
        hex.clone(),
        "sha256:".to_owned(),
        format!("sha256:{}", &hex[1..]),
        format!("sha256:{hex}0"),
        format!("sha256:{hex}00"),
        format!("sha256:g{}", &hex[1..]),
        format!("sha256:+{}", &hex[1..]),
        format!("sha256/{hex}"),
        format!("sha512:{hex}"),
        format!("SHA256:{hex}"),
        format!("sha256:../{}", &hex[3..]),
        format!(" sha256:{hex}"),
    ] {
        assert_eq!(message(text.parse::<Digest>()), "invalid digest format", "{text}");
    }
}

/// A text that is likely to be a name, and as likely to break a rule.
fn nearly_a_name() -> impl Strategy<Value = String> {
    let part = "[a-zA-Z0-9_.:/@~-]{0,6}|\\.\\.|/|[a-z]{78,82}";
    prop_oneof![
        "((https?|ftp)://)?([a-z0-9.:_-]{1,8}/)?([A-Za-z0-9_.-]{1,8}/)?[A-Za-z0-9_.-]{1,8}(:[A-Za-z0-9_.:-]{0,8})?",
        proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn whatever_parses_leads_into_the_store(text in nearly_a_name()) {
        if let Ok(name) = text.parse::<Name>() {
            let path = name.path();
            prop_assert_eq!(path.components().count(), 4);
            prop_assert!(path.components().all(|c| matches!(c, Component::Normal(_))));
            prop_assert!(path.to_str().unwrap().bytes().all(|b| b.is_ascii_graphic()));
            let again = Name::from_path(&path).unwrap();
            prop_assert_eq!(again.parts(), name.parts());
        }
    }

    #[test]
    fn what_is_shown_is_the_same_name(text in nearly_a_name()) {
        if let Ok(name) = text.parse::<Name>() {
            let shown = name.to_string();
            let again: Name = shown.parse().unwrap();
            prop_assert_eq!(&again, &name);
            prop_assert_eq!(again.to_string(), shown);
            let upper: Name = text.to_uppercase().parse().unwrap();
            prop_assert_eq!(&upper, &name);
        }
    }

    #[test]
    fn whatever_parses_as_a_digest_is_one_file_name(text in "(sha256[:-])?[0-9a-fA-F./]{62,66}|.*") {
        if let Ok(digest) = text.parse::<Digest>() {
            let file = digest.file_name();
            prop_assert_eq!(file.len(), 71);
            prop_assert!(file.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
            prop_assert_eq!(file.replace('-', ":"), text.replace('-', ":").to_lowercase());
            prop_assert_eq!(file.parse::<Digest>().unwrap(), digest);
        }
    }
}
