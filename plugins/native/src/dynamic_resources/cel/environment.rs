//! What names mean: Kubernetes' environment of CEL as of 1.34 and later.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::function::Function;
use super::functions::TABLES;
use super::signature::Signature;
use super::types::Type;

/// The variable that expressions are about.
pub(super) const DEVICE: &str = "device";

static FUNCTIONS: LazyLock<FxHashMap<&'static str, Function>> = LazyLock::new(|| {
    let rows = TABLES.iter().flat_map(|table| table.iter());
    rows.map(|row| {
        let signatures = row.signatures.iter().filter_map(|text| Signature::read(text)).collect();
        (row.name, Function { name: row.name, signatures, run: row.run })
    })
    .collect()
});

/// The function of that name.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.get(name)
}

/// The name of the type that an identifier stands for.
pub(super) fn type_named(name: &str) -> Option<&'static str> {
    Some(match name {
        "bool" => "bool",
        "bytes" => "bytes",
        "double" => "double",
        "int" => "int",
        "list" => "list",
        "map" => "map",
        "null_type" => "null_type",
        "string" => "string",
        "type" => "type",
        "uint" => "uint",
        "optional_type" => "optional_type",
        "dyn" => "dyn",
        _ => return None,
    })
}

/// The type of a field of the device.
pub(super) fn field(name: &str) -> Option<Type> {
    let by_domain = |of| Type::map(Type::String, Type::map(Type::String, of));
    Some(match name {
        "driver" => Type::String,
        "allowMultipleAllocations" => Type::Bool,
        "attributes" => by_domain(Type::Any),
        "capacity" => by_domain(Type::Quantity),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_is_read_and_every_name_is_there_once() {
        let mut names = Vec::new();
        for row in TABLES.iter().flat_map(|table| table.iter()) {
            for text in row.signatures {
                assert!(Signature::read(text).is_some(), "{}: {text}", row.name);
            }
            names.push(row.name);
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
