//! How a node is written: `{"feature":3,"above":12.5,"missing":true,"no":1,"yes":-1}`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Child, Node, Test};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeForm {
    feature: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    above: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    one_of: Option<Vec<u32>>,
    #[serde(default, skip_serializing_if = "is_false")]
    zero_is_missing: bool,
    missing: bool,
    no: Child,
    yes: Child,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde's skip_serializing_if calls")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl TryFrom<NodeForm> for Node {
    type Error = &'static str;

    fn try_from(form: NodeForm) -> Result<Self, &'static str> {
        let NodeForm { feature, above, one_of, zero_is_missing, missing, no, yes } = form;
        let test = match (above, one_of) {
            (Some(threshold), None) => Test::Above { threshold, zero_is_missing },
            (None, Some(codes)) if !zero_is_missing => Test::OneOf(codes),
            _ => return Err("a node asks `above` (with or without `zero_is_missing`) or `one_of`"),
        };
        Ok(Self { feature, test, missing, no, yes })
    }
}

impl From<Node> for NodeForm {
    fn from(node: Node) -> Self {
        let Node { feature, test, missing, no, yes } = node;
        let (above, one_of, zero_is_missing) = match test {
            Test::Above { threshold, zero_is_missing } => (Some(threshold), None, zero_is_missing),
            Test::OneOf(codes) => (None, Some(codes), false),
        };
        Self { feature, above, one_of, zero_is_missing, missing, no, yes }
    }
}

/// A node by its index, a leaf as −1 − its index.
impl Serialize for Child {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(match *self {
            Self::Node(node) => i64::from(node),
            Self::Leaf(leaf) => -1 - i64::from(leaf),
        })
    }
}

impl<'de> Deserialize<'de> for Child {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let child =
            if number < 0 { u32::try_from(-1 - number).map(Self::Leaf) } else { u32::try_from(number).map(Self::Node) };
        child.map_err(|_| serde::de::Error::custom("a child is the index of a node, or -1 less the index of a leaf"))
    }
}
