//! The program that drives the browsers: one process for a run of tests, on a port of its own.

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// A chromedriver that is gone, with its browsers, when the last test that uses it ends.
pub(super) struct Driver {
    child: Child,
    pub(super) url: String,
}

/// The driver that the tests of this binary share.
pub(super) fn shared() -> Arc<Driver> {
    static SHARED: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(driver) = shared.upgrade() {
        return driver;
    }
    let driver = Arc::new(Driver::start());
    *shared = Arc::downgrade(&driver);
    driver
}

impl Driver {
    fn start() -> Self {
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A group of its own, to which its browsers belong.
            .process_group(0)
            .spawn();
        let mut child = started.unwrap_or_else(|error| {
            panic!("chromedriver cannot be started ({error}): install the packages chromium and chromium-driver")
        });
        let mut said = BufReader::new(child.stdout.take().expect("its standard output"));
        let port = loop {
            let mut line = String::new();
            let read = said.read_line(&mut line).expect("text");
            assert!(read > 0, "chromedriver ended before it listened");
            // `ChromeDriver was started successfully on port 41234.`
            if let Some((_, port)) = line.trim_end().trim_end_matches('.').split_once("successfully on port ") {
                break port.to_owned();
            }
        };
        // What else it says must be read, or it waits.
        std::thread::spawn(move || drop(said.read_to_end(&mut Vec::new())));
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The whole group: a browser whose test failed is still there.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}
