//! Binding volumes beside an API server that tells the store what is written, as the watches would, and a volume
//! controller that does one thing.

use serde_json::{Value, json};

use super::*;
use crate::fake_api::{Answer, FakeApi};
use crate::volumes::write::VOLUMES;

const NODE: &str = "n1";

/// What the volume controller, a provisioner or a user does after the last write.
type Then = fn(&StorageStore);

fn saw(store: &StorageStore, object: &Value) {
    let json = object.to_string();
    let identity = longshore_manifest::identity(&json);
    match object["spec"]["capacity"] {
        Value::Null => store.saw_claim(&identity, &json),
        _ => store.saw_volume(&identity, &json),
    }
}

fn gone(store: &StorageStore, kind: &str, name: &str, uid: &str) {
    let metadata = json!({"namespace": "shop", "name": name, "uid": uid});
    store.gone(kind, &longshore_manifest::identity(&json!({"metadata": metadata}).to_string()));
}

fn claim(version: u32, annotations: Value, volume: &str) -> Value {
    json!({"metadata": {"namespace": "shop", "name": "data", "uid": "c1", "resourceVersion": version.to_string(),
            "annotations": annotations},
        "spec": {"volumeName": volume, "resources": {"requests": {"storage": "1Gi"}}}})
}

fn bound_claim(version: u32, annotations: Value, volume: &str) -> Value {
    let mut annotations = annotations;
    annotations["pv.kubernetes.io/bind-completed"] = "yes".into();
    claim(version, annotations, volume)
}

