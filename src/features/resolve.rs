//! From a schema as it is written to slots that can be read, with every fault at once.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    formula::{self, Formula},
    protected,
    schema::{Feature, Kind, Schema, SchemaError},
    slot::{Content, Operand, Reading, Scale, Slot, Source, parse_date, parse_number},
    source::{self, Access},
};

/// The most values (features and inputs) that a schema may name.
const MAX_VALUES: usize = 4_096;

/// A schema, resolved.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The features, in the schema's order, then the inputs.
    pub(super) slots: Vec<Slot>,
    /// An order of the slots in which each stands after what it is computed from.
    pub(super) order: Vec<usize>,
    /// The columns of a training file that are read, each once.
    pub(super) columns: Vec<String>,
}

/// Resolves a schema, or names every fault of it.
pub(super) fn resolve(schema: &Schema) -> Result<Plan, SchemaError> {
    if schema.features.len() + schema.inputs.len() > MAX_VALUES {
        return Err(SchemaError { faults: vec![format!("there are more than {MAX_VALUES} features and inputs")] });
    }
    let mut resolver =
        Resolver { entries: schema.features.iter().chain(&schema.inputs).collect(), ..Resolver::default() };
    resolver.check_schema(schema);
    let mut slots = Vec::with_capacity(resolver.entries.len());
    for index in 0..resolver.entries.len() {
        slots.push(resolver.resolve_entry(index, index < schema.features.len()));
    }
    let order = resolver.order(&slots);
    if resolver.faults.is_empty() {
        return Ok(Plan { slots: slots.into_iter().flatten().collect(), order, columns: resolver.columns });
    }
    Err(SchemaError { faults: resolver.faults })
}

#[derive(Default)]
struct Resolver<'a> {
    entries: Vec<&'a Feature>,
    columns: Vec<String>,
    faults: Vec<String>,
}

