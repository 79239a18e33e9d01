//! Finding and running helm.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::repository;

/// A helm that is there.
pub(super) struct Helm(PathBuf);

impl Helm {
    /// The helm beside the binaries of the control plane, or the one in PATH; `None`, said aloud, when there is none.
    /// Updating expectations without helm would be no update, and fails.
    #[allow(clippy::print_stderr, reason = "a test that does not run has to say so")]
    pub(super) fn find() -> Option<Self> {
        let variable = |name| env::var_os(name).map(PathBuf::from);
        let cached = |cache: PathBuf| cache.join("longshore/control-plane");
        let folders = [
            variable("LONGSHORE_CONTROL_PLANE"),
            variable("KUBEBUILDER_ASSETS"),
            variable("XDG_CACHE_HOME").map(cached),
            variable("HOME").map(|home| cached(home.join(".cache"))),
        ];
        let in_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>());
        let folders = folders.into_iter().flatten().chain(in_path.into_iter().flatten());
        let found = folders.map(|folder| folder.join("helm")).find(|file| file.is_file());
        if found.is_none() {
            assert!(env::var_os("UPDATE_EXPECT").is_none(), "updating needs helm, and there is none");
            eprintln!("SKIPPED: there is no helm; make control-plane builds one, or put one into PATH");
        }
        found.map(Self)
    }

    /// What helm prints.
    ///
    /// # Errors
    /// What it complains of.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(&self.0).args(arguments).output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return String::from_utf8(output.stdout).map_err(|error| error.to_string());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// The chart as release `name` in `namespace`, for Kubernetes 1.36 unless `more` says otherwise. Blank lines are left out: versions of helm differ in them.
    pub(super) fn template(&self, name: &str, namespace: &str, more: &[&str]) -> Result<String, String> {
        let chart = chart();
        let fixed = ["template", name, path(&chart), "--namespace", namespace, "--kube-version", "1.36.0"];
        let text = self.run(&[&fixed[..], more].concat())?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Ok(lines.flat_map(|line| [line, "\n"]).collect())
    }

    /// The same with a value set of `charts/longshore/ci`.
    #[track_caller]
    pub(super) fn template_set(&self, name: &str, namespace: &str, set: &str) -> String {
        let values = values(set);
        let rendered = self.template(name, namespace, &["--values", path(&values)]);
        rendered.unwrap_or_else(|error| panic!("{set}: {error}"))
    }
}

/// The chart's folder.
pub(super) fn chart() -> PathBuf {
    repository("charts/longshore")
}

/// The file of a value set.
pub(super) fn values(set: &str) -> PathBuf {
    chart().join(format!("ci/{set}-values.yaml"))
}

/// A path as an argument.
pub(super) fn path(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

/// The objects of a rendering.
pub(super) fn objects(rendered: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(rendered).expect("it is YAML");
    documents.into_iter().filter(|d| !d.is_null()).collect()
}
