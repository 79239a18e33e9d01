//! No circle between the files of a crate.
//!
//! A file and those in the folder beside it are one thing in several files, so they may name each other. Two files of which
//! neither is above the other may not, through any number of steps: what both need belongs to where both can look down at it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{ItemMod, ItemUse, UseTree};

/// The place of a module below its crate; the crate's root is empty.
type Module = Vec<String>;

/// Folders of the crates that are looked at.
const CRATES: [&str; 14] = [
    "scheduler/framework",
    "scheduler/engine",
    "scheduler/profile",
    "scheduler/manifest",
    "scheduler/wasm",
    "scheduler/loader",
    "scheduler/simulation",
    "scheduler/service",
    "scheduler/cli",
    "scheduler/cluster",
    "scheduler/artifact",
    "plugins/native",
    "plugins/build",
    "benches",
];

#[test]
fn no_circle_between_files_of_a_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for name in CRATES {
        let files = files(&root.join(name).join("src"));
        assert!(files.len() > 3, "{name} has {} files", files.len());
        for circle in circles(&imports(&files)) {
            let files: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
            found.push(format!("{name}: {}", files.join(", ")));
        }
    }
    assert!(found.is_empty(), "files that import each other:\n{}", found.join("\n"));
}

#[test]
fn a_circle_is_found() {
    let files = |sources: &[(&str, &str)]| -> BTreeMap<Module, String> {
        sources.iter().map(|(at, text)| (module(at), (*text).to_string())).collect()
    };
    let check = |sources: &[(&str, &str)], want: &[&[&str]]| {
        let got = circles(&imports(&files(sources)));
        let want: Vec<BTreeSet<Module>> =
            want.iter().map(|c| c.iter().map(|m| module(m)).collect()).collect();
        assert_eq!(got, want, "{sources:?}");
    };
    check(&[("a", "use crate::b::B;"), ("b", "fn f() { super::a::g(); }")], &[&["a", "b"]]);
    check(&[("a", "use crate::{b, c::C};"), ("b", "use crate::c::C;"), ("c", "struct C;")], &[]);
    check(&[("a", "mod x;"), ("a::x", "use super::A;")], &[]);
    check(&[("a", "#[cfg(test)] mod tests { use crate::b::B; }"), ("b", "use crate::a::A;")], &[]);
}

fn module(path: &str) -> Module {
    path.split("::").map(str::to_string).collect()
}

/// Every file of production code below `source`, by module.
fn files(source: &Path) -> BTreeMap<Module, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![source.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(module) = module_of(source, &path) {
                found.insert(module, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The module in a file; `None` for tests, for what only tests use, and for what is not Rust.
fn module_of(source: &Path, path: &Path) -> Option<Module> {
    let path = path.strip_prefix(source).ok()?;
    let name = path.with_extension("");
    let module: Module = name.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let is_test = module.iter().any(|part| matches!(part.as_str(), "tests" | "fixture" | "fake_api"));
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    (is_rust && !is_test)
        .then(|| if matches!(name.to_str(), Some("lib" | "main")) { Vec::new() } else { module })
}

/// Which modules each module names, but for those above and below it.
fn imports(files: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let named = |(module, text): (&Module, &String)| {
        let mut paths = Paths::default();
        paths.visit_file(&syn::parse_file(text).unwrap_or_else(|e| panic!("{}: {e}", module.join("::"))));
        let targets = paths.0.iter().filter_map(|path| target(files, module, path));
        let others =
            targets.filter(|to| !to.is_empty() && !to.starts_with(module) && !module.starts_with(to));
        (module.clone(), others.collect())
    };
    files.iter().map(named).collect()
}

/// The file that a path leads to.
fn target(files: &BTreeMap<Module, String>, from: &Module, path: &[String]) -> Option<Module> {
    let absolute: Module = match path.first().map(String::as_str) {
        Some("crate") => path[1..].to_vec(),
        Some("super") => {
            let up = path.iter().take_while(|part| *part == "super").count();
            let above = from.get(..from.len().checked_sub(up)?)?;
            above.iter().chain(&path[up..]).cloned().collect()
        }
        Some("self") => from.iter().chain(&path[1..]).cloned().collect(),
        _ => from.iter().chain(path).cloned().collect(),
    };
    (0..=absolute.len()).rev().map(|len| absolute[..len].to_vec()).find(|module| files.contains_key(module))
}

/// Collects the paths that a file names, tests apart.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.ident != "tests" {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.add_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

impl Paths {
    fn add_tree(&mut self, before: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_tree(before, &path.tree);
                before.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|item| self.add_tree(before, item)),
            UseTree::Name(name) => self.0.push([&before[..], &[name.ident.to_string()]].concat()),
            UseTree::Rename(name) => self.0.push([&before[..], &[name.ident.to_string()]].concat()),
            UseTree::Glob(_) => self.0.push(before.clone()),
        }
    }
}

/// The sets of modules that reach each other.
fn circles(imports: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<BTreeSet<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        imports.keys().map(|module| (module, reached_from(imports, module))).collect();
    let mut found: Vec<BTreeSet<Module>> = Vec::new();
    for (module, reaches) in &reached {
        let circle =
            reaches.iter().filter(|other| reached.get(*other).is_some_and(|back| back.contains(module)));
        let circle: BTreeSet<Module> = circle.map(|other| (*other).clone()).collect();
        if !circle.is_empty() && !found.contains(&circle) {
            found.push(circle);
        }
    }
    found
}

fn reached_from<'m>(
    imports: &'m BTreeMap<Module, BTreeSet<Module>>,
    start: &'m Module,
) -> BTreeSet<&'m Module> {
    let mut reached = BTreeSet::new();
    let mut to_do = vec![start];
    while let Some(module) = to_do.pop() {
        to_do.extend(imports.get(module).into_iter().flatten().filter(|next| reached.insert(*next)));
    }
    reached
}
