//! A plugin's folder and the compiler that it wants.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow, bail};
use serde_json::Value;

use super::target;
use crate::args::plugin::Language;

/// A folder with a Cargo.toml or a go.mod.
#[derive(Debug)]
pub(crate) struct Project {
    dir: PathBuf,
    language: Language,
    name: String,
    /// Rust: the module that cargo makes.
    module: Option<PathBuf>,
}

impl Project {
    /// The project of a folder.
    ///
    /// # Errors
    /// It is none, or its Cargo.toml cannot be read.
    pub(crate) fn of(dir: &Path) -> anyhow::Result<Self> {
        match language(dir)? {
            Language::Rust => Self::rust(dir.to_path_buf()),
            Language::Go => Self::go(dir.to_path_buf()),
        }
    }

    fn rust(dir: PathBuf) -> anyhow::Result<Self> {
        let asked = Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(&dir)
            .stderr(Stdio::inherit())
            .output()
            .context("cargo cannot be started; install Rust from https://rustup.rs")?;
        if !asked.status.success() {
            bail!("{}: cargo cannot read its Cargo.toml", dir.display());
        }
        let metadata: Value =
            serde_json::from_slice(&asked.stdout).context("cargo metadata makes no sense")?;
        let manifest = dir.join("Cargo.toml").canonicalize()?;
        let package = metadata["packages"].as_array().into_iter().flatten().find(|package| {
            package["manifest_path"].as_str().is_some_and(|path| Path::new(path) == manifest)
        });
        let package = package.ok_or_else(|| anyhow!("{}: its Cargo.toml has no package", dir.display()))?;
        let library = package["targets"].as_array().into_iter().flatten().find(|target| {
            target["crate_types"].as_array().into_iter().flatten().any(|kind| kind == "cdylib")
        });
        let library = library.and_then(|target| target["name"].as_str()).ok_or_else(|| {
            let fix = "add to its Cargo.toml: [lib] crate-type = [\"cdylib\", \"rlib\"]";
            anyhow!("{}: is not a library that can be loaded; {fix}", dir.display())
        })?;
        let folder = Path::new(metadata["target_directory"].as_str().unwrap_or("target"));
        let module =
            folder.join(target::NAME).join("release").join(format!("{}.wasm", library.replace('-', "_")));
        let name = package["name"].as_str().unwrap_or(library).to_string();
        Ok(Self { dir, language: Language::Rust, name, module: Some(module) })
    }

    fn go(dir: PathBuf) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(dir.join("go.mod")).context("go.mod cannot be read as text")?;
        let module = text.lines().find_map(|line| line.trim().strip_prefix("module "));
        let module = module.map(|path| path.trim().trim_matches('"'));
        let name = module.and_then(|path| path.rsplit('/').next()).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| anyhow!("{}: its go.mod names no module", dir.display()))?.to_string();
        Ok(Self { dir, language: Language::Go, name, module: None })
    }

    /// Where the component goes.
    pub(crate) fn component(&self) -> PathBuf {
        self.dir.join(format!("{}.wasm", self.name))
    }

    /// Compiles; the core module.
    ///
    /// # Errors
    /// The compiler is missing, or what it compiles is wrong.
    pub(crate) fn compile(&self) -> anyhow::Result<PathBuf> {
        match (&self.language, &self.module) {
            (Language::Rust, Some(module)) => self.cargo().map(|()| module.clone()),
            _ => self.go_build(),
        }
    }

    fn cargo(&self) -> anyhow::Result<()> {
        if let Some(fix) = target::missing(&self.dir) {
            bail!("Rust cannot compile for {}: {fix}", target::NAME);
        }
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release", "--target", target::NAME]);
        self.run(cargo, "cargo build", "install Rust from https://rustup.rs")
    }

    fn go_build(&self) -> anyhow::Result<PathBuf> {
        let module =
            std::env::temp_dir().join(format!("longshore-{}-{}.wasm", self.name, std::process::id()));
        let mut go = Command::new("go");
        go.args(["build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o"]).arg(&module).arg(".");
        go.env("GOOS", "wasip1").env("GOARCH", "wasm");
        self.run(go, "go build", "install Go 1.24 or later from https://go.dev/dl")?;
        Ok(module)
    }

    fn run(&self, mut command: Command, name: &str, fix: &str) -> anyhow::Result<()> {
        command.current_dir(&self.dir).stdout(Stdio::null()).stderr(Stdio::inherit());
        let status = command.status().with_context(|| format!("{name} cannot be started; {fix}"))?;
        if !status.success() {
            bail!("{}: {name} failed", self.dir.display());
        }
        Ok(())
    }

    /// Removes a core module that is nobody else's.
    pub(crate) fn clean(&self, core: &Path) {
        if self.language == Language::Go {
            // It is in the folder for temporary files, which is emptied some time.
            let _ = std::fs::remove_file(core);
        }
    }
}

/// The language of the plugin in a folder.
///
/// # Errors
/// There is none.
pub(crate) fn language(dir: &Path) -> anyhow::Result<Language> {
    let has = |name: &str| dir.join(name).is_file();
    match (has("Cargo.toml"), has("go.mod")) {
        (true, _) => Ok(Language::Rust),
        (false, true) => Ok(Language::Go),
        (false, false) => bail!(
            "{}: has neither a Cargo.toml nor a go.mod; name the plugin's folder, or begin one: longshore plugin new",
            dir.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_go_plugin_is_called_by_the_end_of_its_module() {
        let dir = std::env::temp_dir().join(format!("longshore-project-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        assert!(Project::of(&dir).unwrap_err().to_string().contains("neither a Cargo.toml nor a go.mod"));
        std::fs::write(dir.join("go.mod"), "// plugin\nmodule example.com/acme/zone-pack\n\ngo 1.24\n")
            .unwrap();
        let project = Project::of(&dir).unwrap();
        assert_eq!((project.language, project.component()), (Language::Go, dir.join("zone-pack.wasm")));
        std::fs::write(dir.join("go.mod"), "go 1.24\n").unwrap();
        assert!(Project::of(&dir).unwrap_err().to_string().contains("names no module"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
