//! Types of the vocabulary that are not stored as they are kept: in a recording each is checked when it is read again, since
//! the bytes may be anybody's.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::Str;
use crate::labels::Labels;
use crate::objects::declared::DeclaredKind;
use crate::quantity::Quantity;
use crate::resources::ResourceList;

/// Letters that a part of the name of a kind may have: the longest that an API server takes.
const LONGEST_NAME: usize = 253;

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(Str, Str)>::deserialize(from)?;
        in_order(pairs.iter().map(|(key, _)| key)).map_err(D::Error::custom)?;
        Ok(pairs.into_iter().collect())
    }
}

impl Serialize for ResourceList {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for ResourceList {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(Str, Quantity)>::deserialize(from)?;
        in_order(pairs.iter().map(|(name, _)| name)).map_err(D::Error::custom)?;
        Ok(pairs.into_iter().collect())
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.parts().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (units, rest) = <(i64, u32)>::deserialize(from)?;
        Ok(Self::of_parts(units, rest))
    }
}

impl Serialize for DeclaredKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (self.group(), self.version(), self.kind()).serialize(to)
    }
}

impl<'de> Deserialize<'de> for DeclaredKind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (group, version, kind) = <(String, String, String)>::deserialize(from)?;
        if [&group, &version, &kind].into_iter().any(|part| part.len() > LONGEST_NAME) {
            return Err(D::Error::custom("the name of a kind is too long"));
        }
        Self::of(&group, &version, &kind).map_err(D::Error::custom)
    }
}

/// Whether keys stand in order and once each: putting many in order one by one takes long, and no writer asks for it.
fn in_order<'k>(keys: impl Iterator<Item = &'k Str>) -> Result<(), &'static str> {
    let mut last: Option<&Str> = None;
    for key in keys {
        if last.is_some_and(|last| last >= key) {
            return Err("keys are not in order");
        }
        last = Some(key);
    }
    Ok(())
}
