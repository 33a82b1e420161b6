//! How long, how many, how much: what a value of an application may be at most.
//!
//! The limits are the trade's: wide enough for every real application, narrow enough that a misplaced field or unit shows.

/// Characters of the sender's own reference.
pub const EXTERNAL_REFERENCE_CHARACTERS: u64 = 128;
/// Characters of the lender's number for a person.
pub const REFERENCE_CHARACTERS: u64 = 64;
/// Characters of a given name, a family name, a city.
pub const NAME_CHARACTERS: u64 = 200;
/// Characters of a national identifier.
pub const NATIONAL_ID_CHARACTERS: u64 = 64;
/// Characters of an e-mail address (RFC 5321).
pub const EMAIL_CHARACTERS: u64 = 254;
/// Lines of an address.
pub const ADDRESS_LINES: u64 = 6;
/// Characters of one of them.
pub const ADDRESS_LINE_CHARACTERS: u64 = 200;
/// Characters of a state or region.
pub const REGION_CHARACTERS: u64 = 100;
/// Characters of a postal code.
pub const POSTAL_CODE_CHARACTERS: u64 = 20;
/// Nobody older applies for a loan; a date further back is a misspelt one.
pub const OLDEST_APPLICANT_YEARS: u32 = 120;
/// The 40 years of the longest mortgages.
pub const LONGEST_TERM_MONTHS: i64 = 480;
/// With one employer.
pub const MOST_EMPLOYMENT_YEARS: f64 = 80.0;
/// Above every counter of a bureau that is no error.
pub const MOST_COUNTED: i64 = 10_000;
/// A century.
pub const MOST_MONTHS_AGO: i64 = 1_200;
/// Balances as a share of limits.
pub const MOST_UTILIZATION: f64 = 10.0;
