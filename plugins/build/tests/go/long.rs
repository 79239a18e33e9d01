//! A plugin with two stages: what it imports and exports, how fast it is, and that its memory does not grow.

use std::sync::OnceLock;
use std::time::Instant;

use wasmtime::Store;
use wasmtime::component::InstancePre;

use crate::guest::bindings::exports::longshore::scheduler as out;
use crate::guest::wit::types::{Delta, Patch, Pod, Texts, Values};
use crate::guest::{Guest, Host, info, linker, once, store};

/// Nodes in the table.
const ROWS: u32 = 5000;

/// The example, ready to be instantiated.
struct NodeNumber {
    guest: &'static Guest,
    pre: InstancePre<Host>,
}

/// An instance.
struct Live {
    store: Store<Host>,
    life: out::lifecycle::Guest,
    cycle: out::cycle::Guest,
    score: out::score::Guest,
}

impl NodeNumber {
    fn build() -> Option<Self> {
        static NODE_NUMBER: OnceLock<Option<Guest>> = OnceLock::new();
        let guest = once(&NODE_NUMBER, "examples/go", "./nodenumber")?;
        let pre = linker(&guest.engine).instantiate_pre(&guest.component).unwrap();
        Some(Self { guest, pre })
    }

    fn live(&self) -> Live {
        let mut store = store(&self.guest.engine);
        let instance = self.pre.instantiate(&mut store).unwrap();
        let life = out::lifecycle::GuestIndices::new(&self.pre).unwrap().load(&mut store, &instance).unwrap();
        let cycle = out::cycle::GuestIndices::new(&self.pre).unwrap().load(&mut store, &instance).unwrap();
        let score = out::score::GuestIndices::new(&self.pre).unwrap().load(&mut store, &instance).unwrap();
        let shard = out::lifecycle::Instance { shard: Some(0) };
        life.call_init(&mut store, r#"{"reverse": false}"#, shard).unwrap().unwrap();
        Live { store, life, cycle, score }
    }
}

fn delta(rows: u32, reset: bool) -> Delta {
    let words = (0..rows).map(|row| format!("node-{row}")).collect();
    let values = vec![Values::Texts(Texts { words, at: (1..=rows).collect() })];
    let patch = Patch { columns: vec![0], rows: (0..rows).collect(), values };
    let mut alive = vec![u64::MAX; rows as usize / 64];
    alive.push((1 << (rows % 64)) - 1);
    Delta { reset, rows: ROWS, alive: reset.then_some(alive), patches: vec![patch] }
}

fn pod() -> Pod {
    Pod {
        info: info("web-7"),
        scored_requests: vec![],
        tolerations: vec![],
        node_selector: vec![],
        owner: None,
        raw: None,
    }
}

#[test]
fn only_what_it_uses_is_imported_and_only_its_stages_are_exported() {
    let Some(guest) = NodeNumber::build() else { return };
    let Guest { engine, component, .. } = guest.guest;
    let ty = component.component_type();
    let imports: Vec<_> = ty.imports(engine).map(|(name, _)| name.to_owned()).collect();
    // `types` has no functions.
    assert_eq!(imports, ["longshore:scheduler/log@0.2.0", "longshore:scheduler/types@0.2.0"]);
    let exports: Vec<_> = ty.exports(engine).map(|(name, _)| name.to_owned()).collect();
    let stages = ["cycle", "lifecycle", "declaration", "pre-score", "score"]
        .map(|stage| format!("longshore:scheduler/{stage}@0.2.0"));
    assert_eq!(exports, stages);
}

#[test]
fn a_batch_of_nodes_is_scored() {
    let Some(guest) = NodeNumber::build() else { return };
    eprintln!("compiled in {:?}", guest.guest.took);
    let started = Instant::now();
    let mut live = guest.live();
    eprintln!("instantiated and set up in {:?}", started.elapsed());
    let loaded = Instant::now();
    live.life.call_apply(&mut live.store, &delta(ROWS, true)).unwrap();
    eprintln!("{ROWS} rows loaded in {:?}", loaded.elapsed());
    let mut set = vec![u64::MAX; 78];
    set.push((1 << (ROWS % 64)) - 1);
    let (mut fastest, mut slowest) = (u128::MAX, 0);
    for _ in 0..200 {
        live.cycle.call_begin(&mut live.store, &pod(), &b"7".to_vec()).unwrap().unwrap();
        let asked = Instant::now();
        let scores = live.score.call_score(&mut live.store, &set).unwrap().unwrap();
        let took = asked.elapsed().as_nanos();
        (fastest, slowest) = (fastest.min(took), slowest.max(took));
        assert_eq!(scores.len(), ROWS as usize);
        assert!(scores.iter().enumerate().all(|(row, score)| *score == if row % 10 == 7 { 100 } else { 0 }));
    }
    eprintln!(
        "{} ns for each node at best, {} at worst",
        fastest / u128::from(ROWS),
        slowest / u128::from(ROWS)
    );
}

/// Objects come, change and go.
#[test]
fn memory_does_not_grow_with_the_number_of_changes() {
    static QUOTAS: OnceLock<Option<Guest>> = OnceLock::new();
    let Some(guest) = once(&QUOTAS, "examples/go", "./podquota") else { return };
    let pre = linker(&guest.engine).instantiate_pre(&guest.component).unwrap();
    let mut store = store(&guest.engine);
    let instance = pre.instantiate(&mut store).unwrap();
    let life = out::lifecycle::GuestIndices::new(&pre).unwrap().load(&mut store, &instance).unwrap();
    let objects = out::objects::GuestIndices::new(&pre).unwrap().load(&mut store, &instance).unwrap();
    life.call_init(&mut store, "null", out::lifecycle::Instance { shard: None }).unwrap().unwrap();
    let json = |number: u32| {
        format!(r#"{{"metadata": {{"labels": {{"a": "{number}"}}}}, "spec": {{"running": {number}}}}}"#)
    };
    let mut sizes = Vec::new();
    for round in 0..10_000_u32 {
        let change = |at: u32| out::objects::Change {
            kind: 0,
            namespace: format!("n{at}"),
            name: "quota".into(),
            object: (!(round + at).is_multiple_of(7)).then(|| json(round).into_bytes()),
        };
        let changes: Vec<_> = (0..20).map(change).collect();
        objects.call_apply(&mut store, round % 1000 == 0, &changes).unwrap();
        if round % 1000 == 500 {
            sizes.push(store.data().memory);
        }
    }
    eprintln!("memory by tenths: {sizes:?}");
    assert_eq!(sizes[4], sizes[9], "{sizes:?}");
}

#[test]
fn memory_does_not_grow_with_the_number_of_calls() {
    let Some(guest) = NodeNumber::build() else { return };
    let calls: u32 = std::env::var("LONGSHORE_GO_CALLS").map_or(20_000, |n| n.parse().unwrap());
    let mut live = guest.live();
    live.life.call_apply(&mut live.store, &delta(ROWS, true)).unwrap();
    let (pod, one) = (pod(), delta(1, false));
    let mut sizes = Vec::new();
    for call in 0..calls {
        live.cycle.call_begin(&mut live.store, &pod, &b"7".to_vec()).unwrap().unwrap();
        live.score.call_score(&mut live.store, &vec![u64::MAX]).unwrap().unwrap();
        live.life.call_apply(&mut live.store, &one).unwrap();
        if call % (calls / 10) == calls / 20 {
            sizes.push(live.store.data().memory);
        }
    }
    eprintln!("{calls} cycles, memory by tenths: {sizes:?}");
    assert_eq!(sizes[4], sizes[9], "{sizes:?}");
}
