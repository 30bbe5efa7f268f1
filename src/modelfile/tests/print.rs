//! What is printed is read as the same.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn printed(instruction: Instruction) -> String {
    instruction.to_string()
}

#[test]
fn values_are_quoted_where_it_is_needed() {
    for (value, expected) in [
        ("a b", "SYSTEM a b"),
        ("", "SYSTEM "),
        ("it's \"fine\"", "SYSTEM it's \"fine\""),
        ("#", "SYSTEM #"),
        ("two\nlines", "SYSTEM \"two\nlines\""),
        (" a", "SYSTEM \" a\""),
        ("a ", "SYSTEM \"a \""),
        (" \"a\"", "SYSTEM \"\"\" \"a\"\"\"\""),
        ("\"a\"\nb", "SYSTEM \"\"\"\"a\"\nb\"\"\""),
        ("\"a\"", "SYSTEM \"\"\"\"a\"\"\"\""),
        ("a\rb", "SYSTEM \"a\rb\""),
        ("\ta", "SYSTEM \"\ta\""),
    ] {
        assert_eq!(printed(system(value)), expected);
    }
}

#[test]
fn every_instruction_is_printed() {
    let own = |constructor: fn(String) -> Instruction| constructor("a\nb".to_owned()).to_string();
    for (text, command) in [
        (own(Instruction::From), "FROM"),
        (own(Instruction::Adapter), "ADAPTER"),
        (own(Instruction::Draft), "DRAFT"),
        (own(Instruction::Template), "TEMPLATE"),
        (own(Instruction::License), "LICENSE"),
        (own(Instruction::Renderer), "RENDERER"),
        (own(Instruction::Parser), "PARSER"),
        (own(Instruction::Requires), "REQUIRES"),
        (printed(parameter("stop", "a\nb")), "PARAMETER stop"),
        (printed(message("user", "a\nb")), "MESSAGE user"),
    ] {
        assert_eq!(text, format!("{command} \"a\nb\""));
    }
    let modelfile = Modelfile { instructions: vec![from("a"), system("b")] };
    assert_eq!(modelfile.to_string(), "FROM a\nSYSTEM b\n");
}

/// Whether the language has a way to write this value: no line but the last ends with three quotes.
fn representable(value: &str) -> bool {
    !value.match_indices(['\n', '\r']).any(|(at, _)| value[..at].trim_end().ends_with("\"\"\""))
}

/// Text of these pieces, and of any other.
fn text_of(pieces: &'static [&'static str], others: &'static str) -> impl Strategy<Value = String> {
    vec(prop_oneof![6 => select(pieces).prop_map(str::to_owned), 1 => others], 0..12)
        .prop_map(|pieces| pieces.concat())
}

/// A value, made of what the parser looks at.
fn value() -> impl Strategy<Value = String> {
    const PIECES: &[&str] =
        &["\"", "\"\"\"", " ", "\t", "\n", "\r", "\r\n", "#", "FROM", "x", "é", "{{ .System }}", "你好"];
    text_of(PIECES, "[ -~]{0,6}").prop_filter("cannot be written", |value| representable(value))
}

fn instruction() -> impl Strategy<Value = Instruction> {
    prop_oneof![
        value().prop_map(Instruction::From),
        value().prop_map(Instruction::Adapter),
        value().prop_map(Instruction::Draft),
        value().prop_map(Instruction::Template),
        value().prop_map(Instruction::System),
        value().prop_map(Instruction::License),
        value().prop_map(Instruction::Renderer),
        value().prop_map(Instruction::Parser),
        value().prop_map(Instruction::Requires),
        ("[A-Za-z0-9_]{1,8}", value()).prop_map(|(name, value)| Instruction::Parameter { name, value }),
        (select(["system", "user", "assistant"].as_slice()), value())
            .prop_map(|(role, content)| Instruction::Message(Message { role: role.to_owned(), content })),
    ]
}

/// Text that looks like a Modelfile, mostly.
fn text() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "FROM ",
        "FROM a\n",
        "SYSTEM ",
        "SYSTEM \"",
        "TEMPLATE \"\"\"",
        "PARAMETER stop ",
        "PARAMETER ",
        "MESSAGE user ",
        "MESSAGE ",
        "REQUIRES",
        "BAD ",
        "\"",
        "\"\"\"",
        "\"\n",
        "\n",
        "\r\n",
        "\r",
        " ",
        "\t",
        "#",
        "x",
        "é",
        "\u{200D}",
        "\0",
    ];
    text_of(PIECES, ".{0,8}")
}

/// What holds for any bytes.
fn check(bytes: &[u8]) {
    match parse(bytes) {
        Ok(modelfile) => {
            let printed = modelfile.to_string();
            let again = parse(printed.as_bytes()).unwrap();
            assert_eq!(again, modelfile, "printed as {printed:?}");
            assert_eq!(again.to_string(), printed);
        }
        Err(error) => {
            let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
            let lines = text.split(['\n', '\r']).count();
            if !bytes.starts_with(&[0xFF, 0xFE]) && !bytes.starts_with(&[0xFE, 0xFF]) {
                assert!(error.line().is_none_or(|line| (1..=lines).contains(&line)), "{error}: {text:?}");
            }
            assert!(error.line().is_some() || matches!(error, ModelfileError::NoFrom));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn print_and_parse_are_inverse(mut instructions in vec(instruction(), 0..6), model in value()) {
        instructions.push(Instruction::From(model));
        let modelfile = Modelfile { instructions };
        let printed = modelfile.to_string();
        prop_assert_eq!(&parse(printed.as_bytes()).unwrap(), &modelfile, "printed as {:?}", printed);
    }

    #[test]
    fn any_text_is_a_modelfile_or_an_error_with_a_line(text in text()) {
        check(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_a_modelfile_or_an_error(bytes in vec(any::<u8>(), 0..64)) {
        check(&bytes);
        check(&[b"FROM a\nSYSTEM ", bytes.as_slice()].concat());
    }
}

#[test]
fn what_cannot_be_written_is_printed_all_the_same() {
    let text = printed(system("a\"\"\"\nb"));
    assert_eq!(text, "SYSTEM \"\"\"a\"\"\"\nb\"\"\"");
    assert_eq!(refused(&format!("FROM m\n{text}")).1, Some(3));
}
