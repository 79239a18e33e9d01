//! Every record of the interface goes through the Go SDK and comes back as it was: the layouts that the SDK reads and
//! writes by hand are those that wasmtime takes from plugins/wit.

use std::sync::OnceLock;

use wasmtime::Store;

use crate::guest::bindings::Plugin;
use crate::guest::bindings::exports::longshore::scheduler as out;
use crate::guest::wit::types::{
    Column, Delta, Owner, Patch, Pod, PodInfo, RejectCode, Rejection, TextLists, Texts, Toleration, Values,
};
use crate::guest::{Guest, Host, info, linker, once, store};

/// An instance of the probe; `None` without Go.
fn fresh() -> Option<(Store<Host>, Plugin)> {
    static PROBE: OnceLock<Option<Guest>> = OnceLock::new();
    let guest = once(&PROBE, "sdk/go", "./internal/probe")?;
    let mut store = store(&guest.engine);
    let plugin = Plugin::instantiate(&mut store, &guest.component, &linker(&guest.engine)).unwrap();
    Some((store, plugin))
}

/// The same, set up.
fn probe() -> Option<(Store<Host>, Plugin)> {
    let (mut store, plugin) = fresh()?;
    let instance = out::lifecycle::Instance { shard: Some(3) };
    let life = plugin.longshore_scheduler_lifecycle();
    life.call_init(&mut store, r#"{"reason": "wrong zone"}"#, instance).unwrap().unwrap();
    life.call_apply(&mut store, &table()).unwrap();
    Some((store, plugin))
}

fn pod(name: &str) -> Pod {
    Pod {
        info: info(name),
        scored_requests: vec![("cpu".into(), 100)],
        tolerations: vec![
            Toleration { key: "k".into(), exists: true, value: String::new(), effect: None },
            Toleration {
                key: "k2".into(),
                exists: false,
                value: "v".into(),
                effect: Some("NoSchedule".into()),
            },
        ],
        node_selector: vec![("disk".into(), "ssd".into())],
        owner: Some(Owner { kind: "ReplicaSet".into(), name: "web".into(), uid: "o1".into() }),
        raw: Some(b"{}".to_vec()),
    }
}

/// Three rows of which the last is no node.
fn table() -> Delta {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let patch = Patch {
        columns: vec![0, 1, 2, 3, 4, 5],
        rows: vec![0, 1, 2],
        values: vec![
            Values::Texts(Texts { words: words(&["a", "b"]), at: vec![1, 2, 0] }),
            Values::Texts(Texts { words: words(&["z1"]), at: vec![1, 0, 0] }),
            Values::Lists(TextLists {
                words: words(&["gpu", "NoSchedule"]),
                width: 3,
                ends: vec![0, 3, 3],
                at: vec![0, 0, 1],
            }),
            Values::Numbers(vec![1000, i64::MAX / 2, 0]),
            Values::Pods(vec![vec![], vec![info("other")], vec![]]),
            Values::Blobs(vec![b"{}".to_vec(), vec![], vec![]]),
        ],
    };
    Delta { reset: true, rows: 3, alive: Some(vec![0b011]), patches: vec![patch] }
}

/// How the probe says back the pod of this name.
fn said(name: &str) -> String {
    format!(r#"{{"UID":"uid-{name}","Namespace":"shop","Name":"{name}","Priority":-7,"#)
        + r#""Labels":[{"Key":"zone","Value":"z1"},{"Key":"app","Value":"größe"}],"Requests":[{"Resource":"cpu","Value":250},"#
        + r#"{"Resource":"memory","Value":1099511627776}],"Node":"","ScoredRequests":[{"Resource":"cpu","Value":100}],"#
        + r#""Tolerations":[{"Key":"k","Exists":true,"Value":"","Effect":""},{"Key":"k2","Exists":false,"Value":"v","Effect":"NoSchedule"}],"#
        + r#""NodeSelector":[{"Key":"disk","Value":"ssd"}],"Owner":{"Kind":"ReplicaSet","Name":"web","UID":"o1"},"Raw":"e30="}"#
}

fn pending(reason: &str) -> Rejection {
    Rejection { code: RejectCode::Pending, reason: reason.into() }
}

#[test]
fn the_manifest_and_the_config() {
    let Some((mut store, plugin)) = fresh() else { return };
    let life = plugin.longshore_scheduler_lifecycle();
    let manifest = life.call_describe(&mut store).unwrap();
    assert_eq!((&*manifest.name, &*manifest.version), ("Probe", "1.2.3"));
    assert_eq!(manifest.description, "Says back what it was told.");
    assert!(
        matches!(&manifest.columns[..], [
        Column::Name, Column::Label(zone), Column::Taints, Column::Free(cpu), Column::Pods, Column::Raw,
    ] if zone == "zone" && cpu == "cpu"),
        "{:?}",
        manifest.columns
    );
    assert!(matches!(manifest.sharding, out::lifecycle::Sharding::Single));
    assert_eq!((manifest.pure, manifest.raw_pod), (false, true));
    let events = manifest.events.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (&*events[0].resource, &events[0].actions[..]),
        ("Node", &["Add".to_owned(), "UpdateNodeLabel".into()][..])
    );

    let mut init =
        |config: &str, shard| life.call_init(&mut store, config, out::lifecycle::Instance { shard }).unwrap();
    assert_eq!(init(r#"{"reason": "bad"}"#, None), Err("shard -1: a bad reason".into()));
    assert_eq!(init(r#"{"raeson": 1}"#, Some(0)), Err("config: json: unknown field \"raeson\"".into()));
    assert_eq!(init(r#"{"reason": "bad"}"#, Some(0)), Err("shard 0: a bad reason".into()));
    assert_eq!(init("null", Some(0)), Ok(()), "what was read before is no default");
}

#[test]
fn a_pod_before_filter() {
    let Some((mut store, plugin)) = probe() else { return };
    let stage = plugin.longshore_scheduler_pre_enqueue();
    assert_eq!(stage.call_pre_enqueue(&mut store, &pod("x")).unwrap(), Ok(None));
    let told = format!("[{}]", said("reject"));
    assert_eq!(stage.call_pre_enqueue(&mut store, &pod("reject")).unwrap(), Ok(Some(pending(&told))));
    let told = format!("broken: [{}]", said("break"));
    assert_eq!(stage.call_pre_enqueue(&mut store, &pod("break")).unwrap(), Err(told));

    let stage = plugin.longshore_scheduler_pre_filter();
    let mut ask = |name: &str| stage.call_pre_filter(&mut store, &pod(name)).unwrap();
    let left = br#"{"Want":"z1","Moves":null}"#.to_vec();
    let all = ask("x").unwrap();
    assert_eq!((all.outcome, &all.shared[..]), (out::pre_filter::Outcome::All, &left[..]));
    let only = ask("only").unwrap();
    assert_eq!(
        (only.outcome, &only.shared[..]),
        (out::pre_filter::Outcome::Only(vec!["a".into(), "b".into()]), &left[..])
    );
    let skip = ask("skip").unwrap();
    assert_eq!((skip.outcome, &skip.shared[..]), (out::pre_filter::Outcome::Skip, &left[..]));
    let told = format!("[{}]", said("reject"));
    assert_eq!(ask("reject").unwrap().outcome, out::pre_filter::Outcome::Reject(pending(&told)));
    assert!(ask("break").unwrap_err().starts_with("broken: "));

    let stage = plugin.longshore_scheduler_pre_filter_extensions();
    let shared = stage.call_add_pod(&mut store, &left, &pod("x"), &info("other"), "a").unwrap().unwrap();
    let shared = stage.call_remove_pod(&mut store, &shared, &pod("x"), &info("third"), "b").unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&shared), r#"{"Want":"z1","Moves":["+other@a","-third@b"]}"#);
    assert!(
        stage
            .call_add_pod(&mut store, &b"{".to_vec(), &pod("x"), &info("other"), "a")
            .unwrap()
            .unwrap_err()
            .starts_with("state: ")
    );
}

#[test]
fn nodes_are_judged_by_their_columns() {
    let Some((mut store, plugin)) = probe() else { return };
    let begin = |store: &mut Store<Host>, pod: &Pod, shared: &[u8]| {
        let shared = shared.to_vec();
        plugin.longshore_scheduler_cycle().call_begin(store, pod, &shared).unwrap().unwrap();
    };
    let filter = plugin.longshore_scheduler_filter();
    begin(&mut store, &pod("x"), br#"{"Want":"z1"}"#);
    let verdicts = filter.call_filter(&mut store, &vec![0b111]).unwrap().unwrap();
    assert_eq!(verdicts.fit, [0b001]);
    let reasons: Vec<_> = verdicts.rejections.iter().map(|r| (r.code, &*r.reason)).collect();
    assert_eq!(
        reasons,
        [(RejectCode::UnschedulableAndUnresolvable, "wrong zone"), (RejectCode::Unschedulable, "no room")]
    );
    assert_eq!(verdicts.rejection_of, [0, 1]);
    let verdicts = filter.call_filter(&mut store, &vec![0b110]).unwrap().unwrap();
    assert_eq!((&verdicts.fit[..], &verdicts.rejection_of[..]), (&[0][..], &[0, 1][..]));
    assert_eq!(filter.call_filter(&mut store, &vec![]).unwrap().unwrap().fit, Vec::<u64>::new());
    assert_eq!(
        filter.call_filter(&mut store, &vec![0, 1]).unwrap().unwrap_err(),
        "the set has a row that is not in the table"
    );

    // As it would be with less room, and then as it is.
    let supposed = Patch { columns: vec![3], rows: vec![0], values: vec![Values::Numbers(vec![249])] };
    let said = filter.call_filter_supposed(&mut store, 0, &supposed).unwrap().unwrap().unwrap();
    assert_eq!((said.code, &*said.reason), (RejectCode::Unschedulable, "no room"));
    assert_eq!(filter.call_filter(&mut store, &vec![1]).unwrap().unwrap().fit, [1]);

    begin(&mut store, &pod("tell"), b"");
    let verdicts = filter.call_filter(&mut store, &vec![0b11]).unwrap().unwrap();
    let reasons: Vec<_> = verdicts.rejections.iter().map(|r| &*r.reason).collect();
    assert_eq!(reasons[0], r#"["a","z1",[],1000,[],"{}"]"#);
    assert!(
        reasons[1]
            .starts_with(r#"["b",null,["[gpu gpu NoSchedule]"],4611686018427387903,[{"UID":"uid-other","#),
        "{}",
        reasons[1]
    );
    begin(&mut store, &pod("break"), b"");
    assert_eq!(filter.call_filter(&mut store, &vec![1]).unwrap().unwrap_err(), "broken");

    // What changes is one value; the rest stays.
    let patch = Patch { columns: vec![3], rows: vec![0], values: vec![Values::Numbers(vec![7])] };
    let delta = Delta { reset: false, rows: 4, alive: None, patches: vec![patch] };
    plugin.longshore_scheduler_lifecycle().call_apply(&mut store, &delta).unwrap();
    begin(&mut store, &pod("x"), b"four");
    let score = plugin.longshore_scheduler_score();
    assert_eq!(score.call_score(&mut store, &vec![0b1011]).unwrap().unwrap(), [11, i64::MAX / 2 + 4, 4]);
    let stage = plugin.longshore_scheduler_normalize_score();
    assert_eq!(stage.call_normalize(&mut store, &b"four".to_vec(), &[11, 4]).unwrap().unwrap(), [7, 0]);
}

#[test]
fn a_pod_and_its_node() {
    let Some((mut store, plugin)) = probe() else { return };
    let shared = br#"{"Want":"z2"}"#.to_vec();
    let state = r#"{"Want":"z2","Moves":null}"#;
    let stage = plugin.longshore_scheduler_post_filter();
    let rejected = [
        ("a".to_owned(), RejectCode::UnschedulableAndUnresolvable),
        ("b".to_owned(), RejectCode::Unschedulable),
    ];
    let nominated =
        out::post_filter::Nomination { node: "a".into(), victims: vec!["v1".into(), "v2".into()] };
    assert_eq!(
        stage.call_post_filter(&mut store, &pod("x"), &shared, &rejected).unwrap(),
        Ok(out::post_filter::Outcome::Nominate(nominated))
    );
    let told = format!(r#"[{state},[{{"Node":"a","Code":1}},{{"Node":"b","Code":0}}]]"#);
    assert_eq!(
        stage.call_post_filter(&mut store, &pod("reject"), &shared, &rejected).unwrap(),
        Ok(out::post_filter::Outcome::Reject(pending(&told)))
    );

    let stage = plugin.longshore_scheduler_pre_score();
    let mut ask = |name: &str| stage.call_pre_score(&mut store, &pod(name), &shared, 12).unwrap();
    assert_eq!(ask("x"), Ok(out::pre_score::Outcome::Score(b"z2/12".to_vec())));
    assert_eq!(ask("skip"), Ok(out::pre_score::Outcome::Skip));
    assert_eq!(ask("break"), Err(format!("broken: [{state},12]")));

    let stage = plugin.longshore_scheduler_reserve();
    assert_eq!(stage.call_reserve(&mut store, &pod("x"), "n", &shared).unwrap(), Ok(None));
    let told = format!(r#"[{state},{},"n"]"#, said("reject"));
    assert_eq!(
        stage.call_reserve(&mut store, &pod("reject"), "n", &shared).unwrap(),
        Ok(Some(pending(&told)))
    );
    stage.call_unreserve(&mut store, &pod("x"), "n").unwrap();

    let stage = plugin.longshore_scheduler_permit();
    let mut ask = |name: &str| stage.call_permit(&mut store, &pod(name), "n", &shared).unwrap();
    assert_eq!(ask("x"), Ok(out::permit::Outcome::Allow));
    assert_eq!(ask("wait"), Ok(out::permit::Outcome::Wait(2)));
    assert_eq!(ask("reject"), Ok(out::permit::Outcome::Reject(pending(&format!(r#"[{state},"n"]"#)))));
    assert_eq!(ask("break"), Err(format!(r#"broken: [{state},"n"]"#)));

    let told = format!(r#"broken: [{state},{},"n"]"#, said("break"));
    let stage = plugin.longshore_scheduler_pre_bind();
    assert_eq!(stage.call_pre_bind(&mut store, &pod("break"), "n", &shared).unwrap(), Err(told));
    let stage = plugin.longshore_scheduler_bind();
    let annotations = vec![("by".to_owned(), "probe".to_owned()), ("node".into(), "n".into())];
    assert_eq!(
        stage.call_bind(&mut store, &pod("x"), "n", &shared).unwrap(),
        Ok(Some(out::bind::Binding { annotations }))
    );
    assert_eq!(stage.call_bind(&mut store, &pod("leave"), "n", &shared).unwrap(), Ok(None));

    let stage = plugin.longshore_scheduler_handover();
    assert_eq!(stage.call_save(&mut store).unwrap(), br#"["unreserve","x","n"]"#);
    assert_eq!(stage.call_restore(&mut store, b"").unwrap(), Ok(()));
    assert_eq!(stage.call_save(&mut store).unwrap(), b"");
    assert_eq!(stage.call_restore(&mut store, b"bad").unwrap(), Err("cannot read this".into()));
}

#[test]
fn what_the_scheduler_offers() {
    let Some((mut store, plugin)) = probe() else { return };
    plugin.longshore_scheduler_post_bind().call_post_bind(&mut store, &pod("x"), "n").unwrap();
    let said = &store.data().said;
    assert_eq!(
        said[..4],
        ["Level::Warn asking", "allow u1", "reject u2: no", "event uid-x true Asked: a note"]
    );
    let waiting = r#"[[{"UID":"uid-waiting","Namespace":"shop","Name":"waiting","Priority":-7,"Labels":[{"Key":"zone","Value":"z1"},"#;
    assert!(said[4].starts_with(&format!("Level::Info {waiting}")), "{}", said[4]);
    let rest = r#""Node":"a"}],[{"UID":"uid-shop","Namespace":"shop","Name":"shop","Priority":-7,"Labels":[],"Requests":[],"Node":""}],[],"{a}",true,1700000000000,18446744073709551615]"#;
    assert!(said[4].ends_with(rest), "{}", said[4]);
}

#[test]
fn a_panic_is_one_line_in_the_log_and_ends_the_instance() {
    let Some((mut store, plugin)) = probe() else { return };
    let stage = plugin.longshore_scheduler_pre_enqueue();
    assert!(stage.call_pre_enqueue(&mut store, &pod("panic")).is_err());
    assert_eq!(store.data().said.len(), 1, "{:?}", store.data().said);
    let line = &store.data().said[0];
    assert!(
        line.starts_with("Level::Error panic in pre-enqueue: as the pod wishes\n")
            && line.contains("main.by"),
        "{line}"
    );
    assert!(stage.call_pre_enqueue(&mut store, &pod("x")).is_err());
}

#[test]
fn what_is_printed_is_in_the_log() {
    let Some((mut store, plugin)) = probe() else { return };
    let stage = plugin.longshore_scheduler_pre_enqueue();
    assert!(stage.call_pre_enqueue(&mut store, &pod("crash")).is_err());
    let said = &store.data().said;
    assert_eq!(said[0], "Level::Info about to crash");
}

/// Sets up a probe with a config.
fn configured(config: &str) -> Option<(Store<Host>, Plugin)> {
    let (mut store, plugin) = fresh()?;
    let life = plugin.longshore_scheduler_lifecycle();
    life.call_init(&mut store, config, out::lifecycle::Instance { shard: None }).unwrap().unwrap();
    Some((store, plugin))
}

/// What the probe noted last.
fn noted(store: &mut Store<Host>, plugin: &Plugin) -> String {
    String::from_utf8(plugin.longshore_scheduler_handover().call_save(store).unwrap()).unwrap()
}

#[test]
fn the_manifest_and_the_objects_by_config() {
    let Some((mut store, plugin)) = fresh() else { return };
    let declaration = plugin.longshore_scheduler_declaration();
    let plain = declaration.call_describe(&mut store, "null").unwrap().unwrap();
    assert_eq!((&*plain.name, plain.columns.len(), plain.events.unwrap().len()), ("Probe", 6, 1));
    let more = declaration.call_describe(&mut store, r#"{"event": "Window"}"#).unwrap().unwrap();
    let events = more.events.unwrap();
    assert_eq!((events.len(), &*events[1].resource), (2, "Window.v1.example.com"));
    let refused = declaration.call_describe(&mut store, r#"{"event": "bad"}"#).unwrap();
    assert_eq!(refused.unwrap_err(), "no such event");

    let objects = plugin.longshore_scheduler_objects();
    let kind = |group: &str, kind: &str, fields: &[&str], about_node| out::objects::Kind {
        group: group.into(),
        version: "v1".into(),
        kind: kind.into(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        about_node,
    };
    let windows = kind("example.com", "Window", &["spec.open", "spec.days"], true);
    let kinds = objects.call_kinds(&mut store, "{}").unwrap().unwrap();
    assert_eq!(kinds, [windows, kind("", "Namespace", &[], false)]);
    let refused = objects.call_kinds(&mut store, r#"{"event": "bad"}"#).unwrap();
    assert_eq!(refused.unwrap_err(), "no such event");
}

#[test]
fn objects_come_change_and_go() {
    let Some((mut store, plugin)) = configured("{}") else { return };
    let objects = plugin.longshore_scheduler_objects();
    let change = |kind, namespace: &str, name: &str, json: Option<&str>| out::objects::Change {
        kind,
        namespace: namespace.into(),
        name: name.into(),
        object: json.map(|json| json.as_bytes().to_vec()),
    };
    let json = r#"{"metadata": {"uid": "u", "labels": {"a": "b"}, "ownerReferences": [{"kind": "K", "name": "n", "uid": "o"}],
        "creationTimestamp": "2024-02-29T12:30:15Z"}, "spec": {"open": true}}"#;
    let told = [
        change(0, "shop", "größe", Some(json)),
        change(0, "shop", "broken", Some(r#"{"spec": 7}"#)),
        change(1, "", "shop", Some("{}")),
        change(0, "shop", "gone", None),
    ];
    objects.call_apply(&mut store, true, &told).unwrap();
    let timers = plugin.longshore_scheduler_timers();
    timers.call_tick(&mut store).unwrap().unwrap();
    let window = r#"{"Namespace":"shop","Name":"größe","UID":"u","Labels":{"a":"b"},"Owners":[{"Kind":"K","Name":"n","UID":"o"}],"#
        .to_owned()
        + r#""Created":"2024-02-29T12:30:15Z","Deleted":"0001-01-01T00:00:00Z","Body":{"spec":{"open":true}}}"#;
    let noted_now = noted(&mut store, &plugin);
    let expected = format!("[[{window}],[{window}],[{window}],1,1,");
    assert!(noted_now.starts_with(&expected), "{noted_now}");
    assert!(noted_now.contains("cannot unmarshal number into Go struct field"), "{noted_now}");
    let said = &store.data().said;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("Level::Warn Window.v1.example.com shop/broken cannot be read"), "{said:?}");

    objects.call_apply(&mut store, false, &[change(0, "shop", "größe", None)]).unwrap();
    timers.call_tick(&mut store).unwrap().unwrap();
    assert!(noted(&mut store, &plugin).starts_with("[[],[],[],1,2,"));
    objects.call_apply(&mut store, true, &[]).unwrap();
    timers.call_tick(&mut store).unwrap().unwrap();
    assert_eq!(noted(&mut store, &plugin), r#"[[],[],[],0,3,"\u003cnil\u003e"]"#);
    assert!(
        objects.call_apply(&mut store, false, &[change(2, "", "x", None)]).is_err(),
        "there is no kind 2"
    );
}

#[test]
fn values_that_are_measured_come_change_and_go() {
    let Some((mut store, plugin)) = probe() else { return };
    let metrics = plugin.longshore_scheduler_metrics();
    let metric = |name: &str, kind: &str, operator: &str, rollup: &str| out::metrics::Metric {
        name: name.into(),
        kind: kind.into(),
        operator: operator.into(),
        rollup: rollup.into(),
        max_age: 0,
        stale: out::metrics::Stale::Fail,
        timed: false,
    };
    let cpu = out::metrics::Metric {
        max_age: 90_000,
        stale: out::metrics::Stale::Ignore,
        timed: true,
        ..metric("", "CPU", "AVG", "15m")
    };
    let wanted = metrics.call_wanted(&mut store, "{}").unwrap().unwrap();
    assert_eq!(wanted, [cpu, metric("gpu", "", "", "")]);
    let refused = metrics.call_wanted(&mut store, r#"{"event": "bad"}"#).unwrap();
    assert_eq!(refused.unwrap_err(), "no such event");

    let update = |metric, rows: &[u32], values: &[f64], times: &[u64]| out::metrics::Update {
        metric,
        rows: rows.to_vec(),
        values: values.to_vec(),
        times: times.to_vec(),
    };
    let mut check = |reset, updates: &[out::metrics::Update], want: &[&str]| {
        metrics.call_apply(&mut store, reset, updates).unwrap();
        plugin
            .longshore_scheduler_cycle()
            .call_begin(&mut store, &pod("measure"), &Vec::new())
            .unwrap()
            .unwrap();
        let verdicts =
            plugin.longshore_scheduler_filter().call_filter(&mut store, &vec![0b11]).unwrap().unwrap();
        let reasons: Vec<_> = verdicts.rejections.iter().map(|no| &*no.reason).collect();
        assert_eq!(reasons, want);
    };
    let both = [update(0, &[0, 1], &[12.5, f64::NAN], &[1500, 0]), update(1, &[1], &[-0.25], &[])];
    check(true, &both, &["[12.5,1500,true,0,false]", "[0,0,false,-0.25,true]"]);
    let one = [update(0, &[1], &[3.0], &[7])];
    check(false, &one, &["[12.5,1500,true,0,false]", "[3,7,true,-0.25,true]"]);
    check(true, &[], &["[0,0,false,0,false]"]);
    assert!(
        metrics.call_apply(&mut store, false, &[update(2, &[], &[], &[])]).is_err(),
        "there is no metric 2"
    );
}

#[test]
fn the_place_of_a_pod_in_the_queue() {
    let Some((mut store, plugin)) = configured("{}") else { return };
    let stage = plugin.longshore_scheduler_queue_sort();
    let since = 1 << 62;
    assert_eq!(stage.call_rank(&mut store, &pod("x"), since).unwrap(), Ok((7, 1 << 62)));
    let told = format!("broken: [{},{since}]", said("break"));
    assert_eq!(stage.call_rank(&mut store, &pod("break"), since).unwrap(), Err(told));
}

#[test]
fn events_of_every_subject() {
    use out::hints::{Event, ObjectChange, PodChange, Subject};
    let Some((mut store, plugin)) = configured("{}") else { return };
    let stage = plugin.longshore_scheduler_hints();
    let mut ask = |name: &str, resource: &str, action: &str, subject| {
        let event = Event { resource: resource.into(), action: action.into(), subject };
        let answer = stage.call_hint(&mut store, &pod(name), &event).unwrap();
        (answer, noted(&mut store, &plugin))
    };
    let told = |resource: &str, action: &str, rest: &str| {
        format!(r#"[{{"Resource":"{resource}","Action":"{action}",{rest}}}]"#)
    };
    let nothing = r#""Pod":null,"Node":"","Object":null"#;
    assert_eq!(ask("x", "*", "Add", Subject::None), (Ok(true), told("*", "Add", nothing)));
    assert_eq!(ask("x", "*", "Delete", Subject::None).0, Ok(false));
    assert!(ask("break", "*", "Add", Subject::None).0.unwrap_err().starts_with("broken: "));
    let node = ask("x", "Node", "Add", Subject::Node("größe".into()));
    assert_eq!(node, (Ok(true), told("Node", "Add", r#""Pod":null,"Node":"größe","Object":null"#)));

    // A pod that is absent is passed over, and what follows is read all the same.
    let bare = |name: &str| PodInfo { labels: vec![], requests: vec![], ..info(name) };
    let brief = |name: &str| {
        format!(
            r#"{{"UID":"uid-{name}","Namespace":"shop","Name":"{name}","Priority":-7,"Labels":[],"Requests":[],"Node":""}}"#
        )
    };
    for (before, after) in [(None, Some("b")), (Some("a"), None), (Some("a"), Some("b"))] {
        let subject = Subject::Pod(PodChange { before: before.map(bare), after: after.map(bare) });
        let text = |name: Option<&str>| name.map_or("null".to_owned(), brief);
        let pod =
            format!(r#""Pod":{{"Before":{},"After":{}}},"Node":"","Object":null"#, text(before), text(after));
        assert_eq!(ask("x", "Pod", "Delete", subject).1, told("Pod", "Delete", &pod));
    }

    let object = |before: Option<&str>, after: Option<&str>| {
        let bytes = |json: Option<&str>| json.map(|json| json.as_bytes().to_vec());
        Subject::Object(ObjectChange {
            namespace: "shop".into(),
            name: "w".into(),
            before: bytes(before),
            after: bytes(after),
        })
    };
    let (open, closed) = (r#"{"spec":{"open":true}}"#, r#"{"spec":{"open":false}}"#);
    let resource = "Window.v1.example.com";
    assert_eq!(ask("x", resource, "Update", object(Some(closed), Some(open))).0, Ok(true));
    assert_eq!(ask("x", resource, "Update", object(Some(open), Some(closed))).0, Ok(false));
    let gone = ask("x", resource, "Delete", object(Some(open), None));
    assert!(gone.0 == Ok(false) && gone.1.ends_with(r#""After":null}]"#), "{gone:?}");
    let other = ask("x", "Service", "Add", object(None, None));
    let rest = r#""Pod":null,"Node":"","Object":{"Namespace":"shop","Name":"w","Before":null,"After":null}"#;
    assert_eq!(other, (Ok(true), told("Service", "Add", rest)));
}

#[test]
fn what_the_engine_is_asked_from_time_to_time() {
    let config = r#"{"event": "engine", "every": "1500us"}"#;
    let Some((mut store, plugin)) = configured(config) else { return };
    let timers = plugin.longshore_scheduler_timers();
    timers.call_tick(&mut store).unwrap().unwrap();
    assert_eq!(store.data().said, ["activate u3"]);
    let expected = r#"[[{"UID":"uid-nominated","Namespace":"shop","Name":"nominated","Priority":-7,"Labels":[],"Requests":[],"#
        .to_owned()
        + r#""Node":"a"}],["a-1","a-2"],"\u003cnil\u003e","no 2 v1+größe","there is no node none",["v3","v2","v1"],"#
        + r#""\u003cnil\u003e","there is no node none"]"#;
    assert_eq!(noted(&mut store, &plugin), expected);
    assert_eq!(timers.call_every(&mut store, config).unwrap(), Ok(2));
    assert!(timers.call_every(&mut store, r#"{"every": "soon"}"#).unwrap().unwrap_err().contains("soon"));
    let long = timers.call_every(&mut store, r#"{"every": "100000h"}"#).unwrap();
    assert_eq!(long.unwrap_err(), "100000h0m0s cannot be waited between two ticks");
    let Some((mut store, plugin)) = configured(r#"{"event": "break"}"#) else { return };
    let broken = plugin.longshore_scheduler_timers().call_tick(&mut store).unwrap();
    assert_eq!(broken, Err("no time".to_owned()));
}
