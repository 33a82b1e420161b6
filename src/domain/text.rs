//! Rules for text that people write.

/// The issuer ranges of payment cards: first and last prefix of four digits, and the lengths in use
/// (ISO/IEC 7812 and the schemes' own tables).
const ISSUER_RANGES: [(u16, u16, usize, usize); 11] = [
    (2221, 2720, 16, 16), // Mastercard
    (3000, 3059, 14, 19), // Diners Club
    (3400, 3499, 15, 15), // American Express
    (3528, 3589, 16, 19), // JCB
    (3600, 3699, 14, 19), // Diners Club
    (3700, 3799, 15, 15), // American Express
    (3800, 3999, 14, 19), // Diners Club
    (4000, 4999, 13, 19), // Visa
    (5000, 5099, 13, 19), // Maestro
    (5100, 5899, 13, 19), // Mastercard, Maestro
    (6000, 6999, 13, 19), // Discover, UnionPay, Maestro
];
const LONGEST_DIGITS: usize = 19;

/// The fewest digits that a card number has.
const LEAST_DIGITS: usize = 13;
/// Signs in a row that part two groups of one number at most: `4111 - 1111`.
const LONGEST_GAP: usize = 3;

/// Whether a text holds a payment card number: 13 to 19 digits that begin as a known issuer's do and
/// pass the check of ISO/IEC 7812-1 (Luhn), written together, or in groups parted by spaces, dashes,
/// dots, slashes or underscores.
///
/// A number with `+` before it is a telephone's. Groups are taken whole: the digits in the middle
/// of a longer number are no card number. Letters may touch a number that is written together, but not
/// one in groups.
#[must_use]
pub fn contains_card_number(text: &str) -> bool {
    // Nearly every text ends here.
    if text.bytes().filter(u8::is_ascii_digit).count() < LEAST_DIGITS {
        return false;
    }
    let signs: Vec<char> = text.chars().collect();
    (0..signs.len()).any(|start| {
        let before = start.checked_sub(1).map(|before| signs[before]);
        let begins_group =
            signs[start].is_ascii_digit() && before.is_none_or(|before| !before.is_ascii_digit() && before != '+');
        begins_group && card_number_begins(&signs[start..], before.is_some_and(char::is_alphabetic))
    })
}

/// Whether the groups of digits that `signs` begins with, or the first few of them, are a card number.
fn card_number_begins(signs: &[char], touches_letter: bool) -> bool {
    let mut digits = [0_u8; LONGEST_DIGITS];
    let (mut count, mut gap, mut groups) = (0, 0, 1);
    for (index, sign) in signs.iter().enumerate() {
        let next = signs.get(index + 1).copied();
        if let Some(digit) = sign.to_digit(10).and_then(|digit| u8::try_from(digit).ok()) {
            if count == LONGEST_DIGITS {
                return false;
            }
            groups += usize::from(gap > 0);
            (digits[count], gap) = (digit, 0);
            count += 1;
            let is_whole = !next.is_some_and(|next| next.is_ascii_digit());
            let in_word = touches_letter || next.is_some_and(char::is_alphanumeric);
            if is_whole && (groups == 1 || !in_word) && is_card_number(&digits[..count]) {
                return true;
            }
        } else {
            gap += 1;
            if gap > LONGEST_GAP || !parts_groups(*sign) {
                return false;
            }
        }
    }
    false
}

/// Whether people, or programs for them, write this between the groups of a number.
fn parts_groups(sign: char) -> bool {
    let is_invisible = matches!(sign, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let is_dash = matches!(sign, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    sign.is_whitespace() || is_dash || is_invisible || matches!(sign, '.' | '/' | '_' | '\u{b7}')
}

fn is_card_number(digits: &[u8]) -> bool {
    let Some(prefix) = digits.first_chunk::<4>() else { return false };
    let prefix = prefix.iter().fold(0, |number, &digit| number * 10 + u16::from(digit));
    ISSUER_RANGES
        .iter()
        .any(|&(first, last, least, most)| (first..=last).contains(&prefix) && (least..=most).contains(&digits.len()))
        && passes_luhn(digits)
}

/// Every second digit from the right counts double, its two digits summed; the total divides by 10.
fn passes_luhn(digits: &[u8]) -> bool {
    let total: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, u32::from(digit)) {
            (0, digit) => digit,
            (_, digit @ 0..=4) => digit * 2,
            (_, digit) => digit * 2 - 9,
        })
        .sum();
    total.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_found_however_they_are_grouped() {
        // The test numbers that the schemes publish.
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "pay with 5555-5555-5555-4444, please",
            "on 2026-11-22 4012 8888 8888 1881",
            "378282246310005",
            "3782 822463 10005",
            "6011000990139424.",
            "(3530111333300000)",
            "2223003122003222",
            "4222222222222",
            "6304000000000000\u{e9}",
            "Karte:30569309025904",
            "card4111111111111111x",
            "4111.1111.1111.1111",
            "4111/1111/1111/1111",
            "4111_1111_1111_1111",
            "4111  1111 - 1111 1111",
            "4111\u{a0}1111\u{2013}1111\u{200b}1111",
        ] {
            assert!(contains_card_number(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for text in [
            "",
            "4111111111111112",
            "+4111111111111111",
            "1234567812345670",
            "9111111111111111",
            "0004111111111111111100",
            "A4111-1111-1111-1111",
            "4111-1111-1111-1111b",
            "4111 (1111) 1111 1111",
            "LOS-2026-000123",
            "order 2026 11 22 000 000",
            "411111111111",
            "41111111111111111111111",
        ] {
            assert!(!contains_card_number(text), "{text}");
        }
    }
}
