//! The stages one by one. Decisions as a whole are compared with those of kube-scheduler (`tests/conformance`).

use longshore_framework::device::{Device, DeviceClass, DeviceNodes, ResourceSlice, SliceNodes};
use longshore_framework::event::{Action, Resource, Subject};
use longshore_framework::features::Minor;
use longshore_framework::fixture::{node, pod};
use longshore_framework::objects::{Object, Objects};
use longshore_framework::plugin::{
    EnqueueContext, Filter, FilterSink, Nomination, PostFilter, PostFilterContext, PostFilterOutcome,
    PreBind, PreEnqueue, PreFilter, PreemptionEngine, Reserve, ReserveContext, Score, Tried,
};
use longshore_framework::pod::{ClaimSource, PodClaim};
use longshore_framework::port::{ClaimRelease, PreBindWrite};
use longshore_framework::resource_claim::{
    ClaimSpec, ClaimUser, DeviceRequest, DeviceWish, ResourceClaim, Wanted,
};
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::verdict::{PluginError, PreFilterVerdict, RejectCode, Rejection, Verdict};

use super::*;

fn plugin(minor: Minor) -> DynamicResources {
    let timeouts = Timeouts { filter: Duration::from_secs(10), binding: Duration::from_secs(600) };
    DynamicResources::new(Features::of(minor), timeouts)
}

fn claim(name: &str) -> ResourceClaim {
    let wish = DeviceWish { class: "gpu".into(), ..DeviceWish::default() };
    let request = DeviceRequest { name: "r".into(), wanted: Wanted::Exactly(wish) };
    ResourceClaim {
        namespace: "default".into(),
        name: name.into(),
        uid: format!("claim/{name}").into(),
        version: 0,
        terminating: false,
        owner_uid: None,
        extended: false,
        spec: Arc::new(ClaimSpec { requests: vec![request], ..ClaimSpec::default() }),
        allocation: None,
        allocated_at: None,
        reserved_for: Vec::new(),
        devices: Vec::new(),
    }
}

fn named(name: &str) -> PodClaim {
    PodClaim { name: name.into(), source: ClaimSource::Claim(name.into()) }
}

fn user(claims: &[PodClaim]) -> Arc<Pod> {
    pod("p").spec(|s| s.resource_claims = claims.to_vec()).build()
}

/// A node `n` with one device of class `gpu`.
struct World {
    plugin: DynamicResources,
    snapshot: Snapshot,
    objects: Objects,
    state: PluginState,
}

impl World {
    fn new() -> Self {
        let mut objects = Objects::default();
        let class = DeviceClass { name: "gpu".into(), ..DeviceClass::default() };
        objects.set(Object::DeviceClass(Arc::new(class)));
        objects.set(Object::ResourceSlice(Arc::new(ResourceSlice {
            name: "s".into(),
            driver: "d".into(),
            pool: "n".into(),
            generation: 1,
            slice_count: 1,
            nodes: SliceNodes::Of(DeviceNodes::Named("n".into())),
            devices: [Device { name: "0".into(), ..Device::default() }].into(),
            counters: Arc::from([]),
        })));
        let mut snapshot = Snapshot::default();
        snapshot.set_node(node("n").build());
        Self { plugin: plugin(Minor::V1_36), snapshot, objects, state: PluginState::default() }
    }

    fn with(mut self, claim: ResourceClaim) -> Self {
        self.objects.set(Object::ResourceClaim(Arc::new(claim)));
        self
    }

    fn cycle<'a>(&'a self, pod: &'a Pod) -> Cycle<'a> {
        Cycle { snapshot: &self.snapshot, objects: &self.objects, pod }
    }

    fn pre_filter(&mut self, pod: &Pod) -> PreFilterVerdict {
        let cx = Cycle { snapshot: &self.snapshot, objects: &self.objects, pod };
        self.plugin.pre_filter(cx, &mut self.state).unwrap()
    }

    fn filter(&self, pod: &Pod) -> Verdict {
        let slot = self.slot();
        self.plugin.filter(self.cycle(pod), &self.state, self.snapshot.view(slot)).unwrap()
    }

    fn slot(&self) -> Slot {
        self.snapshot.slot("n").unwrap()
    }

    fn reserve(&mut self, pod: &Pod) {
        let node = self.slot();
        let mut cx = ReserveContext { snapshot: &self.snapshot, objects: &mut self.objects, pod, node };
        assert_eq!(self.plugin.reserve(&mut cx, &mut self.state), Ok(Verdict::Pass));
    }

    fn unreserve(&mut self, pod: &Pod) -> Vec<(Str, ClaimRelease)> {
        let node = self.slot();
        let mut cx = ReserveContext { snapshot: &self.snapshot, objects: &mut self.objects, pod, node };
        self.plugin.unreserve(&mut cx, &mut self.state);
        let releases = self.objects.resource_claims.take_releases();
        releases.into_iter().flat_map(|(_, all)| all).map(|release| (release.name, release.what)).collect()
    }

