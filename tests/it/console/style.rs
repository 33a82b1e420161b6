//! What the style sheet and the texts promise: colours that can be read, and no text that nobody says.

use std::{collections::BTreeMap, fs, path::Path};

/// Foreground and background, and the least contrast: 4.5 for text, 3 for what is no text but must be seen (WCAG 2.2,
/// success criteria 1.4.3 and 1.4.11).
const PAIRS: [(&str, &str, f64); 37] = [
    ("ink", "paper", 4.5),
    ("ink", "ground", 4.5),
    ("ink", "hover", 4.5),
    ("ink", "accent-soft", 4.5),
    ("ink-2", "paper", 4.5),
    ("ink-2", "ground", 4.5),
    ("ink-2", "hover", 4.5),
    ("ink-3", "paper", 4.5),
    ("ink-3", "ground", 4.5),
    ("ink-3", "hover", 4.5),
    ("accent", "paper", 4.5),
    ("accent", "ground", 4.5),
    ("accent", "hover", 4.5),
    ("accent", "accent-soft", 4.5),
    ("accent-ink", "accent", 4.5),
    ("approve", "paper", 4.5),
    ("approve", "ground", 4.5),
    ("approve", "approve-soft", 4.5),
    ("review", "paper", 4.5),
    ("review", "ground", 4.5),
    ("review", "hover", 4.5),
    ("review", "accent-soft", 4.5),
    ("review", "review-soft", 4.5),
    ("decline", "paper", 4.5),
    ("decline", "ground", 4.5),
    ("decline", "hover", 4.5),
    ("decline", "decline-soft", 4.5),
    ("up", "paper", 4.5),
    ("up", "hover", 4.5),
    ("down", "paper", 4.5),
    ("down", "hover", 4.5),
    ("ink", "approve-soft", 4.5),
    ("ink", "review-soft", 4.5),
    ("ink", "decline-soft", 4.5),
    ("edge", "paper", 3.0),
    ("edge", "ground", 3.0),
    ("accent", "ground", 3.0),
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The colours by name, light and dark.
fn colours(css: &str) -> BTreeMap<String, [String; 2]> {
    let mut found = BTreeMap::new();
    for line in css.lines() {
        let Some((name, rest)) = line.trim().strip_prefix("--").and_then(|line| line.split_once(": light-dark("))
        else {
            continue;
        };
        let (light, dark) = rest.trim_end_matches(");").split_once(", ").expect("two colours");
        found.insert(name.to_owned(), [light.to_owned(), dark.to_owned()]);
    }
    found
}

/// The relative luminance of `#rrggbb` (WCAG 2.2).
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("two digits")) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_pair_of_colours_can_be_read_in_both_themes() {
    assert!((contrast("#ffffff", "#000000") - 21.0).abs() < 1e-9, "the definition's greatest");
    assert!((contrast("#777777", "#ffffff") - 4.48).abs() < 0.01, "the well-known grey that just fails");
    let colours = colours(&read("assets/console.css"));
    let mut faults = Vec::new();
    for (front, ground, least) in PAIRS {
        for (theme, index) in [("light", 0), ("dark", 1)] {
            let contrast = contrast(&colours[front][index], &colours[ground][index]);
            if contrast < least {
                faults.push(format!("{theme}: {front} on {ground} has {contrast:.2}, not {least}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_text_is_said_somewhere() {
    let mut said = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")];
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/console"));
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                said.push_str(&fs::read_to_string(&path).expect("text"));
            }
        }
    }
    let mut silent = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("locales/en")).expect("a folder") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("text");
        for line in text.lines() {
            let Some((key, _)) = line.split_once(" =").filter(|(key, _)| !key.starts_with([' ', '#', '-'])) else {
                continue;
            };
            let name = key.replace('-', "_");
            if key.starts_with("reasons-uw-") || key.starts_with("factors-") {
                // Found by a code or a name; the console's tests of translations hold these against what is shipped.
                continue;
            }
            if !said.contains(&format!(".{name}(")) && !said.contains(&format!("::{name}")) {
                silent.push(key.to_owned());
            }
        }
    }
    assert!(silent.is_empty(), "nobody says: {silent:?}");
}
