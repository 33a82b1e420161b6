//! Words that no model may read: what the law protects (in the United States ECOA, 15 U.S.C. § 1691).

/// Whole words; `average` and `usage` are other words. Words that mostly mean something else (`color`,
/// `origin`, `national`) are left out: a name with them is the validator's to judge.
const PROTECTED: [&str; 33] = [
    "age",
    "ages",
    "birth",
    "birthdate",
    "birthday",
    "birthplace",
    "birthyear",
    "citizenship",
    "creed",
    "disability",
    "disabled",
    "divorced",
    "dob",
    "ethnic",
    "ethnicity",
    "female",
    "gender",
    "immigration",
    "male",
    "marital",
    "married",
    "nationality",
    "pregnancy",
    "pregnant",
    "race",
    "racial",
    "religion",
    "religious",
    "sex",
    "sexual",
    "spouse",
    "widow",
    "widowed",
];

/// The first protected word in a name, if there is one. Words end at anything but a letter, and
/// where a lower-case letter meets an upper-case one (`applicantAge`).
pub(super) fn word_in(name: &str) -> Option<&'static str> {
    let mut word = String::new();
    let mut previous_lower = false;
    for letter in name.chars().chain([' ']) {
        let ends = !letter.is_alphabetic() || (previous_lower && letter.is_uppercase());
        if ends {
            if let Some(found) = PROTECTED.into_iter().find(|known| *known == word) {
                return Some(found);
            }
            word.clear();
        }
        if letter.is_alphabetic() {
            word.extend(letter.to_lowercase());
        }
        previous_lower = letter.is_lowercase();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protected_words_are_found_whole() {
        for name in [
            "age",
            "applicant_age",
            "personal.status.and.sex",
            "applicantAge",
            "Marital Status",
            "AGE_AT_OPEN",
            "/attributes/race",
            "is_male",
            "citizenship.status",
            "spouseIncome",
        ] {
            assert!(word_in(name).is_some(), "{name}");
        }
        for name in ["average_balance", "usage", "percentage", "wages", "essex", "traceable", "storage", "tamale"] {
            assert_eq!(word_in(name), None, "{name}");
        }
    }
}
