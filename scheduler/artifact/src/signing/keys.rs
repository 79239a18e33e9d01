//! The keys that a configuration, or a command line, trusts.

use std::fmt;

use super::public::PublicKey;

/// How many keys a message names.
const NAMED: usize = 3;

/// Keys of which one has to have signed what is fetched. None: nothing has to be signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(Vec<(String, PublicKey)>);

impl Keys {
    /// Adds one that messages call `name`.
    pub fn add(&mut self, name: impl Into<String>, key: PublicKey) {
        self.0.push((name.into(), key));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that made `signature` of `message`, as messages call it.
    pub(crate) fn who_signed(&self, message: &[u8], signature: &[u8]) -> Option<String> {
        let (name, key) = self.0.iter().find(|(_, key)| key.verifies(message, signature))?;
        Some(described(name, key))
    }
}

/// `release.pub (sha256:0123456789ab...)`, and so on.
impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, key)) in self.0.iter().take(NAMED).enumerate() {
            let or = if at == 0 { "" } else { " or " };
            write!(f, "{or}{}", described(name, key))?;
        }
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " or one of {more} more"),
        }
    }
}

fn described(name: &str, key: &PublicKey) -> String {
    let id = key.id().hex();
    format!("{name} (sha256:{}...)", &id[..16])
}
