//! `format`, as regular expressions that match exactly what RFCs allow, or, where they allow more than a regular
//! language can say or anybody writes, a part of it.

/// Years in which February has 29 days.
const LEAP: &str = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";
const HEX: &str = "[0-9a-fA-F]";
const OCTET: &str = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
/// A label of a host's name.
const LABEL: &str = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
/// Characters of a part of a URI.
const PCHAR: &str = r"(?:[a-zA-Z0-9\-._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})";

/// The expression of a format, to match a whole string; `Some(None)`: any string will do. `None` for a format that
/// is not known.
pub(super) fn expression(format: &str) -> Option<Option<String>> {
    Some(Some(match format {
        // For people who fill in forms.
        "password" => return Some(None),
        "date" => date(),
        "time" => time(),
        "date-time" => format!("(?:{})[Tt](?:{})", date(), time()),
        "duration" => duration(),
        "email" => email(),
        "hostname" => hostname(),
        "ipv4" => format!(r"{OCTET}(?:\.{OCTET}){{3}}"),
        "ipv6" => ipv6(),
        "uuid" => format!("{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}"),
        "uri" => uri(),
        "uri-reference" => format!("(?:{}|{})", uri(), relative()),
        "json-pointer" => pointer(),
        "relative-json-pointer" => format!("(?:0|[1-9][0-9]*)(?:#|{})", pointer()),
        _ => return None,
    }))
}

fn date() -> String {
    let days = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)\
                |02-(?:0[1-9]|1[0-9]|2[0-8])";
    format!("(?:[0-9]{{4}}-(?:{days})|{LEAP}-02-29)")
}

/// Without leap seconds, which only some minutes have.
fn time() -> String {
    let clock = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
    format!(r"{clock}:[0-5][0-9](?:\.[0-9]{{1,9}})?(?:[Zz]|[+-]{clock})")
}

fn duration() -> String {
    let time = "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)";
    let date = "(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)";
    format!("P(?:{date}(?:{time})?|{time}|[0-9]+W)")
}

/// Dotted words at a host with a dot in its name; no quoted ones and no addresses in numbers.
fn email() -> String {
    let word = r"[a-zA-Z0-9!#$%&'*+\-/=?\^_`{|}~]";
    let local = format!(r"{word}{{1,20}}(?:\.{word}{{1,20}}){{0,2}}");
    format!(r"{local}@{LABEL}(?:\.{LABEL}){{1,3}}")
}

/// Up to three labels, which keeps it below the 253 characters of DNS.
fn hostname() -> String {
    let label = "[a-zA-Z0-9](?:(?:[a-zA-Z0-9]|-[a-zA-Z0-9]){0,30})";
    format!(r"{label}(?:\.{label}){{0,2}}")
}

fn ipv6() -> String {
    let group = format!("{HEX}{{1,4}}");
    // So many groups, then `::`, then as many as leave one out at least.
    let mut forms = vec![format!("(?:{group}:){{7}}{group}"), format!("::(?:{group}(?::{group}){{0,6}})?")];
    for before in 1..=7_usize {
        let head = format!("{group}(?::{group}){{{}}}::", before - 1);
        forms.push(match 7 - before {
            0 => head,
            1 => format!("{head}(?:{group})?"),
            behind => format!("{head}(?:{group}(?::{group}){{0,{}}})?", behind - 1),
        });
    }
    format!("(?:{})", forms.join("|"))
}

fn authority() -> String {
    let reg_name = r"(?:[a-zA-Z0-9\-._~!$&'()*+,;=]|%[0-9a-fA-F]{2})*";
    let user = r"(?:(?:[a-zA-Z0-9\-._~!$&'()*+,;=:]|%[0-9a-fA-F]{2})*@)?";
    format!(r"//{user}(?:\[{}\]|{reg_name})(?::[0-9]{{0,5}})?(?:/{PCHAR}*)*", ipv6())
}

fn query_and_fragment() -> String {
    format!(r"(?:\?(?:{PCHAR}|[/?])*)?(?:#(?:{PCHAR}|[/?])*)?")
}

fn uri() -> String {
    let path = format!("/?{PCHAR}+(?:/{PCHAR}*)*");
    format!(r"[a-zA-Z][a-zA-Z0-9+\-.]*:(?:{}|{path}|/?){}", authority(), query_and_fragment())
}

/// A reference without a scheme: its first part has no colon.
fn relative() -> String {
    let part = r"(?:[a-zA-Z0-9\-._~!$&'()*+,;=@]|%[0-9a-fA-F]{2})+";
    let path = format!("(?:{part}|/{PCHAR}+)(?:/{PCHAR}*)*");
    format!("(?:{}|{path}|/?){}", authority(), query_and_fragment())
}

fn pointer() -> String {
    "(?:/(?:[^/~]|~[01])*)*".into()
}
