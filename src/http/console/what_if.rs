//! What would change the answer to an application: the largest loan that would be approved, what else would be enough,
//! and `/applications/{id}/what-if`, which answers another amount and term.
//!
//! A page's script asks the same address as its form does, and takes the result out of the page that it is answered. What
//! was scored never leaves the server for it, and nothing is stored.

mod tried;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

pub use self::tried::Tried;
use super::{
    SignedIn, Viewer,
    format::{amount, minor_digits, money},
    forms::Fields,
    page_with,
    texts::Texts,
};
use crate::{
    decide::{
        counterfactual::{Change, Lever, Offer, Question, Search, round_step},
        pipeline::Decider,
        record::DecisionRecord,
    },
    domain::{decision::Outcome, money::Money},
    http::{
        Context,
        extract::{path_id, permit},
        problem::Problem,
    },
    service::{applications, comparable::Comparable, earlier},
};

/// An application that was approved is tried up to so many times the amount asked for.
const REACH: i64 = 4;
/// Terms that at least one in so many ask for are tried.
const USUAL: usize = 50;
/// At most so many of them.
const MOST_TERMS: usize = 4;
/// The slider of amounts has about so many stops.
const STOPS: i64 = 200;
/// The longest term that an application may ask for, in months.
const LONGEST_TERM: u16 = 480;

/// What would change the answer, for the page of an application.
#[derive(Debug)]
pub struct WhatIf {
    /// What it comes to, in a sentence.
    pub lead: String,
    /// The largest amount for each term.
    pub offers: Vec<OfferRow>,
    /// What else would be enough by itself.
    pub changes: Vec<String>,
    pub form: Form,
    pub tried: Tried,
}

#[derive(Debug)]
pub struct OfferRow {
    pub term: String,
    pub amount: String,
    pub score: String,
}

/// The fields for another amount and term, and how far their sliders go.
#[derive(Debug)]
pub struct Form {
    pub currency: String,
    /// As typed, or a plain number: `20300.00`.
    pub amount: String,
    pub term: String,
    pub amounts: Stops,
    pub terms: Stops,
    pub wrong_amount: bool,
    pub wrong_term: bool,
}

/// Where a slider stops, in the main unit.
#[derive(Debug)]
pub struct Stops {
    pub from: String,
    pub to: String,
    pub step: String,
}

#[derive(Template)]
#[template(path = "what_if.html")]
struct Page<'a> {
    viewer: &'a Viewer,
    t: Texts,
    id: String,
    form: Form,
    tried: Tried,
}

/// `GET /applications/{id}/what-if?amount=20000&term=36`
pub async fn show(
    who: SignedIn<permit::ReviewApplication>,
    request: HttpRequest,
    context: Data<Context>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&id)?;
    let record = applications::record(&context.app, who.principal(), id).await?;
    let decider = earlier::decider_of(&context.app, &record.decision).await?.ok_or_else(Problem::not_found)?;
    let fields = Fields::parse(request.query_string().as_bytes());
    let mut form = Form::of(&decider, &record);
    let (amount, term) = form.read(&fields, &record);
    let tried = match amount.zip(term) {
        Some((amount, term)) => Tried::of((&decider, &record), amount, term, who.t),
        None => Tried::Refused(vec![who.t.what_if_wrong(u64::from(LONGEST_TERM))]),
    };
    let status = if matches!(tried, Tried::Refused(_)) { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page_with(status, &Page { viewer: &who, t: who.t, id: id.to_string(), form, tried })
}

