mod shipped;

use proptest::prelude::*;
use rstest::rstest;
use time::macros::date;

use super::*;
use crate::{
    domain::{intake, probability::Probability, reason::ReasonCode},
    features::schema::Schema,
};

const SCHEMA: &str = r#"
    name = "test"
    [[feature]]
    name = "debt_to_income"
    [[feature]]
    name = "loan_to_income"
    [[feature]]
    name = "utilization"
    [[feature]]
    name = "home"
    kind = "category"
    categories = ["own", "rent"]
    [[feature]]
    name = "member"
    kind = "boolean"
"#;

/// The code of each feature's reason; two features share one.
const CODES: [&str; 5] = ["UW-DEBT", "UW-DEBT", "UW-USE", "UW-HOME", "UW-MEMBER"];

const APPLICATION: &str = r#"{
    "applicant": {"reference": "C-1", "given_name": "A", "family_name": "B", "date_of_birth": "1988-03-14"},
    "loan": {"amount": 1200000, "currency": "USD", "term_months": 36, "purpose": "car"},
    "finances": {"annual_income": 6400000, "income_verification": "verified", "home_ownership": "rent",
        "monthly_debt_payments": 98000},
    "attributes": {"channel": "branch", "spare": null, "first time": true}
}"#;

/// A case that a test changes before it is ruled on.
#[derive(Debug)]
pub(super) struct Situation {
    schema: Schema,
    reasons: Vec<FeatureReason>,
    pub(super) application: Option<Application>,
    pub(super) features: FeatureVector,
    assessment: Assessment,
    reads_bureau: bool,
}

/// Debt to income 20, loan to income missing, utilization 0.5, rents, is a member.
pub(super) fn situation(probability: f64) -> Situation {
    let reason =
        |code: &&str| FeatureReason { code: ReasonCode::new(*code).expect("a code"), text: format!("About {code}") };
    Situation {
        schema: toml::from_str(SCHEMA).expect("a schema"),
        reasons: CODES.iter().map(reason).collect(),
        application: Some(intake::parse(APPLICATION.as_bytes(), date!(2026 - 11 - 22)).expect("valid")),
        features: FeatureVector::new([20.0, f64::NAN, 0.5, 1.0, 1.0]),
        assessment: Assessment {
            margin: libm::log(probability / (1.0 - probability)),
            default_probability: Probability::new(probability).expect("a probability"),
            baseline: -1.0,
            contributions: Box::new([0.2, 0.3, 0.4, -0.1, 0.0]),
            outside_training_range: Vec::new(),
        },
        reads_bureau: false,
    }
}

impl Situation {
    fn rule(&self, rules: &str) -> Ruling {
        let policy = Policy::parse(&policy_text(rules)).unwrap_or_else(|error| panic!("{error}"));
        policy.rule(&self.case())
    }

    pub(super) fn case(&self) -> Case<'_> {
        Case {
            application: self.application.as_ref(),
            applicant_age_years: self.application.as_ref().map(|_| 38),
            schema: &self.schema,
            reads_bureau: self.reads_bureau,
            reasons: &self.reasons,
            features: &self.features,
            assessment: &self.assessment,
        }
    }
}

pub(super) fn policy_text(rules: &str) -> String {
    format!(
        r#"
        name = "test"
        version = "1"
        cut_offs = {{ approve_below = 0.12, decline_from = 0.25 }}
        grade = [{{ letter = "A", from_score = 560 }}, {{ letter = "B" }}]
        {rules}
        "#
    )
}

pub(super) fn rule(id: &str, when: &str, then: &str) -> String {
    let code = id.to_uppercase();
    format!(
        "[[rule]]\nid = \"{id}\"\nwhen = '''{when}'''\nthen = \"{then}\"\nreason = \"UW-{code}\"\ntext = \"Because {id}\"\n"
    )
}

