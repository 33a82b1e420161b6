//! Opening a database of a PostgreSQL server, and bringing its tables up to date.

use std::time::Duration;

use sqlx::{
    Connection, PgConnection,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{AppliedMigration, applied, migration_error, newest, refuse_newer};
use crate::{
    config,
    storage::{
        Db, Error,
        db::Writer,
        dialect::{POSTGRES_BEGIN_READ, POSTGRES_LOCK_HEAD},
        url::PostgresUrl,
    },
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long the server keeps a transaction open of which it hears nothing: then it takes the process for dead, and
/// the others may write.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn migrate(
    url: &PostgresUrl,
    settings: &config::Database,
) -> Result<(Db, Vec<AppliedMigration>), Error> {
    let mut connection = connect(url, settings).await?;
    require_durability(&mut connection).await?;
    let before = migrations_before(url, &mut connection).await?;
    // Takes a lock of the database's own first: of several processes that start together one migrates.
    MIGRATIONS.run(&mut connection).await.map_err(migration_error)?;
    // Takes and gives back the lock that every write needs: a database that cannot be written is refused now, not
    // at the first decision.
    let mut tx = connection.begin().await?;
    sqlx::query(POSTGRES_LOCK_HEAD).execute(&mut *tx).await?;
    tx.rollback().await?;
    connection.close().await?;
    let options = with_limits(url.options().clone(), settings);
    // A connection that broke is found when it is next used. The writer's is replaced then; a reader's is tried
    // before it is given out, because all of them break together.
    let writer = pool(1, settings).test_before_acquire(false).connect_lazy_with(by_key(options.clone()));
    let readers = readers(settings).connect_lazy_with(options);
    Ok((Db::Postgres { writer: Writer::new(writer), readers }, applied(&MIGRATIONS, &before)))
}

pub(super) async fn open_read_only(url: &PostgresUrl, settings: &config::Database) -> Result<Db, Error> {
    let mut connection = connect(url, settings).await?;
    let Some(applied) = applied_versions(&mut connection).await? else {
        return Err(Error::NotOurs { database: url.to_string() });
    };
    refuse_newer(&MIGRATIONS, &applied)?;
    if applied.last() != Some(&newest(&MIGRATIONS)) {
        return Err(Error::OlderSchema);
    }
    connection.close().await?;
    // Whoever asks for the writer gets a connection that refuses to write.
    let options = url.options().clone().options([("default_transaction_read_only", "on")]);
    let writer = pool(1, settings).connect_lazy_with(options.clone());
    Ok(Db::Postgres { writer: Writer::new(writer), readers: readers(settings).connect_lazy_with(options) })
}

/// What the server itself holds a session to.
fn with_limits(options: PgConnectOptions, settings: &config::Database) -> PgConnectOptions {
    let statement = settings.statement_timeout_ms.to_string();
    let silence = SILENCE_LIMIT.as_millis().to_string();
    options.options([
        ("statement_timeout", statement.as_str()),
        // A filter that was left out is no part of a plan that is made for one question.
        ("plan_cache_mode", "force_custom_plan"),
        // A process that vanished in the middle of a transaction must not keep the others from writing.
        ("idle_in_transaction_session_timeout", silence.as_str()),
        ("tcp_user_timeout", silence.as_str()),
    ])
}

/// Has every row that is not inserted found by its key. The tables grow faster than PostgreSQL takes note of: a plan
/// that was made for an empty table, and kept, would read a full one from end to end.
fn by_key(options: PgConnectOptions) -> PgConnectOptions {
    let never = ["enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"];
    // Its statements have one plan each, whatever their values.
    options.options([("plan_cache_mode", "auto")]).options(never.map(|setting| (setting, "off")))
}

fn pool(connections: u32, settings: &config::Database) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(settings.acquire_timeout())
        .idle_timeout(Duration::from_mins(10))
        .max_lifetime(Duration::from_hours(1))
}

/// A reader whose request was given up is asked whether it still answers before it is given out again, and not for
/// longer than [`SILENCE_LIMIT`]: the pool must not run out of connections to a server that fell silent.
fn readers(settings: &config::Database) -> PgPoolOptions {
    pool(settings.read_connections, settings).after_release(|connection, _| {
        Box::pin(async move {
            let answered = tokio::time::timeout(SILENCE_LIMIT, connection.ping()).await;
            answered.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut)).map(|()| true)
        })
    })
}

async fn connect(url: &PostgresUrl, settings: &config::Database) -> Result<PgConnection, Error> {
    let connecting = PgConnection::connect_with(url.options());
    let cannot = |reason: String| Error::CannotConnect { database: url.to_string(), reason };
    match tokio::time::timeout(settings.acquire_timeout(), connecting).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(sqlx::Error::Database(refused))) => Err(cannot(refused.message().to_owned())),
        Ok(Err(error)) => Err(cannot(error.to_string())),
        Err(_) => Err(cannot(format!("no answer within {} ms", settings.acquire_timeout_ms))),
    }
}

/// Refuses a server that acknowledges what it has not written.
async fn require_durability(connection: &mut PgConnection) -> Result<(), Error> {
    for setting in ["fsync", "synchronous_commit"] {
        let value: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&mut *connection).await?;
        if value == "off" {
            return Err(Error::NotDurable { setting });
        }
    }
    Ok(())
}

/// The versions that were applied, oldest first; `None` when the table that lists them is not there.
async fn applied_versions(connection: &mut PgConnection) -> Result<Option<Vec<i64>>, Error> {
    let listed: Option<String> =
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations')::text").fetch_one(&mut *connection).await?;
    if listed.is_none() {
        return Ok(None);
    }
    let versions = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version");
    Ok(Some(versions.fetch_all(connection).await?))
}

/// The migrations of a database that may be migrated: one of ours that is not newer, or an empty one.
async fn migrations_before(url: &PostgresUrl, connection: &mut PgConnection) -> Result<Vec<i64>, Error> {
    // Another process may be migrating: both questions are asked of one state.
    let mut tx = connection.begin_with(POSTGRES_BEGIN_READ).await?;
    let before = match applied_versions(&mut tx).await? {
        Some(versions) => versions,
        None if holds_foreign_tables(&mut tx).await? => {
            return Err(Error::NotOurs { database: url.to_string() });
        }
        None => Vec::new(),
    };
    tx.rollback().await?;
    refuse_newer(&MIGRATIONS, &before)?;
    Ok(before)
}

/// Whether the schema that tables are made in holds tables of somebody else's.
async fn holds_foreign_tables(connection: &mut PgConnection) -> Result<bool, Error> {
    let tables = "SELECT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema())";
    Ok(sqlx::query_scalar(tables).fetch_one(connection).await?)
}
