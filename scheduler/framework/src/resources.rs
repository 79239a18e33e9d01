//! Resource lists as written, and as amounts that are compared.

use std::sync::Arc;

use crate::Str;
use crate::quantity::Quantity;
use serde::{Deserialize, Serialize};

/// `cpu`, in thousandths of a core.
pub const CPU: &str = "cpu";
/// `memory`, in bytes.
pub const MEMORY: &str = "memory";
/// `ephemeral-storage`, in bytes.
pub const EPHEMERAL_STORAGE: &str = "ephemeral-storage";
/// `pods`, a count.
pub const PODS: &str = "pods";

/// What scoring assumes of a container without a cpu request: 100m.
pub const DEFAULT_MILLI_CPU: i64 = 100;
/// What scoring assumes of a container without a memory request: 200 MiB.
pub const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// Whether `name` is counted per node beside cpu, memory, ephemeral-storage and pods: extended resources, huge pages,
/// attachable volumes and anything in the `kubernetes.io/` namespace.
pub fn is_scalar(name: &str) -> bool {
    is_extended(name)
        || name.starts_with("hugepages-")
        || name.contains("kubernetes.io/")
        || name.starts_with("attachable-volumes-")
}

/// Whether `name` is an extended resource: qualified, outside the `kubernetes.io/` namespace, not a quota name.
pub fn is_extended(name: &str) -> bool {
    let Some((prefix, rest)) = name.split_once('/') else { return false };
    !name.contains("kubernetes.io/")
        && !name.starts_with("requests.")
        && is_dns_subdomain(&format!("requests.{prefix}"))
        && is_qualified_part(rest)
}

fn is_dns_subdomain(text: &str) -> bool {
    let label = |l: &str| {
        let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = l.as_bytes();
        !bytes.is_empty()
            && edge(bytes[0])
            && edge(bytes[bytes.len() - 1])
            && bytes.iter().all(|b| edge(*b) || *b == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// The part after the slash of a qualified name: at most 63 letters, digits, `-`, `_` and `.`, beginning and ending
/// with a letter or digit.
pub fn is_qualified_part(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    bytes.len() <= 63
        && first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Whether `name` is a qualified name: an optional DNS prefix with a slash, then a name part.
pub fn is_qualified_name(name: &str) -> bool {
    match name.split_once('/') {
        Some((prefix, rest)) => is_dns_subdomain(prefix) && is_qualified_part(rest),
        None => is_qualified_part(name),
    }
}

/// Amounts by resource name, sorted by name. An entry of zero differs from no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceList(Vec<(Str, Quantity)>);

impl ResourceList {
    /// The amount of `name`, if there is an entry.
    pub fn get(&self, name: &str) -> Option<Quantity> {
        self.0.binary_search_by(|(n, _)| (**n).cmp(name)).ok().map(|at| self.0[at].1)
    }

    /// The entries in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, Quantity)> {
        self.0.iter().map(|(n, q)| (n, *q))
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the amount of `name`.
    pub fn set(&mut self, name: &Str, amount: Quantity) {
        *self.entry(name) = amount;
    }

    /// Removes the entry of `name`.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| &**n != name);
    }

    /// Adds every amount of `other`.
    pub fn add(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            *self.entry(name) += *amount;
        }
    }

    /// Raises every amount to that of `other` where it is larger.
    pub fn max(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            let entry = self.entry(name);
            *entry = (*entry).max(*amount);
        }
    }

    fn entry(&mut self, name: &Str) -> &mut Quantity {
        let at = match self.0.binary_search_by(|(n, _)| n.cmp(name)) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (Arc::clone(name), Quantity::ZERO));
                at
            }
        };
        &mut self.0[at].1
    }
}

impl<K: Into<Str>> FromIterator<(K, Quantity)> for ResourceList {
    fn from_iter<I: IntoIterator<Item = (K, Quantity)>>(pairs: I) -> Self {
        let mut list = Self::default();
        for (name, amount) in pairs {
            list.set(&name.into(), amount);
        }
        list
    }
}

/// Amounts in scheduling units: cpu in thousandths, all else in whole units, each rounded up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amounts {
    /// Thousandths of a core.
    pub milli_cpu: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// Scalar resources in name order, entries of zero included.
    pub scalars: Vec<(Str, i64)>,
}

impl Amounts {
    /// The amount of `name`; 0 when absent.
    pub fn get(&self, name: &str) -> i64 {
        match name {
            CPU => self.milli_cpu,
            MEMORY => self.memory,
            EPHEMERAL_STORAGE => self.ephemeral_storage,
            _ => self.scalars.iter().find(|(n, _)| &**n == name).map_or(0, |(_, v)| *v),
        }
    }

    /// Whether cpu, memory and ephemeral storage are 0 and there is no scalar entry, not even one of 0.
    pub fn is_nothing(&self) -> bool {
        self.milli_cpu == 0 && self.memory == 0 && self.ephemeral_storage == 0 && self.scalars.is_empty()
    }

    /// Every amount with its name, zeroes included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        [(CPU, self.milli_cpu), (MEMORY, self.memory), (EPHEMERAL_STORAGE, self.ephemeral_storage)]
            .into_iter()
            .chain(self.scalars.iter().map(|(n, v)| (&**n, *v)))
    }
}

impl From<&ResourceList> for Amounts {
    fn from(list: &ResourceList) -> Self {
        let mut out = Self::default();
        for (name, amount) in list.iter() {
            match &**name {
                CPU => out.milli_cpu = amount.milli_value(),
                MEMORY => out.memory = amount.value(),
                EPHEMERAL_STORAGE => out.ephemeral_storage = amount.value(),
                other if is_scalar(other) => out.scalars.push((Arc::clone(name), amount.value())),
                _ => {}
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_names() {
        for (name, want) in [
            ("nvidia.com/gpu", true),
            ("cpu", false),
            ("kubernetes.io/x", false),
            ("x.kubernetes.io/y", false),
            ("requests.nvidia.com/gpu", false),
            ("a b/c", false),
            ("nvidia.com/", false),
        ] {
            assert_eq!(is_extended(name), want, "{name}");
        }
    }
}
