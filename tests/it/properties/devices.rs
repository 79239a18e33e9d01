//! Devices: whatever happens in whatever order, no device is given to two claims, and what counts as in use is what claims have and
//! what is on its way to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_engine::{Engine, Evaluation, Options};
use longshore_framework::device::{Device, DeviceClass, DeviceNodes, ResourceSlice, SliceNodes};
use longshore_framework::device_use::InUse;
use longshore_framework::fixture::{node, pod};
use longshore_framework::objects::{NamespacedName, Object, ResourceClaims};
use longshore_framework::pod::{ClaimSource, Pod, PodClaim};
use longshore_framework::port::{Effect, Input, PreBindWrite};
use longshore_framework::resource_claim::{
    ClaimSpec, DeviceCount, DeviceRequest, DeviceWish, ResourceClaim, Wanted,
};
use longshore_framework::{Str, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{PROFILES, config};

const NODES: usize = 3;
/// On each node.
const DEVICES: usize = 2;
const CLAIMS: usize = 5;
/// Where every node sees all devices.
const POOLS: usize = 9;
const RESOURCE: &str = "example.com/gpu";

/// Something that happens. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Happening {
    /// Somebody makes a claim for so many devices, or for so many of a kind that there is not, or else for one.
    Claim(usize, usize, bool),
    /// Somebody makes a pod that asks for so many by the name of a resource.
    Extended(usize),
    /// Somebody makes a pod that uses a claim.
    Pod(usize),
    Step,
    /// The claims of a pod are written, up to one that is not; the engine hears of it.
    Written(usize, bool),
    /// The engine is shown the claim as the API server has it.
    Shown(usize),
    /// A binding succeeds, or fails.
    Bound(usize, bool),
    /// Claims are taken back.
    Released(usize),
    PodDeleted(usize),
    /// A claim that nobody uses loses what it has.
    Deallocated(usize),
    ClaimDeleted(usize),
    Second,
}

fn happening() -> impl Strategy<Value = Happening> {
    let at = || 0..8_usize;
    prop_oneof![
        3 => (0..CLAIMS, 1..3_usize, any::<bool>())
            .prop_map(|(claim, count, first)| Happening::Claim(claim, count, first)),
        2 => (1..3_usize).prop_map(Happening::Extended),
        4 => (0..CLAIMS).prop_map(Happening::Pod),
        8 => Just(Happening::Step),
        5 => (at(), prop_oneof![4 => Just(true), 1 => Just(false)]).prop_map(|(at, all)| Happening::Written(at, all)),
        3 => (0..CLAIMS).prop_map(Happening::Shown),
        5 => (at(), prop_oneof![3 => Just(true), 1 => Just(false)]).prop_map(|(at, ok)| Happening::Bound(at, ok)),
        4 => at().prop_map(Happening::Released),
        2 => at().prop_map(Happening::PodDeleted),
        2 => (0..CLAIMS).prop_map(Happening::Deallocated),
        1 => (0..CLAIMS).prop_map(Happening::ClaimDeleted),
        2 => Just(Happening::Second),
    ]
}

struct World {
    engine: Engine,
    /// Claims as the API server has them.
    server: BTreeMap<NamespacedName, ResourceClaim>,
    version: u64,
    pods: Vec<Arc<Pod>>,
    made: usize,
    /// What the engine wants done and is not done yet.
    pending: Vec<Effect>,
    now: i64,
}

fn key(claim: usize) -> NamespacedName {
    ("default".into(), format!("claim-{claim}").into())
}

impl World {
    /// With pools that every node sees, or one pool a node.
    fn new(shared: bool) -> Self {
        let options = Options { evaluation: Evaluation::Audited, ..Options::default() };
        let mut world = Self {
            engine: Engine::new(PROFILES.clone(), options),
            server: BTreeMap::new(),
            version: 0,
            pods: Vec::new(),
            made: 0,
            pending: Vec::new(),
            now: 0,
        };
        let class = |name: &str, selectors: &[Str]| {
            let extended_resource = selectors.is_empty().then(|| RESOURCE.into());
            DeviceClass {
                name: name.into(),
                selectors: selectors.into(),
                extended_resource,
                ..DeviceClass::default()
            }
        };
        for class in [class("gpu", &[]), class("none", &["false".into()])] {
            world.tell(Input::Object(Object::DeviceClass(Arc::new(class))));
        }
        for at in 0..NODES {
            let name: Str = format!("n{at}").into();
            world.tell(Input::Node(
                node(&name).allocatable("cpu", "64").allocatable("memory", "64Gi").build(),
            ));
            if !shared {
                world.publish(&name, DeviceNodes::Named(Arc::clone(&name)), DEVICES);
            }
        }
        if shared {
            (0..POOLS).for_each(|at| world.publish(&format!("pool-{at}"), DeviceNodes::All, 1));
        }
        world
    }

