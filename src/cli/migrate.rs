//! `underwright migrate`.

use std::path::PathBuf;

use anyhow::Context;

use super::Answer;
use crate::storage::{DatabaseUrl, Db};

/// Apply the database's migrations.
///
/// Makes the database when it is not there. `serve` does the same when it starts; this command is for doing it
/// beforehand.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Example:\n  underwright migrate --database-url sqlite:///var/lib/underwright/underwright.db")]
pub(super) struct Args {
    #[command(flatten)]
    store: Store,
}

/// Where the store is.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Store {
    /// The database, as `sqlite://PATH` [default: underwright.db in the data directory]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where the database and the development keys lie
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
}

impl Store {
    pub(super) fn url(&self) -> anyhow::Result<DatabaseUrl> {
        Ok(DatabaseUrl::resolve(self.database_url.as_deref(), &self.data_dir)?)
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let url = args.store.url()?;
    let migrations = runtime()?.block_on(async {
        let (db, migrations) = Db::migrate(&url).await?;
        db.close().await;
        anyhow::Ok(migrations)
    })?;
    for migration in migrations.iter().filter(|migration| migration.is_new) {
        println!("applied {:04} {}", migration.version, migration.description);
    }
    let version = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
    eprintln!("{url} is up to date at schema {version}");
    Ok(Answer::Done)
}

/// A runtime for one command.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")
}
