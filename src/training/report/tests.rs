use std::{fs, path::Path, sync::OnceLock};

use crate::training::{
    run::{self, Trained},
    schema_file::SchemaFile,
};

/// A report of the German Credit example, with labels that are markup and segments of what is never read.
fn report() -> &'static str {
    static REPORT: OnceLock<String> = OnceLock::new();
    REPORT.get_or_init(|| {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let schema = fs::read_to_string(fixtures.join("german_credit.toml")).expect("the fixture");
        let schema = schema
            .replace("[card]", "[training]\ntrees = 20\n[card]")
            .replace("label = \"Purpose of the credit\"", "label = \"<script>alert('x')</script> & <b>purpose</b>\"");
        let schema = SchemaFile::parse(&schema).expect("a schema");
        let Trained { report_html, .. } =
            run::train(&schema, &[fixtures.join("german_credit.csv")], |_| ()).expect("trains");
        report_html
    })
}

#[test]
fn the_sections_stand_in_the_order_in_which_a_validator_reads() {
    let wanted = [
        "Validation report",
        "Summary",
        "1. Purpose and scope",
        "2. Data",
        "3. Design",
        "4. Discrimination",
        "5. Calibration",
        "6. Explanation",
        "7. Effect of each feature",
        "8. Stability",
        "9. Segments and fairness",
        "10. Benchmark models",
        "11. Limits and warnings",
        "12. What to watch in use",
        "13. How to make it again",
    ];
    let main = &report()[report().find("<main>").expect("a main part")..];
    let places: Vec<usize> = wanted.iter().map(|title| main.find(title).unwrap_or_else(|| panic!("{title}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_report_loads_nothing_and_runs_nothing() {
    let html = report();
    for forbidden in [
        "<script",
        "<link",
        "<img",
        "<iframe",
        "<object",
        "src=",
        "url(",
        "@import",
        "http://",
        "https://",
        "javascript:",
    ] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    // Neither a style attribute nor an event handler: a strict policy would drop the one and refuse the other.
    for forbidden in [" style=\"", " onload", " onclick", " onerror"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    let (_, policy) = html.split_once("content=\"default-src 'none'; style-src '").expect("a policy");
    let hash = policy.split('\'').next().expect("a hash");
    assert!(hash.starts_with("sha256-") && super::style::content_security_policy().contains(hash));
    assert_eq!(html.matches("<style>").count(), 1);
}

#[test]
fn what_a_schema_says_is_text_and_never_markup() {
    assert!(!report().contains("<script>") && !report().contains("<b>purpose"));
    assert!(report().contains("&lt;script&gt;alert('x')&lt;/script&gt; &amp; &lt;b&gt;purpose"));
}

#[test]
fn no_figure_is_without_a_value_and_no_table_without_rows() {
    for forbidden in ["NaN", "inf<", "inf ", "-inf", "<tbody></table>", "None", "Some("] {
        assert!(!report().contains(forbidden), "{forbidden}");
    }
    assert!(!report().contains("d=\"M\""), "an empty path");
}

#[test]
fn every_plot_says_what_it_is_and_every_tag_is_closed() {
    let html = report();
    let plots = html.matches("<svg").count();
    assert!(plots > 20, "{plots}");
    assert_eq!(html.matches("role=\"img\"").count() + html.matches("role=\"presentation\"").count(), plots);
    for tag in ["svg", "figure", "section", "table", "details", "div", "ul", "ol", "main", "nav", "header"] {
        let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn sex_is_compared_by_and_no_feature() {
    assert!(report().contains("personal_status_and_sex (not read by the model)"));
}
