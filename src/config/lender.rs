//! Who lends: what stands in letters to applicants.

use serde::Deserialize;

use super::{InvalidSettings, Mode};

/// The most lines of an address, and the most characters of a line.
const MOST_LINES: usize = 8;
const LONGEST_LINE: usize = 200;

/// The lender's name and address, and what the law wants said beside them.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lender {
    pub name: String,
    /// A line each.
    pub address: Vec<String>,
    pub telephone: Option<String>,
    /// Whose law says what a letter must hold.
    pub law: Law,
    /// The federal agency that supervises the lender under the Equal Credit Opportunity Act (12 CFR part 1002, appendix A):
    /// name and address, a line each.
    pub agency: Vec<String>,
    /// Whether a letter discloses the score, where a consumer report was used.
    pub disclose_score: bool,
    pub bureau: Bureau,
    /// Whether nobody set it: development mode's own.
    #[serde(skip)]
    pub is_invented: bool,
}

/// Whose law says what a letter must hold beside the reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// The United States: Equal Credit Opportunity Act and Fair Credit Reporting Act.
    #[default]
    Us,
    /// Nothing is added.
    None,
}

/// The consumer reporting agency that bureau data comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bureau {
    pub name: String,
    /// A line each.
    pub address: Vec<String>,
    /// Free of charge for the caller, where the agency works nationwide.
    pub telephone: String,
    /// Whether an application's `attributes` come from it too.
    pub for_attributes: bool,
}

impl Default for Lender {
    fn default() -> Self {
        Self {
            name: String::new(),
            address: Vec::new(),
            telephone: None,
            law: Law::default(),
            agency: Vec::new(),
            disclose_score: true,
            bureau: Bureau::default(),
            is_invented: false,
        }
    }
}

impl Bureau {
    /// Whether it is set.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        !self.name.is_empty()
    }
}

impl Lender {
    /// Who writes letters: whoever is set; in development mode else somebody invented, in production mode nobody.
    #[must_use]
    pub fn in_mode(&self, mode: Mode) -> Option<Self> {
        match mode {
            _ if !self.name.is_empty() => Some(self.clone()),
            Mode::Development => Some(Self::invented()),
            Mode::Production => None,
        }
    }

    fn invented() -> Self {
        let lines = |lines: [&str; 2]| lines.map(str::to_owned).to_vec();
        Self {
            name: "Example Lender".to_owned(),
            address: lines(["100 Invented Street", "Springfield, IL 62701"]),
            telephone: Some("+1 555 0100".to_owned()),
            law: Law::Us,
            agency: lines(["Example Federal Agency", "200 Invented Avenue, Washington, DC 20001"]),
            disclose_score: true,
            bureau: Bureau {
                name: "Example Credit Bureau".to_owned(),
                address: lines(["300 Invented Road", "Springfield, IL 62701"]),
                telephone: "+1 555 0199".to_owned(),
                for_attributes: false,
            },
            is_invented: true,
        }
    }

    pub(super) fn check(&self) -> Result<(), InvalidSettings> {
        let refuse = |message: String| Err(InvalidSettings::Refused(message));
        let telephone = self.telephone.as_slice();
        let bureau = &self.bureau;
        let texts = [
            ("lender.name", std::slice::from_ref(&self.name)),
            ("lender.address", self.address.as_slice()),
            ("lender.telephone", telephone),
            ("lender.agency", self.agency.as_slice()),
            ("lender.bureau.name", std::slice::from_ref(&bureau.name)),
            ("lender.bureau.address", bureau.address.as_slice()),
            ("lender.bureau.telephone", std::slice::from_ref(&bureau.telephone)),
        ];
        for (key, lines) in texts {
            let too_long = lines.iter().any(|line| line.chars().count() > LONGEST_LINE);
            if lines.len() > MOST_LINES || too_long || lines.iter().any(|line| line.chars().any(char::is_control)) {
                return refuse(format!(
                    "{key} must have at most {MOST_LINES} lines of at most {LONGEST_LINE} characters, none of them a \
                     control character"
                ));
            }
        }
        let anything = texts.iter().any(|(_, lines)| lines.iter().any(|line| !line.trim().is_empty()));
        if !anything {
            return Ok(());
        }
        let missing = |lines: &[String]| lines.iter().all(|line| line.trim().is_empty());
        let needed = [
            ("lender.name", missing(std::slice::from_ref(&self.name))),
            ("lender.address", missing(&self.address)),
            ("lender.agency", self.law == Law::Us && missing(&self.agency)),
        ];
        if let Some((key, _)) = needed.into_iter().find(|(_, is_missing)| *is_missing) {
            return refuse(format!(
                "{key} is missing: a letter to an applicant must hold it; see [lender] in docs/operations.md"
            ));
        }
        let parts = [bureau.name.is_empty(), missing(&bureau.address), bureau.telephone.is_empty()];
        if parts.iter().any(|part| *part != parts[0]) {
            return refuse("lender.bureau must have name, address and telephone, or none of them".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lender(toml: &str) -> Result<Lender, String> {
        let lender: Lender = toml::from_str(toml).expect("TOML");
        lender.check().map(|()| lender).map_err(|error| error.to_string())
    }

    #[test]
    fn nobody_set_it_and_only_development_writes_letters() {
        let unset = lender("").expect("nothing is wrong with nothing");
        assert!(unset.in_mode(Mode::Production).is_none());
        let invented = unset.in_mode(Mode::Development).expect("somebody invented");
        assert!(invented.is_invented && invented.check().is_ok());
    }

    #[test]
    fn what_is_missing_is_named() {
        let whole = "name = 'A Bank'\naddress = ['1 Main St']\nagency = ['An Agency']\n";
        let set = lender(whole).expect("all is there");
        assert!(!set.in_mode(Mode::Production).expect("set").is_invented);
        assert_eq!(set.in_mode(Mode::Development).expect("set").name, "A Bank");
        for (key, line) in [("lender.address", "address"), ("lender.agency", "agency"), ("lender.name", "name")] {
            let without: String =
                whole.lines().filter(|one| !one.starts_with(line)).fold(String::new(), |all, one| all + one + "\n");
            let error = lender(&without).expect_err("something is missing");
            assert!(error.contains(key), "{error}");
        }
        assert!(lender("name = 'A Bank'\naddress = ['1 Main St']\nlaw = 'none'\n").is_ok());
        let error = lender(&format!("{whole}[bureau]\nname = 'B'\n")).expect_err("half a bureau");
        assert!(error.contains("lender.bureau"), "{error}");
        let error = lender("name = \"A\\u0007\"").expect_err("a control character");
        assert!(error.contains("lender.name"), "{error}");
    }
}
