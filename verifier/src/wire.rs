//! A strict profile of the protobuf encoding, so that one meaning has exactly one encoding.
//!
//! Fields ascend and stand once, defaults are absent, repeated scalars are packed, varints are minimal; there are no
//! maps, no floats and no groups. Writing and reading live side by side so that they cannot drift apart, and reading
//! checks the profile by refusing what writing would not have produced.
//!
//! What it leaves to others: which messages exist ([`crate::body`], [`crate::part`]).

use std::fmt;

/// Why bytes are not a message of the strict profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireError {
    /// The bytes break the profile or protobuf itself: no honest writer made them.
    Malformed { field: u32, what: &'static str },
    /// Well-formed, but from a vocabulary this reader does not know: structure holds, meaning unknown.
    Unknown { field: u32, what: &'static str, value: u64 },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Malformed { field, what } => write!(f, "field {field}: {what}"),
            WireError::Unknown { field, what, value } => write!(f, "field {field}: unknown {what} {value}"),
        }
    }
}

impl std::error::Error for WireError {}

/// A message of the strict profile. Implemented by the `message!` macro only.
pub trait Message: Sized + Default {
    fn encode(&self) -> Vec<u8> {
        // Most bodies fit: growing step by step costs more than writing.
        let mut out = Vec::with_capacity(256);
        self.encode_into(&mut out);
        out
    }
    fn encode_into(&self, out: &mut Vec<u8>);
    /// Reads one message that fills `bytes` entirely.
    fn decode(bytes: &[u8]) -> Result<Self, WireError>;
}

