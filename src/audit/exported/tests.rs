use super::*;
use crate::{
    audit::tree::{
        leaf_hash,
        proof::Head as TreeHead,
        range::{Builder, subtrees},
    },
    domain::timestamp::Timestamp,
};

fn at(second: u64) -> Timestamp {
    Timestamp::parse("2026-11-22T12:00:00Z")
        .and_then(|noon| noon.checked_add(time::Duration::seconds(i64::try_from(second).unwrap())))
        .unwrap()
}

fn entries(count: u64) -> Vec<String> {
    (0..count).map(|n| format!(r#"{{"action":"x","sequence":{n},"time":"{}"}}"#, at(n))).collect()
}

fn root_of(leaves: &[Hash]) -> Hash {
    let mut builder = Builder::default();
    for &leaf in leaves {
        builder.push(0, leaf);
    }
    builder.root()
}

fn beside(leaves: &[Hash], start: u64, end: u64) -> Vec<String> {
    let under = |node: crate::audit::tree::NodeId| {
        let first = usize::try_from(node.position << node.height).unwrap();
        root_of(&leaves[first..first + (1 << node.height)]).to_string()
    };
    subtrees(start, end).into_iter().map(under).collect()
}

/// An export of the entries from `first` to before `end` of a log of `size`.
fn export(size: u64, first: u64, end: u64) -> Vec<String> {
    use sha2::{Digest, Sha256};
    let all = entries(size);
    let leaves: Vec<Hash> = all.iter().map(|entry| leaf_hash(entry.as_bytes())).collect();
    let filters = Filters { from: (first > 0).then(|| at(first)), to: (end < size).then(|| at(end)) };
    let head = Head {
        format: FORMAT.to_owned(),
        written_by: "a test".to_owned(),
        exported_at: at(0),
        filters,
        tree_size: size,
        root_hash: root_of(&leaves).to_string(),
        checkpoint: None,
        key: None,
        consistency: Vec::new(),
    };
    let mut lines = vec![Line::Export(Box::new(head.clone())).to_text()];
    let mut next = first;
    while next < end {
        let stop = (next / BLOCK * BLOCK + BLOCK).min(end);
        let run = usize::try_from(next).unwrap()..usize::try_from(stop).unwrap();
        lines.extend(all[run.clone()].iter().map(|entry| format!("{entry}\n")));
        let proof = Block {
            first: next,
            leaf_hashes: to_hex(&leaves[run]),
            left: beside(&leaves, 0, next),
            right: beside(&leaves, stop, size),
        };
        lines.push(Line::Proof(proof).to_text());
        next = stop;
    }
    let before = lines.concat();
    let any = end > first;
    let manifest = Manifest {
        head,
        count: end - first,
        first_sequence: any.then_some(first),
        last_sequence: any.then(|| end - 1),
        bytes: before.len() as u64,
        sha256: hex::encode(Sha256::digest(before)),
    };
    lines.push(Line::Manifest(Box::new(manifest)).to_text());
    lines
}

fn check_against(lines: &[String], heads: Vec<TreeHead>) -> Result<Checked, Fault> {
    let mut checker = Checker::new(Outside { keys: Vec::new(), heads });
    for line in lines {
        checker.accept(line.trim_end_matches('\n').as_bytes())?;
    }
    checker.finish()
}

fn check(lines: &[String]) -> Result<Checked, Fault> {
    check_against(lines, Vec::new())
}

#[test]
fn every_export_of_logs_of_several_blocks_holds() {
    for (size, first, end) in [
        (0, 0, 0),
        (1, 0, 1),
        (256, 0, 256),
        (600, 0, 600),
        (600, 3, 600),
        (600, 255, 257),
        (600, 0, 513),
        (600, 300, 300),
    ] {
        let checked = check(&export(size, first, end)).unwrap_or_else(|fault| panic!("{size} {first} {end}: {fault}"));
        assert_eq!(checked.manifest.count, end - first);
    }
}

#[test]
fn a_line_that_is_removed_swapped_changed_or_doubled_is_the_first_that_is_named() {
    let whole = export(520, 0, 520);
    for place in [1, 2, 100, 256, 258, 300, 515, 518] {
        let mut removed = whole.clone();
        removed.remove(place);
        let mut swapped = whole.clone();
        swapped.swap(place, place + 1);
        let mut doubled = whole.clone();
        doubled.insert(place, whole[place].clone());
        let mut changed = whole.clone();
        changed[place] = changed[place].replace("\"x\"", "\"y\"");
        for (what, lines) in [("removed", removed), ("swapped", swapped), ("doubled", doubled), ("changed", changed)] {
            let fault = check(&lines).expect_err(what);
            // A copy behind its original is the first bad line; where a block lost its last entry, that is its proof.
            let expected = place as u64 + 1 + u64::from(what == "doubled");
            assert_eq!(fault.line, expected, "{what} at {place}: {fault}");
        }
    }
}

#[test]
fn an_entry_that_was_forged_with_its_hash_in_the_proof_breaks_the_proof() {
    let mut lines = export(300, 0, 300);
    let old = leaf_hash(lines[5].trim_end().as_bytes()).to_string();
    lines[5] = lines[5].replace("\"x\"", "\"y\"");
    let new = leaf_hash(lines[5].trim_end().as_bytes()).to_string();
    lines[257] = lines[257].replace(&old, &new);
    assert_eq!(check(&lines).unwrap_err(), Fault { line: 258, sequence: None, what: What::Proof });
}

#[test]
fn whole_blocks_that_are_missing_are_found() {
    let whole = export(600, 0, 600);
    let without_first: Vec<_> = whole[..1].iter().chain(&whole[258..]).cloned().collect();
    let fault = check(&without_first).unwrap_err();
    assert_eq!((fault.line, fault.sequence), (2, Some(0)), "{fault}");
    let without_last: Vec<_> = whole[..515].iter().chain(whole.last()).cloned().collect();
    let fault = check(&without_last).unwrap_err();
    assert_eq!(fault.what, What::Removed { first: 512, last: 599 });
    assert_eq!(check(&whole[..whole.len() - 1]).unwrap_err().what, What::CutOff);
}

#[test]
fn a_head_that_was_kept_outside_shows_that_the_log_was_rewritten() {
    let leaves: Vec<Hash> = entries(600).iter().map(|entry| leaf_hash(entry.as_bytes())).collect();
    let kept = |size: usize| TreeHead { size: size as u64, root: root_of(&leaves[..size]) };
    let lines = export(600, 100, 500);
    let checked = check_against(&lines, vec![kept(100), kept(300), kept(500), kept(600), kept(50), kept(550)]).unwrap();
    assert_eq!(checked.not_held, [50, 550]);
    for size in [100, 300, 500, 600] {
        let other = TreeHead { size, root: leaf_hash(b"another") };
        assert_eq!(check_against(&lines, vec![other]).unwrap_err().what, What::Rewritten { size });
    }
}

#[test]
fn every_single_byte_change_of_a_small_export_is_found() {
    let whole = export(5, 0, 5).concat().into_bytes();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        let text = String::from_utf8_lossy(&changed).into_owned();
        let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        assert!(check(&lines).is_err(), "byte {at}");
    }
}
