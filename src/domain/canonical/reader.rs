//! Reading canonical JSON (RFC 8785) in one pass that builds nothing, and refuses every other spelling.
//!
//! Reading a value and writing it again says the same of a text, and is what the tests hold this against; it takes seven
//! times longer, and a verifier asks it of every entry.

use std::cmp::Ordering;

/// As deep as the JSON reader of the rest of the program goes.
const DEEPEST: u32 = 127;

/// A decimal of so many digits is the shortest that gives its double: any two of them give two doubles.
const EXACT_DIGITS: usize = 15;

/// Whether bytes are canonical JSON: no white space, names sorted, one spelling for every number and text.
#[must_use]
pub fn is_canonical(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut reader = Reader::new(text);
    reader.value().is_some() && reader.is_at_end()
}

/// Goes through a text; every step gives `None` at the first thing that is not canonical, and there the reading ends.
///
/// What it hands out are slices of the text: nothing is copied, and a text between quotes has its escapes as they stand.
#[derive(Debug)]
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
    pub fn word(&mut self, word: &str) -> Option<()> {
        self.text.as_bytes()[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    /// Reads any value, and gives it as it stands.
    pub fn value(&mut self) -> Option<&'a str> {
        self.spanned(|reader| match reader.peek()? {
            b'{' => reader.object(|_, reader| reader.value().map(drop)),
            b'[' => reader.array(|reader| reader.value().map(drop)),
            b'"' => reader.quoted().map(drop),
            b't' => reader.word("true"),
            b'f' => reader.word("false"),
            b'n' => reader.word("null"),
            _ => reader.number().map(drop),
        })
    }

    /// What `read` reads, as it stands.
    pub fn spanned(&mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> Option<&'a str> {
        let start = self.at;
        read(self)?;
        Some(&self.text[start..self.at])
    }

    /// Reads an object: `member` is given each name, and reads its value.
    pub fn object(&mut self, mut member: impl FnMut(&'a str, &mut Self) -> Option<()>) -> Option<()> {
        self.open(b'{')?;
        if self.take(b'}').is_some() {
            return self.close();
        }
        let mut before: Option<&str> = None;
        loop {
            let name = self.quoted()?;
            if before.is_some_and(|before| compare_names(before, name) != Some(Ordering::Less)) {
                return None;
            }
            before = Some(name);
            self.take(b':')?;
            member(name, self)?;
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

    /// Reads a text without escapes, as nearly all are.
    pub fn plain(&mut self) -> Option<&'a str> {
        self.quoted().filter(|inside| !inside.contains('\\'))
    }

    /// Reads a text, and gives what stands between the quotes.
    pub fn quoted(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        loop {
            self.at += first_special(&bytes[self.at..])?;
            match bytes[self.at] {
                b'"' => {
                    let inside = &self.text[start..self.at];
                    self.at += 1;
                    return Some(inside);
                }
                b'\\' => self.escape()?,
                _ => return None,
            }
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
        let rest = &self.text.as_bytes()[self.at..];
        let ends = |byte: &u8| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let number = &self.text[self.at..self.at + length];
        self.at += length;
        (is_short_number(number) || is_shortest_number(number)).then_some(number)
    }

    /// Reads `true` or `false`.
    pub fn boolean(&mut self) -> Option<bool> {
        match self.peek()? {
            b't' => self.word("true").map(|()| true),
            _ => self.word("false").map(|()| false),
        }
    }
}

/// Whether a text stands between quotes as it is.
#[must_use]
pub fn needs_no_escape(text: &str) -> bool {
    first_special(text.as_bytes()).is_none()
}

/// Where the first quote, backslash or control character stands. Eight bytes are looked at together.
fn first_special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let below = |word: u64, least: u8| word.wrapping_sub(ONES.wrapping_mul(least.into())) & !word;
    let is = |word: u64, byte: u8| below(word ^ ONES.wrapping_mul(byte.into()), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, chunk) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        // The lowest bit that is set is that of the first such byte; what is borrowed reaches only those behind it.
        let found = (below(word, 0x20) | is(word, b'"') | is(word, b'\\')) & HIGH;
        if found != 0 {
            return Some(place * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let place = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
    Some(bytes.len() - rest.len() + place)
}

/// Whether a number is one of few digits without exponent, spelt as it must be: decided by its letters alone.
fn is_short_number(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() > EXACT_DIGITS {
        return false;
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return false;
    }
    if digits.len() == whole.len() {
        return number != "-0";
    }
    // Below 0.000001 numbers have an exponent.
    let is_small = whole == "0" && fraction.bytes().take_while(|byte| *byte == b'0').count() > 5;
    !fraction.is_empty() && !fraction.ends_with('0') && !is_small
}

/// Whether a number is what its value is written as.
fn is_shortest_number(number: &str) -> bool {
    // A number that the parser takes and JSON does not (`1.`, `.5`, `+1`) is written otherwise.
    let value: Result<f64, _> = number.parse();
    value.is_ok_and(|value| value.is_finite() && ryu_js::Buffer::new().format_finite(value) == number)
}

/// The order of two names as they stand between their quotes: that of their UTF-16 code units.
fn compare_names(a: &str, b: &str) -> Option<Ordering> {
    let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii() && byte != b'\\');
    if is_plain(a) && is_plain(b) {
        return Some(a.cmp(b));
    }
    let read = |name: &str| serde_json::from_str::<String>(&format!("\"{name}\"")).ok();
    Some(read(a)?.encode_utf16().cmp(read(b)?.encode_utf16()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition: reading and writing gives the same bytes.
    fn defined(bytes: &[u8]) -> bool {
        let value: Result<serde_json::Value, _> = serde_json::from_slice(bytes);
        value.is_ok_and(|value| serde_json_canonicalizer::to_vec(&value).is_ok_and(|canonical| canonical == bytes))
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            (-1e6..1e6_f64).prop_map(Into::into),
            "\\PC{0,8}|[\\x00-\\x20\"\\\\/é😀ﬀ]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                prop::collection::btree_map("[a-c\"\\\\\n😀ﬀ]{0,3}", inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_the_canonicalizer_writes_is_canonical(value in json()) {
            let text = serde_json_canonicalizer::to_string(&value).unwrap();
            prop_assert!(defined(text.as_bytes()) == is_canonical(text.as_bytes()), "{}", text);
        }

        #[test]
        fn one_changed_byte_is_judged_as_by_the_definition(value in json(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut text = serde_json_canonicalizer::to_vec(&value).unwrap();
            let place = place.index(text.len());
            text[place] = byte;
            prop_assert!(defined(&text) == is_canonical(&text), "{}", String::from_utf8_lossy(&text));
        }

        #[test]
        fn json_as_it_comes_is_judged_as_by_the_definition(value in json()) {
            for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
                prop_assert!(defined(text.as_bytes()) == is_canonical(text.as_bytes()), "{}", text);
            }
        }

        #[test]
        fn any_number_is_judged_as_by_the_definition(number in "-?[0-9]{0,3}(\\.[0-9]{0,18})?(e[+-]?[0-9]{1,3})?|-?0\\.0{0,8}[0-9]{1,17}") {
            prop_assert!(defined(number.as_bytes()) == is_canonical(number.as_bytes()), "{}", number);
        }
    }

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for length in 0..40 {
            for byte in 0..=u8::MAX {
                let special = byte < 0x20 || byte == b'"' || byte == b'\\';
                for place in 0..length {
                    // Everything else there is, the greatest and the least among it.
                    let others = (0x20..=0xff).cycle().step_by(83).filter(|byte| !matches!(byte, b'"' | b'\\'));
                    let mut bytes: Vec<u8> = others.take(length).collect();
                    bytes[place] = byte;
                    assert_eq!(first_special(&bytes), special.then_some(place), "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_deeper_than_the_reader_goes_is_refused() {
        for depth in [1, 126, 127, 128, 200] {
            let text = "[".repeat(depth) + &"]".repeat(depth);
            assert_eq!(is_canonical(text.as_bytes()), defined(text.as_bytes()), "{depth}");
        }
    }
}
