//! A PostgreSQL server of the tests' own, from the installed binaries: made once per test binary, in a temporary
//! folder, on a socket in it, durable as in production (`fsync` on). Each test gets a database of its own.
//!
//! A shell looks after the server: when the tests end, however they end, its input closes, and it stops the server
//! and removes the folder.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The server's superuser. Nobody else reaches its socket.
const USER: &str = "underwright";

/// Obeys one word a line: start, stop, kill, freeze, thaw, fill, empty; answers each with one line. Signals of a terminal are not for it.
const KEEPER: &str = r#"
trap '' INT TERM HUP
bin=$1 folder=$2 options=$3
# With each process of the server, the first one first: this command, and the process behind it.
each() {
  first=$(head -n 1 "$folder/data/postmaster.pid")
  "$@" "$first" || return
  # One that has ended meanwhile needs nothing.
  for child in $(cat "/proc/$first/task/$first/children"); do "$@" "$child" 2>/dev/null || true; done
}
run() {
  case $1 in
    start)
      # After a kill the old server's processes may take a moment to notice.
      for _ in 1 2 3 4 5 6 7 8 9 10; do
        "$bin/pg_ctl" start -D "$folder/data" -s -w -t 120 -l "$folder/log" -o "$options" && return
        sleep 0.5
      done
      return 1 ;;
    stop) "$bin/pg_ctl" stop -D "$folder/data" -s -w -t 120 -m fast ;;
    kill) kill -KILL "$(head -n 1 "$folder/data/postmaster.pid")" ;;
    # A machine that has become unreachable: connections stay open, and nobody answers. The first process is stopped
    # first, so that it starts no other.
    freeze) each kill -STOP ;;
    thaw) each kill -CONT ;;
    # What a full disk does: no file grows beyond 2 MiB. Let those of the write-ahead log have 1 MiB (`--wal-segsize`), so that
    # it is the tables which cannot grow: a log that cannot ends the server, which is `kill`.
    fill) each prlimit --fsize=2097152: --pid ;;
    empty) each prlimit --fsize=unlimited: --pid ;;
  esac
}
while read -r word; do
  if run "$word" >>"$folder/log" 2>&1; then echo done; else echo failed; fi
done
"$bin/pg_ctl" stop -D "$folder/data" -s -m immediate >/dev/null 2>&1
rm -rf "$folder"
"#;

/// A server. It stops when this is dropped, or when the process ends.
pub(crate) struct Server {
    folder: PathBuf,
    /// Names the socket; in use only where a server listens to more than that.
    port: u16,
    keeper: Mutex<Keeper>,
    databases: AtomicU32,
}

struct Keeper {
    _shell: Child,
    words: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// The server that the tests of this binary share.
pub(crate) fn shared() -> Arc<Server> {
    static SHARED: LazyLock<Arc<Server>> = LazyLock::new(|| Arc::new(Server::start(&[])));
    Arc::clone(&SHARED)
}

impl Server {
    /// Makes a cluster, with these options of `initdb`, and starts its server.
    pub(crate) fn start(cluster: &[&str]) -> Self {
        Self::start_with(5432, "", &[], cluster)
    }

    /// As [`Server::start`]; it listens on this machine too, and speaks TLS with the certificate of `fixtures/tls`.
    pub(crate) fn start_with_tls() -> Self {
        let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let settings = " -c listen_addresses=127.0.0.1 -c ssl=on";
        Self::start_with(port, settings, &[tls.join("server.crt"), tls.join("server.key")], &[])
    }

