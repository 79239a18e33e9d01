use serde_json::json;

use super::*;
use crate::fake_api::{Answer, FakeApi};
use crate::kinds::KINDS;

fn discovered(kinds: &[&str]) -> Discovered {
    let served = KINDS.iter().filter(|k| kinds.contains(&k.kind)).collect();
    Discovered { served, version: "v1.37.2".to_string(), ..Discovered::default() }
}

/// What is handed out, and what there is said to be.
async fn dumped(api: &FakeApi, options: &Options) -> (Vec<Value>, Contents) {
    let mut all = Vec::new();
    let mut sink = |object: &Value| {
        all.push(object.clone());
        Ok(())
    };
    let contents =
        dump(&api.client(), &discovered(&["Node", "Pod", "Service"]), options, &mut sink).await.unwrap();
    (all, contents)
}

#[tokio::test]
async fn everything_is_handed_out_page_by_page_and_then_what_there_is() {
    let api = FakeApi::new(|call| match call.line.split('?').next() {
        Some("GET /api/v1/nodes") if call.line.contains("continue=x") => Answer::json(
            json!({"metadata": {}, "items": [{"metadata": {"name": "n2", "managedFields": []}}]}),
        ),
        Some("GET /api/v1/nodes") => {
            Answer::json(json!({"metadata": {"continue": "x"}, "items": [{"metadata": {"name": "n1"}}]}))
        }
        Some("GET /api/v1/services") => Answer::failure(403, "Forbidden", "services is forbidden"),
        Some("GET /api/v1/pods") => Answer::json(json!({"metadata": {}, "items": []})),
        _ => Answer::failure(404, "NotFound", "it is not served"),
    });
    let (objects, contents) = dumped(&api, &Options::default()).await;
    assert_eq!(objects[0], json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}));
    assert_eq!(objects[1]["metadata"], json!({"name": "n2"}));
    assert_eq!((objects.len(), contents.objects()), (3, 2));
    let last = &objects[2];
    assert_eq!((&last["kind"], &last["kubernetesVersion"]), (&json!("Dump"), &json!("v1.37.2")));
    assert_eq!(last["kinds"][0], json!({"apiVersion": "v1", "kind": "Node", "objects": 2}));
    let reason = "services may not be listed, so default spreading does not see its pods";
    assert_eq!(last["missing"], json!([{"apiVersion": "v1", "kind": "Service", "reason": reason}]));
    // What is not served does not exist.
    let kinds: Vec<&Value> = last["kinds"].as_array().unwrap().iter().map(|k| &k["kind"]).collect();
    assert!(kinds.contains(&&json!("Deployment")), "{kinds:?}");
}

#[tokio::test]
async fn one_namespace_is_asked_for_where_there_are_namespaces() {
    let api = FakeApi::new(|call| {
        let within = call.line.contains("/namespaces/shop/");
        let nodes = call.line.contains("/nodes?");
        if within || nodes {
            Answer::json(json!({"metadata": {}, "items": []}))
        } else {
            Answer::failure(404, "NotFound", "")
        }
    });
    let options = Options { namespace: Some("shop".to_string()), ..Options::default() };
    let (objects, _) = dumped(&api, &options).await;
    assert_eq!(objects[0]["namespace"], "shop");
}

#[tokio::test]
async fn without_pods_there_is_no_dump() {
    let api = FakeApi::new(|_| Answer::failure(403, "Forbidden", "pods is forbidden"));
    let error =
        dump(&api.client(), &discovered(&["Pod"]), &Options::default(), &mut |_| Ok(())).await.unwrap_err();
    assert!(error.to_string().starts_with("pods: "), "{error}");
}
