//! Accessibility, as axe-core finds it: <https://github.com/dequelabs/axe-core>, rules of WCAG 2.0 to 2.2, A and AA.

use std::{path::Path, sync::LazyLock};

use serde_json::Value;

use super::Page;

/// The script, which `scripts/test` fetches from the npm registry by version and checksum.
static AXE: LazyLock<String> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe-core/package/axe.min.js");
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "{} cannot be read ({error}): `scripts/test` fetches it, and `scripts/axe-core` alone does",
            path.display()
        )
    })
});

const RUN: &str = "axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})\
    .then(found => found.violations.map(one => ({id: one.id, impact: one.impact, help: one.help,\
    nodes: one.nodes.map(node => node.html.slice(0, 300) + ' | ' + node.failureSummary)})))";

impl Page {
    /// Nothing on the page is a serious or critical hindrance to anybody.
    pub(crate) async fn is_accessible(&self) {
        // The page's policy forbids foreign scripts; the browser's own tools are not bound by it.
        self.evaluate(&AXE).await;
        let found = self.evaluate(RUN).await;
        let grave: Vec<&Value> = found
            .as_array()
            .expect("a list")
            .iter()
            .filter(|one| matches!(one["impact"].as_str(), Some("serious" | "critical")))
            .collect();
        let shown: Vec<String> = grave.iter().map(|one| serde_json::to_string_pretty(one).expect("JSON")).collect();
        assert!(grave.is_empty(), "{}:\n{}", self.path().await, shown.join("\n"));
    }

    /// Nothing is wider than the window.
    pub(crate) async fn fits_the_window(&self) {
        let wide = self
            .evaluate(
                "[document.documentElement.scrollWidth > innerWidth, innerWidth, document.documentElement.scrollWidth, \
                 [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 \
                 && !e.closest('.scroll, pre, .hidden')).slice(0, 3).map(e => e.outerHTML.slice(0, 200))]",
            )
            .await;
        assert_eq!(wide[0], false, "{} is {} wide in {}: {}", self.path().await, wide[2], wide[1], wide[3]);
    }
}
