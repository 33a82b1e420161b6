//! Universal Binary JSON (UBJSON, draft 12), as far as models use it.
//!
//! A value that announces more elements than bytes are left is refused before anything is allocated for it, and nesting is
//! limited.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The deepest nesting that is read; models have about ten levels.
const MAX_DEPTH: usize = 64;

/// Why bytes are no UBJSON, or not of the form that is wanted.
#[derive(Debug)]
pub(super) struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl From<Error> for super::Fault {
    fn from(error: Error) -> Self {
        Self::Unreadable(error.0)
    }
}

/// Reads one value that takes up all of `bytes`.
pub(super) fn from_slice<'de, T: de::Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    let mut reader = Reader { rest: bytes, depth: 0 };
    let marker = reader.marker()?;
    let value = T::deserialize(Value { reader: &mut reader, marker })?;
    if reader.rest.is_empty() { Ok(value) } else { Err(Error("there is more after its end".to_owned())) }
}

struct Reader<'de> {
    rest: &'de [u8],
    depth: usize,
}

/// A value whose marker has been read.
struct Value<'a, 'de> {
    reader: &'a mut Reader<'de>,
    marker: u8,
}

/// The elements of an array or an object.
struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    /// The marker that all elements share.
    shared: Option<u8>,
    /// How many are left, where that was announced; else they end with `end`.
    left: Option<usize>,
    end: u8,
}

impl<'de> Reader<'de> {
    fn take(&mut self, count: usize) -> Result<&'de [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| Error("it ends too early".to_owned()))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| Error("it ends too early".to_owned()))?;
        self.rest = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    /// The next marker; `N` says nothing and may stand anywhere.
    fn marker(&mut self) -> Result<u8, Error> {
        loop {
            let marker = self.byte()?;
            if marker != b'N' {
                return Ok(marker);
            }
        }
    }

    fn integer(&mut self, marker: u8) -> Result<Option<i64>, Error> {
        Ok(Some(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' => i64::from(self.byte()?),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return Ok(None),
        }))
    }

    fn length(&mut self) -> Result<usize, Error> {
        let marker = self.marker()?;
        let length = self.integer(marker)?.and_then(|length| usize::try_from(length).ok());
        length.ok_or_else(|| Error("a length is no whole number".to_owned()))
    }

    fn text(&mut self) -> Result<&'de str, Error> {
        let length = self.length()?;
        str::from_utf8(self.take(length)?).map_err(|_| Error("a text is not UTF-8".to_owned()))
    }

    /// The `$` and `#` that may stand before the elements of an array or an object.
    fn elements(&mut self, end: u8) -> Result<Elements<'_, 'de>, Error> {
        let (mut shared, mut left) = (None, None);
        if self.rest.first() == Some(&b'$') {
            self.byte()?;
            shared = Some(self.byte()?);
        }
        if self.rest.first() == Some(&b'#') {
            self.byte()?;
            let count = self.length()?;
            // Every element takes a byte, but for those of a shared marker that says all.
            if count > self.rest.len() || shared.is_some_and(|marker| matches!(marker, b'Z' | b'T' | b'F' | b'N')) {
                return Err(Error(format!("{count} elements are announced, and fewer bytes are left")));
            }
            left = Some(count);
        } else if shared.is_some() {
            return Err(Error("elements share a type but have no count".to_owned()));
        }
        Ok(Elements { reader: self, shared, left, end })
    }
}

