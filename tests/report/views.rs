//! Every view at the size of a desktop and of a phone: the numbers are those of the document.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::cases::{EXAMPLE, SIZES, both, choose, fits_across, row, rows, tile};

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn named<'v>(all: &'v [Value], field: &str, name: &str) -> &'v Value {
    all.iter().find(|one| one[field] == name).unwrap_or(&Value::Null)
}

/// Opens the page and looks at it with `look`, at each size.
fn at_each_size(page: &str, look: impl Fn(&mut Browser)) {
    let Some(mut browser) = Browser::start() else { return };
    for size in SIZES {
        browser.open(page, size);
        browser.settle();
        assert!(fits_across(&mut browser), "something is wider than {size:?}");
        look(&mut browser);
        browser.is_quiet();
    }
}

/// The nodes of the table, at the step at which the page is, against the document.
#[track_caller]
fn nodes_are(browser: &mut Browser, document: &Value, resource: &str, after: bool) {
    let shown = rows(browser, &format!("{resource} of every node"));
    let nodes = list(document, "nodes");
    assert_eq!(shown.len(), nodes.len());
    for node in nodes {
        let cells = row(&shown, node["node"].as_str().unwrap());
        let of = match resource {
            "pods" => {
                json!({"before": node["podsBefore"], "requested": node["pods"], "allocatable": node["allowedPods"]})
            }
            _ => named(list(node, "resources"), "resource", resource).clone(),
        };
        let pods = if after { &node["pods"] } else { &node["podsBefore"] };
        assert_eq!((&cells[6], &cells[7]), (&node["podsBefore"], pods), "{node}");
        if of.is_null() || of["allocatable"] == 0 {
            assert_eq!(cells[4], "–");
            continue;
        }
        let now = if after { &of["requested"] } else { &of["before"] };
        assert_eq!((&cells[2], &cells[3], &cells[4]), (&of["before"], now, &of["allocatable"]), "{node}");
    }
}

fn go(browser: &mut Browser, button: &str) {
    browser.evaluate(&format!(
        "[...document.querySelectorAll('#nodes button')].find((button) => button.textContent === {}).click()",
        Value::from(button)
    ));
    browser.settle();
}

#[test]
fn nodes_before_and_after() {
    let (document, page) = both(&EXAMPLE, &["--detail"], "");
    at_each_size(&page, |browser| {
        for resource in ["cpu", "memory", "nvidia.com/gpu", "pods"] {
            choose(browser, "nodes", "Resource", resource);
            go(browser, "After");
            nodes_are(browser, &document, resource, true);
            go(browser, "Before");
            nodes_are(browser, &document, resource, false);
        }
        // Step by step to the end is the same as at once.
        for _ in list(&document, "steps") {
            go(browser, "+1");
        }
        nodes_are(browser, &document, "pods", true);
        let last = list(&document, "steps").last().unwrap();
        let said = browser.text("document.querySelector('#nodes .status').textContent");
        assert!(said.contains(last["pod"].as_str().unwrap()), "{said}");
    });
}

#[test]
fn nodes_are_grouped_by_zone_and_pool() {
    let (document, page) = both(&EXAMPLE, &["--detail"], "");
    at_each_size(&page, |browser| {
        for label in ["topology.kubernetes.io/zone", "example.com/pool"] {
            choose(browser, "nodes", "Grouped by", label);
            let titles = "[...document.querySelectorAll('.part h3')].map((heading) => heading.textContent)";
            let titles: Vec<String> = browser
                .evaluate(titles)
                .as_array()
                .unwrap()
                .iter()
                .map(|t| t.as_str().unwrap().to_string())
                .collect();
            let divided = named(list(&document, "capacity"), "label", label);
            assert_eq!(titles.len(), list(divided, "groups").len());
            for group in list(divided, "groups") {
                let nodes = group["nodes"].as_u64().unwrap();
                let start = format!("{}{nodes} node", group["value"].as_str().unwrap());
                assert!(titles.iter().any(|title| title.starts_with(&start)), "{start} in {titles:?}");
            }
        }
    });
}

