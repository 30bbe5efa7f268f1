//! `quipu show MODEL`: what a model is made of, as tables or as one of its texts.

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::CliError;
use super::human;
use super::run::Message;
use super::session::Session;
use super::table::table;

/// Arguments of `quipu show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The model's name
    model: String,
    /// Print its license
    #[arg(long)]
    license: bool,
    /// Print its Modelfile
    #[arg(long)]
    modelfile: bool,
    /// Print its parameters
    #[arg(long)]
    parameters: bool,
    /// Print its system message
    #[arg(long)]
    system: bool,
    /// Print its template
    #[arg(long)]
    template: bool,
    /// Add all metadata and tensors
    #[arg(short, long)]
    verbose: bool,
}

/// The answer of `/api/show`, as far as commands look at it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    pub(super) license: String,
    pub(super) modelfile: String,
    pub(super) parameters: String,
    pub(super) template: String,
    pub(super) system: String,
    /// What every conversation begins with.
    pub(super) messages: Vec<Message>,
    details: Details,
    remote_model: Option<String>,
    remote_host: Option<String>,
    model_info: Map<String, Value>,
    projector_info: Option<Map<String, Value>>,
    tensors: Vec<Tensor>,
    pub(super) capabilities: Vec<String>,
    requires: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    family: String,
    parameter_size: String,
    quantization_level: String,
}

#[derive(Debug, Deserialize)]
struct Tensor {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    shape: Vec<u64>,
}

/// Prints the one text that was asked for, or everything that is short.
pub(super) async fn show(args: &ShowArgs, session: &mut Session) -> Result<(), CliError> {
    if [args.license, args.modelfile, args.parameters, args.system, args.template]
        .iter()
        .filter(|f| **f)
        .count()
        > 1
    {
        return Err(CliError::Usage(
            "only one of '--license', '--modelfile', '--parameters', '--system', or '--template' can be \
             specified"
                .into(),
        ));
    }
    let request = json!({"model": args.model, "verbose": args.verbose});
    let shown: Shown = session.client.post("/api/show", &request).await?;
    session.output.print(&shown.text(args))
}

impl Shown {
    fn text(&self, args: &ShowArgs) -> String {
        match () {
            () if args.license => format!("{}\n", self.license),
            () if args.modelfile => format!("{}\n", self.modelfile),
            () if args.parameters => format!("{}\n", self.parameters),
            // Not a character is added to what models are told.
            () if args.system => self.system.clone(),
            () if args.template => self.template.clone(),
            () => self.sections(args.verbose),
        }
    }

    /// Everything that is short; with `verbose`, everything.
    pub(super) fn sections(&self, verbose: bool) -> String {
        let mut text = section("Model", &self.model());
        let capabilities: Vec<_> = self.capabilities.iter().map(|name| vec![name.clone()]).collect();
        text += &section("Capabilities", &capabilities);
        text += &section("Projector", &self.projector_info.as_ref().map(projector).unwrap_or_default());
        text += &section("Parameters", &parameters(&self.parameters));
        if verbose {
            text += &section("Metadata", &metadata(&self.model_info));
            let tensors = self.tensors.iter().map(|t| vec![t.name.clone(), t.kind.clone(), shape(&t.shape)]);
            text += &section("Tensors", &tensors.collect::<Vec<_>>());
        }
        text += &section("System", &head(&self.system));
        text + &section("License", &head(&self.license))
    }

    fn model(&self) -> Vec<Vec<String>> {
        let info = Info(&self.model_info);
        let architecture = info.text("general.architecture").unwrap_or(&self.details.family);
        let parameters = match &self.details.parameter_size[..] {
            "" => info.count("general.parameter_count"),
            size => Some(size.to_owned()),
        };
        let quantization = Some(self.details.quantization_level.clone());
        rows([
            ("Remote model", self.remote_model.clone()),
            ("Remote URL", self.remote_host.clone()),
            ("architecture", (!architecture.is_empty()).then(|| architecture.to_owned())),
            ("parameters", parameters),
            ("context length", info.number(&format!("{architecture}.context_length"))),
            ("embedding length", info.number(&format!("{architecture}.embedding_length"))),
            ("quantization", quantization),
            ("requires", self.requires.clone().filter(|version| !version.is_empty())),
        ])
    }
}

/// Metadata of a GGUF file.
#[derive(Clone, Copy)]
struct Info<'a>(&'a Map<String, Value>);

impl<'a> Info<'a> {
    fn text(self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str()
    }

    fn number(self, key: &str) -> Option<String> {
        self.0.get(key)?.as_number().map(ToString::to_string)
    }

    fn count(self, key: &str) -> Option<String> {
        self.0.get(key)?.as_u64().map(human::number)
    }
}

