//! Reading a password: from the terminal, where it is not shown and asked for twice, or as one line of standard input.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use zeroize::Zeroizing;

pub(super) fn read() -> anyhow::Result<Zeroizing<String>> {
    if !io::stdin().is_terminal() {
        return line();
    }
    let hidden = Hidden::begin();
    let (first, second) = (asked("New password: ")?, asked("Once more: ")?);
    drop(hidden);
    if *first != *second {
        bail!("the two passwords differ: nothing was changed");
    }
    Ok(first)
}

fn asked(question: &str) -> anyhow::Result<Zeroizing<String>> {
    let mut terminal = io::stderr();
    write!(terminal, "{question}").and_then(|()| terminal.flush()).context("cannot write to the terminal")?;
    let answer = line();
    let _ = writeln!(terminal);
    answer
}

fn line() -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut text).context("cannot read the password from standard input")?;
    while text.ends_with(['\n', '\r']) {
        text.pop();
    }
    if text.is_empty() {
        bail!("there is no password on standard input: write it as one line");
    }
    Ok(text)
}

/// While it lives the terminal shows nothing of what is typed. Where `stty` is not there it does show it.
struct Hidden(bool);

impl Hidden {
    fn begin() -> Self {
        Self(stty("-echo"))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if self.0 {
            stty("echo");
        }
    }
}

fn stty(argument: &str) -> bool {
    let run =
        Command::new("stty").arg(argument).stdin(Stdio::inherit()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}
