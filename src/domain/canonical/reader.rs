//! Reading canonical JSON (RFC 8785) in one pass that builds nothing, and refuses every other spelling.
//!
//! Reading a value and writing it again says the same of a text, and is what the tests hold this against; it takes seven
//! times longer, and a verifier asks it of every entry.

use std::ops::Range;

/// As deep as the JSON reader of the rest of the program goes.
const DEEPEST: u32 = 127;

/// A decimal of so many digits is the shortest that gives its double: any two of them give two doubles.
const EXACT_DIGITS: usize = 15;

/// Whether bytes are canonical JSON: no white space, names sorted, one spelling for every number and text.
#[must_use]
pub fn is_canonical(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut reader = Reader::new(text);
    reader.skip().is_some() && reader.is_at_end()
}

/// Goes through a text; every step gives `None` at the first thing that is not canonical, and there the reading ends.
///
/// What it hands out are slices of the text: nothing is copied, and a text between quotes has its escapes as they stand.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// How many objects and arrays may yet be opened inside each other.
    depth_left: u32,
}

impl<'a> Reader<'a> {
    /// Begins at the beginning of a text.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth_left: DEEPEST }
    }

    /// Begins inside so many objects or arrays, which are read elsewhere.
    #[must_use]
    pub const fn inside(levels: u32, text: &'a str) -> Self {
        Self { text, at: 0, depth_left: DEEPEST.saturating_sub(levels) }
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// What is left.
    #[must_use]
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next byte.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Reads exactly these characters.
    #[inline]
    pub fn word(&mut self, word: &str) -> Option<()> {
        self.text.as_bytes()[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    /// Reads any value, and gives it as it stands.
    pub fn value(&mut self) -> Option<&'a str> {
        self.spanned(Self::skip)
    }

    /// Reads any value.
    pub fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'{' => self.members(|_, reader| reader.skip()),
            b'[' => self.array(Self::skip),
            b'"' => self.quoted_text().map(drop),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number_length().map(drop),
        }
    }

    /// Reads a value that holds no others, and gives it as it stands. A text must need no escapes.
    #[inline]
    pub fn scalar(&mut self) -> Option<&'a str> {
        self.spanned(|reader| match reader.peek()? {
            b'"' => reader.quoted_text().filter(|text| !text.has_escapes).map(drop),
            b't' => reader.word("true"),
            b'f' => reader.word("false"),
            b'n' => reader.word("null"),
            _ => reader.number_length().map(drop),
        })
    }

    /// Reads any value, and adds the places of those in it that hold no others.
    pub fn scalars(&mut self, places: &mut Vec<Range<usize>>) -> Option<()> {
        match self.peek()? {
            b'{' => self.members(|_, reader| reader.scalars(places)),
            b'[' => self.array(|reader| reader.scalars(places)),
            _ => {
                let start = self.at;
                self.skip()?;
                places.push(start..self.at);
                Some(())
            }
        }
    }

    /// What `read` reads, as it stands.
    pub fn spanned(&mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> Option<&'a str> {
        let start = self.at;
        read(self)?;
        Some(&self.text[start..self.at])
    }

    /// Reads an object: `member` is given each name, and reads its value.
    pub fn object(&mut self, mut member: impl FnMut(&'a str, &mut Self) -> Option<()>) -> Option<()> {
        self.members(|name, reader| member(&reader.text[name], reader))
    }

    /// As [`Self::object`]; `member` is given the places of each name.
    #[inline]
    fn members(&mut self, mut member: impl FnMut(Range<usize>, &mut Self) -> Option<()>) -> Option<()> {
        self.open(b'{')?;
        if self.take(b'}').is_some() {
            return self.close();
        }
        let mut before: Option<Quoted> = None;
        loop {
            let name = self.quoted_text()?;
            if before.is_some_and(|before| !self.is_in_order(before, name)) {
                return None;
            }
            before = Some(name);
            self.take(b':')?;
            member(name.start..name.end, self)?;
            if self.take(b',').is_none() {
                self.take(b'}')?;
                return self.close();
            }
        }
    }

    /// Reads an array: `element` reads each value.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.open(b'[')?;
        if self.take(b']').is_some() {
            return self.close();
        }
        loop {
            element(self)?;
            if self.take(b',').is_none() {
                self.take(b']')?;
                return self.close();
            }
        }
    }

    fn open(&mut self, bracket: u8) -> Option<()> {
        self.depth_left = self.depth_left.checked_sub(1)?;
        self.take(bracket)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends what may end in nothing")]
    const fn close(&mut self) -> Option<()> {
        self.depth_left += 1;
        Some(())
    }

    /// Whether names stand in their order, that of their UTF-16 code units, and are not the same.
    fn is_in_order(&self, one: Quoted, two: Quoted) -> bool {
        let bytes = self.text.as_bytes();
        if one.is_plain() && two.is_plain() {
            let (one, two) = (&bytes[one.start..one.end], &bytes[two.start..two.end]);
            let (begins_one, begins_two) = (beginning(one), beginning(two));
            return begins_one < begins_two || (begins_one == begins_two && one < two);
        }
        let read = |name: Quoted| serde_json::from_slice::<String>(&bytes[name.start - 1..=name.end]).ok();
        read(one).zip(read(two)).is_some_and(|(one, two)| one.encode_utf16().lt(two.encode_utf16()))
    }

    /// Reads a text without escapes, as nearly all are.
    pub fn plain(&mut self) -> Option<&'a str> {
        let text = self.quoted_text().filter(|text| !text.has_escapes)?;
        Some(&self.text[text.start..text.end])
    }

    /// Reads a text, and gives what stands between the quotes.
    pub fn quoted(&mut self) -> Option<&'a str> {
        self.quoted_text().map(|text| &self.text[text.start..text.end])
    }

    fn quoted_text(&mut self) -> Option<Quoted> {
        self.take(b'"')?;
        let (start, bytes) = (self.at, self.text.as_bytes());
        let (mut has_escapes, mut is_ascii) = (false, true);
        loop {
            let found = first_special(bytes, self.at)?;
            self.at = found.place;
            is_ascii &= found.is_ascii_before;
            match bytes[self.at] {
                b'"' => {
                    self.at += 1;
                    return Some(Quoted { start, end: found.place, has_escapes, is_ascii });
                }
                b'\\' => self.escape()?,
                _ => return None,
            }
            has_escapes = true;
        }
    }

    /// An escape that has no shorter spelling.
    fn escape(&mut self) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at + 1..)?;
        match rest.first()? {
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' => {
                let digits = rest.get(1..5)?;
                let value = match digits {
                    [b'0', b'0', high @ (b'0' | b'1'), low @ (b'0'..=b'9' | b'a'..=b'f')] => {
                        let low = if low.is_ascii_digit() { low - b'0' } else { low - b'a' + 10 };
                        (high - b'0') * 16 + low
                    }
                    _ => return None,
                };
                if matches!(value, 0x08 | 0x09 | 0x0a | 0x0c | 0x0d) {
                    return None;
                }
                self.at += 6;
            }
            _ => return None,
        }
        Some(())
    }

    /// Reads a number, and gives it as it stands.
    pub fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.number_length().map(|length| &self.text[start..start + length])
    }

    fn number_length(&mut self) -> Option<usize> {
        let rest = &self.text.as_bytes()[self.at..];
        let (mut length, is_short) = short_number(rest);
        // An exponent, or what no number has.
        let goes_on = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e');
        let is_short = is_short && !rest.get(length).is_some_and(goes_on);
        length += rest[length..].iter().take_while(|byte| goes_on(byte)).count();
        let is_canonical = is_short || is_shortest_number(&self.text[self.at..self.at + length]);
        self.at += length;
        is_canonical.then_some(length)
    }

    /// Reads `true` or `false`.
    pub fn boolean(&mut self) -> Option<bool> {
        match self.peek()? {
            b't' => self.word("true").map(|()| true),
            _ => self.word("false").map(|()| false),
        }
    }
}

