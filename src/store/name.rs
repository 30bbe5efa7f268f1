//! What a model is called.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use super::StoreError;

/// The registry of names that give none.
pub(crate) const DEFAULT_HOST: &str = "registry.ollama.ai";
const DEFAULT_NAMESPACE: &str = "library";
const DEFAULT_TAG: &str = "latest";

/// How a registry is spoken to. Not part of a name's identity: it is in no path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// The default.
    #[default]
    Https,
    /// Only where the user allows it.
    Http,
}

/// A model's full name: `[scheme://][host/][namespace/]model[:tag]`, defaults filled in.
///
/// Every part starts with a letter, digit or `_`, goes on with these, `-` and `.` (no `.` in a namespace, and
/// `:` in a host, before the port), and has 1 to 80 characters (a host 1 to 350). No part can therefore be `..`
/// or hold a `/`, and the path of a manifest stays in its folder.
///
/// Two names are equal if they differ only in letter case. Shown in the shortest form that parses to the same
/// name: without the default host and namespace, always with the tag.
#[derive(Clone, Debug)]
pub struct Name {
    scheme: Scheme,
    /// Host, namespace, model, tag.
    parts: [Box<str>; 4],
}

/// The parts of a name, which have rules of their own.
#[derive(Clone, Copy, Debug)]
enum Part {
    Host,
    Namespace,
    Model,
    Tag,
}

/// In the order of [`Name`]'s parts, which is that of the path.
const PARTS: [Part; 4] = [Part::Host, Part::Namespace, Part::Model, Part::Tag];

impl Part {
    fn max_len(self) -> usize {
        if matches!(self, Self::Host) { 350 } else { 80 }
    }

    fn allows(self, c: char) -> bool {
        match c {
            '_' | '-' => true,
            '.' => !matches!(self, Self::Namespace),
            ':' => matches!(self, Self::Host),
            c => c.is_ascii_alphanumeric(),
        }
    }

    /// What is wrong with a text as this part, if anything.
    fn problem(self, text: &str) -> Option<String> {
        let Some(first) = text.chars().next() else {
            return Some(format!("the {self} is empty"));
        };
        if !first.is_ascii_alphanumeric() && first != '_' {
            return Some(format!("the {self} starts with {first:?}, not with a letter, digit or '_'"));
        }
        if let Some(c) = text.chars().find(|&c| !self.allows(c)) {
            return Some(format!("the {self} may not contain {c:?}"));
        }
        let max = self.max_len();
        (text.len() > max).then(|| format!("the {self} is longer than {max} characters"))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "host",
            Self::Namespace => "namespace",
            Self::Model => "model",
            Self::Tag => "tag",
        })
    }
}

impl Name {
    /// How to speak to the registry.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The registry, with its port if it has one: `registry.ollama.ai`, `localhost:5000`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.parts[0]
    }

    /// Whose model it is: `library`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.parts[1]
    }

    /// The model: `llama3.2`.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.parts[2]
    }

    /// Which one of them: `latest`, `3b-instruct-q4_K_M`.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.parts[3]
    }

    /// `host/namespace/model/tag`: where the manifest is below `manifests/`.
    pub(super) fn path(&self) -> PathBuf {
        self.parts().iter().collect()
    }

    /// Reads what [`Name::path`] wrote; `None` if a part breaks the rules, or there are not four.
    pub(super) fn from_path(path: &Path) -> Option<Self> {
        let mut components = path.components().map(|component| match component {
            Component::Normal(text) => text.to_str(),
            _ => None,
        });
        let mut next = || components.next().flatten();
        let parts = [next()?, next()?, next()?, next()?];
        let name = Self::new(Scheme::Https, parts).ok()?;
        components.next().is_none().then_some(name)
    }

    pub(super) fn parts(&self) -> [&str; 4] {
        self.parts.each_ref().map(|part| &**part)
    }

    /// The same name with the first parts in other letters: as many as are given.
    pub(super) fn respelled(mut self, spelling: Vec<String>) -> Self {
        for (part, spelling) in self.parts.iter_mut().zip(spelling) {
            debug_assert!(part.eq_ignore_ascii_case(&spelling));
            *part = spelling.into();
        }
        self
    }

    /// The only place that makes a name.
    fn new(scheme: Scheme, parts: [&str; 4]) -> Result<Self, String> {
        match PARTS.iter().zip(parts).find_map(|(part, text)| part.problem(text)) {
            Some(problem) => Err(problem),
            None => Ok(Self { scheme, parts: parts.map(Box::from) }),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = match text.split_once("://") {
            None => (None, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(Scheme::Https), rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(Scheme::Http), rest),
            Some(_) => return Err("the scheme must be https or http".to_owned()),
        };
        // A colon before a slash is that of the host's port.
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, tag),
            _ => (rest, DEFAULT_TAG),
        };
        let mut from_the_end = path.rsplitn(3, '/');
        let model = from_the_end.next().unwrap_or_default();
        let namespace = from_the_end.next().unwrap_or(DEFAULT_NAMESPACE);
        let host = from_the_end.next();
        if scheme.is_some() && host.is_none() {
            return Err("after a scheme, host, namespace and model are needed".to_owned());
        }
        Self::new(scheme.unwrap_or_default(), [host.unwrap_or(DEFAULT_HOST), namespace, model, tag])
    }

    /// What makes two names the same: the parts in lower case.
    fn identity(&self) -> impl Iterator<Item = u8> {
        self.parts.iter().flat_map(|part| part.bytes().map(|b| b.to_ascii_lowercase()).chain([b'/']))
    }
}

impl FromStr for Name {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        Self::parse(text).map_err(|problem| {
            let text = text.chars().take(100).collect();
            StoreError::InvalidName { text, problem }
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [host, namespace, model, tag] = self.parts();
        if !host.eq_ignore_ascii_case(DEFAULT_HOST) {
            write!(f, "{host}/{namespace}/")?;
        } else if !namespace.eq_ignore_ascii_case(DEFAULT_NAMESPACE) {
            write!(f, "{namespace}/")?;
        }
        write!(f, "{model}:{tag}")
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.parts.iter().zip(&other.parts).all(|(a, b)| a.eq_ignore_ascii_case(b))
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().for_each(|byte| state.write_u8(byte));
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.identity().cmp(other.identity())
    }
}
