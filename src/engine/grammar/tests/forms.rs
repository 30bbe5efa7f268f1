use proptest::prelude::*;

use super::*;
use crate::engine::protocol::Preamble;

fn whole(constraint: &Constraint, text: &str) -> bool {
    // However it is cut, the same comes of it.
    let written: Vec<Written> = (0..4).map(|seed| write(constraint, text, seed)).collect();
    assert!(
        written.iter().all(|one| (*one == Written::Whole) == (written[0] == Written::Whole)),
        "{written:?}"
    );
    written[0] == Written::Whole
}

#[test]
fn json_is_an_object_and_ends_with_it() {
    let json = form(Form::Json);
    for text in ["{}", "{\"a\": [1, -2.5e3, {\"b\": null}], \"é\": \"\\\"\\n\"}", "{\n  \"a\": true\n}"] {
        assert!(whole(&json, text), "{text}");
    }
    for text in ["[]", "1", " {}", "{\"a\"}", "{'a': 1}", "{\"a\": 01}", "{} ", "{\"a\": 1,}"] {
        assert!(!whole(&json, text), "{text}");
    }
    let (mut guide, mut next) = guide(&json).unwrap();
    for token in [b'{', b'}'] {
        next = guide.advance(Token::from(token)).unwrap();
    }
    assert!(matches!(next, Next::End), "nothing but white space could follow");
}

#[test]
fn white_space_has_an_end() {
    let json = form(Form::Json);
    for space in ["", " ", "\n    ", "\r\n\t\t", "\n"] {
        assert_eq!(write(&json, &format!("{{{space}\"a\": 1}}"), 0), Written::Whole, "{space:?}");
    }
    for endless in [" ".repeat(100), "\n".repeat(10), format!("\n{}", "\t".repeat(20))] {
        assert!(
            matches!(write(&json, &format!("{{{endless}\"a\": 1}}"), 0), Written::Refused(_)),
            "{endless:?}"
        );
    }
}

#[test]
fn regular_expressions_match_as_a_whole() {
    let regex = form(Form::Regex(r"(\d{3})-[a-z]+/é?".into()));
    assert!(whole(&regex, "123-abc/") && whole(&regex, "123-abc/é"));
    assert_eq!(write(&regex, "123-abc", 0), Written::Part);
    for text in ["12-a/", "x123-abc/", "123-abc/x"] {
        assert!(matches!(write(&regex, text, 0), Written::Refused(_)), "{text}");
    }
    // What cannot go on is complete without a token that ends it.
    let date = form(Form::Regex("[0-9]{2}".into()));
    let (mut guide, _) = guide(&date).unwrap();
    guide.advance(Token::from(b'1')).unwrap();
    assert!(matches!(guide.advance(Token::from(b'2')).unwrap(), Next::End));
}

#[test]
fn a_choice_is_one_of_its_texts() {
    let choice =
        form(Form::Choice(["yes", "no", "no way", "a/b \"c\"\n(d)*", "日本"].map(Into::into).to_vec()));
    for text in ["yes", "no", "no way", "a/b \"c\"\n(d)*", "日本"] {
        assert!(whole(&choice, text), "{text}");
    }
    for text in ["", "y", "maybe", "no w", "日"] {
        assert!(!whole(&choice, text), "{text}");
    }
}

#[test]
fn lark_has_rules_expressions_and_schemas() {
    let lark = form(Form::Lark(
        "start: greeting \" \" data\ngreeting: \"hi\" | /hello+/\ndata: %json {\"type\": \"integer\"}\n"
            .into(),
    ));
    assert!(whole(&lark, "hi 12") && whole(&lark, "hellooo -5"));
    assert!(!whole(&lark, "hey 12") && !whole(&lark, "hi x"));
}