#[test]
fn the_heat_map_is_drawn_and_tells_of_nodes() {
    let (document, page) = both(&EXAMPLE, &["--detail"], "");
    at_each_size(&page, |browser| {
        let drawn = "[...document.querySelectorAll('canvas')].every((canvas) => {
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return canvas.width > 0 && data.some((value) => value !== 0);
        })";
        assert_eq!(browser.evaluate(drawn), true);
        browser.evaluate("document.querySelector('.heat').focus()");
        for _ in 0..3 {
            browser.press("ArrowRight");
        }
        let shown = browser.text("document.querySelector('#nodes .card h3').textContent");
        let node = named(list(&document, "nodes"), "node", &shown);
        let cells = rows(browser, &format!("Resources of {shown}"));
        let memory = named(list(node, "resources"), "resource", "memory");
        assert_eq!(row(&cells, "memory")[2], memory["requested"]);
    });
}

#[test]
fn the_overview_has_the_numbers_of_the_summary() {
    let (document, page) = both(&EXAMPLE, &["--detail"], "");
    at_each_size(&page, |browser| {
        let summary = &document["summary"];
        for (text, field) in [
            ("nodes", "nodes"),
            ("pods ran before", "running"),
            ("pods were placed", "scheduled"),
            ("pods are pending", "pending"),
            ("pods were evicted", "evicted"),
            ("pods were not decided", "skipped"),
        ] {
            assert_eq!(tile(browser, text), summary[field], "{text}");
        }
        let shown = rows(browser, "How full the nodes are at the end");
        for of in list(summary, "utilisation") {
            let cells = row(&shown, of["resource"].as_str().unwrap());
            let want = [&of["nodes"], &of["requested"], &of["allocatable"]];
            assert_eq!([&cells[1], &cells[2], &cells[3]], want);
            assert_eq!((cells[4].as_f64(), cells[5].as_f64()), (of["mean"].as_f64(), of["spread"].as_f64()));
        }
    });
}

#[test]
fn pods_without_a_node_have_a_reason_and_a_fix() {
    let (document, page) = both(&EXAMPLE, &["--detail"], "");
    at_each_size(&page, |browser| {
        let shown = rows(browser, "Pending pods");
        let groups = list(&document, "unplaced");
        assert_eq!(shown.len(), groups.len());
        let mut fixed = 0;
        for group in groups {
            let who = group["owner"].as_str().or(group["pods"][0].as_str()).unwrap();
            let cells = shown
                .iter()
                .find(|cells| {
                    let name = cells[0].as_str().unwrap();
                    name.starts_with(who)
                        && cells[2].as_str().unwrap().contains(group["message"].as_str().unwrap())
                })
                .unwrap_or_else(|| panic!("no {who} in {shown:?}"));
            assert_eq!(cells[1].as_u64().unwrap() as usize, list(group, "pods").len());
            if let Some(fix) = list(group, "fixes").first() {
                fixed += 1;
                assert!(cells[3].as_str().unwrap().starts_with(fix["change"].as_str().unwrap()), "{cells:?}");
            }
        }
        assert!(fixed > 0);
    });
}

#[test]
fn what_is_left_of_each_pool() {
    let (document, page) = both(&EXAMPLE, &["--detail"], "");
    at_each_size(&page, |browser| {
        choose(browser, "left", "By", "example.com/pool");
        let shown = rows(browser, "What is left at the end");
        let divided = named(list(&document, "capacity"), "label", "example.com/pool");
        let mut at = shown.iter();
        for group in list(divided, "groups") {
            let mut left: Vec<&Value> = list(group, "resources")
                .iter()
                .filter(|of| of["allocatable"] != 0 || of["requested"] != 0)
                .collect();
            let place = |of: &Value| {
                let name = of["resource"].as_str().unwrap().to_string();
                (["cpu", "memory", "ephemeral-storage"].iter().position(|n| *n == name).unwrap_or(3), name)
            };
            left.sort_by_key(|of| place(of));
            for (first, of) in left.into_iter().enumerate() {
                let cells = at.next().unwrap();
                let skip = usize::from(first == 0);
                if skip == 1 {
                    assert!(cells[0].as_str().unwrap().starts_with(group["value"].as_str().unwrap()));
                }
                assert_eq!(cells[skip], of["resource"]);
                let want = [&of["allocatable"], &of["requested"], &of["free"], &of["stranded"]];
                assert_eq!([&cells[skip + 1], &cells[skip + 2], &cells[skip + 3], &cells[skip + 4]], want);
                let largest = named(list(group, "largest"), "resource", of["resource"].as_str().unwrap());
                match largest["free"].get(of["resource"].as_str().unwrap()) {
                    Some(free) => assert_eq!(&cells[skip + 5], free),
                    None => assert_eq!(cells[skip + 5], "none"),
                }
            }
        }
        assert!(at.next().is_none());
    });
}

