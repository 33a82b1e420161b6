//! Holds the layers of ARCHITECTURE.md: a module imports only from modules above it in the list.
//!
//! The sources are parsed, not searched, so that neither a comment nor a string counts, and a path
//! written in full (`crate::http::…`) counts as much as a `use`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Ident, UseTree,
    visit::{self, Visit},
};

/// The layers from the innermost to the outermost; a module may name those before it.
const LAYERS: [&str; 20] = [
    "domain",
    "features",
    "forest",
    "model",
    "policy",
    "decide",
    "audit",
    "monitor",
    "training",
    "config",
    "telemetry",
    "clock",
    "crypto",
    "storage",
    "export",
    "outbound",
    "auth",
    "service",
    "http",
    "cli",
];

/// The layers without input or output, clock or randomness.
const PURE: [&str; 8] = ["domain", "features", "forest", "model", "policy", "decide", "audit", "monitor"];

/// What a pure layer must not name: the first segments of a path.
const IMPURE: [&[&str]; 14] = [
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "process"],
    &["std", "io", "stdin"],
    &["std", "io", "stdout"],
    &["std", "time", "SystemTime"],
    &["std", "time", "Instant"],
    &["tokio"],
    &["sqlx"],
    &["actix_web"],
    &["rand"],
    &["rand_chacha"],
    &["tracing"],
];

#[test]
fn a_module_imports_only_from_the_layers_above_it() {
    let mut faults = Vec::new();
    for source in sources("src") {
        let Some(own) = source.layer() else { continue };
        let own_rank = rank(own).unwrap_or_else(|| panic!("src/{own} stands in no layer: place it in LAYERS"));
        for path in source.paths() {
            let ["crate", named, ..] = segments(&path)[..] else { continue };
            let Some(named_rank) = rank(named) else {
                continue; // a macro or an item of lib.rs itself
            };
            if named_rank > own_rank {
                faults.push(format!("{}: {own} names {}", source.file.display(), path.join("::")));
            }
        }
    }
    assert!(faults.is_empty(), "imports against the layers:\n{}", faults.join("\n"));
}

#[test]
fn a_pure_layer_has_no_input_output_clock_or_randomness() {
    let mut faults = Vec::new();
    for source in sources("src") {
        if !source.layer().is_some_and(|layer| PURE.contains(&layer)) || source.is_test() {
            continue;
        }
        for path in source.paths() {
            if IMPURE.iter().any(|impure| segments(&path).starts_with(impure)) {
                faults.push(format!("{}: {}", source.file.display(), path.join("::")));
            }
        }
    }
    assert!(faults.is_empty(), "impure names in pure layers:\n{}", faults.join("\n"));
}

#[test]
fn every_layer_is_named_in_the_architecture_document() {
    let document = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    let missing: BTreeSet<_> = sources("src")
        .iter()
        .filter_map(Source::layer)
        .filter(|layer| !document.contains(&format!("`src/{layer}")))
        .map(str::to_owned)
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not name: {missing:?}");
}

#[test]
fn files_stay_small_and_no_folder_hides_behind_mod_rs() {
    let mut faults = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines = source.text.lines().count();
        if lines > 400 {
            faults.push(format!("{}: {lines} lines; split it by idea at 400", source.file.display()));
        }
        if source.file.ends_with("mod.rs") {
            faults.push(format!("{}: use foo.rs beside foo/", source.file.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn names_say_what_things_are() {
    let mut faults = Vec::new();
    for source in sources("src") {
        let stem = source.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if ["util", "utils", "helper", "helpers", "manager", "common", "misc"].contains(&stem.as_str()) {
            faults.push(format!("{}: name it by what it holds", source.file.display()));
        }
        let mut functions = FunctionNames::default();
        functions.visit_file(&source.tree());
        for name in functions.names.iter().filter(|name| name.starts_with("get_")) {
            faults.push(format!("{}: fn {name}: drop get_", source.file.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// One source file.
struct Source {
    file: PathBuf,
    text: String,
}

impl Source {
    /// The layer that the file belongs to; `None` for lib.rs, main.rs and other binaries.
    fn layer(&self) -> Option<&str> {
        let inside = self.file.strip_prefix("src").ok()?;
        let first = inside.iter().next()?.to_str()?;
        let layer = first.strip_suffix(".rs").unwrap_or(first);
        (!["lib", "main", "bin"].contains(&layer)).then_some(layer)
    }

    fn is_test(&self) -> bool {
        self.file.file_stem().is_some_and(|stem| stem == "tests") || self.file.iter().any(|part| part == "tests")
    }

    fn tree(&self) -> syn::File {
        syn::parse_file(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.file.display()))
    }

    /// Every path that the file names outside its tests, `use` trees spelt out.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Paths::default();
        paths.visit_file(&self.tree());
        paths.found
    }
}

#[derive(Default)]
struct Paths {
    found: Vec<Vec<String>>,
}

impl Paths {
    fn flatten(&mut self, mut prefix: Vec<String>, tree: &UseTree) {
        let push = |mut prefix: Vec<String>, ident: &Ident| {
            prefix.push(ident.to_string());
            prefix
        };
        match tree {
            UseTree::Path(path) => {
                prefix = push(prefix, &path.ident);
                self.flatten(prefix, &path.tree);
            }
            UseTree::Name(name) => self.found.push(push(prefix, &name.ident)),
            UseTree::Rename(rename) => self.found.push(push(prefix, &rename.ident)),
            UseTree::Glob(_) => self.found.push(prefix),
            UseTree::Group(group) => {
                for item in &group.items {
                    self.flatten(prefix.clone(), item);
                }
            }
            _ => {}
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.flatten(Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let for_tests = module.attrs.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<Ident>().is_ok_and(|condition| condition == "test")
        });
        if !for_tests {
            visit::visit_item_mod(self, module);
        }
    }
}

#[derive(Default)]
struct FunctionNames {
    names: Vec<String>,
}

impl<'ast> Visit<'ast> for FunctionNames {
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.names.push(signature.ident.to_string());
        visit::visit_signature(self, signature);
    }
}

fn segments(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == layer)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `folder`, with paths relative to the crate's root.
fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder's entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(read(&path));
            }
        }
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    assert!(!found.is_empty(), "no sources below {folder}");
    found
}

fn read(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = path.strip_prefix(root()).expect("below the root").to_path_buf();
    Source { file, text }
}
