//! Pictures of the console's main pages.

use std::{fs, net::SocketAddr, path::Path};

use anyhow::Context as _;
use underwright::domain::principal::Role;

use crate::browser::{Look, Page};

const PHONE: Look = Look { width: 390, height: 844, ..Look::DESK };

/// A picture: its file, how one looks, as whom, where.
struct Shot {
    name: &'static str,
    look: Look,
    role: Role,
    path: &'static str,
}

const fn shot(name: &'static str, look: Look, role: Role, path: &'static str) -> Shot {
    Shot { name, look, role, path }
}

const DARK: Look = Look { dark: true, ..Look::DESK };
const CHINESE: Look = Look::CHINESE;
const CHINESE_DARK: Look = Look { dark: true, ..Look::CHINESE };
const PHONE_DARK: Look = Look { dark: true, ..PHONE };
const PHONE_CHINESE: Look = Look { language: "zh-CN", ..PHONE };

/// In place of a path: the page of the application that has waited longest.
const FIRST_WAITING: &str = "first waiting";
/// In place of a path: the form for a new application, half filled in, with a fault.
const NEW_APPLICATION: &str = "new application";
const TALL: Look = Look { height: 1_500, ..Look::DESK };

const SHOTS: &[Shot] = &[
    shot("home", Look::DESK, Role::Officer, "/"),
    shot("home-dark", DARK, Role::Officer, "/"),
    shot("home-zh", CHINESE, Role::Officer, "/"),
    shot("home-phone", PHONE, Role::Officer, "/"),
    shot("applications", Look { height: 820, ..Look::DESK }, Role::Manager, "/applications"),
    shot("applications-zh", Look { height: 820, ..CHINESE }, Role::Manager, "/applications"),
    shot("waiting-phone-zh", PHONE_CHINESE, Role::Officer, "/waiting"),
    shot("application", TALL, Role::Officer, FIRST_WAITING),
    shot("application-zh-dark", Look { height: 1_500, ..CHINESE_DARK }, Role::Officer, FIRST_WAITING),
    shot("application-phone", PHONE, Role::Officer, FIRST_WAITING),
    shot("new-application", TALL, Role::Officer, NEW_APPLICATION),
    shot("new-application-zh-dark", Look { height: 1_500, ..CHINESE_DARK }, Role::Officer, NEW_APPLICATION),
    shot("new-application-phone-zh", PHONE_CHINESE, Role::Officer, NEW_APPLICATION),
    shot("model", Look::DESK, Role::Risk, "/models/personal-loan/1"),
    shot("policy", Look::DESK, Role::Risk, "/policy"),
    shot("policy-zh-dark", CHINESE_DARK, Role::Risk, "/policy"),
    shot("policy-phone-dark", PHONE_DARK, Role::Risk, "/policy"),
    shot("audit", Look::DESK, Role::Auditor, "/audit"),
    shot("audit-entry", Look::DESK, Role::Auditor, "/audit/4"),
    shot("verification", DARK, Role::Auditor, "/audit/verification"),
    shot("sign-in-zh", CHINESE, Role::Officer, "/sign-in"),
];

/// Takes every picture, or those that are named.
pub(crate) async fn take(server: SocketAddr, folder: &Path, only: &[String]) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let taken = || SHOTS.iter().filter(|shot| only.is_empty() || only.iter().any(|name| name == shot.name));
    verify(server).await;
    for Shot { name, look, role, path } in taken() {
        let page = Page::open_at(server, *look).await;
        if *path != "/sign-in" {
            page.sign_in(*role).await;
            match *path {
                FIRST_WAITING => {
                    page.go("/waiting").await;
                    page.click("table.links tbody a").await;
                }
                NEW_APPLICATION => fill_in(&page).await,
                path => page.go(path).await,
            }
        }
        let file = folder.join(format!("{name}.png"));
        let picture = page.picture().await;
        fs::write(&file, &picture).with_context(|| format!("cannot write {}", file.display()))?;
        println!("{} ({} KB)", file.display(), picture.len() / 1_000);
        page.close().await;
    }
    Ok(())
}

/// Types into the form what an officer has so far.
async fn fill_in(page: &Page) {
    page.go("/applications/new").await;
    for (id, text) in [
        ("applicant-reference", "C-70203"),
        ("applicant-given_name", "Ines"),
        ("applicant-family_name", "Bergström"),
        ("applicant-date_of_birth", "1988-03-14"),
        ("applicant-address-lines", "12 Elm Street"),
        ("applicant-address-city", "Madison"),
        ("applicant-address-country", "US"),
        ("loan-amount", "14,00"),
        ("loan-term_months", "36"),
    ] {
        page.fill(&format!("#{id}"), text).await;
    }
    page.click("#loan-purpose option[value=home_improvement]").await;
    page.find("#loan-amount[aria-invalid]").await;
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)").await;
}

/// Has the log verified, as an auditor does in the morning.
async fn verify(server: SocketAddr) {
    let page = Page::open_at(server, Look::DESK).await;
    page.sign_in(Role::Auditor).await;
    page.go("/audit/verification").await;
    page.click("form[action='/audit/verification'] button").await;
    page.sees("The log is intact").await;
    page.close().await;
}