impl Resolver<'_> {
    fn fault(&mut self, entry: &Feature, what: impl AsRef<str>) {
        self.faults.push(format!("`{}`: {}", entry.name, what.as_ref()));
    }

    fn check_schema(&mut self, schema: &Schema) {
        if schema.features.is_empty() {
            self.faults.push("there is no [[feature]]; a model needs at least one".to_owned());
        }
        let mut seen = BTreeSet::new();
        for entry in self.entries.clone() {
            if !seen.insert(entry.name.as_str()) {
                self.fault(entry, "the name is used twice");
            }
        }
        let well_formed = |currency: &String| currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
        if schema.currency.as_ref().is_some_and(|currency| !well_formed(currency)) {
            self.faults.push("`currency` must be an ISO 4217 code such as USD".to_owned());
        }
    }

    fn resolve_entry(&mut self, index: usize, scored: bool) -> Option<Slot> {
        let entry = self.entries[index];
        let before = self.faults.len();
        self.check_names(entry);
        self.check_scoring(entry, scored);
        let slot = if entry.derive.is_some() {
            self.resolve_derived(entry)
        } else {
            self.resolve_reading(entry).map(Slot::Read)
        };
        slot.filter(|_| self.faults.len() == before)
    }

    fn check_names(&mut self, entry: &Feature) {
        let well_formed = entry.name.len() <= 64
            && entry.name.starts_with(|c: char| c.is_ascii_lowercase())
            && entry.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !well_formed {
            self.fault(
                entry,
                "a name begins with a lower-case letter and has at most 64 lower-case letters, digits and _",
            );
        }
        for (what, text) in
            [("name", Some(&entry.name)), ("column", entry.column.as_ref()), ("source", entry.source.as_ref())]
        {
            if let Some(word) = text.and_then(|text| protected::word_in(text)) {
                self.fault(
                    entry,
                    format!("its {what} says `{word}`; age, sex, marital status, nationality, race and religion are never inputs"),
                );
            }
        }
    }

    fn check_scoring(&mut self, entry: &Feature, scored: bool) {
        if scored && entry.reason.is_none() {
            self.fault(entry, "has no `reason`; every feature needs a reason code, such as UW-INCOME");
        }
        if scored && entry.kind == Kind::Date {
            self.fault(entry, "a date is not a feature; declare an [[input]] and derive months_between(…) from it");
        }
        if !scored && !entry.monotone.is_free() {
            self.fault(entry, "an input is not scored, so `monotone` says nothing");
        }
        if entry.kind == Kind::Category && !entry.monotone.is_free() {
            self.fault(entry, "categories have no order, so `monotone` says nothing");
        }
    }

    fn resolve_derived(&mut self, entry: &Feature) -> Option<Slot> {
        let only_read = [
            ("column", entry.column.is_some()),
            ("source", entry.source.is_some()),
            ("scale", entry.scale.is_some()),
            ("column_values", !entry.column_values.is_empty()),
            ("categories", !entry.categories.is_empty()),
            ("min", entry.min.is_some()),
            ("max", entry.max.is_some()),
        ];
        for (what, _) in only_read.into_iter().filter(|(_, given)| *given) {
            self.fault(entry, format!("is derived, so it has no `{what}`"));
        }
        if entry.kind != Kind::Number {
            self.fault(entry, "is derived, so its kind is number");
        }
        let formula = Formula::parse(entry.derive.as_deref()?).map_err(|message| self.fault(entry, message)).ok()?;
        let [a, b] = &formula.operands;
        let operands = [self.operand(entry, &formula, a), self.operand(entry, &formula, b)];
        let [Some(a), Some(b)] = operands else { return None };
        Some(Slot::Derived { function: formula.function, operands: [a, b] })
    }

    fn operand(&mut self, entry: &Feature, formula: &Formula, operand: &formula::Operand) -> Option<Operand> {
        let wants = if formula.function.reads_dates() { Kind::Date } else { Kind::Number };
        let name = match operand {
            formula::Operand::Constant(number) if wants == Kind::Number => return Some(Operand::Constant(*number)),
            formula::Operand::Constant(_) => {
                self.fault(entry, "a formula over dates reads no numbers");
                return None;
            }
            formula::Operand::Name(name) => name,
        };
        let Some(index) = self.entries.iter().position(|other| other.name == *name) else {
            self.fault(entry, format!("is derived from `{name}`, which is no feature and no input of this schema"));
            return None;
        };
        if self.entries[index].kind != wants {
            let kind = if wants == Kind::Date { "a date" } else { "a number" };
            self.fault(entry, format!("is derived from `{name}`, which is not {kind}"));
            return None;
        }
        Some(Operand::Slot(index))
    }

    fn resolve_reading(&mut self, entry: &Feature) -> Option<Reading> {
        if entry.column.is_none() || entry.source.is_none() {
            self.fault(entry, "needs a `column` (training file) and a `source` (application), or a `derive`");
        }
        let scale = entry.scale.unwrap_or(1.0);
        if !scale.is_finite() || scale <= 0.0 {
            self.fault(entry, "`scale` must be a number above 0");
        }
        let (min, max) = (entry.min.unwrap_or(f64::NEG_INFINITY), entry.max.unwrap_or(f64::INFINITY));
        if min.is_nan() || max.is_nan() || min > max {
            self.fault(entry, "`min` must not be above `max`");
        }
        if entry.kind != Kind::Number && (entry.scale.is_some() || entry.min.is_some() || entry.max.is_some()) {
            self.fault(entry, "`scale`, `min` and `max` are for numbers");
        }
        let content = self.content(entry);
        let words = self.words(entry, &content);
        let source = self.source(entry, entry.source.as_deref()?, &content)?;
        let column = self.column(entry.column.as_deref()?);
        Some(Reading { source, column, words, content, scale: Scale::new(scale), min, max })
    }

    fn column(&mut self, name: &str) -> usize {
        self.columns.iter().position(|column| column == name).unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        })
    }

    fn content(&mut self, entry: &Feature) -> Content {
        if entry.kind != Kind::Category && !entry.categories.is_empty() {
            self.fault(entry, "has `categories`, so its kind must be category");
        }
        match entry.kind {
            Kind::Number => Content::Number,
            Kind::Boolean => Content::Boolean,
            Kind::Date => Content::Date,
            Kind::Category => Content::Category(self.categories(entry)),
        }
    }

    fn categories(&mut self, entry: &Feature) -> BTreeMap<String, f64> {
        if entry.categories.is_empty() {
            self.fault(entry, "is a category, so it needs `categories`");
        }
        let mut codes = BTreeMap::new();
        for (category, code) in entry.categories.iter().zip(0_u32..) {
            if category.is_empty() || category.trim() != category {
                self.fault(entry, "a category is empty, or begins or ends with a space");
            }
            if codes.insert(category.clone(), f64::from(code)).is_some() {
                self.fault(entry, format!("the category `{category}` is listed twice"));
            }
        }
        codes
    }

    /// What cells mean that do not stand for themselves: `column_values`, and a boolean's spellings.
    fn words(&mut self, entry: &Feature, content: &Content) -> BTreeMap<String, f64> {
        let mut words = BTreeMap::new();
        if matches!(content, Content::Boolean) {
            let spellings = [("true", 1.0), ("false", 0.0), ("1", 1.0), ("0", 0.0)];
            words.extend(spellings.map(|(word, value)| (word.to_owned(), value)));
        }
        for (cell, meaning) in &entry.column_values {
            let value = match content {
                _ if meaning.is_empty() => Some(f64::NAN),
                Content::Number => parse_number(meaning).ok(),
                Content::Date => parse_date(meaning).ok(),
                Content::Boolean => words.get(meaning).copied(),
                Content::Category(codes) => codes.get(meaning).copied(),
            };
            match value {
                Some(value) => drop(words.insert(cell.trim().to_owned(), value)),
                None => self.fault(entry, format!("`column_values` turns `{cell}` into what is no value of it")),
            }
        }
        words
    }

    fn source(&mut self, entry: &Feature, name: &str, content: &Content) -> Option<Source> {
        if let Some(attribute) = source::attribute_name(name) {
            return Some(Source::Attribute(attribute));
        }
        let Some(known) = source::find(name) else {
            self.fault(entry, format!("the source `{name}` is not known; known are {}", source::list()));
            return None;
        };
        match (known.access, content) {
            (Access::Number(_) | Access::Money(_), Content::Number) | (Access::Date(_), Content::Date) => {
                Some(Source::Known(known))
            }
            (Access::Category(place, spellings), Content::Category(codes)) => {
                self.check_spellings(entry, spellings, codes);
                let unseen = super::slot::unseen_code(codes);
                let codes = spellings.iter().map(|spelling| codes.get(*spelling).copied().unwrap_or(unseen)).collect();
                Some(Source::KnownCategory { known, place, codes })
            }
            (access, _) => {
                let kind = match access {
                    Access::Number(_) | Access::Money(_) => "number",
                    Access::Date(_) => "date",
                    Access::Category(..) => "category",
                };
                self.fault(entry, format!("the source `{name}` is of kind {kind}"));
                None
            }
        }
    }

    fn check_spellings(&mut self, entry: &Feature, spellings: &[&str], codes: &BTreeMap<String, f64>) {
        for category in codes.keys().filter(|category| !spellings.contains(&category.as_str())) {
            self.fault(
                entry,
                format!(
                    "the category `{category}` never occurs in an application; the source has {}",
                    spellings.join(", ")
                ),
            );
        }
    }

    /// Orders the slots so that each stands after what it is computed from.
    fn order(&mut self, slots: &[Option<Slot>]) -> Vec<usize> {
        let mut order = Vec::with_capacity(slots.len());
        let mut placed = vec![false; slots.len()];
        loop {
            let ready = |index: &usize| match &slots[*index] {
                Some(Slot::Derived { operands, .. }) => {
                    operands.iter().all(|operand| !matches!(operand, Operand::Slot(other) if !placed[*other]))
                }
                _ => true,
            };
            let next: Vec<usize> = (0..slots.len()).filter(|&index| !placed[index]).filter(ready).collect();
            if next.is_empty() {
                break;
            }
            for index in next {
                placed[index] = true;
                order.push(index);
            }
        }
        for index in (0..slots.len()).filter(|&index| !placed[index]) {
            self.fault(self.entries[index], "is derived from itself, directly or through others");
        }
        order
    }
}
