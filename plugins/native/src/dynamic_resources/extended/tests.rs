use std::sync::Arc;

use longshore_framework::device::DeviceClass;
use longshore_framework::fixture::pod;
use longshore_framework::objects::Object;
use longshore_framework::resources::ResourceList;

use super::*;

const GPU: &str = "x.io/gpu";

fn container(name: &str, gpus: &str, also: &[&str]) -> Container {
    let mut requests = ResourceList::default();
    also.iter().for_each(|other| requests.set(&(*other).into(), "1".parse().unwrap()));
    if !gpus.is_empty() {
        requests.set(&GPU.into(), gpus.parse().unwrap());
    }
    Container { name: name.into(), requests, ..Container::default() }
}

fn init(name: &str, gpus: &str) -> Container {
    Container { init: true, ..container(name, gpus, &[]) }
}

/// Requests as `name*count`, and who has which, for GPUs of class `gpu`.
#[track_caller]
fn check(init: Vec<Container>, main: Vec<Container>, requests: &[&str], mappings: &[&str]) {
    let pod = pod("p").spec(|s| (s.init_containers, s.containers) = (init, main)).build();
    let found = super::requests(&pod, [(&GPU.into(), &"gpu".into())].into_iter());
    let request = |request: &DeviceRequest| match &request.wanted {
        Wanted::Exactly(DeviceWish { count: DeviceCount::Exactly(count), .. }) => {
            format!("{}*{count}", request.name)
        }
        other => format!("{other:?}"),
    };
    assert_eq!(found.requests.iter().map(request).collect::<Vec<_>>(), requests);
    let mapping = |m: &ExtendedRequest| format!("{}={}", m.container, m.request);
    assert_eq!(found.mappings.iter().map(mapping).collect::<Vec<_>>(), mappings);
}

#[test]
fn each_container_has_a_request_numbered_among_its_sorted_resources() {
    let main =
        vec![container("a", "2", &["cpu", "z.io/z"]), container("b", "", &["cpu"]), container("c", "1", &[])];
    check(
        vec![],
        main,
        &["container-0-request-1*2", "container-2-request-0*1"],
        &["a=container-0-request-1", "c=container-2-request-0"],
    );
    check(vec![], vec![container("a", "0", &[])], &[], &[]);
}

#[test]
fn init_containers_use_what_later_containers_have_and_of_the_rest_the_most_counts() {
    check(
        vec![init("i", "1"), init("j", "5"), init("k", "4")],
        vec![container("a", "2", &[])],
        &["container-1-request-0*3", "container-3-request-0*2"],
        &[
            "a=container-3-request-0",
            "i=container-3-request-0",
            "j=container-3-request-0",
            "j=container-1-request-0",
            "k=container-3-request-0",
            "k=container-1-request-0",
        ],
    );
}

#[test]
fn a_sidecar_keeps_its_devices_and_lends_them_to_init_containers_before_it_only() {
    let sidecar = Container { restartable: true, ..init("s", "1") };
    check(
        vec![init("i", "1"), sidecar, init("j", "1")],
        vec![container("a", "", &[])],
        &["container-1-request-0*1", "container-2-request-0*1"],
        &["s=container-1-request-0", "i=container-1-request-0", "j=container-2-request-0"],
    );
}

#[test]
fn classes_stand_for_resources_by_their_name_and_by_what_they_say() {
    let class =
        DeviceClass { name: "gpu".into(), extended_resource: Some(GPU.into()), ..DeviceClass::default() };
    let mut objects = Objects::default();
    let asks = |resource: &str, amount: &str| pod("p").request(resource, amount).build();
    assert!(!is_served(&asks(GPU, "1"), &objects));
    objects.set(Object::DeviceClass(Arc::new(class)));
    assert!(is_served(&asks(GPU, "1"), &objects));
    assert!(is_served(&asks("deviceclass.resource.kubernetes.io/gpu", "1"), &objects));
    assert!(!is_served(&asks(GPU, "0"), &objects), "nothing is asked for");
    assert!(!is_served(&asks("deviceclass.resource.kubernetes.io/other", "1"), &objects));
    assert!(!is_served(&asks("cpu", "1"), &objects));
}
