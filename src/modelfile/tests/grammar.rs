//! Lines, words, values, encodings, and what is said of mistakes.

use super::*;

/// The text of the error about a line that is no command.
fn no_command(line: usize) -> (String, Option<usize>) {
    let text = "command must be one of \"from\", \"license\", \"template\", \"system\", \"adapter\", \"draft\", \
                \"renderer\", \"parser\", \"parameter\", \"message\", or \"requires\"";
    (format!("(line {line}): {text}"), Some(line))
}

fn no_role(line: usize) -> (String, Option<usize>) {
    let text = "message role must be one of \"system\", \"user\", or \"assistant\"";
    (format!("(line {line}): {text}"), Some(line))
}

fn end(text: &str, line: usize) -> (String, Option<usize>) {
    (text.to_owned(), Some(line))
}

/// What `SYSTEM` gets from the text behind it.
fn value(text: &str) -> String {
    match parsed(&format!("FROM a\nSYSTEM {text}")).pop() {
        Some(Instruction::System(value)) => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_command_in_any_case() {
    let text = "from a\nAdapter b\nDRAFT c\ntemplate d\nSyStEm e\nLICENSE f\nrenderer g\nparser h\nrequires i\n\
                parameter j k\nmessage user l";
    let own = |constructor: fn(String) -> Instruction, value: &str| constructor(value.to_owned());
    let expected = [
        from("a"),
        own(Instruction::Adapter, "b"),
        own(Instruction::Draft, "c"),
        template("d"),
        system("e"),
        license("f"),
        own(Instruction::Renderer, "g"),
        own(Instruction::Parser, "h"),
        own(Instruction::Requires, "i"),
        parameter("j", "k"),
        message("user", "l"),
    ];
    assert_eq!(parsed(text), expected);
}

#[test]
fn blanks_and_comments_do_not_count() {
    let text =
        "\n \t # SYSTEM no\n#\n\tFROM \t a b \t\n  PARAMETER\t  stop\t  x # y  \n\n MESSAGE   user   hi\t";
    assert_eq!(parsed(text), [from("a b"), parameter("stop", "x # y"), message("user", "hi")]);
}

#[test]
fn lines_end_with_lf_crlf_or_cr() {
    for line_end in ["\n", "\r\n", "\r"] {
        let text = ["# c", "FROM a", "SYSTEM \"b", "c\"", "BAD x"].join(line_end);
        assert_eq!(refused(&text), no_command(5), "{line_end:?}");
        let good = text.replace("BAD x", "# end");
        assert_eq!(parsed(&good), [from("a"), system(&format!("b{line_end}c"))], "{line_end:?}");
    }
}

#[test]
fn values_lose_their_quotes() {
    for (text, expected) in [
        ("", ""),
        ("plain", "plain"),
        ("  two  words  ", "two  words"),
        ("it's 5\" long", "it's 5\" long"),
        ("'single'", "'single'"),
        ("back\\nslash", "back\\nslash"),
        ("\"\"", ""),
        ("\"\"\"\"\"\"", ""),
        ("\" kept \"", " kept "),
        ("\"say \"hi\" to all\"", "say \"hi\" to all"),
        ("\"one\ntwo\"", "one\ntwo"),
        ("\"one\n\n two \"  \t", "one\n\n two "),
        ("\"first\" goes on\nto the \"next\"", "first\" goes on\nto the \"next"),
        ("\"\"\"a \"quoted\" word\"\"\"", "a \"quoted\" word"),
        ("\"\"\"\none\n\"two\"\nthree\n\"\"\"", "\none\n\"two\"\nthree\n"),
        ("\"\"\"\"at both ends\"\"\"\"", "\"at both ends\""),
        ("\"\"\"inside \"\"\" it\nstays\"\"\"", "inside \"\"\" it\nstays"),
        ("\"\"\"# no comment\n# none\"\"\"", "# no comment\n# none"),
        ("\"\"\"\"\"\"\"\"", "\"\""),
    ] {
        assert_eq!(value(text), expected, "{text:?}");
        assert_eq!(value(&format!("{text}\n# behind")), expected, "{text:?} with more behind");
    }
}

#[test]
fn unprintable_characters_are_dropped() {
    assert_eq!(value("a\0b\u{200D}c\u{A0}d\u{AD}e\u{E000}f\u{7F}g\u{2028}h"), "abcdefgh");
    assert_eq!(value("你好 👋🏽 é e\u{301} \u{FFFD} ½ \u{1F1E6}"), "你好 👋🏽 é e\u{301} \u{FFFD} ½ \u{1F1E6}");
    assert_eq!(value("\"a\tb\""), "a\tb");
}

#[test]
fn utf_8_and_utf_16() {
    let text = "FROM a\r\nSYSTEM 你好👋\n";
    let expected = [from("a"), system("你好👋")];
    let units: Vec<u16> = text.encode_utf16().collect();
    let le: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(units.iter().flat_map(|unit| unit.to_le_bytes())).collect();
    let be: Vec<u8> =
        [0xFE, 0xFF].into_iter().chain(units.iter().flat_map(|unit| unit.to_be_bytes())).collect();
    let bom: Vec<u8> = [0xEF, 0xBB, 0xBF].into_iter().chain(text.bytes()).collect();
    for bytes in [text.as_bytes(), &bom, &le, &be] {
        assert_eq!(parse(bytes).unwrap().instructions, expected);
    }
}

#[test]
fn damaged_text_has_replacement_characters() {
    assert_eq!(parse(b"FROM a\xFFb").unwrap().instructions, [from("a\u{FFFD}b")]);
    let half: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("FROM a".bytes().flat_map(|byte| [byte, 0])).chain([1]).collect();
    assert_eq!(parse(&half).unwrap().instructions, [from("a\u{FFFD}")]);
    let lone: Vec<u8> =
        [0xFE, 0xFF].into_iter().chain("FROM ".bytes().flat_map(|byte| [0, byte])).chain([0xD8, 0]).collect();
    assert_eq!(parse(&lone).unwrap().instructions, [from("\u{FFFD}")]);
}

#[test]
fn repeated_instructions_are_all_kept() {
    let text = "SYSTEM a\nFROM m\nSYSTEM b\nFROM p\n";
    assert_eq!(parsed(text), [system("a"), from("m"), system("b"), from("p")]);
}

#[test]
fn lines_that_are_no_command() {
    for (text, line) in [
        ("FROM a\nBADCOMMAND x y\n", 2),
        ("\n\nFROM a\n\nFORM b", 5),
        ("FROM a\nwhatever", 2),
        ("FROM a\nwhatever\n", 2),
        ("FROM: a", 1),
        ("FROM\"a\"", 1),
        ("FROM\na", 1),
        ("FROM a\nSYSTEM\nb", 2),
        ("FROM a\nPARAMETER\n", 2),
        ("\"FROM\" a", 1),
        ("1 a", 1),
        ("FROM a\nSYSTEM \"\"\"b\nc\"\"\"\n\nBAD x", 5),
        ("FROM a\nSYSTEM \nthe value", 3),
        ("FROM a\nÉ x", 2),
    ] {
        assert_eq!(refused(text), no_command(line), "{text:?}");
    }
}

#[test]
fn roles() {
    for text in ["FROM a\nMESSAGE badguy hi\n", "FROM a\nMESSAGE User hi", "FROM a\nMESSAGE tool hi"] {
        assert_eq!(refused(text), no_role(2), "{text:?}");
    }
    assert_eq!(parsed("FROM a\nMESSAGE assistant user: x: y")[1], message("assistant", "user: x: y"));
}

#[test]
fn ends_too_early() {
    for (text, expected, line) in [
        ("FROM", "unexpected EOF", 1),
        ("FROM a\nPARAMETER", "unexpected EOF", 2),
        ("FROM a\nPARAMETER ", "unexpected EOF", 2),
        ("FROM a\nPARAMETER stop", "unexpected EOF", 2),
        ("FROM a\nPARAMETER stop\n", "unexpected EOF: stop", 2),
        ("FROM a\nPARAMETER \nSYSTEM b", "unexpected EOF: ", 2),
        ("FROM a\nPARAMETER top-k 1", "unexpected EOF: top", 2),
        ("FROM a\nMESSAGE user", "unexpected EOF", 2),
        ("FROM a\nMESSAGE user\nhello", "unexpected EOF: user", 2),
        ("FROM a\nMESSAGE user: hello", "unexpected EOF: user", 2),
        ("FROM a\nSYSTEM \"b\n\nc\n", "unexpected EOF", 2),
        ("FROM a\n\nSYSTEM \"", "unexpected EOF", 3),
        ("FROM a\nSYSTEM \"\"\"b\"\"\n", "unexpected EOF", 2),
        ("FROM a\nSYSTEM \"\"\"\"\"\n", "unexpected EOF", 2),
    ] {
        assert_eq!(refused(text), end(expected, line), "{text:?}");
    }
}

#[test]
fn from_is_needed() {
    for text in ["", "\n# FROM a\n", "SYSTEM a", "SYSTEM \"\nFROM a\""] {
        assert_eq!(refused(text), ("no FROM line".to_owned(), None), "{text:?}");
    }
    assert_eq!(parsed("FROM \n"), [from("")]);
}

#[test]
fn long_values_take_linear_time() {
    // Quadratic time would be minutes.
    let text = format!("FROM a\nSYSTEM \"x{}\"", "\n".repeat(4 << 20));
    assert_eq!(parsed(&text)[1], system(&text["FROM a\nSYSTEM \"".len()..text.len() - 1]));
}
