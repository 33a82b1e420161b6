//! Holds the console's texts together before anything is compiled, and rebuilds the crate when a migration is added.
//!
//! `locales/<language>/*.ftl` (Fluent) become one Rust function per text, in `texts.rs` of the output folder: a template
//! that names a text that is not there, or forgets one of its variables, does not compile. A text that is missing,
//! superfluous or doubled in a language, or has other variables there, fails the build and is named.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use fluent_syntax::{
    ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement},
    parser,
};

/// The languages, by folder and as the variants of `Language`. The first is the one that the others are held against.
const LANGUAGES: [(&str, &str); 2] = [("en", "English"), ("zh", "Chinese")];

fn main() -> ExitCode {
    // `sqlx::migrate!` embeds the folder, which the compiler does not watch.
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=locales");
    println!("cargo:rerun-if-changed=build.rs");
    match texts() {
        Ok(()) => ExitCode::SUCCESS,
        Err(faults) => {
            for fault in faults {
                println!("cargo:error={fault}");
            }
            ExitCode::FAILURE
        }
    }
}

/// One text of one language.
struct Text {
    file: String,
    variables: BTreeSet<String>,
    /// The whole text, where it has no variables and refers to nothing.
    plain: Option<String>,
}

type Texts = BTreeMap<String, Text>;

fn texts() -> Result<(), Vec<String>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(|error| vec![error.to_string()])?);
    let mut faults = Vec::new();
    let languages = LANGUAGES.map(|(folder, _)| read(&root.join("locales").join(folder), &mut faults));
    let [(first, files), others @ ..] = &languages;
    for ((other, _), (folder, _)) in others.iter().zip(&LANGUAGES[1..]) {
        compare(first, other, folder, &mut faults);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|error| vec![error.to_string()])?).join("texts.rs");
    let source = generate(&languages.each_ref().map(|(texts, _)| texts), files);
    fs::write(&out, source).map_err(|error| vec![format!("{}: {error}", out.display())])
}

/// Reads every file of a language. Answers its texts and the names of its files.
fn read(folder: &Path, faults: &mut Vec<String>) -> (Texts, Vec<String>) {
    let mut texts = Texts::new();
    let mut files: Vec<String> = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect(),
        Err(error) => {
            faults.push(format!("{}: {error}", folder.display()));
            Vec::new()
        }
    };
    files.retain(|name| Path::new(name).extension().is_some_and(|extension| extension == "ftl"));
    files.sort();
    for file in &files {
        let path = folder.join(file);
        match fs::read_to_string(&path) {
            Ok(source) => read_file(&path, file, &source, &mut texts, faults),
            Err(error) => faults.push(format!("{}: {error}", path.display())),
        }
    }
    (texts, files)
}

fn read_file(path: &Path, file: &str, source: &str, texts: &mut Texts, faults: &mut Vec<String>) {
    let shown = path.display();
    let resource = parser::parse(source).unwrap_or_else(|(resource, errors)| {
        faults.extend(errors.iter().map(|error| {
            let line = source[..error.pos.start.min(source.len())].lines().count().max(1);
            format!("{shown}:{line}: {error}")
        }));
        resource
    });
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let key = message.id.name;
        let Some(pattern) = message.value.filter(|_| message.attributes.is_empty()) else {
            faults.push(format!("{shown}: `{key}` must have a text and no attributes"));
            continue;
        };
        let area = file.trim_end_matches(".ftl");
        if !key.strip_prefix(area).is_some_and(|rest| rest.starts_with('-')) || key.contains('_') {
            faults.push(format!("{shown}: `{key}` must begin with `{area}-`, and be parted by hyphens"));
        }
        let mut variables = BTreeSet::new();
        collect(&pattern, &mut variables);
        let text = Text { file: file.to_owned(), variables, plain: plain(&pattern) };
        if let Some(earlier) = texts.insert(key.to_owned(), text) {
            faults.push(format!("{shown}: `{key}` stands a second time; it is in {} too", earlier.file));
        }
    }
}

