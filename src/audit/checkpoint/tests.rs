//! Held against a checkpoint of the Go project's checksum database (`sum.golang.org`, with its published key), as it
//! stands in the tests of the transparency-dev project, and against the example of the C2SP specification.

use rstest::rstest;

use super::*;
use crate::audit::tree::empty_root;

const SUMDB_KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const SUMDB: &str = "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=\n";
const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

#[test]
fn a_checkpoint_of_a_public_log_verifies_under_its_published_key() {
    let signed = SignedCheckpoint::parse(SUMDB).unwrap();
    let keys: Vec<VerifierKey> = vec![SUMDB_KEY.parse().unwrap()];
    assert_eq!(signed.verify(&keys).unwrap().name(), "sum.golang.org");
    assert_eq!((signed.checkpoint().origin.as_str(), signed.head().size), ("go.sum database tree", 6_476_701));
    let another_size = SignedCheckpoint::parse(&SUMDB.replace("6476701", "6476702")).unwrap();
    assert!(matches!(another_size.verify(&keys), Err(Unsigned::Forged { .. })));
}

#[rstest]
#[case(SUMDB)]
#[case(EXAMPLE)]
fn a_checkpoint_reads_back_byte_for_byte(#[case] note: &str) {
    let signed = SignedCheckpoint::parse(note).unwrap();
    assert_eq!(signed.to_string(), note);
    assert!(note.starts_with(&signed.checkpoint().to_string()));
}

#[rstest]
#[case::no_origin("\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")]
#[case::no_root("log\n1\n")]
#[case::a_leading_nought("log\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")]
#[case::a_sign("log\n+1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")]
#[case::a_short_root("log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n")]
#[case::an_empty_line_behind("log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nmore\n")]
#[case::no_last_line_end("log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")]
fn what_is_not_the_text_of_a_checkpoint_is_refused(#[case] text: &str) {
    assert_eq!(Checkpoint::parse(text), None);
}

#[test]
fn lines_behind_the_third_are_let_stand() {
    let text = format!("{}for others\n", Checkpoint { origin: "log".to_owned(), head: empty() });
    assert_eq!(Checkpoint::parse(&text), Some(Checkpoint { origin: "log".to_owned(), head: empty() }));
}

fn empty() -> Head {
    Head { size: 0, root: empty_root() }
}