    fn post_filter(&self, pod: &Pod) -> Result<PostFilterOutcome, PluginError> {
        let (snapshot, objects, engine) = (&self.snapshot, &self.objects, &mut NoPreemption);
        self.plugin.post_filter(&mut PostFilterContext { snapshot, objects, pod, engine }, &self.state)
    }
}

struct NoPreemption;

impl PreemptionEngine for NoPreemption {
    fn rejection(&self, _: Slot) -> Option<RejectCode> {
        None
    }
    fn dry_run(&self, _: usize, _: usize) -> Result<Vec<Tried>, PluginError> {
        Ok(Vec::new())
    }
    fn random(&mut self, _: usize) -> usize {
        0
    }
    fn lower_nominations(&self, _: Slot) -> Vec<Arc<Pod>> {
        Vec::new()
    }
}

fn all_claims(world: &mut World, pod: &Pod) {
    assert_eq!(world.pre_filter(pod), PreFilterVerdict::Pass(None));
    assert_eq!(world.filter(pod), Verdict::Pass);
    world.reserve(pod);
}

#[test]
fn a_pod_waits_for_its_claims_before_it_is_queued() {
    let world = World::new().with(claim("k")).with(ResourceClaim { terminating: true, ..claim("old") });
    let check = |claim: PodClaim, made: &[(&str, Option<&str>)], want: Option<&str>| {
        let mut pod = Pod::clone(&user(&[claim]));
        let made = made.iter().map(|(name, claim)| ((*name).into(), claim.map(Into::into)));
        pod.meta.generated_claims = made.collect();
        let cx = EnqueueContext { pod: &pod, evicting: false, objects: &world.objects };
        let got = match world.plugin.pre_enqueue(cx) {
            Verdict::Pass => None,
            Verdict::Reject(rejection) => Some(rejection.message()),
        };
        assert_eq!(got.as_deref(), want);
    };
    let template = || PodClaim { name: "t".into(), source: ClaimSource::Template("template".into()) };
    check(named("k"), &[], None);
    check(named("no"), &[], Some("could not find ResourceClaim \"default/no\""));
    check(named("old"), &[], Some("resourceclaim \"old\" is being deleted"));
    check(template(), &[], Some("pod \"default/p\": ResourceClaim not created yet"));
    check(template(), &[("t", None)], None);
    let foreign = "ResourceClaim default/k was not created for Pod default/p (Pod is not owner)";
    check(template(), &[("t", Some("k"))], Some(foreign));
    let unknown = PodClaim { name: "u".into(), source: ClaimSource::Unknown };
    check(
        unknown,
        &[],
        Some("pod \"default/p\", spec.resourceClaim \"u\": none of the supported fields are set"),
    );
}

#[test]
fn a_device_in_flight_is_given_to_nobody_else_and_its_claim_to_no_other_pod() {
    let mut world = World::new().with(claim("k")).with(claim("l"));
    let (first, second) = (user(&[named("k")]), user(&[named("l")]));
    all_claims(&mut world, &first);
    assert_eq!(world.pre_filter(&second), PreFilterVerdict::Pass(None));
    assert_eq!(world.filter(&second), Verdict::unresolvable("cannot allocate all claims".to_string()));
    let text = "resource claim default/k is in the process of being allocated".to_string();
    assert_eq!(world.pre_filter(&first), PreFilterVerdict::Reject(Rejection::unresolvable(text)));
}

#[test]
fn what_is_set_aside_is_written_and_given_up_again() {
    let mut world = World::new().with(claim("k"));
    let pod = user(&[named("k")]);
    all_claims(&mut world, &pod);
    let writes = world.plugin.pre_bind(world.cycle(&pod), &world.state, world.slot()).unwrap();
    let [PreBindWrite::Claim(write)] = &*writes else { panic!("{writes:?}") };
    assert!((&*write.name, write.stamp, write.allocation.is_some()) == ("k", true, true));
    let written = write.applied(&claim("k"), &pod).unwrap();
    assert!(written.is_reserved_for(&pod.meta.uid));
    assert_eq!(world.unreserve(&pod), [], "nothing was written");
    assert!(world.objects.resource_claims.in_use().is_empty());
    world.reserve(&pod);
    world.objects.set(Object::ResourceClaim(Arc::new(written)));
    assert_eq!(world.unreserve(&pod), [("k".into(), ClaimRelease::Reservation)]);
    assert!(!world.objects.resource_claims.in_use().is_empty(), "the claim keeps what it has");
}

