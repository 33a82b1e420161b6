//! Connections beside the load: some say nothing, some dawdle.

use std::{
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::Arguments;

/// Tells the second start from the first.
const STARTED_AGAIN: &str = "LOAD_STARTED_AGAIN";
/// What the rest of this process and of the server need.
const OTHER_FILES: usize = 512;
/// How long a dawdler takes over each byte.
const DAWDLING: Duration = Duration::from_millis(500);

/// Connections, until this is dropped.
pub(crate) struct Bystanders {
    asked: usize,
    open: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

/// Starts this program again with as many open files as it needs, when it may not have so many. The server inherits
/// that.
pub(crate) fn make_room(connections: usize) -> anyhow::Result<()> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).context("Linux says it")?;
    let soft = line.split_whitespace().next().context("Linux says it")?;
    let needed = connections + OTHER_FILES;
    if soft.parse().is_ok_and(|soft: usize| soft < needed) && std::env::var_os(STARTED_AGAIN).is_none() {
        let mut again = Command::new("sh");
        again.args(["-c", &format!("ulimit -n {needed} && exec \"$0\" \"$@\"")]).arg(std::env::current_exe()?);
        let failed = again.args(std::env::args_os().skip(1)).env(STARTED_AGAIN, "1").exec();
        return Err(failed).context("cannot start again with more open files");
    }
    Ok(())
}

/// Opens them all.
pub(crate) async fn open(arguments: &Arguments, address: SocketAddr, token: &str) -> anyhow::Result<Bystanders> {
    let mut tasks = JoinSet::new();
    let open = Arc::new(AtomicUsize::new(0));
    for _ in 0..arguments.idle {
        let mut connection = TcpStream::connect(address).await?;
        connection.write_all(b"GET /healthz HTTP/1.1\r\nHost: load\r\n\r\n").await?;
        let answered = connection.read(&mut [0; 2_048]).await?;
        anyhow::ensure!(answered > 0, "a connection was closed before it was idle");
        tasks.spawn(stay(connection, Vec::new(), Arc::clone(&open)));
    }
    let head = format!(
        "POST /v1/applications HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: 4000\r\n\r\n"
    );
    for _ in 0..arguments.slow {
        let connection = TcpStream::connect(address).await?;
        tasks.spawn(stay(connection, head.clone().into_bytes(), Arc::clone(&open)));
        let mut connection = TcpStream::connect(address).await?;
        connection.write_all(head.as_bytes()).await?;
        tasks.spawn(stay(connection, vec![b' '; 4_000], Arc::clone(&open)));
    }
    Ok(Bystanders { asked: arguments.idle + 2 * arguments.slow, open, _tasks: tasks })
}

/// Sends what there is a byte at a time, then nothing, until the server closes.
async fn stay(mut connection: TcpStream, bytes: Vec<u8>, open: Arc<AtomicUsize>) {
    open.fetch_add(1, Ordering::Relaxed);
    let (mut reading, mut writing) = connection.split();
    let dawdle = async {
        for byte in bytes {
            if writing.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(DAWDLING).await;
        }
        std::future::pending::<()>().await;
    };
    let closed = async {
        let mut ignored = [0; 2_048];
        while reading.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
    };
    tokio::select! {
        () = dawdle => {}
        () = closed => {}
    }
    open.fetch_sub(1, Ordering::Relaxed);
}

impl Bystanders {
    pub(crate) const fn asked(&self) -> usize {
        self.asked
    }

    /// How many the server has not closed.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}
