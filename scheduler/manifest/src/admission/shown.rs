//! Amounts as Kubernetes writes them.

use longshore_framework::quantity::Quantity;
use longshore_framework::resources::ResourceList;

const BINARY: [(&str, i64); 5] =
    [("Pi", 1 << 50), ("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
const DECIMAL: [(&str, i64); 5] = [
    ("P", 1_000_000_000_000_000),
    ("T", 1_000_000_000_000),
    ("G", 1_000_000_000),
    ("M", 1_000_000),
    ("k", 1_000),
];

/// An amount of `name`: bytes with binary suffixes, where they come out even, all others with decimal ones.
pub(super) fn shown(name: &str, amount: Quantity) -> String {
    let value = amount.value();
    if Quantity::units(value) != amount {
        return format!("{}m", amount.milli_value());
    }
    let bytes = ["memory", "storage", "hugepages-"].iter().any(|part| name.contains(part));
    let binary = BINARY.iter().filter(|_| bytes);
    let suffix = binary.chain(&DECIMAL).find(|(_, unit)| value != 0 && value % unit == 0);
    suffix.map_or_else(|| value.to_string(), |(suffix, unit)| format!("{}{suffix}", value / unit))
}

/// `name=amount` of each entry, in the order of names.
pub(super) fn listed(amounts: &ResourceList) -> String {
    let shown = amounts.iter().map(|(name, amount)| format!("{name}={}", shown(name, amount)));
    shown.collect::<Vec<_>>().join(",")
}
