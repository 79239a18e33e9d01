//! Which system calls a pod may make: those of the SeccompProfile objects that its profiles come from.

use std::cell::RefCell;
use std::collections::BTreeMap;

use catalogue_common::RawPod;
use catalogue_common::pod::SeccompReference;
use longshore_plugin::objects;
use serde::Deserialize;

use crate::args::Settings;
use crate::calls::{Calls, Names};

objects! {
    /// Profiles, as the security profiles operator has them.
    pub(crate) PROFILES: Profile = kind("security-profiles-operator.x-k8s.io/v1beta1", "SeccompProfile")
        .fields(&["spec.syscalls"]),
}

/// Annotations of which name this is a part say which profile a pod has.
const ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io";

/// A SeccompProfile, as far as the plugin reads it.
#[derive(Deserialize)]
pub(crate) struct Profile {
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
struct Spec {
    syscalls: Option<Vec<Category>>,
}

#[derive(Deserialize)]
struct Category {
    #[serde(default)]
    action: String,
    names: Option<Vec<String>>,
}

/// What is known of profiles, until one changes.
#[derive(Default)]
pub(crate) struct Profiles {
    names: Names,
    read: BTreeMap<(String, String), Calls>,
    changes: u64,
}

/// Namespace and name of a profile.
pub(crate) type Key = (String, String);

impl Profiles {
    /// The calls that a pod with these profiles may make; with none, or none that allows anything, those of the default.
    pub(crate) fn calls(&mut self, keys: &[Key], settings: &Settings) -> Calls {
        self.refresh();
        let mut calls = Calls::default();
        for key in keys {
            calls.add(self.of(key));
        }
        if calls.is_empty() {
            calls = self.of(&(settings.namespace.clone(), settings.name.clone())).clone();
        }
        calls
    }

    /// Forgets what is not so any more.
    pub(crate) fn refresh(&mut self) {
        if self.changes != PROFILES.changes() {
            *self = Self { changes: PROFILES.changes(), ..Self::default() };
        }
    }

    /// Which state of the profiles this is.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    fn of(&mut self, key: &Key) -> &Calls {
        let names = &mut self.names;
        self.read.entry(key.clone()).or_insert_with(|| {
            let mut calls = Calls::default();
            let profile = PROFILES.get(&key.0, &key.1);
            let categories = profile.iter().flat_map(|profile| profile.spec.syscalls.iter().flatten());
            let allowed =
                categories.filter(|each| matches!(each.action.as_str(), "SCMP_ACT_ALLOW" | "SCMP_ACT_LOG"));
            for name in allowed.flat_map(|category| category.names.iter().flatten()) {
                calls.insert(names.number(name));
            }
            calls
        })
    }
}

/// The profiles of a pod: its own, those of its containers, and the first that an annotation names.
pub(crate) fn keys(pod: &RawPod) -> Vec<Key> {
    let own = pod.spec.security_context.iter();
    let all =
        own.chain(pod.spec.containers.iter().filter_map(|container| container.security_context.as_ref()));
    let references = all.filter_map(|context| context.seccomp_profile.as_ref());
    let mut keys: Vec<Key> = references.filter_map(local).collect();
    let annotations = pod.metadata.annotations.iter().flatten();
    let mut named = annotations.filter(|(name, _)| name.contains(ANNOTATION)).map(|(_, path)| key(path));
    keys.extend(named.next().flatten());
    keys
}

fn local(reference: &SeccompReference) -> Option<Key> {
    reference.localhost_profile.as_deref().filter(|_| reference.kind == "Localhost").and_then(key)
}

/// The key in `.../NAMESPACE/NAME.EXTENSION`.
fn key(path: &str) -> Option<Key> {
    let (before, file) = path.rsplit_once('/')?;
    let namespace = before.rsplit('/').next()?;
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    (!namespace.is_empty() && !name.is_empty()).then(|| (namespace.to_owned(), name.to_owned()))
}

/// What is known of profiles, shared.
pub(crate) type Shelf = RefCell<Profiles>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_profile() {
        let check = |path, want: Option<(&str, &str)>| {
            let want = want.map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
            assert_eq!(key(path), want, "{path}");
        };
        check("operator/shop/web.json", Some(("shop", "web")));
        check("localhost/operator/shop/web.v2.json", Some(("shop", "web.v2")));
        check("shop/web", Some(("shop", "web")));
        check("web.json", None);
        check("/.json", None);
    }
}