    fn publish(&mut self, pool: &str, nodes: DeviceNodes, devices: usize) {
        let device = |at: usize| Device { name: format!("gpu-{at}").into(), ..Device::default() };
        self.tell(Input::Object(Object::ResourceSlice(Arc::new(ResourceSlice {
            name: pool.into(),
            driver: "d".into(),
            pool: pool.into(),
            generation: 1,
            slice_count: 1,
            nodes: SliceNodes::Of(nodes),
            devices: (0..devices).map(device).collect(),
            counters: Arc::from([]),
        }))));
    }

    fn tell(&mut self, input: Input) {
        let effects = self.engine.apply(input);
        self.take(effects);
    }

    fn take(&mut self, effects: Vec<Effect>) {
        let is_work = |e: &Effect| {
            matches!(e, Effect::PreBind { .. } | Effect::Bind { .. } | Effect::ReleaseClaims { .. })
        };
        self.pending.extend(effects.into_iter().filter(is_work));
    }

    /// Takes one of the effects of a kind that wait.
    fn pick(&mut self, at: usize, is_it: impl Fn(&Effect) -> bool) -> Option<Effect> {
        let places: Vec<usize> = (0..self.pending.len()).filter(|i| is_it(&self.pending[*i])).collect();
        let place = places.get(at % places.len().max(1))?;
        Some(self.pending.remove(*place))
    }

    fn store(&mut self, mut claim: ResourceClaim) {
        self.version += 1;
        claim.version = self.version;
        self.server.insert(claim.key(), claim);
    }

    fn show(&mut self, key: &NamespacedName) {
        if let Some(claim) = self.server.get(key).cloned() {
            self.tell(Input::Object(Object::ResourceClaim(Arc::new(claim))));
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Claim(at, count, first) => self.make_claim(at, count, first),
            Happening::Extended(count) => {
                self.made += 1;
                let pod = pod(&format!("p{}", self.made)).request(RESOURCE, &count.to_string()).build();
                self.pods.push(Arc::clone(&pod));
                self.tell(Input::Pod(pod));
            }
            Happening::Pod(claim) => self.make_pod(claim),
            Happening::Step => {
                if let Some(attempt) = self.engine.step() {
                    assert!(
                        !matches!(attempt.outcome, longshore_engine::Outcome::Broken { .. }),
                        "{:?}",
                        attempt.outcome
                    );
                    self.take(attempt.effects);
                }
            }
            Happening::Written(at, all) => self.write(at, all),
            Happening::Shown(claim) => self.show(&key(claim)),
            Happening::Bound(at, ok) => self.bind(at, ok),
            Happening::Released(at) => self.release(at),
            Happening::PodDeleted(at) => self.delete_pod(at),
            Happening::Deallocated(claim) => self.deallocate(claim),
            Happening::ClaimDeleted(claim) => {
                if self.server.get(&key(claim)).is_none_or(|claim| !claim.reserved_for.is_empty()) {
                    return;
                }
                self.remove(&key(claim));
            }
            Happening::Second => {
                self.now += 1_000;
                self.tell(Input::Time(Timestamp(self.now)));
            }
        }
    }

    fn make_claim(&mut self, at: usize, count: usize, first: bool) {
        if self.server.contains_key(&key(at)) {
            return;
        }
        self.made += 1;
        let (namespace, name) = key(at);
        let wish = DeviceWish {
            class: "gpu".into(),
            count: DeviceCount::Exactly(count as u64),
            ..DeviceWish::default()
        };
        let wanted = match first {
            true => {
                let none = DeviceWish { class: "none".into(), ..wish.clone() };
                let one = DeviceWish { count: DeviceCount::Exactly(1), ..wish.clone() };
                Wanted::FirstAvailable(vec![
                    ("none".into(), none),
                    ("some".into(), wish),
                    ("one".into(), one),
                ])
            }
            false => Wanted::Exactly(wish),
        };
        let requests = vec![DeviceRequest { name: "r".into(), wanted }];
        self.store(ResourceClaim {
            namespace,
            name,
            uid: format!("uid-{}", self.made).into(),
            version: 0,
            terminating: false,
            owner_uid: None,
            extended: false,
            spec: Arc::new(ClaimSpec { requests, ..ClaimSpec::default() }),
            allocation: None,
            allocated_at: None,
            reserved_for: Vec::new(),
            devices: Vec::new(),
        });
        self.show(&key(at));
    }

    fn make_pod(&mut self, claim: usize) {
        self.made += 1;
        let (_, name) = key(claim);
        let claim = PodClaim { name: "gpu".into(), source: ClaimSource::Claim(name) };
        let pod =
            pod(&format!("p{}", self.made)).request("cpu", "1").spec(|s| s.resource_claims = vec![claim]);
        let pod = pod.build();
        self.pods.push(Arc::clone(&pod));
        self.tell(Input::Pod(pod));
    }

