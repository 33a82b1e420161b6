//! What the console says, in English and Chinese.
//!
//! The texts stand in `locales/` (Fluent). `build.rs` makes a function of each, so that a template that names one that
//! is not there does not compile, and holds the languages together. What a function answers is plain text: askama
//! escapes it like any other, and no isolation marks are put around values. Text that somebody typed is shown in a
//! `<bdi>` of its own, never inside a sentence.

use std::{borrow::Cow, sync::LazyLock};

use fluent_bundle::{
    FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle, memoizer::MemoizerKind, types::FluentNumber,
};
use time::UtcOffset;
use unic_langid::LanguageIdentifier;

use crate::domain::language::Language;

/// The language that an `Accept-Language` header (RFC 9110 §12.5.4) asks for most, of those that there are.
#[must_use]
pub fn accepted(header: &str) -> Language {
    let mut best = (0.0, Language::default());
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let primary = parts.next().unwrap_or_default().split('-').next().unwrap_or_default();
        let language = match primary.to_ascii_lowercase().as_str() {
            "zh" => Language::Chinese,
            "en" => Language::English,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f64>().ok()).unwrap_or(1.0);
        if weight > best.0 && weight <= 1.0 {
            best = (weight, language);
        }
    }
    best.1
}

/// The texts in one language, and how times are shown. Copied freely.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    language: Language,
    offset: UtcOffset,
}

/// What can stand in a text: words, or a number that also chooses its plural.
pub trait Argument<'a> {
    fn into_value(self) -> FluentValue<'a>;
}

impl<'a> Argument<'a> for &'a str {
    fn into_value(self) -> FluentValue<'a> {
        self.into()
    }
}

/// A template puts a reference before what it hands over, also before a reference.
impl<'a, T: ?Sized> Argument<'a> for &'a &'a T
where
    &'a T: Argument<'a>,
{
    fn into_value(self) -> FluentValue<'a> {
        (*self).into_value()
    }
}

impl<'a> Argument<'a> for &'a String {
    fn into_value(self) -> FluentValue<'a> {
        self.as_str().into()
    }
}

impl<'a> Argument<'a> for String {
    fn into_value(self) -> FluentValue<'a> {
        self.into()
    }
}

impl<'a> Argument<'a> for &'a Cow<'a, str> {
    fn into_value(self) -> FluentValue<'a> {
        FluentValue::String(Cow::Borrowed(self))
    }
}

macro_rules! numbers {
    ($($number:ty)+) => {$(
        impl<'a> Argument<'a> for $number {
            fn into_value(self) -> FluentValue<'a> {
                self.into()
            }
        }

        impl<'a> Argument<'a> for &$number {
            fn into_value(self) -> FluentValue<'a> {
                self.into()
            }
        }
    )+};
}

numbers!(u8 u16 u32 u64 usize i32 i64);

impl Texts {
    /// The texts in a language; times are shown at this offset from UTC.
    #[must_use]
    pub const fn new(language: Language, offset: UtcOffset) -> Self {
        Self { language, offset }
    }

    #[must_use]
    pub const fn language(self) -> Language {
        self.language
    }

    /// How far the shown times are from UTC.
    #[must_use]
    pub const fn offset(self) -> UtcOffset {
        self.offset
    }

    /// A text without variables.
    const fn either(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self.language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    /// The text of a key that is known only when the program runs; `None` when there is none, or it has variables.
    pub(super) fn find(self, key: &str) -> Option<Cow<'static, str>> {
        let bundle: &'static Bundle = match self.language {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        };
        let pattern = bundle.get_message(key)?.value()?;
        let mut faults = Vec::new();
        let text = bundle.format_pattern(pattern, None, &mut faults);
        faults.is_empty().then_some(text)
    }

    fn format<const N: usize>(self, key: &'static str, arguments: [(&'static str, FluentValue<'_>); N]) -> String {
        let bundle = match self.language {
            Language::English => &*ENGLISH,
            Language::Chinese => &*CHINESE,
        };
        let arguments: FluentArgs<'_> = arguments.into_iter().collect();
        // The functions that call this are made of the same files.
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else { return key.to_owned() };
        let mut faults = Vec::new();
        bundle.format_pattern(pattern, Some(&arguments), &mut faults).into_owned()
    }
}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle("en", ENGLISH_FILES));
static CHINESE: LazyLock<Bundle> = LazyLock::new(|| bundle("zh", CHINESE_FILES));

/// `language` is a tag, by which plurals are chosen.
fn bundle(language: &str, files: &[&str]) -> Bundle {
    let language: LanguageIdentifier = language.parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![language]);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(in_groups));
    for file in files {
        // `build.rs` has parsed every file, and refused doubled keys.
        let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// Writes whole numbers in groups of three digits, as both languages do.
fn in_groups<M: MemoizerKind>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    match value {
        FluentValue::Number(FluentNumber { value, .. }) if value.fract() == 0.0 && value.abs() < 1e15 => {
            Some(super::format::grouped(&format!("{value:.0}")))
        }
        _ => None,
    }
}

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_asked_for_most_is_taken() {
        for (header, language) in [
            ("", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-GB, zh;q=0.5", Language::English),
            ("fr, de;q=0.9, zh-Hant-TW;q=0.1", Language::Chinese),
            ("zh;q=0, en;q=0.1", Language::English),
            ("zh;q=7, en;q=0.1", Language::English),
            (";;;,,=,q=1", Language::English),
        ] {
            assert_eq!(accepted(header), language, "{header}");
        }
    }

    #[test]
    fn a_number_chooses_its_plural_and_is_written_in_groups_without_isolation_marks() {
        let english = Texts::new(Language::English, UtcOffset::UTC);
        assert_eq!(english.shell_waiting(1_u32), "1 waiting");
        assert_eq!(english.shell_waiting(12_345_u32), "12,345 waiting");
        assert_eq!(Texts::new(Language::Chinese, UtcOffset::UTC).shell_waiting(1_234_u32), "1,234 件待审");
    }
}
