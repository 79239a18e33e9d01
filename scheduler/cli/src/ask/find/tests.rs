//! An API server that has some Leases.

use std::convert::Infallible;

use http::{Request, Response};
use kube::client::Body;
use longshore_cluster::contact::Fingerprint;
use serde_json::json;

use super::*;

/// A Lease that is held, and says for which schedulers, and in which pod.
fn lease(name: &str, schedulers: Option<&str>, pod: Option<&str>) -> Value {
    let mut lease = json!({"metadata": {"name": name}, "spec": {"holderIdentity": "me"}});
    if let Some(schedulers) = schedulers {
        lease["metadata"]["annotations"] = json!({
            "longshore.dev/holder": "me", "longshore.dev/scheduler-names": schedulers, "longshore.dev/host": "here",
            "longshore.dev/port": "10259",
            "longshore.dev/certificate-sha256": Fingerprint::of(b"certificate").to_string(),
        });
        if let Some(pod) = pod {
            lease["metadata"]["annotations"]["longshore.dev/pod"] = pod.into();
        }
    }
    lease
}

/// What the API server says of the Leases in a namespace.
#[derive(Clone)]
enum Leases {
    Listed(Vec<Value>),
    /// Only single ones may be read.
    Single(Vec<Value>),
    Forbidden,
}

fn api(namespaces: Vec<(&'static str, Leases)>) -> Caller {
    let answer = move |path: &str| -> (u16, Value) {
        let status =
            |code: u16| (code, json!({"kind": "Status", "code": code, "message": "leases is forbidden"}));
        let parts: Vec<&str> = path.split('/').collect();
        let leases =
            namespaces.iter().find(|(namespace, _)| parts[5] == *namespace).map(|(_, leases)| leases);
        match (leases, parts.get(7)) {
            (None, _) => (200, json!({"items": []})),
            (Some(Leases::Listed(leases)), None) => (200, json!({"items": leases})),
            (Some(Leases::Single(leases)), Some(name)) => {
                let found = leases.iter().find(|lease| lease["metadata"]["name"] == *name);
                found.map_or(status(404), |lease| (200, lease.clone()))
            }
            _ => status(403),
        }
    };
    let service = tower::service_fn(move |request: Request<Body>| {
        let (code, body) = answer(request.uri().path());
        let response = Response::builder().status(code);
        let response = response.body(Body::from(body.to_string().into_bytes())).unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    Caller::new(kube::Client::new(service, "default"))
}

/// How the scheduler that is found is named, or why there is none.
async fn found(
    namespaces: Vec<(&'static str, Leases)>,
    namespace: Option<&str>,
    scheduler: Option<&str>,
) -> String {
    match running(&api(namespaces), namespace, scheduler).await {
        Ok(running) => running.shown(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn the_lease_that_names_the_scheduler_is_found() {
    let ours = || {
        let packing = lease("longshore", Some("longshore,packing"), Some("longshore-system/longshore-1"));
        vec![("longshore-system", Leases::Listed(vec![lease("other", None, None), packing]))]
    };
    let pod = "pod longshore-system/longshore-1, which holds the Lease longshore-system/longshore";
    for name in [Some("longshore"), Some("packing"), None] {
        assert_eq!(found(ours(), None, name).await, pod);
    }
    let mine = lease("mine", Some("mine"), None);
    let elsewhere = || vec![("mine", Leases::Listed(vec![mine.clone()]))];
    assert_eq!(
        found(elsewhere(), Some("mine"), Some("mine")).await,
        "here:10259, which holds the Lease mine/mine"
    );
    // Nobody but administrators may write Leases where they are believed.
    assert!(found(elsewhere(), None, Some("mine")).await.contains("--scheduler-namespace"));
}

#[tokio::test]
async fn who_may_read_one_lease_only_finds_the_one_of_the_schedulers_name() {
    let ours = vec![("longshore-system", Leases::Single(vec![lease("longshore", Some("longshore"), None)]))];
    assert!(found(ours, None, Some("longshore")).await.starts_with("here:10259"));
}

#[tokio::test]
async fn why_there_is_none_is_told() {
    #[track_caller]
    fn check(told: &str, part: &str) {
        assert!(told.contains(part), "{told}");
    }
    let forbidden =
        vec![("kube-system", Leases::Forbidden), ("longshore-system", Leases::Listed(Vec::new()))];
    check(
        &found(forbidden, None, Some("longshore")).await,
        "cannot be read (kube-system: leases is forbidden",
    );
    let mute = vec![("kube-system", Leases::Listed(vec![lease("longshore", None, None)]))];
    let told = found(mute, None, Some("longshore")).await;
    check(&told, "kube-system/longshore does not say how its holder is reached");
    check(&found(Vec::new(), None, Some("default-scheduler")).await, "is not Longshore");
    check(&found(Vec::new(), None, Some("else")).await, "no Lease in longshore-system and kube-system names");
}

#[test]
fn the_way_leads_to_the_pod_or_to_the_machine() {
    let way = |pod: Option<&str>, own: &str| {
        let contact = Contact::read(&lease("l", Some("l"), pod)).unwrap();
        Running { lease: "n/l".to_string(), contact }.way(own).unwrap()
    };
    assert_eq!(
        way(Some("a/b"), "here"),
        Way::Forwarded { namespace: "a".into(), pod: "b".into(), port: 10259 }
    );
    assert_eq!(way(None, "here"), Way::Direct("https://localhost:10259".parse().unwrap()));
    assert_eq!(way(None, "there"), Way::Direct("https://here:10259".parse().unwrap()));
}
