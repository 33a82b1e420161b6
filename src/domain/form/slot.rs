//! What stands in the places of a form.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{Text, rules};
use crate::domain::fault::{Fault, FaultCode};

/// What stands in one place of a form.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::domain) enum Slot<T> {
    /// The field is not there.
    #[default]
    Absent,
    /// `null`.
    Null,
    Value(T),
    /// Something that cannot be a `T`.
    Wrong(Wrong),
}

/// What is wrong with a value, before its place is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain) struct Wrong {
    pub(in crate::domain) code: FaultCode,
    pub(in crate::domain) message: Cow<'static, str>,
}

impl Wrong {
    /// A value of another JSON type than `is`, "a string", says.
    pub(in crate::domain) fn kind(is: &'static str) -> Self {
        Self { code: FaultCode::WrongType, message: is.into() }
    }

    /// States the fault at its place. A message that names what would be right becomes a sentence.
    pub(in crate::domain) fn at(&self, at: &At<'_>) -> Fault {
        Fault::new(at.to_string(), self.code, format!("must be {}", self.message))
    }
}

/// What reading a value gives.
pub(in crate::domain) type Read<T> = Result<T, Wrong>;

/// A kind of value that can stand in a [`Slot`].
///
/// A kind takes the JSON types that it overrides a method for; the others are the wrong type.
pub(in crate::domain) trait FormValue<'de>: Sized {
    /// What would be right: "a string".
    const IS: &'static str;

    fn from_text(_: Text<'de>) -> Read<Self> {
        Err(Wrong::kind(Self::IS))
    }
    fn from_whole(_: i64) -> Read<Self> {
        Err(Wrong::kind(Self::IS))
    }
    fn from_number(_: f64) -> Read<Self> {
        Err(Wrong::kind(Self::IS))
    }
    fn from_boolean(_: bool) -> Read<Self> {
        Err(Wrong::kind(Self::IS))
    }
    /// Must read the whole list.
    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Read<Self>, A::Error> {
        drain_list(list)?;
        Ok(Err(Wrong::kind(Self::IS)))
    }
    /// Must read the whole object.
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Read<Self>, A::Error> {
        drain_object(object)?;
        Ok(Err(Wrong::kind(Self::IS)))
    }

    /// States every fault that the value has in itself.
    fn inspect(&self, _at: &At<'_>, _faults: &mut Vec<Fault>) {}
}

/// What [`form!`](super::form) writes for a form; with it, the form is a [`FormValue`].
pub(in crate::domain) trait Form<'de>: Default {
    const FIELDS: &'static [&'static str];
    /// Reads the value of `key` into its field; false, with nothing read, when it is not a field.
    fn place<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<bool, A::Error>;
    fn strays(&mut self) -> &mut Strays<'de>;
    fn inspect_fields(&self, at: &At<'_>, faults: &mut Vec<Fault>);
}

impl<'de, T: Form<'de>> FormValue<'de> for T {
    const IS: &'static str = "an object";

    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Read<Self>, A::Error> {
        let mut form = Self::default();
        while let Some(Key(key)) = object.next_key()? {
            if !form.place(&key, &mut object)? {
                object.next_value::<IgnoredAny>()?;
                form.strays().unknown.push(key);
            }
        }
        Ok(Ok(form))
    }

    fn inspect(&self, at: &At<'_>, faults: &mut Vec<Fault>) {
        self.inspect_fields(at, faults);
    }
}

/// The keys of an object that are not as the contract has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::domain) struct Strays<'de> {
    pub(super) unknown: Vec<Text<'de>>,
    pub(super) twice: Vec<&'static str>,
}

impl Strays<'_> {
    /// States every stray key. `fields` are the known ones, for a hint.
    pub(in crate::domain) fn inspect(&self, fields: &[&str], at: &At<'_>, faults: &mut Vec<Fault>) {
        for field in &self.twice {
            faults.push(Fault::new(at.field(field).to_string(), FaultCode::DuplicateField, "must be given once"));
        }
        for key in &self.unknown {
            let message = match rules::nearest(key, fields) {
                Some(field) => format!("is not a field here; did you mean {field}?"),
                None => "is not a field here".to_owned(),
            };
            faults.push(Fault::new(at.field(key).to_string(), FaultCode::UnknownField, message));
        }
    }
}

