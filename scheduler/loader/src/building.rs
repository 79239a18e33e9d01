//! The plugins of one configuration, while its profiles are being put together.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use longshore_artifact::{Digest, Keys};
use longshore_framework::Str;
use longshore_framework::features::Features;
use longshore_framework::fields::Problems;
use longshore_framework::registry::{Factory, FactoryContext, Instance, Registry};
use longshore_profile::Configuration;
use longshore_wasm::Settings;
use serde_json::Value;

use super::catalogue::declared::{self, Declared};
use super::catalogue::{self, Catalogue};
use super::fetch::{Missing, Module, fetch};
use super::guests::{Guests, Held};
use super::means::Means;
use super::stand_in::{stand_in, stand_in_at};
use super::verification;

/// What a configuration is built with.
pub(super) struct Building {
    pub(super) means: Arc<Means>,
    pub(super) features: Features,
    /// Plugins that need no source.
    pub(super) catalogue: Option<Catalogue>,
    /// Whether plugins of the catalogue may be absent.
    pub(super) absent: bool,
    /// Of these one has to have signed a module, where its args do not say otherwise.
    pub(super) keys: Keys,
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
    /// Plugins of the catalogue that stand in the profile of a scheduler name without their modules.
    pub(super) absent: BTreeSet<(Str, String)>,
}

impl Building {
    /// The plugins of this program, and those that `configuration` brings along.
    pub(super) fn registry(self: &Arc<Self>, configuration: &Configuration) -> Registry {
        let mut registry = super::registry().with_features(self.features);
        let configs = configuration.profiles.iter().flat_map(|profile| &profile.plugin_config);
        let mut names: BTreeSet<&str> =
            configs.filter(|c| concerned(&registry, &c.name, &c.args)).map(|c| c.name.as_str()).collect();
        let in_catalogue = |name: &&str| self.has(name) || self.only_declared(name);
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
        if !Settings::concern(args)
            && self.only_declared(name)
            && let Some(declared) = Declared::of(name)
        {
            declared.check(name, args, problems);
            self.done().absent.insert((context.scheduler_name.clone(), name.to_string()));
            return Instance { idle_at: declared.idle, ..stand_in_at(name, args, &declared.stages) };
        }
        if let Some(held) = self.held(name, args, context, problems) {
            let mut instance = held.guest.instance();
            instance.args = shown(&held);
            // The one of the catalogue may stand where the Go plugin may; one of another source stands where it says.
            if !Settings::concern(args) {
                instance.idle_at = Declared::of(name).map_or_else(Vec::new, |declared| declared.idle);
            }
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
        let own = !Settings::concern(args) && (self.has(name) || !Settings::meant(args));
        let settings =
            if own { self.in_catalogue(name, args, problems)? } else { self.settings(args, problems)? };
        let field = if args.get("guestURL").is_some() { "guestURL" } else { "source" };
        let module = match self.module(&settings, problems)? {
            Ok(module) => module,
            Err(missing) => {
                let mut done = self.done();
                done.transient |= missing.remote;
                done.files.extend(missing.files);
                problems.field(field).report(missing.message);
                return None;
            }
        };
        self.done().files.extend(module.file.iter().chain(&module.beside).cloned());
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

    /// Brings the module, and sees to it that it is signed where that is asked for; `None` when the keys are wrong, which is reported.
    fn module(&self, settings: &Settings, problems: &mut Problems<'_>) -> Option<Result<Module, Missing>> {
        if let Some(carried) = catalogue::carried(&settings.source) {
            if settings.verification.is_some() {
                problems.field("verification").report(
                    "the module is a part of this program: it is as trustworthy as the program is; leave verification out",
                );
                return None;
            }
            return Some(carried.map_err(Missing::here).and_then(|bytes| of_program(bytes, settings)));
        }
        let before = problems.count();
        let keys = match &settings.verification {
            Some(own) => {
                self.done().files.extend(verification::files(own));
                verification::keys(own, problems)
            }
            None => self.keys.clone(),
        };
        (problems.count() == before).then(|| fetch(&self.means.fetcher, settings, &self.folder, keys))
    }

    /// Whether the catalogue has a plugin.
    fn has(&self, name: &str) -> bool {
        self.catalogue.as_ref().is_some_and(|catalogue| catalogue.has(name))
    }

    /// Whether nothing is here of a plugin of the catalogue but its declaration, and that is enough.
    fn only_declared(&self, name: &str) -> bool {
        self.absent && !self.has(name) && declared::names().any(|listed| listed == name)
    }

    /// Settings from args that say where the module is.
    fn settings(&self, args: &Value, problems: &mut Problems<'_>) -> Option<Settings> {
        let before = problems.count();
        let mut settings = Settings::read(args, problems);
        settings.verification = settings.verification.map(|own| verification::absolute(own, &self.folder));
        if problems.count() > before {
            return None;
        }
        let Some(name) = settings.source.strip_prefix(catalogue::SCHEME).map(str::to_string) else {
            return Some(settings);
        };
        let granted = args.get("capabilities").is_none();
        let located =
            self.catalogue.as_ref().and_then(|catalogue| catalogue.located(&name, settings, granted));
        if located.is_none() {
            problems.field("source").report(match &self.catalogue {
                Some(catalogue) => format!("the catalogue has no plugin {name:?}; it has {}", catalogue.names()),
                None => format!(
                    "there is no catalogue to find {name:?} in: this program carries none; name one: catalogue: file://DIR in this \
                     file, or --catalogue file://DIR"
                ),
            });
        }
        located
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

/// A module that this program carries.
fn of_program(bytes: Vec<u8>, settings: &Settings) -> Result<Module, Missing> {
    let digest = Digest::of(&bytes).hex();
    match &settings.sha256 {
        Some(wanted) if *wanted != digest => Err(Missing::here(format!(
            "expected sha256:{wanted}, and this program carries sha256:{digest}; another version of it carries another module"
        ))),
        _ => Ok(Module { bytes, digest, file: None, beside: None, image: None }),
    }
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