#[test]
fn a_claim_is_written_as_kube_scheduler_says_it_is() {
    let pod = user(&[named("k")]);
    let mut world = World::new().with(claim("k"));
    all_claims(&mut world, &pod);
    let writes = world.plugin.pre_bind(world.cycle(&pod), &world.state, world.slot()).unwrap();
    let [PreBindWrite::Claim(write)] = &*writes else { panic!("{writes:?}") };
    let check = |claim: ResourceClaim, write: &longshore_framework::port::ClaimWrite, want: &str| {
        assert_eq!(write.applied(&claim, &pod).unwrap_err(), want);
    };
    let taken = ResourceClaim { allocation: Some(Arc::default()), ..claim("k") };
    check(taken.clone(), write, "claim default/k got allocated elsewhere in the meantime");
    let going = ResourceClaim { terminating: true, ..claim("k") };
    check(going, write, "claim default/k got deleted in the meantime");
    let shares = longshore_framework::port::ClaimWrite { allocation: None, ..(**write).clone() };
    check(claim("k"), &shares, "claim default/k got deallocated elsewhere in the meantime");
    let one = |at: usize| ClaimUser { resource: "pods".into(), name: "u".into(), uid: at.to_string().into() };
    let full = ResourceClaim { reserved_for: (0..256).map(one).collect(), ..taken };
    let text = "add reservation to claim default/k: ResourceClaim.resource.k8s.io \"k\" is invalid: \
                status.reservedFor: Too many: 257: must have at most 256 items";
    check(full, &shares, text);
}

#[test]
fn devices_that_are_of_no_use_are_given_back_if_nobody_else_has_them() {
    let pod = user(&[named("k")]);
    let elsewhere = longshore_framework::node_selector::NodeSelector::default();
    let allocation = Allocation { node_selector: Some(Arc::new(elsewhere)), ..Allocation::default() };
    let held = ResourceClaim { allocation: Some(Arc::new(allocation)), ..claim("k") };
    let check = |users: &[&str], text: &str, releases: usize| {
        let user =
            |uid: &&str| ClaimUser { resource: "pods".into(), name: (*uid).into(), uid: (*uid).into() };
        let reserved_for = users.iter().map(user).collect();
        let mut world = World::new().with(ResourceClaim { reserved_for, ..held.clone() });
        world.pre_filter(&pod);
        let text_of_node = "resourceclaim not available on the node".to_string();
        assert_eq!(world.filter(&pod), Verdict::unresolvable(text_of_node));
        let outcome = world.post_filter(&pod).unwrap();
        assert_eq!(outcome.rejected, Some(Rejection::unschedulable(text.to_string())));
        assert_eq!(outcome.releases.len(), releases);
    };
    check(&[], "deallocation of ResourceClaim completed", 1);
    check(&["default/p"], "deallocation of ResourceClaim completed", 1);
    check(&["other"], "still not schedulable", 0);
    check(&["default/p", "other"], "still not schedulable", 0);
}

#[test]
fn the_failure_text_tells_whether_an_earlier_plugin_ended_the_prefilter() {
    let pod = pod("p").build();
    let mut world = World::new();
    assert_eq!(world.post_filter(&pod).unwrap_err().to_string(), "not found");
    let (mut nodes, mut rejected) = (vec![], vec![]);
    let sink = &mut FilterSink::new(&mut nodes, &mut rejected);
    assert!(world.plugin.filter_range(world.cycle(&pod), &world.state, sink).is_err(), "without PreFilter");
    let node = world.snapshot.view(world.slot());
    assert!(world.plugin.score(world.cycle(&pod), &world.state, node).is_err(), "without PreFilter");
    assert_eq!(world.pre_filter(&pod), PreFilterVerdict::Skip);
    let outcome = world.post_filter(&pod).unwrap();
    let text = "no new claims to deallocate".to_string();
    assert_eq!(outcome.rejected, Some(Rejection::unschedulable(text)));
    assert_eq!(outcome.nomination, Nomination::Keep);
    world.plugin = plugin(Minor::V1_37);
    let silent = world.post_filter(&pod).unwrap();
    assert_eq!(silent.rejected.unwrap().message(), "", "since 1.37 there is nothing to say");
}

#[test]
fn a_pod_is_woken_by_its_own_claims_and_by_devices_that_get_free() {
    let pod = user(&[named("k")]);
    let given = |name: &str| ResourceClaim { allocation: Some(Arc::default()), ..claim(name) };
    let world = World::new().with(claim("k")).with(claim("l"));
    let check = |world: &World, old: Option<ResourceClaim>, new: Option<ResourceClaim>, want: Hint| {
        let object = |claim: ResourceClaim| Object::ResourceClaim(Arc::new(claim));
        let subject = Subject::Object(old.map(object), new.map(object));
        let event = ClusterEvent::new(Resource::ResourceClaim, Action::UPDATE, subject);
        let cluster = HintContext { snapshot: &world.snapshot, objects: &world.objects };
        assert_eq!(world.plugin.hint(&pod, &event, cluster), want, "{event:?}");
    };
    check(&world, None, Some(claim("k")), Hint::Queue);
    check(&world, None, Some(claim("l")), Hint::Skip);
    check(&world, Some(given("l")), Some(claim("l")), Hint::Queue);
    check(&world, Some(claim("l")), Some(given("l")), Hint::Skip);
    check(&world, Some(claim("k")), Some(given("k")), Hint::Queue);
    check(&world, Some(claim("k")), Some(ResourceClaim { version: 7, ..claim("k") }), Hint::Skip);
    check(&world, Some(given("l")), None, Hint::Queue);
    check(&world, Some(claim("l")), None, Hint::Skip);
    // One of its claims is missing.
    check(&World::new(), Some(given("l")), Some(claim("l")), Hint::Skip);
}