    /// `files` are put where the server looks for its certificate and key.
    fn start_with(port: u16, settings: &str, files: &[PathBuf], cluster: &[&str]) -> Self {
        let bin = binaries();
        let folder = tempfile::Builder::new().prefix("underwright-postgres-").tempdir().expect("a folder").keep();
        let owner = owner();
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group)).expect("the folder is given away");
        }
        let data = folder.join("data");
        let mut initdb = Command::new(bin.join("initdb"));
        // A collation unlike that of bytes, so that a column which relies on the database's own is found out.
        initdb.args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"]).arg(&data);
        initdb.args(["--locale-provider=icu", "--icu-locale=en-US"]).args(cluster);
        let made = as_owner(&mut initdb, owner).output().expect("initdb can be started");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        for file in files {
            let own = data.join(file.file_name().expect("a name"));
            fs::copy(file, &own).expect("copied");
            fs::set_permissions(&own, fs::Permissions::from_mode(0o600)).expect("private");
            chown(&own, owner.map(|(user, _)| user), owner.map(|(_, group)| group)).expect("given away");
        }
        let options = format!(
            "-c port={port} -c listen_addresses= -c unix_socket_directories={} -c fsync=on -c max_connections=300 \
             -c shared_buffers=256MB{settings}",
            folder.display()
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", KEEPER, "keeper"]).arg(&bin).arg(&folder).arg(&options);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = as_owner(&mut shell, owner).spawn().expect("sh can be started");
        let words = shell.stdin.take().expect("piped");
        let answers = BufReader::new(shell.stdout.take().expect("piped"));
        let keeper = Mutex::new(Keeper { _shell: shell, words, answers });
        let server = Self { folder, port, keeper, databases: AtomicU32::new(0) };
        server.tell("start");
        server
    }

    /// Tells the keeper one of its words, and returns when that is done.
    pub(crate) fn tell(&self, word: &str) {
        let mut keeper = self.keeper.lock().expect("no test panicked in here");
        writeln!(keeper.words, "{word}").expect("the shell listens");
        let mut answer = String::new();
        keeper.answers.read_line(&mut answer).expect("the shell answers");
        let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        assert_eq!(answer.trim_end(), "done", "PostgreSQL did not {word}:\n{}", log());
    }

    /// The address of a database on this server.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?user={USER}&host={}&port={}", self.folder.display(), self.port)
    }

    /// The same address through the network of this machine.
    pub(crate) fn network_url(&self, host: &str, database: &str, options: &str) -> String {
        format!("postgres://{USER}@{host}:{}/{database}?{options}", self.port)
    }

    async fn administer(&self, statement: String) -> sqlx::Result<()> {
        let mut connection = PgConnection::connect(&self.url("postgres")).await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        connection.close().await
    }

    /// Makes an empty database.
    pub(crate) async fn database(self: &Arc<Self>) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.administer(format!("CREATE DATABASE {name}")).await.expect("it is made");
        Database { server: Arc::clone(self), name }
    }
}

/// A database, until this is dropped.
pub(crate) struct Database {
    pub(crate) server: Arc<Server>,
    name: String,
}

impl Database {
    pub(crate) fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// A copy of it. Nobody may be connected to it meanwhile.
    pub(crate) async fn copy(&self) -> Self {
        let name = format!("test_{}", self.server.databases.fetch_add(1, Ordering::Relaxed));
        self.server.administer(format!("CREATE DATABASE {name} TEMPLATE {}", self.name)).await.expect("it is copied");
        Self { server: Arc::clone(&self.server), name }
    }

    /// A connection that no rule of the database binds but its CHECKs: triggers, which hold foreign keys, rest.
    pub(crate) async fn connect(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url()).await.expect("the server answers");
        sqlx::query("SET session_replication_role = replica").execute(&mut connection).await.expect("a superuser may");
        connection
    }

    /// Runs statements, as nobody but an operator would.
    pub(crate) async fn execute(&self, statements: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.expect("it is done");
        connection.close().await.expect("closed");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                // A server that a test has stopped takes its databases with it.
                let _ = runtime.expect("a runtime").block_on(self.server.administer(statement));
            });
        });
    }
}

/// Where the server's programs are: in the path, or where Debian puts those of the newest version.
pub(crate) fn binaries() -> PathBuf {
    let in_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut debian: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    debian.sort_by_key(|bin| bin.parent().and_then(Path::file_name)?.to_str()?.parse::<u32>().ok());
    let found = debian.into_iter().rev().chain(in_path).find(|bin| bin.join("initdb").is_file());
    let found = found.and_then(|bin| fs::canonicalize(bin.join("initdb")).ok()?.parent().map(Path::to_owned));
    found.expect("PostgreSQL is missing: the tests need initdb, pg_ctl and postgres (Debian: apt install postgresql)")
}

/// The user and group that the server runs as: PostgreSQL refuses root.
fn owner() -> Option<(u32, u32)> {
    let id = Command::new("id").arg("-u").output().expect("id can be started");
    if id.stdout.trim_ascii() != b"0" {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    Some(of("postgres").or_else(|| of("nobody")).expect("a user that is not root: postgres or nobody"))
}

fn as_owner(command: &mut Command, owner: Option<(u32, u32)>) -> &mut Command {
    // From a folder that any user may enter.
    command.current_dir("/");
    match owner {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}
