//! How many nodes are looked at, where the search begins, and chance.

use longshore_framework::pod::Pod;

use super::*;

/// A world with `nodes` nodes `n000`, `n001`, ... that looks for `percent` of them.
fn sampled(nodes: usize, percent: u32) -> World {
    let mut world = with(|p| p.percentage_of_nodes_to_score = Some(percent));
    for at in 0..nodes {
        world.act(&node_is(node(&format!("n{at:03}"))));
    }
    world
}

/// Tries pods one after the other: on which node each ends up, and where the next search begins.
#[track_caller]
fn check_search(mut world: World, pods: &[Arc<Pod>], want: &[(&str, usize)]) {
    let mut got = Vec::new();
    for pod in pods {
        world.engine.apply(Input::Pod(Arc::clone(pod)));
        world.engine.step();
        let node = world.engine.cache().pod(&pod.meta.uid).map(|(_, n)| n.to_string()).unwrap_or_default();
        got.push((node, world.engine.start));
    }
    let got: Vec<(&str, usize)> = got.iter().map(|(node, start)| (&**node, *start)).collect();
    assert_eq!(got, want);
}

#[test]
fn a_share_of_the_nodes_is_searched_from_where_the_last_search_ended() {
    let pods = [pod("a").build(), pod("b").build(), pod("c").label("filter.A", "n050").build()];
    // 30 % of 200 is less than the least number, 100.
    check_search(sampled(200, 30), &pods[..2], &[("n000", 100), ("n100", 0)]);
    check_search(sampled(1000, 30), &pods, &[("n000", 300), ("n300", 600), ("n600", 900)]);
    check_search(sampled(200, 30), &pods[2..], &[("n000", 101)]);
    check_search(sampled(50, 30), &pods, &[("n000", 0), ("n000", 0), ("n000", 0)]);
}

#[test]
fn a_nominated_node_that_does_not_fit_is_counted_once() {
    let nominated = |node: &str| {
        let pod = pod("p").label("filter.A", node);
        pod.meta(|m| m.nominated_node = Some(node.into())).build()
    };
    check_search(sampled(50, 30), &[nominated("n003")], &[("n000", 0)]);
    check_search(sampled(200, 30), &[nominated("n003")], &[("n000", 101)]);
    check_search(sampled(200, 30), &[nominated("n150")], &[("n000", 101)]);
}

#[test]
fn the_seed_decides_among_equals() {
    let run = |seed| {
        let options = Options { seed, ..Options::default() };
        let mut world = World {
            engine: Engine::new(vec![fakes::profile(&Log::default())], options),
            log: Log::default(),
        };
        for at in 0..20 {
            world.act(&node_is(node(&format!("n{at}"))));
        }
        let tries = (0..20).map(|at| {
            world.act(&pod_is(pod(&format!("p{at}"))));
            world.act(&Do::Step)
        });
        tries.collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
