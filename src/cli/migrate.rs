//! `underwright migrate`.

use std::path::PathBuf;

use anyhow::Context;

use super::{Answer, print_line};
use crate::{
    auth::development::create_private_directory,
    storage::{DatabaseUrl, Db},
};

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
    /// The database, as `sqlite://PATH` or `postgres://USER@HOST/DATABASE` [default: underwright.db in the data directory]
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

    /// Makes the data directory, as `serve` does, where the database is to lie in it.
    fn make_data_dir(&self) -> anyhow::Result<()> {
        if self.database_url.is_some() {
            return Ok(());
        }
        create_private_directory(&self.data_dir)
            .with_context(|| format!("cannot make the data directory {}", self.data_dir.display()))
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let url = args.store.url()?;
    args.store.make_data_dir()?;
    let migrations = runtime()?.block_on(async {
        let (db, migrations) = Db::migrate(&url).await?;
        db.close().await;
        anyhow::Ok(migrations)
    })?;
    for migration in migrations.iter().filter(|migration| migration.is_new) {
        print_line(&format!("applied {:04} {}", migration.version, migration.description))?;
    }
    let version = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
    eprintln!("{url} is up to date at schema {version}");
    Ok(Answer::Done)
}

/// A runtime for one command.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_that_is_not_there_is_made() {
        let home = tempfile::tempdir().expect("a folder");
        let data_dir = home.path().join("new").join("data");
        let args = Args { store: Store { database_url: None, data_dir: data_dir.clone() } };
        for _ in 0..2 {
            assert_eq!(run(&args).expect("it ran"), Answer::Done);
        }
        assert!(data_dir.join("underwright.db").is_file());
    }
}
