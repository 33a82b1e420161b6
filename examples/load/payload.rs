//! Invented applications as whole HTTP requests, made before the clock runs so that sending costs little.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use underwright::http::api::document::example_application;

/// How many different applications a connection has. Their references are written anew at every turn.
const VARIETY: usize = 256;
/// How many one has of very many.
const FEW: usize = 8;
/// Stands in a request where its number is written.
const PLACE: &str = "0000000000";

/// The requests of one connection, one after another, for ever.
#[derive(Debug)]
pub(crate) struct Payloads {
    requests: Vec<Request>,
    next: u64,
}

#[derive(Debug)]
struct Request {
    bytes: Vec<u8>,
    /// Where the request's number is written.
    places: Vec<usize>,
}

impl Payloads {
    pub(crate) fn new(connection: usize, host: &str, token: &str, with_key: bool) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(connection as u64);
        let make = |_| request(connection, host, token, with_key, &mut random);
        Self { requests: (0..VARIETY).map(make).collect(), next: 0 }
    }

    /// As [`Payloads::new`] without keys, of few different applications: for very many connections.
    pub(crate) fn few(connection: usize, host: &str, token: &str) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(connection as u64);
        let make = |_| request(connection, host, token, false, &mut random);
        Self { requests: (0..FEW).map(make).collect(), next: 0 }
    }

    /// The next request. No two have the same references or keys.
    pub(crate) fn next(&mut self) -> &[u8] {
        let index = usize::try_from(self.next).unwrap_or_default() % self.requests.len();
        let request = &mut self.requests[index];
        let number = format!("{:010}", self.next);
        for &place in &request.places {
            request.bytes[place..place + PLACE.len()].copy_from_slice(number.as_bytes());
        }
        self.next += 1;
        &request.bytes
    }
}

fn request(connection: usize, host: &str, token: &str, with_key: bool, random: &mut ChaCha8Rng) -> Request {
    let body = application(connection, random).to_string();
    let key = if with_key { format!("Idempotency-Key: load-{connection}-{PLACE}\r\n") } else { String::new() };
    let head = format!(
        "POST /v1/applications HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\n{key}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let text = head + &body;
    let places = text.match_indices(PLACE).map(|(place, _)| place).collect();
    Request { bytes: text.into_bytes(), places }
}

/// The contract's application with other numbers: some are approved, some reviewed, some declined.
fn application(connection: usize, random: &mut ChaCha8Rng) -> Value {
    let mut application = example_application();
    let income = random.random_range(2_000_000..16_000_000_i64);
    let utilization = f64::from(random.random_range(0..1_100_u32)) / 1_000.0;
    let purposes = ["debt_consolidation", "credit_card", "home_improvement", "car", "medical", "other"];
    application["external_reference"] = json!(format!("LOAD-{connection:03}-{PLACE}"));
    application["applicant"]["reference"] = json!(format!("C-{connection:03}-{PLACE}"));
    application["applicant"]["date_of_birth"] = json!(format!("19{:02}-03-14", random.random_range(50..99)));
    application["loan"]["amount"] = json!(random.random_range(10..350_i64) * 10_000);
    application["loan"]["term_months"] = json!(if random.random_bool(0.3) { 60 } else { 36 });
    application["loan"]["purpose"] = json!(purposes[random.random_range(0..purposes.len())]);
    application["employment"]["years"] = json!(random.random_range(0..11));
    application["finances"]["annual_income"] = json!(income);
    application["finances"]["monthly_debt_payments"] = json!(income / 12 * random.random_range(2..40) / 100);
    application["bureau"]["inquiries_6m"] = json!(random.random_range(0..4));
    application["bureau"]["delinquencies_24m"] = json!(u8::from(random.random_bool(0.1)));
    application["bureau"]["open_accounts"] = json!(random.random_range(2..20));
    application["bureau"]["total_accounts"] = json!(random.random_range(20..45));
    application["bureau"]["revolving_balance"] = json!(random.random_range(0..4_000_000));
    application["bureau"]["revolving_utilization"] = json!(utilization);
    application
}
