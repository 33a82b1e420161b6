//! A new application, as officers fill it in.

use thirtyfour::Key;
use underwright::domain::principal::Role;

use super::{Look, Page};
use crate::{app::TestApp, console::new_application::EXAMPLE};

/// A control by the JSON pointer that names it.
fn named(name: &str) -> String {
    format!("[name='{name}']")
}

impl Page {
    /// What is said to be wrong with a field; empty when nothing is.
    async fn fault_at(&self, name: &str) -> String {
        let fault =
            format!("document.getElementById(document.querySelector(\"{}\").id + '-fault').textContent", named(name));
        self.evaluate(&fault).await.as_str().expect("a text").to_owned()
    }

    /// Waits until a field is said to be wrong in these words, or right when there are none.
    async fn is_told(&self, name: &str, expected: &str) {
        for _ in 0..100 {
            if self.fault_at(name).await == expected {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(self.fault_at(name).await, expected, "{name}");
    }

    async fn press_often(&self, key: Key, times: usize) {
        for _ in 0..times {
            self.press(key.clone()).await;
        }
    }

    /// Fills in a form by its controls' names.
    async fn fill_in(&self, typed: &[(&str, &str)]) {
        for (name, value) in typed {
            let control = named(name);
            match self.find(&control).await.tag_name().await.expect("a name").as_str() {
                "select" => self.click(&format!("{control} option[value='{value}']")).await,
                _ if *name == "bureau" => self.click(&format!("{control}[value='{value}']")).await,
                _ => self.fill(&control, value).await,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_shown_once_the_field_is_left_goes_when_it_is_mended_and_the_decision_follows() {
    let app = TestApp::spawn().await;
    let page = Page::signed_in(&app, Role::Officer, Look::DESK).await;
    page.click("nav a[href='/applications/new']").await;
    page.find(&named("/loan/amount")).await;
    page.is_accessible().await;
    // The first time somebody types in a field nothing is said until they leave it.
    page.click(&named("/loan/amount")).await;
    page.type_here("12,00").await;
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(page.fault_at("/loan/amount").await, "");
    page.press(Key::Tab).await;
    page.is_told("/loan/amount", "Write an amount such as 12,000.00").await;
    let told = page.evaluate("(c => [c.getAttribute('aria-invalid'), c.getAttribute('aria-describedby')])(document.querySelector(\"[name='/loan/amount']\"))").await;
    assert_eq!(told, serde_json::json!(["true", "loan-amount-hint loan-amount-fault"]));
    assert_eq!(
        page.evaluate("document.querySelector('form [role=status]').textContent").await,
        "Amount: Write an amount such as 12,000.00"
    );
    assert_eq!(page.fault_at("/applicant/reference").await, "", "what nobody has typed into is not at fault yet");
    page.is_accessible().await;
    // From now on it is looked at while they type.
    page.fill(&named("/loan/amount"), "12,000").await;
    page.is_told("/loan/amount", "").await;
    assert_eq!(page.count("[aria-invalid]").await, 0);
    // What two fields say together is said where it was typed.
    page.fill_in(&[("/bureau/total_accounts", "8"), ("/bureau/open_accounts", "9")]).await;
    page.press(Key::Tab).await;
    page.is_told("/bureau/total_accounts", "Must not be fewer than the open accounts, which it counts as well").await;
    // Sent all the same: the page says what is left, and keeps the rest.
    page.click("main button.primary").await;
    page.sees("There is a problem").await;
    assert_eq!(page.evaluate("document.activeElement.id").await, "faults");
    page.is_accessible().await;
    page.resize(360, 780).await;
    page.fits_the_window().await;
    page.click("a[href='#loan-purpose']").await;
    assert_eq!(page.evaluate("document.activeElement.name").await, "/loan/purpose");
    page.resize(1440, 900).await;
    page.fill_in(EXAMPLE).await;
    page.is_told("/bureau/total_accounts", "").await;
    page.click("main button.primary").await;
    page.sees("Approved").await;
    page.sees("12,000.00 USD").await;
    assert!(page.path().await.starts_with("/applications/app_"));
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_without_a_file_is_made_in_chinese_without_scripts_by_the_keyboard_alone() {
    let app = TestApp::spawn().await;
    let page = Page::signed_in(&app, Role::Officer, Look { scripts: false, ..Look::CHINESE }).await;
    page.tab_to("nav a[href='/applications/new']").await;
    page.press(Key::Enter).await;
    page.tab_to(&named("/applicant/reference")).await;
    page.press(Key::Enter).await;
    page.sees("填写有误").await;
    page.tab_to("a[href='#applicant-reference']").await;
    page.press(Key::Enter).await;
    let hostile = "<b onclick=x>&quot;</b> مرحبا";
    for (name, value) in EXAMPLE.iter().filter(|(name, _)| !name.contains("bureau") && *name != "/external_reference") {
        page.tab_to(&named(name)).await;
        match *name {
            "/applicant/given_name" => page.type_here(hostile).await,
            "/loan/currency" => {}
            "/loan/purpose" => page.press_often(Key::Down, 8).await,
            "/finances/income_verification" | "/finances/home_ownership" => page.press(Key::Down).await,
            _ => page.type_here(value).await,
        }
    }
    page.tab_to("[name=bureau]").await;
    page.press(Key::Down).await;
    assert_eq!(
        page.evaluate(
            "getComputedStyle(document.querySelector('[name=\"/bureau/open_accounts\"]').closest('.fields')).display"
        )
        .await,
        "none"
    );
    page.press(Key::Enter).await;
    page.find("main .pill.review").await;
    let path = page.path().await;
    let made = app.officer().get(&format!("/v1{path}")).await.expect(200);
    assert_eq!(made["applicant"]["given_name"], hostile);
    assert!(made["application"]["bureau"].is_null(), "{made}");
    page.close().await;
}
