//! The cloud of Ollama, in which this server has no part: which names mean models there, and what is said of them.

use super::error::Failure;
use crate::store::DEFAULT_HOST;

/// What is not there: the part of a message behind "ollama cloud is disabled".
pub(crate) const MODEL: &str = "remote model is unavailable";
/// See [`MODEL`].
pub(crate) const MODEL_DETAILS: &str = "remote model details are unavailable";
/// See [`MODEL`].
pub(crate) const WEB_SEARCH: &str = "web search is unavailable";
/// See [`MODEL`].
pub(crate) const WEB_FETCH: &str = "web fetch is unavailable";

/// Where a model runs, by its name. A name that the store has means what is there, whatever it ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// Wherever it is.
    Anywhere,
    /// Here, by this name: the text ends with `:local`.
    Here(&'a str),
    /// In the cloud: the text ends with `:cloud`, or its tag with `-cloud`.
    Cloud,
}

impl<'a> Place<'a> {
    /// Reads the end of a name.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a name that says both.
    pub(crate) fn of(name: &'a str) -> Result<Self, Failure> {
        let Some((rest, last)) = ending(name) else { return Ok(Self::Anywhere) };
        let before = ending(rest).map(|(_, word)| word);
        let both = (is_local(last) && before.is_some_and(is_cloud))
            || (is_cloud(last) && before.is_some_and(is_local));
        if both {
            return Err(Failure::Invalid(format!("use either :local or :cloud, not both: {name:?}")));
        }
        Ok(match last {
            word if is_local(word) => Self::Here(rest),
            word if is_cloud(word) && is_of_registry(name) => Self::Cloud,
            _ => Self::Anywhere,
        })
    }
}

/// What is before and after the last colon of a name, if that is not the one of a port.
fn ending(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once(':').filter(|(_, word)| !word.contains('/'))
}

fn is_local(word: &str) -> bool {
    word.eq_ignore_ascii_case("local")
}

fn is_cloud(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word == "cloud" || word.ends_with("-cloud")
}

/// Whether a name has the default host, whose models may run in the cloud, or none.
fn is_of_registry(name: &str) -> bool {
    let host = name.rsplitn(3, '/').nth(2);
    host.is_none_or(|host| {
        host.rsplit('/').next().is_some_and(|host| host.eq_ignore_ascii_case(DEFAULT_HOST))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_of_a_name_says_where_it_runs() {
        for (name, place) in [
            ("m", Place::Anywhere),
            ("m:8b", Place::Anywhere),
            ("m:cloudy", Place::Anywhere),
            ("cloud", Place::Anywhere),
            ("m-cloud:8b", Place::Anywhere),
            ("m:local", Place::Here("m")),
            ("m:8b:LOCAL", Place::Here("m:8b")),
            ("m:cloud", Place::Cloud),
            ("m:8b-Cloud", Place::Cloud),
            ("me/m:8b:cloud", Place::Cloud),
            ("https://registry.ollama.ai/me/m:cloud", Place::Cloud),
            ("localhost:5000/me/m:cloud", Place::Anywhere),
            ("localhost:cloud/me/m", Place::Anywhere),
        ] {
            assert_eq!(Place::of(name).unwrap(), place, "{name}");
        }
    }

    #[test]
    fn both_at_once_make_no_sense() {
        for name in ["m:cloud:local", "m:8b-cloud:local", "m:local:cloud"] {
            let expected = format!("use either :local or :cloud, not both: {name:?}");
            assert_eq!(Place::of(name).unwrap_err().to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(name in "[a-z/:é-]{0,20}") {
            if let Ok(Place::Here(rest)) = Place::of(&name) {
                prop_assert_eq!(format!("{rest}:local"), name);
            }
        }
    }
}
