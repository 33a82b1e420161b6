//! A lender that does not exist, to look at: six weeks of invented applications in a fresh data directory, and pictures
//! of the console over them.
//!
//! ```sh
//! cargo run --release --example demo -- data /tmp/demo
//! target/release/underwright serve --data-dir /tmp/demo        # look around at http://127.0.0.1:8080/
//! ```
//!
//! `scripts/screenshots` does this and takes the pictures of `docs/screenshots/`. Every person is invented; the same seed
//! and day give the same applications.

mod applicants;
#[expect(dead_code, reason = "the tests ask for more of it")]
#[path = "../../tests/support/browser.rs"]
mod browser;
mod history;
mod pictures;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fill a data directory, which must not be there yet
    Data {
        directory: PathBuf,
        /// How many applications came in
        #[arg(long, default_value_t = 640)]
        applications: u32,
        #[arg(long, default_value_t = 7)]
        seed: u64,
    },
    /// Take the pictures of a server that runs on such a directory
    Pictures {
        /// Where the server listens
        server: SocketAddr,
        /// Where the pictures are put
        folder: PathBuf,
        /// These alone, by name
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Data { directory, applications, seed } => history::write(&directory, applications, seed).await,
        Command::Pictures { server, folder, only } => pictures::take(server, &folder, &only).await,
    }
}
