//! Checking an export line by line, in memory that does not grow with it.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{BLOCK, Block, FORMAT, Fault, Filters, Head, Line, Manifest, What, from_hex};
use crate::{
    audit::{
        checkpoint::SignedCheckpoint,
        note::VerifierKey,
        tree::{
            self, Hash, leaf_hash,
            proof::is_consistent,
            range::{self, Builder, subtrees},
        },
    },
    domain::timestamp::Timestamp,
};

/// What is held against an export from outside it.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// The keys that the reader trusts. When there are none the checkpoint's signature is held against the key
    /// that the export itself names, which shows only that the export agrees with itself.
    pub keys: Vec<VerifierKey>,
    /// Heads of the log that were kept elsewhere, whose signatures are verified.
    pub heads: Vec<tree::proof::Head>,
}

/// An export that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub manifest: Manifest,
    /// The key whose signature over the checkpoint holds; `None` when there is no checkpoint.
    pub signer: Option<VerifierKey>,
    /// How many of the tree's entries the signed checkpoint covers.
    pub signed_size: u64,
    /// Heads from outside that could not be held against it, by their size: they are of an earlier part of the
    /// log than the export, or of a later one.
    pub not_held: Vec<u64>,
}

/// Takes an export's lines in order and stops at the first that is wrong.
#[derive(Debug)]
pub struct Checker {
    outside: Outside,
    line: u64,
    hasher: Sha256,
    bytes: u64,
    stage: Stage,
    /// The entries since the last block.
    waiting: Vec<Waiting>,
    first: Option<u64>,
    /// The sequence that comes next.
    next: u64,
    count: u64,
    builder: Builder,
    /// The heads from outside that were met on the way.
    held: Vec<u64>,
}

#[derive(Debug)]
enum Stage {
    BeforeHead,
    Entries(Box<Begun>),
    Ended(Box<Checked>),
}

/// An export whose first line holds.
#[derive(Debug)]
struct Begun {
    head: Head,
    root: Hash,
    signer: Option<VerifierKey>,
    signed_size: u64,
}

/// The tree that the entries must be in.
#[derive(Debug, Clone, Copy)]
struct Tree {
    size: u64,
    root: Hash,
    filters: Filters,
}

/// An entry whose block's proof has not come yet.
#[derive(Debug)]
struct Waiting {
    line: u64,
    leaf: Hash,
    /// `None` when the line cannot be read.
    facts: Option<Facts>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Facts {
    sequence: u64,
    time: Timestamp,
}

/// The most entries that wait for a proof: as many as two blocks have, so that what was inserted is found where it
/// stands.
const MOST_WAITING: usize = 512;

impl Checker {
    #[must_use]
    pub fn new(outside: Outside) -> Self {
        Self {
            outside,
            line: 0,
            hasher: Sha256::new(),
            bytes: 0,
            stage: Stage::BeforeHead,
            waiting: Vec::new(),
            first: None,
            next: 0,
            count: 0,
            builder: Builder::default(),
            held: Vec::new(),
        }
    }

    /// How many entries are checked.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Takes the next line, without its end.
    pub fn accept(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.line += 1;
        let tree = match &self.stage {
            Stage::BeforeHead => return self.begin(line),
            Stage::Ended(_) => return Err(self.fault(What::BehindManifest)),
            Stage::Entries(begun) => Tree { size: begun.head.tree_size, root: begun.root, filters: begun.head.filters },
        };
        if !is_special(line) {
            return self.wait(line);
        }
        match serde_json::from_slice(line) {
            Ok(Line::Proof(block)) => {
                self.check_block(&block, tree)?;
                self.count_line(line);
                Ok(())
            }
            // A manifest has one spelling: a name that nobody knows would be passed over when it is read.
            Ok(written @ Line::Manifest(_)) if written.to_text().trim_end().as_bytes() != line => {
                Err(self.fault(What::Unreadable))
            }
            Ok(Line::Manifest(manifest)) => self.end(*manifest),
            Ok(Line::Export(_)) | Err(_) => Err(self.fault(What::Unreadable)),
        }
    }

    /// Ends the export: there are no more lines.
    pub fn finish(self) -> Result<Checked, Fault> {
        let what = match self.stage {
            Stage::Ended(checked) => return Ok(*checked),
            Stage::Entries(_) => What::CutOff,
            Stage::BeforeHead => What::NotAnExport,
        };
        Err(Fault { line: self.line + 1, sequence: None, what })
    }

