//! What a registry says about the token that it wants: `WWW-Authenticate`, RFC 9110 section 11.6.1.

/// A `Bearer` challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Challenge {
    /// The URL that tokens come from.
    pub(super) realm: String,
    /// Who the token is for.
    pub(super) service: String,
    /// What the token must allow, separated by spaces: `repository:library/llama3.2:pull`.
    pub(super) scope: String,
}

impl Challenge {
    /// Reads the `Bearer` challenge in a header, which may hold others. `None` if there is none with a realm.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let mut rest = header;
        loop {
            // A token with no `=` after it is the name of a scheme; what follows it are its parameters.
            let (scheme, after) = token(rest.trim_start_matches(separator))?;
            let (challenge, after) = parameters(after);
            if scheme.eq_ignore_ascii_case("bearer") {
                return Some(challenge).filter(|challenge| !challenge.realm.is_empty());
            }
            // Whatever cannot be understood is stepped over.
            rest = if after.len() < rest.len() { after } else { return None };
        }
    }
}

/// Reads parameters up to the next scheme, and returns the rest.
fn parameters(mut rest: &str) -> (Challenge, &str) {
    let mut challenge = Challenge::default();
    loop {
        let start = rest.trim_start_matches(separator);
        let Some((name, after)) = token(start) else { return (challenge, skip_one(start)) };
        let Some(after) = after.trim_start().strip_prefix('=') else { return (challenge, start) };
        let (value, after) = value(after.trim_start());
        match name.to_ascii_lowercase().as_str() {
            "realm" => challenge.realm = value,
            "service" => challenge.service = value,
            "scope" => challenge.scope = value,
            _ => {}
        }
        rest = after;
    }
}

/// A quoted string or a bare word, and what comes after.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(separator).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

/// The name at the start of a text, and what comes after.
fn token(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(c));
    let (token, rest) = text.split_at(end.unwrap_or(text.len()));
    (!token.is_empty()).then_some((token, rest))
}

fn separator(c: char) -> bool {
    c == ',' || c.is_ascii_whitespace()
}

fn skip_one(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.as_str()
}
