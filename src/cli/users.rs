//! `underwright users`.

mod password;

use std::fmt::Write;

use super::{
    Answer,
    custody::{CustodyArgs, caller, open},
    migrate::runtime,
    print_line, print_text,
};
use crate::{
    domain::{
        account::AccountName,
        principal::{Principal, Role},
    },
    service::{
        accounts::{self, AccountError, Change},
        custody::Custody,
    },
};

/// Manage the accounts that sign in to the console.
///
/// A server may be running: what changes holds for its next request. Every change is an entry of the audit log. Exit
/// code 0: done; 1: there is no such account, or there is one already.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Add(AddArgs),
    List(ListArgs),
    /// Give an account another password, and end its sessions. It is asked for at the terminal, or read as a line
    Password(NameArgs),
    /// Give an account another role, and end its sessions
    Role(RoleArgs),
    /// Keep an account from signing in, and end its sessions
    Disable(NameArgs),
    /// Let an account sign in again
    Enable(NameArgs),
    /// List the sessions of an account
    Sessions(NameArgs),
    /// End all sessions of an account
    SignOut(NameArgs),
}

/// Add an account.
///
/// The password is asked for at the terminal, or read as one line of standard input; never as an argument, where other
/// processes could see it. It has at least 15 characters.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright users add ada.example --role officer --data-dir /var/lib/underwright")]
pub(super) struct AddArgs {
    /// The account's name, as the audit log will show it: a-z, 0-9, `.`, `_`, `-` and `@`
    name: AccountName,
    /// officer, manager, risk, auditor, privacy or admin
    #[arg(long)]
    role: Role,
    #[command(flatten)]
    custody: CustodyArgs,
}

/// List the accounts
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright users list --data-dir /var/lib/underwright --json")]
pub(super) struct ListArgs {
    #[command(flatten)]
    custody: CustodyArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright users disable ada.example --data-dir /var/lib/underwright")]
pub(super) struct NameArgs {
    /// The account's name
    name: AccountName,
    #[command(flatten)]
    custody: CustodyArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright users role ada.example --role manager --data-dir /var/lib/underwright")]
pub(super) struct RoleArgs {
    #[command(flatten)]
    name: NameArgs,
    /// officer, manager, risk, auditor, privacy or admin
    #[arg(long)]
    role: Role,
}

pub(super) fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Add(args) => add(args),
        Command::List(args) => list(args),
        Command::Password(args) => {
            let password = password::read()?;
            change(args, Change::Password { password: &password })
        }
        Command::Role(args) => change(&args.name, Change::Role { role: args.role }),
        Command::Disable(args) => change(args, Change::Disabled),
        Command::Enable(args) => change(args, Change::Enabled),
        Command::SignOut(args) => change(args, Change::SignedOut),
        Command::Sessions(args) => sessions(args),
    }
}

fn add(args: &AddArgs) -> anyhow::Result<Answer> {
    let password = password::read()?;
    with_store(&args.custody, async |custody, who| {
        let added = accounts::add(custody, caller(custody, who), &args.name, (args.role, &password)).await;
        answer(added.map(|()| format!("added {} as {}", args.name, args.role)))
    })
}

fn change(args: &NameArgs, what: Change<'_>) -> anyhow::Result<Answer> {
    with_store(&args.custody, async |custody, who| {
        let changed = accounts::change(custody, caller(custody, who), &args.name, what).await;
        answer(changed.map(|sessions| format!("changed {}; {sessions} sessions ended", args.name)))
    })
}

fn list(args: &ListArgs) -> anyhow::Result<Answer> {
    with_store(&args.custody, async |custody, _| {
        let accounts = accounts::list(custody).await?;
        if args.json {
            print_line(&serde_json::to_string(&accounts)?)?;
            return Ok(Answer::Done);
        }
        let mut table = String::new();
        for account in accounts {
            let state = match (account.disabled_at, account.development) {
                (Some(at), _) => format!("disabled since {at}"),
                (None, true) => "in development mode alone".to_owned(),
                (None, false) => "may sign in".to_owned(),
            };
            writeln!(table, "{:<32} {:<8} {state}", account.name, account.role.to_string())?;
        }
        print_text(&table)?;
        Ok(Answer::Done)
    })
}

fn sessions(args: &NameArgs) -> anyhow::Result<Answer> {
    with_store(&args.custody, async |custody, _| {
        answer(accounts::sessions(custody, &args.name).await.map(|sessions| {
            let lines = sessions.iter().map(|session| {
                format!(
                    "{}  since {}  last used {}  {}",
                    session.id, session.started_at, session.last_seen_at, session.client
                )
            });
            let lines: Vec<String> = lines.collect();
            if lines.is_empty() { "no sessions".to_owned() } else { lines.join("\n") }
        }))
    })
}

/// Runs something on a store that exists, and closes it.
fn with_store(
    args: &CustodyArgs,
    run: impl AsyncFnOnce(&Custody, &Principal) -> anyhow::Result<Answer>,
) -> anyhow::Result<Answer> {
    let settings = args.settings.load()?;
    runtime()?.block_on(async {
        let custody = open(&settings).await?;
        let who = Principal { subject: args.subject.clone(), role: Role::Admin };
        let result = run(&custody, &who).await;
        custody.close().await;
        result
    })
}

/// What is said of a result; "no" where the accounts are not as the command takes them to be.
fn answer(result: Result<String, AccountError>) -> anyhow::Result<Answer> {
    match result {
        Ok(text) => {
            print_line(&text)?;
            Ok(Answer::Done)
        }
        Err(error @ (AccountError::Exists | AccountError::NotFound)) => {
            eprintln!("{error}");
            Ok(Answer::No)
        }
        Err(error) => Err(error.into()),
    }
}