fn projector(info: &Map<String, Value>) -> Vec<Vec<String>> {
    let info = Info(info);
    let architecture = info.text("general.architecture").unwrap_or_default();
    // A projector is of pictures or of sounds.
    let number = |name: &str| {
        ["vision", "audio"].iter().find_map(|kind| info.number(&format!("{architecture}.{kind}.{name}")))
    };
    rows([
        ("architecture", (!architecture.is_empty()).then(|| architecture.to_owned())),
        ("parameters", info.count("general.parameter_count")),
        ("embedding length", number("embedding_length")),
        ("dimensions", number("projection_dim")),
    ])
}

/// The rows that have a value.
fn rows<const N: usize>(rows: [(&str, Option<String>); N]) -> Vec<Vec<String>> {
    rows.into_iter().filter_map(|(label, value)| Some(vec![label.to_owned(), value?])).collect()
}

/// Lines of a name, blanks and a value, which may have blanks of its own.
fn parameters(text: &str) -> Vec<Vec<String>> {
    let pairs = text.lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
    pairs.map(|(name, value)| vec![name.to_owned(), value.trim_start().to_owned()]).collect()
}

fn metadata(info: &Map<String, Value>) -> Vec<Vec<String>> {
    let mut entries: Vec<_> = info.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries.into_iter().map(|(key, value)| vec![key.clone(), metadata_value(value)]).collect()
}

/// A value on one line; of a list, as much as fits into a few columns.
fn metadata_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(plain).collect();
            let shown = fitting(&texts);
            match texts.len() - shown {
                0 => format!("[{}]", texts.join(" ")),
                more => format!("[{} ...+{more} more]", texts[..shown].join(" ")),
            }
        }
        value => plain(value),
    }
}

/// How many texts fit into ten columns with an opening bracket before them and two columns between them; the first
/// always does.
fn fitting(texts: &[String]) -> usize {
    let mut width = 1;
    let fits = |(index, text): &(usize, &String)| {
        width += text.chars().count() + if *index > 0 { 2 } else { 0 };
        *index == 0 || width <= 10
    };
    texts.iter().enumerate().take_while(fits).count()
}

/// Text as it is, anything else as JSON, but whole numbers without a fraction.
fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.strip_suffix(".0").filter(|_| value.is_f64()).map(str::to_owned).unwrap_or(text)
}

fn shape(shape: &[u64]) -> String {
    format!("[{}]", shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" "))
}

/// How many lines of a long text are shown.
const HEAD_LINES: usize = 2;

/// Long lines of it are broken here.
const HEAD_COLUMNS: usize = 100;

/// The first lines of a text that are not blank.
fn head(text: &str) -> Vec<Vec<String>> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first: Vec<&str> = lines.by_ref().take(HEAD_LINES).collect();
    let broken = first.into_iter().flat_map(|line| textwrap::wrap(line, HEAD_COLUMNS));
    let more = lines.next().map(|_| "...".into());
    broken.chain(more).map(|line| vec![line.into_owned()]).collect()
}

/// A title and a table below it, or nothing if the table has no rows.
fn section(title: &str, rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let table = table(rows);
    let lines: String = table.lines().map(|line| format!("    {line}\n")).collect();
    format!("  {title}\n{lines}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_to_a_few_columns() {
        for (value, expected) in [
            (json!([]), "[]"),
            (json!([1, 2, 3]), "[1 2 3]"),
            (json!([1, 2, 3, 4]), "[1 2 3 ...+1 more]"),
            (json!(["a very long token", "b"]), "[a very long token ...+1 more]"),
            (json!(["<s>", "</s>", "c"]), "[<s> </s> ...+1 more]"),
            (json!([128_009, 1, 2]), "[128009 1 ...+1 more]"),
        ] {
            assert_eq!(metadata_value(&value), expected);
        }
    }

    #[test]
    fn other_values_are_on_one_line() {
        for (value, expected) in [
            (json!("a\u{e9}"), "a\u{e9}"),
            (json!(131_072), "131072"),
            (json!(8_030_261_312_u64), "8030261312"),
            (json!(500_000.0), "500000"),
            (json!(1e-6), "1e-6"),
            (json!(true), "true"),
            (json!(null), "null"),
        ] {
            assert_eq!(metadata_value(&value), expected);
        }
    }

    #[test]
    fn long_texts_are_cut_and_broken() {
        let lines = |text: &str| head(text).into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(lines(""), Vec::<String>::new());
        assert_eq!(lines("  one\n\n two \n"), ["one", "two"]);
        assert_eq!(lines("one\ntwo\n\nthree"), ["one", "two", "..."]);
        let long = "word ".repeat(30);
        let broken = lines(&long);
        assert_eq!(broken, [long[..99].trim_end(), long[100..].trim_end()]);
    }
}