impl WhatIf {
    /// Looks for it.
    #[must_use]
    pub fn of(decider: &Decider, record: &DecisionRecord, comparable: &Comparable, t: Texts) -> Self {
        let loan = &record.application.loan;
        let question = Question::of(decider, record);
        let is_approved = record.decision.outcome == Outcome::Approve;
        let top = if is_approved { loan.amount.minor().saturating_mul(REACH) } else { loan.amount.minor() };
        let top = Money::from_minor(top.min(Money::MAX_MINOR)).unwrap_or(loan.amount);
        let search = question.largest_approved(&terms(decider, record, comparable), top);
        let changes = question.changes();
        Self {
            lead: lead(&search, record, t),
            offers: if search.matters { rows(&search, &loan.currency, t) } else { Vec::new() },
            changes: changes.iter().filter_map(|change| enough(change, &loan.currency, t)).collect(),
            form: Form::of(decider, record),
            tried: Tried::of((decider, record), loan.amount, loan.term_months, t),
        }
    }
}

/// The term asked for, then those that others ask for, where the model reads it.
fn terms(decider: &Decider, record: &DecisionRecord, comparable: &Comparable) -> Vec<u16> {
    let own = record.application.loan.term_months;
    let mut terms = vec![own];
    if let (Comparable::Sample(sample), Some(index)) = (comparable, term_index(decider)) {
        let usual = sample.spread(index).map(|spread| spread.usual(USUAL)).unwrap_or_default();
        terms.extend(usual.into_iter().filter_map(whole_months).filter(|term| *term != own));
    }
    terms.truncate(MOST_TERMS);
    terms
}

