//! `$ref`: to a place in the same schema, by pointer, anchor or id.

use serde_json::Value;

/// What a reference refers to, and its place as a JSON pointer.
pub(super) fn find<'a>(root: &'a Value, reference: &str) -> Option<(&'a Value, String)> {
    let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let (resource, place) = if document.is_empty() || names(root, document) {
        (root, String::new())
    } else {
        search(root, String::new(), &|schema| names(schema, document))?
    };
    let fragment = decoded(fragment)?;
    if fragment.is_empty() {
        return Some((resource, place));
    }
    if fragment.starts_with('/') {
        return Some((resource.pointer(&fragment)?, place + &fragment));
    }
    search(resource, place, &|schema| {
        let anchor = |key: &str| schema[key].as_str();
        anchor("$anchor") == Some(&fragment)
            || [anchor("$id"), anchor("id")]
                .iter()
                .flatten()
                .any(|id| id.strip_prefix('#') == Some(&fragment))
    })
}

fn names(schema: &Value, document: &str) -> bool {
    let id = schema["$id"].as_str().or_else(|| schema["id"].as_str());
    id.is_some_and(|id| !id.starts_with('#') && id.trim_end_matches('#') == document)
}

/// The first schema within `within`, itself included, that is wanted.
fn search<'a>(
    within: &'a Value,
    place: String,
    wanted: &dyn Fn(&Value) -> bool,
) -> Option<(&'a Value, String)> {
    match within {
        Value::Object(members) => {
            if wanted(within) {
                return Some((within, place));
            }
            members.iter().find_map(|(key, value)| {
                let key = key.replace('~', "~0").replace('/', "~1");
                // Examples of values are no schemas.
                let data = ["const", "enum", "default", "examples"].contains(&key.as_str());
                if data { None } else { search(value, format!("{place}/{key}"), wanted) }
            })
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| search(item, format!("{place}/{index}"), wanted)),
        _ => None,
    }
}

/// A fragment without percent signs.
fn decoded(fragment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [first, behind @ ..] = rest {
        (rest, bytes) = match (first, behind) {
            (b'%', [high, low, behind @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push((digit(high)? * 16 + digit(low)?) as u8);
                (behind, bytes)
            }
            _ => {
                bytes.push(*first);
                (behind, bytes)
            }
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_have_pointers_anchors_and_ids() {
        let root = json!({
            "$id": "https://example.com/root",
            "$defs": {
                "a/b": {"$anchor": "there", "type": "string"},
                "c d": {"$id": "#old", "type": "null"},
                "e": {"$id": "https://example.com/e", "$defs": {"f": {"const": {"$anchor": "g"}}}},
            },
        });
        for (reference, place) in [
            ("#", ""),
            ("https://example.com/root", ""),
            ("https://example.com/root#/$defs/e", "/$defs/e"),
            ("#/$defs/a~1b", "/$defs/a~1b"),
            ("#/$defs/c%20d", "/$defs/c d"),
            ("#there", "/$defs/a~1b"),
            ("#old", "/$defs/c d"),
            ("https://example.com/e#/$defs/f", "/$defs/e/$defs/f"),
        ] {
            assert_eq!(find(&root, reference).unwrap().1, place, "{reference}");
        }
        for reference in ["#/nowhere", "#g", "https://example.com/other", "other.json", "#%zz"] {
            assert!(find(&root, reference).is_none(), "{reference}");
        }
    }
}
