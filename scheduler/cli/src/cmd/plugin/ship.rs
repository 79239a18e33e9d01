//! `longshore plugin push` and `pull`: to and from registries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use longshore_artifact::{Fetcher, Package, PackageKind};
use longshore_wasm::{About, GuestKind};

use super::sign;
use crate::args::plugin::{PullArgs, PushArgs};
use crate::console::{Console, printable};
use crate::exit::{Exit, UsageError};
use crate::rehearsal::{Setup, given, source, subject};

/// The package of the interface.
const PACKAGE: &str = "longshore:scheduler";
/// Its version.
const VERSION: &str = "0.1.0";

/// Looks at a plugin, uploads it, and says how a profile names it.
pub(crate) fn push(args: &PushArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    if !args.reference.starts_with("oci://") {
        let message = "a plugin is pushed to oci://REGISTRY/REPOSITORY:TAG".to_string();
        return Err(UsageError(message).into());
    }
    let reference = source::reference(&args.reference, args.transport.plain_http)?;
    let file = args.file.display();
    let keys = args.sign_key.iter().map(|file| sign::private(file)).collect::<anyhow::Result<Vec<_>>>()?;
    let bytes = std::fs::read(&args.file).with_context(|| format!("{file}: cannot be read"))?;
    let about = about(&source::stem(&args.file.to_string_lossy()), &bytes)
        .with_context(|| format!("{file}: is not pushed, no scheduler could use it"))?;
    let package = package(bytes, &about, &args.file);
    let options = source::options(args.transport.plain_http, args.transport.ca.clone());
    let manifest = source::network()?.block_on(Fetcher::new(options).push(&reference, &package))?;
    let pinned = format!("{}@{manifest}", untagged(&args.reference));
    writeln!(console.out, "pushed {pinned}")?;
    if !keys.is_empty() {
        let signature = sign::put(&pinned, &keys, &args.transport)?;
        writeln!(console.out, "signed {}", signature.place)?;
    }
    snippet(console, &about, &pinned)
}

/// Fetches a plugin into a file, and says how a profile names it.
pub(crate) fn pull(args: &PullArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let fetched = source::fetch_signed(&args.reference, &args.transport, &sign::trusted(&args.key)?)?;
    let name = source::stem(&args.reference);
    let about = about(&name, &fetched.bytes)?;
    let file = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.wasm")));
    write(&file, &fetched.bytes)?;
    let from = fetched.resolved.unwrap_or_else(|| args.reference.clone());
    let by = fetched.signed_by.map_or_else(String::new, |key| format!(", signed by {key}"));
    writeln!(console.out, "pulled {} to {}{by}", printable(&from), file.display())?;
    snippet(console, &about, &format!("file://{}", file.display()))
}

fn about(name: &str, bytes: &[u8]) -> anyhow::Result<About> {
    let settings = given::everything(None, bytes)?;
    let (host, _) = subject::host(&Setup::default())?;
    let described = host.describe(name, bytes, &settings);
    Ok(described.map_err(|e| anyhow::anyhow!("{}", subject::explained(&e)))?.about())
}

fn package(bytes: Vec<u8>, about: &About, file: &Path) -> Package {
    let whole = |names: &[String]| names.iter().map(|name| format!("{PACKAGE}/{name}@{VERSION}")).collect();
    let kind = match about.kind {
        GuestKind::Component => PackageKind::Component {
            exports: whole(&about.exports),
            imports: whole(&about.imports),
            target: Some(format!("{PACKAGE}/plugin@{VERSION}")),
        },
        _ => PackageKind::Module,
    };
    let title =
        if about.name.is_empty() { source::stem(&file.to_string_lossy()) } else { about.name.clone() };
    let said = [("title", &title), ("version", &about.version), ("description", &about.description)];
    let annotations: BTreeMap<String, String> = said
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| (format!("org.opencontainers.image.{key}"), text.clone()))
        .collect();
    Package { bytes, kind, annotations, created: None, author: None }
}

/// Beside the file first, so that nobody sees half of it.
fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".part");
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, file));
    written.with_context(|| format!("{}: cannot be written", file.display()))
}

/// What to put into a profile.
fn snippet(console: &mut Console<'_>, about: &About, source: &str) -> anyhow::Result<Exit> {
    let name = if about.name.is_empty() { "MyPlugin" } else { &about.name };
    let out = &mut console.out;
    writeln!(out, "\npluginConfig:\n- name: {}\n  args:", printable(name))?;
    match about.kind {
        GuestKind::Component => writeln!(out, "    source: {}", printable(source))?,
        _ => writeln!(out, "    guestURL: {}", printable(source))?,
    }
    writeln!(out, "    sha256: {}", about.digest)?;
    if !about.needs.is_empty() {
        writeln!(out, "    capabilities: [{}]", about.needs.join(", "))?;
    }
    Ok(Exit::Done)
}

/// The reference without its tag or digest.
fn untagged(reference: &str) -> &str {
    let reference = reference.split('@').next().unwrap_or(reference);
    let last = reference.rfind('/').unwrap_or(0);
    match reference[last..].find(':') {
        Some(colon) => &reference[..last + colon],
        None => reference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_off_and_ports_are_not() {
        let check = |text: &str, want: &str| assert_eq!(untagged(text), want);
        check("oci://ghcr.io/acme/zonepack:1.2", "oci://ghcr.io/acme/zonepack");
        check("oci://localhost:5000/zonepack:1", "oci://localhost:5000/zonepack");
        check("oci://localhost:5000/zonepack:1@sha256:ab", "oci://localhost:5000/zonepack");
    }
}
