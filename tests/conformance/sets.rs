//! Sets of recorded cases: each a folder, and the minor of Kubernetes whose decisions they are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use longshore_framework::features::Minor;

/// Names the folders of the sets, as `PATH` does.
pub(crate) const VARIABLE: &str = "LONGSHORE_CONFORMANCE";

/// Names the minor of all sets, in place of what their folders say.
const MINOR: &str = "KUBERNETES";

/// The samples that lie here.
const SAMPLES: [&str; 4] =
    ["conformance/data", "conformance/data-1.37", "conformance/data-dra", "conformance/data-groups"];

/// One set.
pub(crate) struct Set {
    /// Where its files are.
    pub(crate) folder: PathBuf,
    /// Whose decisions they are.
    pub(crate) minor: Minor,
}

/// The sets that [`VARIABLE`] names, else the samples.
pub(crate) fn sets() -> Vec<Set> {
    let samples = || SAMPLES.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).to_vec();
    let named = |folders: OsString| std::env::split_paths(&folders).collect();
    let folders: Vec<PathBuf> = std::env::var_os(VARIABLE).map_or_else(samples, named);
    folders.into_iter().map(|folder| Set { minor: minor(&folder), folder }).collect()
}

/// [`MINOR`], else what the folder's README says of kube-scheduler's version, else what the folder is called; the first set that was
/// recorded, which says neither, is 1.36's.
fn minor(folder: &Path) -> Minor {
    if let Some(named) = std::env::var(MINOR).ok().and_then(|text| Minor::parse(&text).ok()) {
        return named;
    }
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    version(&readme).or_else(|| version(&format!("kube-scheduler {name}"))).unwrap_or(Minor::V1_36)
}

/// The first minor that is named behind the word kube-scheduler.
fn version(text: &str) -> Option<Minor> {
    let (_, rest) = text.split_once("kube-scheduler")?;
    let numbers = rest.match_indices("1.").map(|(at, _)| &rest[at..]);
    numbers.filter_map(|number| Minor::parse(number).ok()).next()
}
