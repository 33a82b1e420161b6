//! How much a page weighs: what a browser that has never been here transfers for it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    browser::{Browser, text},
    roles::{TABLE, address},
};
use crate::app::{TestApp, application_for};

/// Half a second on a slow connection of 1 Mbit/s.
const MOST_BYTES: usize = 60_000;
const COMPRESSED: [(&str, &str); 1] = [("accept-encoding", "gzip")];

/// A store whose lists are full: of references that are long and not alike.
async fn filled(app: &TestApp) -> Value {
    let mut first = Value::Null;
    for number in 0_u32..60 {
        let mut application = application_for(["medical", "vacation", "car"][number as usize % 3]);
        let noise = |place: u32| u8::try_from((number * 31 + place * place * 7) % 90).expect("below 90");
        let reference: String = (0..120).map(|place| char::from(b'!' + noise(place))).collect();
        application["external_reference"] = format!("{reference}{number}").into();
        let made = app.service().submit(&application).await;
        if number == 0 {
            first = made;
        }
    }
    first
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_weighs_more_than_sixty_kilobytes_with_its_style_and_script() {
    let app = TestApp::spawn().await;
    let application = filled(&app).await;
    let (mut weights, mut assets) = (BTreeMap::new(), BTreeMap::new());
    for (_, path, admitted) in TABLE.iter().filter(|(method, ..)| *method == "GET") {
        let browser = Browser::signed_in(&app, admitted[0]).await;
        let address = address(path, &application);
        let page = browser.get(&address).await;
        if !page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            continue; // a file to download
        }
        let sent = browser.get_with(&address, &COMPRESSED).await;
        assert_eq!((sent.status.as_u16(), sent.header("content-encoding")), (200, Some("gzip")), "{path}");
        let mut weight = sent.body.len();
        for asset in text(&page).split('"').filter(|part| part.starts_with("/assets/")) {
            if !assets.contains_key(asset) {
                assets.insert(asset.to_owned(), browser.get_with(asset, &COMPRESSED).await.body.len());
            }
            weight += assets[asset];
        }
        weights.insert(*path, weight);
    }
    assert!(weights.len() > 12 && assets.len() >= 3, "{weights:?} {assets:?}");
    let heavy: Vec<_> = weights.iter().filter(|(_, weight)| **weight > MOST_BYTES).collect();
    assert!(heavy.is_empty(), "{heavy:?} of {weights:?}");
}