#[test]
fn pods_can_be_searched_and_opened() {
    let (document, page) = both(&EXAMPLE, &["--detail"], "");
    at_each_size(&page, |browser| {
        let evicted = &list(&document, "evicted")[0];
        browser.evaluate(&format!(
            "(() => {{
                const search = document.querySelector('#pods input');
                search.value = {};
                search.dispatchEvent(new Event('input'));
            }})()",
            evicted["by"]
        ));
        browser.settle();
        let shown = rows(browser, "Pods that were decided");
        assert_eq!((shown.len(), &shown[0][0]), (1, &evicted["by"]));
        let node = &named(list(&document, "placements"), "pod", evicted["by"].as_str().unwrap())["node"];
        assert_eq!(&shown[0][3], node);
        browser.evaluate("document.querySelector('#pods tbody button').click()");
        let story = browser.text("document.querySelector('#pods .card').textContent");
        let victim = evicted["pod"].as_str().unwrap();
        assert!(
            story.contains(&format!("{victim} is evicted from {}", evicted["node"].as_str().unwrap())),
            "{story}"
        );
        assert_eq!(browser.evaluate("document.activeElement.classList.contains('card')"), true);
    });
}

#[test]
fn profiles_side_by_side() {
    let price = "node.kubernetes.io/instance-type=m8:0.4";
    let args = [&EXAMPLE[..], &["--compare", "profiles/binpack.yaml", "--price", price]].concat();
    let (document, page) = both(&args, &["--detail"], "");
    at_each_size(&page, |browser| {
        let runs = list(&document, "runs");
        let shown = rows(browser, "What each profile makes of the cluster");
        for (text, field) in [
            ("Pods placed", "scheduled"),
            ("Pods pending", "pending"),
            ("Pods evicted", "evicted"),
            ("Pods not decided", "skipped"),
            ("Nodes in use", "nodesInUse"),
        ] {
            let cells = row(&shown, text);
            assert_eq!([&cells[1], &cells[2]], [&runs[0][field], &runs[1][field]], "{text}");
        }
        let cost = row(&shown, "Cost of the nodes in use");
        let want = runs.iter().map(|run| run["cost"]["total"].as_f64());
        assert!(want.eq(cost[1..].iter().map(Value::as_f64)), "{cost:?}");
        let in_use = |run: &Value| list(run, "nodes").iter().filter(|node| node["movable"] != 0).count();
        assert!(runs.iter().all(|run| run["nodesInUse"] == in_use(run)));
        let emptied = list(&runs[0], "nodes").iter().zip(list(&runs[1], "nodes"));
        let emptied = emptied.filter(|(first, other)| first["movable"] != 0 && other["movable"] == 0).count();
        assert_eq!(rows(browser, "Nodes in use, compared")[0][1], emptied);
        let moved = list(&document, "moved");
        assert_eq!(tile(browser, "pods end on another node"), moved.len());
        let shown = rows(browser, "Pods that do not end alike");
        for of in &moved[..shown.len().min(10)] {
            let cells = row(&shown, of["pod"].as_str().unwrap());
            let node = |run: usize| of["nodes"][run].as_str().unwrap_or("no node");
            assert_eq!((&cells[1], &cells[2]), (&node(0).into(), &node(1).into()));
        }
        for (run, config) in runs.iter().zip(["default", "profiles/binpack.yaml"]) {
            choose(browser, "nodes", "Profile", config);
            nodes_are(browser, run, "cpu", true);
        }
    });
}