impl<'de> Deserializer<'de> for Value<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Self { reader, marker } = self;
        match marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'd' => visitor.visit_f32(f32::from_be_bytes(reader.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(reader.array()?)),
            b'C' => visitor.visit_char(char::from(reader.byte()?)),
            b'S' => visitor.visit_borrowed_str(reader.text()?),
            b'[' | b'{' => {
                if reader.depth == MAX_DEPTH {
                    return Err(Error(format!("it is nested deeper than {MAX_DEPTH} levels")));
                }
                reader.depth += 1;
                let value = if marker == b'[' {
                    let mut elements = reader.elements(b']')?;
                    let value = visitor.visit_seq(&mut elements)?;
                    elements.finish()?;
                    value
                } else {
                    let mut elements = reader.elements(b'}')?;
                    let value = visitor.visit_map(&mut elements)?;
                    elements.finish()?;
                    value
                };
                reader.depth -= 1;
                Ok(value)
            }
            _ => match reader.integer(marker)? {
                Some(number) => visitor.visit_i64(number),
                None => Err(Error(format!("the byte {marker:#04x} begins no value"))),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.marker == b'Z' { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl Elements<'_, '_> {
    /// The marker of the next element; none at the end.
    fn next_marker(&mut self) -> Result<Option<u8>, Error> {
        match &mut self.left {
            Some(0) => return Ok(None),
            Some(left) => *left -= 1,
            None => {
                let marker = self.reader.marker()?;
                return Ok((marker != self.end).then_some(marker));
            }
        }
        self.shared.map_or_else(|| self.reader.marker(), Ok).map(Some)
    }

    /// Checks that a visitor has read everything.
    fn finish(self) -> Result<(), Error> {
        match self.left {
            // None were announced, or all were read: a visitor reads until the end.
            None | Some(0) => Ok(()),
            Some(_) => Err(Error("there are too many elements".to_owned())),
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(marker) = self.next_marker()? else { return Ok(None) };
        seed.deserialize(Value { reader: &mut *self.reader, marker }).map(Some)
    }
}

impl<'de> MapAccess<'de> for &mut Elements<'_, 'de> {
    type Error = Error;

    /// A key is a length and a text, without a marker.
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        match &mut self.left {
            Some(0) => return Ok(None),
            Some(left) => *left -= 1,
            None if self.reader.rest.first() == Some(&self.end) => {
                self.reader.byte()?;
                return Ok(None);
            }
            None => {}
        }
        let key = self.reader.text()?;
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let marker = self.shared.map_or_else(|| self.reader.marker(), Ok)?;
        seed.deserialize(Value { reader: &mut *self.reader, marker })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn values_of_every_kind_are_read() {
        let bytes =
            b"{i\x01aZi\x01bTi\x01cFi\x01d[i\xffU\xffI\x01\x00l\x00\x00\x00\x07L\x00\x00\x00\x00\x00\x00\x00\x08]\
            i\x01e[$d#i\x02\x3f\x80\x00\x00\xbf\x00\x00\x00i\x01fSi\x02hiND\x3f\xf8\x00\x00\x00\x00\x00\x00}";
        // The last one lacks its key.
        assert!(from_slice::<Json>(bytes).is_err());
        let bytes = &bytes[..bytes.len() - 11].iter().copied().chain(*b"}").collect::<Vec<u8>>();
        let expected =
            json!({"a": null, "b": true, "c": false, "d": [-1, 255, 256, 7, 8], "e": [1.0, -0.5], "f": "hi"});
        assert_eq!(from_slice::<Json>(bytes).expect("sound"), expected);
    }

    #[test]
    fn what_announces_more_than_it_has_is_refused_at_once() {
        for bytes in [
            b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff".as_slice(),
            b"[$Z#l\x7f\xff\xff\xff",
            b"[#l\x7f\xff\xff\xffi",
            b"{#l\x7f\xff\xff\xff",
            b"Sl\x7f\xff\xff\xff",
            b"SL\xff\xff\xff\xff\xff\xff\xff\xff",
            b"[$d",
            b"[",
            b"{",
            b"",
            b"?",
            b"ZZ",
        ] {
            assert!(from_slice::<Json>(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(from_slice::<Json>(&nested(64)).is_ok());
        let message = from_slice::<Json>(&nested(1_000_000)).expect_err("too deep").to_string();
        assert!(message.contains("deeper than 64"), "{message}");
    }
}