/// Where a text stands, between its quotes.
#[derive(Debug, Clone, Copy)]
struct Quoted {
    start: usize,
    end: usize,
    has_escapes: bool,
    is_ascii: bool,
}

impl Quoted {
    const fn is_plain(self) -> bool {
        self.is_ascii && !self.has_escapes
    }
}

/// The first eight bytes as a number that orders as they do; what is missing counts as zero.
fn beginning(bytes: &[u8]) -> u64 {
    if let Some(first) = bytes.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let mut padded = [0; 8];
    padded[..bytes.len()].copy_from_slice(bytes);
    u64::from_be_bytes(padded)
}

/// Whether a text stands between quotes as it is.
#[must_use]
pub fn needs_no_escape(text: &str) -> bool {
    first_special(text.as_bytes(), 0).is_none()
}

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// A quote, backslash or control character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Special {
    place: usize,
    is_ascii_before: bool,
}

/// Where the first quote, backslash or control character from `at` on stands. Eight bytes are looked at together.
fn first_special(bytes: &[u8], mut at: usize) -> Option<Special> {
    let below = |word: u64, least: u8| word.wrapping_sub(ONES.wrapping_mul(least.into())) & !word;
    let is = |word: u64, byte: u8| below(word ^ ONES.wrapping_mul(byte.into()), 1);
    let mut is_ascii_before = true;
    while let Some(chunk) = bytes[at..].first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        // The lowest bit that is set is that of the first such byte; what is borrowed reaches only those behind it.
        let found = (below(word, 0x20) | is(word, b'"') | is(word, b'\\')) & HIGH;
        if found != 0 {
            let before_it = (found & found.wrapping_neg()) - 1;
            is_ascii_before &= word & HIGH & before_it == 0;
            return Some(Special { place: at + found.trailing_zeros() as usize / 8, is_ascii_before });
        }
        is_ascii_before &= word & HIGH == 0;
        at += 8;
    }
    let rest = &bytes[at..];
    let place = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
    Some(Special { place: at + place, is_ascii_before: is_ascii_before && rest[..place].is_ascii() })
}

