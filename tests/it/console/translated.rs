//! Reasons and factors in the language of whoever reads them.

use underwright::domain::principal::Role;

use super::browser::{Browser, text};
use crate::app::{TestApp, application_for};

#[tokio::test(flavor = "multi_thread")]
async fn factors_are_named_in_chinese_and_a_lenders_own_reason_stands_as_it_was_recorded() {
    let app = TestApp::spawn().await;
    let created = app.service().submit(&application_for("medical")).await;
    let path = format!("/applications/{}", created["id"].as_str().expect("an id"));
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let chinese = text(&officer.get_with(&path, &[("accept-language", "zh-CN")]).await);
    // The shipped model's factors and categories, and its reasons among those that may be stated.
    for translated in ["贷款期限（月）", "循环账户额度总和", "医疗", "信用额度的使用比例过高"]
    {
        assert!(chinese.contains(translated), "{translated}: {chinese}");
    }
    // The test policy's reason, which nobody has translated.
    assert!(chinese.contains("Medical loans are looked at by a person"), "{chinese}");
    assert!(chinese.contains("按作出决定的模型或政策的原文显示"), "{chinese}");
    let english = officer.page(&path).await;
    assert!(english.contains("Sum of the limits on revolving accounts") && !english.contains("Some texts stand"));
    assert!(!english.contains("贷款期限"), "{english}");
}