    fn fault(&self, what: What) -> Fault {
        Fault { line: self.line, sequence: None, what }
    }

    fn count_line(&mut self, line: &[u8]) {
        self.hasher.update(line);
        self.hasher.update(b"\n");
        self.bytes += line.len() as u64 + 1;
    }

    /// Takes the first line, and holds the checkpoint against the tree that it says.
    fn begin(&mut self, line: &[u8]) -> Result<(), Fault> {
        let Ok(Line::Export(head)) = serde_json::from_slice(line) else {
            return Err(self.fault(What::NotAnExport));
        };
        if head.format != FORMAT {
            return Err(self.fault(What::Format(head.format)));
        }
        let Some(root) = Hash::from_hex(&head.root_hash) else { return Err(self.fault(What::Unreadable)) };
        let signed = check_checkpoint(&head, root, &self.outside.keys).map_err(|what| self.fault(what))?;
        if head.tree_size == 0 && root != tree::empty_root() {
            return Err(self.fault(What::OtherTree));
        }
        self.hold_against_outside(head.tree_size, root)?;
        self.count_line(line);
        let (signer, signed_size) = signed.map_or((None, 0), |(signer, size)| (Some(signer), size));
        self.stage = Stage::Entries(Box::new(Begun { head: *head, root, signer, signed_size }));
        Ok(())
    }

    /// Takes an entry, whose proof is yet to come.
    fn wait(&mut self, line: &[u8]) -> Result<(), Fault> {
        if self.waiting.len() >= MOST_WAITING {
            return Err(self.fault(What::BlockTooLong));
        }
        let facts = serde_json::from_slice(line).ok();
        self.waiting.push(Waiting { line: self.line, leaf: leaf_hash(line), facts });
        self.count_line(line);
        Ok(())
    }

    /// Holds the waiting entries against their proof, and the proof against the tree.
    fn check_block(&mut self, block: &Block, tree: Tree) -> Result<(), Fault> {
        if self.first.is_none() && tree.filters.from.is_some() {
            self.next = block.first;
        }
        if block.first != self.next {
            let line = self.waiting.first().map_or(self.line, |waiting| waiting.line);
            let what = What::ProofMisplaced { expected: self.next, found: block.first };
            return Err(Fault { line, sequence: Some(self.next), what });
        }
        let hashes = (from_hex(&block.leaf_hashes), from_hex(&block.left), from_hex(&block.right));
        let (Some(named), Some(left), Some(right)) = hashes else { return Err(self.fault(What::Unreadable)) };
        let fits = (1..=BLOCK - block.first % BLOCK).contains(&(named.len() as u64));
        if !fits || range::root(tree.size, block.first, &named, &left, &right) != Some(tree.root) {
            return Err(self.fault(What::Proof));
        }
        // The hashes that the proof names are those in the tree: an entry with another hash is the one to name.
        if let Some(fault) = self.first_wrong(&named) {
            return Err(fault);
        }
        if self.first.is_none() {
            self.first = Some(block.first);
            let nodes = subtrees(0, block.first);
            nodes.iter().zip(&left).for_each(|(node, &hash)| self.builder.push(node.height, hash));
            self.hold_against_outside(block.first, self.builder.root())?;
        }
        for waiting in std::mem::take(&mut self.waiting) {
            waiting.check_facts(self.next, tree.filters)?;
            self.builder.push(0, waiting.leaf);
            self.count += 1;
            self.next += 1;
            if self.outside.heads.iter().any(|kept| kept.size == self.next) {
                self.hold_against_outside(self.next, self.builder.root())?;
            }
        }
        Ok(())
    }

    /// The first waiting entry that is not the one that the tree has in its place.
    fn first_wrong(&self, named: &[Hash]) -> Option<Fault> {
        let mut places = (self.next..).zip(self.waiting.iter().zip(named));
        if let Some((place, (waiting, _))) = places.find(|(_, (waiting, leaf))| waiting.leaf != **leaf) {
            let what = match waiting.facts.map(|facts| facts.sequence) {
                Some(found) if found > place => What::Missing { missing: place, found },
                Some(found) if found < place => What::Inserted { place, found },
                _ => What::Changed(place),
            };
            return Some(Fault { line: waiting.line, sequence: Some(place), what });
        }
        let have = self.waiting.len();
        if have < named.len() {
            let (first, last) = (self.next + have as u64, self.next + named.len() as u64 - 1);
            return Some(Fault { line: self.line, sequence: Some(first), what: What::Removed { first, last } });
        }
        let extra = self.waiting.get(named.len())?;
        Some(Fault { line: extra.line, sequence: None, what: What::BlockTooLong })
    }

