use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::auth::keys::VerifyingKey;

const SECRET: &[u8; 32] = b"an invented secret of 32 bytes!!";
const NOW: &str = "2026-11-22T13:00:00Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

fn now_s() -> i64 {
    now().instant().unix_timestamp()
}

fn verifier(keys: &[(&str, Algorithm, DecodingKey)]) -> TokenVerifier {
    let mut set = KeySet::default();
    for (kid, algorithm, key) in keys {
        set.insert(*kid, VerifyingKey::new(*algorithm, key.clone()));
    }
    TokenVerifier::new(
        set,
        Rules { issuer: "https://login.example".into(), audience: "underwright".into(), leeway_s: 10 },
    )
}

fn shared() -> TokenVerifier {
    verifier(&[("k1", Algorithm::HS256, DecodingKey::from_secret(SECRET))])
}

fn claims() -> Value {
    json!({"iss": "https://login.example", "aud": "underwright", "sub": "ada", "role": "officer",
           "exp": now_s() + 60, "iat": now_s()})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn sign(claims: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("k1".into());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(SECRET)).unwrap()
}

fn refused(claims: &Value) -> InvalidToken {
    shared().verify(&sign(claims), now()).unwrap_err()
}

#[test]
fn a_sound_token_gives_its_principal_twice() {
    let verifier = shared();
    let token = sign(&claims());
    for _ in 0..2 {
        let principal = verifier.verify(&token, now()).unwrap();
        assert_eq!((principal.subject.as_str(), principal.role), ("ada", Role::Officer));
    }
}

#[test]
fn every_claim_is_required() {
    for name in ["iss", "aud", "sub", "exp", "role"] {
        assert_eq!(refused(&without(name)), InvalidToken::Malformed, "{name}");
        assert_eq!(refused(&with(name, Value::Null)), InvalidToken::Malformed, "{name} is null");
    }
}

#[test]
fn another_issuer_or_audience_is_refused() {
    assert_eq!(refused(&with("iss", json!("https://evil.example"))), InvalidToken::Issuer);
    assert_eq!(refused(&with("iss", json!(["https://login.example"]))), InvalidToken::Malformed);
    assert_eq!(refused(&with("aud", json!("another"))), InvalidToken::Audience);
    assert_eq!(refused(&with("aud", json!([]))), InvalidToken::Audience);
    assert!(shared().verify(&sign(&with("aud", json!(["another", "underwright"]))), now()).is_ok());
}

#[test]
fn times_hold_to_the_leeway_and_no_further() {
    let verify = |claims: &Value| shared().verify(&sign(claims), now()).map(drop);
    assert_eq!(verify(&with("exp", json!(now_s() - 9))), Ok(()));
    assert_eq!(verify(&with("exp", json!(now_s() - 10))), Err(InvalidToken::Expired));
    assert_eq!(verify(&with("nbf", json!(now_s() + 10))), Ok(()));
    assert_eq!(verify(&with("nbf", json!(now_s() + 11))), Err(InvalidToken::NotYetValid));
    assert_eq!(verify(&with("exp", json!("tomorrow"))), Err(InvalidToken::Malformed));
    assert_eq!(verify(&with("nbf", json!("tomorrow"))), Err(InvalidToken::Malformed));
}

#[test]
fn a_remembered_token_still_expires() {
    let verifier = shared();
    let token = sign(&claims());
    assert!(verifier.verify(&token, now()).is_ok());
    let later = now().checked_add(time::Duration::seconds(70)).unwrap();
    assert_eq!(verifier.verify(&token, later).unwrap_err(), InvalidToken::Expired);
}

#[test]
fn the_memory_of_tokens_is_bounded() {
    let verifier = shared();
    let ada = Verified {
        principal: Arc::new(Principal { subject: "ada".into(), role: Role::Officer }),
        not_before: 0.0,
        expires: f64::INFINITY,
    };
    for number in 0..=CACHED_TOKENS {
        verifier.remember(Sha256::digest(number.to_string()).into(), ada.clone(), now());
    }
    assert!(verifier.verified.lock().unwrap().len() <= CACHED_TOKENS);
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let token = sign(&claims());
    let mut parts = token.split('.');
    let payload = parts.nth(1).unwrap();
    for alg in ["none", "None", "NONE", ""] {
        let header = BASE64.encode(json!({"alg": alg, "typ": "JWT", "kid": "k1"}).to_string());
        let unsigned = format!("{header}.{payload}.");
        assert_eq!(shared().verify(&unsigned, now()).unwrap_err(), InvalidToken::Malformed, "{alg}");
    }
}

#[test]
fn a_public_key_used_as_a_shared_secret_is_refused() {
    // The classic confusion: the header says HS256 and the attacker signs with the public key.
    let public = [7_u8; 32];
    let verifier = verifier(&[("k1", Algorithm::EdDSA, DecodingKey::from_ed_der(&public))]);
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("k1".into());
    let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(&public)).unwrap();
    assert_eq!(verifier.verify(&token, now()).unwrap_err(), InvalidToken::Signature);
}

#[test]
fn another_algorithm_of_the_same_family_is_refused() {
    let mut header = Header::new(Algorithm::HS512);
    header.kid = Some("k1".into());
    let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(SECRET)).unwrap();
    assert_eq!(shared().verify(&token, now()).unwrap_err(), InvalidToken::Signature);
}