/// How many digits a text begins with. Eight bytes are looked at together.
fn digits(bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some(chunk) = bytes[count..].first_chunk() {
        let from_zero = u64::from_le_bytes(*chunk) ^ ONES.wrapping_mul(b'0'.into());
        // Of a digit four bits are left, at most nine. What is carried reaches only the bytes behind one that is none.
        let others = (from_zero.wrapping_add(ONES * 6) | from_zero) & (ONES * 0xf0);
        if others != 0 {
            return count + others.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    count + bytes[count..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The length of the sign, digits, point and digits that a text begins with, and whether they are a number of few digits
/// that is spelt as it must be: decided by its letters alone.
fn short_number(bytes: &[u8]) -> (usize, bool) {
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(&bytes[sign..]);
    let point = sign + whole;
    let has_no_zero_before = whole == 1 || (whole > 1 && bytes[sign] != b'0');
    if bytes.get(point) != Some(&b'.') {
        let is_minus_zero = sign == 1 && whole == 1 && bytes[sign] == b'0';
        return (point, has_no_zero_before && !is_minus_zero && whole <= EXACT_DIGITS);
    }
    let fraction = digits(&bytes[point + 1..]);
    let end = point + 1 + fraction;
    // Below 0.000001 numbers have an exponent.
    let is_small = bytes[sign..].starts_with(b"0.000000");
    let is_short = has_no_zero_before && fraction > 0 && whole + fraction <= EXACT_DIGITS;
    (end, is_short && bytes[end - 1] != b'0' && !is_small)
}

/// Whether a number is what its value is written as.
fn is_shortest_number(number: &str) -> bool {
    // A number that the parser takes and JSON does not (`1.`, `.5`, `+1`) is written otherwise.
    let value: Result<f64, _> = number.parse();
    value.is_ok_and(|value| value.is_finite() && ryu_js::Buffer::new().format_finite(value) == number)
}

#[cfg(test)]
mod tests;