/// Declares messages: `struct Name { number field: type, … }`, numbers ascending.
#[macro_export]
macro_rules! message {
    ($( $(#[$meta:meta])* pub struct $name:ident { $( $(#[$fmeta:meta])* $number:literal $field:ident : $type:ty ),* $(,)? } )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $name { $( $(#[$fmeta])* pub $field: $type, )* }

        impl $crate::wire::Message for $name {
            fn encode_into(&self, out: &mut Vec<u8>) {
                $( $crate::wire::Field::put(&self.$field, $number, out); )*
            }
            fn decode(bytes: &[u8]) -> Result<Self, $crate::wire::WireError> {
                let mut message = Self::default();
                let mut reader = $crate::wire::Reader::new(bytes);
                while let Some((number, wire_type)) = reader.key()? {
                    let taken = match number {
                        $( $number => $crate::wire::Field::take(&mut message.$field, number, wire_type, &mut reader), )*
                        other => reader.unknown(other, wire_type, concat!("field of ", stringify!($name))),
                    };
                    reader.go_on_after(taken)?;
                }
                reader.end()?;
                Ok(message)
            }
        }
    )*};
}

/// How a type stands in a message. `put` writes nothing for the default; `take` refuses a default that was written. When
/// `take` answers [`WireError::Unknown`], the reader stands behind the field all the same.
pub trait Field {
    fn put(&self, number: u32, out: &mut Vec<u8>);
    fn take(&mut self, number: u32, wire_type: u8, reader: &mut Reader<'_>) -> Result<(), WireError>;
}

/// A value that stands as a varint, alone or packed.
pub trait Varint: Copy + Default + PartialEq {
    fn to_varint(self) -> u64;
    fn from_varint(number: u32, value: u64) -> Result<Self, WireError>;
}

pub const VARINT: u8 = 0;
pub const LENGTH_DELIMITED: u8 = 2;

/// Walks the fields of one message, holding them to ascending order.
pub struct Reader<'a> {
    bytes: &'a [u8],
    last_number: u32,
    /// Set when the last field may be followed by the same number (repeated messages, strings and bytes).
    repeatable: bool,
    /// The first thing from a later vocabulary. Told only at the end, so that nothing malformed passes behind it.
    unknown: Option<WireError>,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, last_number: 0, repeatable: false, unknown: None }
    }

    /// The next field's number and wire type, or nothing at the end.
    pub fn key(&mut self) -> Result<Option<(u32, u8)>, WireError> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let last = self.last_number;
        let key = self.varint(last)?;
        let number = u32::try_from(key >> 3)
            .ok()
            .filter(|n| *n > 0 && *n < 1 << 29)
            .ok_or(WireError::Malformed { field: last, what: "field number out of range" })?;
        let again = number == last && self.repeatable;
        if number <= last && !again {
            return Err(WireError::Malformed { field: number, what: "fields are not in ascending order, each once" });
        }
        self.last_number = number;
        self.repeatable = false;
        Ok(Some((number, (key & 7) as u8)))
    }

    fn may_repeat(&mut self) {
        self.repeatable = true;
    }

    /// Passes over a field of a later vocabulary, which has to keep the profile too.
    pub fn unknown(&mut self, field: u32, wire_type: u8, what: &'static str) -> Result<(), WireError> {
        match wire_type {
            VARINT => {
                take_scalar::<u64>(field, wire_type, self)?;
            }
            LENGTH_DELIMITED => {
                self.delimited(field, wire_type)?;
                self.may_repeat();
            }
            _ => return Err(WireError::Malformed { field, what: "wire type is neither varint nor length-delimited" }),
        }
        Err(WireError::Unknown { field, what, value: u64::from(field) })
    }

    /// Puts off what is merely unknown.
    pub fn go_on_after(&mut self, taken: Result<(), WireError>) -> Result<(), WireError> {
        match taken {
            Err(error @ WireError::Unknown { .. }) => {
                self.unknown.get_or_insert(error);
                Ok(())
            }
            other => other,
        }
    }

    /// Whether everything was known.
    pub fn end(self) -> Result<(), WireError> {
        self.unknown.map_or(Ok(()), Err)
    }

    pub fn varint(&mut self, field: u32) -> Result<u64, WireError> {
        let mut value = 0u64;
        for (i, byte) in self.bytes.iter().copied().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if i == 9 && bits > 1 {
                return Err(WireError::Malformed { field, what: "varint exceeds 64 bits" });
            }
            value |= bits << (7 * i);
            if byte & 0x80 == 0 {
                if byte == 0 && i > 0 {
                    return Err(WireError::Malformed { field, what: "varint is not minimal" });
                }
                self.bytes = &self.bytes[i + 1..];
                return Ok(value);
            }
        }
        Err(WireError::Malformed { field, what: "varint is cut short" })
    }

    pub fn delimited(&mut self, field: u32, wire_type: u8) -> Result<&'a [u8], WireError> {
        if wire_type != LENGTH_DELIMITED {
            return Err(WireError::Malformed { field, what: "wire type is not length-delimited" });
        }
        let length = self.varint(field)?;
        let length = usize::try_from(length)
            .ok()
            .filter(|n| *n <= self.bytes.len())
            .ok_or(WireError::Malformed { field, what: "length exceeds the message" })?;
        let (value, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        Ok(value)
    }
}

pub fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_key(number: u32, wire_type: u8, out: &mut Vec<u8>) {
    put_varint((u64::from(number) << 3) | u64::from(wire_type), out);
}

fn put_delimited(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    put_key(number, LENGTH_DELIMITED, out);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Writes in place what needs its length before it: the byte kept for the length is almost always enough.
fn put_nested(number: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    put_key(number, LENGTH_DELIMITED, out);
    let at = out.len();
    out.push(0);
    write(out);
    let length = out.len() - at - 1;
    if length < 0x80 {
        out[at] = length as u8;
    } else {
        let mut varint = Vec::with_capacity(10);
        put_varint(length as u64, &mut varint);
        out.splice(at..=at, varint);
    }
}

fn text(field: u32, bytes: &[u8]) -> Result<String, WireError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| WireError::Malformed { field, what: "text is not UTF-8" })
}

