//! The fields of a form that was sent.

use actix_web::{HttpRequest, dev::Payload, http::header, web::Data};

use crate::http::{
    BodyLimits, Context,
    extract::read_body,
    problem::{Code, Problem},
};

/// What a form's fields hold, by name, in the order sent.
#[derive(Debug, Default, Clone)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a body of `application/x-www-form-urlencoded`, or a query.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        Self(pairs(text))
    }

    /// What was typed into a field, without the white space around it; empty when there is no such field.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// As [`Fields::text`], with the white space around it: a password.
    #[must_use]
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field that may be sent several times: of check boxes.
    pub fn all<'fields>(&'fields self, name: &'fields str) -> impl Iterator<Item = &'fields str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether a field was sent, empty or not.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(text);
    // Any text is pairs: what has no `=` is a name without a value.
    actix_web::web::Query::<Vec<(String, String)>>::from_query(&text)
        .map(actix_web::web::Query::into_inner)
        .unwrap_or_default()
}

/// Reads a form's body, within the limits of every body.
pub(super) async fn read(request: &HttpRequest, payload: Payload) -> Result<Fields, Problem> {
    let limits = limits(request)?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
        return Err(Problem::new(Code::UnsupportedMediaType, "A form is sent as `application/x-www-form-urlencoded`."));
    }
    Ok(Fields::parse(&read_body(payload, limits).await?))
}

fn limits(request: &HttpRequest) -> Result<BodyLimits, Problem> {
    let context = request.app_data::<Data<Context>>();
    context.map(|context| context.body).ok_or_else(|| Problem::internal(&"the server has no context"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_name_and_what_is_no_form_has_none() {
        let fields = Fields::parse(b"note=+two+words%0A&reason=a&reason=b&empty=");
        assert_eq!(fields.text("note"), "two words");
        assert_eq!(fields.raw("note"), " two words\n");
        assert_eq!(fields.all("reason").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((fields.has("empty"), fields.has("missing"), fields.text("missing")), (true, false, ""));
        assert_eq!(Fields::parse(b"\xff\xfe%zz=%ff").text("note"), "");
    }
}
