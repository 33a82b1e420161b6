//! Held against the test vectors of the Go project (`golang.org/x/mod/sumdb/note`, `note_test.go`), whose notes the
//! C2SP specification describes, and against the example of that specification.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_SIGNATURE: &str =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH_SIGNATURE: &str =
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

fn keys(keys: &[&str]) -> Vec<VerifierKey> {
    keys.iter().map(|key| key.parse().unwrap()).collect()
}

fn signed_by_both() -> String {
    format!("{TEXT}\n{PETER_SIGNATURE}{ENOCH_SIGNATURE}")
}

#[rstest]
#[case::the_one_that_is_trusted(&[PETER], "PeterNeumann")]
#[case::the_first_of_both(&[ENOCH, PETER], "PeterNeumann")]
#[case::the_second_alone(&[ENOCH], "EnochRoot")]
fn a_published_note_is_signed_by(#[case] trusted: &[&str], #[case] signer: &str) {
    let note = Note::parse(&signed_by_both()).unwrap();
    assert_eq!(note.text(), TEXT);
    assert_eq!(note.verify(&keys(trusted)).unwrap().name(), signer);
}

#[test]
fn a_note_reads_back_byte_for_byte() {
    assert_eq!(Note::parse(&signed_by_both()).unwrap().to_string(), signed_by_both());
}

#[test]
fn a_note_by_nobody_who_is_trusted_is_refused() {
    let note = Note::parse(&signed_by_both()).unwrap();
    assert_eq!(note.verify(&[]), Err(Unsigned::UnknownKey));
    // The same key under another name is another key.
    let renamed = VerifierKey::new("Peter", keys(&[PETER])[0].public).unwrap();
    assert_eq!(note.verify(&[renamed]), Err(Unsigned::UnknownKey));
}

#[test]
fn one_trusted_signature_that_does_not_hold_spoils_the_note() {
    let forged = PETER_SIGNATURE.replace("9UG", "9UH");
    let note = Note::parse(&format!("{TEXT}\n{ENOCH_SIGNATURE}{forged}")).unwrap();
    assert!(note.verify(&keys(&[ENOCH])).is_ok(), "signatures by others are not looked at");
    let error = note.verify(&keys(&[ENOCH, PETER])).unwrap_err();
    assert_eq!(error, Unsigned::Forged { key: "PeterNeumann+c74f20a3".to_owned() });
}

#[rstest]
#[case::text_alone(TEXT.to_owned())]
#[case::no_signature(format!("{TEXT}\n"))]
#[case::no_last_line_end(format!("{TEXT}\n{}", PETER_SIGNATURE.trim_end()))]
#[case::a_control_character(format!("\u{1}{TEXT}\n{PETER_SIGNATURE}"))]
#[case::a_name_with_a_space(format!("{TEXT}\n{}", PETER_SIGNATURE.replace("PeterNeumann", "Bad Name")))]
#[case::another_line_below(format!("{TEXT}\n{PETER_SIGNATURE}Unexpected line.\n"))]
#[case::too_many_signatures(format!("{TEXT}\n{}", PETER_SIGNATURE.repeat(101)))]
fn what_the_go_project_refuses_is_refused(#[case] note: String) {
    assert_eq!(Note::parse(&note), Err(NotANote));
}

#[test]
fn a_verifier_key_has_one_spelling_and_no_part_of_it_is_one() {
    let key: VerifierKey = PETER.parse().unwrap();
    assert_eq!((key.to_string().as_str(), key.short_name().as_str()), (PETER, "PeterNeumann+c74f20a3"));
    for start in 0..=PETER.len() {
        for end in start..=PETER.len() {
            assert_eq!(PETER[start..end].parse::<VerifierKey>().is_ok(), (start, end) == (0, PETER.len()));
        }
    }
    for place in 0..PETER.len() {
        let mut mangled = PETER.as_bytes().to_vec();
        mangled[place] += 1;
        assert!(String::from_utf8(mangled).unwrap().parse::<VerifierKey>().is_err(), "at {place}");
    }
    // Of the wrong length, and of an unknown kind, each with the short hash that goes with it.
    for wrong in [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ] {
        assert!(wrong.parse::<VerifierKey>().is_err(), "{wrong}");
    }
}

/// The specification's example: the text holds an empty line of its own.
#[test]
fn the_text_ends_at_the_last_empty_line() {
    let example = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let note = Note::parse(example).unwrap();
    assert!(note.text().ends_with("ed è subito sera.\n"));
    assert_eq!(note.to_string(), example);
    assert_eq!(note.verify(&keys(&[PETER])), Err(Unsigned::UnknownKey));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_has_one_spelling(text in "[a-z\n—+ =/]{0,60}|.{0,60}") {
        let note = format!("{text}\n\n{PETER_SIGNATURE}");
        if let Ok(read) = Note::parse(&note) {
            prop_assert_eq!(read.to_string(), note);
        }
        let _ = Note::parse(&text);
    }

    #[test]
    fn no_changed_letter_of_a_note_goes_unseen(place in 0_usize..100, letter in "[a-zA-Z0-9 ]") {
        let note = format!("{TEXT}\n{PETER_SIGNATURE}");
        let place = place % note.len();
        prop_assume!(note.is_char_boundary(place) && note.is_char_boundary(place + 1));
        let changed = format!("{}{letter}{}", &note[..place], &note[place + 1..]);
        prop_assume!(changed != note);
        let signed = Note::parse(&changed).is_ok_and(|note| note.verify(&keys(&[PETER])).is_ok());
        prop_assert!(!signed);
    }
}