/// A varint stands alone as itself, and a `Vec` of them packed. A macro because a blanket implementation over
/// `Varint` would collide with the one over `Message`.
#[macro_export]
macro_rules! varint_field {
    ($($type:ty),*) => {$(
        impl $crate::wire::Field for $type {
            fn put(&self, number: u32, out: &mut Vec<u8>) {
                $crate::wire::put_scalar(*self, number, out);
            }
            fn take(&mut self, number: u32, wire_type: u8, reader: &mut $crate::wire::Reader<'_>) -> Result<(), $crate::wire::WireError> {
                *self = $crate::wire::take_scalar(number, wire_type, reader)?;
                Ok(())
            }
        }
        impl $crate::wire::Field for Vec<$type> {
            fn put(&self, number: u32, out: &mut Vec<u8>) {
                $crate::wire::put_packed(self, number, out);
            }
            fn take(&mut self, number: u32, wire_type: u8, reader: &mut $crate::wire::Reader<'_>) -> Result<(), $crate::wire::WireError> {
                *self = $crate::wire::take_packed(number, wire_type, reader)?;
                Ok(())
            }
        }
    )*};
}

pub fn put_scalar<T: Varint>(value: T, number: u32, out: &mut Vec<u8>) {
    if value != T::default() {
        put_key(number, VARINT, out);
        put_varint(value.to_varint(), out);
    }
}

pub fn take_scalar<T: Varint>(number: u32, wire_type: u8, reader: &mut Reader<'_>) -> Result<T, WireError> {
    if wire_type != VARINT {
        return Err(WireError::Malformed { field: number, what: "wire type is not varint" });
    }
    let value = T::from_varint(number, reader.varint(number)?)?;
    if value == T::default() {
        return Err(WireError::Malformed { field: number, what: "a default value is written out" });
    }
    Ok(value)
}

pub fn put_packed<T: Varint>(values: &[T], number: u32, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    put_nested(number, out, |out| values.iter().for_each(|value| put_varint(value.to_varint(), out)));
}

pub fn take_packed<T: Varint>(number: u32, wire_type: u8, reader: &mut Reader<'_>) -> Result<Vec<T>, WireError> {
    let mut inner = Reader::new(reader.delimited(number, wire_type)?);
    let mut values = Vec::new();
    if inner.bytes.is_empty() {
        return Err(WireError::Malformed { field: number, what: "an empty list is written out" });
    }
    while !inner.bytes.is_empty() {
        let value = inner.varint(number)?;
        let taken = T::from_varint(number, value).map(|value| values.push(value));
        inner.go_on_after(taken)?;
    }
    inner.end()?;
    Ok(values)
}

impl Varint for u64 {
    fn to_varint(self) -> u64 {
        self
    }
    fn from_varint(_: u32, value: u64) -> Result<Self, WireError> {
        Ok(value)
    }
}

impl Varint for u32 {
    fn to_varint(self) -> u64 {
        u64::from(self)
    }
    fn from_varint(field: u32, value: u64) -> Result<Self, WireError> {
        u32::try_from(value).map_err(|_| WireError::Malformed { field, what: "number exceeds 32 bits" })
    }
}

/// Signed numbers are zigzag (`sint64`).
impl Varint for i64 {
    fn to_varint(self) -> u64 {
        ((self << 1) ^ (self >> 63)) as u64
    }
    fn from_varint(_: u32, value: u64) -> Result<Self, WireError> {
        Ok(((value >> 1) as i64) ^ -((value & 1) as i64))
    }
}

impl Varint for bool {
    fn to_varint(self) -> u64 {
        u64::from(self)
    }
    fn from_varint(field: u32, value: u64) -> Result<Self, WireError> {
        match value {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::Malformed { field, what: "bool is neither 0 nor 1" }),
        }
    }
}

varint_field!(u64, u32, i64, bool);

impl Field for String {
    fn put(&self, number: u32, out: &mut Vec<u8>) {
        if !self.is_empty() {
            put_delimited(number, self.as_bytes(), out);
        }
    }
    fn take(&mut self, number: u32, wire_type: u8, reader: &mut Reader<'_>) -> Result<(), WireError> {
        *self = text(number, non_empty(number, reader.delimited(number, wire_type)?)?)?;
        Ok(())
    }
}

