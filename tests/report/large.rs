//! 5,000 nodes and 50,000 pods: small enough to send, and no more in the page than is seen.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::cases::{SIZES, rows};

const NODES: usize = 5_000;
const PODS: usize = 50_000;

/// A file may have so many bytes.
const MOST_BYTES: usize = 2_000_000;

/// Letters of a pod's name behind its workload's, as the API server draws them.
fn suffix(number: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut left = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
    (0..5)
        .map(|_| {
            let letter = LETTERS[(left % LETTERS.len() as u64) as usize];
            left /= LETTERS.len() as u64;
            char::from(letter)
        })
        .collect()
}

/// What a pod asks for, in thousandths of a core.
fn asked(pod: usize) -> i64 {
    [100, 150, 200, 250, 300, 350, 400, 450][pod / 100 % 8]
}

/// A document as `simulate --detail` would print it.
fn document(runs: usize) -> Value {
    let node =
        |at: usize| format!("ip-10-{}-{}-{}.eu-west-1.compute.internal", at / 1000, at / 200 % 5, at % 200);
    let pod = |at: usize| format!("team-{:02}/service-{:03}-7d9f4c6b5-{}", at / 2500, at / 100, suffix(at));
    let place = |at: usize, run: usize| (at.wrapping_mul(7_919) + run * 31) % NODES;
    let steps = |run: usize| -> Vec<Value> {
        (0..PODS)
            .map(|at| {
                let cpu = asked(at);
                json!({
                    "pod": pod(at), "did": "Placed", "node": node(place(at, run)),
                    "owner": format!("Deployment team-{:02}/service-{:03}", at / 2500, at / 100),
                    "requests": {"cpu": cpu, "memory": (cpu * 4) << 20},
                })
            })
            .collect()
    };
    let nodes = |run: usize| -> Vec<Value> {
        let mut cpu = vec![0; NODES];
        let mut pods = vec![0; NODES];
        for at in 0..PODS {
            cpu[place(at, run)] += asked(at);
            pods[place(at, run)] += 1;
        }
        (0..NODES)
            .map(|at| {
                let before = (at % 37) as i64 * 10;
                json!({
                    "node": node(at),
                    "labels": {
                        "topology.kubernetes.io/zone": format!("eu-west-1{}", ["a", "b", "c"][at % 3]),
                        "karpenter.sh/nodepool": format!("pool-{}", at % 12),
                        "node.kubernetes.io/instance-type": format!("m5.{}xlarge", 1 << (at % 4)),
                        "kubernetes.io/hostname": node(at),
                    },
                    "pods": pods[at] + 3, "podsBefore": 3, "allowedPods": 110, "movable": pods[at], "placed": [],
                    "resources": [
                        {"resource": "cpu", "requested": before + cpu[at], "before": before, "allocatable": 4000_i64 << (at % 4)},
                        {"resource": "memory", "requested": ((before + cpu[at]) * 4) << 20, "before": (before * 4) << 20, "allocatable": 16_i64 << (30 + at % 4)},
                        {"resource": "ephemeral-storage", "requested": 0, "before": 0, "allocatable": 100_i64 << 30},
                    ],
                })
            })
            .collect()
    };
    let run = |run: usize| {
        json!({
            "config": format!("profile-{run}.yaml"), "profile": "default-scheduler", "scheduled": PODS, "pending": 0, "evicted": 0,
            "skipped": 0, "nodesInUse": NODES, "utilisation": [], "nodes": nodes(run), "steps": steps(run), "unplaced": [],
            "capacity": [{"groups": []}, {"label": "topology.kubernetes.io/zone", "groups": []}, {"label": "karpenter.sh/nodepool", "groups": []}],
        })
    };
    let moved: Vec<Value> = (0..if runs > 1 { PODS } else { 0 })
        .map(|at| json!({"pod": pod(at), "nodes": (0..runs).map(|run| node(place(at, run))).collect::<Vec<_>>()}))
        .collect();
    json!({
        "kind": "Comparison", "rules": {"kubernetes": "1.37", "kubeScheduler": "v1.37.2"},
        "runs": (0..runs).map(run).collect::<Vec<_>>(), "moved": moved,
    })
}

#[test]
fn a_large_cluster_is_a_small_file_and_few_elements() {
    let document = document(2);
    let page = longshore_report::page(&document).unwrap();
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    let Some(mut browser) = Browser::start() else { return };
    for size in SIZES {
        browser.open(&page, size);
        browser.settle();
        // Only rows that are seen are there.
        let elements = browser.evaluate("document.querySelectorAll('*').length").as_u64().unwrap();
        assert!(elements < 6_000, "{elements} elements");
        // However far the slider goes, what is drawn is canvases and the rows that are seen.
        let moves = "(() => {
            const slider = document.querySelector('input[type=range]');
            for (let at = 0; at < 20; at += 1) {
                slider.value = String((at * 7919) % 50000);
                slider.dispatchEvent(new Event('input'));
            }
            return document.querySelectorAll('*').length;
        })()";
        assert!(browser.evaluate(moves).as_u64().unwrap() < 6_000);
        let scrolled = "(async () => {
            const viewport = [...document.querySelectorAll('.viewport')].at(-1);
            viewport.scrollTop = viewport.scrollHeight;
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            return [...viewport.querySelectorAll('tbody tr:not([aria-hidden])')].at(-1).getAttribute('aria-rowindex');
        })()";
        assert_eq!(browser.text(scrolled), (PODS + 1).to_string());
        let slider = "(() => {
            const slider = document.querySelector('input[type=range]');
            slider.value = slider.max;
            slider.dispatchEvent(new Event('input'));
        })()";
        browser.evaluate(slider);
        let nodes = document["runs"][0]["nodes"].as_array().unwrap();
        for cells in rows(&mut browser, "cpu of every node") {
            let node = nodes.iter().find(|node| node["node"] == cells[0]).unwrap();
            assert_eq!(cells[3], node["resources"][0]["requested"]);
            assert_eq!((&cells[6], &cells[7]), (&node["podsBefore"], &node["pods"]));
        }
        browser.is_quiet();
    }
}
