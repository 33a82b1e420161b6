//! Untrusted forms: read leniently in one pass, then held against their rules, so that every fault
//! is found at once.
//!
//! A form is declared by [`form!`] as a struct of [`Slot`]s. Reading it never fails while the bytes
//! are JSON: a slot keeps what stood in its place (nothing, `null`, a value, or one of the wrong
//! kind), and the form keeps its [`Strays`], the keys that it does not know and those that came
//! twice. [`FormValue::inspect`] then walks the form and states a [`Fault`] for each of these, and
//! for each rule that the form's `#[validate(…)]` attributes declare and a value breaks. The rules
//! are the `validator` crate's: [`Slot`] has its traits and lets pass whatever holds no value, since
//! that is stated elsewhere (`required` says where a value must be).
//!
//! No message repeats a value, and a slot serialises to nothing, so that the parameters which
//! `validator` attaches to its errors hold nothing either.

mod rules;
mod slot;
mod values;

pub(super) use rules::{broken, broken_rule, inspect_line, no_card_number, plain};
pub(super) use slot::{At, Form, FormValue, Key, Read, Slot, Strays, Wrong};
pub(super) use values::{Choice, List, Number, Text, Whole};

use serde::Deserialize as _;

use super::fault::{Fault, Malformed, Refusal};

/// Declares a form: its fields, their kinds, and the rules of `validator` for each.
macro_rules! form {
    ($(#[$outer:meta])* $name:ident<$de:lifetime> { $($(#[$rule:meta])* $field:ident: $kind:ty,)* }) => {
        #[derive(Debug, Default, validator::Validate)]
        $(#[$outer])*
        pub(super) struct $name<$de> {
            $($(#[$rule])* pub(super) $field: $crate::domain::form::Slot<$kind>,)*
            strays: $crate::domain::form::Strays<$de>,
        }

        impl<$de> $crate::domain::form::Form<$de> for $name<$de> {
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];

            fn place<A: serde::de::MapAccess<$de>>(&mut self, key: &str, object: &mut A) -> Result<bool, A::Error> {
                match key {
                    $(stringify!($field) => self.$field.fill(stringify!($field), &mut self.strays, object)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            fn strays(&mut self) -> &mut $crate::domain::form::Strays<$de> {
                &mut self.strays
            }

            fn inspect_fields(
                &self,
                at: &$crate::domain::form::At<'_>,
                faults: &mut Vec<$crate::domain::fault::Fault>,
            ) {
                self.strays.inspect(Self::FIELDS, at, faults);
                $(self.$field.inspect(&at.field(stringify!($field)), faults);)*
                $crate::domain::form::broken(validator::Validate::validate(self), at, faults);
            }
        }
    };
}
pub(super) use form;

/// Reads bytes as one form, and states every fault that it has in itself.
pub(super) fn read<'de, T: FormValue<'de>>(json: &'de [u8]) -> Result<(Slot<T>, Vec<Fault>), Malformed> {
    let text = std::str::from_utf8(json).map_err(|error| not_utf8(json, error.valid_up_to()))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let slot = Slot::<T>::deserialize(&mut reader)
        .and_then(|slot| reader.end().map(|()| slot))
        .map_err(|error| malformed(&error))?;
    let mut faults = Vec::new();
    match &slot {
        Slot::Null => faults.push(Wrong::kind(T::IS).at(&At::root())),
        slot => slot.inspect(&At::root(), &mut faults),
    }
    Ok((slot, faults))
}

/// Either the value, when nothing is wrong with it, or all that is wrong, in order.
pub(super) fn settle<T>(value: Option<T>, mut faults: Vec<Fault>) -> Result<T, Refusal> {
    match value {
        Some(value) if faults.is_empty() => Ok(value),
        _ => {
            faults.sort_unstable();
            faults.dedup();
            Err(Refusal::Faults(faults))
        }
    }
}

/// Says where reading failed, without the library's own text.
fn malformed(error: &serde_json::Error) -> Malformed {
    let said = error.to_string();
    let problem = match said {
        _ if error.is_eof() => "it ends too early",
        _ if said.starts_with("number out of range") => "a number is too large",
        _ if said.starts_with("trailing characters") => "something follows the value",
        _ if said.starts_with("control character") => "a text holds an unescaped control character",
        _ => "this is not JSON",
    };
    Malformed { problem, line: error.line(), column: error.column() }
}

fn not_utf8(json: &[u8], valid_up_to: usize) -> Malformed {
    let mut lines = json[..valid_up_to].split(|&byte| byte == b'\n');
    let column = 1 + lines.next_back().map_or(0, <[u8]>::len);
    Malformed { problem: "it is not UTF-8", line: 1 + lines.count(), column }
}
