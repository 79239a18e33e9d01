//! Whether a signature counts, and if none does, why.

use std::collections::BTreeSet;

use super::bundle;
use super::keys::Keys;
use super::payload;
use super::proof::{Form, Signed};
use crate::digest::Digest;
use crate::error::Untrusted;

/// Looks for one signature of a manifest by a key that is trusted.
#[derive(Debug)]
pub(crate) struct Judge<'k> {
    keys: &'k Keys,
    manifest: Digest,
    /// Signatures by other keys, or of a text that was changed, each once.
    others: BTreeSet<Vec<u8>>,
    /// By a key that is trusted, but of something else: the key, and of what.
    elsewhere: Option<(String, Option<Digest>)>,
}

impl<'k> Judge<'k> {
    /// Has seen nothing yet.
    pub(crate) fn new(keys: &'k Keys, manifest: Digest) -> Self {
        Self { keys, manifest, others: BTreeSet::new(), elsewhere: None }
    }

    /// The key by which `signed` counts, if it does.
    pub(crate) fn takes(&mut self, signed: &Signed) -> Option<String> {
        let Some(key) = self.keys.who_signed(&signed.message, &signed.signature) else {
            self.others.insert(signed.signature.clone());
            return None;
        };
        let claimed = match signed.form {
            Form::Simple => payload::claimed(&signed.message).into_iter().collect(),
            Form::Bundle => bundle::claimed(&signed.message),
        };
        if claimed.contains(&self.manifest) {
            return Some(key);
        }
        self.elsewhere = Some((key, claimed.first().copied()));
        None
    }

    /// Why nothing counted. `looked`: where signatures were looked for.
    pub(crate) fn refuses(self, looked: String) -> Untrusted {
        let keys = self.keys.to_string();
        match (self.elsewhere, self.others.len()) {
            (Some((key, signed)), _) => Untrusted::OtherModule {
                key,
                signed: signed.map_or("something that is no module".into(), |digest| digest.to_string()),
                actual: self.manifest,
            },
            (None, 0) => Untrusted::Unsigned { looked, keys },
            (None, count) => Untrusted::OtherKey { looked, count, keys },
        }
    }
}
