//! Which interfaces a core module exports and imports, by the names of its exports and imports.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{Encoding, Parser, Payload};
use wit_parser::Resolve;

use crate::BuildError;
use crate::package::{PREFIX, VERSION, with_world};

/// The module of imports that WASI preview 1 is.
pub(crate) const WASI: &str = "wasi_snapshot_preview1";

/// What a module has to do with the package.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Interfaces that are exported whole.
    pub(crate) exports: Vec<String>,
    /// Interfaces of which something is imported.
    pub(crate) imports: Vec<String>,
    /// Whether something of WASI preview 1 is imported.
    pub(crate) wasi: bool,
}

impl Names {
    /// Reads the names of a module and holds them against the package.
    pub(crate) fn of(core: &[u8]) -> Result<Self, BuildError> {
        let raw = Raw::read(core)?;
        let (resolve, _) = with_world(&[], &[])?;
        let known = functions(&resolve);
        let exports = exports(&raw.exports, &known)?;
        let mut names = Self { exports, ..Self::default() };
        let mut imports = BTreeSet::new();
        for (module, field) in raw.imports {
            if module == WASI {
                names.wasi = true;
                continue;
            }
            let unknown = || BuildError::UnknownImport { module: module.clone(), field: field.clone() };
            let interface = interface(&module)?.ok_or_else(unknown)?;
            if !known.get(interface).is_some_and(|functions| functions.contains(&field)) {
                return Err(unknown());
            }
            imports.insert(interface.to_owned());
        }
        names.imports = imports.into_iter().collect();
        Ok(names)
    }
}

/// Names as they stand in the module.
#[derive(Default)]
struct Raw {
    exports: Vec<String>,
    imports: Vec<(String, String)>,
}

impl Raw {
    fn read(core: &[u8]) -> Result<Self, BuildError> {
        let broken = |e: wasmparser::BinaryReaderError| BuildError::NotAModule(e.to_string());
        let mut raw = Self::default();
        for payload in Parser::new(0).parse_all(core) {
            match payload.map_err(broken)? {
                Payload::Version { encoding: Encoding::Component, .. } => {
                    return Err(BuildError::AlreadyAComponent);
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        raw.exports.push(export.map_err(broken)?.name.to_owned());
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(broken)?;
                        raw.imports.push((import.module.to_owned(), import.name.to_owned()));
                    }
                }
                _ => {}
            }
        }
        Ok(raw)
    }
}

type Functions = BTreeMap<String, BTreeSet<String>>;

/// Every interface of the package with its functions.
fn functions(resolve: &Resolve) -> Functions {
    let named = resolve.interfaces.iter().filter_map(|(_, interface)| {
        Some((interface.name.clone()?, interface.functions.keys().cloned().collect()))
    });
    named.collect()
}

/// The interface in `longshore:scheduler/filter@0.2.0`; `None` for names of others.
fn interface(name: &str) -> Result<Option<&str>, BuildError> {
    let Some(rest) = name.strip_prefix(PREFIX) else { return Ok(None) };
    let (interface, version) = rest.split_once('@').unwrap_or((rest, "none"));
    if version != VERSION {
        let (name, found) = (name.to_owned(), version.to_owned());
        return Err(BuildError::OtherVersion { name, found, have: VERSION });
    }
    Ok(Some(interface))
}

/// The interfaces that are exported, each in whole.
fn exports(names: &[String], known: &Functions) -> Result<Vec<String>, BuildError> {
    let mut found: Functions = BTreeMap::new();
    for name in names {
        let Some((path, function)) = name.split_once('#') else { continue };
        let Some(interface) = interface(path)? else { continue };
        let Some(functions) = known.get(interface) else {
            let (export, interface) = (name.clone(), interface.to_owned());
            let known = list(known.keys());
            return Err(BuildError::UnknownInterface { export, interface, have: VERSION, known });
        };
        if !functions.contains(function) {
            let (interface, function) = (interface.to_owned(), function.to_owned());
            return Err(BuildError::UnknownFunction { interface, function, known: list(functions) });
        }
        found.entry(interface.to_owned()).or_default().insert(function.to_owned());
    }
    if found.is_empty() {
        return Err(BuildError::NoPlugin);
    }
    for (interface, functions) in &found {
        let missing: Vec<_> = known[interface].difference(functions).collect();
        if !missing.is_empty() {
            let verb = if missing.len() == 1 { "is" } else { "are" };
            let missing = format!("{} {verb}", list(missing));
            return Err(BuildError::Partial { interface: interface.clone(), missing });
        }
    }
    if !found.contains_key("lifecycle") {
        return Err(BuildError::NoLifecycle);
    }
    for stage in ["filter", "score"] {
        if found.contains_key(stage) && !found.contains_key("cycle") {
            return Err(BuildError::NoCycle { stage });
        }
    }
    Ok(found.into_keys().collect())
}

/// Names in backquotes, with commas.
fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let quoted: Vec<_> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    quoted.join(", ")
}
