use longshore_framework::fixture;
use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::model;
use super::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_text(kind: Kind, text: &str) -> Option<Vec<u8>> {
    from_map(kind, &fields(text)?)
}

#[track_caller]
fn check(kind: Kind, object: Value, want: &str) {
    assert_eq!(hex(&from_text(kind, &object.to_string()).unwrap()), want);
}

/// All of these are what `Marshal` of k8s.io/api v0.36.2 gives.
#[test]
fn fields_that_are_no_pointers_are_written_when_they_are_empty() {
    let meta = "0a100a0012001a0022002a0032003800420";
    let status = "1a130a001a0022002a0032004a005a007200880100";
    let spec = |size: &str, containers: &str| {
        format!("012{size}{containers}1a00320042004a0052005800600068008201008a01009a0100c20100{status}")
    };
    check(Kind::Pod, json!({}), &format!("{meta}{}", spec("1c", "")));
    let container = "12190a016312002a0042006a007200800100880100900100a20100";
    let pod = json!({"spec": {"containers": [{"name": "c"}]}});
    check(Kind::Pod, pod, &format!("{meta}{}", spec("37", container)));
    let spec_and_status =
        "12080a0012001a0020001a1e1a0032040a0208003a140a0012001a0022002a0032003a0042004a005200";
    check(Kind::Node, json!({}), &format!("{meta}0{spec_and_status}"));
    let node: Arc<[u8]> = from_text(Kind::Node, r#"{"metadata": {"name": "n"}}"#).unwrap().into();
    let list = "0a060a0012001a00123d0a110a016e12001a0022002a00320038004200".to_string() + spec_and_status;
    assert_eq!(hex(&node_list([node].iter())), list);
}

#[track_caller]
fn check_digest(kind: Kind, text: &str, size: usize, digest: &str) {
    let bytes = from_text(kind, text).unwrap();
    assert_eq!((bytes.len(), &*hex(&Sha256::digest(&bytes))), (size, digest));
}

#[test]
fn rich_objects_are_encoded_as_go_encodes_them() {
    let digest = "49f52a72068099e46712e0fa5d569e8d425da68d729f1c7a258333956c76375f";
    check_digest(Kind::Pod, include_str!("samples/pod.json"), 986, digest);
    let digest = "2447b0e9ca23e4bb1949b196cd22be4c78beacde09b138e58084199b29e49c6e";
    check_digest(Kind::Node, include_str!("samples/node.json"), 509, digest);
}

#[test]
fn what_has_a_wrong_type_counts_as_absent() {
    let plain = from_text(Kind::Pod, "{}");
    for wrong in [
        json!({"metadata": [], "spec": 1, "status": null}),
        json!({"metadata": {"name": 1, "labels": ["a"], "creationTimestamp": "yesterday", "generation": 1.5}}),
        json!({"spec": {"priority": 99_999_999_999_i64, "containers": {"a": 1}, "hostNetwork": "yes"}}),
        json!({"spec": {"volumes": [null, 7], "nodeSelector": {"a": 1}, "overhead": {"cpu": []}}}),
    ] {
        assert_eq!(from_text(Kind::Pod, &wrong.to_string()), plain, "{wrong}");
    }
    for text in ["", "[]", "null", "{\"a\":", "{\"metadata\":{\"name\":\"\\ud800\"}}"] {
        assert_eq!(from_text(Kind::Pod, text), None, "{text}");
    }
}

#[test]
fn size_and_depth_are_bounded() {
    assert_eq!(from_text(Kind::Pod, &"[".repeat(100_000)), None);
    let deep = format!("{{\"spec\":{}{}}}", "{\"a\":".repeat(500), "1".to_string() + &"}".repeat(500));
    assert_eq!(from_text(Kind::Pod, &deep), None);
    let empty = vec!["{}"; 1_000_000].join(",");
    assert_eq!(from_text(Kind::Pod, &format!("{{\"spec\":{{\"containers\":[{empty}]}}}}")), None);
    let long = " ".repeat(MAX_JSON);
    assert_eq!(from_text(Kind::Pod, &format!("{{{long}}}")), None);
}

#[test]
fn what_scheduling_knows_of_an_object_makes_one() {
    let pod = fixture::pod("p").label("app", "web").request("cpu", "500m").on("n").build();
    let affinity = json!({"nodeAffinity": {}, "podAffinity": {}, "podAntiAffinity": {}});
    let want = json!({
        "metadata": {"name": "p", "namespace": "default", "uid": "default/p", "labels": {"app": "web"}},
        "spec": {
            "nodeName": "n", "schedulerName": "default-scheduler", "priority": 0, "affinity": affinity,
            "preemptionPolicy": "PreemptLowerPriority",
            "containers": [{"resources": {"requests": {"cpu": "500m"}}}],
        },
    });
    assert_eq!(from_map(Kind::Pod, &model::pod(&pod)), from_text(Kind::Pod, &want.to_string()));
    let node = fixture::node("n").allocatable("cpu", "1500m").allocatable("example.com/gpu", "2").build();
    let amounts = json!({"cpu": "1500m", "memory": "0", "ephemeral-storage": "0", "example.com/gpu": "2", "pods": "110"});
    let want = json!({
        "metadata": {"name": "n", "labels": {"kubernetes.io/hostname": "n"}},
        "status": {"capacity": amounts, "allocatable": amounts},
    });
    assert_eq!(from_map(Kind::Node, &model::node(&node)), from_text(Kind::Node, &want.to_string()));
}

/// Any JSON, under keys that the table knows.
fn any_json() -> impl Strategy<Value = Value> {
    let keys =
        "(metadata|spec|status|containers|volumes|labels|env|images|ports|name|conditions|fieldsV1|time)";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_object_is_too_strange(object in any_json()) {
        let text = object.to_string();
        prop_assert_eq!(from_text(Kind::Pod, &text).is_some(), object.is_object());
        prop_assert_eq!(from_text(Kind::Node, &text).is_some(), object.is_object());
    }
}

/// Compares every `Pod-*.json` and `Node-*.json` of a folder with what Go made of it, the `.pb` beside it.
#[test]
#[ignore = "needs a folder of objects as Go encodes them: LONGSHORE_PROTO_SAMPLES=DIR cargo test -- --ignored"]
fn bytes_are_those_of_go() {
    let folder = std::env::var("LONGSHORE_PROTO_SAMPLES").unwrap();
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let pod = path.file_name().unwrap().to_string_lossy().starts_with("Pod");
        let kind = if pod { Kind::Pod } else { Kind::Node };
        let got = from_text(kind, &std::fs::read_to_string(&path).unwrap()).unwrap();
        let want = std::fs::read(path.with_extension("pb")).unwrap();
        let same = got.iter().zip(&want).take_while(|(a, b)| a == b).count();
        assert!(got == want, "{}: differs at {same} of {}", path.display(), want.len());
        compared += 1;
    }
    assert!(compared > 0);
}
