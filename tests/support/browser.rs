//! A browser window at the console: what a person does in it, and what they see.

mod chromedriver;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::{Value, json};
use thirtyfour::{
    By, ChromiumLikeCapabilities, DesiredCapabilities, Key, WebDriver, WebElement, extensions::query::ElementQueryable,
};
use tokio::sync::{Semaphore, SemaphorePermit};
use underwright::domain::principal::Role;

use self::chromedriver::Driver;

/// How long a person waits for what must come.
const PATIENCE: Duration = Duration::from_secs(15);
/// Two cores run two browsers.
static BROWSERS: Semaphore = Semaphore::const_new(2);

/// How somebody looks at the console.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Whether pages may run scripts.
    pub(crate) scripts: bool,
    /// What the browser asks for: `en` or `zh-CN`.
    pub(crate) language: &'static str,
    pub(crate) dark: bool,
}

impl Look {
    pub(crate) const DESK: Self = Self { width: 1440, height: 900, scripts: true, language: "en", dark: false };
    pub(crate) const PHONE: Self = Self { width: 360, height: 780, ..Self::DESK };
    pub(crate) const WITHOUT_SCRIPTS: Self = Self { scripts: false, ..Self::DESK };
    pub(crate) const CHINESE: Self = Self { language: "zh-CN", ..Self::DESK };
}

/// A browser window.
pub(crate) struct Page {
    driver: WebDriver,
    origin: String,
    _browser: SemaphorePermit<'static>,
    _process: Arc<Driver>,
}

impl Page {
    /// Opens a browser on the sign-in of the server at `address`.
    pub(crate) async fn open_at(address: SocketAddr, look: Look) -> Self {
        let browser = BROWSERS.acquire().await.expect("never closed");
        let process = tokio::task::spawn_blocking(chromedriver::shared).await.expect("no panic");
        let driver = WebDriver::new(&*process.url, capabilities(look)).await;
        let driver = driver.unwrap_or_else(|error| panic!("a browser cannot be started: {error}"));
        let page = Self { driver, origin: format!("http://{address}"), _browser: browser, _process: process };
        page.resize(look.width, look.height).await;
        let scheme = if look.dark { "dark" } else { "light" };
        page.cdp("Emulation.setEmulatedMedia", json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"},
        ]}))
        .await;
        page.go("/sign-in").await;
        page
    }

    /// Presses a role's button on the sign-in.
    pub(crate) async fn sign_in(&self, role: Role) {
        self.click(&format!("button[name=role][value={role}]")).await;
        self.find("form[action='/sign-out']").await;
    }

    /// Ends the browser. One that is not closed ends with the driver.
    pub(crate) async fn close(self) {
        self.driver.quit().await.expect("the browser closes");
    }

    pub(crate) async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.origin)).await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// The path and query of the page that is shown.
    pub(crate) async fn path(&self) -> String {
        let url = self.driver.current_url().await.expect("an address");
        url.as_str().strip_prefix(&self.origin).unwrap_or(url.as_str()).to_owned()
    }

    /// The first element that fits a selector, which must come.
    pub(crate) async fn find(&self, selector: &str) -> WebElement {
        let found = self.driver.query(By::Css(selector)).wait(PATIENCE, Duration::from_millis(50)).first().await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{selector} is not on {} ({error}):\n{}", self.path().await, self.text().await),
        }
    }

    /// How many elements fit a selector now.
    pub(crate) async fn count(&self, selector: &str) -> usize {
        self.driver.find_all(By::Css(selector)).await.expect("elements").len()
    }

    pub(crate) async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        element.scroll_into_view().await.expect("it can be shown");
        element.click().await.unwrap_or_else(|error| panic!("{selector} cannot be clicked: {error}"));
    }

    /// Types into a field in place of what stands in it.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        element.clear().await.unwrap_or_else(|error| panic!("{selector} cannot be cleared: {error}"));
        element.send_keys(text).await.unwrap_or_else(|error| panic!("{selector} cannot be typed into: {error}"));
    }

    /// Presses a key, wherever the focus is.
    pub(crate) async fn press(&self, key: Key) {
        self.driver.action_chain().key_down(key.clone()).key_up(key).perform().await.expect("a key is pressed");
    }

    /// Types, wherever the focus is.
    pub(crate) async fn type_here(&self, text: &str) {
        self.driver.action_chain().send_keys(text).perform().await.expect("a text is typed");
    }

    /// Presses Tab until an element has the focus, as somebody without a mouse does.
    pub(crate) async fn tab_to(&self, selector: &str) {
        self.find(selector).await;
        let sought = format!("document.activeElement?.matches({})", json!(selector));
        for _ in 0..120 {
            if self.evaluate(&sought).await == true {
                return;
            }
            self.press(Key::Tab).await;
        }
        panic!("{selector} is not reached by Tab on {}", self.path().await);
    }

    /// What a person can read on the page; nothing while the next page comes.
    pub(crate) async fn text(&self) -> String {
        match self.driver.find(By::Tag("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the page says something.
    pub(crate) async fn sees(&self, text: &str) {
        let begun = std::time::Instant::now();
        loop {
            if self.text().await.contains(text) {
                return;
            }
            let shown = self.text().await;
            assert!(begun.elapsed() < PATIENCE, "{text:?} is not on {}:\n{shown}", self.path().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs a script as the browser's own tools do, whatever the page allows, and gives what comes of it.
    pub(crate) async fn evaluate(&self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.cdp("Runtime.evaluate", parameters).await;
        assert!(answer["exceptionDetails"].is_null(), "{}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Emulates a window of this size: the page's own width, whatever the system allows a window to be.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// What the window shows, as PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.driver.screenshot_as_png().await.expect("a picture")
    }

    pub(crate) async fn cdp(&self, method: &str, parameters: Value) -> Value {
        let answer = self.driver.cdp().send_raw(method, parameters).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}

/// What the browser is started with.
fn capabilities(look: Look) -> thirtyfour::ChromeCapabilities {
    let mut chrome = DesiredCapabilities::chrome();
    let language = format!("--lang={}", look.language);
    let mut arguments = vec![
        "--headless=new",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-proxy-server",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
        &language,
    ];
    if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        // Chromium's sandbox does not work for root.
        arguments.push("--no-sandbox");
    }
    for argument in arguments {
        chrome.add_arg(argument).expect("an argument");
    }
    // 2: blocked, in Chromium's content settings.
    let scripts = if look.scripts { 1 } else { 2 };
    let preferences = json!({
        "profile.managed_default_content_settings.javascript": scripts,
        "intl.accept_languages": look.language,
    });
    chrome.add_experimental_option("prefs", preferences).expect("preferences");
    chrome
}
