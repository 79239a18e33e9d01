//! Objects as they come in: read one by one, told apart from those that came earlier, then put together in their order.

mod assemble;
mod body;
mod changed;
mod missing;
mod rule;
mod salvage;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Object;
use longshore_framework::objects::declared::DeclaredObject;
use serde_json::Value;

use crate::absent::Facts;
use crate::error::{ObjectError, cut_to, quoted};
use crate::hint;
use crate::identity::{Compared, Identity, Key, Version};
use crate::items::Item;
use crate::kind::{Kind, text};
use crate::manifests::{ManifestProblem, Manifests};
use crate::notes::Notes;
use crate::reader::Options;
use crate::{strict, unexpanded, unnamed};

use body::Body;
use missing::Makes;

/// Unknown fields that are named of one input, or few more.
const MOST_UNKNOWN: usize = 100;

/// Where an object stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Index of the source.
    pub(super) source: usize,
    /// Document, from 1.
    pub(super) document: usize,
    /// Element of a list, from 1.
    pub(super) item: Option<usize>,
    /// Line, from 1.
    pub(super) line: Option<usize>,
}

/// What is known of an object that came in.
#[derive(Debug)]
struct KnownObject {
    place: Place,
    version: Version,
    /// Its place among the bodies; none when it could not be read.
    slot: Option<usize>,
}

/// An object that gets its name when all others are known.
#[derive(Debug)]
struct Unnamed {
    kind: Kind,
    value: Value,
    place: Place,
    slot: usize,
}

/// What has been read.
#[derive(Debug, Default)]
pub(super) struct Entries {
    options: Options,
    sources: Vec<String>,
    /// Objects in order; later ones stand in the place of those they count over.
    bodies: Vec<Option<(Place, Body)>>,
    seen: BTreeMap<Key, KnownObject>,
    unnamed: Vec<Unnamed>,
    makes: Vec<Makes>,
    /// Problems, those of objects with a name by that.
    problems: Vec<(Option<Key>, ManifestProblem)>,
    notes: Notes,
    /// What warnings of missing kinds depend on.
    facts: Facts,
    /// UIDs of pods that were made in the place of others.
    remade: BTreeSet<Str>,
    /// Of the workloads to be scaled, those that were found, by their place.
    scaled: BTreeSet<usize>,
    read: Manifests,
}