    /// Holds the root of the tree at a size against every head of that size that was kept outside.
    fn hold_against_outside(&mut self, size: u64, root: Hash) -> Result<(), Fault> {
        for kept in self.outside.heads.iter().filter(|kept| kept.size == size) {
            if kept.root != root {
                return Err(Fault { line: self.line, sequence: None, what: What::Rewritten { size } });
            }
            self.held.push(size);
        }
        Ok(())
    }

    fn end(&mut self, manifest: Manifest) -> Result<(), Fault> {
        if let Some(waiting) = self.waiting.first() {
            return Err(Fault { line: waiting.line, sequence: None, what: What::Unproved });
        }
        let Stage::Entries(begun) = &self.stage else { return Err(self.fault(What::Unreadable)) };
        let (head, end) = (&begun.head, self.next);
        if let Some(last) = manifest.last_sequence.filter(|last| *last >= end) {
            return Err(Fault { line: self.line, sequence: Some(end), what: What::Removed { first: end, last } });
        }
        let sha256 = hex::encode(self.hasher.clone().finalize());
        for (what, same) in [
            ("it repeats the first line otherwise", manifest.head == *head),
            ("the number of entries", manifest.count == self.count),
            ("the first sequence", manifest.first_sequence == self.first),
            ("the last sequence", manifest.last_sequence == self.first.map(|_| end - 1)),
            ("the number of bytes", manifest.bytes == self.bytes),
            ("the SHA-256", manifest.sha256 == sha256),
        ] {
            if !same {
                return Err(self.fault(What::Manifest(what)));
            }
        }
        // Nothing was asked to be left out at the end, so the last entry is the tree's last; at the beginning it is
        // seen to when the first block comes.
        let asks_for_end = head.filters.to.is_none() && (self.count > 0 || head.filters.from.is_none());
        if asks_for_end && end != head.tree_size {
            return Err(self.fault(What::Incomplete { size: head.tree_size, end }));
        }
        let sizes = self.outside.heads.iter().map(|kept| kept.size);
        let not_held = sizes.filter(|size| !self.held.contains(size)).collect();
        let (signer, signed_size) = (begun.signer.clone(), begun.signed_size);
        self.stage = Stage::Ended(Box::new(Checked { manifest, signer, signed_size, not_held }));
        Ok(())
    }
}

impl Waiting {
    /// An entry that is in the tree says where it stands, or the log itself is wrong.
    fn check_facts(&self, place: u64, filters: Filters) -> Result<(), Fault> {
        let what = match self.facts {
            None => What::NotAnEntry(place),
            Some(Facts { sequence, .. }) if sequence != place => What::SaysOtherPlace { place, says: sequence },
            Some(Facts { time, .. })
                if filters.from.is_some_and(|from| time < from) || filters.to.is_some_and(|to| time >= to) =>
            {
                What::OutsideFilters(place)
            }
            Some(_) => return Ok(()),
        };
        Err(Fault { line: self.line, sequence: Some(place), what })
    }
}

/// Whether a line is one of the export's own. An entry begins with its action.
fn is_special(line: &[u8]) -> bool {
    [&b"{\"export\":"[..], b"{\"proof\":", b"{\"manifest\":"].iter().any(|start| line.starts_with(start))
}

/// Verifies the checkpoint's signature, and that its tree is the export's or the beginning of it. Gives who signed
/// and how many entries are covered; `None` when there is no checkpoint.
fn check_checkpoint(head: &Head, root: Hash, trusted: &[VerifierKey]) -> Result<Option<(VerifierKey, u64)>, What> {
    let Some(note) = &head.checkpoint else { return Ok(None) };
    let checkpoint = SignedCheckpoint::parse(note)?;
    let named: Vec<VerifierKey> = head.key.iter().cloned().collect();
    let signer = checkpoint.verify(if trusted.is_empty() { &named } else { trusted })?.clone();
    let (old, new) = (checkpoint.head(), tree::proof::Head { size: head.tree_size, root });
    let proof = from_hex(&head.consistency).ok_or(What::Unreadable)?;
    // An empty log is the beginning of every log.
    let holds = is_consistent(old, new, &proof) || (old.size == 0 && old.root == tree::empty_root());
    if holds { Ok(Some((signer, old.size))) } else { Err(What::OtherTree) }
}
