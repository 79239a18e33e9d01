//! Gathering input: files, directories and standard input.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Directories below each other, at most; deeper ones are taken for a loop of links.
const DEEPEST: usize = 64;

/// Text to read, with the name that messages give it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// File name as given; `-` for standard input.
    pub name: String,
    /// The bytes, not yet known to be text.
    pub text: Vec<u8>,
}

/// Input that could not be gathered.
#[derive(Debug, Error)]
pub enum CollectError {
    /// There is nothing of that name.
    #[error("{path}: no such file or directory; check the path, or use - to read from standard input")]
    Missing {
        /// The path as given.
        path: String,
    },
    /// It is there but cannot be read.
    #[error("{path}: cannot be read ({error}); check the permissions")]
    Unreadable {
        /// The path.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A directory without manifests.
    #[error(
        "{path}: no *.yaml, *.yml or *.json file in this directory or below; name a file or another directory"
    )]
    Empty {
        /// The path.
        path: String,
    },
    /// Directories nested without end.
    #[error(
        "{path}: directories are nested more than 64 deep; is a symbolic link pointing back up? Name the files themselves"
    )]
    TooDeep {
        /// The path.
        path: String,
    },
    /// `-` was given twice.
    #[error("- (standard input) is given twice; give it once")]
    StandardInputTwice,
}

/// Reads files, directories (recursively, `*.yaml`, `*.yml` and `*.json` in the order of their names) and standard
/// input (`-`, at most once).
///
/// # Errors
/// Names the first path that cannot be read and how to fix it.
pub fn collect(paths: &[String]) -> Result<Vec<Source>, CollectError> {
    let mut sources = Vec::new();
    for path in paths {
        if path == "-" {
            if sources.iter().any(|s: &Source| s.name == "-") {
                return Err(CollectError::StandardInputTwice);
            }
            sources.push(standard_input()?);
            continue;
        }
        let before = sources.len();
        let kind = fs::metadata(path).map_err(|error| failed(Path::new(path), error))?;
        if !kind.is_dir() {
            sources.push(file(Path::new(path))?);
            continue;
        }
        directory(Path::new(path), 0, &mut sources)?;
        if sources.len() == before {
            return Err(CollectError::Empty { path: path.clone() });
        }
    }
    Ok(sources)
}

fn standard_input() -> Result<Source, CollectError> {
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text).map_err(|error| failed(Path::new("-"), error))?;
    Ok(Source { name: "-".to_string(), text })
}

fn file(path: &Path) -> Result<Source, CollectError> {
    let text = fs::read(path).map_err(|error| failed(path, error))?;
    Ok(Source { name: path.display().to_string(), text })
}

fn directory(path: &Path, depth: usize, sources: &mut Vec<Source>) -> Result<(), CollectError> {
    if depth > DEEPEST {
        return Err(CollectError::TooDeep { path: path.display().to_string() });
    }
    let entries: io::Result<Vec<_>> = fs::read_dir(path).and_then(Iterator::collect);
    let mut entries: Vec<PathBuf> =
        entries.map_err(|error| failed(path, error))?.into_iter().map(|e| e.path()).collect();
    entries.sort();
    for entry in entries {
        let kind = match fs::metadata(&entry) {
            Ok(kind) => kind,
            // A dangling link beside the manifests is none of our business, unless it is called one.
            Err(_) if !is_manifest(&entry) => continue,
            Err(error) => return Err(failed(&entry, error)),
        };
        if kind.is_dir() {
            directory(&entry, depth + 1, sources)?;
        } else if is_manifest(&entry) {
            sources.push(file(&entry)?);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json")
}

fn failed(path: &Path, error: io::Error) -> CollectError {
    let path = path.display().to_string();
    match error.kind() {
        io::ErrorKind::NotFound => CollectError::Missing { path },
        _ => CollectError::Unreadable { path, error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of its own, removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("longshore-collect-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str) {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }

        fn path(&self) -> String {
            self.0.display().to_string()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_directory_is_read_in_the_order_of_names() {
        let scratch = Scratch::new("order");
        for name in ["b.json", "a.yaml", "c/d.yml", "notes.txt"] {
            scratch.write(name);
        }
        let sources = collect(&[scratch.path()]).unwrap();
        let texts: Vec<_> = sources.iter().map(|s| String::from_utf8_lossy(&s.text).into_owned()).collect();
        assert_eq!(texts, ["a.yaml", "b.json", "c/d.yml"]);
    }

    #[test]
    fn what_is_missing_or_empty_is_named() {
        let scratch = Scratch::new("empty");
        let error = collect(&[scratch.path()]).unwrap_err();
        assert!(matches!(&error, CollectError::Empty { path } if *path == scratch.path()), "{error}");
        let error = collect(&[format!("{}/none.yaml", scratch.path())]).unwrap_err();
        assert!(error.to_string().contains("none.yaml: no such file"), "{error}");
    }
}
