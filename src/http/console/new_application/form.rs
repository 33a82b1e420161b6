//! The whole form: empty, or as it was sent.

use serde_json::{Value, json};

use super::{
    faults::{self, Circumstances},
    fields::{self, Field, Group, Kind},
    typed,
};
use crate::{
    domain::fault::Fault,
    http::console::{forms::Fields, texts::Texts},
    model::Model,
};

/// The group of the credit bureau's file, and the field that says whether there is one.
pub(super) const BUREAU: &str = "bureau";
/// What that field says when there is none.
const NO_FILE: &str = "none";

/// The form.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) groups: Vec<Group>,
    /// Whether the bureau has a file; without one its fields are not looked at.
    pub(super) has_file: bool,
    t: Texts,
    currency_of_model: Option<String>,
    reads_finances: bool,
}

/// A fault, and the field that it is about; none where the form has no field for it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) id: Option<String>,
    pub(super) text: String,
}

impl Form {
    /// An empty form for a model.
    pub(super) fn new(t: Texts, model: &Model) -> Self {
        let mut form = Self {
            groups: fields::groups(t, model),
            has_file: true,
            t,
            currency_of_model: model.schema().currency.clone(),
            reads_finances: model.extractor().reads_finances(),
        };
        let currency = form.currency_of_model.clone();
        for field in form.fields_mut().filter(|field| field.kind == Kind::Currency) {
            field.value = currency.clone().unwrap_or_default();
        }
        form
    }

    /// The form with what was typed into it.
    pub(super) fn sent(t: Texts, model: &Model, sent: &Fields) -> Self {
        let mut form = Self::new(t, model);
        form.has_file = sent.raw(BUREAU) != NO_FILE;
        for field in form.fields_mut() {
            sent.text(&field.pointer).clone_into(&mut field.value);
        }
        form
    }

    /// The application that it says, as the API is told it. The same fields give the same bytes.
    pub(super) fn body(&self) -> String {
        let mut body = json!({"applicant": {}, "loan": {}, "employment": {}});
        if self.reads_finances {
            body["finances"] = json!({});
        }
        if self.has_file {
            body["bureau"] = json!({});
        }
        let currency = self.currency();
        for field in self.fields().filter(|field| !field.value.is_empty()) {
            place(&mut body, &field.pointer, value_of(field, &currency));
        }
        body.to_string()
    }

    /// Puts faults beside their fields, in the words of whoever fills in the form.
    pub(super) fn tell(&mut self, faults: &[Fault]) -> Vec<Told> {
        let currency = self.currency();
        let currency_of_model = self.currency_of_model.clone();
        let around = Circumstances { currency: &currency, currency_of_model: currency_of_model.as_deref() };
        let t = self.t;
        let mut homeless = Vec::new();
        for fault in faults {
            let mut is_told = false;
            for field in self.asked_mut().filter(|field| is_about(fault, field)) {
                is_told = true;
                let value = value_of(field, &currency);
                let text = faults::text(t, fault, (field, &value), around);
                // The first is enough: it comes from the value itself.
                field.fault.get_or_insert(text);
            }
            if !is_told {
                homeless.push(Told { id: None, text: t.intake_fault_other(&fault.message) });
            }
        }
        self.told().chain(homeless).collect()
    }

    /// What is wrong with which field, in the form's order.
    fn told(&self) -> impl Iterator<Item = Told> {
        self.fields().filter_map(|field| {
            let text = self.t.intake_fault_of(field.label.as_ref(), field.fault.as_deref()?);
            Some(Told { id: Some(field.id.clone()), text })
        })
    }

    /// The fields that count: not those of a file that there is not.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        let asked = |group: &&Group| self.has_file || group.id != BUREAU;
        self.groups.iter().filter(asked).flat_map(|group| &group.fields)
    }

    fn asked_mut(&mut self) -> impl Iterator<Item = &mut Field> {
        let has_file = self.has_file;
        self.groups.iter_mut().filter(move |group| has_file || group.id != BUREAU).flat_map(|group| &mut group.fields)
    }

    fn fields_mut(&mut self) -> impl Iterator<Item = &mut Field> {
        self.groups.iter_mut().flat_map(|group| &mut group.fields)
    }

    /// The currency that amounts are in.
    fn currency(&self) -> String {
        let field = self.fields().find(|field| field.kind == Kind::Currency);
        field.map_or_else(String::new, |field| typed::code(&field.value))
    }
}

/// Whether a fault is shown at a field: it is about its value or a part of it, or about a missing section in which the
/// field is one that must be given.
fn is_about(fault: &Fault, field: &Field) -> bool {
    let is_within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    fault.pointer == field.pointer
        || is_within(&fault.pointer, &field.pointer)
        || (field.must_be_given() && is_within(&field.pointer, &fault.pointer))
}

/// What was typed, as an application has it.
fn value_of(field: &Field, currency: &str) -> Value {
    let text = field.value.as_str();
    match field.kind {
        Kind::Money => typed::money(text, currency),
        Kind::Whole => typed::whole(text),
        Kind::Number => typed::number(text),
        Kind::Share => typed::share(text),
        Kind::Day => typed::day(text),
        Kind::Phone => typed::phone(text),
        Kind::Country | Kind::Currency => typed::code(text).into(),
        Kind::Lines => typed::lines(text),
        Kind::Boolean(_) => typed::boolean(text),
        Kind::Line | Kind::Email | Kind::Choice(_) => text.into(),
    }
}

/// Puts a value at its place; the objects around it are made where they are not.
fn place(body: &mut Value, pointer: &str, value: Value) {
    let mut at = body;
    for token in pointer.split('/').skip(1) {
        at = &mut at[token.replace("~1", "/").replace("~0", "~")];
    }
    *at = value;
}
