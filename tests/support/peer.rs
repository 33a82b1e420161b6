//! A server in a process of its own, as an operator starts it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};

/// A server process.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Peer {
    /// Starts a server in development mode, and returns when it is ready.
    pub(crate) fn start(program: &Path, folder: &Path, url: &str, settings: &[String]) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", url, "--data-dir"]).arg(folder);
        command.env("UNDERWRIGHT__LOG__LEVEL", "warn");
        for setting in settings {
            let (name, value) = setting.split_once('=').context("--set takes NAME=VALUE")?;
            command.env(name, value);
        }
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().with_context(|| {
            format!("cannot start {}: build it with cargo build --release, or name it with --server", program.display())
        })?;
        // Development mode greets on standard error once it listens; what follows the greeting is passed on.
        let mut said = BufReader::new(process.stderr.take().context("piped")?);
        let mut line = String::new();
        let mut address = None;
        while !line.contains("Ctrl-C") {
            line.clear();
            if said.read_line(&mut line)? == 0 {
                bail!("the server did not start: {}", process.wait()?);
            }
            if let Some((_, rest)) = line.split_once("http://") {
                address = address.or(rest.split('/').next().and_then(|address| address.parse().ok()));
            }
        }
        let address = address.context("the greeting names no address")?;
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::stderr()));
        Ok(Self { address, process })
    }

    /// A token of the role that a core-banking system has, signed with the key of the servers in this folder.
    pub(crate) fn token(program: &Path, folder: &Path) -> anyhow::Result<String> {
        let signed = Command::new(program).args(["token", "--role", "service", "--data-dir"]).arg(folder).output()?;
        ensure!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
        Ok(String::from_utf8(signed.stdout)?.trim().to_owned())
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn cpu_time(&self) -> anyhow::Result<Duration> {
        cpu_time(&self.process.id().to_string())
    }

    /// The most memory that it had at once.
    pub(crate) fn peak_memory_bytes(&self) -> anyhow::Result<u64> {
        memory_bytes(self.process.id(), "VmHWM:")
    }

    /// The memory that it has now.
    pub(crate) fn resident_memory_bytes(&self) -> anyhow::Result<u64> {
        memory_bytes(self.process.id(), "VmRSS:")
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status()?;
        ensure!(asked.success() && self.process.wait()?.success(), "the server did not stop well");
        Ok(())
    }

    /// Waits until it has ended by itself, however it did.
    pub(crate) fn wait(&mut self) -> anyhow::Result<()> {
        self.process.wait()?;
        Ok(())
    }

    /// Ends it in the middle of whatever it does (SIGKILL).
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // One that was stopped is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What proc(5) says of a process's memory.
pub(crate) fn memory_bytes(process: u32, field: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("Linux says it")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1_024)
}

/// The processor time that a process has used, in the kernel too, in steps of 10 ms (proc(5)).
pub(crate) fn cpu_time(process: &str) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").context("proc(5)")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}
