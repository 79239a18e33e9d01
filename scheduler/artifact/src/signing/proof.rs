//! A signature that counted, kept beside the module that was fetched: a restart needs neither a registry nor a server. Whoever reads
//! one checks it again, so nothing in it is trusted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The longest proof: a manifest, a text and a signature in base64.
pub(crate) const LONGEST: usize = 8 << 20;

/// How it is said what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Form {
    /// Simple signing.
    Simple,
    /// A statement in an envelope.
    Bundle,
}

/// A signature and what it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) form: Form,
    /// The bytes that are signed.
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// Shows that a module is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The module is the layer of this manifest, which is signed.
    Image { manifest: Vec<u8>, signed: Signed },
    /// The bytes of the module are signed: the file of signatures.
    Bytes(Vec<u8>),
}

#[derive(Serialize, Deserialize)]
enum Text {
    Image { manifest: String, form: Form, message: String, signature: String },
    Bytes(String),
}

impl Proof {
    /// As it is kept.
    pub(crate) fn write(&self) -> Vec<u8> {
        let text = match self {
            Self::Image { manifest, signed } => Text::Image {
                manifest: STANDARD.encode(manifest),
                form: signed.form,
                message: STANDARD.encode(&signed.message),
                signature: STANDARD.encode(&signed.signature),
            },
            Self::Bytes(file) => Text::Bytes(STANDARD.encode(file)),
        };
        // A text of strings can always be written.
        serde_json::to_vec(&text).unwrap_or_default()
    }

    /// What [`Self::write`] wrote; `None` when it is damaged.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let bytes = |text: String| STANDARD.decode(text).ok();
        Some(match serde_json::from_slice(text).ok()? {
            Text::Image { manifest, form, message, signature } => {
                let signed = Signed { form, message: bytes(message)?, signature: bytes(signature)? };
                Self::Image { manifest: bytes(manifest)?, signed }
            }
            Text::Bytes(file) => Self::Bytes(bytes(file)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let signed = Signed { form: Form::Simple, message: b"text".to_vec(), signature: vec![0, 255] };
        let image = Proof::Image { manifest: b"{}".to_vec(), signed };
        for proof in [image, Proof::Bytes(b"c2ln\n".to_vec())] {
            let text = proof.write();
            assert_eq!(Proof::read(&text), Some(proof));
            assert_eq!(Proof::read(&text[1..]), None);
        }
        assert_eq!(Proof::read(br#"{"Bytes":"*"}"#), None);
    }
}
