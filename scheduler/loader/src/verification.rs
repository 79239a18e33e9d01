//! Keys of a configuration's `verification`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use longshore_artifact::{Keys, PublicKey};
use longshore_framework::fields::Problems;
use longshore_framework::verification::{FIELD, Verification};

/// The most bytes of a file with a key.
const LARGEST: u64 = 64 << 10;
const FILE: &str = "file://";

/// The same with every relative file from `folder`, so that it means the same elsewhere.
pub(super) fn absolute(verification: Verification, folder: &Path) -> Verification {
    let keys = verification.keys.into_iter().map(|key| match key.strip_prefix(FILE) {
        Some(file) => match std::path::absolute(folder.join(file)) {
            Ok(file) => format!("{FILE}{}", file.display()),
            Err(_) => key,
        },
        None => key,
    });
    Verification { keys: keys.collect() }
}

/// Files of keys.
pub(super) fn files(verification: &Verification) -> impl Iterator<Item = PathBuf> {
    verification.keys.iter().filter_map(|key| key.strip_prefix(FILE).map(PathBuf::from))
}

/// The keys; `problems` stands where the field is.
pub(super) fn keys(verification: &Verification, problems: &mut Problems<'_>) -> Keys {
    let mut keys = Keys::default();
    let mut problems = problems.field(FIELD);
    let mut problems = problems.field("keys");
    for (at, text) in verification.keys.iter().enumerate() {
        match read(text, at) {
            Ok((name, key)) => keys.add(name, key),
            Err(why) => problems.index(at).report(why),
        }
    }
    keys
}

/// A key and what messages call it.
fn read(text: &str, at: usize) -> Result<(String, PublicKey), String> {
    let Some(file) = text.strip_prefix(FILE) else {
        if !text.trim_start().starts_with("-----BEGIN") {
            return Err("must be file://PATH of a public key, or the key itself in PEM form (-----BEGIN PUBLIC KEY-----)".into());
        }
        let key = PublicKey::from_pem(text).map_err(|error| format!("is no key to verify with: {error}"))?;
        return Ok((format!("{FIELD}.keys[{at}]"), key));
    };
    let path = Path::new(file);
    let mut pem = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut pem));
    read.map_err(|error| format!("{file}: cannot be read: {error}"))?;
    let key =
        PublicKey::from_pem(&pem).map_err(|error| format!("{file} is no key to verify with: {error}"))?;
    let name = path.file_name().map_or_else(|| file.into(), |name| name.to_string_lossy());
    Ok((name.into_owned(), key))
}

#[cfg(test)]
mod tests {
    use longshore_artifact::{Algorithm, SigningKey};

    use super::*;

    fn read(keys: &[String]) -> (String, Vec<String>) {
        let mut found = Vec::new();
        let verification = Verification { keys: keys.to_vec() };
        let keys = super::keys(&verification, &mut Problems::new(&mut found));
        (keys.to_string(), found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_key_is_a_file_or_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate(Algorithm::EcdsaP256).unwrap().key.public();
        std::fs::write(folder.path().join("release.pub"), key.to_pem()).unwrap();
        let relative = Verification { keys: vec!["file://release.pub".into(), key.to_pem()] };
        let both = absolute(relative, folder.path());
        assert_eq!(files(&both).collect::<Vec<_>>(), [folder.path().join("release.pub")]);
        let (named, problems) = read(&both.keys);
        assert_eq!(problems, Vec::<String>::new());
        let id = &key.id().hex()[..16];
        assert_eq!(named, format!("release.pub (sha256:{id}...) or verification.keys[1] (sha256:{id}...)"));
    }

    #[test]
    fn what_is_no_key_says_why() {
        let private = SigningKey::generate(Algorithm::Ed25519).unwrap().pem;
        let (_, problems) = read(&["release.pub".into(), "file:///no/such.pub".into(), private]);
        let pieces = [
            "keys[0]: must be file://PATH",
            "keys[1]: /no/such.pub: cannot be read",
            "keys[2]: is no key to verify with: it is a private key",
        ];
        assert_eq!(problems.len(), pieces.len(), "{problems:?}");
        for (problem, piece) in problems.iter().zip(pieces) {
            assert!(problem.starts_with("verification.") && problem.contains(piece), "{problem}");
        }
    }
}
