//! One cycle, one instance; and what becomes of instances.

use longshore_framework::plugin::ReserveContext;

use super::*;

/// Every stage up to Permit, in the order of a scheduler, with a dry run between Filter and PreScore.
pub(super) fn decide(world: &World, pod: &Pod) -> PluginState {
    let (cx, slots) = (world.cycle(pod), world.slots());
    let mut state = world.begin(pod);
    let plugin = &world.instance;
    if let Some(filter) = &plugin.filter {
        for slot in &slots {
            filter.filter(cx, &state, world.snapshot.view(*slot)).unwrap();
        }
    }
    let mut trial = state.clone();
    let victim = longshore_framework::fixture::pod("victim").build();
    let pre_filter = plugin.pre_filter.as_ref().unwrap();
    pre_filter.remove_pod(cx, &mut trial, &victim, slots[0]).unwrap();
    pre_filter.add_pod(cx, &mut trial, &victim, slots[0]).unwrap();
    if let Some(pre_score) = &plugin.pre_score {
        pre_score.pre_score(cx, &mut state, &slots).unwrap();
    }
    if let Some(score) = &plugin.score {
        let mut scores = vec![0; slots.len()];
        score.score_range(cx, &state, &slots, &mut scores).unwrap();
        score.normalise(cx, &state, &slots, &mut scores).unwrap();
    }
    if let Some(reserve) = &plugin.reserve {
        let mut objects = Objects::default();
        let mut cx = ReserveContext { snapshot: &world.snapshot, objects: &mut objects, pod, node: slots[0] };
        reserve.reserve(&mut cx, &mut state).unwrap();
    }
    if let Some(permit) = &plugin.permit {
        permit.permit(cx, &state, slots[0]).unwrap();
    }
    state
}

/// PreBind, Bind and PostBind.
pub(super) fn finish(world: &World, pod: &Pod, state: &PluginState) {
    let (cx, node) = (world.cycle(pod), world.slots()[0]);
    if let Some(pre_bind) = &world.instance.pre_bind {
        pre_bind.pre_bind(cx, state, node).unwrap();
    }
    if let Some(bind) = &world.instance.bind {
        bind.bind(cx, state, node).unwrap();
    }
    if let Some(post_bind) = &world.instance.post_bind {
        post_bind.post_bind(cx, state, node);
    }
}

fn unreserve(world: &World, pod: &Pod, state: &mut PluginState) {
    let mut objects = Objects::default();
    let node = world.slots()[0];
    let mut cx = ReserveContext { snapshot: &world.snapshot, objects: &mut objects, pod, node };
    world.instance.reserve.as_ref().unwrap().unreserve(&mut cx, state);
}

/// A module that notes the order of its calls as digits in a global that `prefilter` clears, and traps when a call comes
/// out of turn. `a` and `r` are AddPod and RemovePod, told of in `changes`.
const STRICT: &str = r#"(module
    (memory (export "memory") 1)
    (global $seen (mut i32) (i32.const 0))
    (global $on (mut i32) (i32.const 0))
    (func $step (param $bit i32) (param $needs i32) (result i32)
      (if (i32.ne (i32.and (global.get $seen) (local.get $needs)) (local.get $needs)) (then unreachable))
      (global.set $seen (i32.or (global.get $seen) (local.get $bit)))
      (i32.const 0))
    (func (export "prefilter") (result i32)
      (global.set $seen (i32.const 1)) (global.set $on (i32.const 0)) (i32.const 0))
    (func (export "filter") (result i32) (drop (call $step (i32.const 2) (i32.const 1))) (global.get $on))
    (func (export "addpod") (result i32) (global.set $on (i32.sub (global.get $on) (i32.const 2))) (i32.const 0))
    (func (export "removepod") (result i32) (global.set $on (i32.add (global.get $on) (i32.const 2))) (i32.const 0))
    (func (export "prescore") (result i32) (call $step (i32.const 4) (i32.const 3)))
    (func (export "score") (result i64) (i64.extend_i32_u (call $step (i32.const 8) (i32.const 7))))
    (func (export "normalizescore") (result i32) (call $step (i32.const 16) (i32.const 15)))
    (func (export "reserve") (result i32) (call $step (i32.const 32) (i32.const 31)))
    (func (export "permit") (result i64) (i64.extend_i32_u (call $step (i32.const 64) (i32.const 63))))
    (func (export "prebind") (result i32) (call $step (i32.const 128) (i32.const 127)))
    (func (export "bind") (result i32) (call $step (i32.const 256) (i32.const 255)))
    (func (export "postbind") (drop (call $step (i32.const 512) (i32.const 511))))
    (func (export "unreserve") (drop (call $step (i32.const 1024) (i32.const 31)))))"#;

