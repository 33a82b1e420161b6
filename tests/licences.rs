//! Holds every dependency to the licences and bans of `deny.toml`, which `cargo deny check` reads too.
//!
//! The check stands here as well so that it runs wherever the tests run, without another tool.

use std::{env, fs, path::Path, process::Command};

#[test]
fn every_dependency_has_a_licence_that_deny_toml_allows() {
    let allowed = allowed_licences();
    let faults: Vec<_> = packages()
        .into_iter()
        .filter(|package| !package.licence.as_deref().is_some_and(|expression| permits(expression, &allowed)))
        .map(|package| format!("{}: {}", package.name, package.licence.unwrap_or_else(|| "none stated".to_owned())))
        .collect();
    assert!(faults.is_empty(), "licences that deny.toml does not allow:\n{}", faults.join("\n"));
}

#[test]
fn no_banned_crate_is_pulled_in() {
    let banned: Vec<String> = deny_toml()["bans"]["deny"]
        .as_array()
        .expect("a list of bans")
        .iter()
        .map(|ban| ban["crate"].as_str().expect("a crate's name").to_owned())
        .collect();
    let found: Vec<_> =
        packages().into_iter().map(|package| package.name).filter(|name| banned.contains(name)).collect();
    assert!(found.is_empty(), "banned by deny.toml: {found:?}");
}

#[test]
fn a_licence_expression_is_read_as_spdx_means_it() {
    let allowed = ["MIT", "Apache-2.0"].map(str::to_owned);
    for permitted in
        ["MIT", "GPL-3.0 OR MIT", "MIT AND (GPL-3.0 OR Apache-2.0)", "GPL-3.0/MIT", "Apache-2.0 WITH LLVM-exception"]
    {
        assert!(permits(permitted, &allowed), "{permitted}");
    }
    for refused in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND LGPL-2.1", ""] {
        assert!(!permits(refused, &allowed), "{refused}");
    }
}

struct Package {
    name: String,
    licence: Option<String>,
}

/// Every package that is built into the program, its build scripts or its tests, for every platform. What Cargo.lock
/// names besides stands behind a feature that nobody asks for, and is never compiled.
fn packages() -> Vec<Package> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--edges", "normal,build,dev", "--target", "all", "--prefix", "none"])
        .args(["--format", "{p}|{l}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("cargo tree prints UTF-8");
    let read = |line: &str| {
        let (package, licence) = line.trim_end_matches(" (*)").rsplit_once('|')?;
        let name = package.split_whitespace().next()?.to_owned();
        Some(Package { name, licence: (!licence.is_empty()).then(|| licence.to_owned()) })
    };
    let mut packages: Vec<_> = printed.lines().filter_map(read).collect();
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    packages.dedup_by(|one, other| one.name == other.name && one.licence == other.licence);
    assert!(packages.len() > 100, "cargo tree lists the dependencies");
    packages
}

#[test]
fn the_list_of_dependencies_names_what_is_built_and_only_that() {
    let names: Vec<_> = packages().into_iter().map(|package| package.name).collect();
    for built in ["underwright", "sqlx-postgres", "aws-lc-rs", "cc", "proptest"] {
        assert!(names.iter().any(|name| name == built), "{built} is missing");
    }
}

fn deny_toml() -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    fs::read_to_string(path).expect("deny.toml can be read").parse().expect("deny.toml is TOML")
}

fn allowed_licences() -> Vec<String> {
    let list = &deny_toml()["licenses"]["allow"];
    list.as_array().expect("a list").iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

/// Whether an SPDX expression can be satisfied by the allowed licences.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let permitted = any_of(&mut rest, allowed);
    permitted && rest.is_empty()
}

/// `term OR term …`
fn any_of(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut permitted = all_of(rest, allowed);
    while let ["OR", tail @ ..] = *rest {
        *rest = tail;
        permitted |= all_of(rest, allowed);
    }
    permitted
}

/// `licence AND licence …`
fn all_of(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut permitted = one(rest, allowed);
    while let ["AND", tail @ ..] = *rest {
        *rest = tail;
        permitted &= one(rest, allowed);
    }
    permitted
}

/// A licence, one with an exception (which only permits more), or an expression in brackets.
fn one(rest: &mut &[&str], allowed: &[String]) -> bool {
    match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let permitted = any_of(rest, allowed);
            if let [")", tail @ ..] = *rest {
                *rest = tail;
                return permitted;
            }
            false
        }
        [licence, "WITH", _, tail @ ..] | [licence, tail @ ..] => {
            *rest = tail;
            allowed.iter().any(|name| name == licence)
        }
        [] => false,
    }
}
