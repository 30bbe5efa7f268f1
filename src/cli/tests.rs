//! The commands against a server that answers from a script: what they print, what they end with, what they ask.

mod create;
mod failures;
mod lists;
mod models;
mod pull;
mod repl;
mod run;
mod script;
mod show;
mod version;

use clap::{CommandFactory, Parser};

use super::*;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn the_arguments_that_do_not_go_together() {
    for line in [
        "quipu pull",
        "quipu pull --all tiny",
        "quipu rm",
        "quipu cp a",
        "quipu list a b",
        "quipu create",
        "quipu stop a b",
        "quipu",
    ] {
        assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
    }
    for line in ["quipu ls", "quipu pull --all", "quipu pull a b --insecure", "quipu show -v a"] {
        assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut err = Vec::new();
    let broken = || CliError::Io(ErrorKind::BrokenPipe.into());
    assert_eq!(report(Err(broken()), &mut err), 0);
    assert!(err.is_empty());
    assert_eq!(report(Err(CliError::Unfinished), &mut err), 1);
    assert!(!err.is_empty());
}
