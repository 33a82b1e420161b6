//! When a page can be used on a slow phone: in Chromium, with its processor slowed down and a slow mobile network before it.
//!
//! The profile is the one that Lighthouse calls a mobile phone on slow 4G: a processor at a quarter of its speed, 150 ms
//! there and back, 1.6 Mbit/s down and 0.75 up (<https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md>).
//! The browser delays each request by that time; opening the connection is not slowed down.

use std::net::SocketAddr;

use serde_json::{Value, json};
use underwright::domain::principal::Role;

use crate::browser::{Look, Page};

const PROCESSOR_SLOWED_TIMES: u32 = 4;
const THERE_AND_BACK_MS: u32 = 150;
const DOWN_BYTES_PER_SECOND: u32 = 1_600_000 / 8;
const UP_BYTES_PER_SECOND: u32 = 750_000 / 8;

/// A file to download, which no browser shows.
const FILE: &str = "/applications.csv";

/// What the browser itself says of a visit: the first paint with content, the moment when all of the page is read and its
/// script has run (both in milliseconds from when the address was entered), and the bytes that came over the network.
const TIMES: &str = "new Promise(answer => { const read = () => {\
    const [page] = performance.getEntriesByType('navigation');\
    const [paint] = performance.getEntriesByName('first-contentful-paint');\
    if (!paint || !page.loadEventEnd) { setTimeout(read, 20); return; }\
    const bytes = [page, ...performance.getEntriesByType('resource')].reduce((sum, one) => sum + one.transferSize, 0);\
    answer([paint.startTime, Math.max(paint.startTime, page.domContentLoadedEventEnd), bytes]);\
}; read(); })";

/// A visit, or the median of several.
#[derive(Debug, Clone, Copy)]
struct Visit {
    shown_ms: f64,
    usable_ms: f64,
    bytes: f64,
}

/// Visits each page as its role, first as a browser that has never been there, then as one that has; prints the medians.
pub(crate) async fn measure(server: SocketAddr, pages: &[(&str, &str)], id: &str, visits: usize) -> anyhow::Result<()> {
    println!("| page | first visit: shown | usable | transferred | later visit: shown | usable | transferred |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let mut roles: Vec<&str> = pages.iter().map(|(role, _)| *role).collect();
    roles.dedup();
    for role in roles {
        let page = Page::open_at(server, Look::PHONE).await;
        page.sign_in(role.parse::<Role>()?).await;
        slow_down(&page).await;
        for (_, path) in pages.iter().filter(|(whose, path)| *whose == role && *path != FILE) {
            let address = path.replace("{id}", id);
            let first = median(&page, &address, true, visits).await;
            let later = median(&page, &address, false, visits).await;
            let shown = |visit: Visit| {
                format!("{:.0} ms | {:.0} ms | {:.1} kB", visit.shown_ms, visit.usable_ms, visit.bytes / 1_000.0)
            };
            println!("| `{path}` | {} | {} |", shown(first), shown(later));
        }
        page.close().await;
    }
    Ok(())
}

async fn slow_down(page: &Page) {
    page.cdp("Network.enable", json!({})).await;
    page.cdp("Emulation.setCPUThrottlingRate", json!({"rate": PROCESSOR_SLOWED_TIMES})).await;
    let network = json!({
        "offline": false, "latency": THERE_AND_BACK_MS, "downloadThroughput": DOWN_BYTES_PER_SECOND,
        "uploadThroughput": UP_BYTES_PER_SECOND,
    });
    page.cdp("Network.emulateNetworkConditions", network).await;
}

/// The median of each figure by itself, after a visit that is not counted.
async fn median(page: &Page, address: &str, is_first: bool, visits: usize) -> Visit {
    page.cdp("Network.setCacheDisabled", json!({"cacheDisabled": is_first})).await;
    let mut seen = Vec::new();
    for visit in 0..=visits {
        page.go(address).await;
        let times = page.evaluate(TIMES).await;
        if visit > 0 {
            seen.push(times);
        }
    }
    let middle = |index: usize| {
        let mut figures: Vec<f64> = seen.iter().filter_map(|times: &Value| times[index].as_f64()).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Visit { shown_ms: middle(0), usable_ms: middle(1), bytes: middle(2) }
}
