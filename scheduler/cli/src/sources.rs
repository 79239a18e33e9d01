//! Where the objects of the input come from: files, directories, standard input, URLs, and what kustomize builds.

use std::io;
use std::process::Command;

use anyhow::{Context, anyhow, bail};
use longshore_artifact::{Fetcher, Options, PlainHttp, Reference};
use longshore_manifest::Source;

/// Commands that build a directory for kustomize, the first that is installed is taken.
const BUILDERS: [(&str, &[&str]); 2] = [("kubectl", &["kustomize"]), ("kustomize", &["build"])];

/// Reads everything: what `-f` names in its order, then what is built of `-k`.
///
/// # Errors
/// The first that cannot be read, and how to fix it.
pub(crate) fn gather(filenames: &[String], kustomizations: &[String]) -> anyhow::Result<Vec<Source>> {
    let mut sources: Vec<Source> = Vec::new();
    for filename in filenames {
        if is_url(filename) {
            sources.push(fetch(filename)?);
        } else if filename == "-" && sources.iter().any(|source| source.name == "-") {
            return Err(longshore_manifest::CollectError::StandardInputTwice.into());
        } else {
            sources.extend(longshore_manifest::collect(std::slice::from_ref(filename))?);
        }
    }
    for directory in kustomizations {
        sources.push(build(directory)?);
    }
    Ok(sources)
}

fn is_url(filename: &str) -> bool {
    filename.starts_with("http://") || filename.starts_with("https://")
}

fn fetch(url: &str) -> anyhow::Result<Source> {
    let reference = Reference::parse_with(url, PlainHttp::Anywhere)?;
    // A manifest may change any time, so it is never taken from what was fetched before.
    let fetcher = Fetcher::new(Options { cache_dir: None, ..Options::default() });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the network")?;
    let fetched = runtime.block_on(fetcher.pull(&reference, None))?;
    Ok(Source { name: url.to_string(), text: fetched.bytes })
}

fn build(directory: &str) -> anyhow::Result<Source> {
    for (program, arguments) in BUILDERS {
        match Command::new(program).args(arguments).arg(directory).output() {
            Ok(output) if output.status.success() => {
                return Ok(Source { name: format!("{directory} (kustomize)"), text: output.stdout });
            }
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                bail!("-k {directory}: {program} {} failed: {}", arguments.join(" "), said.trim());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(anyhow!("-k {directory}: {program} cannot be started: {error}")),
        }
    }
    bail!(
        "-k {directory}: neither kubectl nor kustomize is installed; install one of them, or pipe what another machine builds \
         into -f -"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_files() {
        assert!(is_url("https://example.com/a.yaml") && is_url("http://example.com/a.yaml"));
        assert!(!is_url("https.yaml") && !is_url("-") && !is_url("dir/http://x"));
    }
}