    fn write(&mut self, at: usize, all: bool) {
        let effect = self.pick(at, |effect| matches!(effect, Effect::PreBind { .. }));
        let Some(Effect::PreBind { pod, writes, .. }) = effect else { return };
        let mut result = if all { Ok(()) } else { Err("something broke".into()) };
        for write in writes.iter().filter(|_| all) {
            let PreBindWrite::Claim(write) = write else { continue };
            let mut key = (Arc::clone(&write.namespace), Arc::clone(&write.name));
            let mut uid = Arc::clone(&write.uid);
            if let Some(made) = &write.generated {
                self.made += 1;
                let claim = made.made(&pod, format!("{}-{}", pod.meta.name, self.made).into());
                (key, uid) = (claim.key(), Arc::clone(&claim.uid));
                self.store(claim);
                self.show(&key);
            }
            let known = self.server.get(&key).filter(|claim| claim.uid == uid);
            let written = known.ok_or_else(|| "not found".to_string()).and_then(|c| write.applied(c, &pod));
            match written {
                Ok(claim) => {
                    self.store(claim);
                    self.show(&key);
                }
                Err(why) => {
                    result = Err(why.into());
                    break;
                }
            }
        }
        self.tell(Input::PreBound { uid: Arc::clone(&pod.meta.uid), result });
    }

    fn bind(&mut self, at: usize, ok: bool) {
        let effect = self.pick(at, |effect| matches!(effect, Effect::Bind { .. }));
        let Some(Effect::Bind { pod, binding, .. }) = effect else { return };
        let result = if ok { Ok(()) } else { Err("the binding failed".into()) };
        self.tell(Input::Bound { uid: Arc::clone(&pod.meta.uid), result });
        if ok && self.pods.iter().any(|other| other.meta.uid == pod.meta.uid) {
            let mut bound = Pod::clone(&pod);
            bound.meta.node_name = Some(binding.node);
            self.tell(Input::Pod(Arc::new(bound)));
        }
    }

    fn release(&mut self, at: usize) {
        let effect = self.pick(at, |effect| matches!(effect, Effect::ReleaseClaims { .. }));
        let Some(Effect::ReleaseClaims { pod, releases }) = effect else { return };
        for release in releases {
            let key = (Arc::clone(&release.namespace), Arc::clone(&release.name));
            let Some(claim) = self.server.get(&key).filter(|claim| claim.uid == release.uid) else {
                continue;
            };
            match release.applied(claim, &pod) {
                Some(claim) => {
                    self.store(claim);
                    self.show(&key);
                }
                None => self.remove(&key),
            }
        }
    }

    fn remove(&mut self, key: &NamespacedName) {
        if let Some(gone) = self.server.remove(key) {
            self.tell(Input::ObjectDeleted(Object::ResourceClaim(Arc::new(gone))));
        }
    }

    fn delete_pod(&mut self, at: usize) {
        if self.pods.is_empty() {
            return;
        }
        let pod = self.pods.remove(at % self.pods.len());
        self.tell(Input::PodDeleted { uid: Arc::clone(&pod.meta.uid) });
        // The controller takes it out of the users of its claims.
        let is_own = |claim: &&ResourceClaim| claim.owner_uid.as_ref() == Some(&pod.meta.uid);
        let own: Vec<_> = self.server.values().filter(is_own).map(ResourceClaim::key).collect();
        own.iter().for_each(|key| self.remove(key));
        let users: Vec<_> =
            self.server.values().filter(|claim| claim.is_reserved_for(&pod.meta.uid)).cloned().collect();
        for mut claim in users {
            claim.reserved_for.retain(|user| user.uid != pod.meta.uid);
            let key = claim.key();
            self.store(claim);
            self.show(&key);
        }
    }

    fn deallocate(&mut self, claim: usize) {
        let known = self.server.get(&key(claim));
        let Some(mut claim) = known.filter(|claim| claim.reserved_for.is_empty()).cloned() else { return };
        claim.allocation = None;
        let key = claim.key();
        self.store(claim);
        self.show(&key);
    }

    fn check(&self) {
        let mut given = BTreeSet::new();
        for claim in self.server.values() {
            for device in claim.allocation.iter().flat_map(|allocation| &allocation.devices) {
                let is_new = given.insert((Arc::clone(&device.pool), Arc::clone(&device.device)));
                assert!(is_new, "{}/{} was given twice", device.pool, device.device);
            }
        }
        let claims: &ResourceClaims = &self.engine.cache().objects().resource_claims;
        let mut in_use = InUse::default();
        claims.iter().filter_map(|claim| claim.allocation.as_ref()).for_each(|given| in_use.add(given));
        claims.all_in_flight().for_each(|given| in_use.add(given));
        assert_eq!(*claims.in_use(), in_use);
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn no_device_is_given_twice(happenings in vec(happening(), 20..160), shared in any::<bool>()) {
        let mut world = World::new(shared);
        for happening in happenings {
            world.happen(happening);
            world.check();
        }
        // In the end nothing is on its way any more.
        for at in 0..200_u32 {
            world.happen(Happening::Written(0, true));
            world.happen(Happening::Bound(0, true));
            world.happen(Happening::Released(0));
            if at.is_multiple_of(4) {
                world.happen(Happening::PodDeleted(0));
            }
            world.check();
        }
        let claims = &world.engine.cache().objects().resource_claims;
        prop_assert_eq!(claims.all_in_flight().count(), 0);
    }
}
