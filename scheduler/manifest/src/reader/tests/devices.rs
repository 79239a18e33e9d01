//! Devices in files: what is refused and where, what is made of templates, what is said to be lacking.

use longshore_framework::features::{Features, Minor, Setting};
use longshore_framework::objects::Object;
use longshore_framework::resource_claim::ResourceClaim;

use crate::{Manifests, Options, Source, read_str, read_with};

const NODE: &str = "apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n---\n";
const CLASS: &str = "apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: gpu}\nspec: {extendedResourceName: example.com/gpu}\n---\n";
const SLICE: &str = "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: s}\nspec: {driver: d.example.com, nodeName: node-1, \
                     pool: {name: node-1, generation: 1, resourceSliceCount: 1}, devices: [{name: gpu-0}]}\n---\n";

fn template(metadata: &str, request: &str) -> String {
    format!(
        "apiVersion: resource.k8s.io/v1\nkind: ResourceClaimTemplate\nmetadata: {{name: t{metadata}}}\nspec:\n  metadata: {{labels: {{a: \
         b}}}}\n  spec:\n    devices:\n      requests:\n      - name: r\n        exactly: {{deviceClassName: gpu{request}}}\n---\n"
    )
}

fn claim(metadata: &str, devices: &str) -> String {
    format!(
        "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {{name: k{metadata}}}\nspec: {{devices: {devices}}}\n---\n"
    )
}

fn pod(metadata: &str, claims: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{metadata}}}\nspec: {{containers: [{{name: c}}], resourceClaims: \
         [{claims}]}}{more}\n---\n"
    )
}

const ONE: &str = "{name: x, resourceClaimTemplateName: t}";
const GPU: &str = "{requests: [{name: r, exactly: {deviceClassName: gpu}}]}";

fn claims(read: &Manifests) -> Vec<&ResourceClaim> {
    let claims = read.objects.iter().filter_map(|object| match object {
        Object::ResourceClaim(claim) => Some(&**claim),
        _ => None,
    });
    claims.collect()
}

/// The problems of a text.
#[track_caller]
fn check_problems(text: &str, want: &[&str]) {
    let read = read_str(text);
    let found: Vec<_> = read.problems.iter().map(ToString::to_string).collect();
    assert_eq!(found, want, "{text}");
}

/// What is said of a cluster that is otherwise whole.
#[track_caller]
fn check_warnings(text: &str, want: &[&str]) {
    let read = read_str(&format!("{NODE}{text}"));
    assert_eq!(read.problems, [], "{text}");
    assert_eq!(read.warnings, want, "{text}");
}

/// Names of claims that are there, and what the pod's status says of its claims.
#[track_caller]
fn check_made(text: &str, want: &[&str], said: &[(&str, Option<&str>)]) {
    let read = read_str(&format!("{NODE}{CLASS}{SLICE}{text}"));
    assert_eq!((read.problems.len(), read.warnings.len()), (0, 0), "{:?} {:?}", read.problems, read.warnings);
    let names: Vec<&str> = claims(&read).iter().map(|claim| &*claim.name).collect();
    assert_eq!(names, want, "{text}");
    let status = read.pods[0].meta.generated_claims.iter();
    let status: Vec<_> = status.map(|(name, claim)| (&**name, claim.as_deref())).collect();
    assert_eq!(status, said);
}

#[test]
fn errors_name_line_field_and_mend() {
    check_problems(
        &(NODE.to_string() + &claim("", "{requests: [{name: r, deviceClassName: gpu}]}")),
        &[
            "-: document 2, line 8 (ResourceClaim default/k): spec.devices.requests[0].deviceClassName: stands in the request itself only in \
           resource.k8s.io/v1beta1; write it, and what belongs to it, under exactly",
        ],
    );
    check_problems(
        &template("", ", count: -1"),
        &[
            "-: document 1, line 10 (ResourceClaimTemplate default/t): spec.spec.devices.requests[0].exactly.count: must be greater than zero",
        ],
    );
    check_problems(
        "apiVersion: resource.k8s.io/v1beta1\nkind: ResourceSlice\nmetadata: {name: s}\nspec:\n  driver: d\n  allNodes: true\n  pool: {name: \
         p, resourceSliceCount: 1}\n  devices:\n  - name: a\n    basic:\n      attributes:\n        v: {version: one}\n",
        &[
            "-: document 1, line 12 (ResourceSlice s): spec.devices[0].basic.attributes.v.version: must be a version as semver.org has it, such \
           as 1.2.3",
        ],
    );
    check_problems(
        "apiVersion: resource.k8s.io/v1beta2\nkind: DeviceTaintRule\nmetadata: {name: r}\nspec: {taint: {key: k, effect: PreferNoSchedule}}\n",
        &[
            "-: document 1, line 4 (DeviceTaintRule r): spec.taint.effect: must be NoSchedule, NoExecute or None, not \"PreferNoSchedule\"",
        ],
    );
}

#[test]
fn pods_get_the_claims_of_their_templates_where_there_is_none() {
    let made = "p-x-vd7qw";
    let text = template("", "") + &pod("", ONE, "");
    let name = claims(&read_str(&format!("{NODE}{text}")))[0].name.to_string();
    assert!(name.starts_with("p-x-") && name.len() == made.len(), "{name}");
    check_made(&text, &[&name], &[("x", Some(&name))]);
    // An API server has seen the pod: the controller is on it.
    check_made(&(template("", "") + &pod(", uid: u", ONE, "")), &[], &[]);
    // The controller made the claim and did not come to write the status.
    let owned = claim(
        ", annotations: {resource.kubernetes.io/pod-claim-name: x}, ownerReferences: [{kind: Pod, name: p, uid: Pod/default/p, controller: \
         true}]",
        GPU,
    );
    check_made(&(template("", "") + &owned + &pod("", ONE, "")), &["k"], &[("x", Some("k"))]);
    // None is needed.
    let status = "\nstatus: {resourceClaimStatuses: [{name: x}]}";
    check_made(&(template("", "") + &pod("", ONE, status)), &[], &[("x", None)]);
    // It names a claim itself.
    check_made(&(claim("", GPU) + &pod("", "{name: x, resourceClaimName: k}", "")), &["k"], &[]);
}

