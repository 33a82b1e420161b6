//! The engines that grow a forest: our own, and the second one around smartcore's trees.

use serde::Deserialize;

use super::{
    dataset::Rows,
    encode::CategoryRates,
    fit::{self, InnerFit, Plan},
    inner::HoldOut,
    smartcore_engine::{self, EngineError},
};
use crate::{features::schema::Schema, forest::Forest};

/// The stage in which the model itself is grown.
pub const GROWING: &str = "growing the trees";

/// What grows the trees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Symmetric trees of our own.
    #[default]
    Underwright,
    /// Second-order boosting around smartcore's regression tree.
    Smartcore,
}

/// A forest as it was grown, and what chose its size.
#[derive(Debug, Clone)]
pub struct Grown {
    pub inner: InnerFit,
    pub forest: Forest,
    /// What the forest reads in place of categories; none for features that are not categories.
    pub rates: Vec<Option<CategoryRates>>,
}

/// The engine does not keep to directions of risk, and the schema declares some. To drop them in silence
/// would be to break a promise that the lender believes is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "[training] engine = \"smartcore\" keeps to no direction of risk, and the schema declares one for {}; leave `engine` \
     out, or take `monotone` out of the schema",
    list(features)
)]
pub struct DirectionsRefused {
    features: Vec<String>,
}

fn list(features: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = features.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = features.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    shown.join(", ") + &more
}

impl Engine {
    /// Refuses a schema whose promises this engine would not keep.
    pub fn check(self, schema: &Schema) -> Result<(), DirectionsRefused> {
        let directed = schema.features.iter().filter(|feature| !feature.monotone.is_free());
        let features: Vec<String> = directed.map(|feature| feature.name.clone()).collect();
        if self == Self::Underwright || features.is_empty() { Ok(()) } else { Err(DirectionsRefused { features }) }
    }

    /// What stands in a bundle as its trainer.
    #[must_use]
    pub const fn trained_by(self) -> &'static str {
        match self {
            Self::Underwright => concat!("underwright ", env!("CARGO_PKG_VERSION")),
            // The version is pinned in Cargo.toml.
            Self::Smartcore => concat!("underwright ", env!("CARGO_PKG_VERSION"), " with trees of smartcore 0.7.0"),
        }
    }

    /// Chooses the number of rounds on the hold-outs and grows the forest on all rows. `watch` is told the
    /// stage, how many rounds of it are done, and how many there are at most.
    pub fn grow(
        self,
        plan: Plan<'_>,
        rows: &Rows,
        hold_outs: &[HoldOut],
        mut watch: impl FnMut(&'static str, u32, u32),
    ) -> Result<Grown, EngineError> {
        const CHOOSING: &str = "choosing the number of trees";
        let of = plan.parameters.trees;
        match self {
            Self::Underwright => {
                let inner = fit::fit_inner(plan, rows, hold_outs, |round| watch(CHOOSING, round, of));
                let rounds = inner.rounds;
                let fitted = fit::fit_final(plan, rows, rounds, |round| watch(GROWING, round, rounds));
                Ok(Grown { inner, forest: Forest::Symmetric(fitted.forest), rates: fitted.rates })
            }
            Self::Smartcore => {
                let inner = smartcore_engine::fit_inner(plan, rows, hold_outs, |round| watch(CHOOSING, round, of))?;
                let rounds = inner.rounds;
                let fitted = smartcore_engine::fit_final(plan, rows, rounds, |round| watch(GROWING, round, rounds))?;
                Ok(Grown { inner, forest: Forest::General(fitted.forest), rates: fitted.rates })
            }
        }
    }
}
