//! The command line: a command per file.
//!
//! Results meant for programs go to standard output, everything said to a person to standard error.
//! Exit code 0 is done, 1 is "it ran and the answer is no", 2 is wrong use or unreadable input, with
//! one line that says what to do.

mod applicants;
mod audit;
mod custody;
mod evaluate;
mod import;
mod keys;
mod migrate;
mod models;
mod openapi;
mod partial_file;
mod policy;
mod registry;
mod retention;
mod score;
mod serve;
mod settings;
mod token;
mod train;
mod users;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand};

/// Decides loan applications: scores, explains, applies the lender's policy and records every
/// decision in an audit log that proves itself. Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "underwright", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Token(token::Args),
    Train(train::Args),
    Evaluate(evaluate::Args),
    Import(import::Args),
    Score(score::Args),
    #[command(subcommand)]
    Audit(audit::Command),
    #[command(subcommand)]
    Models(models::Command),
    #[command(subcommand)]
    Policy(policy::Command),
    #[command(subcommand)]
    Applicants(applicants::Command),
    #[command(subcommand)]
    Retention(retention::Command),
    #[command(subcommand)]
    Keys(keys::Command),
    #[command(subcommand)]
    Users(users::Command),
    Migrate(migrate::Args),
    Openapi(openapi::Args),
}

/// How a command ended, when it could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Done; exit code 0.
    Done,
    /// It ran and the answer is "no" (a broken log, a failed gate, rows in error); exit code 1.
    No,
}

/// Runs the command line and gives the process's exit code.
///
/// `arguments` begins with the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors; everything else is wrong use (2).
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let result = match cli.command.unwrap_or_else(|| Command::Serve(serve::Args::default())) {
        Command::Serve(args) => serve::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Audit(command) => audit::run(&command),
        Command::Models(command) => models::run(&command),
        Command::Policy(command) => policy::run(&command),
        Command::Applicants(command) => applicants::run(&command),
        Command::Retention(command) => retention::run(&command),
        Command::Keys(command) => keys::run(&command),
        Command::Users(command) => users::run(&command),
        Command::Migrate(args) => migrate::run(&args),
        Command::Openapi(args) => openapi::run(&args),
    };
    match result {
        Ok(Answer::Done) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(error) => {
            // Where standard error is gone as well, the exit code is all that is left to say.
            let _ = writeln!(io::stderr(), "error: {}", in_one_line(&error));
            ExitCode::from(2)
        }
    }
}

/// Writes to standard output, also when whoever reads it may be gone.
fn print_text(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).context("cannot write to standard output")
}

/// As [`print_text`], a whole line.
fn print_line(line: &str) -> anyhow::Result<()> {
    print_text(&format!("{line}\n"))
}

/// An error and its causes in one line. A cause that was said already is not said again.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain() {
        let text = joined_lines(&cause.to_string());
        if said.contains(&text) {
            continue;
        }
        if !said.is_empty() {
            said.push_str(": ");
        }
        said.push_str(&text);
    }
    said
}

/// The lines of a message as one, without the drawings of source text that parsers put between them.
fn joined_lines(message: &str) -> String {
    let mut joined = String::new();
    for line in message.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty() && !is_drawn(line)) {
        if joined.ends_with([':', ';', ',']) {
            joined.push(' ');
        } else if !joined.is_empty() {
            joined.push_str("; ");
        }
        joined.push_str(line);
    }
    joined
}

/// Whether a trimmed line quotes source text after a line number, or points into it.
fn is_drawn(line: &str) -> bool {
    let after_number = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    line.starts_with('|') || (after_number.len() < line.len() && after_number.starts_with(" |"))
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn an_error_is_one_line_that_says_nothing_twice() {
        let parser = "TOML parse error at line 12, column 3\n   |\n12 | broken\n   |   ^\nexpected `=`\n";
        let error = anyhow!(parser).context("policy.toml cannot be used");
        let expected = "policy.toml cannot be used: TOML parse error at line 12, column 3; expected `=`";
        assert_eq!(in_one_line(&error), expected);

        let error = anyhow!("no such file").context("cannot read it: no such file").context("the model cannot be used");
        assert_eq!(in_one_line(&error), "the model cannot be used: cannot read it: no such file");
    }

    #[test]
    fn lines_are_joined_as_a_sentence_and_what_only_looks_drawn_is_kept() {
        assert_eq!(
            joined_lines("two faults:\r\n    a is wrong\n\n    b is wrong"),
            "two faults: a is wrong; b is wrong"
        );
        assert_eq!(joined_lines("12 loans are too few\na | b"), "12 loans are too few; a | b");
    }
}
