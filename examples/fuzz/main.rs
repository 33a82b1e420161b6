//! Damaged model files, one after another, for as long as is asked: none may panic, take long or take much memory.
//!
//! `scripts/fuzz 10` builds it and gives each target ten minutes.
//!
//! It is led by what the program says: an input that is refused in words not heard before, or that is accepted
//! with a model of another size, joins those that are damaged further. An input is written down before it is tried, so
//! that one which kills the process is there afterwards. The same seed tries the same inputs for as long as it runs.

mod damage;
mod target;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use clap::Parser;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use target::{Target, Tried};

/// Try damaged files on one target.
#[derive(Debug, Parser)]
struct Arguments {
    /// What reads them
    #[arg(value_enum)]
    target: Target,
    /// For how long
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// What chance starts from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Longer than this for one input is a finding
    #[arg(long, default_value_t = 5.0)]
    most_seconds: f64,
    /// Where findings are kept
    #[arg(long, default_value = "target/fuzz")]
    findings: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    fs::create_dir_all(&arguments.findings)?;
    let subject = arguments.target.subject()?;
    let mut run = Run {
        random: ChaCha8Rng::seed_from_u64(arguments.seed),
        corpus: subject.seeds().to_vec(),
        heard: BTreeSet::new(),
        tried: 0,
        accepted: 0,
        slowest: Duration::ZERO,
    };
    let current = arguments.findings.join(format!("{}.input", arguments.target.name()));
    let begun = Instant::now();
    for input in subject.seeds() {
        run.attempt(&subject, input.clone(), &current, arguments.most_seconds)?;
    }
    while begun.elapsed().as_secs_f64() < arguments.minutes * 60.0 {
        let input = run.next();
        run.attempt(&subject, input, &current, arguments.most_seconds)?;
    }
    fs::remove_file(&current).ok();
    println!(
        "{}: {} inputs in {:.0} s, {} accepted, {} kinds of answer, {} kept, the slowest took {:.3} s; nothing found",
        arguments.target.name(),
        run.tried,
        begun.elapsed().as_secs_f64(),
        run.accepted,
        run.heard.len(),
        run.corpus.len(),
        run.slowest.as_secs_f64(),
    );
    Ok(())
}

struct Run {
    random: ChaCha8Rng,
    corpus: Vec<Vec<u8>>,
    /// What was answered, without its numbers and names.
    heard: BTreeSet<String>,
    tried: u64,
    accepted: u64,
    slowest: Duration,
}

impl Run {
    /// The next input: one of the corpus, damaged.
    fn next(&mut self) -> Vec<u8> {
        let one = self.random.next_u32() as usize % self.corpus.len();
        let other = self.random.next_u32() as usize % self.corpus.len();
        damage::damaged(&self.corpus[one], &self.corpus[other], &mut self.random)
    }

    fn attempt(
        &mut self,
        subject: &target::Subject,
        input: Vec<u8>,
        current: &Path,
        most_seconds: f64,
    ) -> anyhow::Result<()> {
        fs::write(current, &input).with_context(|| format!("cannot write {}", current.display()))?;
        let begun = Instant::now();
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| subject.attempt(&input)));
        let took = begun.elapsed();
        self.tried += 1;
        self.slowest = self.slowest.max(took);
        let kept = current.with_extension("finding");
        let Ok(tried) = tried else {
            fs::rename(current, &kept)?;
            bail!("a panic: the input is kept as {}", kept.display());
        };
        if took.as_secs_f64() > most_seconds {
            fs::rename(current, &kept)?;
            bail!("an input took {:.1} s: it is kept as {}", took.as_secs_f64(), kept.display());
        }
        let answer = match tried {
            Tried::Refused(message) => {
                if message.lines().count() > target::MOST_LINES || message.len() > 4_000 {
                    fs::rename(current, &kept)?;
                    bail!("a refusal of {} bytes: the input is kept as {}", message.len(), kept.display());
                }
                without_particulars(&message)
            }
            Tried::Accepted(what) => {
                self.accepted += 1;
                what
            }
            Tried::Wrong(why) => {
                fs::rename(current, &kept)?;
                bail!("{why}: the input is kept as {}", kept.display());
            }
        };
        if self.heard.insert(answer) && self.corpus.len() < 5_000 {
            self.corpus.push(input);
        }
        Ok(())
    }
}

/// A message without its numbers, and without what it quotes.
fn without_particulars(message: &str) -> String {
    let plain: String = message.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let mut words: Vec<&str> = Vec::new();
    for (place, part) in plain.split(['`', '"']).enumerate() {
        words.push(if place.is_multiple_of(2) { part } else { "…" });
    }
    words.concat().replace("00", "0").replace("00", "0").replace("00", "0")
}