/// The feature that is the term as it was asked for.
fn term_index(decider: &Decider) -> Option<usize> {
    let is_term = |source: &Option<String>| source.as_deref() == Some("/loan/term_months");
    decider.model().schema().features.iter().position(|feature| is_term(&feature.source) && feature.scale.is_none())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a small whole number")]
fn whole_months(term: f64) -> Option<u16> {
    (term.fract() == 0.0 && term >= 1.0 && term <= f64::from(LONGEST_TERM)).then_some(term as u16)
}

/// What the search comes to.
fn lead(search: &Search, record: &DecisionRecord, t: Texts) -> String {
    let loan = &record.application.loan;
    let (is_approved, currency) = (record.decision.outcome == Outcome::Approve, loan.currency.as_str());
    if !search.matters {
        return t.what_if_no_matter().to_owned();
    }
    // Of equal amounts the one over the term that was asked for, which is tried first.
    let best = search.offers.iter().filter_map(|offer| offer.answer);
    let best = best.reduce(|best, next| if next.amount > best.amount { next } else { best });
    let Some(best) = best else { return t.what_if_never(money(search.top.minor(), currency)) };
    let (amount, term) = (money(best.amount.minor(), currency), best.term_months);
    match (is_approved, best.amount == search.top) {
        (true, true) => t.what_if_still_everywhere(amount, term),
        (true, false) => t.what_if_still(amount, term),
        (false, true) => t.what_if_other_term(term),
        (false, false) => t.what_if_smaller(amount, term),
    }
}

fn rows(search: &Search, currency: &str, t: Texts) -> Vec<OfferRow> {
    let row = |Offer { term_months, answer }: &Offer| OfferRow {
        term: t.what_if_months(*term_months),
        amount: match answer {
            Some(answer) if answer.amount == search.top => t.what_if_at_least(money(answer.amount.minor(), currency)),
            Some(answer) => money(answer.amount.minor(), currency),
            None => t.what_if_none().to_owned(),
        },
        score: answer.map_or_else(|| "\u{2013}".to_owned(), |answer| answer.score.to_string()),
    };
    search.offers.iter().map(row).collect()
}

/// A change that would be enough, in a sentence.
fn enough(change: &Change, currency: &str, t: Texts) -> Option<String> {
    let from = money(change.from.minor(), currency);
    let Some((to, answer)) = change.to else {
        let best = change.best_score.to_string();
        return Some(match change.lever {
            Lever::MonthlyDebts => t.what_if_debts_not_enough(best, from),
            Lever::RevolvingBalances => t.what_if_balances_not_enough(best, from),
        });
    };
    // As it is, it would be approved: something else was in the way when it was decided.
    if to == change.from {
        return None;
    }
    let (to, score) = (money(to.minor(), currency), answer.score.to_string());
    Some(match change.lever {
        Lever::MonthlyDebts => t.what_if_debts(from, score, to),
        Lever::RevolvingBalances => t.what_if_balances(from, score, to),
    })
}

impl Form {
    fn of(decider: &Decider, record: &DecisionRecord) -> Self {
        let loan = &record.application.loan;
        let plain = |minor: i64| amount(minor, &loan.currency).replace(',', "");
        let asked = loan.amount.minor();
        let step = round_step(loan.amount, STOPS / 2).max(1);
        // The stops pass through the amount that was asked for.
        let first = if asked % step == 0 { step } else { asked % step };
        let last = first + step * ((asked.saturating_mul(2) - first) / step).max(1);
        let term = loan.term_months;
        let known = term_index(decider).and_then(|index| decider.model().training_range(index));
        let [least, most] = known.map_or([None; 2], |range| range.map(whole_months));
        let jump = [12, 6, 3].into_iter().find(|jump| term.is_multiple_of(*jump)).unwrap_or(1);
        let (least, most) = (least.unwrap_or(jump).min(term), most.unwrap_or(term.saturating_mul(2)).max(term));
        let stops = |from: u16, to: u16, step: u16| Stops {
            from: from.to_string(),
            to: to.to_string(),
            step: step.to_string(),
        };
        Self {
            currency: loan.currency.clone(),
            amount: plain(asked),
            term: term.to_string(),
            amounts: Stops { from: plain(first), to: plain(last.min(Money::MAX_MINOR)), step: plain(step) },
            // From the term that was asked for in equal jumps to either side.
            terms: stops(term - (term - least) / jump * jump, most.min(LONGEST_TERM), jump),
            wrong_amount: false,
            wrong_term: false,
        }
    }

    /// What was typed; a field that was not sent stays as the loan was asked for.
    fn read(&mut self, fields: &Fields, record: &DecisionRecord) -> (Option<Money>, Option<u16>) {
        let loan = &record.application.loan;
        let (mut amount, mut term) = (Some(loan.amount), Some(loan.term_months));
        if fields.has("amount") {
            fields.text("amount").clone_into(&mut self.amount);
            amount = typed_amount(&self.amount, &loan.currency);
        }
        if fields.has("term") {
            fields.text("term").clone_into(&mut self.term);
            term = self.term.parse().ok().filter(|term| (1..=LONGEST_TERM).contains(term));
        }
        (self.wrong_amount, self.wrong_term) = (amount.is_none(), term.is_none());
        (amount, term)
    }
}

/// An amount in the main unit, above zero, with no more digits behind the point than the currency has; commas between
/// digits are read over.
fn typed_amount(text: &str, currency: &str) -> Option<Money> {
    let text = text.replace(',', "");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = minor_digits(currency);
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 16 || fraction.len() > digits || !is_plain(whole) || !is_plain(fraction) {
        return None;
    }
    let minor: i64 = format!("{whole}{fraction:0<digits$}").parse().ok()?;
    Money::from_minor(minor).filter(|money| money.minor() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_in_its_currency_s_own_unit_and_nothing_else_is() {
        let read = |text, currency| typed_amount(text, currency).map(Money::minor);
        assert_eq!(read("20,300.5", "USD"), Some(2_030_050));
        assert_eq!(read("20300", "USD"), Some(2_030_000));
        assert_eq!(read("20300", "JPY"), Some(20_300));
        assert_eq!(read("1.234", "KWD"), Some(1_234));
        for wrong in ["", "0", "0.00", "-5", "1e5", "1.234", "x", ".5", "1.2.3", "+1", "99999999999999999999", "١"] {
            assert_eq!(read(wrong, "USD"), None, "{wrong}");
        }
        assert_eq!(read("1.5", "JPY"), None);
        assert_eq!(read("90071992547409.92", "USD"), None, "more than is kept exactly");
    }
}
