//! The file beside a module, `NAME.sig`: one signature of the module's bytes a line, in base64, as `cosign sign-blob` writes one; or
//! one signature as it is, as `openssl dgst -sign` writes it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What is added to the module's name.
const ENDING: &str = ".sig";
/// The longest such file that is read.
pub(crate) const LONGEST: usize = 16 << 10;
/// The most signatures in one.
const MOST: usize = 16;

/// Where the signatures of the file at `path` are: `NAME.sig` beside it.
pub fn signatures_beside(module: &Path) -> PathBuf {
    let mut name = OsString::from(module);
    name.push(ENDING);
    name.into()
}

/// Where the signatures of the module at `url` are.
pub(crate) fn url(module: &reqwest::Url) -> reqwest::Url {
    let mut url = module.clone();
    url.set_path(&format!("{}{ENDING}", module.path()));
    url
}

/// The signatures of a file.
pub(crate) fn read(file: &[u8]) -> Vec<Vec<u8>> {
    let lines = || -> Option<Vec<Vec<u8>>> {
        let text = std::str::from_utf8(file).ok()?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.take(MOST).map(|line| STANDARD.decode(line).ok()).collect()
    };
    lines().unwrap_or_else(|| vec![file.to_vec()])
}

/// A file with these signatures.
pub(crate) fn write(signatures: &[Vec<u8>]) -> String {
    signatures.iter().map(|signature| STANDARD.encode(signature) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read_as_tools_write_them() {
        let check = |file: &[u8], expected: &[&[u8]]| assert_eq!(read(file), expected, "{file:?}");
        check(b"b25l\ndHdv\n", &[b"one", b"two"]);
        check(b"b25l", &[b"one"]);
        check(b" b25l \r\n\r\n", &[b"one"]);
        check(b"", &[]);
        check(b"0E\x02\x20raw", &[b"0E\x02\x20raw"]);
        check(b"no base64", &[b"no base64"]);
        assert_eq!(read(write(&[b"one".to_vec(), b"two".to_vec()]).as_bytes()), [b"one", b"two"]);
        assert_eq!(read("b25l\n".repeat(100).as_bytes()).len(), MOST);
    }

    #[test]
    fn they_lie_beside_the_module() {
        assert_eq!(signatures_beside(Path::new("a/zone.wasm")), Path::new("a/zone.wasm.sig"));
        let module = reqwest::Url::parse("https://example.com/a/zone.wasm?v=1").unwrap();
        assert_eq!(url(&module).as_str(), "https://example.com/a/zone.wasm.sig?v=1");
    }
}
