//! Names that are meant to do harm stay text.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::cases::SIZES;

/// Markup, scripts, the end of the block that the data lies in, marks that turn the direction of text around, and escapes.
const NAMES: [&str; 8] = [
    "</script><script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "\"><svg onload=document.title='taken'>",
    "<!--<script>",
    "&lt;b&gt;&amp;",
    "\u{202e}txt.exe\u{2067}abc",
    "line\u{2028}separator\u{2029}end",
    "${document.title='taken'}`'\\u003c",
];

fn detail() -> Value {
    let node = |name: &str| {
        json!({
            "node": name, "labels": {name: name}, "taints": [format!("{name}={name}:NoSchedule")], "cordoned": true,
            "pods": 1, "podsBefore": 0, "allowedPods": 10, "movable": 1, "placed": [name],
            "resources": [{"resource": name, "requested": 1, "before": 0, "allocatable": 2}],
        })
    };
    let step = |name: &str| json!({"pod": name, "did": "Placed", "node": name, "owner": name, "requests": {name: 1}});
    let pending = |name: &str| {
        json!({
            "owner": name, "reason": name, "message": name, "pods": [name], "tried": true,
            "fixes": [{"change": name, "of": name, "nodes": 1, "on": [name]}],
        })
    };
    let group = |name: &str| {
        json!({
            "value": name, "nodes": 1, "cordoned": 1, "tainted": 1,
            "resources": [{"resource": name, "allocatable": 2, "requested": 1, "free": 1, "stranded": 1}],
            "largest": [{"resource": name, "node": name, "free": {name: 1}}],
        })
    };
    json!({
        "nodes": NAMES.map(node), "steps": NAMES.map(step), "unplaced": NAMES.map(pending),
        "capacity": [{"groups": [group(NAMES[0])]}, {"label": NAMES[1], "groups": NAMES.map(group)}],
    })
}

fn simulation() -> Value {
    let mut document = detail();
    let utilisation = NAMES.map(|name| {
        json!({
            "resource": name, "nodes": 1, "requested": 1, "allocatable": 2, "mean": 0.5, "spread": 0.0,
            "histogram": [0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
        })
    });
    let more = json!({
        "kind": "Simulation", "rules": {"kubernetes": NAMES[0], "kubeScheduler": NAMES[1], "featureGates": {NAMES[2]: true}},
        "placements": NAMES.map(|name| json!({"pod": name, "node": name, "priority": 1, "attempts": 1})),
        "pending": [], "evicted": [], "skipped": NAMES.map(|name| json!({"pod": name, "reason": name, "fix": name})),
        "refused": [], "unreadable": [], "unexpanded": [],
        "summary": {
            "nodes": 1, "running": 1, "scheduled": 1, "pending": 1, "evicted": 0, "skipped": 8, "notPlaced": 1, "refused": 0,
            "utilisation": utilisation, "devices": NAMES.map(|name| json!({"driver": name, "devices": 1, "inUse": 1, "share": 1})),
        },
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document
}

fn comparison() -> Value {
    let run = |name: &str| {
        let mut run = detail();
        let more = json!({
            "config": name, "profile": name, "scheduled": 1, "pending": 1, "evicted": 0, "skipped": 0, "nodesInUse": 1,
            "utilisation": [], "cost": {"total": 1.5, "unpriced": 0},
        });
        run.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        run
    };
    json!({
        "kind": "Comparison", "rules": {"kubernetes": "1.37", "kubeScheduler": "v"}, "runs": [run(NAMES[0]), run(NAMES[5])],
        "moved": NAMES.map(|name| json!({"pod": name, "nodes": [name, null]})),
    })
}

fn explanations() -> Value {
    let explanation = |name: &str| {
        json!({
            "kind": "Explanation", "rules": {"kubernetes": name, "kubeScheduler": name}, "pod": name, "status": name, "node": name,
            "message": name, "profile": name, "priority": 0, "decidedBefore": 1, "nodes": 2, "feasible": 1, "cause": name,
            "preFilter": {"plugin": name, "reasons": [name]},
            "filters": [{"plugin": name, "code": "Unschedulable", "reasons": [name], "nodes": [name]}],
            "scores": [{"node": name, "total": 1, "chosen": true, "scores": [{"plugin": name, "raw": 1, "score": 1, "weight": 2}]}],
            "preemption": {
                "code": name, "node": name, "victims": [name], "candidates": [{"node": name, "victims": [name], "protected": 0}],
                "failures": [{"reasons": [name], "nodes": [name]}],
            },
            "nearest": [{"nodes": [name], "problems": [name]}],
            "relaxations": [{"change": name, "of": name, "nodes": 1, "on": [name]}],
            "notes": [name], "alike": [name],
        })
    };
    let decisions = |name: &str| {
        json!({
            "kind": "DecisionList", "pod": name, "explanation": explanation(name),
            "decisions": [{
                "time": name, "attempt": 1, "status": name, "message": name, "evaluated": 1, "feasible": 0,
                "filters": [{"plugin": name, "code": name, "reasons": [name], "nodes": [name], "count": 1}],
                "group": {"name": name, "outcome": name, "minCount": 1, "fit": 1, "message": name, "within": name},
            }],
        })
    };
    let items: Vec<Value> = NAMES.iter().flat_map(|name| [explanation(name), decisions(name)]).collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

#[track_caller]
fn check(document: &Value) {
    let page = longshore_report::page(document).unwrap();
    let Some(mut browser) = Browser::start() else { return };
    for size in SIZES {
        browser.open(&page, size);
        let title = browser.text("document.title");
        assert!(title.starts_with("Longshore: "), "{title}");
        let shown = browser.text("document.querySelector('main').textContent");
        for name in NAMES {
            assert!(shown.contains(name), "{name:?} is not shown");
        }
        // Two scripts, the page's own, and nothing that only markup in a name could have made.
        assert_eq!(browser.evaluate("document.scripts.length"), 2);
        let made = "document.querySelectorAll('img, svg, iframe, object, embed, main script, main style, main [style*=url]').length";
        assert_eq!(browser.evaluate(made), 0);
        // Each name stands in an element of its own that keeps its direction to itself.
        let loose = "(() => {
            const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
            const loose = [];
            while (walker.nextNode()) {
                const node = walker.currentNode;
                if (/[\\u202e\\u2067]/.test(node.data) && !node.parentElement.closest('bdi, option')) loose.push(node.data);
            }
            return loose;
        })()";
        assert_eq!(browser.evaluate(loose), json!([]));
        browser.is_quiet();
    }
}

#[test]
fn simulations_with_hostile_names() {
    check(&simulation());
}

#[test]
fn comparisons_with_hostile_names() {
    check(&comparison());
}

#[test]
fn explanations_with_hostile_names() {
    check(&explanations());
}

#[test]
fn a_script_that_gets_into_the_page_does_not_run() {
    let page = longshore_report::page(&simulation()).unwrap();
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&page, SIZES[0]);
    let inject = "new Promise((done) => {
        document.addEventListener('securitypolicyviolation', (event) => done(event.violatedDirective));
        const script = document.createElement('script');
        script.textContent = 'document.title = \"taken\"';
        document.body.append(script);
        setTimeout(() => done('none'), 2000);
    })";
    assert_eq!(browser.text(inject), "script-src-elem");
    assert_ne!(browser.text("document.title"), "taken");
    let fetch = "fetch('data:text/plain,x').then(() => 'went', () => 'refused')";
    assert_eq!(browser.text(fetch), "refused");
}