#[test]
fn a_regular_gbnf_grammar_matches_exactly() {
    let grammar = r#"
        # A move in chess, and a comment.
        root  ::= move (" " move)?   # two at most
        move  ::= piece? file rank [+#]?
                | "O-O" ("-O")?
        piece ::= [NBRQK]
        file  ::= [a-h]
        rank  ::= [1-8]
    "#;
    let chess = form(Form::Gbnf(grammar.into()));
    for text in ["e4", "Nf3 e5", "O-O-O", "Qh5#"] {
        assert!(whole(&chess, text), "{text}");
    }
    for text in ["e9", "Nf3 e5 d4", "O-", "e4 "] {
        assert!(!whole(&chess, text), "{text}");
    }
}

#[test]
fn the_json_grammar_of_llama_cpp_is_json() {
    let grammar = r#"
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws

object ::=
  "{" ws (
            string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws

array  ::=
  "[" ws (
            value
    ("," ws value)*
  )? "]" ws

string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws

number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws

# Optional space: by convention, applied in this grammar after literal chars when allowed
ws ::= | " " | "\n" [ \t]{0,20}
"#;
    let json = form(Form::Gbnf(grammar.into()));
    for text in ["{}", "{\"a\": [1, -2.5e3, {\"b\": null}], \"é\": \"\\\"\\n\"}", "{\n  \"a\": true\n}"] {
        assert!(whole(&json, text), "{text}");
    }
    for text in ["[]", "{\"a\"}", "{'a': 1}", "{\"a\": 1,}", "{\"a\": [}"] {
        assert!(!whole(&json, text), "{text}");
    }
    for seed in 0..20 {
        if let Some(text) = wander(&json, seed) {
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }
}

#[test]
fn thoughts_come_first_and_are_free() {
    let constraint =
        Constraint { preamble: Some(Preamble { open: None, close: "</think>".into() }), form: Form::Json };
    for text in ["</think>{}", "It {may} \"be\" so.</think>\n\n{\"a\": 1}", "a </thin </think>{}"] {
        assert!(whole(&constraint, text), "{text}");
    }
    assert_eq!(write(&constraint, "never done", 0), Written::Part, "no end without the form");
    assert!(matches!(write(&constraint, "so</think>x", 0), Written::Refused(_)));
    // Tokens that hold the mark and more of what must be checked are not allowed, however the mark began.
    let (mut guide, next) = guide(&constraint).unwrap();
    let token = |text: &str| RICH.0.texts.iter().position(|t| t == text.as_bytes()).unwrap() as Token;
    assert!(mask(&next).unwrap().allows(token("</think>")));
    assert!(!mask(&next).unwrap().allows(token("</think>{")));
    assert!(mask(&next).unwrap().allows(token(">{")));
    assert!(!mask(&next).unwrap().allows(RICH.0.end()));
    let mut next = next;
    for byte in "</think".bytes() {
        next = guide.advance(Token::from(byte)).unwrap();
    }
    assert!(!mask(&next).unwrap().allows(token(">{")) && mask(&next).unwrap().allows(token(">\n")));
}

#[test]
fn thoughts_may_be_left_out_if_the_model_opens_them_itself() {
    let preamble = Preamble { open: Some("<think>".into()), close: "</think>".into() };
    let constraint = Constraint { preamble: Some(preamble), form: Form::Json };
    for text in ["{\"a\": 1}", "<think>hm</think>{}", "<think>\nhm\n</think>\n\n{}", "<think></think>{}"] {
        assert!(whole(&constraint, text), "{text}");
    }
    for text in ["<thing>", "x", "<think>{}"] {
        assert!(!whole(&constraint, text), "{text}");
    }
}

#[test]
fn what_was_compiled_is_found_again_and_begins_anew() {
    let mut grammars = Grammars::new(Arc::clone(&RICH.1));
    let json = form(Form::Json);
    let (mut first, _) = grammars.guide(&json).unwrap();
    first.advance(Token::from(b'{')).unwrap();
    let (_, next) = grammars.guide(&json).unwrap();
    let allowed: Vec<Token> = (0..RICH.0.len()).filter(|&token| mask(&next).unwrap().allows(token)).collect();
    let expected: Vec<Token> =
        (0..RICH.0.end()).filter(|&t| RICH.0.texts[t as usize].starts_with(b"{")).collect();
    assert_eq!(allowed.iter().filter(|t| !expected.contains(t)).count(), 0);
    assert!(allowed.contains(&Token::from(b'{')));
}

/// GBNF and a matcher of one's own, for grammars without recursion.
mod gbnf_by_hand {
    use super::*;

    #[derive(Clone, Debug)]
    pub(super) enum Expression {
        Text(String),
        Class(bool, String),
        All(Vec<Expression>),
        Any(Vec<Expression>),
        Times(Box<Expression>, usize, Option<usize>),
    }

    pub(super) fn expression() -> impl Strategy<Value = Expression> {
        let leaf = prop_oneof![
            "[ab\"\\\\/]{1,3}".prop_map(Expression::Text),
            (any::<bool>(), "[ab^\\]-]{1,2}").prop_map(|(negated, set)| Expression::Class(negated, set)),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..3).prop_map(Expression::All),
                prop::collection::vec(inner.clone(), 1..3).prop_map(Expression::Any),
                (inner, 0..2_usize, prop::option::of(2..3_usize))
                    .prop_map(|(inner, low, high)| Expression::Times(Box::new(inner), low, high)),
            ]
        })
    }

    impl Expression {
        pub(super) fn written(&self) -> String {
            let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            match self {
                Self::Text(text) => format!("\"{}\"", escaped(text)),
                Self::Class(negated, set) => {
                    let set: String = set
                        .chars()
                        .map(|c| if "]^-".contains(c) { format!("\\{c}") } else { c.into() })
                        .collect();
                    format!("[{}{set}]", if *negated { "^" } else { "" })
                }
                Self::All(parts) => {
                    format!("({})", parts.iter().map(Self::written).collect::<Vec<_>>().join(" "))
                }
                Self::Any(parts) => {
                    format!("({})", parts.iter().map(Self::written).collect::<Vec<_>>().join(" | "))
                }
                Self::Times(part, low, high) => {
                    let high = high.map(|high| high.to_string()).unwrap_or_default();
                    format!("{}{{{low},{high}}}", part.written())
                }
            }
        }

        /// Where a match from each of these places may end.
        pub(super) fn ends(&self, text: &[char], from: &[usize]) -> Vec<usize> {
            let mut ends: Vec<usize> = match self {
                Self::Text(part) => {
                    let part: Vec<char> = part.chars().collect();
                    from.iter()
                        .filter(|&&at| text[at..].starts_with(&part))
                        .map(|at| at + part.len())
                        .collect()
                }
                Self::Class(negated, set) => from
                    .iter()
                    .filter(|&&at| text.get(at).is_some_and(|&c| set.contains(c) != *negated))
                    .map(|at| at + 1)
                    .collect(),
                Self::All(parts) => parts.iter().fold(from.to_vec(), |from, part| part.ends(text, &from)),
                Self::Any(parts) => parts.iter().flat_map(|part| part.ends(text, from)).collect(),
                Self::Times(part, low, high) => {
                    let (mut at, mut all) = (from.to_vec(), Vec::new());
                    for time in 0..=high.unwrap_or(text.len() + 1) {
                        if time >= *low {
                            all.extend(&at);
                        }
                        at = part.ends(text, &at);
                    }
                    all
                }
            };
            ends.sort_unstable();
            ends.dedup();
            ends
        }
    }
}

proptest! {
    #[test]
    fn regular_grammars_match_what_they_say(expression in gbnf_by_hand::expression(), text in "[ab\"\\\\/^\\]-]{0,6}", seed: u64) {
        let constraint = form(Form::Gbnf(format!("root ::= {}", expression.written())));
        let chars: Vec<char> = text.chars().collect();
        let matches = expression.ends(&chars, &[0]).contains(&chars.len());
        prop_assume!(super::guide(&constraint).is_ok());
        prop_assert_eq!(write(&constraint, &text, seed) == Written::Whole, matches, "{}", expression.written());
    }
}
