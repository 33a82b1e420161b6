//! The command line: a command per file.
//!
//! Results meant for programs go to standard output, everything said to a person to standard error.
//! Exit code 0 is done, 1 is "it ran and the answer is no", 2 is wrong use or unreadable input, with
//! one line that says what to do.

mod audit;
mod evaluate;
mod migrate;
mod openapi;
mod score;
mod serve;
mod settings;
mod token;
mod train;

use std::{ffi::OsString, process::ExitCode};

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
    Score(score::Args),
    #[command(subcommand)]
    Audit(audit::Command),
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
        Command::Score(args) => score::run(&args),
        Command::Audit(command) => audit::run(&command),
        Command::Migrate(args) => migrate::run(&args),
        Command::Openapi(args) => openapi::run(&args),
    };
    match result {
        Ok(Answer::Done) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
