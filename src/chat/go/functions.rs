//! The functions of Ollama's templates, and those that [`super::meter`] weaves in.

use std::sync::Arc;

use gotmpl::{FuncMap, Template, TemplateError, Value};
use jiff::{ToSpan, Zoned};

use super::notes::Notes;
use super::run::Budget;

/// Every function that a template may name.
pub(super) const NAMES: [&str; 23] = [
    "and",
    "call",
    "currentDate",
    "eq",
    "ge",
    "gt",
    "html",
    "index",
    "js",
    "json",
    "le",
    "len",
    "lt",
    "ne",
    "not",
    "or",
    "print",
    "printf",
    "println",
    "slice",
    "toTypeScriptType",
    "urlquery",
    "yesterdayDate",
];

/// Those that make text of whatever they are given.
pub(super) const PRINTING: [&str; 6] = ["html", "js", "print", "printf", "println", "urlquery"];

/// `#at line weight`: an action begins. Prints nothing.
pub(super) const AT: &str = "#at";
/// `#out value`: the value as an action prints it.
pub(super) const OUT: &str = "#out";
/// `#show value`: the value as a printing function gets it.
pub(super) const SHOW: &str = "#show";
/// `#weigh value`: the value, for a function that does not print.
pub(super) const WEIGH: &str = "#weigh";
/// `#nil`: no value.
pub(super) const NIL: &str = "#nil";

/// Steps for a call of `printf` or for a date, and for each verb of `printf`.
const CALL: u64 = 32;
const VERB: u64 = 100;

/// The widest that gotmpl pads a number or text in `printf`.
const MAX_WIDTH: u64 = 65_535;

type Result = gotmpl::Result<Value>;

/// What functions need to know.
struct Context {
    budget: Arc<Budget>,
    notes: Notes,
}

/// The functions that gotmpl does not have, or has without a budget.
pub(super) fn all(budget: &Arc<Budget>, notes: Notes) -> FuncMap {
    let context = Arc::new(Context { budget: Arc::clone(budget), notes });
    let mut functions = FuncMap::new();
    let mut add = |name: &str, function: fn(&Context, &[Value]) -> Result| {
        let context = Arc::clone(&context);
        functions.insert(name.into(), Arc::new(move |args: &[Value]| function(&context, args)));
    };
    add(AT, at);
    add(OUT, |context, args| Ok(context.as_printed(argument(OUT, args)?)));
    add(SHOW, show);
    add(WEIGH, weigh);
    add(NIL, |_, _| Ok(Value::Nil));
    add("printf", printf);
    add("json", json);
    add("currentDate", |context, _| date(context, 0));
    add("yesterdayDate", |context, _| date(context, 1));
    add("toTypeScriptType", |_, args| Ok(text(type_script(argument("toTypeScriptType", args)?))));
    functions
}

impl Context {
    /// The text of what has one, otherwise the value itself, which gotmpl prints as Go does.
    fn as_printed(&self, value: &Value) -> Value {
        self.notes.text(value).map_or_else(|| value.clone(), |text| Value::String(Arc::clone(text)))
    }

    fn charge(&self, bytes: u64) -> gotmpl::Result<()> {
        self.budget.steps(bytes / 64)?;
        self.budget.bytes(bytes)
    }
}

fn text(text: impl Into<Arc<str>>) -> Value {
    Value::String(text.into())
}

fn argument<'a>(name: &str, args: &'a [Value]) -> gotmpl::Result<&'a Value> {
    match args {
        [value] => Ok(value),
        _ => Err(TemplateError::ArgCount { name: name.into(), expected: 1, got: args.len() }),
    }
}

fn at(context: &Context, args: &[Value]) -> Result {
    if let [Value::Int(line), Value::Int(weight)] = args {
        context.budget.enter(usize::try_from(*line).unwrap_or(1), weight.unsigned_abs())?;
    }
    Ok(text(""))
}

fn show(context: &Context, args: &[Value]) -> Result {
    let value = context.as_printed(argument(SHOW, args)?);
    context.charge(size(&value))?;
    Ok(value)
}

fn weigh(context: &Context, args: &[Value]) -> Result {
    let value = argument(WEIGH, args)?;
    context.budget.steps(value.len().unwrap_or(0) as u64 / 64)?;
    Ok(value.clone())
}

/// About how many bytes a value has when it is printed.
fn size(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::List(items) => items.iter().map(|item| size(item) + 1).sum::<u64>() + 2,
        Value::Map(map) => map.iter().map(|(key, item)| key.len() as u64 + size(item) + 2).sum::<u64>() + 5,
        _ => 20,
    }
}

/// gotmpl's own, which can be reached through a template only. Before that, the work is charged, and what it
/// may print at most: each verb can name the largest argument, and pad to any width.
fn printf(context: &Context, args: &[Value]) -> Result {
    let format = args.first().and_then(Value::as_str).unwrap_or_default();
    let verbs = format.matches('%').count() as u64;
    context.budget.steps(CALL + verbs * VERB)?;
    let largest = args.iter().skip(1).map(size).max().unwrap_or(0);
    let widths = format.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let widths: u64 = widths.map(|digits| digits.parse().unwrap_or(MAX_WIDTH).min(MAX_WIDTH)).sum();
    let stars = format.matches('*').count() as u64 * MAX_WIDTH;
    context.charge(verbs.saturating_mul(largest) + widths + stars)?;

    let parameters: String = (0..args.len()).map(|index| format!(" (index . {index})")).collect();
    let template = Template::new("").parse(&format!("{{{{printf{parameters}}}}}"))?;
    Ok(text(template.execute_to_string(&Value::List(args.into()))?))
}

fn json(context: &Context, args: &[Value]) -> Result {
    let value = argument("json", args)?;
    let json = context.notes.to_json(value);
    context.charge(json.len() as u64)?;
    Ok(text(json))
}

/// The day so many days ago, as `YYYY-MM-DD`. Arguments are taken and not looked at, as in Ollama.
fn date(context: &Context, days_ago: i64) -> Result {
    context.budget.steps(CALL)?;
    Ok(text(Zoned::now().date().saturating_sub(days_ago.days()).to_string()))
}

/// The TypeScript type of a tool's property; `any` for everything else.
fn type_script(property: &Value) -> String {
    let list = |name| match property.field(name) {
        Some(Value::List(items)) => items.to_vec(),
        _ => Vec::new(),
    };
    let alternatives = list("AnyOf");
    let types: Vec<String> = if alternatives.is_empty() {
        list("Type").iter().map(|name| type_name(name.as_str().unwrap_or_default()).to_owned()).collect()
    } else {
        alternatives.iter().map(type_script).collect()
    };
    if types.is_empty() { "any".into() } else { types.join(" | ") }
}

fn type_name(json_type: &str) -> &'static str {
    match json_type {
        "string" => "string",
        "number" | "integer" => "number",
        "boolean" => "boolean",
        "array" => "any[]",
        "object" => "Record<string, any>",
        "null" => "null",
        _ => "any",
    }
}
