//! The plugins of one configuration, while its profiles are being put together.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use longshore_framework::features::Features;
use longshore_framework::fields::Problems;
use longshore_framework::registry::{Factory, FactoryContext, Instance, Registry};
use longshore_profile::Configuration;
use longshore_wasm::Settings;
use serde_json::Value;

use super::catalogue::Catalogue;
use super::fetch::fetch;
use super::guests::{Guests, Held};
use super::means::Means;
use super::stand_in::stand_in;

/// What a configuration is built with.
pub(super) struct Building {
    pub(super) means: Arc<Means>,
    pub(super) features: Features,
    /// Plugins that need no source.
    pub(super) catalogue: Option<Catalogue>,
    /// Relative files are looked for here.
    pub(super) folder: PathBuf,
    /// What is loaded already.
    pub(super) before: Guests,
    pub(super) done: Mutex<Done>,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Done {
    pub(super) guests: Guests,
    /// Names of the plugins that could not be loaded.
    pub(super) failed: BTreeSet<String>,
    /// Files that were named.
    pub(super) files: BTreeSet<PathBuf>,
    /// Whether a module could not be had over the network.
    pub(super) transient: bool,
}

impl Building {
    /// The plugins of this program, and those that `configuration` brings along.
    pub(super) fn registry(self: &Arc<Self>, configuration: &Configuration) -> Registry {
        let mut registry = super::registry().with_features(self.features);
        let configs = configuration.profiles.iter().flat_map(|profile| &profile.plugin_config);
        let mut names: BTreeSet<&str> =
            configs.filter(|c| concerned(&registry, &c.name, &c.args)).map(|c| c.name.as_str()).collect();
        let in_catalogue = |name: &&str| self.catalogue.as_ref().is_some_and(|catalogue| catalogue.has(name));
        let named = configuration.plugin_names();
        names.extend(named.filter(|name| registry.get(name).is_none()).filter(in_catalogue));
        for name in names {
            let (building, own_name) = (Arc::clone(self), name.to_string());
            let native = registry.get(name).cloned();
            registry.add(name, move |args, context, problems| match &native {
                Some(native) => taken(&own_name, native, args, context, problems),
                None => building.make(&own_name, args, context, problems),
            });
        }
        registry
    }

    fn make(
        &self,
        name: &str,
        args: &Value,
        context: &FactoryContext,
        problems: &mut Problems<'_>,
    ) -> Instance {
        let before = problems.count();
        if let Some(held) = self.held(name, args, context, problems) {
            let mut instance = held.guest.instance();
            instance.args = shown(&held);
            let (profile, name) = (Arc::clone(&context.scheduler_name), name.into());
            self.done().guests.insert(profile, name, held);
            return instance;
        }
        if problems.count() > before {
            self.done().failed.insert(name.to_string());
        }
        stand_in(name)
    }

    /// The plugin, loaded, or what is wrong.
    fn held(
        &self,
        name: &str,
        args: &Value,
        context: &FactoryContext,
        problems: &mut Problems<'_>,
    ) -> Option<Held> {
        // A field such as resources is near enough to source to be a slip of the pen, but not of a plugin that needs no source.
        let known = self.catalogue.as_ref().is_some_and(|catalogue| catalogue.has(name));
        let own = !Settings::concern(args) && (known || !Settings::meant(args));
        let settings = if own { self.in_catalogue(name, args, problems)? } else { settings(args, problems)? };
        let field = if args.get("guestURL").is_some() { "guestURL" } else { "source" };
        let module = match fetch(&self.means.fetcher, &settings, &self.folder) {
            Ok(module) => module,
            Err(missing) => {
                let mut done = self.done();
                done.transient |= missing.remote;
                done.files.extend(missing.file);
                problems.field(field).report(missing.message);
                return None;
            }
        };
        self.done().files.extend(module.file.clone());
        let loaded = match self.before.get(&context.scheduler_name, name) {
            Some(old) if old.settings == settings && old.guest.digest() == module.digest => {
                Ok(Arc::clone(&old.guest))
            }
            _ => self.means.compile(name, &module.bytes, &settings),
        };
        let guest = match loaded {
            Ok(guest) => guest,
            Err(refused) => {
                refused.report(own, field, problems);
                return None;
            }
        };
        Some(Held { settings, guest, file: module.file, image: module.image })
    }

    /// Settings of a plugin whose args say nothing of a module.
    fn in_catalogue(&self, name: &str, args: &Value, problems: &mut Problems<'_>) -> Option<Settings> {
        let settings = self.catalogue.as_ref().and_then(|c| c.settings(name, args, problems));
        if settings.is_none() {
            problems.report(format!(
                "{name} is a plugin in WebAssembly; add source, or guestURL, as the other profile has it"
            ));
        }
        settings
    }

    /// What was loaded and what was not.
    pub(super) fn finish(&self) -> Done {
        std::mem::take(&mut *self.done())
    }

    fn done(&self) -> std::sync::MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Settings from args that say where the module is.
fn settings(args: &Value, problems: &mut Problems<'_>) -> Option<Settings> {
    let before = problems.count();
    let settings = Settings::read(args, problems);
    (problems.count() == before).then_some(settings)
}

/// Whether a plugin is one in WebAssembly. Of a name that no plugin of this program has, args with a slip of the pen say so too.
fn concerned(registry: &Registry, name: &str, args: &Value) -> bool {
    Settings::concern(args) || (registry.get(name).is_none() && Settings::meant(args))
}

/// The args with every default, pinned to the module that was loaded. They mean the same in a file in another folder.
fn shown(held: &Held) -> Value {
    let mut args = held.settings.effective();
    args["sha256"] = held.guest.digest().into();
    if let Some(Ok(path)) = held.file.as_deref().map(std::path::absolute) {
        let field = if args.get("source").is_some() { "source" } else { "guestURL" };
        args[field] = format!("file://{}", path.display()).into();
    }
    args
}

/// A name that a plugin of this program has.
fn taken(
    name: &str,
    native: &Factory,
    args: &Value,
    context: &FactoryContext,
    problems: &mut Problems<'_>,
) -> Instance {
    if !Settings::concern(args) {
        return native(args, context, problems);
    }
    problems
        .report(format!("{name} is a plugin of Longshore itself; give the one in WebAssembly another name"));
    native(&Value::Null, context, problems)
}
