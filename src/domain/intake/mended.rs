//! An application with its faults mended, so that what is left of it can be checked further.
//!
//! Each faulty value is replaced by a sound one of an invented application, or removed where that has
//! none. Only for finding further faults: it never decides anything.

use serde_json::{Value, json};
use time::Date;

use super::{Application, Fault, parse};

/// The application that `json` would be without its `faults`; `None` where mending them one by one is
/// not enough.
pub(super) fn application(json: &[u8], faults: &[Fault], today: Date) -> Option<Application> {
    let mut body: Value = serde_json::from_slice(json).ok()?;
    let sound = sound();
    for fault in faults {
        mend(&mut body, &sound, &fault.pointer)?;
    }
    parse(body.to_string().as_bytes(), today).ok()
}

/// Both lists in order. A further fault at a place that is known to be faulty, or within it, is about the mended
/// value and left out.
pub(super) fn joined(mut faults: Vec<Fault>, mut further: Vec<Fault>) -> Vec<Fault> {
    let is_known = |pointer: &str| {
        faults.iter().any(|fault| {
            pointer.strip_prefix(fault.pointer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    further.retain(|fault| !is_known(&fault.pointer));
    faults.append(&mut further);
    faults.sort_unstable();
    faults
}

fn mend(body: &mut Value, sound: &Value, pointer: &str) -> Option<()> {
    let (parent, field) = pointer.rsplit_once('/')?;
    let field = field.replace("~1", "/").replace("~0", "~");
    match body.pointer_mut(parent)? {
        Value::Object(fields) => match sound.pointer(pointer) {
            Some(value) => drop(fields.insert(field, value.clone())),
            None => drop(fields.shift_remove(&field)),
        },
        Value::Array(values) => {
            let index: usize = field.parse().ok()?;
            *values.get_mut(index)? = json!("sound");
        }
        _ => return None,
    }
    Some(())
}

/// Every field that can be required, with a sound value.
fn sound() -> Value {
    json!({
        "applicant": {
            "reference": "C-1", "given_name": "Ada", "family_name": "Example", "date_of_birth": "1950-01-01",
            "address": {"lines": ["1 Main St"], "city": "Springfield", "country": "US"}
        },
        "loan": {"amount": 1, "currency": "USD", "term_months": 1, "purpose": "other"},
        "employment": {"years": null},
        "finances": {
            "annual_income": 1, "income_verification": "verified", "home_ownership": "other", "monthly_debt_payments": 0
        },
        "bureau": {
            "delinquencies_24m": 0, "inquiries_6m": 0, "open_accounts": 0, "total_accounts": 10_000,
            "public_records": 10_000, "bankruptcies": 0, "revolving_balance": 0
        },
        "attributes": {}
    })
}