impl Field for Vec<u8> {
    fn put(&self, number: u32, out: &mut Vec<u8>) {
        if !self.is_empty() {
            put_delimited(number, self, out);
        }
    }
    fn take(&mut self, number: u32, wire_type: u8, reader: &mut Reader<'_>) -> Result<(), WireError> {
        *self = non_empty(number, reader.delimited(number, wire_type)?)?.to_vec();
        Ok(())
    }
}

fn non_empty(field: u32, bytes: &[u8]) -> Result<&[u8], WireError> {
    if bytes.is_empty() {
        Err(WireError::Malformed { field, what: "a default value is written out" })
    } else {
        Ok(bytes)
    }
}

/// Elements of a repeated field may be empty: their number is part of the meaning.
impl Field for Vec<String> {
    fn put(&self, number: u32, out: &mut Vec<u8>) {
        for value in self {
            put_delimited(number, value.as_bytes(), out);
        }
    }
    fn take(&mut self, number: u32, wire_type: u8, reader: &mut Reader<'_>) -> Result<(), WireError> {
        self.push(text(number, reader.delimited(number, wire_type)?)?);
        reader.may_repeat();
        Ok(())
    }
}

impl Field for Vec<Vec<u8>> {
    fn put(&self, number: u32, out: &mut Vec<u8>) {
        for value in self {
            put_delimited(number, value, out);
        }
    }
    fn take(&mut self, number: u32, wire_type: u8, reader: &mut Reader<'_>) -> Result<(), WireError> {
        self.push(reader.delimited(number, wire_type)?.to_vec());
        reader.may_repeat();
        Ok(())
    }
}

/// A message that is present but empty stands as a length of zero: presence is part of the meaning.
impl<M: Message> Field for Option<M> {
    fn put(&self, number: u32, out: &mut Vec<u8>) {
        if let Some(message) = self {
            put_nested(number, out, |out| message.encode_into(out));
        }
    }
    fn take(&mut self, number: u32, wire_type: u8, reader: &mut Reader<'_>) -> Result<(), WireError> {
        *self = Some(M::decode(reader.delimited(number, wire_type)?)?);
        Ok(())
    }
}

impl<M: Message> Field for Vec<M> {
    fn put(&self, number: u32, out: &mut Vec<u8>) {
        for message in self {
            put_nested(number, out, |out| message.encode_into(out));
        }
    }
    fn take(&mut self, number: u32, wire_type: u8, reader: &mut Reader<'_>) -> Result<(), WireError> {
        let bytes = reader.delimited(number, wire_type)?;
        reader.may_repeat();
        self.push(M::decode(bytes)?);
        Ok(())
    }
}

/// Declares a closed vocabulary: `number Name "code"`. Number 0 is `Unspecified` and never written.
#[macro_export]
macro_rules! vocabulary {
    ($( $(#[$meta:meta])* pub enum $name:ident : $what:literal { $( $number:literal $variant:ident $code:literal ),* $(,)? } )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub enum $name { #[default] Unspecified = 0, $( #[doc = $code] $variant = $number, )* }

        impl $name {
            /// Every value but `Unspecified`, in the order of their numbers.
            pub const ALL: &'static [$name] = &[ $( $name::$variant, )* ];

            /// The code as the vocabulary writes it; empty for `Unspecified`.
            pub fn code(self) -> &'static str {
                match self { $name::Unspecified => "", $( $name::$variant => $code, )* }
            }
            /// The value that a code names, if it is in the closed list.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $( $code => Some($name::$variant), )* _ => None }
            }
        }
        impl $crate::wire::Varint for $name {
            fn to_varint(self) -> u64 { self as u64 }
            fn from_varint(field: u32, value: u64) -> Result<Self, $crate::wire::WireError> {
                match value {
                    0 => Ok($name::Unspecified),
                    $( $number => Ok($name::$variant), )*
                    _ => Err($crate::wire::WireError::Unknown { field, what: $what, value }),
                }
            }
        }
        $crate::varint_field!($name);
    )*};
}
