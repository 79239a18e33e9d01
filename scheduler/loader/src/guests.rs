//! The plugins in WebAssembly that are loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use longshore_cluster::extender::Wants;
use longshore_framework::Str;
use longshore_framework::objects::declared::Declarations;
use longshore_wasm::{FailurePolicy, Guest, GuestKind, Settings};

/// One of them.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its args.
    pub settings: Settings,
    /// The plugin.
    pub guest: Arc<Guest>,
    /// Where its module is, when that is a file.
    pub file: Option<PathBuf>,
    /// The image by its digest, when it came from a registry that said so.
    pub image: Option<String>,
}

/// By scheduler name of the profile and name of the plugin. Every profile has its own, as it has of native plugins.
#[derive(Clone, Debug, Default)]
pub struct Guests(BTreeMap<(Str, Str), Held>);

impl Guests {
    pub(super) fn insert(&mut self, profile: Str, name: Str, held: Held) {
        self.0.insert((profile, name), held);
    }

    /// The one called `name` in the profile for `profile`.
    pub fn get(&self, profile: &str, name: &str) -> Option<&Held> {
        self.0.get(&(profile.into(), name.into()))
    }

    /// Scheduler name, name and plugin, in this order.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, &Str, &Held)> {
        self.0.iter().map(|((profile, name), held)| (profile, name, held))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Which objects they want whole.
    pub fn wants(&self) -> Wants {
        self.0.values().map(|held| wants(&held.guest)).fold(Wants::default(), Wants::and)
    }

    /// Which objects they declare.
    pub fn declarations(&self) -> Declarations {
        let mut all = Declarations::default();
        for held in self.0.values() {
            all.add_all(&held.guest.declarations());
        }
        all
    }

    /// Names of those whose failures every profile that has them ignores.
    pub fn ignored(&self) -> BTreeSet<String> {
        let ignores = |held: &Held| held.settings.failure_policy == FailurePolicy::Ignore;
        let counted: BTreeSet<&Str> =
            self.iter().filter(|(_, _, held)| !ignores(held)).map(|(_, name, _)| name).collect();
        let names = self.iter().map(|(_, name, _)| name);
        names.filter(|name| !counted.contains(name)).map(ToString::to_string).collect()
    }

    /// Those that are not the same plugins as in `before`, by profile and name: new ones, and ones with another module or
    /// other args.
    pub fn changed<'g>(&'g self, before: &'g Self) -> impl Iterator<Item = (&'g Str, &'g Str, &'g Held)> {
        self.iter().filter(|(profile, name, held)| {
            !before.get(profile, name).is_some_and(|old| Arc::ptr_eq(&old.guest, &held.guest))
        })
    }

    /// Each one that is new takes over what its predecessor holds. To be called between two decisions, before the new
    /// profiles are asked anything.
    pub fn take_over(&self, before: &Self) {
        for (profile, name, held) in self.changed(before) {
            if let Some(old) = before.get(profile, name) {
                held.guest.take_over(&old.guest);
            }
        }
    }
}

fn wants(guest: &Guest) -> Wants {
    let about = guest.about();
    let has = |list: &[String]| list.iter().any(|word| word == "raw");
    match about.kind {
        // It is given the pod and nodes in Kubernetes' own encoding.
        GuestKind::Extension => Wants { waiting_pods: true, placed_pods: false, nodes: true },
        // It may ask for any pod and any node.
        GuestKind::Component if has(&about.imports) => {
            Wants { waiting_pods: true, placed_pods: true, nodes: true }
        }
        GuestKind::Component => {
            let (any, nodes) = (has(&about.needs), has(&about.columns));
            Wants { waiting_pods: any, placed_pods: false, nodes }
        }
    }
}
