//! The room as a whole: the grammar, realistic files, random ones, the disk, and what `show` prints.

mod files;
mod golden;
mod grammar;
mod parameters;
mod print;
mod recipe;
mod show;

use super::*;

fn from(value: &str) -> Instruction {
    Instruction::From(value.to_owned())
}

fn system(value: &str) -> Instruction {
    Instruction::System(value.to_owned())
}

fn template(value: &str) -> Instruction {
    Instruction::Template(value.to_owned())
}

fn license(value: &str) -> Instruction {
    Instruction::License(value.to_owned())
}

fn parameter(name: &str, value: &str) -> Instruction {
    Instruction::Parameter { name: name.to_owned(), value: value.to_owned() }
}

fn message(role: &str, content: &str) -> Instruction {
    Instruction::Message(Message { role: role.to_owned(), content: content.to_owned() })
}

/// The instructions of a text that is a Modelfile.
fn parsed(text: &str) -> Vec<Instruction> {
    parse(text.as_bytes()).unwrap().instructions
}

/// The message of a text that is none, and the line it is about.
fn refused(text: &str) -> (String, Option<usize>) {
    let error = parse(text.as_bytes()).unwrap_err();
    (error.to_string(), error.line())
}