#[test]
fn a_kid_only_finds_a_key() {
    let secret = DecodingKey::from_secret(SECRET);
    let mut header = Header::new(Algorithm::HS256);
    for kid in ["../k1", "K1", "k1\0", ""] {
        header.kid = Some(kid.into());
        let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(SECRET)).unwrap();
        assert_eq!(shared().verify(&token, now()).unwrap_err(), InvalidToken::UnknownKey, "{kid:?}");
    }
    header.kid = None;
    let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(SECRET)).unwrap();
    assert!(shared().verify(&token, now()).is_ok(), "one key needs no name");
    let two = verifier(&[("k1", Algorithm::HS256, secret.clone()), ("k2", Algorithm::HS256, secret)]);
    assert_eq!(two.verify(&token, now()).unwrap_err(), InvalidToken::UnknownKey);
}

#[test]
fn a_changed_payload_or_signature_is_refused() {
    let token = sign(&claims());
    let (head, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = head.split_once('.').unwrap();
    let payload = BASE64.encode(with("role", json!("manager")).to_string());
    assert_eq!(
        shared().verify(&format!("{header}.{payload}.{signature}"), now()).unwrap_err(),
        InvalidToken::Signature
    );
    assert!(shared().verify(&format!("{head}.AAAA"), now()).is_err());
}

#[test]
fn an_unknown_role_or_a_hostile_subject_is_refused() {
    assert_eq!(refused(&with("role", json!("root"))), InvalidToken::Role);
    assert_eq!(refused(&with("role", json!("Officer"))), InvalidToken::Role);
    assert_eq!(refused(&with("sub", json!(""))), InvalidToken::Subject);
    assert_eq!(refused(&with("sub", json!("a\nb"))), InvalidToken::Subject);
    assert_eq!(refused(&with("sub", json!("a".repeat(256)))), InvalidToken::Subject);
}

#[test]
fn what_is_no_token_is_refused() {
    for token in ["", ".", "..", "...", "a.b.c", "é.é.é"] {
        assert_eq!(shared().verify(token, now()).unwrap_err(), InvalidToken::Malformed, "{token:?}");
    }
    assert_eq!(shared().verify(&"a".repeat(8_193), now()).unwrap_err(), InvalidToken::TooLong);
}

#[test]
fn a_critical_header_that_is_not_understood_is_refused() {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("k1".into());
    header.crit = Some(vec!["b64".into()]);
    let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(SECRET)).unwrap();
    assert_eq!(shared().verify(&token, now()).unwrap_err(), InvalidToken::Malformed);
}

/// The published test keys, each with the algorithm that it is for.
fn published() -> [(crate::config::Algorithm, Algorithm, &'static str, EncodingKey); 3] {
    use crate::config::Algorithm as Configured;
    let private = |name: &str| std::fs::read(format!("fixtures/keys/{name}.private.pem")).unwrap();
    [
        (Configured::EdDsa, Algorithm::EdDSA, "eddsa", EncodingKey::from_ed_pem(&private("eddsa")).unwrap()),
        (Configured::Es256, Algorithm::ES256, "es256", EncodingKey::from_ec_pem(&private("es256")).unwrap()),
        (Configured::Rs256, Algorithm::RS256, "rs256", EncodingKey::from_rsa_pem(&private("rs256")).unwrap()),
    ]
}

fn configured(algorithm: crate::config::Algorithm, file: &str) -> Result<TokenVerifier, crate::auth::keys::InvalidKey> {
    let key = crate::config::Key {
        kid: "k1".into(),
        algorithm,
        public_key_file: Some(format!("fixtures/keys/{file}").into()),
        secret_file: None,
    };
    let rules = Rules { issuer: "https://login.example".into(), audience: "underwright".into(), leeway_s: 10 };
    Ok(TokenVerifier::new(KeySet::load(&[key])?, rules))
}

#[test]
fn each_algorithm_is_accepted_from_its_own_key_and_from_no_other() {
    for (signed_with, jwa, _, signing) in published() {
        let mut header = Header::new(jwa);
        header.kid = Some("k1".into());
        let token = jsonwebtoken::encode(&header, &claims(), &signing).unwrap();
        for (verified_with, _, file, _) in published() {
            let verifier = configured(verified_with, &format!("{file}.public.pem")).unwrap();
            let accepted = verifier.verify(&token, now()).is_ok();
            assert_eq!(accepted, signed_with == verified_with, "{signed_with:?} by {verified_with:?}");
        }
    }
}

#[test]
fn a_pem_public_key_used_as_a_shared_secret_is_refused() {
    for (algorithm, _, file, _) in published() {
        let pem = std::fs::read(format!("fixtures/keys/{file}.public.pem")).unwrap();
        let verifier = configured(algorithm, &format!("{file}.public.pem")).unwrap();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("k1".into());
        let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(&pem)).unwrap();
        assert_eq!(verifier.verify(&token, now()).unwrap_err(), InvalidToken::Signature, "{file}");
    }
}

#[test]
fn a_key_that_is_private_weak_or_of_another_kind_is_refused_at_the_start() {
    use crate::config::Algorithm as Configured;
    for (algorithm, file, problem) in [
        (Configured::Rs256, "rs256.private.pem", "private key"),
        (Configured::EdDsa, "eddsa.private.pem", "private key"),
        (Configured::Rs256, "rsa-1024.public.pem", "2048 bits"),
        (Configured::Es256, "p384.public.pem", "P-256"),
        (Configured::EdDsa, "es256.public.pem", "Ed25519"),
        (Configured::Rs256, "eddsa.public.pem", "RSA"),
        (Configured::Es256, "README.md", "P-256"),
    ] {
        let error = configured(algorithm, file).map(drop).unwrap_err().to_string();
        assert!(error.contains(problem) && error.contains(file), "{error}");
    }
}
