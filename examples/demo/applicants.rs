//! People who do not exist, and what they ask for.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};
use time::{Date, Duration};
use underwright::domain::timestamp::Timestamp;

const GIVEN: [&str; 36] = [
    "Amara", "Bruno", "Carmen", "Daniel", "Elif", "Farid", "Grace", "Hana", "Ivan", "Jonas", "Keiko", "Lena", "Mateo",
    "Nadia", "Oscar", "Priya", "Quinn", "Rosa", "Samir", "Tessa", "Umar", "Vera", "Wei", "Ximena", "Yusuf", "Zoe",
    "Anders", "Bianca", "Chidi", "Dalia", "Emil", "Freya", "Gustavo", "Ines", "Jamal", "Mei",
];
const FAMILY: [&str; 36] = [
    "Adeyemi",
    "Bergström",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Farouk",
    "Garcia",
    "Hoffmann",
    "Ito",
    "Jensen",
    "Kowalski",
    "Larsen",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Quintero",
    "Rossi",
    "Sato",
    "Tanaka",
    "Usman",
    "Varga",
    "Weber",
    "Xu",
    "Yamada",
    "Zhang",
    "Andersson",
    "Bianchi",
    "Chen",
    "Diallo",
    "Fischer",
    "Haddad",
    "Kaya",
    "Lindqvist",
    "Mensah",
    "Nguyen",
];
const CITIES: [(&str, &str, &str); 8] = [
    ("Springfield", "IL", "62701"),
    ("Madison", "WI", "53703"),
    ("Columbus", "OH", "43215"),
    ("Lincoln", "NE", "68508"),
    ("Boise", "ID", "83702"),
    ("Salem", "OR", "97301"),
    ("Albany", "NY", "12207"),
    ("Austin", "TX", "78701"),
];
/// Purposes, by how often they are asked for of a hundred.
const PURPOSES: [(&str, u32); 10] = [
    ("debt_consolidation", 46),
    ("credit_card", 14),
    ("home_improvement", 11),
    ("car", 7),
    ("major_purchase", 6),
    ("small_business", 5),
    ("medical", 4),
    ("wedding", 3),
    ("moving", 2),
    ("vacation", 2),
];

/// Draws applicants, one after the other.
pub(crate) struct Applicants {
    random: ChaCha12Rng,
    drawn: u32,
}

impl Applicants {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: ChaCha12Rng::seed_from_u64(seed), drawn: 0 }
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.random.random_range(0..end)
    }

    /// A share from 0 to 1.
    fn share(&mut self) -> f64 {
        self.random.random()
    }

    /// One of a list.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.random.random_range(0..all.len())]
    }

    /// Whether something of so many in a hundred happens.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// A number about a middle, mostly within a factor of two: the product of three draws.
    fn about(&mut self, middle: f64) -> f64 {
        (0..3).fold(middle, |number, _| number * (0.7 + 0.6 * self.share()))
    }

    /// A number of dollars about a middle, to the nearest hundred.
    fn dollars(&mut self, middle: f64, most: f64) -> f64 {
        (self.about(middle).min(most) / 100.0).round() * 100.0
    }

    /// So many times between two, in their order: most in the working hours of working days, and a little more from week
    /// to week. `None` beyond the years that a clock knows.
    pub(crate) fn times(&mut self, begin: Timestamp, end: Timestamp, count: u32) -> Option<Vec<Timestamp>> {
        let span = end.instant() - begin.instant() - Duration::minutes(20);
        let mut times = Vec::new();
        while times.len() < count as usize {
            let share = self.share().powf(0.9);
            let at = begin.checked_add(span * share)?;
            let instant = at.instant();
            let is_day_off = instant.weekday().number_days_from_monday() >= 5;
            let weight = match (is_day_off, instant.hour()) {
                (false, 8..=18) => 1.0,
                (false, _) => 0.14,
                (true, 8..=18) => 0.3,
                (true, _) => 0.07,
            };
            if self.share() < weight {
                times.push(at);
            }
        }
        times.sort();
        times.dedup();
        Some(times)
    }

    fn purpose(&mut self) -> &'static str {
        let mut left = self.below(100);
        for (purpose, share) in PURPOSES {
            if left < share {
                return purpose;
            }
            left -= share;
        }
        "other"
    }

    /// A whole application, as a core-banking system sends it on a day.
    pub(crate) fn application(&mut self, today: Date) -> Value {
        self.drawn += 1;
        let (given, family) = (self.one_of(&GIVEN), self.one_of(&FAMILY));
        let (city, region, postal_code) = self.one_of(&CITIES);
        let (age, day) = (21 + i64::from(self.below(45)), i64::from(self.below(365)));
        let born = today - Duration::days(age * 365 + day + age / 4);
        let income = self.dollars(59_000.0, 320_000.0);
        let strain = self.share();
        let debts = income / 12.0 * (0.04 + 0.24 * strain * self.share());
        let history = (4 + i64::from(self.below(22))).min(age - 18);
        let open = 3 + self.below(14);
        let late = self.chance(19);
        let record = self.chance(6);
        json!({
            "external_reference": format!("LOS-{}-{:06}", today.year(), 4_200 + self.drawn),
            "applicant": {
                "reference": format!("C-{}", 70_000 + self.drawn * 7), "given_name": given, "family_name": family,
                "date_of_birth": born.to_string(),
                "national_id": format!("900-{:02}-{:04}", 10 + self.below(80), 1_000 + self.below(8_999)),
                "email": format!("{}.{}@example.com", ascii(given), ascii(family)), "phone": format!("+1555{:07}", self.below(9_999_999)),
                "address": {"lines": [format!("{} Elm Street", 1 + self.below(400))], "city": city, "region": region,
                            "postal_code": postal_code, "country": "US"},
            },
            "loan": {"amount": minor(self.dollars(13_500.0, 35_000.0).max(1_000.0)), "currency": "USD",
                     "term_months": if self.chance(33) { 60 } else { 36 }, "purpose": self.purpose()},
            "employment": {"years": self.below(14)},
            "finances": {
                "annual_income": minor(income), "monthly_debt_payments": minor(debts.round()),
                "income_verification": self.one_of(&["source_verified", "verified", "not_verified"]),
                "home_ownership": self.one_of(&["rent", "rent", "mortgage", "mortgage", "own"]),
            },
            "bureau": {
                "delinquencies_24m": u32::from(late && self.chance(40)),
                "inquiries_6m": self.below(3) + if self.chance(20) { self.below(5) } else { 0 },
                "months_since_delinquency": if late { json!(3 + self.below(70)) } else { Value::Null },
                "months_since_public_record": if record { json!(12 + self.below(90)) } else { Value::Null },
                "open_accounts": open, "total_accounts": open + 3 + self.below(22),
                "public_records": u32::from(record), "bankruptcies": u32::from(record && self.chance(50)),
                "revolving_balance": minor(self.dollars(9_000.0 + 14_000.0 * strain, 90_000.0)),
                "revolving_utilization": (f64::from(3 + self.below(60)) / 100.0 + 0.36 * strain * self.share()).min(0.98),
                "first_credit_line": (today - Duration::days(history * 365)).to_string(),
            },
            "attributes": {},
        })
    }
}

/// Whole dollars in minor units.
#[expect(clippy::cast_possible_truncation, reason = "some hundred thousand dollars")]
fn minor(dollars: f64) -> i64 {
    dollars as i64 * 100
}

/// A name's letters for an address of e-mail.
fn ascii(name: &str) -> String {
    name.to_lowercase().chars().map(|letter| if letter == 'ö' { 'o' } else { letter }).collect()
}
