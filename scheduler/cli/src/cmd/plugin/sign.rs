//! `longshore plugin keygen`, `sign` and `verify`: who made a plugin.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, anyhow};
use longshore_artifact::{Algorithm, Fetcher, Keys, NewKey, Options, PublicKey, Signature, SigningKey};

use super::exit;
use crate::args::plugin::{KeyType, KeygenArgs, PlaceArgs, SignArgs, VerifyArgs};
use crate::console::{Console, printable};
use crate::exit::Exit;
use crate::rehearsal::source;

/// The most bytes of a file with a key.
const LARGEST: u64 = 64 << 10;

/// Makes a key and writes both halves. No file is overwritten: a key that is gone cannot be had again.
pub(crate) fn keygen(args: &KeygenArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let algorithm = match args.kind {
        KeyType::P256 => Algorithm::EcdsaP256,
        KeyType::Ed25519 => Algorithm::Ed25519,
    };
    let named = |ending: &str| {
        let mut name = args.name.as_os_str().to_owned();
        name.push(ending);
        std::path::PathBuf::from(name)
    };
    let (private, public) = (named(".key"), named(".pub"));
    if public.exists() {
        return Err(anyhow!("{}: is there already; give another NAME", public.display()));
    }
    let NewKey { key, pem } = SigningKey::generate(algorithm)?;
    write_private(&private, &pem).with_context(|| format!("{}: cannot be written", private.display()))?;
    let written = fs::write(&public, key.public().to_pem());
    written.with_context(|| format!("{}: cannot be written", public.display()))?;
    writeln!(console.out, "{}: the private key, which signs; keep it to yourself", private.display())?;
    writeln!(console.out, "{}: the public key, {}", public.display(), key.public().id())?;
    writeln!(console.out, "\nverification: {{keys: [\"file://{}\"]}}", public.display())?;
    Ok(Exit::Done)
}

#[cfg(unix)]
fn write_private(path: &Path, pem: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(pem.as_bytes())
}

#[cfg(not(unix))]
fn write_private(path: &Path, pem: &str) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(pem.as_bytes())
}

/// Signs files and images.
pub(crate) fn sign(args: &SignArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let keys = args.key.iter().map(|file| private(file)).collect::<anyhow::Result<Vec<_>>>()?;
    for what in &args.what {
        let Signature { what, place } = put(what, &keys, &args.transport)?;
        writeln!(console.out, "signed {}: {}", printable(&what), printable(&place))?;
    }
    Ok(Exit::Done)
}

/// Signs one file or image.
///
/// # Errors
/// It is not there, or its signature cannot be put there.
pub(super) fn put(what: &str, keys: &[SigningKey], transport: &PlaceArgs) -> anyhow::Result<Signature> {
    let reference = source::reference(what, transport.plain_http)?;
    let fetcher = Fetcher::new(source::options(transport.plain_http, transport.ca.clone()));
    Ok(source::network()?.block_on(fetcher.sign(&reference, keys))?)
}

/// Says of each by whom it is signed, or why it is not.
pub(crate) fn verify(args: &VerifyArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let keys = trusted(&args.key)?;
    let mut good = true;
    // What was kept of before says nothing of what is there now.
    let options =
        Options { cache_dir: None, ..source::options(args.transport.plain_http, args.transport.ca.clone()) };
    let fetcher = Fetcher::new(options);
    for what in &args.what {
        let reference = source::reference(what, args.transport.plain_http)?;
        match source::network()?.block_on(fetcher.pull_signed(&reference, None, &keys)) {
            Ok(fetched) => {
                let name = fetched.resolved.unwrap_or_else(|| what.clone());
                let key = fetched.signed_by.unwrap_or_default();
                writeln!(console.out, "{}: signed by {key}, {}", printable(&name), fetched.digest)?;
            }
            Err(error) => {
                good = false;
                console.error(&error.to_string());
            }
        }
    }
    Ok(exit(good))
}

/// The public keys of these files.
///
/// # Errors
/// One of them is none.
pub(super) fn trusted(files: &[impl AsRef<Path>]) -> anyhow::Result<Keys> {
    let mut keys = Keys::default();
    for file in files.iter().map(AsRef::as_ref) {
        let key =
            PublicKey::from_pem(&text(file)?).map_err(|error| anyhow!("{}: {error}", file.display()))?;
        keys.add(file.display().to_string(), key);
    }
    Ok(keys)
}

/// The private key of a file.
///
/// # Errors
/// It is none.
pub(super) fn private(file: &Path) -> anyhow::Result<SigningKey> {
    SigningKey::from_pem(&text(file)?).map_err(|error| anyhow!("{}: {error}", file.display()))
}

fn text(file: &Path) -> anyhow::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let read = fs::File::open(file).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    read.with_context(|| format!("{}: cannot be read", file.display()))?;
    Ok(text)
}
