//! What would change the answer to an application: on its page, and asked for by a form.

use serde_json::{Value, json};
use underwright::domain::principal::Role;

use super::browser::{Browser, text};
use crate::app::{Options, TestApp, application, application_for, model};

/// The id of an application, and its page.
fn place(created: &Value) -> (String, String) {
    let id = created["id"].as_str().expect("an id").to_owned();
    let path = format!("/applications/{id}");
    (id, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_amount_and_term_are_answered_as_a_simulation_is_and_nothing_is_stored() {
    let app = TestApp::spawn().await;
    let sent = application_for("medical");
    let created = app.service().submit(&sent).await;
    let (_, path) = place(&created);
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let page = officer.page(&path).await;
    assert!(
        page.contains("No amount up to 12,000.00 USD would be approved"),
        "a rule of the policy is about the purpose"
    );
    assert!(page.contains(&format!("action=\"{path}/what-if\"")), "{page}");

    let mut other = sent.clone();
    (other["loan"]["amount"], other["loan"]["term_months"]) = (json!(3_000_050), json!(60));
    let simulated: Value = app.officer().post("/v1/simulations", &other).await.expect(200);
    let answer = officer.page(&format!("{path}/what-if?amount=30%2C000.50&term=60")).await;
    let score = simulated["decision"]["score"].as_i64().expect("a score");
    assert!(answer.contains("30,000.50 USD over 60 months: Waits for review"), "{answer}");
    assert!(answer.contains(&format!("<dd>{score} <small>")), "{score}: {answer}");
    assert_ne!(simulated["decision"]["score"], created["decision"]["score"]);
    // The factors that moved sum to the difference, as long as all of them are shown.
    assert!(answer.contains("Term in months") && answer.contains("36 → 60"), "{answer}");
    for personal in ["Ada", "ada@example.com", "123-45-6789", "1988-03-14", "64000", "64,000"] {
        assert!(!answer.contains(personal), "{personal}");
    }
    let detail: Value = app.officer().get(&format!("/v1{path}")).await.expect(200);
    assert_eq!((&detail["version"], &detail["loan"]["amount"]), (&1.into(), &1_200_000.into()));
    // The application, and a session.
    assert_eq!(app.finish().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_shown_again_with_what_is_wrong() {
    let app = TestApp::spawn().await;
    let (_, path) = place(&app.service().submit(&application()).await);
    let officer = Browser::signed_in(&app, Role::Officer).await;
    for query in
        ["amount=-5&term=36", "amount=x&term=36", "amount=1000&term=0", "amount=1000&term=481", "amount=&term="]
    {
        let answer = officer.get(&format!("{path}/what-if?{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
        assert!(
            text(&answer).contains("Give an amount above zero") && text(&answer).contains("aria-invalid"),
            "{query}"
        );
    }
    let answer = officer.get(&format!("{path}/what-if?amount=%22%3E%3Cscript%3E&term=36")).await;
    assert!(text(&answer).contains("&#34;&#62;&#60;script&#62;") && !text(&answer).contains("\"><script>"));
    // With nothing typed it is the loan as it was asked for.
    assert!(officer.page(&format!("{path}/what-if")).await.contains("12,000.00 USD over 36 months: Approved"));
    let unknown = "/applications/app_00000000-0000-7000-8000-000000000000/what-if?amount=1&term=1";
    assert_eq!(officer.get(unknown).await.status, 404);
    let auditor = Browser::signed_in(&app, Role::Auditor).await;
    let page = auditor.page(&path).await;
    assert!(page.contains("It would still be approved") && !page.contains("what-if-amount"), "read, and not tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applicant_stands_among_what_the_model_was_tested_on_until_it_has_decided_enough() {
    let app = TestApp::spawn().await;
    let (_, path) = place(&app.service().submit(&application()).await);
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let page = shown_with(&officer, &path, "loans of the data that the model was tested on").await;
    assert!(page.contains("Compared with 63 loans"), "{page}");
    for index in 0..60_i64 {
        let mut other = application();
        other["finances"]["annual_income"] = json!(3_000_000 + 100_000 * index);
        app.service().submit(&other).await;
    }
    app.clock.advance(time::Duration::minutes(1));
    let page = shown_with(&officer, &path, "Compared with the last 61 applicants").await;
    // 64,000 a year: 34 of the 60 others have less, one the same. The 61st is this applicant.
    assert!(page.contains("higher than 56 of 100"), "{page}");
    assert!(page.contains("same as 100 of 100"), "everybody asks for 36 months");
    let chinese = Browser::signed_in(&app, Role::Manager).await;
    chinese.set_cookie("underwright-language", "zh-Hans");
    let page = chinese.page(&path).await;
    assert!(page.contains("最近决定的 61 位申请人") && page.contains("高于 100 人中的 56 人"), "{page}");
}

/// The page, once it says something that is read beside it.
async fn shown_with(browser: &Browser, path: &str, words: &str) -> String {
    loop {
        let page = browser.page(path).await;
        if page.contains(words) {
            return page;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_shown_as_it_was_decided_after_another_model_was_put_into_force() {
    let small = underwright::service::models::LoadedModel::from_files(model::small()).expect("sound");
    let app = TestApp::spawn_with(Options { model: Some(small), ..Options::default() }).await;
    let (_, path) = place(&app.service().submit(&application()).await);
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let before = officer.page(&path).await;
    model::keep_another(&app, "2").await;
    let risk = Browser::signed_in(&app, Role::Risk).await;
    let fields = [("name", "personal-loan"), ("version", "2"), ("sure", "yes")];
    let answer = risk.submit("/models/personal-loan/2", "/models/promote", &fields).await;
    assert_eq!(answer.status, 303, "{}", text(&answer));
    let created = app.service().submit(&application()).await;
    assert_eq!(created["decision"]["model"]["version"], "2");
    let after = officer.page(&path).await;
    let steps = |page: &str| {
        page.split("id=\"why\"").nth(1).and_then(|rest| rest.split("</section>").next()).map(str::to_owned)
    };
    assert_eq!(steps(&after), steps(&before));
    assert!(officer.page(&format!("{path}/what-if?amount=5000&term=36")).await.contains("5,000.00 USD over 36 months"));
}