fn volume(version: u32, claim_ref: Value) -> Value {
    let affinity = json!({"nodeSelectorTerms": [{"matchExpressions":
        [{"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}]}]});
    json!({"metadata": {"name": "pv", "uid": "v1", "resourceVersion": version.to_string()},
        "spec": {"capacity": {"storage": "1Gi"}, "nodeAffinity": {"required": affinity}, "claimRef": claim_ref}})
}

fn claim_ref(uid: &str) -> Value {
    json!({"namespace": "shop", "name": "data", "uid": uid})
}

fn selected(node: &str) -> Value {
    json!({"volume.kubernetes.io/selected-node": node})
}

fn bind_write() -> StorageWrite {
    StorageWrite::BindVolume { volume: "pv".into(), namespace: "shop".into(), claim: "data".into() }
}

fn provision_write() -> StorageWrite {
    StorageWrite::Provision { namespace: "shop".into(), claim: "data".into(), node: NODE.into() }
}

/// A store that knows some objects, and an API server that gives what is written version 10 and tells the store.
struct World {
    store: Arc<StorageStore>,
    api: FakeApi,
}

impl World {
    fn new(known: &[Value], then: Then) -> Self {
        let store = Arc::<StorageStore>::default();
        known.iter().for_each(|object| saw(&store, object));
        let told = Arc::clone(&store);
        let api = FakeApi::new(move |call| {
            if call.line == "GET /api/v1/nodes/n1" {
                let labels = json!({"kubernetes.io/hostname": "n1"});
                return Answer::json(json!({"metadata": {"name": "n1", "labels": labels}}));
            }
            let store = Arc::clone(&told);
            let of_volume = call.line.contains(VOLUMES);
            let seen = if of_volume { volume(10, claim_ref("c1")) } else { claim(10, selected(NODE), "") };
            // The watch and everybody else are a little later than the answer.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                saw(&store, &seen);
                then(&store);
            });
            Answer::json(json!({"metadata": {"resourceVersion": "10"}}))
        });
        Self { store, api }
    }

    async fn pre_bind(&self, writes: &[StorageWrite], timeout: Duration) -> Result<(), String> {
        let mut pod = Pod::default();
        pod.meta.uid = "p1".into();
        let pre_bind = PreBind::begin(&self.store, &pod, &NODE.into(), writes.to_vec());
        let result = run(pre_bind, &Caller::new(self.api.client()), timeout, || true).await;
        assert!(self.store.waits.is_empty(), "somebody still waits");
        result
    }
}

async fn run(
    pre_bind: PreBind,
    api: &Caller,
    timeout: Duration,
    is_there: impl Fn() -> bool,
) -> Result<(), String> {
    pre_bind.write(api).await?.until_bound(api, timeout, is_there).await
}

async fn check(known: &[Value], write: StorageWrite, then: Then, want: Result<(), &str>) {
    let world = World::new(known, then);
    let result = world.pre_bind(&[write], Duration::from_secs(5)).await;
    assert_eq!(result.as_ref().map_err(|e| &**e).copied(), want);
}

async fn check_bind(then: Then, want: Result<(), &str>) {
    check(&[claim(5, json!({}), ""), volume(6, Value::Null)], bind_write(), then, want).await;
}

async fn check_provision(then: Then, want: Result<(), &str>) {
    check(&[claim(5, json!({}), "")], provision_write(), then, want).await;
}

#[tokio::test]
async fn a_volume_and_its_claim_are_bound() {
    check_bind(|s| saw(s, &bound_claim(11, json!({}), "pv")), Ok(())).await;
}

#[tokio::test]
async fn binding_a_volume_fails_when_its_parts_change() {
    check_bind(
        |s| saw(s, &volume(11, Value::Null)),
        Err("binding volumes: ClaimRef got reset for pv \"pv\""),
    )
    .await;
    check_bind(
        |s| saw(s, &volume(11, claim_ref(""))),
        Err("binding volumes: ClaimRef got reset for pv \"pv\""),
    )
    .await;
    check_bind(
        |s| gone(s, "PersistentVolume", "pv", "v1"),
        Err("binding volumes: failed to check binding: persistentvolumes \"pv\" not found"),
    )
    .await;
    check_bind(
        |s| gone(s, "PersistentVolumeClaim", "data", "c1"),
        Err("binding volumes: failed to check binding: persistentvolumeclaims \"shop/data\" not found"),
    )
    .await;
}

#[tokio::test]
async fn a_volume_of_another_node_is_not_waited_for() {
    let elsewhere = |version, claim_ref| {
        let mut volume = volume(version, claim_ref);
        let terms = &mut volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"];
        terms[0]["matchExpressions"][0]["values"][0] = "n2".into();
        volume
    };
    let known = [claim(5, json!({}), ""), elsewhere(6, claim_ref("c1"))];
    let want =
        "binding volumes: pv \"pv\" node affinity doesn't match node \"n1\": no matching NodeSelectorTerms";
    check(&known, bind_write(), |_| {}, Err(want)).await;
}

#[tokio::test]
async fn the_end_of_the_pod_or_its_node_ends_the_wait() {
    check_bind(
        |s| gone(s, "Pod", "web", "p1"),
        Err("binding volumes: pod does not exist any more: pod \"web\" not found"),
    )
    .await;
    check_provision(
        |s| gone(s, "Node", NODE, "u1"),
        Err("binding volumes: failed to get node \"n1\": node \"n1\" not found"),
    )
    .await;
    check_bind(
        |s| {
            gone(s, "Pod", "web", "p0");
            saw(s, &bound_claim(11, json!({}), "pv"));
        },
        Ok(()),
    )
    .await;
}

#[tokio::test]
async fn a_volume_is_provisioned() {
    check_provision(
        |s| {
            saw(s, &volume(11, claim_ref("c1")));
            saw(s, &bound_claim(12, selected(NODE), "pv"));
        },
        Ok(()),
    )
    .await;
    check_provision(
        |s| {
            saw(s, &bound_claim(12, selected(NODE), "pv"));
            saw(s, &volume(11, claim_ref("c1")));
        },
        Ok(()),
    )
    .await;
}

#[tokio::test]
async fn provisioning_fails_when_the_node_is_taken_back() {
    check_provision(
        |s| saw(s, &claim(11, json!({"other": "x"}), "")),
        Err("binding volumes: provisioning failed for PVC \"data\""),
    )
    .await;
    check_provision(
        |s| saw(s, &claim(11, selected("n2"), "")),
        Err("binding volumes: provisioning failed for PVC \"data\""),
    )
    .await;
    check_provision(
        |s| saw(s, &claim(11, json!({}), "")),
        Err("binding volumes: selectedNode annotation reset for PVC \"data\""),
    )
    .await;
    check_provision(
        |s| gone(s, "PersistentVolumeClaim", "data", "c1"),
        Err("binding volumes: failed to check provisioning pvc: persistentvolumeclaims \"shop/data\" not found"),
    )
    .await;
}

#[tokio::test]
async fn a_claim_that_lost_its_volume_is_not_waited_for() {
    check_provision(
        |s| {
            let mut lost = bound_claim(11, selected(NODE), "pv");
            lost["status"] = json!({"phase": "Lost"});
            saw(s, &lost);
        },
        Err("binding volumes: persistentvolumeclaim \"data\" bound to non-existent persistentvolume \"pv\""),
    )
    .await;
}

#[tokio::test]
async fn an_older_state_than_was_written_proves_nothing() {
    let then = |s: &StorageStore| {
        saw(s, &claim(9, json!({}), ""));
        let store = bound_claim(12, selected(NODE), "pv");
        saw(s, &volume(11, claim_ref("c1")));
        saw(s, &store);
    };
    check_provision(then, Ok(())).await;
}

#[tokio::test]
async fn the_wait_has_an_end() {
    let world = World::new(&[claim(5, json!({}), "")], |_| {});
    let result = world.pre_bind(&[provision_write()], Duration::from_millis(30)).await;
    assert_eq!(result.unwrap_err(), "binding volumes: context deadline exceeded");
}

#[tokio::test]
async fn a_pod_that_went_before_the_wait_began_is_not_waited_for() {
    let world = World::new(&[claim(5, json!({}), "")], |_| {});
    let pre_bind = PreBind::begin(&world.store, &Pod::default(), &NODE.into(), vec![provision_write()]);
    let result = run(pre_bind, &Caller::new(world.api.client()), Duration::from_secs(5), || false).await;
    assert_eq!(result.unwrap_err(), "binding volumes: pod does not exist any more");
}

/// The call and its body.
async fn check_patch(known: &[Value], write: StorageWrite, line: &str, want: Value) {
    let world = World::new(known, |_| {});
    let _ = world.pre_bind(&[write], Duration::ZERO).await;
    let first = world.api.calls().remove(0);
    assert_eq!((&*first.line, &*first.content_type), (line, "application/merge-patch+json"));
    assert_eq!(first.body, want);
}

#[tokio::test]
async fn what_is_written() {
    let volume_line = "PATCH /api/v1/persistentvolumes/pv";
    let reference = json!({"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": "shop",
        "name": "data", "uid": "c1", "resourceVersion": "5"});
    let marked =
        json!({"resourceVersion": "6", "annotations": {"pv.kubernetes.io/bound-by-controller": "yes"}});
    let open = claim(5, json!({}), "");
    check_patch(
        &[open.clone(), volume(6, Value::Null)],
        bind_write(),
        volume_line,
        json!({"metadata": marked, "spec": {"claimRef": reference}}),
    )
    .await;
    check_patch(
        &[open.clone(), volume(6, claim_ref(""))],
        bind_write(),
        volume_line,
        json!({"metadata": {"resourceVersion": "6"}, "spec": {"claimRef": reference}}),
    )
    .await;
    check_patch(
        &[open],
        provision_write(),
        "PATCH /api/v1/namespaces/shop/persistentvolumeclaims/data",
        json!({"metadata": {"resourceVersion": "5", "annotations": selected(NODE)}}),
    )
    .await;
}

async fn check_unwritten(known: &[Value], write: StorageWrite, want: Result<(), &str>) {
    let world = World::new(known, |_| {});
    let result = world.pre_bind(&[write], Duration::from_secs(5)).await;
    assert_eq!(result.as_ref().map_err(|e| &**e).copied(), want);
    assert!(world.api.lines().iter().all(|line| line.starts_with("GET")), "{:?}", world.api.lines());
}

#[tokio::test]
async fn what_is_so_already_is_not_written() {
    let known = [bound_claim(5, json!({}), "pv"), volume(6, claim_ref("c1"))];
    check_unwritten(&known, bind_write(), Ok(())).await;
    let known = [bound_claim(7, selected(NODE), "pv"), volume(6, claim_ref("c1"))];
    check_unwritten(&known, provision_write(), Ok(())).await;
}

#[tokio::test]
async fn what_others_wrote_since_the_decision_stays() {
    let conflict = |object: &str| {
        format!(
            "Operation cannot be fulfilled on {object}: the object has been modified; please apply your changes to \
             the latest version and try again"
        )
    };
    let (pv, pvc) = (conflict("persistentvolumes \"pv\""), conflict("persistentvolumeclaims \"data\""));
    let open = claim(5, json!({}), "");
    let other = json!({"namespace": "shop", "name": "logs", "uid": "c2"});
    check_unwritten(&[open.clone(), volume(6, other)], bind_write(), Err(&pv)).await;
    check_unwritten(&[open.clone(), volume(6, claim_ref("c0"))], bind_write(), Err(&pv)).await;
    check_unwritten(&[claim(5, json!({}), "pv2"), volume(6, Value::Null)], bind_write(), Err(&pvc)).await;
    check_unwritten(&[claim(5, json!({}), "pv")], provision_write(), Err(&pvc)).await;
    check_unwritten(&[claim(5, selected("n2"), "")], provision_write(), Err(&pvc)).await;
    check_unwritten(&[open], bind_write(), Err("persistentvolumes \"pv\" not found")).await;
    check_unwritten(&[], provision_write(), Err("persistentvolumeclaims \"data\" not found")).await;
}

#[tokio::test]
async fn the_first_write_that_fails_is_the_last() {
    let store = Arc::<StorageStore>::default();
    [claim(5, json!({}), ""), volume(6, Value::Null)].iter().for_each(|object| saw(&store, object));
    let api = FakeApi::new(|_| Answer::failure(409, "Conflict", "the object has been modified"));
    let caller = Caller::new(api.client());
    let writes = vec![bind_write(), provision_write()];
    let pre_bind = PreBind::begin(&store, &Pod::default(), &NODE.into(), writes);
    let result = run(pre_bind, &caller, Duration::from_secs(5), || true).await;
    assert_eq!(result.unwrap_err(), "the object has been modified");
    assert_eq!(api.lines(), ["PATCH /api/v1/persistentvolumes/pv"]);
}

#[test]
fn what_is_gone_is_forgotten_unless_it_came_back() {
    let store = StorageStore::default();
    let key = (Str::from("shop"), Str::from("data"));
    saw(&store, &claim(5, json!({}), ""));
    gone(&store, "PersistentVolumeClaim", "data", "c0");
    assert!(store.claim(&key).is_some());
    gone(&store, "PersistentVolumeClaim", "data", "c1");
    assert!(store.claim(&key).is_none());
}

#[test]
fn a_volume_that_came_back_under_its_name_stays() {
    let store = StorageStore::default();
    saw(&store, &volume(1, Value::Null));
    gone(&store, "PersistentVolume", "pv", "v0");
    assert!(store.volume(&"pv".into()).is_some());
    gone(&store, "PersistentVolume", "pv", "v1");
    assert!(store.volume(&"pv".into()).is_none());
}
