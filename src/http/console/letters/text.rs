//! The words of the letter: an adverse action notice.
//!
//! What it must hold: 12 CFR 1002.9(a)(2) and (b) (Regulation B, for the Equal Credit Opportunity Act), whose notice stands
//! word for word because the regulation prescribes it; 15 U.S.C. 1681m(a) (Fair Credit Reporting Act, section 615(a))
//! where a consumer report was used, with the score as 15 U.S.C. 1681g(f)(1) says. `docs/letters.md` has the whole list.

use crate::{
    config::{Law, Lender},
    domain::{
        application::{Address, Applicant},
        language::Language,
        letter::{Block, Letter},
        reason::Reason,
    },
    http::console::{format::money, texts::Texts},
    policy::reasons::NO_BUREAU_FILE,
    service::letters::{Grounds, NotSet},
};

/// Writes the letter in the language of `t`.
///
/// # Errors
/// A setting that this letter must hold is not there.
pub fn write(t: Texts, lender: &Lender, grounds: &Grounds<'_>) -> Result<Letter, NotSet> {
    let mut body = Vec::new();
    if lender.is_invented {
        body.push(paragraph(t.letter_invented()));
    }
    body.extend([
        paragraph(opening(t, grounds)),
        Block::Heading { text: t.letter_reasons_title().to_owned() },
        paragraph(t.letter_reasons_text()),
        list(t, &grounds.view.decision.decision.reasons),
    ]);
    if lender.law == Law::Us {
        if uses_consumer_report(lender, grounds) {
            body.extend(consumer_report(t, lender)?);
            if lender.disclose_score {
                body.extend(score(t, lender, grounds));
            }
        }
        body.push(Block::Heading { text: t.letter_notice_title().to_owned() });
        body.push(paragraph(t.letter_notice(lines(&lender.agency).join(", "))));
        if t.language() != Language::English {
            body.push(paragraph(t.letter_english_on_request()));
        }
    }
    body.push(paragraph(match &lender.telephone {
        Some(telephone) => t.letter_questions_telephone(telephone.as_str()),
        None => t.letter_questions().to_owned(),
    }));
    Ok(Letter {
        language: t.language(),
        sender: [vec![lender.name.clone()], lines(&lender.address)].concat(),
        addressee: addressee(grounds.applicant),
        date: t.day(&grounds.now),
        subject: t.letter_subject().to_owned(),
        salutation: t.letter_salutation(full_name(grounds.applicant)),
        body,
        closing: vec![t.letter_closing().to_owned(), lender.name.clone()],
    })
}

fn paragraph(text: impl Into<String>) -> Block {
    Block::Paragraph { text: text.into() }
}

fn list(t: Texts, reasons: &[Reason]) -> Block {
    Block::List { items: reasons.iter().map(|reason| t.stated(reason).text).collect() }
}

fn lines(lines: &[String]) -> Vec<String> {
    lines.iter().filter(|line| !line.trim().is_empty()).cloned().collect()
}

fn opening(t: Texts, grounds: &Grounds<'_>) -> String {
    let (view, loan) = (grounds.view, &grounds.view.application.loan);
    let reference = view.application.external_reference.clone().unwrap_or_else(|| view.id.to_string());
    let amount = money(loan.amount.minor(), &loan.currency);
    t.letter_opening(amount, t.day(&view.received_at), loan.term_months.to_string(), reference)
}

/// Whether the decision rests on a report of a consumer reporting agency, that it has none included.
fn uses_consumer_report(lender: &Lender, grounds: &Grounds<'_>) -> bool {
    let (application, reasons) = (&grounds.view.application, &grounds.view.decision.decision.reasons);
    application.bureau.is_some()
        || reasons.iter().any(|reason| reason.code.as_str() == NO_BUREAU_FILE.code)
        || (lender.bureau.for_attributes && !application.attributes.is_empty())
}

fn consumer_report(t: Texts, lender: &Lender) -> Result<[Block; 4], NotSet> {
    let bureau = &lender.bureau;
    if !bureau.is_set() {
        return Err(NotSet("lender.bureau"));
    }
    let agency = [vec![bureau.name.clone()], lines(&bureau.address), vec![bureau.telephone.clone()]].concat();
    Ok([
        Block::Heading { text: t.letter_report_title().to_owned() },
        paragraph(t.letter_report_text()),
        Block::Lines { lines: agency },
        paragraph(t.letter_report_rights()),
    ])
}

fn score(t: Texts, lender: &Lender, grounds: &Grounds<'_>) -> Vec<Block> {
    let score = grounds.score;
    let facts = vec![
        t.letter_score_number(score.score.to_string()),
        t.letter_score_date(t.day(&score.computed_at)),
        t.letter_score_range(score.greatest.to_string(), score.least.to_string()),
        t.letter_score_provider(lender.name.as_str()),
    ];
    let mut blocks = vec![
        Block::Heading { text: t.letter_score_title().to_owned() },
        paragraph(t.letter_score_text()),
        Block::Lines { lines: facts },
    ];
    if !score.key_factors.is_empty() {
        blocks.extend([paragraph(t.letter_score_factors()), list(t, &score.key_factors)]);
    }
    blocks
}

/// Name and address, a line each.
fn addressee(applicant: &Applicant) -> Vec<String> {
    let mut lines = vec![full_name(applicant)];
    if let Some(Address { lines: streets, city, region, postal_code, country }) = &applicant.address {
        lines.extend(streets.iter().cloned());
        let place = [Some(city), region.as_ref(), postal_code.as_ref()].into_iter().flatten();
        lines.push(place.map(String::as_str).collect::<Vec<_>>().join(" "));
        lines.push(country.clone());
    }
    lines
}

/// A name as its owner writes it: in Chinese characters the family name stands first, without a space.
#[must_use]
pub fn full_name(applicant: &Applicant) -> String {
    let Applicant { given_name, family_name, .. } = applicant;
    let is_chinese = |name: &str| name.chars().all(|letter| matches!(letter, '\u{4e00}'..='\u{9fff}'));
    if is_chinese(given_name) && is_chinese(family_name) {
        return format!("{family_name}{given_name}");
    }
    format!("{given_name} {family_name}")
}