impl Entries {
    /// Nothing read yet.
    pub(super) fn new(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// Adds a source; returns its index.
    pub(super) fn source(&mut self, name: &str) -> usize {
        self.sources.push(name.to_string());
        self.sources.len() - 1
    }

    /// Notes something worth knowing.
    pub(super) fn warn(&mut self, message: String) {
        self.notes.add(message);
    }

    /// Notes a document that does not parse, with what it was probably about.
    pub(super) fn unreadable(&mut self, place: Place, problem: ManifestProblem) {
        let problem = ManifestProblem {
            source: self.sources[place.source].clone(),
            document: place.document,
            ..problem
        };
        self.problems.push((None, problem));
    }

    /// Adds an object, or the problem with it.
    pub(super) fn add(&mut self, item: &Item<'_>, place: Place) {
        if hint::is_kustomization(&self.sources[place.source], &item.kind, item.value) {
            return self.warn(format!("{}: {}", self.described(place), hint::KUSTOMIZATION));
        }
        if let Some(error) = self.stray(item, place) {
            return self.bad(place, None, error);
        }
        if self.read.coverage.take(item) {
            return;
        }
        self.note_unknown_fields(item, place);
        let declared = self.declared(item, place);
        match Kind::of(&item.api_version, &item.kind) {
            Some(Kind::CronJob) if !self.options.expand_cron_jobs => self.cron_job(item, place),
            Some(kind) => self.take(kind, item.value, place),
            None if declared => {}
            None => self.unknown(item, place),
        }
    }

    /// Notes fields that nobody knows, where the object was written by hand.
    fn note_unknown_fields(&mut self, item: &Item<'_>, place: Place) {
        let served = item.value.get("metadata").is_some_and(|m| !text(m, "uid").is_empty());
        if served || self.read.unknown_fields.len() >= MOST_UNKNOWN {
            return;
        }
        for error in strict::unknown_fields(&item.api_version, &item.kind, item.value) {
            let object = Kind::of(&item.api_version, &item.kind).map(|kind| Identity::of(kind, item.value));
            self.read.unknown_fields.push(ManifestProblem {
                object: object.map(|object| object.described()),
                field: Some(error.field),
                message: error.message,
                ..self.problem(place)
            });
        }
    }

    /// Keeps an object for the plugins that declare its kind; whether there are any.
    fn declared(&mut self, item: &Item<'_>, place: Place) -> bool {
        let Some(kind) = self.options.declared.find(&item.api_version, &item.kind) else { return false };
        let Some(wanted) = self.options.declared.get(kind) else { return false };
        match DeclaredObject::read(kind, wanted, item.value) {
            Some(object) => {
                let body = Body::Object(Object::Declared(Arc::new(object)));
                self.bodies.push(Some((place, body)));
            }
            None => self.bad(place, None, ObjectError::of("metadata.name", "must be given")),
        }
        true
    }

    /// Why it is no Kubernetes object at all.
    fn stray(&self, item: &Item<'_>, place: Place) -> Option<ObjectError> {
        let meant = || hint::stray(&self.sources[place.source], item.value).map(ObjectError::new);
        if !item.value.is_object() {
            let message = "is not a Kubernetes object; it must have apiVersion, kind and metadata";
            return Some(ObjectError::new(message));
        }
        if item.kind.is_empty() {
            return Some(
                meant().unwrap_or_else(|| ObjectError::of("kind", "must be given, such as kind: Pod")),
            );
        }
        let missing = || ObjectError::of("apiVersion", "must be given, such as apiVersion: v1");
        item.api_version.is_empty().then(|| meant().unwrap_or_else(missing))
    }

    /// An object of a kind that is not read; it may make pods all the same.
    fn unknown(&mut self, item: &Item<'_>, place: Place) {
        match unexpanded::pods(&item.api_version, &item.kind, item.value) {
            Some(pods) => self.makes.push(Makes::of(item, place, pods)),
            None => {
                let name = format!("{} {}", cut_to(&item.api_version, 100), cut_to(&item.kind, 100));
                *self.read.unknown_kinds.entry(name).or_default() += 1;
            }
        }
    }

    /// A CronJob that an API server has seen makes its pods when their time comes, and there is nothing to say of it; another
    /// would make them, too.
    fn cron_job(&mut self, item: &Item<'_>, place: Place) {
        if item.value.get("metadata").is_some_and(|m| !text(m, "uid").is_empty()) {
            return;
        }
        match unexpanded::pods(&item.api_version, &item.kind, item.value) {
            Some(pods) => self.makes.push(Makes::of(item, place, pods.or_one())),
            None => {
                *self.read.unknown_kinds.entry(format!("{} {}", item.api_version, item.kind)).or_default() +=
                    1
            }
        }
    }

    fn take(&mut self, kind: Kind, value: &Value, place: Place) {
        let object = Identity::of(kind, value);
        let metadata = value.get("metadata").unwrap_or(&Value::Null);
        self.facts.live |= kind == Kind::Node && !text(metadata, "resourceVersion").is_empty();
        self.facts.limit_ranges |= kind == Kind::LimitRange;
        if unnamed::waits(&object, value) {
            let slot = self.bodies.len();
            self.bodies.push(None);
            return self.unnamed.push(Unnamed { kind, value: value.clone(), place, slot });
        }
        let version = Version::of(value);
        let Some(earlier) = self.seen.get(&object.key()) else {
            let slot = self.bodies.len();
            self.bodies.push(None);
            return self.put(&object, version, value, place, slot);
        };
        let (compared, before, slot) = (version.after(&earlier.version), earlier.place, earlier.slot);
        if compared == Compared::Same {
            return self.note_edited(&object, value, place, slot);
        }
        self.note_twice(&object, before, place, compared);
        if compared == Compared::Older {
            return;
        }
        let slot = slot.unwrap_or_else(|| {
            // What could not be read counts no more.
            let key = object.key();
            self.problems.retain(|(of, _)| of.as_ref() != Some(&key));
            self.bodies.push(None);
            self.bodies.len() - 1
        });
        self.put(&object, version, value, place, slot);
    }

    /// A workload with the version of one that came earlier, and another spec, is a copy that somebody has edited: it counts, as
    /// if it had no uid.
    fn note_edited(&mut self, object: &Identity, value: &Value, place: Place, slot: Option<usize>) {
        let Some(slot) = slot.filter(|_| object.kind.makes_pods()) else { return };
        let (Ok(body), Some((_, original))) = (self.load(object, value), self.bodies[slot].take()) else {
            return;
        };
        if !body.is_edited(&original) {
            self.bodies[slot] = Some((place, original));
            return;
        }
        let mut body = body.into_hand_written();
        if let Body::Workload { before, .. } = &mut body {
            *before = original.into_served();
        }
        self.bodies[slot] = Some((place, body));
    }

    /// Reads an object into its slot. One that cannot be read leaves there what came earlier.
    fn put(&mut self, object: &Identity, version: Version, value: &Value, place: Place, slot: usize) {
        match self.load(object, value) {
            Ok(mut body) => {
                let earlier = self.bodies[slot].take().and_then(|(_, earlier)| earlier.into_served());
                if let Body::Workload { before, .. } = &mut body {
                    *before = earlier;
                }
                self.bodies[slot] = Some((place, body));
                self.seen.insert(object.key(), KnownObject { place, version, slot: Some(slot) });
            }
            Err(error) => {
                self.bad_object(place, object, value, error);
                if !object.name.is_empty() && self.bodies[slot].is_none() {
                    self.seen.insert(object.key(), KnownObject { place, version, slot: None });
                }
            }
        }
    }

    fn load(&self, object: &Identity, value: &Value) -> Result<Body, ObjectError> {
        if hint::is_template(&object.name) {
            return Err(ObjectError::of("metadata.name", format!("is {}", quoted(&object.name))));
        }
        body::load(object.kind, value, self.options.features)
    }

    fn note_twice(&mut self, object: &Identity, before: Place, now: Place, compared: Compared) {
        let which = match compared {
            Compared::Older => "the first, which has the newer resourceVersion, counts",
            _ => "the later one counts",
        };
        let (before, now) = (self.described(before), self.described(now));
        self.warn(format!("{} stands in {before} and, changed, in {now}; {which}", object.described()));
    }

    fn described(&self, place: Place) -> String {
        let item = place.item.map_or(String::new(), |item| format!(", item {item}"));
        format!("{}: document {}{item}", self.sources[place.source], place.document)
    }

    fn problem(&self, place: Place) -> ManifestProblem {
        ManifestProblem {
            source: self.sources[place.source].clone(),
            document: place.document,
            item: place.item,
            line: place.line,
            ..Default::default()
        }
    }

    /// Notes a problem with an object whose text is at hand.
    fn bad_object(&mut self, place: Place, object: &Identity, value: &Value, error: ObjectError) {
        let node = (object.kind == Kind::Pod).then(|| salvage::node_of(value)).flatten();
        let meant = if hint::is_template(&error.message) { hint::RENDER } else { "" };
        self.bad(place, Some(object), ObjectError { message: error.message + meant, ..error });
        if let Some((_, problem)) = self.problems.last_mut() {
            problem.node = node;
        }
    }

    fn bad(&mut self, place: Place, object: Option<&Identity>, error: ObjectError) {
        let problem = ManifestProblem {
            object: object.map(Identity::described),
            is_pod: object.is_some_and(|o| o.kind == Kind::Pod),
            field: (!error.field.is_empty()).then_some(error.field),
            message: error.message,
            ..self.problem(place)
        };
        self.problems.push((object.map(Identity::key), problem));
    }
}
