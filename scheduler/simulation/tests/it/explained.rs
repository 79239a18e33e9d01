//! Profiles of a configuration, and the explanation of one pod.

use longshore_framework::features::Features;
use longshore_simulation::explain::{Question, explain, find};
use longshore_simulation::report::Status;
use longshore_simulation::{Options, profiles};

use crate::deployment::{CLUSTER, source, web};

const HEAD: &str = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

#[test]
fn a_pod_is_explained_by_the_profile_of_a_configuration() {
    let features = Features::default();
    let config = format!("{HEAD}profiles: [{{schedulerName: mine}}]");
    let resolved = profiles("config.yaml", &config, features).unwrap();
    let cluster = longshore_manifest::read(&[source("cluster.yaml", CLUSTER), source("web.yaml", &web(4))]);
    let last = cluster.pods.iter().rfind(|pod| pod.meta.node_name.is_none()).unwrap().key();
    let explanation = explain(Question {
        cluster: &cluster,
        profiles: resolved.profiles,
        options: Options { features, adopt_all: true, ..Options::default() },
        pod: find(&cluster.pods, &last, None).unwrap(),
        now: false,
        as_pending: false,
        top: 3,
    });
    assert_eq!(explanation.status, Status::Unschedulable);
    assert_eq!((explanation.profile.as_deref(), explanation.decided_before), (Some("mine"), 3));
    assert!(!explanation.relaxations.is_empty());
}

#[test]
fn a_configuration_with_an_unknown_plugin_is_refused_with_its_path() {
    let config = format!("{HEAD}profiles: [{{plugins: {{filter: {{enabled: [{{name: NoSuch}}]}}}}}}]");
    let error = profiles("config.yaml", &config, Features::default()).unwrap_err().to_string();
    assert!(
        error.contains("config.yaml") && error.contains("profiles[0].plugins.filter.enabled[0]"),
        "{error}"
    );
}

#[test]
fn a_pod_that_is_not_there_is_an_error_that_names_others() {
    let cluster = longshore_manifest::read(&[source("cluster.yaml", CLUSTER)]);
    let error = find(&cluster.pods, "ther", None).unwrap_err().to_string();
    assert_eq!(error, "there is no pod ther; did you mean default/there?");
}