#[test]
fn all_stages_of_one_pod_run_in_one_instance_while_others_are_under_way() {
    let world = World::new(STRICT, &["a", "b"]);
    let pods: Vec<_> = ["p", "q", "r"].map(|name| pod(name).build()).into();
    let states: Vec<_> = pods.iter().map(|pod| decide(&world, pod)).collect();
    assert_eq!((world.failures(), world.plugin.instances()), (vec![], 3));
    for (pod, state) in pods.iter().zip(&states) {
        finish(&world, pod, state);
    }
    assert_eq!(world.failures(), [""; 0]);
    drop(states);
    decide(&world, &pod("again").build());
    assert_eq!(world.made_and_gone(), (3, 0), "instances are used again");
}

#[test]
fn unreserve_is_called_where_reserve_was() {
    let world = World::new(STRICT, &["a", "b"]);
    let (first, second) = (pod("p").build(), pod("q").build());
    let mut state = decide(&world, &first);
    let _other = world.begin(&second);
    unreserve(&world, &first, &mut state);
    assert_eq!(world.failures(), [""; 0]);
    // Where there is nothing to give back it is called all the same, after a cycle has begun.
    unreserve(&world, &pod("r").build(), &mut PluginState::default());
    assert_eq!(world.failures(), ["Unreserve trap"]);
}

#[test]
fn a_cycle_that_ends_early_gives_its_instance_back() {
    let world = World::new(STRICT, &["a", "b"]);
    for n in 0..20 {
        drop(world.begin(&pod(&format!("p{n}")).build()));
    }
    assert_eq!((world.made_and_gone(), world.plugin.instances()), ((1, 0), 1));
}

#[test]
fn a_plugin_that_only_judges_needs_one_instance_however_many_pods_are_bound() {
    let wat = r#"(module (memory (export "memory") 1) (func (export "filter") (result i32) (i32.const 0)))"#;
    let world = World::new(wat, &["a", "b"]);
    let _states: Vec<_> = (0..20).map(|n| decide(&world, &pod(&format!("p{n}")).build())).collect();
    assert_eq!(world.made_and_gone(), (1, 0));
}

#[test]
fn the_oldest_of_too_many_pods_gives_its_instance_up() {
    let wat = r#"(module (memory (export "memory") 1)
        (global $ready (mut i32) (i32.const 0))
        (func (export "prefilter") (result i32) (global.set $ready (i32.const 1)) (i32.const 0))
        (func (export "filter") (result i32) (i32.const 0))
        (func (export "postbind") (if (i32.eqz (global.get $ready)) (then unreachable))))"#;
    let world = World::new(wat, &["a", "b"]);
    let pods: Vec<_> = (0..200).map(|n| pod(&format!("p{n}")).build()).collect();
    let states: Vec<_> = pods.iter().map(|pod| decide(&world, pod)).collect();
    assert!(world.plugin.instances() <= 68, "{}", world.plugin.instances());
    for (pod, state) in pods.iter().zip(&states) {
        finish(&world, pod, state);
    }
    assert_eq!(world.failures(), [""; 0]);
}

/// `filter` answers how many pods were taken off, twice, as its status code.
fn supposed(world: &World, pod: &Pod, state: &PluginState) -> String {
    let filter = world.instance.filter.as_ref().unwrap();
    format!("{:?}", filter.filter(world.cycle(pod), state, world.snapshot.view(world.slot("a"))))
}

#[test]
fn each_copy_of_the_state_has_hypotheses_of_its_own() {
    let world = World::new(STRICT, &["a", "b"]);
    let (pod, victim) = (pod("p").build(), longshore_framework::fixture::pod("victim").build());
    let state = world.begin(&pod);
    let pre_filter = world.instance.pre_filter.as_ref().unwrap();
    let mut without = state.clone();
    pre_filter.remove_pod(world.cycle(&pod), &mut without, &victim, world.slot("a")).unwrap();
    for _ in 0..2 {
        assert_eq!(supposed(&world, &pod, &state), "Ok(Pass)");
        assert!(supposed(&world, &pod, &without).contains("Unschedulable"));
    }
    let mut back = without.clone();
    pre_filter.add_pod(world.cycle(&pod), &mut back, &victim, world.slot("a")).unwrap();
    assert_eq!(supposed(&world, &pod, &back), "Ok(Pass)");
    assert!(supposed(&world, &pod, &without).contains("Unschedulable"));
}

#[test]
fn a_profile_without_pre_filter_still_gets_a_cycle() {
    let mut world = World::new(STRICT, &["a", "b"]);
    let pod = pod("p").build();
    let state = PluginState::default();
    assert_eq!(supposed(&world, &pod, &state), "Ok(Pass)");
    assert_eq!(supposed(&world, &pod, &state), "Ok(Pass)");
    world.snapshot.set_node(node("c").build());
    assert_eq!(supposed(&world, &pod, &state), "Ok(Pass)");
    assert_eq!(world.failures(), [""; 0]);
}