/// Holds a language against the first.
fn compare(first: &Texts, other: &Texts, folder: &str, faults: &mut Vec<String>) {
    for (key, text) in first {
        match other.get(key) {
            None => faults.push(format!("locales/{folder}/{}: `{key}` is missing", text.file)),
            Some(found) if found.file != text.file => {
                faults.push(format!("locales/{folder}/{}: `{key}` belongs in {}", found.file, text.file));
            }
            Some(found) if found.variables != text.variables => faults.push(format!(
                "locales/{folder}/{}: `{key}` has the variables {:?}, in {} {:?}",
                text.file, found.variables, LANGUAGES[0].0, text.variables
            )),
            Some(_) => {}
        }
    }
    for (key, text) in other.iter().filter(|(key, _)| !first.contains_key(*key)) {
        faults.push(format!("locales/{folder}/{}: `{key}` is in no other language", text.file));
    }
}

/// The whole text of a pattern that is text alone.
fn plain(pattern: &Pattern<&str>) -> Option<String> {
    let mut whole = String::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => whole.push_str(value),
            PatternElement::Placeable { .. } => return None,
        }
    }
    Some(whole)
}

fn collect(pattern: &Pattern<&str>, variables: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            collect_expression(expression, variables);
        }
    }
}

fn collect_expression(expression: &Expression<&str>, variables: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => collect_inline(inline, variables),
        Expression::Select { selector, variants } => {
            collect_inline(selector, variables);
            for variant in variants {
                collect(&variant.value, variables);
            }
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, variables: &mut BTreeSet<String>) {
    let mut collect_arguments = |arguments: &CallArguments<&str>| {
        for argument in &arguments.positional {
            collect_inline(argument, variables);
        }
        for argument in &arguments.named {
            collect_inline(&argument.value, variables);
        }
    };
    match inline {
        InlineExpression::FunctionReference { arguments, .. }
        | InlineExpression::TermReference { arguments: Some(arguments), .. } => collect_arguments(arguments),
        InlineExpression::VariableReference { id } => {
            variables.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => collect_expression(expression, variables),
        InlineExpression::StringLiteral { .. }
        | InlineExpression::NumberLiteral { .. }
        | InlineExpression::MessageReference { .. }
        | InlineExpression::TermReference { .. } => {}
    }
}

/// The Rust source: the files to embed, and a function for every text.
fn generate(languages: &[&Texts; LANGUAGES.len()], files: &[String]) -> String {
    let mut source = String::new();
    for (folder, variant) in LANGUAGES {
        let name = variant.to_uppercase();
        write(&mut source, &format!("static {name}_FILES: &[&str] = &["));
        for file in files {
            let path = format!("/locales/{folder}/{file}");
            write(&mut source, &format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?})),"));
        }
        write(&mut source, "];\n");
    }
    write(&mut source, "/// A function for each text of `locales/`.\nimpl Texts {\n");
    for key in languages[0].keys() {
        let versions = languages.map(|texts| &texts[key]);
        let name = key.replace('-', "_");
        if let [Some(first), Some(second)] = versions.map(|text| text.plain.as_deref()) {
            let body = format!("self.either({first:?}, {second:?})");
            write(&mut source, &format!("#[must_use] pub const fn {name}(self) -> &'static str {{ {body} }}\n"));
            continue;
        }
        let variables = &versions[0].variables;
        let (mut parameters, mut arguments) = (String::new(), String::new());
        for variable in variables {
            write(&mut parameters, &format!(", {variable}: impl Argument<'a>"));
            write(&mut arguments, &format!("({variable:?}, {variable}.into_value()),"));
        }
        let lifetime = if variables.is_empty() { "" } else { "<'a>" };
        write(
            &mut source,
            &format!(
                "#[must_use] pub fn {name}{lifetime}(self{parameters}) -> String {{ self.format({key:?}, [{arguments}]) }}\n"
            ),
        );
    }
    write(&mut source, "}\n");
    source
}

fn write(source: &mut String, text: &str) {
    source.write_str(text).expect("a String takes all text");
}
