//! What a browser does with the console: keeps cookies, says where a request comes from, reads pages.

use std::{cell::RefCell, collections::BTreeMap, fmt::Write};

use reqwest::Method;
use underwright::domain::principal::Role;

use crate::app::{
    TestApp,
    client::{Client, Received, send},
};

/// A browser at the console. It follows no redirect by itself.
pub(crate) struct Browser {
    http: Client,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Browser {
    pub(crate) fn new(app: &TestApp) -> Self {
        Self { http: app.anonymous(), cookies: RefCell::default() }
    }

    /// A browser that is signed in as a role, as development mode does it.
    pub(crate) async fn signed_in(app: &TestApp, role: Role) -> Self {
        let browser = Self::new(app);
        let answer = browser.post("/sign-in/development", &[("role", &role.to_string())]).await;
        assert_eq!(answer.status, 303, "{}", text(&answer));
        browser
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// Asks for a page.
    pub(crate) async fn get(&self, path: &str) -> Received {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Received {
        self.send(Method::GET, path, headers, None).await
    }

    /// The page's HTML, which must be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", text(&answer));
        text(&answer)
    }

    /// Sends a form from a page of this server. It has no form token unless it stands in `fields`.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Received {
        self.post_with(path, &[("sec-fetch-site", "same-origin")], fields).await
    }

    pub(crate) async fn post_with(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Received {
        self.send(Method::POST, path, headers, Some(encoded(fields))).await
    }

    /// Sends a form with the token of the page that it stands on.
    pub(crate) async fn submit(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Received {
        let token = form_token(&self.page(page).await);
        let mut fields = fields.to_vec();
        fields.push(("form_token", &token));
        self.post(path, &fields).await
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], form: Option<String>) -> Received {
        let mut request = self.http.request(method, path).header("accept", "text/html,*/*;q=0.8");
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(form) = form {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        let answer = send(request).await;
        for cookie in answer.headers.get_all("set-cookie") {
            self.take(cookie.to_str().expect("a cookie is text"));
        }
        answer
    }

    fn take(&self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').expect("a cookie has attributes");
        let (name, value) = pair.split_once('=').expect("a name and a value");
        if attributes.contains("Max-Age=0") {
            self.cookies.borrow_mut().remove(name);
        } else {
            self.set_cookie(name, value);
        }
    }
}

/// The body as text.
pub(crate) fn text(answer: &Received) -> String {
    String::from_utf8(answer.body.clone()).expect("UTF-8")
}

/// The form token of a page.
pub(crate) fn form_token(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"form-token\" content=\"").expect("a form token");
    rest.split('"').next().expect("an attribute's end").to_owned()
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        text.bytes().fold(String::new(), |mut escaped, byte| {
            write!(escaped, "%{byte:02X}").expect("a String takes all text");
            escaped
        })
    };
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}
