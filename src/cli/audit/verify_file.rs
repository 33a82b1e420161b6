//! `underwright audit verify --file`: an export, offline.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::{
    audit::exported::{Checked, Checker, Fault, Outside},
    cli::{Answer, print_line},
};

/// No line of an export is longer: an entry is a few kilobytes, and a proof names 256 hashes.
const MAX_LINE_BYTES: u64 = 4 << 20;

/// Checks an export and says what came of it.
pub(super) fn verify_file(file: &Path, outside: Outside, as_json: bool) -> anyhow::Result<Answer> {
    let name = file.display();
    let trusted = !outside.keys.is_empty();
    let held = outside.heads.len();
    let opened = File::open(file).with_context(|| format!("cannot read the export {name}"))?;
    // Draws on standard error, and only when that is a terminal.
    let bar = ProgressBar::new(opened.metadata().map_or(0, |facts| facts.len()))
        .with_style(ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}")?);
    let reader = BufReader::with_capacity(1 << 20, bar.wrap_read(opened));
    let (entries, checked) =
        check(reader, outside).with_context(|| format!("cannot read the export {name} to its end"))?;
    bar.finish_and_clear();
    if as_json {
        let checkpoint = checked.as_ref().ok().and_then(|checked| checked.signer.as_ref()).map(ToString::to_string);
        let report = json!({
            "holds": checked.is_ok(), "entries": entries, "key": checkpoint, "key_trusted": checked.is_ok() && trusted,
            "manifest": checked.as_ref().ok().map(|checked| &checked.manifest),
            "signed_size": checked.as_ref().ok().map(|checked| checked.signed_size),
            "checkpoints_not_held": checked.as_ref().ok().map(|checked| &checked.not_held),
            "fault": checked.as_ref().err(),
        });
        print_line(&report.to_string())?;
    } else {
        match &checked {
            Ok(checked) => print_line(&verdict(checked, held))?,
            Err(fault) => print_line(&format!("the export does not hold: {fault} ({entries} entries before hold)"))?,
        }
    }
    let Ok(checked) = checked else { return Ok(Answer::No) };
    say_unchecked(&checked, trusted);
    Ok(Answer::Done)
}

/// Checks line by line: how many entries hold, and the first fault.
fn check(mut reader: impl BufRead, outside: Outside) -> io::Result<(u64, Result<Checked, Fault>)> {
    let mut checker = Checker::new(outside);
    let mut line = Vec::new();
    loop {
        line.clear();
        reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok((checker.count(), checker.finish()));
        }
        // A last line without its end was cut off, and is no line.
        let whole = line.strip_suffix(b"\n");
        let accepted = checker.accept(whole.unwrap_or(b""));
        if let Err(fault) = accepted {
            return Ok((checker.count(), Err(fault)));
        }
    }
}

/// The result in a sentence.
fn verdict(checked: &Checked, held: usize) -> String {
    let manifest = &checked.manifest;
    let entries = match (manifest.first_sequence, manifest.last_sequence) {
        (Some(first), Some(last)) => format!("{} entries, {first} to {last}, without a gap", manifest.count),
        _ => "no entries".to_owned(),
    };
    let signed = match &checked.signer {
        Some(key) => format!(", signed by {}", key.short_name()),
        None => ", unsigned".to_owned(),
    };
    let held = held - checked.not_held.len();
    let kept = if held > 0 { format!("; held against {held} checkpoints kept elsewhere") } else { String::new() };
    format!("the export holds: {entries}, in the log of {} entries{signed}{kept}", manifest.head.tree_size)
}

fn say_unchecked(checked: &Checked, trusted: bool) {
    match &checked.signer {
        None => eprintln!("not checked: whether the lender made this log: the export holds no signed checkpoint"),
        Some(key) if !trusted => eprintln!(
            "not checked: whether {key} is the lender's key: it is named by the export alone. Give the published key with \
             --key"
        ),
        Some(_) => {}
    }
    let end = checked.manifest.last_sequence.map_or(0, |last| last + 1);
    if checked.signer.is_some() && checked.signed_size < end {
        eprintln!(
            "not checked: entries {} to {}: the signed checkpoint covers none of them",
            checked.signed_size,
            end - 1
        );
    }
    for size in &checked.not_held {
        eprintln!("not checked: the checkpoint of {size} entries: the export does not hold that part of the log");
    }
}
