//! What is in force changes while decisions are made.

use super::{
    super::{
        activations::Cause,
        audit::record_what_is_in_force,
        custody::Caller,
        models, policies,
        promotion::{Promoted, Promotion, PromotionError, promote},
        recorder::RecordError,
        replay::{Period, replay},
        what_if::compare,
    },
    *,
};
use crate::domain::decision::Outcome;

/// The example policy, stricter and of another version.
fn stricter() -> LoadedPolicy {
    let text = POLICY.replace("approve_below = 0.3", "approve_below = 0.01").replace("\"2\"", "\"3\"");
    LoadedPolicy::parse(&text).unwrap()
}

/// The example model as another version: the same numbers, other bytes.
fn next_model() -> LoadedModel {
    let mut file = model::tests::example_file();
    file.version = "2".to_owned();
    let json = model_json(&file);
    let model = model::Model::without_parity(&json).unwrap();
    let parity = model::tests::example_rows().iter().map(|row| parity_line(&model, row)).collect::<String>();
    LoadedModel::from_files(BundleFiles {
        model_json: json,
        parity_jsonl: parity.into_bytes(),
        card_md: "# Another card".to_owned(),
        report_html: Some("<p>A report".to_owned()),
    })
    .unwrap()
}

impl Bench {
    /// A server whose log says what is in force.
    async fn in_force_on(backend: Backend) -> Self {
        let bench = Self::on(backend).await;
        record_what_is_in_force(&bench.app).await.unwrap();
        bench
    }

    /// Promotes as a command does: with connections of its own, which the server hears nothing of.
    async fn promote(&self, promotion: Promotion<'_>) -> Result<Promoted, PromotionError> {
        let db = Db::open(&self.url()).await.unwrap();
        let who = principal(Role::Risk, "risk-1");
        let caller = Caller { who: &who, request_id: self.app.ids().request(self.clock.now()) };
        let promoted = promote(&db, self.clock.now(), caller, promotion).await;
        db.close().await;
        promoted
    }
}

fn names(answer: &Value) -> (&str, &str) {
    let version = |part: &str| answer["decision"][part]["version"].as_str().unwrap();
    (version("model"), version("policy"))
}

#[rstest]
#[tokio::test]
async fn the_decision_after_a_promotion_is_made_by_what_was_promoted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::in_force_on(backend).await;
    assert_eq!(names(&bench.submit("R-0", 6).await.1), ("1", "2"));
    let promoted = bench.promote(Promotion::Bundle(&next_model(), Some(&stricter()))).await.unwrap();
    assert_eq!(promoted.audit.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [3, 4]);
    // The server was told nothing, and has not looked: the recorder refuses what it decided by the old.
    let (_, answer) = bench.submit("R-1", 6).await;
    assert_eq!((names(&answer), &answer["decision"]["outcome"]), (("2", "3"), &json!("review")));
    let back = bench.promote(Promotion::Back).await.unwrap();
    assert_eq!((back.model.version.as_str(), back.policy.version.as_str(), back.audit.len()), ("1", "3", 1));
    assert_eq!(names(&bench.submit("R-2", 6).await.1), ("1", "3"));

    let listed = models::list(&bench.app).await.unwrap();
    let [first, second] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((first.active, first.activations.len(), second.active), (true, 2, false));
    let (last, earlier) = (&first.activations[0], &first.activations[1]);
    assert_eq!((last.cause, last.by.subject.as_str(), last.to), (Cause::RolledBack, "risk-1", None));
    assert_eq!((earlier.cause, earlier.to), (Cause::Configured, Some(second.activations[0].from)));
    let listed = policies::list(&bench.app).await.unwrap();
    assert_eq!(listed.iter().map(|policy| policy.active).collect::<Vec<_>>(), [false, true]);
    let shown = models::show(&bench.app, "example", "2").await.unwrap();
    assert_eq!((shown.card.as_str(), shown.has_report), ("# Another card", true));

    let report = replay(bench.app.db(), Period::default(), |_, _| ()).await.unwrap();
    assert_eq!((report.repeated, report.decisions), (true, 3), "{:?}", report.findings);
    assert!(bench.verify().await.intact);
}

#[rstest]
#[tokio::test]
async fn under_load_every_decision_is_by_what_was_in_force_at_its_place_in_the_log(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::in_force_on(backend).await;
    let promotions = async {
        for round in 0..4 {
            tokio::task::yield_now().await;
            let (next, strict) = (next_model(), stricter());
            let promotion = if round % 2 == 0 { Promotion::Bundle(&next, Some(&strict)) } else { Promotion::Back };
            bench.promote(promotion).await.unwrap();
        }
    };
    let submissions = async {
        for _ in 0..6 {
            bench.submit_many(25).await;
        }
    };
    tokio::join!(promotions, submissions);
    let (mut model, mut policy, mut decisions) = (String::new(), String::new(), 0);
    let mut after = None;
    loop {
        let limit = crate::service::view::PageLimit::new(100).unwrap();
        let page = audit::entries(&bench.app, &audit::Filter::default(), after, limit).await.unwrap();
        for view in &page.data {
            let payload: Value = serde_json::from_str(view.entry.payload.get()).unwrap();
            let sha = |value: &Value| value["sha256"].as_str().map(str::to_owned);
            match view.entry.action.as_str() {
                "model.activated" => model = sha(&payload["model"]).unwrap(),
                "policy.activated" => policy = sha(&payload["policy"]).unwrap(),
                "application.decided" => {
                    let decided = &payload["decision"];
                    assert_eq!(sha(&decided["model"]).unwrap(), model, "entry {}", view.entry.sequence);
                    assert_eq!(sha(&decided["policy"]).unwrap(), policy, "entry {}", view.entry.sequence);
                    decisions += 1;
                }
                _ => {}
            }
        }
        let Some(next) = page.next else { break };
        after = Some(next.parse().unwrap());
    }
    assert_eq!(decisions, 150);
    assert!(bench.verify().await.intact);
}

