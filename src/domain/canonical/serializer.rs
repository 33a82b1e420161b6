//! The forms of serde's data model, each as the JSON that `serde_json` makes of it.

use serde::{Serialize, ser};

use super::{Elements, Members, Name, NotCanonical, RAW, Writer, refuse};

/// Whole numbers of one type.
macro_rules! whole_numbers {
    ($($method:ident($type:ty)),*) => {$(
        fn $method(self, number: $type) -> Result<(), NotCanonical> {
            self.whole(u128::from(number.unsigned_abs()), number < 0)
        }
    )*};
}

/// Natural numbers of one type.
macro_rules! natural_numbers {
    ($($method:ident($type:ty)),*) => {$(
        fn $method(self, number: $type) -> Result<(), NotCanonical> {
            self.whole(u128::from(number), false)
        }
    )*};
}

impl<'w> ser::Serializer for &'w mut Writer {
    type Ok = ();
    type Error = NotCanonical;
    type SerializeSeq = Elements<'w>;
    type SerializeTuple = Elements<'w>;
    type SerializeTupleStruct = Elements<'w>;
    type SerializeTupleVariant = Elements<'w>;
    type SerializeMap = Members<'w>;
    type SerializeStruct = Members<'w>;
    type SerializeStructVariant = Members<'w>;

    whole_numbers!(serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128));
    natural_numbers!(
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_u128(u128)
    );

    fn serialize_bool(self, answer: bool) -> Result<(), NotCanonical> {
        self.text.push_str(if answer { "true" } else { "false" });
        Ok(())
    }

    fn serialize_f32(self, number: f32) -> Result<(), NotCanonical> {
        self.double(number.into())
    }

    fn serialize_f64(self, number: f64) -> Result<(), NotCanonical> {
        self.double(number)
    }

    fn serialize_char(self, letter: char) -> Result<(), NotCanonical> {
        self.quoted(letter.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), NotCanonical> {
        self.quoted(text);
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), NotCanonical> {
        bytes.serialize(self)
    }

    fn serialize_none(self) -> Result<(), NotCanonical> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotCanonical> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotCanonical> {
        self.text.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotCanonical> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), NotCanonical> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), NotCanonical> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotCanonical> {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.text.push('}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'w>, NotCanonical> {
        Ok(self.elements())
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements<'w>, NotCanonical> {
        Ok(self.elements())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements<'w>, NotCanonical> {
        Ok(self.elements())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'w>, NotCanonical> {
        self.variant(variant);
        Ok(Elements { closes_object: true, ..self.elements() })
    }

    fn serialize_map(self, count: Option<usize>) -> Result<Members<'w>, NotCanonical> {
        Ok(self.members(count.unwrap_or_default()))
    }

    fn serialize_struct(self, name: &'static str, count: usize) -> Result<Members<'w>, NotCanonical> {
        if name == RAW {
            return refuse("text that is JSON already may not be canonical");
        }
        Ok(self.members(count))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        count: usize,
    ) -> Result<Members<'w>, NotCanonical> {
        self.variant(variant);
        Ok(Members { closes_object: true, ..self.members(count) })
    }
}

/// The forms of an array differ in their methods' names alone.
macro_rules! array {
    ($($form:ident: $method:ident),*) => {$(
        impl ser::$form for Elements<'_> {
            type Ok = ();
            type Error = NotCanonical;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
                self.push(value)
            }

            fn end(self) -> Result<(), NotCanonical> {
                self.close();
                Ok(())
            }
        }
    )*};
}

array!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

macro_rules! object {
    ($($form:ident),*) => {$(
        impl ser::$form for Members<'_> {
            type Ok = ();
            type Error = NotCanonical;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), NotCanonical> {
                let from = self.begin();
                self.writer.quoted(name);
                self.named(from, Name::Field(name));
                self.value(value)
            }

            fn end(self) -> Result<(), NotCanonical> {
                self.close()
            }
        }
    )*};
}

object!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = NotCanonical;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotCanonical> {
        let from = self.begin();
        key.serialize(&mut *self.writer)?;
        let written = &self.writer.text[from..];
        // Only a text is written in quotes.
        let Some(name) = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return refuse("a name is not a text");
        };
        let name = if name.contains('\\') {
            serde_json::from_str(written).map_err(ser::Error::custom)?
        } else {
            name.to_owned()
        };
        self.named(from, Name::Key(name));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
        self.value(value)
    }

    fn end(self) -> Result<(), NotCanonical> {
        self.close()
    }
}