fn codes(ruling: &Ruling) -> Vec<&str> {
    ruling.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

fn fired(ruling: &Ruling) -> Vec<(&str, Outcome)> {
    ruling.fired.iter().map(|rule| (rule.id.as_str(), rule.outcome)).collect()
}

fn problems(rules: &str) -> Vec<String> {
    Policy::parse(&policy_text(rules)).expect_err(rules).problems
}

#[rstest]
#[case::number("features.debt_to_income > 19", true)]
#[case::guarded_missing("features.loan_to_income != null && features.loan_to_income > 0.45", false)]
#[case::has("has(features.loan_to_income)", false)]
#[case::has_not("!has(attributes.unheard_of)", true)]
#[case::null_attribute("attributes.spare == null", true)]
#[case::quoted_attribute("attributes[\"first time\"]", true)]
#[case::category("features.home == \"rent\"", true)]
#[case::boolean("features.member", true)]
#[case::word("loan.purpose in [\"car\", \"house\"]", true)]
#[case::text("attributes.channel.startsWith(\"br\")", true)]
#[case::money("loan.amount >= 1200000 && finances.annual_income < 6400001", true)]
#[case::whole_numbers_divide("finances.monthly_debt_payments * 12 / finances.annual_income > 0.18", true)]
#[case::age("applicant.age_years == 38", true)]
#[case::score("score < 560 && probability_of_default > 0.2", true)]
#[case::conditional("loan.term_months > 36 ? features.utilization > 0.1 : features.utilization > 0.9", false)]
#[case::negative("-features.utilization < -0.4", true)]
#[case::error_beside_false("features.loan_to_income > 1 && false", false)]
#[case::error_beside_true("features.loan_to_income > 1 || true", true)]
#[case::missing_section("bureau.open_accounts == null", true)]
fn rules_read_what_was_applied_for_and_what_was_scored(#[case] when: &str, #[case] fires: bool) {
    let ruling = situation(0.21).rule(&rule("r", when, "decline"));
    assert_eq!(fired(&ruling), if fires { vec![("r", Outcome::Decline)] } else { vec![] });
}

#[rstest]
#[case::missing("features.loan_to_income > 0.45")]
#[case::missing_section("bureau.open_accounts > 3")]
#[case::wrong_kind("attributes.channel > 3")]
#[case::not_a_boolean("attributes.channel")]
#[case::null_result("attributes.spare")]
#[case::no_number("(features.utilization - 0.5) / (features.utilization - 0.5) > 1")]
#[case::unknown_attribute("attributes.misspelt == true || attributes.misspelt")]
fn a_rule_that_cannot_be_evaluated_never_approves(#[case] when: &str) {
    let ruling = situation(0.01).rule(&rule("r", when, "decline"));
    assert_eq!(ruling.outcome, Outcome::Review);
    assert_eq!(fired(&ruling), [("rule-not-evaluated:r", Outcome::Review)]);
    assert_eq!(codes(&ruling), ["UW-RULE-NOT-EVALUATED"]);
}

#[test]
fn on_features_alone_a_rule_about_the_application_goes_to_review_unless_it_asks_first() {
    let mut row = situation(0.01);
    row.application = None;
    for when in ["has(applicant.age_years) && applicant.age_years < 18", "has(loan.amount)", "has(attributes.channel)"]
    {
        assert_eq!(fired(&row.rule(&rule("r", when, "decline"))), [], "{when}");
    }
    for when in ["applicant.age_years < 18", "loan.amount > 1", "attributes.channel == 1 || attributes.channel > 1"] {
        assert_eq!(
            fired(&row.rule(&rule("r", when, "decline"))),
            [("rule-not-evaluated:r", Outcome::Review)],
            "{when}"
        );
    }
    assert_eq!(row.rule(&rule("r", "features.debt_to_income > 30", "decline")).outcome, Outcome::Approve);
}

#[test]
fn the_strictest_of_band_and_rules_is_the_outcome() {
    let both = rule("a", "true", "review") + &rule("b", "score > -1000", "decline");
    for (probability, rules, outcome) in [
        (0.01, String::new(), Outcome::Approve),
        (0.01, rule("a", "true", "review"), Outcome::Review),
        (0.01, both.clone(), Outcome::Decline),
        (0.2, rule("a", "false", "decline"), Outcome::Review),
        (0.9, rule("a", "true", "review"), Outcome::Decline),
        (0.9, both, Outcome::Decline),
    ] {
        assert_eq!(situation(probability).rule(&rules).outcome, outcome, "{probability} {rules}");
    }
}

#[test]
fn an_approval_carries_no_reasons_though_features_raised_the_risk() {
    let ruling = situation(0.05).rule("");
    assert_eq!((ruling.outcome, ruling.reasons, ruling.fired), (Outcome::Approve, vec![], vec![]));
}

#[test]
fn reasons_of_the_score_come_strongest_first_merged_by_code() {
    let mut known = situation(0.2);
    known.features = FeatureVector::new([20.0, 0.3, 0.5, 1.0, 1.0]);
    let ruling = known.rule("");
    assert_eq!(codes(&ruling), ["UW-DEBT", "UW-USE"]);
    let first = &ruling.reasons[0];
    assert_eq!(first.feature.as_deref(), Some("loan_to_income"));
    assert_eq!(first.contribution, Some(0.5));
    assert_eq!(first.text, "About UW-DEBT");
}

#[test]
fn a_value_that_nobody_knows_is_stated_as_missing_and_not_as_too_high() {
    let ruling = situation(0.2).rule("");
    let first = &ruling.reasons[0];
    assert_eq!(first.feature.as_deref(), Some("loan_to_income"));
    assert_eq!(first.text, "Not given or not known: Loan to income");
}

#[test]
fn the_rule_that_decided_is_the_first_reason_and_milder_ones_are_none() {
    let rules = rule("mild", "true", "review") + &rule("hard", "true", "decline");
    let ruling = situation(0.2).rule(&rules);
    assert_eq!(codes(&ruling), ["UW-HARD", "UW-DEBT", "UW-USE"]);
    assert_eq!(fired(&ruling), [("mild", Outcome::Review), ("hard", Outcome::Decline)]);
}

#[test]
fn the_score_is_no_reason_when_it_would_have_approved() {
    let ruling = situation(0.05).rule(&rule("hard", "true", "decline"));
    assert_eq!(codes(&ruling), ["UW-HARD"]);
}

#[test]
fn at_most_four_reasons_are_stated_and_each_code_once() {
    let same = rule("debt", "true", "review");
    let rules: String = ["a", "b", "c"].iter().map(|id| rule(id, "true", "review")).collect();
    let ruling = situation(0.2).rule(&(rules + &same));
    assert_eq!(codes(&ruling), ["UW-A", "UW-B", "UW-C", "UW-DEBT"]);
    assert_eq!(ruling.reasons[3].text, "Because debt");
}

#[test]
fn a_band_without_a_single_culprit_has_a_general_reason() {
    let mut calm = situation(0.2);
    calm.assessment.contributions = Box::new([0.0, -0.1, 0.0, -0.2, 0.0]);
    assert_eq!(codes(&calm.rule("")), ["UW-RISK"]);
}

#[test]
fn no_bureau_file_goes_to_review_when_the_model_reads_one() {
    let mut unknown = situation(0.01);
    unknown.reads_bureau = true;
    let ruling = unknown.rule("");
    assert_eq!(fired(&ruling), [("no-bureau-file", Outcome::Review)]);
    assert_eq!(codes(&ruling), ["UW-NO-BUREAU-FILE"]);
    unknown.application = None;
    assert_eq!(unknown.rule("").outcome, Outcome::Approve);
}

#[test]
fn a_value_outside_the_training_range_goes_to_review_and_is_named() {
    let mut strange = situation(0.01);
    strange.assessment.outside_training_range = vec![2, 3];
    let ruling = strange.rule("");
    assert_eq!(fired(&ruling), [("outside-training-range", Outcome::Review)]);
    assert_eq!(ruling.reasons[0].feature.as_deref(), Some("utilization"));
    let mut bad = situation(0.9);
    bad.assessment.outside_training_range = vec![2];
    assert_eq!(bad.rule("").outcome, Outcome::Decline);
}

#[test]
fn a_category_that_the_schema_does_not_list_is_null() {
    let mut odd = situation(0.01);
    odd.features = FeatureVector::new([20.0, f64::NAN, 0.5, 2.0, 1.0]);
    assert_eq!(fired(&odd.rule(&rule("r", "features.home == null", "decline"))), [("r", Outcome::Decline)]);
}

#[rstest]
#[case::not_cel("features.a >", "not CEL, in its line 1")]
#[case::empty("", "not CEL")]
#[case::unknown("features.a > 1 && income > 2", "income is nothing that a rule can name")]
#[case::unknown_field("loan.colour == \"red\"", "loan.colour is nothing")]
#[case::person("applicant.given_name == \"Ada\"", "applicant.given_name is nothing")]
#[case::no_answer("loan.amount + 1", "must answer true or false")]
#[case::kinds("loan.amount == \"much\"", "never equal")]
#[case::order("loan.purpose > 3", "> takes numbers")]
#[case::null_order("loan.amount > null", "guard what may be null")]
#[case::misspelt_word("loan.purpose == \"cars\"", "\"cars\" is never the value; it is one of car, credit_card")]
#[case::misspelt_member("loan.purpose in [\"car\", \"cars\"]", "\"cars\" is never the value")]
#[case::logic("loan.amount && true", "&& takes true or false")]
#[case::comprehension("[1, 2].exists(x, x > 1)", "write the cases out")]
#[case::function("timestamp(\"2026-01-01T00:00:00Z\") == null", "timestamp is not part of rules")]
#[case::pattern("attributes.a.matches(\"(a+)+\")", "matches is not part of rules")]
#[case::map("{\"a\": 1} == null", "maps and messages")]
#[case::optional("attributes.?a == null", "is not part of rules")]
#[case::computed_index("attributes[attributes.b]", "only a section is indexed")]
fn a_rule_that_could_not_work_is_refused_at_load(#[case] when: &str, #[case] said: &str) {
    let problems = problems(&rule("r", when, "review"));
    assert!(problems.iter().any(|p| p.contains(": rule r: ") && p.contains(said)), "{problems:#?}");
}

#[test]
fn expressions_without_end_are_refused_and_break_nothing() {
    let long = format!("{}true", "false || ".repeat(300));
    let deep = format!("{}1 > 0", "1 + ".repeat(400));
    let nested = format!("{}true{}", "(".repeat(900), ")".repeat(900));
    let lists = "[".repeat(1_900);
    for (when, said) in [(long, "longer than"), (deep, "nested more than"), (nested, "not CEL"), (lists, "not CEL")] {
        let problems = problems(&rule("r", &when, "review"));
        assert!(problems.iter().any(|problem| problem.contains(said)), "{problems:?}");
    }
    let wide = format!("{}true", "false || ".repeat(200));
    assert_eq!(situation(0.01).rule(&rule("r", &wide, "review")).outcome, Outcome::Review);
}

#[test]
fn everything_wrong_with_a_policy_is_said_at_once() {
    let text = policy_text(
        &(rule("a", "true", "approve") + &rule("a", "nonsense", "review") + &rule("no-bureau-file", "1 +", "review")),
    )
    .replace("0.12", "0.5")
    .replace("\"B\"", "\"A\"")
    .replace("\"1\"", "\"\"");
    let problems = Policy::parse(&text).expect_err("wrong").problems.join("\n");
    for part in
        ["version", "cut_offs", "grade", "then:", "another rule", "nonsense is nothing", "built-in guard", "not CEL"]
    {
        assert!(problems.contains(part), "{part} in\n{problems}");
    }
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    assert!(problems("cutoffs = 1")[0].contains("unknown field `cutoffs`"));
    assert!(problems(&rule("a", "true", "review").replace("text", "txt"))[0].contains("unknown field `txt`"));
}

#[test]
fn a_reason_without_a_text_is_refused_and_one_text_serves_all_its_rules() {
    let bare = rule("a", "true", "review").replace("text = \"Because a\"", "");
    assert!(problems(&bare)[0].contains("say in a sentence"));
    let twice = rule("a", "true", "review") + &bare.replace("id = \"a\"", "id = \"b\"");
    assert_eq!(codes(&situation(0.01).rule(&twice)), ["UW-A"]);
}

#[test]
fn a_policy_is_held_against_the_models_features() {
    let schema: Schema = toml::from_str(SCHEMA).expect("a schema");
    let fit = |when: &str| Policy::parse(&policy_text(&rule("r", when, "review"))).expect(when).check_against(&schema);
    assert_eq!(fit("features.debt_to_income > 40 && features.home == \"own\" && features.member"), Ok(()));
    for (when, said) in [
        ("features.dti > 40", "features.dti is not in the model, which reads debt_to_income"),
        ("features.home > 40", "> takes numbers"),
        ("features.home == \"owned\"", "it is one of own, rent"),
        ("features.debt_to_income", "true or false"),
    ] {
        let problems = fit(when).expect_err(when).problems;
        assert!(problems[0].contains(said), "{problems:?}");
    }
}

#[test]
fn the_score_and_grade_follow_the_policys_scaling() {
    let ruling = situation(1.0 / 51.0).rule("score = { base_score = 600, base_odds = 50, pdo = 20 }");
    assert_eq!((ruling.score, ruling.grade.as_str()), (600, "A"));
    assert_eq!(situation(1.0 / 101.0).rule("").score, 620);
    assert_eq!(situation(0.5).rule("").grade, "B");
}

#[test]
fn the_identity_is_of_the_files_bytes() {
    let sha256 = |text: &str| Policy::parse(text).expect("a policy").identity().sha256.clone();
    let text = policy_text("");
    assert_ne!(sha256(&text), sha256(&(text.clone() + "# a comment")));
    assert_eq!(sha256(&text).len(), 64);
}

#[test]
fn the_codes_of_built_in_reasons_are_well_formed() {
    for reason in [reasons::NO_BUREAU_FILE, reasons::OUTSIDE_EXPERIENCE, reasons::RULE_NOT_EVALUATED, reasons::RISK] {
        assert_eq!(reason.reason(None).code.as_str(), reason.code);
    }
}

proptest! {
    #[test]
    fn any_text_as_a_rule_is_taken_or_refused_without_a_panic(when in "[a-z0-9 .!&|()<>=?:+*/\\[\\]\"{},-]{0,60}") {
        let _ = Policy::parse(&policy_text(&rule("r", &when, "review")));
    }

    #[test]
    fn a_riskier_case_never_gets_a_milder_outcome(low in 0.001..0.999_f64, more in 0.0..0.5_f64) {
        let high = (low + more).min(0.999);
        prop_assert!(situation(low).rule("").outcome <= situation(high).rule("").outcome);
    }
}