#[tokio::test]
async fn a_server_that_cannot_load_what_is_in_force_decides_nothing_and_says_so() {
    let bench = Bench::in_force_on(Backend::Sqlite).await;
    bench.submit("R-0", 6).await;
    let (next, back) = (next_model(), example_model());
    bench.promote(Promotion::Bundle(&next, None)).await.unwrap();
    bench.execute("UPDATE kept_models SET parity_jsonl = x'00' WHERE version = '2'").await;
    let who = principal(Role::Service, "los-1");
    let refused = submit(&bench.app, bench.call(&who, None), &form("R-1", 6)).await.unwrap_err();
    assert!(matches!(refused, SubmitError::Record(RecordError::NotLoaded(_))), "{refused}");
    assert!(!bench.app.readiness().await.model);
    let refused = crate::service::simulate::simulate(&bench.app, &form("R-1", 6)).unwrap_err();
    assert!(matches!(refused, SubmitError::Record(RecordError::NotLoaded(_))), "{refused}");
    // A promotion of something sound makes it work again, without a restart.
    bench.promote(Promotion::Bundle(&back, None)).await.unwrap();
    bench.app.look_for_what_is_in_force().await.unwrap();
    assert!(bench.app.readiness().await.model);
    assert_eq!(names(&bench.submit("R-2", 6).await.1), ("1", "2"));
}

#[rstest]
#[tokio::test]
async fn what_does_not_check_does_not_fit_or_changes_under_its_version_is_refused_and_leaves_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::in_force_on(backend).await;
    let parse = |text: &str| LoadedPolicy::parse(text).unwrap();
    let changed = parse(&POLICY.replace("0.3", "0.2"));
    let misfit = parse(&POLICY.replace("\"2\"", "\"4\"").replace("features.duration", "features.unheard_of"));
    let refused = bench.promote(Promotion::Policy(&changed)).await.unwrap_err();
    assert!(matches!(refused, PromotionError::OtherBytes { .. }), "{refused}");
    assert!(refused.to_string().contains("policy example@2") && refused.to_string().contains("another version"));
    let refused = bench.promote(Promotion::Policy(&misfit)).await.unwrap_err();
    assert!(refused.to_string().contains("unheard_of"), "{refused}");
    let mut other = next_model();
    let mut kept = other.kept.as_ref().clone();
    kept.parity_jsonl = b"{}\n".to_vec();
    other.kept = Arc::new(kept);
    let refused = bench.promote(Promotion::Bundle(&other, None)).await.unwrap_err();
    assert!(refused.to_string().contains("is not it"), "{refused}");
    let absent = Promotion::Kept { name: "example", version: "9" };
    assert!(matches!(bench.promote(absent).await.unwrap_err(), PromotionError::NoModel(_)));
    assert!(matches!(bench.promote(Promotion::Back).await.unwrap_err(), PromotionError::NothingBefore));
    assert_eq!(bench.count("SELECT count(*) FROM kept_models").await, 1);
    assert_eq!(bench.count("SELECT count(*) FROM kept_policies").await, 1);
    assert_eq!(bench.count("SELECT count(*) FROM audit_entries").await, 2);
    let again = bench.promote(Promotion::Policy(&parse(POLICY))).await.unwrap();
    assert!(again.audit.is_empty(), "it was in force already");
}

#[tokio::test]
async fn a_start_with_old_settings_does_not_undo_a_promotion_and_one_with_new_settings_promotes() {
    let mut bench = Bench::in_force_on(Backend::Sqlite).await;
    bench.promote(Promotion::Policy(&stricter())).await.unwrap();
    bench.app.stop().await;
    bench.app = Bench::start(&bench.store, &bench.clock, Settings::default()).await;
    record_what_is_in_force(&bench.app).await.unwrap();
    assert_eq!(names(&bench.submit("R-0", 6).await.1), ("1", "3"));
    bench.app.stop().await;
    bench.clock.advance(Duration::seconds(1));
    let newest = POLICY.replace("\"2\"", "\"5\"");
    bench.app = Bench::start_with(&bench.store, &bench.clock, Settings::default(), &newest).await;
    record_what_is_in_force(&bench.app).await.unwrap();
    assert_eq!(names(&bench.submit("R-1", 6).await.1), ("1", "5"));
    let listed = policies::list(&bench.app).await.unwrap();
    let causes: Vec<Cause> = listed.iter().map(|policy| policy.activations[0].cause).collect();
    assert_eq!(causes, [Cause::Configured, Cause::Published, Cause::Configured]);
}

#[tokio::test]
async fn a_policy_is_tried_on_the_applications_that_came_in_last() {
    let bench = Bench::in_force_on(Backend::Sqlite).await;
    for (reference, duration) in [("R-0", 6), ("R-1", 6), ("R-2", 24), ("R-3", 70)] {
        bench.submit(reference, duration).await;
    }
    let all = compare(bench.app.db(), &stricter(), 100).await.unwrap();
    assert_eq!((all.applications, all.changed), (4, 2));
    assert_eq!((all.in_force.approve, all.in_force.review, all.in_force.decline), (2, 1, 1));
    assert_eq!((all.other.approve, all.other.review, all.other.decline), (0, 3, 1));
    let last = compare(bench.app.db(), &stricter(), 1).await.unwrap();
    assert_eq!((last.applications, last.in_force.decline), (1, 1));
    assert_eq!(bench.submit("R-4", 6).await.1["decision"]["outcome"], json!(Outcome::Approve), "nothing was kept");
}
