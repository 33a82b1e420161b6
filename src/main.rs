//! The `underwright` binary: parse, dispatch.

use std::process::ExitCode;

fn main() -> ExitCode {
    underwright::cli::run(std::env::args_os())
}