impl<T> Slot<T> {
    /// The value, if one stands here.
    pub(in crate::domain) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The value, if one stands here.
    pub(in crate::domain) const fn as_value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Whether anything stands here, be it wrong.
    pub(in crate::domain) const fn is_given(&self) -> bool {
        !matches!(self, Self::Absent | Self::Null)
    }
}

impl<'de, T: FormValue<'de>> Slot<T> {
    /// Reads the value of an object's key into this slot, or notes that the key came before.
    pub(in crate::domain) fn fill<A: MapAccess<'de>>(
        &mut self,
        field: &'static str,
        strays: &mut Strays<'de>,
        object: &mut A,
    ) -> Result<(), A::Error> {
        if !matches!(self, Self::Absent) {
            object.next_value::<IgnoredAny>()?;
            strays.twice.push(field);
            return Ok(());
        }
        *self = object.next_value()?;
        Ok(())
    }

    /// States every fault of what stands here.
    pub(in crate::domain) fn inspect(&self, at: &At<'_>, faults: &mut Vec<Fault>) {
        match self {
            Self::Absent | Self::Null => {}
            Self::Value(value) => value.inspect(at, faults),
            Self::Wrong(wrong) => faults.push(wrong.at(at)),
        }
    }
}

impl<T> From<Read<T>> for Slot<T> {
    fn from(read: Read<T>) -> Self {
        read.map_or_else(Self::Wrong, Self::Value)
    }
}

/// Serialises to nothing: `validator` puts the value that broke a rule among its error's parameters.
impl<T> Serialize for Slot<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de, T: FormValue<'de>> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SlotVisitor(PhantomData))
    }
}

struct SlotVisitor<T>(PhantomData<T>);

impl<'de, T: FormValue<'de>> Visitor<'de> for SlotVisitor<T> {
    type Value = Slot<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Slot<T>, E> {
        Ok(Slot::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Slot<T>, E> {
        Ok(T::from_boolean(value).into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Slot<T>, E> {
        Ok(T::from_whole(value).into())
    }

    /// What is above an `i64` is above every limit of this contract as well.
    fn visit_u64<E>(self, value: u64) -> Result<Slot<T>, E> {
        Ok(T::from_whole(i64::try_from(value).unwrap_or(i64::MAX)).into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Slot<T>, E> {
        Ok(T::from_number(value).into())
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Slot<T>, E> {
        Ok(T::from_text(Cow::Borrowed(value)).into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Slot<T>, E> {
        Ok(T::from_text(Cow::Owned(value.to_owned())).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Slot<T>, A::Error> {
        T::from_list(list).map(Slot::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Slot<T>, A::Error> {
        T::from_object(object).map(Slot::from)
    }
}

/// An object's key, borrowed where it has no escapes.
pub(in crate::domain) struct Key<'de>(pub(in crate::domain) Text<'de>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }
            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// Reads a list to its end and forgets it.
pub(super) fn drain_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Reads an object to its end and forgets it.
pub(super) fn drain_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<(), A::Error> {
    while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A place in a form: a JSON pointer (RFC 6901) that costs nothing until it is written.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct At<'p> {
    parent: Option<&'p At<'p>>,
    segment: Segment<'p>,
}

#[derive(Debug, Clone, Copy)]
enum Segment<'p> {
    Field(&'p str),
    Index(usize),
}

/// A sender's key is written to this many characters, so that no pointer is as long as a body.
const KEY_SHOWN_CHARACTERS: usize = 64;

impl<'p> At<'p> {
    /// The whole body.
    pub(in crate::domain) const fn root() -> Self {
        Self { parent: None, segment: Segment::Index(0) }
    }

    pub(in crate::domain) const fn field<'q>(&'q self, name: &'q str) -> At<'q>
    where
        'p: 'q,
    {
        At { parent: Some(self), segment: Segment::Field(name) }
    }

    pub(in crate::domain) const fn index<'q>(&'q self, index: usize) -> At<'q>
    where
        'p: 'q,
    {
        At { parent: Some(self), segment: Segment::Index(index) }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else { return Ok(()) };
        write!(f, "{parent}/")?;
        match self.segment {
            Segment::Index(index) => write!(f, "{index}"),
            Segment::Field(name) => name.chars().take(KEY_SHOWN_CHARACTERS).try_for_each(|c| match c {
                '~' => f.write_str("~0"),
                '/' => f.write_str("~1"),
                c => write!(f, "{c}"),
            }),
        }
    }
}
