//! Small damages, a few at a time.

use rand::Rng;

/// Words that readers look for, and numbers at the edges of what fits.
const WORDS: [&[u8]; 24] = [
    b"0",
    b"-1",
    b"1",
    b"1e308",
    b"-1e308",
    b"1e39",
    b"NaN",
    b"inf",
    b"4294967295",
    b"2147483648",
    b"9223372036854775807",
    b"18446744073709551616",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"\"\"",
    b"[[[[[[[[",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x00\x00\x00\x00",
    b"[$l#L",
    b"{$d#L",
    b"=",
    b"\n",
];

/// One of `original`, damaged in up to five places; pieces of `other` are put in.
pub(super) fn damaged(original: &[u8], other: &[u8], random: &mut impl Rng) -> Vec<u8> {
    let mut bytes = original.to_vec();
    let mut below = |limit: usize| random.next_u32() as usize % limit.max(1);
    for _ in 0..=below(5) {
        let place = below(bytes.len());
        let length = if below(4) == 0 { below(2_000) } else { below(40) };
        let end = bytes.len().min(place + length);
        match below(10) {
            0 => bytes.truncate(place),
            1 => drop(bytes.splice(place..place, WORDS[below(WORDS.len())].iter().copied())),
            2 => drop(bytes.drain(place..end)),
            3 => {
                let copied = bytes[place..end].to_vec();
                drop(bytes.splice(place..place, copied));
            }
            4 => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << below(8);
                }
            }
            5 => {
                let from = below(other.len());
                let piece = &other[from..other.len().min(from + length)];
                drop(bytes.splice(place..end, piece.iter().copied()));
            }
            6 => {
                // Two pieces change places.
                let from = below(bytes.len());
                let piece = bytes[from..bytes.len().min(from + length)].to_vec();
                drop(bytes.splice(place..end, piece));
            }
            7 => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = u8::try_from(below(256)).unwrap_or(0);
                }
            }
            _ => replace_number(&mut bytes, place, &mut below),
        }
    }
    bytes
}

/// The next number of a text becomes another one.
fn replace_number(bytes: &mut Vec<u8>, place: usize, below: &mut impl FnMut(usize) -> usize) {
    let Some(start) = bytes[place..].iter().take(256).position(u8::is_ascii_digit).map(|skipped| place + skipped)
    else {
        return;
    };
    let is_of_number = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+');
    let length = bytes[start..].iter().take_while(is_of_number).count();
    if below(2) == 0 {
        drop(bytes.splice(start..start + length, WORDS[below(13)].iter().copied()));
    } else if let Some(digit) = bytes.get_mut(start + below(length)) {
        *digit = b'0' + u8::try_from(below(10)).unwrap_or(0);
    }
}