#[test]
fn the_claim_is_the_pods() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {parallelism: 3, completions: 3, template: {spec: {restartPolicy: \
               Never, containers: [{name: c}], resourceClaims: [{name: x, resourceClaimTemplateName: t}]}}}\n---\n";
    let read = read_str(&(template("", ", count: 2") + job));
    let made = claims(&read);
    assert_eq!((read.pods.len(), made.len()), (3, 3));
    for (pod, claim) in read.pods.iter().zip(made) {
        assert_eq!(claim.owner_uid.as_ref(), Some(&pod.meta.uid));
        assert_eq!(pod.meta.generated_claims, [("x".into(), Some(claim.name.clone()))]);
        assert!(claim.name.starts_with(&format!("{}-x-", pod.meta.name)));
    }
}

#[test]
fn what_is_lacking_is_said() {
    let whole = format!("{CLASS}{SLICE}");
    check_warnings(
        &(whole.clone() + &pod("", ONE, "")),
        &[
            "pods name ResourceClaimTemplates that are not in the input (default/t), so their claims are not made and they wait; add the \
           templates",
        ],
    );
    check_warnings(
        &(whole.clone() + &pod("", "{name: x, resourceClaimName: k}", "")),
        &[
            "pending pods name ResourceClaims that are not in the input (default/k), so they wait; add the claims",
        ],
    );
    check_warnings(
        &(template("", "") + &pod("", ONE, "")),
        &[
            "claims of pending pods name DeviceClasses that are not in the input (gpu); add them",
            "no ResourceSlice is in the input, so there is no device for any claim; add the ResourceSlices",
        ],
    );
    check_warnings(&(whole + &template("", "") + &pod("", ONE, "")), &[]);
}

#[test]
fn admin_access_needs_its_label_on_the_namespace() {
    let admin = "{requests: [{name: r, exactly: {deviceClassName: gpu, adminAccess: true}}]}";
    let namespace = |labels: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: default, labels: {{{labels}}}}}\n---\n")
    };
    let label = "resource.kubernetes.io/admin-access: 'true'";
    check_problems(&(claim("", admin) + &namespace(label)), &[]);
    check_problems(
        &(claim("", admin) + &namespace("")),
        &[
            "-: document 1, line 4 (ResourceClaim default/k): spec.devices.requests[0].exactly.adminAccess: admin access needs the label \
           resource.kubernetes.io/admin-access: \"true\" on Namespace default; add it there",
        ],
    );
    // One that exists was let in.
    check_problems(&(claim(", uid: u", admin) + &namespace("")), &[]);
    let said = read_str(&claim("", admin)).warnings;
    assert!(
        said.len() == 1 && said[0].starts_with("ResourceClaim default/k asks for admin access"),
        "{said:?}"
    );
}

#[test]
fn quotas_bound_claims() {
    let quota = |hard: &str| {
        format!(
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q}}\nspec: {{hard: {{{hard}}}}}\n---\n"
        )
    };
    let devices = quota("gpu.deviceclass.resource.k8s.io/devices: 2");
    let two = "{requests: [{name: r, exactly: {deviceClassName: gpu, count: 2}}]}";
    check_problems(
        &(devices.clone() + &claim(", uid: u", GPU) + &claim("2", two)),
        &["-: document 3, line 11 (ResourceClaim default/k2): exceeded quota: q, requested: \
           gpu.deviceclass.resource.k8s.io/devices=2, used: gpu.deviceclass.resource.k8s.io/devices=1, limited: \
           gpu.deviceclass.resource.k8s.io/devices=2"],
    );
    check_problems(&(devices + &claim("", GPU) + &claim("2", GPU)), &[]);
    let whole = format!("{CLASS}{SLICE}{}", quota("count/resourceclaims.resource.k8s.io: 1"));
    check_warnings(
        &(whole + &template("", "") + &pod("", ONE, "") + &pod("2", ONE, "")),
        &[
            "ResourceClaims of 1 pod(s) (default/p2) are not made, and they wait: exceeded quota: q, requested: \
           count/resourceclaims.resource.k8s.io=1, used: count/resourceclaims.resource.k8s.io=1, limited: \
           count/resourceclaims.resource.k8s.io=1",
        ],
    );
}

#[test]
fn what_a_gate_forbids_is_dropped_from_what_is_new() {
    let conditional = |metadata: &str| {
        SLICE.replace("name: s}", &format!("name: s{metadata}}}")).replace(
            "{name: gpu-0}",
            "{name: a, bindingConditions: [ready], bindingFailureConditions: [failed]}",
        )
    };
    let waits = |text: String, on: bool| {
        let settings = [Setting::new("DRADeviceBindingConditions", on)];
        let features = Features::resolve(Minor::parse("1.36").unwrap(), &settings).unwrap().features;
        let source = Source { name: "-".into(), text: text.into_bytes() };
        let read = read_with(&[source], Options { features, ..Options::default() });
        assert_eq!(read.problems, []);
        read.objects.iter().any(
            |o| matches!(o, Object::ResourceSlice(slice) if slice.devices[0].binding_conditions.is_some()),
        )
    };
    assert!(waits(conditional(""), true));
    assert!(!waits(conditional(""), false));
    assert!(waits(conditional(", uid: u"), false), "what is stored stays");
}