#[test]
fn a_pod_that_fits_nowhere() {
    let (document, page) = both(&explain("batch/train-2774r"), &[], "");
    assert_eq!(document["status"], "Unschedulable");
    at_each_size(&page, |browser| {
        let shown = rows(browser, "Which filter leaves which nodes");
        let filters = list(&document, "filters");
        assert_eq!(shown[0][2], document["nodes"]);
        for cells in &shown[1..shown.len() - 1] {
            let own = filters.iter().filter(|group| group["plugin"] == cells[0]);
            let rejected: usize = own.map(|group| list(group, "nodes").len()).sum();
            assert_eq!(cells[1], rejected, "{cells:?}");
        }
        assert_eq!(shown.last().unwrap()[2], document["feasible"]);
        let changes = rows(browser, "Changes that would give it a node");
        assert_eq!(changes.len(), list(&document, "relaxations").len());
        for (cells, change) in changes.iter().zip(list(&document, "relaxations")) {
            assert_eq!((&cells[0], &cells[2]), (&change["change"], &change["nodes"]));
        }
        assert_eq!(rows(browser, "Nodes that come nearest").len(), list(&document, "nearest").len());
    });
}

#[test]
fn a_pod_with_scores_and_one_with_victims() {
    let simulated = both(&EXAMPLE, &[], "").0;
    let preemptor = simulated["evicted"][0]["by"].as_str().unwrap().to_string();
    let (document, page) = both(&explain(&preemptor), &[], "");
    let scored = list(&simulated, "placements").last().unwrap()["pod"].as_str().unwrap().to_string();
    let (scores, scores_page) = both(&explain(&scored), &[], "");
    assert!(!list(&scores, "scores").is_empty(), "{scores}");
    at_each_size(&page, |browser| {
        let shown = rows(browser, "Nodes where evicting pods helps");
        let candidates = list(&document["preemption"], "candidates");
        assert_eq!(shown.len(), candidates.len());
        for (cells, candidate) in shown.iter().zip(candidates) {
            assert!(cells[0].as_str().unwrap().starts_with(candidate["node"].as_str().unwrap()));
            assert_eq!(
                (&cells[1], &cells[2]),
                (&list(candidate, "victims").len().into(), &candidate["protected"])
            );
        }
        let said = browser.text("document.querySelector('main').textContent");
        assert!(list(&document["preemption"], "victims").iter().all(|v| said.contains(v.as_str().unwrap())));
    });
    at_each_size(&scores_page, |browser| {
        let shown = rows(browser, "Scores of the best nodes");
        let adds = |part: &Value| part["score"].as_i64().unwrap() * part["weight"].as_i64().unwrap();
        let all = list(&scores, "scores");
        // Plugins that add nothing to any of these nodes have no column.
        let busy = |plugin: usize| all.iter().any(|scored| adds(&scored["scores"][plugin]) != 0);
        for (cells, scored) in shown.iter().zip(all) {
            assert_eq!(cells[1], scored["total"]);
            let parts = list(scored, "scores").iter().enumerate().filter(|(plugin, _)| busy(*plugin));
            let parts: Vec<Value> = parts.map(|(_, part)| adds(part).into()).collect();
            assert_eq!(cells[2..], parts);
            assert_eq!(cells[0].as_str().unwrap().ends_with("chosen"), scored["chosen"] == true);
        }
    });
}

#[test]
fn several_pods_on_one_page() {
    let args = [
        "explain",
        "deployment/web",
        "-n",
        "shop",
        "--as-pending",
        "-f",
        "examples/cluster",
        "-f",
        "examples/workload",
    ];
    let (document, page) = both(&args, &[], "");
    let items = if document["kind"] == "List" { list(&document, "items").len() } else { 1 };
    at_each_size(&page, |browser| {
        assert_eq!(browser.evaluate("document.querySelectorAll('main > section').length"), items);
    });
}

fn explain(pod: &str) -> [&str; 6] {
    ["explain", pod, "-f", "examples/cluster", "-f", "examples/workload"]
}
